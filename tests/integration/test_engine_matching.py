"""The first synchronisation is a plan that only reads; what is doubtful waits for a person, and a guard limits."""

from collections.abc import Callable

import pytest

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import by_hand, matching, resolve
from blueops_qb.store import tables as t
from tests.engine_house import RULES, TENANT, D, EngineHouse
from tests.fake_books import FakeBooks

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]

K = BooksKind


Fresh = Callable[[FakeBooks], EngineHouse]


def plan(house: EngineHouse) -> dict[str, tuple[str, str]]:
    """(bucket, decision) by record."""
    with house.turn() as turn:
        matching.build(turn)
        return {str(row.ref): (row.bucket, row.decision) for row in matching.rows(turn.connection, house.id)}


def approve(house: EngineHouse) -> int:
    with house.turn() as turn:
        linked = matching.approve(turn, actor="admin", leave_open=True)
    house.map(*RULES)
    house.drain()
    return linked


def test_the_plan_reads_and_writes_nothing(house: EngineHouse, fresh: Fresh) -> None:
    ann, bob = house.customer("Ann Lee"), house.customer("Bob Stone", email="bob@example.com")
    supplier = house.vendor("Copper Supply")
    books = FakeBooks("F2")
    there = books.enter(CustomerRecord(name="ann lee", email="other@example.com"))
    by_mail = books.enter(CustomerRecord(name="Robert Stone", email="BOB@example.com"))
    books.enter(CustomerRecord(name="Somebody else"))
    fresh(books)
    assert plan(house) == {
        str(ann.ref): ("strong", "?link"),
        str(bob.ref): ("strong", "?link"),
        str(supplier.ref): ("none", "?create"),
    }
    assert len(books.log) == 3
    assert approve(house) == 2
    assert [house.place(record) for record in (ann, bob)] == [there, by_mail]
    assert [record.name for record in books.of(K.VENDOR)] == ["Copper Supply"]
    assert len(books.of(K.CUSTOMER)) == 3
    # What differs today stays as it is; later changes travel.
    assert house.there(ann).email == "other@example.com"
    assert house.here(bob.ref).name == "Bob Stone"
    house.change(ann, phone="+1 415 555 0000")
    house.drain()
    assert house.there(ann).phone == "+1 415 555 0000"
    assert house.there(ann).email == "other@example.com"


def two_ann_lees(fresh: Fresh, house: EngineHouse) -> tuple[Customer, FakeBooks]:
    ann = house.customer("Ann Lee", email="ann@example.com")
    books = FakeBooks("F2")
    books.enter(CustomerRecord(name="Ann Lee", email="other@example.com"))
    books.enter(CustomerRecord(name="A. Lee", email="ann@example.com"))
    fresh(books)
    assert plan(house)[str(ann.ref)] == ("ambiguous", "open")
    approve(house)
    return ann, books


def test_an_ambiguous_match_is_held_and_so_is_what_needs_it(house: EngineHouse, fresh: Fresh) -> None:
    ann, books = two_ann_lees(fresh, house)
    held = house.event(ann)
    assert (held.state, held.hold) == ("held", "match")
    assert "nobody has decided yet which record of the books it is" in held.reason
    assert "matching page" in held.remedy
    invoice = house.invoice(ann)
    other = house.invoice(house.customer("Bob", email="bob@example.com"))
    house.drain()
    assert house.state(invoice) == "held"
    assert f"{ann.ref}" in house.event(invoice).reason
    assert house.state(other) == "done"
    assert len(books.of(K.CUSTOMER)) == 3


@pytest.mark.parametrize("decision", ["link", "create", "skip"])
def test_a_persons_decision_settles_it(house: EngineHouse, fresh: Fresh, decision: str) -> None:
    ann, books = two_ann_lees(fresh, house)
    invoice = house.invoice(ann)
    house.drain()
    target = books.of(K.CUSTOMER)[1].ref
    with house.turn() as turn:
        by_hand.match(
            turn, ann.ref, decision, books_id=target.id if decision == "link" else "", actor="bookkeeper"
        )
    house.drain()
    match decision:
        case "link":
            assert house.place(ann) == target
            assert house.there(invoice).customer == target
            assert len(books.of(K.CUSTOMER)) == 2
        case "create":
            assert [record.name for record in books.of(K.CUSTOMER)][-1] == "Ann Lee (C)"
            assert house.here(ann.ref).name == "Ann Lee"
            assert house.state(invoice) == "done"
        case "skip":
            assert house.state(ann) == "held"
            assert "skipped" in house.event(ann).reason
            assert books.of(K.INVOICE) == []


def test_a_decision_that_cannot_be_is_refused(house: EngineHouse, fresh: Fresh) -> None:
    ann, books = two_ann_lees(fresh, house)
    for decision, books_id in (("link", ""), ("link", "999"), ("create", "101"), ("marry", "")):
        with pytest.raises(by_hand.CannotMatch), house.turn() as turn:
            by_hand.match(turn, ann.ref, decision, books_id=books_id, actor="bookkeeper")
    assert len(books.log) == 2


def test_a_name_that_a_vendor_has_is_a_bucket_of_its_own(house: EngineHouse, fresh: Fresh) -> None:
    ann = house.customer("Ann Lee")
    books = FakeBooks("F2")
    books.enter(VendorRecord(name="Ann Lee"))
    fresh(books)
    assert plan(house)[str(ann.ref)] == ("taken", "open")
    approve(house)
    assert house.state(ann) == "held"


def test_what_exists_when_we_go_live_is_no_arrival(house: EngineHouse, fresh: Fresh) -> None:
    books = FakeBooks("F2")
    books.enter(CustomerRecord(name="Somebody else"))
    fresh(books)
    plan(house)
    approve(house)
    house.poll()
    assert list(house.core.iterate(TENANT)) == []
    books.enter(CustomerRecord(name="New over there"))
    house.poll()
    assert [getattr(s.record, "name", "") for s in house.core.iterate(TENANT)] == ["New over there"]


def test_the_plan_waits_until_the_lists_are_read(house: EngineHouse) -> None:
    with house.work() as tx:
        tx.connection.execute(t.feeds.delete())
    with pytest.raises(matching.NotListed, match="still being read"), house.turn() as turn:
        matching.build(turn)


# -- the guard -----------------------------------------------------------------------------------------
def test_more_creates_within_an_hour_than_the_limit_wait_for_a_person(house: EngineHouse) -> None:
    house.restart(guard_creates_per_hour=3)
    for n in range(5):
        house.customer(f"Customer {n}", email=f"c{n}@example.com")
    house.drain()
    assert len(house.books.of(K.CUSTOMER)) <= 3
    row = house.connection_row()
    assert row.health == "stopped"
    assert "Guard: this would make" in row.health_reason
    assert "more than 3" in row.health_reason
    assert house.engine.next_exchange(house.id) is None
    house.restart(guard_creates_per_hour=10)
    with house.turn() as turn:
        resolve.resume(turn, "admin")
    house.drain()
    assert house.counted() == {"done": 5}


def test_more_money_within_an_hour_than_the_limit_waits_for_a_person(house: EngineHouse) -> None:
    house.restart(guard_amount_per_hour=D("150.00"))
    ann = house.customer()
    house.invoice(ann, "100.00")
    house.drain()
    house.invoice(ann, "100.00")
    house.drain()
    assert len(house.books.of(K.INVOICE)) == 1
    assert "USD written to the books" in house.connection_row().health_reason


def test_more_changes_from_the_books_than_the_limit_wait_for_a_person(house: EngineHouse) -> None:
    house.restart(guard_incoming_per_hour=2)
    house.drain()
    for n in range(4):
        house.books.enter(CustomerRecord(name=f"Found {n}"))
    house.poll()
    assert "changes brought into BlueOps" in house.connection_row().health_reason
    assert len(list(house.core.iterate(TENANT))) == 2
    house.restart(guard_incoming_per_hour=100)
    with house.turn() as turn:
        resolve.resume(turn, "admin")
    house.drain()
    assert len(list(house.core.iterate(TENANT))) == 4
