"""The books' pace: tokens that all workers share, who goes first, and what a throttled answer does."""

import datetime as dt
import json
import threading
import uuid
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import due
from blueops_qb.runners import carry as carry_module
from blueops_qb.runners.carry import Carrier
from blueops_qb.sdk.doors import Outgoing
from blueops_qb.sdk.outcomes import Throttled
from blueops_qb.sdk.provider import WRITES, Exchange, Lane, Pace, Unencodable, Verb
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse, engine_for
from tests.fake_books import Fault
from tests.fakes import FakeProvider

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
#: A token comes so rarely that none comes while a test runs, however slow the machine is.
WRITE = Pace(name="write", calls=6, seconds=60_000.0, burst=2, verbs=frozenset(WRITES))
#: A token every ten thousand seconds.
TEN_THOUSAND = dt.timedelta(seconds=10_000)
#: What may have passed of a wait when it is looked at, in seconds.
PASSED = 1000


@pytest.fixture
def paced(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> EngineHouse:
    """Writes at one in ten thousand seconds, two at once after a pause."""
    limit(house, monkeypatch, WRITE)
    return house


def limit(house: EngineHouse, monkeypatch: pytest.MonkeyPatch, *paces: Pace, **limits: Any) -> None:
    changed = attrs.evolve(FakeProvider.limits, paces=paces, operations_per_exchange=1, **limits)
    monkeypatch.setattr(FakeProvider, "limits", changed)
    house.restart()


def customers(house: EngineHouse, count: int) -> list[Customer]:
    names = [f"Customer {uuid.uuid4().hex[:6]}" for _ in range(count)]
    return [house.customer(name, email=f"{name[9:]}@example.com") for name in names]


def carry(house: EngineHouse) -> int:
    """How many exchanges go before nothing goes any more."""
    return house.drain()


def verbs(outgoing: Outgoing) -> list[str]:
    return [operation["verb"] for operation in json.loads(outgoing.body)["operations"]]


def pass_time(house: EngineHouse, span: dt.timedelta, bucket: str = "write") -> None:
    """As if the row had been counted so much earlier."""
    (row,) = house.rows(t.rates, t.rates.c.bucket == bucket)
    house.set(t.rates, t.rates.c.bucket == bucket, filled_at=row.filled_at - span)


def insert(house: EngineHouse, verb: Verb, lane: Lane, **params: str) -> None:
    with house.turn() as turn:
        row = due.operation_row(turn, verb, kind=K.CUSTOMER, params=params, lane=lane)
        turn.connection.execute(t.operations.insert(), row)


# -- tokens ----------------------------------------------------------------------------------------
def test_no_more_goes_than_there_are_tokens_and_the_rest_when_they_come(paced: EngineHouse) -> None:
    customers(paced, 5)
    assert carry(paced) == 2
    assert 10_000 - PASSED < paced.engine.wait(paced.id) <= 10_000.1
    pass_time(paced, TEN_THOUSAND)
    assert carry(paced) == 1
    pass_time(paced, 10 * TEN_THOUSAND)  # saved up is the burst, not more
    assert carry(paced) == 2
    assert paced.counted() == {"done": 5}


def test_what_draws_from_another_pace_goes_meanwhile(paced: EngineHouse) -> None:
    customers(paced, 3)
    assert carry(paced) == 2
    insert(paced, Verb.READ, Lane.CHANGES, id="1")
    outgoing = paced.engine.next_exchange(paced.id)
    assert outgoing is not None
    assert verbs(outgoing) == ["read"]
    assert paced.engine.wait(paced.id) == 0.0


def test_a_token_is_taken_only_with_its_exchange(paced: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    customers(paced, 1)
    with monkeypatch.context() as patch:
        patch.setattr(FakeProvider, "encode", _refused)
        assert paced.engine.next_exchange(paced.id) is None
    assert paced.counted() == {"held": 1}
    assert paced.rows(t.rates) == []
    customers(paced, 2)
    assert carry(paced) == 2


def _refused(_: FakeProvider, exchange: Exchange, __: Any) -> bytes:
    raise Unencodable(exchange.operations[0].id, "The name cannot be written. Rename it.")


def test_every_pace_that_is_named_must_have_a_token(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, WRITE, Pace(name="all", calls=3, seconds=60_000.0, burst=1))
    customers(house, 3)
    assert carry(house) == 1
    assert 20_000 - PASSED < house.engine.wait(house.id) <= 20_000.1  # the slower of the two
    pass_time(house, 2 * TEN_THOUSAND, "all")
    assert carry(house) == 1
    levels = {row.bucket: row.tokens for row in house.rows(t.rates)}
    assert set(levels) == {"write", "all"}
    assert max(levels.values()) < 0.2


def test_all_workers_share_the_tokens_of_a_connection(paced: EngineHouse) -> None:
    customers(paced, 6)
    engines = [engine_for(paced.core, paced.provider, owner=f"elsewhere:{n}:1") for n in range(3)]
    sent: list[str] = []
    problems: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for _ in range(8):
                outgoing = engines[n].next_exchange(paced.id)
                if outgoing is not None:
                    sent.append(outgoing.exchange_id)
                    engines[n].finish(outgoing.exchange_id, paced.provider.deliver(outgoing.body))
        except BaseException as problem:  # what a thread raises must fail the test
            problems.append(problem)

    # The lease lets one at a time carry; handing it on must not hand out tokens anew.
    for n in range(3):
        thread = threading.Thread(target=work, args=(n,))
        thread.start()
        thread.join(60)
        paced.set(t.connections, t.connections.c.id == paced.id, lease_owner="", lease_until=None)
    assert problems == []
    assert len(sent) == 2
    assert len(paced.books.of(K.CUSTOMER)) == 2


def test_a_clock_that_went_back_gives_nothing_and_locks_nothing(paced: EngineHouse) -> None:
    customers(paced, 4)
    assert carry(paced) == 2
    pass_time(paced, -dt.timedelta(days=2))
    assert carry(paced) == 0
    assert paced.engine.wait(paced.id) <= 10_000.1
    (row,) = paced.rows(t.rates)
    assert row.filled_at <= dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    pass_time(paced, TEN_THOUSAND)
    assert carry(paced) == 1


def test_the_same_bytes_sent_again_draw_a_token_too(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, attrs.evolve(WRITE, burst=1))
    house.books.script.append(Fault.LOSE_BEFORE)
    ann = house.customer()
    carry(house)  # it is lost, looked up and not found
    assert [row.state for row in house.rows(t.exchanges, t.exchanges.c.state != "closed")] == ["resend"]
    assert house.engine.wait(house.id) > 10_000 - PASSED
    assert house.books.of(K.CUSTOMER) == []
    pass_time(house, TEN_THOUSAND)
    carry(house)
    assert house.state(ann) == "done"
    assert len(house.books.of(K.CUSTOMER)) == 1


# -- who goes first --------------------------------------------------------------------------------
def test_bulk_work_leaves_a_token_for_live_work(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(house, monkeypatch, Pace(name="all", calls=6, seconds=60_000.0, burst=2), open_exchanges=4)
    house.drain()
    house.set(t.rates, t.rates.c.bucket == "all", tokens=2.0)
    for _ in range(3):
        insert(house, Verb.READ, Lane.BULK, id="1")
    first = house.engine.next_exchange(house.id)
    assert first is not None
    assert house.engine.next_exchange(house.id) is None
    assert house.engine.wait(house.id) > 10_000 - PASSED
    house.customer()
    live = house.engine.next_exchange(house.id)
    assert live is not None
    assert verbs(live) == ["create"]


def test_live_work_takes_the_next_token_however_long_the_bulk_has_waited(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, Pace(name="all", calls=6, seconds=60_000.0, burst=1))
    for _ in range(3):
        insert(house, Verb.READ, Lane.BULK, id="1")
    assert carry(house) == 1  # a bucket of one token has none to leave
    house.customer()
    pass_time(house, TEN_THOUSAND, "all")
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    assert verbs(outgoing) == ["create"]


# -- a throttled answer ----------------------------------------------------------------------------
def test_a_throttled_answer_empties_the_bucket_and_the_connection_rests(paced: EngineHouse) -> None:
    paced.books.script.append(Throttled(message="Too many calls.", retry_after=60.0))
    customers(paced, 3)
    assert carry(paced) == 1
    row = paced.connection_row()
    rest = row.rest_until - row.last_contact_at
    assert dt.timedelta(seconds=60) <= rest <= dt.timedelta(seconds=66)
    (bucket,) = paced.rows(t.rates)
    assert bucket.tokens == 0
    paced.set(t.connections, t.connections.c.id == paced.id, rest_until=row.last_contact_at)
    paced.set(t.operations, t.operations.c.state == "ready", not_before=None)
    assert carry(paced) == 0  # nothing that was saved up before the throttle counts
    pass_time(paced, TEN_THOUSAND)
    assert carry(paced) == 1


def test_companies_that_were_throttled_together_come_back_apart(house: EngineHouse) -> None:
    waits: set[dt.timedelta] = set()
    for _ in range(4):
        house.books.script.append(Throttled(message="Too many calls.", retry_after=60.0))
        house.customer(f"Customer {len(waits)}", email=f"{len(waits)}@example.com")
        house.drain()
        row = house.connection_row()
        waits.add(row.rest_until - row.last_contact_at)
        house.set(t.connections, t.connections.c.id == house.id, rest_until=row.last_contact_at)
    assert len(waits) == 4


# -- carriers --------------------------------------------------------------------------------------
@pytest.mark.parametrize("house", [("called", "sqlite")], indirect=True)
def test_a_patient_carrier_waits_for_tokens_and_an_impatient_one_leaves(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, attrs.evolve(WRITE, burst=1))
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        pass_time(house, dt.timedelta(seconds=seconds))

    monkeypatch.setattr(carry_module, "time", SimpleNamespace(sleep=sleep))
    carrier = Carrier(house.engine)
    customers(house, 4)
    assert carrier.drain(house.id) == 1
    assert waited == []
    assert carrier.drain(house.id, patiently=True) == 3
    assert len(waited) == 3
    assert all(10_000 - PASSED < seconds <= 10_000.1 for seconds in waited)
    assert house.counted() == {"done": 4}
