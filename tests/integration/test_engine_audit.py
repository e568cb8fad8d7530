"""The audit log: any change, removal, reorder or cut shows, and readable texts can be erased without breaking it."""

import datetime as dt

import pytest
import sqlalchemy as sa

from blueops_qb.engine import audit
from blueops_qb.engine.audit import Entry, Keys
from blueops_qb.store import tables as t
from tests.engine_house import KEY, OTHER_KEY, TENANT, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
A = t.audit.c


@pytest.fixture
def log(house: EngineHouse) -> EngineHouse:
    """A log of a morning's work."""
    invoice = house.invoice(house.customer())
    house.pay(invoice, "40.00")
    house.drain()
    assert house.verdict().ok
    return house


def tenants(seq: int) -> sa.ColumnElement[bool]:
    return sa.and_(A.tenant_id == TENANT, A.seq == seq)


def test_every_step_of_a_record_is_in_the_log(log: EngineHouse) -> None:
    actions = [(row.action, row.subject) for row in log.rows(t.audit)]
    for action, subject in (("connected", ""), ("mapping changed", ""), ("landed", "invoice:1001")):
        assert any(a == action and (not subject or s == subject) for a, s in actions), action
    assert ("landed", "payment:1") in actions


def test_numbers_and_ids_are_chained_and_names_are_not_in_the_chain(log: EngineHouse) -> None:
    for row in log.rows(t.audit):
        text = " ".join(map(str, row))
        assert "Ann Lee" not in text
        assert "ann@example.com" not in text


@pytest.mark.parametrize("field", ["actor", "action", "subject", "numbers", "digest", "key_id", "mac"])
def test_a_change_is_found_where_it_was_made(log: EngineHouse, field: str) -> None:
    rows = log.rows(t.audit)
    seq = next(row.seq for row in rows if row.action == "landed")
    assert log.set(t.audit, tenants(seq), **{field: "f" * 12}) == 1
    verdict = log.verdict()
    assert not verdict.ok
    assert verdict.broken_at == seq
    assert str(seq) in verdict.problem


def test_a_changed_time_is_found(log: EngineHouse) -> None:
    log.set(t.audit, tenants(3), at=NOON)
    assert log.verdict().broken_at == 3


def test_a_removal_is_found(log: EngineHouse) -> None:
    with log.work() as tx:
        tx.connection.execute(t.audit.delete().where(tenants(4)))
    verdict = log.verdict()
    assert (verdict.ok, verdict.broken_at, verdict.problem) == (False, 4, "entry 4 is missing")


def test_a_removal_that_is_closed_up_is_found(log: EngineHouse) -> None:
    with log.work() as tx:
        tx.connection.execute(t.audit.delete().where(tenants(4)))
        for row in log.rows(t.audit, A.seq > 4):
            tx.connection.execute(t.audit.update().where(tenants(row.seq)).values(seq=row.seq - 1))
    assert log.verdict().broken_at == 4


def test_a_reorder_is_found(log: EngineHouse) -> None:
    for old, new in ((3, 9000), (4, 3), (9000, 4)):
        log.set(t.audit, tenants(old), seq=new)
    assert log.verdict().broken_at == 3


def test_a_cut_at_the_end_is_found(log: EngineHouse) -> None:
    last = log.verdict().entries
    with log.work() as tx:
        tx.connection.execute(t.audit.delete().where(A.seq >= last - 1))
    verdict = log.verdict()
    assert not verdict.ok
    assert verdict.problem == f"the log ends at entry {last - 2} but its head says {last}"


def test_a_log_that_is_gone_altogether_is_found(log: EngineHouse) -> None:
    with log.work() as tx:
        tx.connection.execute(t.audit.delete())
    assert not log.verdict().ok


def test_a_text_that_was_changed_is_found_and_one_that_was_erased_is_not_missed(log: EngineHouse) -> None:
    with log.turn() as turn:
        turn.note("remarked", "invoice:1001", actor="bookkeeper", remark="paid late")
    seq = log.verdict().entries
    (text,) = log.rows(t.audit_payloads, t.audit_payloads.c.seq == seq)
    assert "paid late" in text.payload
    log.set(t.audit_payloads, t.audit_payloads.c.seq == seq, payload=text.payload.replace("late", "soon"))
    assert log.verdict().problem == f"the text of entry {seq} was changed"
    with log.work() as tx:
        tx.connection.execute(t.audit_payloads.delete())
    assert log.verdict().ok


def test_equal_texts_have_different_digests(log: EngineHouse) -> None:
    with log.turn() as turn:
        turn.note("remarked", "invoice:1", name="Ann Lee")
        turn.note("remarked", "invoice:1", name="Ann Lee")
    one, two = log.rows(t.audit)[-2:]
    assert one.digest != two.digest


def test_a_lost_key_is_named_and_its_return_cures_it(log: EngineHouse) -> None:
    old = Keys(lambda: [KEY]).newest()[0]
    with log.core.engine.connect() as connection:
        verdict = audit.verify(connection, TENANT, keys=Keys(lambda: [OTHER_KEY]))
        assert not verdict.ok
        assert f"signed with a key ({old}) that core no longer gives" in verdict.problem
        assert audit.verify(connection, TENANT, keys=Keys(lambda: [OTHER_KEY, KEY])).ok


def test_the_chain_goes_on_under_a_new_key(log: EngineHouse) -> None:
    keys = Keys(lambda: [OTHER_KEY, KEY])
    with log.work() as tx:
        audit.append(tx.connection, TENANT, [Entry(action="key changed")], keys=keys, now=NOON)
    with log.core.engine.connect() as connection:
        assert audit.verify(connection, TENANT, keys=keys).ok
        assert not audit.verify(connection, TENANT, keys=Keys(lambda: [KEY])).ok


def test_who_does_not_have_the_key_cannot_write_a_fitting_chain(log: EngineHouse) -> None:
    with log.work() as tx:
        forged = Keys(lambda: [OTHER_KEY])
        audit.append(tx.connection, TENANT, [Entry(action="forged")], keys=forged, now=NOON)
        own = Keys(lambda: [KEY]).newest()[0]
        tx.connection.execute(t.audit.update().where(A.action == "forged").values(key_id=own))
    assert not log.verdict().ok


def test_what_is_rolled_back_leaves_no_entry(log: EngineHouse) -> None:
    before = log.verdict()

    def fail() -> None:
        with log.turn() as turn:
            turn.note("never", "invoice:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert log.verdict() == before


def test_an_empty_log_is_in_order(house: EngineHouse) -> None:
    house.core.create_tenant("empty", "Empty")
    with house.core.engine.connect() as connection:
        verdict = audit.verify(connection, "empty", keys=house.engine.keys)
    assert (verdict.ok, verdict.entries) == (True, 0)
