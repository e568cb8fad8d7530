"""Retention: payloads of settled work are emptied when they are old; what is open, held or compared by stays."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from blueops_qb import bootstrap
from blueops_qb.cli import main
from blueops_qb.engine import retention
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.sandbox.core.settings import store
from blueops_qb.sdk.hooks import Task
from blueops_qb.store import tables as t
from tests.engine_house import KEY, PLUGIN, TENANT, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]
OLD = dt.timedelta(days=91)


def age(house: EngineHouse, by: dt.timedelta = OLD) -> None:
    """Everything that happened so far happened so much earlier."""
    micros = by // dt.timedelta(microseconds=1)
    moments = {
        "outbox": ["at", "occurred_at"],
        "operations": ["created_at", "closed_at"],
        "exchanges": ["first_sent_at", "sent_at", "closed_at"],
        "conflicts": ["opened_at", "closed_at"],
        "hints": ["received_at", "processed_at"],
    }
    with house.work() as tx:
        for table, names in moments.items():
            sets = ", ".join(f"{name} = {name} - {micros}" for name in names)
            tx.connection.execute(sa.text(f"UPDATE blueops_qb_{table} SET {sets}"))


def said(house: EngineHouse) -> dict[str, int]:
    """How many rows still hold what was said."""
    conditions: dict[str, Any] = {
        "outbox": t.outbox.c.payload != "",
        "operations": t.operations.c.content.is_not(None),
        "previous": t.operations.c.previous.is_not(None),
        "conflicts": t.conflicts.c.reason != "",
        "audit_payloads": sa.true(),
        "documents": t.documents.c.content != "",
        "links": t.links.c.base_ours.is_not(None) & t.links.c.base_theirs.is_not(None),
        "mirror": t.mirror.c.document.is_not(None),
        "postings": sa.true(),
    }
    counts = {}
    with house.core.engine.connect() as connection:
        for name, condition in conditions.items():
            table = t.operations if name == "previous" else t.metadata.tables[f"blueops_qb_{name}"]
            query = sa.select(sa.func.count()).select_from(table).where(condition)
            counts[name] = int(connection.execute(query).scalar_one())
    return counts


def set_days(house: EngineHouse, **values: str) -> None:
    store(house.core, TENANT, house.core.world.get(PLUGIN), values)


def settled(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(ann)
    house.drain()
    house.change(ann, phone="775 555 0101")
    house.reprice(invoice, "120.00")
    house.drain()
    assert house.state(invoice) == "done"


def test_what_is_settled_and_old_is_emptied_and_both_sides_stay_comparable(house: EngineHouse) -> None:
    settled(house)
    before = said(house)
    assert retention.purge(house.core, TENANT).total == 0, "nothing is old enough"
    assert said(house) == before
    age(house)
    purged = retention.purge(house.core, TENANT)
    after = said(house)
    assert purged.events == before["outbox"] > 0
    assert purged.operations >= before["operations"] > 0
    assert before["previous"] > 0
    assert (after["outbox"], after["operations"], after["previous"]) == (0, 0, 0)
    for kept in ("documents", "links", "mirror", "postings", "audit_payloads"):
        assert after[kept] == before[kept] > 0, kept
    assert retention.purge(house.core, TENANT).total == 0, "it is done once"
    assert house.verdict().ok


def test_after_it_the_records_go_on_as_if_nothing_had_been(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(ann)
    house.drain()
    age(house)
    retention.purge(house.core, TENANT)
    house.reprice(invoice, "150.00")
    house.drain()
    assert house.state(invoice) == "done"
    assert str(house.there(invoice).lines[0].amount) == "150.00"
    assert house.conflicts() == []


def test_what_waits_for_a_person_keeps_what_it_needs_however_old_it_is(house: EngineHouse) -> None:
    ann = house.customer()
    held = house.invoice(ann, service="unmapped")
    house.drain()
    assert house.state(held) == "held"
    age(house, dt.timedelta(days=4000))
    retention.purge(house.core, TENANT)
    assert house.event(held).payload != ""
    assert house.event(ann).payload == ""


def test_what_is_out_or_uncertain_is_never_touched(house: EngineHouse) -> None:
    settled(house)
    ann = house.customer("Bo Diddley")
    out = house.engine.next_exchange(house.id)
    assert out is not None
    age(house, dt.timedelta(days=4000))
    with house.work() as tx:
        # Also when an operation of an open exchange counts as closed already.
        o = t.operations
        tx.connection.execute(
            o.update()
            .where(o.c.exchange_id == out.exchange_id)
            .values(state="failed", closed_at=o.c.created_at)
        )
    retention.purge(house.core, TENANT)
    (row,) = house.rows(t.exchanges, t.exchanges.c.id == out.exchange_id)
    assert row.body == out.body
    assert all(
        op.content is not None for op in house.rows(t.operations, t.operations.c.exchange_id == row.id)
    )
    assert house.event(ann).payload != ""


def test_an_operation_that_ended_stays_whole_while_its_exchange_is_open(house: EngineHouse) -> None:
    """Its event has come to an end as well; only the exchange is still to be settled by what was sent."""
    settled(house)
    age(house)
    (operation, *_) = house.rows(t.operations, t.operations.c.content.is_not(None))
    house.set(t.exchanges, t.exchanges.c.id == operation.exchange_id, state="uncertain")
    retention.purge(house.core, TENANT)
    (kept, *others) = house.rows(t.operations, t.operations.c.content.is_not(None))
    assert kept.exchange_id == operation.exchange_id
    assert {other.exchange_id for other in others} <= {operation.exchange_id}
    house.set(t.exchanges, t.exchanges.c.id == operation.exchange_id, state="closed")
    retention.purge(house.core, TENANT)
    assert said(house)["operations"] == 0


@pytest.mark.parametrize("undecided", ["event", "document", "conflict"])
def test_what_was_sent_of_an_undecided_record_stays(house: EngineHouse, undecided: str) -> None:
    settled(house)
    age(house)
    (document,) = house.rows(t.documents, t.documents.c.source_kind == "invoice")
    if undecided == "event":
        house.set(t.outbox, t.outbox.c.ref_kind == "invoice", state="held")
    elif undecided == "document":
        house.set(t.documents, t.documents.c.id == document.id, state="doubtful")
    else:
        with house.work() as tx:
            row = {
                "id": 5,
                "connection_id": house.id,
                "cause": "overlap",
                "books_kind": "invoice",
                "books_id": "1",
                "ref": f"invoice:{document.source_id}",
                "document_id": document.id,
                "group": "lines",
                "reason": "both moved",
                "state": "open",
            }
            tx.connection.execute(t.conflicts.insert(), row)
    retention.purge(house.core, TENANT)
    left = house.rows(t.operations, t.operations.c.content.is_not(None))
    assert {operation.document_id for operation in left} == {document.id}
    assert said(house)["conflicts"] == (1 if undecided == "conflict" else 0)


def test_the_setting_says_how_long_and_nought_keeps_all(house: EngineHouse) -> None:
    settled(house)
    age(house, dt.timedelta(days=20))
    before = said(house)
    set_days(house, retention_days="0")
    assert retention.purge(house.core, TENANT).total == 0
    set_days(house, retention_days="30")
    assert retention.purge(house.core, TENANT).total == 0
    set_days(house, retention_days="-1")
    assert retention.days(house.core, TENANT) == (90, 0)
    set_days(house, retention_days="19")
    assert retention.purge(house.core, TENANT).events == before["outbox"]


def test_audit_texts_go_when_their_own_setting_says_so_and_the_chain_stays(house: EngineHouse) -> None:
    settled(house)
    with house.work() as tx:
        day = dt.timedelta(days=8) // dt.timedelta(microseconds=1)
        tx.connection.execute(sa.text(f"UPDATE blueops_qb_audit SET at = at - {day}"))
    with house.turn() as turn:
        turn.note("remarked", "invoice:1", remark="of today")
    texts = said(house)["audit_payloads"]
    assert texts > 1
    set_days(house, audit_text_days="7")
    assert retention.purge(house.core, TENANT).audit_texts == texts - 1
    (left,) = house.rows(t.audit_payloads)
    assert "of today" in left.payload


def test_the_chain_can_be_verified_after_its_texts_are_gone(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(house)
    set_days(house, audit_text_days="7")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=9)
    monkeypatch.setattr(retention, "db_now", lambda _: later)
    gone = retention.purge(house.core, TENANT).audit_texts
    verdict = house.verdict()
    assert (verdict.ok, verdict.erased) == (True, gone)
    assert gone > 0


def test_more_than_one_batch_goes_in_small_transactions(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(house)
    age(house)
    events = said(house)["outbox"]
    monkeypatch.setattr(retention, "BATCH", 1)
    begun: list[str] = []
    begin = type(house.core).begin

    def counting(core: Any, tenant_id: str, **how: Any) -> Any:
        begun.append(tenant_id)
        return begin(core, tenant_id, **how)

    monkeypatch.setattr(type(house.core), "begin", counting)
    purged = retention.purge(house.core, TENANT)
    assert purged.events == events > 1
    assert len(begun) >= purged.total


def test_other_companies_keep_their_own_time(house: EngineHouse) -> None:
    settled(house)
    age(house)
    house.core.create_tenant("other", "Other")
    assert retention.purge(house.core, "other").total == 0
    assert said(house)["outbox"] > 0


def test_worked_hints_and_those_of_nobody_are_deleted_after_a_week(house: EngineHouse) -> None:
    row = house.connection_row()
    with house.work() as tx:
        now = dt.datetime.now(dt.UTC)
        rows = [
            {
                "id": n,
                "provider": row.provider,
                "company_id": row.company_id,
                "payload": "{}",
                "received_at": now - dt.timedelta(days=days),
                "processed_at": done,
            }
            for n, (days, done) in enumerate([(8, now), (8, None), (1, now), (1, None)])
        ]
        tx.connection.execute(t.hints.insert(), rows)
    assert retention.purge(house.core, TENANT).hints == 1
    assert [hint.id for hint in house.rows(t.hints)] == [1, 2, 3]
    with house.work() as tx:
        tx.connection.execute(t.connections.update().values(state="retired"))
    assert retention.purge(house.core, TENANT).hints == 1
    assert [hint.id for hint in house.rows(t.hints)] == [2, 3]


def test_core_runs_it_every_day_and_the_command_by_hand(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    (task,) = [task for task in bootstrap.schedule() if "retention" in task.name]
    assert isinstance(task, Task)
    assert task.every_seconds == 86_400
    settled(house)
    age(house)
    task.run(TENANT)
    assert said(house)["outbox"] == 0
    url = house.core.engine.url.render_as_string(hide_password=False)
    told = CliRunner().invoke(main, ["purge", "--db", url, "--tenant", TENANT])
    assert (told.exit_code, told.output.startswith("emptied: 0 events")) == (0, True), told.output
