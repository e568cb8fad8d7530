"""Hints and sweeps: one look for all kinds, however many hints; never lost, never more often than told."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.mapping import Family, MapRule
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import due, hints
from blueops_qb.engine.engine import Engine
from blueops_qb.sdk.doors import Outgoing
from blueops_qb.sdk.outcomes import Found
from blueops_qb.sdk.provider import Description, Verb
from blueops_qb.sdk.simple import Told
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now
from tests.bookkeeper import all_here, sent_customer, sent_invoice
from tests.engine_house import EngineHouse, rule
from tests.fake_books import CATALOG, FakeBooks
from tests.fakes import FakeProvider

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
SECOND = dt.timedelta(seconds=1)


class Time:
    """The engine's clock, moved on by a test and by nothing else: a slow machine changes nothing."""

    def __init__(self, engine: Engine) -> None:
        self.shift = dt.timedelta(0)
        with engine.core.engine.connect() as connection:
            self._began = db_now(connection)
        engine.turns = attrs.evolve(engine.turns, clock=self)

    def __call__(self, _: sa.Connection) -> dt.datetime:
        return self.now

    @property
    def now(self) -> dt.datetime:
        """The time that is played."""
        return self._began + self.shift


@pytest.fixture
def time(house: EngineHouse) -> Time:
    """A quiet company that sweeps once a minute, and its clock."""
    house.restart(sweep_seconds=60.0, hint_seconds=10.0)
    found = Time(house.engine)
    house.drain()
    return found


def tell(house: EngineHouse, time: Time, entity: str = "Customer", id: str = "1") -> None:
    """A webhook tells of a record at the time that is played."""
    h = t.hints
    before = {row.id for row in house.rows(h)}
    told = {house.books.company_id: [{"entity": entity, "id": id, "operation": "update"}]}
    hints.keep(house.core.engine, house.provider.name, told)
    for row in house.rows(h):
        if row.id not in before:
            house.set(h, h.c.id == row.id, received_at=time.now)


def open_hints(house: EngineHouse) -> int:
    return len(house.rows(t.hints, t.hints.c.processed_at.is_(None)))


def asked(house: EngineHouse, verb: str) -> int:
    """How often the books were asked so."""
    bodies = [json.loads(body) for _, body in house.books.heard]
    return sum(operation["verb"] == verb for body in bodies for operation in body["operations"])


def looks(house: EngineHouse) -> int:
    return asked(house, "changes")


# -- hints -----------------------------------------------------------------------------------------
def test_many_hints_lead_to_one_look_for_all_kinds(house: EngineHouse, time: Time) -> None:
    before = looks(house)
    for n in range(20):
        tell(house, time, ("Customer", "Invoice", "Payment")[n % 3], str(n))
    house.drain()
    assert looks(house) == before  # they collect for a while
    time.shift += 9 * SECOND
    house.drain()
    assert looks(house) == before
    time.shift += 2 * SECOND
    house.drain()
    assert looks(house) == before + 1
    assert open_hints(house) == 0
    time.shift += 11 * SECOND
    house.drain()
    assert looks(house) == before + 1
    (operation,) = [op for _, body in house.books.heard[-1:] for op in json.loads(body)["operations"]]
    assert operation["kind"] is None  # all kinds


def test_the_first_hint_says_when_and_later_ones_do_not_put_it_off(house: EngineHouse, time: Time) -> None:
    before = looks(house)
    for n in range(6):
        tell(house, time, id=str(n))
        time.shift += 2 * SECOND
        house.drain()
    assert looks(house) == before + 1


def test_a_hint_while_a_look_is_on_its_way_leads_to_another(house: EngineHouse, time: Time) -> None:
    tell(house, time)
    time.shift += 11 * SECOND
    out = house.engine.next_exchange(house.id)
    assert out is not None
    answer = house.provider.deliver(out.body)
    ref = house.books.enter(CustomerRecord(name="Rita Moss"))  # too late for that answer
    tell(house, time, id=ref.id)
    house.engine.finish(out.exchange_id, answer)
    assert open_hints(house) == 1
    assert house.rows(t.mirror, t.mirror.c.books_id == ref.id) == []
    time.shift += 12 * SECOND
    house.drain()
    assert open_hints(house) == 0
    assert [row.name for row in house.rows(t.mirror, t.mirror.c.books_id == ref.id)] == ["Rita Moss"]


def test_a_hint_whose_look_fails_is_not_lost(house: EngineHouse, time: Time) -> None:
    house.books.reading_fails = None
    ref = house.books.enter(CustomerRecord(name="Rita Moss"))
    tell(house, time, id=ref.id)
    time.shift += 11 * SECOND
    out = house.engine.next_exchange(house.id)
    assert out is not None
    # The process dies; the answer is never heard.
    house.restart(sweep_seconds=1e6)
    time = Time(house.engine)
    time.shift = dt.timedelta(minutes=10)
    house.drain()
    house.drain()
    assert open_hints(house) == 0
    assert [c.name for c in all_here(house, RecordKind.CUSTOMER)] == ["Rita Moss"]


def test_hints_of_another_company_are_not_ours(house: EngineHouse, time: Time) -> None:
    before = looks(house)
    hints.keep(house.core.engine, house.provider.name, {"another": [{"entity": "Customer", "id": "1"}]})
    time.shift += 11 * SECOND
    house.drain()
    assert looks(house) == before


def test_a_clock_that_went_back_does_not_silence_hints(house: EngineHouse, time: Time) -> None:
    before = looks(house)
    tell(house, time)
    time.shift -= dt.timedelta(days=1)
    house.drain()
    assert looks(house) == before + 1


# -- lists -----------------------------------------------------------------------------------------
def listed(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = FakeProvider.describe

    def describe(self: FakeProvider) -> Description:
        return attrs.evolve(plain(self), catalog_hints=frozenset({"preferences"}))

    monkeypatch.setattr(FakeProvider, "describe", describe)
    house.restart(sweep_seconds=60.0, hint_seconds=10.0)


def test_a_hint_about_what_the_feed_does_not_tell_of_has_the_lists_read(
    house: EngineHouse, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(house, monkeypatch)
    time = Time(house.engine)
    lists = asked(house, "catalog")
    tell(house, time, "Customer")
    time.shift += 11 * SECOND
    house.drain()
    assert asked(house, "catalog") == lists
    tell(house, time, "Preferences")
    time.shift += 22 * SECOND
    house.drain()
    assert asked(house, "catalog") == lists + 1
    assert open_hints(house) == 0


def test_such_a_hint_while_the_lists_are_read_has_them_read_again(
    house: EngineHouse, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(house, monkeypatch)
    time = Time(house.engine)
    time.shift += dt.timedelta(days=1)
    out = _the(house, "catalog")
    tell(house, time, "Preferences")
    time.shift += 11 * SECOND
    while (other := house.engine.next_exchange(house.id)) is not None:
        house.engine.finish(other.exchange_id, house.provider.deliver(other.body))
    assert open_hints(house) == 1
    lists = asked(house, "catalog")
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    house.drain()
    assert asked(house, "catalog") == lists + 2  # the one that was out, and the next
    assert open_hints(house) == 0


def _the(house: EngineHouse, verb: str) -> Outgoing:
    """The exchange of this verb; others before it are carried."""
    for _ in range(5):
        out = house.engine.next_exchange(house.id)
        assert out is not None
        if json.loads(out.body)["operations"][0]["verb"] == verb:
            return out
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    raise AssertionError(verb)


def test_the_lists_are_read_daily(house: EngineHouse, time: Time) -> None:
    lists = asked(house, "catalog")
    time.shift += dt.timedelta(hours=23)
    house.drain()
    assert asked(house, "catalog") == lists
    time.shift += dt.timedelta(hours=1, seconds=1)
    house.drain()
    house.drain()
    assert asked(house, "catalog") == lists + 1


def test_a_class_mode_that_is_turned_is_put_to_a_person_and_what_waits_is_planned_again(
    house: EngineHouse, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CATALOG, BooksRef(K.CLASS, "C1"), ("Service", {}))
    house.books.records |= FakeBooks().records
    time.shift += dt.timedelta(days=1, seconds=1)
    house.drain()
    house.map(rule_of_class())
    ann = sent_customer(house)
    held = house.invoice(ann, service="unmapped")
    house.drain()
    before = house.event(held)
    assert before.state == "held"
    _turn_classes(house, time, monkeypatch, Tracking.PER_LINE)
    (finding,) = house.conflicts()
    assert (finding.cause, finding.group) == ("setting", "class_tracking")
    assert finding.reason == (
        "QuickBooks keeps a class on each line now; 1 rule of the mapping leads to a class"
    )
    assert "mapping page" in finding.remedy
    assert house.event(held).at > before.at  # planned again, and still not mapped
    assert house.state(held) == "held"
    _turn_classes(house, time, monkeypatch, Tracking.OFF)
    (now,) = house.conflicts()
    assert "does not track classes any more" in now.reason
    assert "bears none" in now.reason
    _turn_classes(house, time, monkeypatch, Tracking.OFF)  # read again, nothing was turned
    assert [row.id for row in house.conflicts()] == [now.id]
    assert [row.action for row in house.rows(t.audit)].count("books changed") == 2


def rule_of_class() -> MapRule:
    return rule(Family.CLASS, "service", class_=BooksRef(K.CLASS, "C1"))


def _turn_classes(
    house: EngineHouse, time: Time, monkeypatch: pytest.MonkeyPatch, tracking: Tracking
) -> None:
    plain = FakeBooks.catalog

    def catalog(self: FakeBooks) -> Any:
        profile, records = plain(self)
        assert isinstance(profile, BooksProfile)
        return attrs.evolve(profile, class_tracking=tracking), records

    with monkeypatch.context() as patch:
        patch.setattr(FakeBooks, "catalog", catalog)
        time.shift += dt.timedelta(days=1, seconds=1)
        house.drain()
        house.drain()


# -- deletions and gaps ----------------------------------------------------------------------------
def test_a_deletion_that_was_none_changes_nothing(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed calls a record deleted that was only updated: it is read before it counts."""
    ann = sent_customer(house)
    place = house.place(ann)
    plain = FakeBooks.changes

    def changes(self: FakeBooks, cursor: str) -> Any:
        found, position = plain(self, cursor)
        return [place if getattr(one, "id", "") == place.id else one for one in found], position

    house.books.edit(place, phone="+1 415 555 9999")
    with monkeypatch.context() as patch:
        patch.setattr(FakeBooks, "changes", changes)
        house.poll()
    house.drain()
    assert house.conflicts() == []
    assert house.here(ann.ref).phone == "+1 415 555 9999"


def test_a_part_of_a_window_that_cannot_be_had_is_compared_from_where_the_feed_stood(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later page of a split window has another start; the comparison must not begin there."""
    invoice = sent_invoice(house)
    stood = house.rows(t.feeds, t.feeds.c.feed == "changes")[0].cursor

    def split(self: FakeBooks, _: str) -> Any:
        raise Told(Found(too_old=True, cursor=str(len(self.log))))

    with monkeypatch.context() as patch:
        patch.setattr(FakeBooks, "changes", split)
        with house.turn() as turn:
            row = due.operation_row(turn, Verb.CHANGES, params={"cursor": "999", "origin": stood})
            turn.connection.execute(t.operations.insert(), row)
        out = house.engine.next_exchange(house.id)
        assert out is not None
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    o = t.operations
    (full,) = house.rows(o, o.c.verb == "changes", o.c.state == "ready")
    assert json.loads(full.params_json)["since"] == stood
    house.books.delete(house.place(invoice))
    house.drain()
    assert [c.cause for c in house.conflicts()] == ["removed_there"]


# -- what is shown once more -----------------------------------------------------------------------
def test_what_an_overlapping_window_shows_once_more_is_neither_stored_nor_compared_again(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    house.poll()
    place = house.place(ann)
    stored = house.rows(t.mirror, t.mirror.c.books_id == place.id)
    plain = FakeBooks.changes

    def changes(self: FakeBooks, cursor: str) -> Any:
        return plain(self, "0" if cursor else cursor)  # everything, as an overlap would

    monkeypatch.setattr(FakeBooks, "changes", changes)
    house.poll()
    assert house.rows(t.mirror, t.mirror.c.books_id == place.id) == stored
    house.books.edit(place, phone="+1 415 555 9999")
    house.poll()
    (moved,) = house.rows(t.mirror, t.mirror.c.books_id == place.id)
    assert moved.version != stored[0].version
    assert house.here(ann.ref).phone == "+1 415 555 9999"


def test_a_deletion_that_an_overlapping_window_shows_once_more_is_not_read_again(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = sent_invoice(house)
    house.books.delete(house.place(invoice))
    plain = FakeBooks.changes

    def changes(self: FakeBooks, cursor: str) -> Any:
        return plain(self, "0" if cursor else cursor)  # everything, as an overlap would

    monkeypatch.setattr(FakeBooks, "changes", changes)
    house.poll()
    house.drain()
    assert [c.cause for c in house.conflicts()] == ["removed_there"]
    o = t.operations
    reads = len(house.rows(o, o.c.verb == "read"))
    house.poll()
    house.drain()
    assert len(house.rows(o, o.c.verb == "read")) == reads
    assert [c.cause for c in house.conflicts()] == ["removed_there"]


def test_an_answer_is_read_before_the_database_is_held(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a thousand records takes longer than core may be kept waiting."""
    plain, held = FakeProvider.decode, []

    def decode(self: FakeProvider, *args: Any) -> Any:
        with house.work() as tx:  # on SQLite it would wait for a turn that is open
            tx.connection.execute(sa.text("SELECT 1"))
        held.append(False)
        return plain(self, *args)

    house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    answer = house.provider.deliver(outgoing.body)
    monkeypatch.setattr(FakeProvider, "decode", decode)
    assert house.engine.finish(outgoing.exchange_id, answer)
    assert held == [False]  # once, outside
    assert house.counted() == {"done": 1}
