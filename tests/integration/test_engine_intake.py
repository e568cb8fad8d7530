"""Events are kept in core's own transaction and never harm it; what a hook missed is found by the sweep."""

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import sweep
from blueops_qb.engine.intake import intake
from blueops_qb.sandbox.core.database import writing
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Action, Event, Switch
from blueops_qb.store import tables as t
from tests.engine_house import PLUGIN, TENANT, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]

NOON = dt.datetime(2026, 3, 20, 19, 0, tzinfo=dt.UTC)


def an_event(tenant: str = TENANT, **fields: object) -> Event:
    standard = {
        "id": "e1",
        "tenant_id": tenant,
        "ref": RecordRef(RecordKind.CUSTOMER, "77"),
        "action": Action.CREATED,
        "revision": 900,
        "occurred_at": NOON,
        "record": Customer(id="77", name="Zed"),
    }
    return Event(**{**standard, **fields})  # type: ignore[arg-type]


def test_an_event_lies_in_the_outbox_with_its_full_snapshot(house: EngineHouse) -> None:
    ann = house.customer(phone="+1 415 555 2671")
    (row,) = house.events(ann.ref)
    assert (row.state, row.action, row.cause) == ("pending", "created", None)
    event = wire.load_event(row.payload)
    assert event.record == ann
    assert (event.ref, event.revision, event.actor) == (ann.ref, row.revision, "office")


def test_what_core_rolls_back_leaves_no_event(house: EngineHouse) -> None:
    def enter_and_fail() -> None:
        with house.work() as tx:
            tx.create_customer(Customer(id="", name="Nobody"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enter_and_fail()
    assert house.rows(t.outbox) == []


@pytest.mark.parametrize("harm", ["gone", "other_columns"])
def test_a_table_that_is_not_as_it_should_be_never_reaches_core(
    house: EngineHouse, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = t.outbox.name
    with writing(house.core.engine).begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO aside"))
        if harm == "other_columns":
            connection.execute(sa.text(f"CREATE TABLE {name} (id INTEGER)"))
    missed = intake.missed
    try:
        ann = house.customer()
        assert intake.missed == missed + 1
        assert "the core sweep will find it" in caplog.text
        assert house.here(ann.ref) == ann
    finally:
        with writing(house.core.engine).begin() as connection:
            if harm == "other_columns":
                connection.execute(sa.text(f"DROP TABLE {name}"))
            connection.execute(sa.text(f"ALTER TABLE aside RENAME TO {name}"))
    assert sweep.sweep(house.core, TENANT) == 1
    house.drain()
    assert house.state(ann) == "done"


def test_other_work_in_the_transaction_survives_a_failing_insert(house: EngineHouse) -> None:
    with house.work() as tx:
        first = tx.create_customer(Customer(id="", name="First"))
        tx.connection.execute(sa.text(f"ALTER TABLE {t.outbox.name} RENAME TO aside"))
        second = tx.create_customer(Customer(id="", name="Second"))
        tx.connection.execute(sa.text(f"ALTER TABLE aside RENAME TO {t.outbox.name}"))
        third = tx.create_customer(Customer(id="", name="Third"))
    assert [house.here(c.ref).name for c in (first, second, third)] == ["First", "Second", "Third"]
    assert [bool(house.events(c.ref)) for c in (first, second, third)] == [True, False, True]


def test_an_event_that_cannot_be_written_down_is_counted_and_not_raised(house: EngineHouse) -> None:
    missed = intake.missed
    naive = an_event(occurred_at=dt.datetime(2026, 1, 1))
    with house.work() as tx:
        intake.take(naive, tx.connection)
    assert intake.missed == missed + 1
    assert house.rows(t.outbox) == []


def test_events_of_tenants_that_are_off_are_not_kept(house: EngineHouse) -> None:
    house.core.create_tenant("other", "Other company")
    with house.work() as tx:
        intake.take(an_event("other"), tx.connection)
        intake.take(an_event("nobody"), tx.connection)
    assert house.rows(t.outbox) == []


@pytest.mark.parametrize(("switch", "kept"), [(Switch.PAUSED, 1), (Switch.OFF, 0), (Switch.ON, 1)])
def test_the_switch_decides_whether_events_are_kept(house: EngineHouse, switch: Switch, kept: int) -> None:
    house.core.set_switch(TENANT, PLUGIN, switch, actor="admin")
    ann = house.customer()
    assert len(house.events(ann.ref)) == kept


def test_a_malformed_event_is_held_with_every_problem_and_blocks_nobody(house: EngineHouse) -> None:
    ann, bob = house.customer("Ann"), house.customer("Bob")
    (row,) = house.events(ann.ref)
    payload = json.loads(row.payload)
    payload["record"]["name"] = None
    del payload["record"]["name"]
    house.set(t.outbox, t.outbox.c.id == row.id, payload=json.dumps(payload))
    house.drain()
    held = house.event(ann)
    assert held.state == "held"
    assert held.hold == "malformed"
    assert "customer:1" in held.reason
    assert "name" in held.reason
    assert held.remedy
    assert house.state(bob) == "done"


@pytest.mark.parametrize("payload", ["{", "[]", '{"schema": 99}', "null"])
def test_a_payload_that_is_no_event_is_held_and_the_next_edit_goes_through(
    house: EngineHouse, payload: str
) -> None:
    ann = house.customer()
    house.set(t.outbox, t.outbox.c.ref_id == ann.id, payload=payload)
    house.drain()
    assert house.state(ann) == "held"
    assert house.event(ann).remedy
    house.change(ann, phone="+1 415 555 0000")
    house.drain()
    assert house.counted() == {"done": 1, "superseded": 1} or house.counted() == {"done": 2}
    assert house.there(ann).phone == "+1 415 555 0000"


def test_an_event_of_an_older_schema_is_read_through_its_upcaster(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = house.customer()
    (row,) = house.events(ann.ref)
    old = json.loads(row.payload)
    old["schema"] = 0
    old["record"]["full_name"] = old["record"].pop("name")

    def up(raw: dict[str, object]) -> dict[str, object]:
        record = dict(raw["record"])  # type: ignore[call-overload]
        record["name"] = record.pop("full_name")
        return {**raw, "record": record, "schema": 1}

    monkeypatch.setitem(wire.UPCASTERS, 0, up)
    house.set(t.outbox, t.outbox.c.id == row.id, payload=json.dumps(old))
    house.drain()
    assert house.there(ann).name == "Ann Lee"


# -- the sweep -----------------------------------------------------------------------------------------
def test_the_sweep_adds_what_was_missed_once_and_nothing_else(house: EngineHouse) -> None:
    kept = house.customer("Kept")
    intake.switched_on(())
    missed = house.customer("Missed")
    job = house.job(missed)
    gone = house.customer("Gone")
    with house.work() as tx:
        tx.delete_customer(gone.id)
    intake.switched_on([TENANT])
    assert sweep.sweep(house.core, TENANT) == 3
    assert sweep.sweep(house.core, TENANT) == 0
    assert sweep.sweep(house.core, TENANT, everything=True) == 0
    house.drain()
    assert [house.state(r) for r in (kept, missed, job, gone)] == ["done", "done", "done", "not_posted"]
    assert {r.name for r in house.books.of(house.place(missed).kind)} == {"Kept", "Missed", "Kitchen"}


def test_the_sweep_finds_the_newest_revision_of_a_record_whose_first_event_was_kept(
    house: EngineHouse,
) -> None:
    ann = house.customer()
    house.drain()
    intake.switched_on(())
    house.change(ann, email="new@example.com")
    intake.switched_on([TENANT])
    assert sweep.sweep(house.core, TENANT) == 1
    house.drain()
    assert house.there(ann).email == "new@example.com"
    assert house.counted() == {"done": 2}


def test_the_sweep_walks_more_records_than_a_page_holds(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 3)
    intake.switched_on(())
    with house.work() as tx:
        for n in range(8):
            tx.create_customer(Customer(id="", name=f"Customer {n}"))
    assert sweep.sweep(house.core, TENANT) == 8
    assert sweep.sweep(house.core, TENANT) == 0


def test_a_sweep_of_everything_looks_behind_the_place_where_the_last_one_ended(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 3)
    with house.work() as tx:
        for n in range(8):
            tx.create_customer(Customer(id="", name=f"Customer {n}"))
    assert sweep.sweep(house.core, TENANT) == 0
    with house.work() as tx:
        tx.connection.execute(t.outbox.delete().where(t.outbox.c.ref_id.in_(["1", "2", "7"])))
    assert sweep.sweep(house.core, TENANT) == 0
    assert sweep.sweep(house.core, TENANT, everything=True) == 3


def test_switching_on_again_catches_up_with_what_happened_while_off(house: EngineHouse) -> None:
    house.core.set_switch(TENANT, PLUGIN, Switch.OFF, actor="admin")
    ann = house.customer()
    assert house.events(ann.ref) == []
    house.core.set_switch(TENANT, PLUGIN, Switch.ON, actor="admin")
    assert house.state(ann) == "pending"
    house.drain()
    assert house.state(ann) == "done"


def test_a_scheduled_task_of_the_host_sweeps_too(house: EngineHouse) -> None:
    intake.switched_on(())
    ann = house.customer()
    task = next(task for task in bootstrap.schedule() if "sweep" in task.name)
    task.run(TENANT)
    assert house.state(ann) == "pending"


# -- the census ----------------------------------------------------------------------------------------
def test_every_event_is_counted_in_exactly_one_state(house: EngineHouse) -> None:
    ann = house.customer()
    house.change(ann, email="new@example.com")
    house.invoice(ann)
    held = house.invoice(ann, service="unmapped")
    taken = len(house.rows(t.outbox))
    assert sum(house.counted().values()) == taken == 4
    house.drain()
    assert sum(house.counted().values()) == taken
    assert house.counted() == {"done": 2, "superseded": 1, "held": 1}
    assert house.state(held) == "held"
    with house.work() as tx:
        tx.void_invoice(held.id)
    house.drain()
    assert sum(house.counted().values()) == 5
    assert house.state(held) == "not_posted"


def test_records_of_core_and_the_outbox_speak_of_the_same_revisions(house: EngineHouse) -> None:
    ann = house.customer()
    changed = house.change(ann, mobile="+1 415 555 1111")
    snapshot = house.core.read(TENANT, [ann.ref])[ann.ref]
    assert snapshot.record == changed
    assert house.event(ann).revision == snapshot.revision
