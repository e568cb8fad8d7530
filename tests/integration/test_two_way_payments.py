"""Payments travel with what they settle, also beside documents that BlueOps does not have; so does tax of mode A."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, SalesInvoice, TaxMode
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.records import Application
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import rules_desk
from tests.engine_house import D, EngineHouse
from tests.traps import ON_SQLITE, all_here, check, choose, entered_invoice, sent_customer, set_price

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def settled(house: EngineHouse) -> None:
    assert house.conflicts() == []
    before = len(house.books.log)
    house.poll()
    assert house.conflicts() == []
    assert house.quiet()
    assert len(house.books.log) == before


def test_a_payment_that_settles_their_own_invoice_too_is_changed_in_every_field(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    payment = house.pay(invoice, "60.00")
    house.drain()
    foreign = entered_invoice(house, house.place(ann), "40.00")
    ours, place = house.place(invoice), house.place(payment)
    house.books.edit(
        place,
        amount=D("90.00"),
        allocations=(
            Allocation(invoice=ours, amount=D("70.00")),
            Allocation(invoice=foreign, amount=D("20.00")),
        ),
        reference="8811",
        memo="two at once",
    )
    house.poll()
    here = house.here(payment.ref)
    assert (here.amount, here.elsewhere, here.reference) == (D("90.00"), D("20.00"), "8811")
    assert here.applications == (Application(invoice_id=invoice.id, amount=D("70.00")),)
    assert here.memo == "two at once"
    settled(house)


def test_where_the_money_went_is_the_bookkeeper_s_and_stays(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    payment = house.pay(invoice, "60.00")
    house.drain()
    checking, card = BooksRef(BooksKind.ACCOUNT, "1000"), BooksRef(BooksKind.PAYMENT_METHOD, "VISA")
    house.books.edit(house.place(payment), deposit_to=checking, method=card)
    house.poll()
    assert house.here(payment.ref) == payment
    house.change(payment, memo="counted twice")
    house.drain()
    there = house.there(payment)
    assert (there.deposit_to, there.method, there.memo) == (checking, card, "counted twice")
    settled(house)


def test_a_payment_changed_on_both_sides_is_a_conflict_of_money(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    payment = house.pay(invoice, "60.00")
    house.drain()
    place = house.place(invoice)
    house.books.edit(
        house.place(payment),
        amount=D("70.00"),
        allocations=(Allocation(invoice=place, amount=D("70.00")),),
    )
    house.change(
        payment,
        amount=D("50.00"),
        applications=(Application(invoice_id=invoice.id, amount=D("50.00")),),
    )
    house.poll()
    assert [row.group for row in house.conflicts()] == ["money"]
    choose(house, "theirs")
    house.poll()
    assert house.here(payment.ref).amount == D("70.00")
    settled(house)


def test_a_check_that_bounced_is_deleted_there_and_voided_here_by_choice(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    there = house.books.enter(check(house.there(invoice).customer, "60.00", (house.place(invoice), "60.00")))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    house.books.delete(there)
    house.poll()
    choose(house, "theirs")
    house.poll()
    assert house.here(payment.ref).void
    settled(house)


@pytest.fixture
def taxing(house: EngineHouse) -> EngineHouse:
    """Books that compute 10 % on every invoice, as the policy lets them."""

    def taxed(document: Any) -> Any:
        if not isinstance(document, SalesInvoice) or document.void:
            return document
        net = sum((line.amount for line in document.lines), D("0.00"))
        tax = (net / 10).quantize(D("0.01"))
        return attrs.evolve(document, tax=tax, total=net + tax)

    house.books.alters = taxed
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(tax_mode=TaxMode.BOOKS), actor="admin")
    return house


def test_tax_that_the_books_compute_anew_comes_along_with_the_lines(taxing: EngineHouse) -> None:
    house = taxing
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    assert (house.here(invoice.ref).tax, house.here(invoice.ref).total) == (D("10.00"), D("110.00"))
    set_price(house, house.place(invoice), "200.00")
    house.poll()
    here = house.here(invoice.ref)
    assert (here.lines[0].amount, here.tax, here.total) == (D("200.00"), D("20.00"), D("220.00"))
    settled(house)


def test_tax_that_moved_there_alone_is_core_s_tax(taxing: EngineHouse) -> None:
    house = taxing
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    house.books.alters = lambda document: document
    house.books.edit(house.place(invoice), tax=D("7.00"), total=D("107.00"))
    house.poll()
    assert (house.here(invoice.ref).tax, house.here(invoice.ref).total) == (D("7.00"), D("107.00"))
    settled(house)
