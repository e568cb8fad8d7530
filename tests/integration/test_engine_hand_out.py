"""What goes out, how much of it, in which order, and who may hand it out."""

import datetime as dt
import json
import os
import socket
import threading
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import due
from blueops_qb.engine.settings import is_dead, process_name
from blueops_qb.sdk.doors import Outgoing, Unknown
from blueops_qb.sdk.provider import Exchange, Lane, Limits, Unencodable, Verb
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse, engine_for
from tests.fakes import FakeProvider

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def limit(house: EngineHouse, monkeypatch: pytest.MonkeyPatch, **limits: Any) -> None:
    """The provider with other limits, and an engine that knows them."""
    monkeypatch.setattr(FakeProvider, "limits", attrs.evolve(FakeProvider.limits, **limits))
    house.restart()


def take(house: EngineHouse) -> Outgoing:
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    return outgoing


def hear(house: EngineHouse, outgoing: Outgoing) -> bool:
    return house.engine.finish(outgoing.exchange_id, house.provider.deliver(outgoing.body))


def verbs(outgoing: Outgoing) -> list[str]:
    return [operation["verb"] for operation in json.loads(outgoing.body)["operations"]]


def customers(house: EngineHouse, count: int) -> list[Customer]:
    return [house.customer(f"Customer {n}", email=f"c{n}@example.com") for n in range(count)]


# -- before it leaves ------------------------------------------------------------------------------
def test_an_exchange_is_committed_with_its_bytes_before_it_leaves(house: EngineHouse) -> None:
    house.customer()
    outgoing = take(house)
    (row,) = house.rows(t.exchanges, t.exchanges.c.state == "sent")
    assert (row.id, bytes(row.body)) == (outgoing.exchange_id, outgoing.body)
    assert len(row.id) <= 24
    assert row.id.isalnum()
    assert b"open sesame" not in outgoing.body
    assert row.deadline > row.sent_at
    hear(house, outgoing)
    (row,) = house.rows(t.exchanges, t.exchanges.c.id == outgoing.exchange_id)
    assert (row.state, bytes(row.body)) == ("closed", b"")


def test_a_turn_never_stays_open_while_the_books_are_called(house: EngineHouse) -> None:
    """While an exchange is out core writes freely: nothing of ours holds the database."""
    house.customer()
    outgoing = take(house)
    house.customer("Bob", email="bob@example.com")
    assert hear(house, outgoing)


def test_no_more_exchanges_are_out_than_the_books_allow(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, operations_per_exchange=2, open_exchanges=3)
    customers(house, 8)
    out = [take(house) for _ in range(3)]
    assert house.engine.next_exchange(house.id) is None
    assert [len(verbs(one)) for one in out] == [2, 2, 2]
    hear(house, out[1])
    fourth = take(house)
    assert house.engine.next_exchange(house.id) is None
    for one in (fourth, out[0], out[2]):
        assert hear(house, one)
    house.drain()
    assert house.counted() == {"done": 8}


def test_exchanges_that_are_out_together_touch_different_records(house: EngineHouse) -> None:
    ann = house.customer()
    invoice, other = house.invoice(ann), house.invoice(ann, "50.00")
    house.drain()
    payment = house.pay(invoice, "40.00")
    first = take(house)
    house.reprice(invoice, "120.00")
    house.reprice(other, "60.00")
    second = take(house)
    touched = {op["target_id"] for op in json.loads(second.body)["operations"]}
    assert touched == {house.place(other).id}
    assert house.engine.next_exchange(house.id) is None
    hear(house, second)
    hear(house, first)
    house.drain()
    assert house.there(invoice).total == 120
    assert house.there(payment).amount == 40


def test_two_payments_of_one_invoice_never_travel_together(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.pay(invoice, "40.00")
    house.pay(invoice, "60.00")
    first = take(house)
    assert len(verbs(first)) == 1
    assert house.engine.next_exchange(house.id) is None
    hear(house, first)
    house.drain()
    assert house.books.paid(house.place(invoice)) == 100


def test_several_records_travel_in_one_exchange(house: EngineHouse) -> None:
    customers(house, 7)
    outgoing = take(house)
    assert verbs(outgoing) == ["create"] * 7


# -- lanes -----------------------------------------------------------------------------------------
def insert(house: EngineHouse, *verbs_and_lanes: tuple[Verb, Lane]) -> None:
    with house.turn() as turn:
        for verb, lane in verbs_and_lanes:
            params = {"by": "created", "since": turn.now.isoformat()} if verb is Verb.FIND else {"full": "1"}
            row = due.operation_row(turn, verb, kind=K.CUSTOMER, params=params, lane=lane)
            turn.connection.execute(t.operations.insert(), row)


def test_work_goes_by_lane(house: EngineHouse) -> None:
    insert(house, (Verb.CHANGES, Lane.BULK), (Verb.CATALOG, Lane.CATALOG), (Verb.FIND, Lane.SETTLE))
    house.customer()
    with house.turn() as turn:
        due.hurry(turn)
    order = []
    while (outgoing := house.engine.next_exchange(house.id)) is not None:
        order += verbs(outgoing)
        hear(house, outgoing)
    assert order == ["find", "create", "changes", "catalog", "changes"]


def test_bulk_never_takes_the_last_place(house: EngineHouse) -> None:
    insert(house, (Verb.CHANGES, Lane.BULK), (Verb.CHANGES, Lane.BULK))
    first = take(house)
    assert house.engine.next_exchange(house.id) is None
    house.customer()
    assert verbs(take(house)) == ["create"]
    hear(house, first)


# -- the lease -------------------------------------------------------------------------------------
def test_another_living_process_hands_out_nothing(house: EngineHouse) -> None:
    house.customer()
    outgoing = take(house)
    other = engine_for(house.core, house.provider, owner="elsewhere:7:1")
    house.customer("Bob", email="bob@example.com")
    assert other.next_exchange(house.id) is None
    assert house.connection_row().lease_owner == house.engine.settings.owner
    assert hear(house, outgoing)


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(house: EngineHouse) -> None:
    house.customer()
    outgoing = take(house)
    before = house.connection_row()
    house.set(
        t.connections, t.connections.c.id == house.id, lease_until=before.lease_until - dt.timedelta(hours=1)
    )
    other = engine_for(house.core, house.provider, owner="elsewhere:7:1")
    house.customer("Bob", email="bob@example.com")
    second = other.next_exchange(house.id)
    assert second is not None
    after = house.connection_row()
    assert (after.lease_owner, after.fence) == ("elsewhere:7:1", before.fence + 1)
    # The one that lost the lease hands out nothing more, but what it brings is heard.
    house.customer("Cy", email="cy@example.com")
    assert house.engine.next_exchange(house.id) is None
    assert hear(house, outgoing)
    assert other.finish(second.exchange_id, house.provider.deliver(second.body))
    assert len(house.books.of(K.CUSTOMER)) == 2


def test_a_clock_that_went_back_does_not_lock_the_connection(house: EngineHouse) -> None:
    house.drain()
    row = house.connection_row()
    house.set(
        t.connections,
        t.connections.c.id == house.id,
        lease_owner="elsewhere:7:1",
        lease_until=row.lease_until + dt.timedelta(days=1),
    )
    house.customer()
    assert take(house)


def test_the_lease_of_a_process_that_died_on_this_host_is_taken_at_once(house: EngineHouse) -> None:
    dead = f"{socket.gethostname()}:{os.getpid()}:0"
    assert is_dead(dead)
    assert not is_dead(process_name())
    assert not is_dead("elsewhere:7:1")
    gone = engine_for(house.core, house.provider, owner=dead)
    ann = house.customer()
    lost = gone.next_exchange(house.id)
    assert lost is not None
    house.provider.deliver(lost.body)  # it arrived, and nobody was left to hear the answer
    assert house.drain() > 0
    assert house.state(ann) == "done"
    assert len(house.books.of(K.CUSTOMER)) == 1


def test_a_late_answer_of_a_dead_process_is_still_heard(house: EngineHouse) -> None:
    gone = engine_for(house.core, house.provider, owner=f"{socket.gethostname()}:{os.getpid()}:0")
    ann = house.customer()
    outgoing = gone.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    house.engine.work_pending(house.id)  # takes the lease
    assert house.engine.finish(outgoing.exchange_id, reply) is True
    assert house.state(ann) == "done"
    assert house.engine.finish(outgoing.exchange_id, reply) is False


def test_two_engines_at_once_write_every_record_once(house: EngineHouse) -> None:
    found = customers(house, 25)
    engines = [engine_for(house.core, house.provider, owner=f"elsewhere:{n}:1") for n in (1, 2)]
    problems: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for _ in range(12):
                outgoing = engines[n].next_exchange(house.id)
                if outgoing is not None:
                    engines[n].finish(outgoing.exchange_id, house.provider.deliver(outgoing.body))
        except BaseException as problem:  # what a thread raises must fail the test
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert len(house.books.of(K.CUSTOMER)) == len(found)
    assert house.counted() == {"done": len(found)}


# -- what cannot be written -------------------------------------------------------------------------
def test_what_a_provider_cannot_write_is_held_and_the_rest_goes_out(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = FakeProvider.encode

    def encode(self: FakeProvider, exchange: Exchange, profile: Any) -> bytes:
        for operation in exchange.operations:
            if getattr(operation.document, "name", "") == "Customer 1":
                raise Unencodable(operation.id, "customer:2: the name cannot be written. Rename it.")
        return plain(self, exchange, profile)

    monkeypatch.setattr(FakeProvider, "encode", encode)
    bad = customers(house, 3)[1]
    house.drain()
    held = house.event(bad)
    assert (held.state, held.hold) == ("held", "defect")
    assert held.reason == "customer:2: the name cannot be written. Rename it."
    assert held.remedy
    assert house.counted() == {"done": 2, "held": 1}


def test_a_deadline_that_passed_makes_an_exchange_uncertain(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, deadline_seconds=0.0)
    ann = house.customer()
    outgoing = take(house)
    house.provider.deliver(outgoing.body)
    house.drain()
    assert house.state(ann) == "done"
    assert len(house.books.of(K.CUSTOMER)) == 1
    assert Limits().deadline_seconds > 0


def test_a_carrier_that_is_stopped_leaves_the_exchange_uncertain_not_lost(house: EngineHouse) -> None:
    ann = house.customer()
    outgoing = take(house)
    assert house.engine.finish(outgoing.exchange_id, Unknown(why="the carrier was stopped"))
    assert house.state(ann) == "uncertain"
    assert "it is looked up" in house.event(ann).remedy
    house.drain()
    assert house.state(ann) == "done"
