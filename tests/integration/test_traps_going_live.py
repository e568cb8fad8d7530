"""What is from before the books were connected is never written without a person: it may be in them already."""

import datetime as dt

from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import by_hand, connections, rules_desk
from tests.engine_house import (
    DAY,
    FAKES,
    EngineHouse,
    carrier_for,
    connect,
    engine_for,
    found_company,
    go_live,
)
from tests.fake_books import REFUSED, FakeBooks
from tests.traps import ON_SQLITE, check, entered_customer, entered_invoice, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


def other_company(house: EngineHouse) -> None:
    """Disconnect, and connect books that are empty."""
    connections.retire(house.core, house.id, house.tenant, actor="admin", keys=house.engine.keys)
    house.books = house.provider.books = FakeBooks("F2")
    house.id = connect(house.engine, house.books, house.provider.name, house.tenant)
    go_live(house)
    house.drain()


def post_from(house: EngineHouse, start: dt.date) -> None:
    """The policy's day from which older records are written."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(post_from=start), actor="bookkeeper")
    house.drain()


def test_what_was_queued_for_other_books_is_held_as_from_before_until_the_policy_releases_it(
    house: EngineHouse,
) -> None:
    ann = house.customer()
    invoice = house.invoice(ann)
    house.engine.work_pending(house.id)
    assert house.counted() == {"waiting": 2}
    other_company(house)
    assert (house.state(ann), house.state(invoice)) == ("done", "held")
    assert "from before the books were connected" in house.event(invoice).reason
    post_from(house, DAY)
    assert house.state(invoice) == "done"
    assert house.books.one(K.INVOICE).ref == house.place(invoice)


def test_what_is_older_than_the_day_of_the_policy_stays_held(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    other_company(house)
    post_from(house, DAY.replace(day=DAY.day + 1))
    assert (house.state(invoice), house.books.of(K.INVOICE)) == ("held", [])


def test_a_customer_who_is_needed_and_refused_is_held_himself_and_what_needs_him_follows(
    house: EngineHouse,
) -> None:
    ann = sent_customer(house)
    other_company(house)
    house.books.script.append(REFUSED)
    invoice = house.invoice(ann)  # of a customer without an open event of his own
    house.drain()
    assert house.state(ann) == "held"
    assert REFUSED.message in house.event(ann).reason
    assert (house.state(invoice), house.event(invoice).reason) == ("waiting", f"waits for {ann.ref}")
    with house.turn() as turn:
        by_hand.try_again(turn, [ann.ref], actor="admin")
    house.drain()
    assert (house.state(ann), house.state(invoice)) == ("done", "done")


def test_a_company_that_kept_both_sides_by_hand_gets_nothing_twice(house: EngineHouse) -> None:
    found_company(house.core, "second", "Second Plumbing")
    books = FakeBooks("F9")
    provider = FAKES["called"](books)
    engine = engine_for(house.core, provider)
    second = EngineHouse(
        core=house.core,
        books=books,
        provider=provider,
        engine=engine,
        carrier=carrier_for(engine, provider),
        id="",
        tenant="second",
    )
    ann = second.customer()
    invoice = second.invoice(ann)
    payment = second.pay(invoice, "100.00")
    there = entered_customer(second, email="ann@example.com")
    same = entered_invoice(second, there, "100.00", invoice.number)
    books.enter(check(there, "100.00", (same, "100.00")))
    second.id = connect(engine, books, provider.name, "second")
    go_live(second)
    second.drain()
    assert second.place(ann) == there
    assert len(books.of(K.INVOICE)) == len(books.of(K.PAYMENT)) == 1
    assert (second.state(invoice), second.state(payment)) == ("done", "done")
    assert (second.place(invoice), second.place(payment).kind) == (same, K.PAYMENT)
    later = second.invoice(ann, "50.00")
    second.drain()
    assert second.state(later) == "done"
    assert len(books.of(K.PAYMENT)) == 1
