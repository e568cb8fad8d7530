"""The thread runner: when it looks, how many threads a connection gets, and who keeps a free one."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import pytest

from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sdk.doors import Outgoing, Reply
from blueops_qb.sdk.provider import WRITES, Pace, Transport, Vault
from tests.engine_house import EngineHouse
from tests.fakes import CalledFake, FakeProvider, Line

pytest_plugins = ["tests.engine_fixtures"]
#: A runner carries only what is called.
CALLED = pytest.mark.parametrize("house", [("called", "sqlite")], indirect=True)
pytestmark = CALLED
#: So long that nothing happens by it while a test waits.
NEVER = 3600.0


@contextmanager
def running(house: EngineHouse, *, threads: int = 4, poll: float = 0.02) -> Iterator[ThreadRunner]:
    runner = ThreadRunner(house.engine, threads=threads, poll=poll, every=NEVER)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def limit(house: EngineHouse, monkeypatch: pytest.MonkeyPatch, *paces: Pace, exchanges: int = 2) -> None:
    limits = attrs.evolve(
        FakeProvider.limits, paces=paces, operations_per_exchange=1, open_exchanges=exchanges
    )
    monkeypatch.setattr(FakeProvider, "limits", limits)
    house.restart()


def customers(house: EngineHouse, count: int) -> None:
    for n in range(count):
        house.customer(f"Customer {n}", email=f"c{n}@example.com")


class Slow:
    """Books that take calls, tell how many they have, and answer when they are let."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.let = threading.Event()

    def transport(self, provider: CalledFake, vault: Vault, company_id: str) -> Transport:
        del vault, company_id
        return SlowLine(provider, self)


@attrs.frozen
class SlowLine:
    """The way to slow books."""

    provider: CalledFake
    slow: Slow

    def send(self, body: bytes) -> Reply:
        with self.slow.lock:
            self.slow.now += 1
            self.slow.most = max(self.slow.most, self.slow.now)
        self.slow.let.wait(60)
        with self.slow.lock:
            self.slow.now -= 1
            return self.provider.deliver(body)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    found = Slow()
    monkeypatch.setattr(CalledFake, "transport", lambda *args: found.transport(*args))
    yield found
    found.let.set()


def test_a_connection_whose_calls_take_long_gets_more_threads_up_to_what_the_books_take(
    house: EngineHouse, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, exchanges=3)
    customers(house, 6)
    with running(house, threads=8):
        until(lambda: slow.now == 3)
        time.sleep(0.2)
        assert slow.most == 3
        slow.let.set()
        until(lambda: house.counted() == {"done": 6})
    assert len(house.books.records) >= 6


def test_one_thread_is_left_to_others(
    house: EngineHouse, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, exchanges=8)
    customers(house, 6)
    with running(house, threads=3):
        until(lambda: slow.now == 2)
        time.sleep(0.2)
        assert slow.most == 2
        slow.let.set()
        until(lambda: house.counted() == {"done": 6})


def test_what_the_pace_puts_off_goes_when_its_token_is_due_and_is_not_asked_for_before(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, Pace(name="write", calls=5, seconds=1.0, burst=1, verbs=frozenset(WRITES)))
    customers(house, 4)
    turns: list[float] = []
    first_taken: list[float] = []
    plain = house.engine.next_exchange
    moments: list[float] = []
    line = Line.send

    def send(self: Line, body: bytes) -> Reply:
        moments.append(time.monotonic())
        return line(self, body)

    monkeypatch.setattr(Line, "send", send)

    def next_exchange(connection_id: str) -> Outgoing | None:
        turns.append(began := time.monotonic())
        outgoing = plain(connection_id)
        if outgoing is not None and not first_taken:
            first_taken.append(began)
        return outgoing

    monkeypatch.setattr(house.engine, "next_exchange", next_exchange)
    with running(house, poll=NEVER):  # nothing but the tokens wakes it
        until(lambda: house.counted() == {"done": 4})
    assert len(moments) == 4
    # Three tokens after the first; the clock of the database is told in milliseconds.
    assert moments[-1] - first_taken[0] > 0.59
    assert len(turns) <= 12  # no busy loop: two turns for a token, and the first and last looks


def test_who_wakes_it_is_heard_though_it_works_just_then(
    house: EngineHouse, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, exchanges=1)
    customers(house, 1)
    with running(house, poll=NEVER) as runner:
        until(lambda: slow.now == 1)
        slow.let.set()
        house.customer("Bob", email="bob@example.com")
        runner.wake()
        until(lambda: house.counted() == {"done": 2})


def test_a_woken_runner_looks_at_once(house: EngineHouse) -> None:
    with running(house, poll=NEVER) as runner:
        until(lambda: house.id in runner._next)  # its first look is over
        house.customer("Bob", email="bob@example.com")
        time.sleep(0.1)
        assert house.counted() == {"pending": 1}
        runner.wake()
        until(lambda: house.counted() == {"done": 1})
