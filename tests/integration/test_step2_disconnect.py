"""Disconnecting and coming back to the same company forgets nothing that was still to be read."""

import datetime as dt

import attrs
import pytest

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import connections, ledger, resolve
from blueops_qb.sdk.capability import Capability, Feature
from blueops_qb.sdk.doors import Unknown
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from tests.engine_house import DAY, EngineHouse, connect
from tests.fake_books import STALE
from tests.traps import ON_SQLITE, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind
READS = (Verb.CHANGES.value, Verb.READ.value)


def away_and_back(house: EngineHouse) -> None:
    """Disconnect, and sign in to the same company again."""
    connections.retire(house.core, house.id, house.tenant, actor="admin", keys=house.engine.keys)
    assert connect(house.engine, house.books, house.provider.name, house.tenant) == house.id


def carry_until(house: EngineHouse, verb: Verb) -> None:
    """Carry exchanges until an operation of the verb is ready."""
    o = t.operations
    for _ in range(20):
        if house.rows(o, o.c.verb == verb.value, o.c.state == "ready"):
            return
        house.carrier.carry_one(house.id)
    raise AssertionError(f"no {verb} became ready")


def test_a_record_that_was_being_read_again_is_not_stuck_for_ever(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.change(ann, phone="555-0100")
    house.books.script.append(STALE)
    carry_until(house, Verb.READ)
    away_and_back(house)
    house.drain()
    assert house.state(ann) == "done"
    assert house.there(ann).phone == "555-0100"


def test_a_full_comparison_that_was_still_to_be_done_is_done_after_coming_back(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.poll()
    house.books.edit(house.place(ann), phone="555-0199")
    house.books.oldest_cursor = len(house.books.log)
    with house.turn() as turn:
        turn.connection.execute(t.feeds.update().values(due_at=turn.now))
    house.carrier.carry_one(house.id)
    o = t.operations
    assert house.rows(
        o, o.c.verb == Verb.CHANGES.value, o.c.state == "ready", o.c.params_json.contains("full")
    )
    away_and_back(house)
    house.drain()
    assert house.here(ann.ref).phone == "555-0199"


def test_what_left_before_a_person_unlinked_what_it_names_is_settled(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    out = take(house)
    house.provider.deliver(out.body)
    house.engine.finish(out.exchange_id, Unknown(why="the line was cut"))
    house.books.delete(house.place(ann))
    house.set(
        t.exchanges, t.exchanges.c.state == "uncertain", settle_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    )
    house.poll()
    (conflict,) = [c for c in house.conflicts() if c.ref == str(ann.ref)]
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "unlink", "admin")
    house.set(
        t.exchanges, t.exchanges.c.state == "uncertain", settle_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    )
    house.drain()
    assert house.state(invoice) in ("done", "held")
    assert not house.rows(t.exchanges, t.exchanges.c.state == "uncertain")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_questions_that_were_out_are_not_lost(house: EngineHouse, moment: str) -> None:
    """A look for changes that is at the books while the connection is given up counts when it is answered."""
    ann = sent_customer(house)
    house.poll()
    house.books.edit(house.place(ann), phone="555-0111")
    with house.turn() as turn:
        turn.connection.execute(t.feeds.update().values(due_at=turn.now))
    out = take(house)
    answer = house.provider.deliver(out.body)
    if moment == "before":
        house.engine.finish(out.exchange_id, answer)
    connections.retire(house.core, house.id, house.tenant, actor="admin", keys=house.engine.keys)
    if moment == "after":
        house.engine.finish(out.exchange_id, answer)
    assert connect(house.engine, house.books, house.provider.name, house.tenant) == house.id
    house.drain()
    assert house.here(ann.ref).phone == "555-0111"


def test_a_reading_of_the_ledger_that_was_given_up_is_forgotten_with_the_next(house: EngineHouse) -> None:
    for _ in range(3):
        with house.turn() as turn:
            able = Capability(feature=Feature.LEDGER, able=True, reason="It can.")
            turn.description = attrs.evolve(turn.description, capabilities=(able,))
            ledger.ask(turn, DAY, DAY)
        away_and_back(house)
    assert len(house.rows(t.ledger_readings)) == 1
