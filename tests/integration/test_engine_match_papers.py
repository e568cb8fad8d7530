"""Open invoices, payments and items of the first connection: linked where they stand there, never written twice."""

from collections.abc import Callable

import pytest

from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    CustomerRecord,
    SalesInvoice,
    SalesLine,
    TaxMode,
)
from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand, matching
from blueops_qb.engine.match_rows import Row, rows
from tests.engine_house import DAY, RULES, D, EngineHouse
from tests.fake_books import FakeBooks

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]

K = BooksKind
Fresh = Callable[[FakeBooks], EngineHouse]


def entered(books: FakeBooks, customer: BooksRef, number: str, price: str = "100.00") -> BooksRef:
    """A bookkeeper has entered an invoice by hand."""
    line = SalesLine(amount=D(price), item=BooksRef(K.ITEM, "R"), quantity=D(1), unit_price=D(price))
    return books.enter(
        SalesInvoice(
            customer=customer,
            date=DAY,
            number=number,
            lines=(line,),
            total=D(price),
            tax_mode=TaxMode.OURS,
            tax=D("0.00"),
        )
    )


def planned(house: EngineHouse) -> dict[str, Row]:
    with house.turn() as turn:
        matching.build(turn)
        return {row.key: row for row in rows(turn.connection, house.id)}


def go_live(house: EngineHouse, *, leave_open: bool = False) -> int:
    with house.turn() as turn:
        linked = matching.approve(turn, actor="admin", leave_open=leave_open)
    house.map(*RULES)
    house.drain()
    return linked


@pytest.fixture
def ann(house: EngineHouse) -> Customer:
    return house.customer("Ann Lee")


def test_an_invoice_that_stands_there_is_linked_and_not_written_again(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    there, missing = house.invoice(ann), house.invoice(ann, "55.00")
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    place = entered(books, customer, there.number)
    fresh(books)
    plan = planned(house)
    assert (plan[str(there.ref)].bucket, plan[str(there.ref)].decision) == ("exact", "?link")
    assert plan[str(there.ref)].books_id == place.id
    assert (plan[str(missing.ref)].bucket, plan[str(missing.ref)].decision) == ("none", "?wait")
    before = len(books.log)
    assert go_live(house) >= 1
    assert house.place(there) == place
    assert house.state(there) == "done"
    assert (house.state(missing), house.event(missing).hold) == ("held", "match")
    assert len(books.of(K.INVOICE)) == 1
    assert len(books.log) == before
    changed = house.reprice(there, "130.00")
    house.drain()
    assert house.there(changed).total == D("130.00")
    assert len(books.of(K.INVOICE)) == 1


@pytest.mark.parametrize(("decision", "state", "number"), [("create", "done", 1), ("skip", "not_posted", 0)])
def test_what_is_not_there_is_written_or_left_out_as_a_person_decides(
    house: EngineHouse, fresh: Fresh, ann: Customer, decision: str, state: str, number: int
) -> None:
    invoice = house.invoice(ann)
    books = FakeBooks("F2")
    books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    fresh(books)
    planned(house)
    with house.turn() as turn:
        by_hand.match(turn, str(invoice.ref), decision, actor="bookkeeper")
    go_live(house)
    assert house.state(invoice) == state
    assert len(books.of(K.INVOICE)) == number


def test_an_invoice_of_another_amount_waits_for_a_person(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    invoice = house.invoice(ann, "100.00")
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    place = entered(books, customer, invoice.number, "90.00")
    fresh(books)
    row = planned(house)[str(invoice.ref)]
    assert (row.bucket, row.decision, row.candidates) == ("weak", "open", (place.id,))
    assert "90.00" in row.reason
    go_live(house, leave_open=True)
    assert (house.state(invoice), house.event(invoice).hold) == ("held", "match")
    assert "may be in the books already" in house.event(invoice).reason
    with house.turn() as turn:
        by_hand.match(turn, str(invoice.ref), "link", books_id=place.id, actor="bookkeeper")
    house.drain()
    assert house.place(invoice) == place
    assert len(books.of(K.INVOICE)) == 1


def test_a_payment_that_stands_there_is_linked(house: EngineHouse, fresh: Fresh, ann: Customer) -> None:
    invoice = house.invoice(ann)
    payment = house.pay(invoice, "40.00", reference="4711")
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    place = entered(books, customer, invoice.number)
    paid = books.enter(
        CustomerPayment(
            customer=customer,
            date=DAY,
            amount=D("40.00"),
            allocations=(Allocation(invoice=place, amount=D("40.00")),),
            reference="4711",
        )
    )
    fresh(books)
    row = planned(house)[str(payment.ref)]
    assert (row.bucket, row.books_id) == ("exact", paid.id)
    go_live(house)
    assert house.place(payment) == paid
    assert [house.state(record) for record in (invoice, payment)] == ["done", "done"]
    assert len(books.of(K.PAYMENT)) == 1


def test_a_link_that_the_mapping_delays_is_made_before_anything_is_written(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    invoice: Invoice = house.invoice(ann)
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    place = entered(books, customer, invoice.number)
    fresh(books)
    planned(house)
    with house.turn() as turn:
        for row in rows(turn.connection, house.id, kinds=["item"]):
            by_hand.match(turn, row.key, "skip", actor="admin")
        matching.approve(turn, actor="admin")
    house.drain()
    assert (house.state(invoice), house.event(invoice).hold) == ("held", "mapping")
    assert "is linked with" in house.event(invoice).reason
    house.map(*RULES)
    house.drain()
    assert house.place(invoice) == place
    assert house.state(invoice) == "done"
    assert len(books.of(K.INVOICE)) == 1


def test_services_lead_to_items_that_stand_out_and_a_decision_becomes_a_rule(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    house.invoice(ann)
    fresh(FakeBooks("F2"))
    row = planned(house)["item:service_category:repair"]
    assert (row.bucket, row.decision, row.books_id) == ("exact", "?link", "R")
    with pytest.raises(by_hand.CannotMatch, match="never created"), house.turn() as turn:
        by_hand.match(turn, row.key, "create", actor="admin")
    with house.turn() as turn:
        matching.approve(turn, actor="admin", leave_open=True)
    with house.turn() as turn:
        (rule,) = turn.mapping.rules
        assert (rule.family.value, rule.key, rule.target.item) == (
            "service_category",
            "repair",
            BooksRef(K.ITEM, "R"),
        )
