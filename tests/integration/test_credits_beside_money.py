"""Credits of ours that the books use beside the money of a payment: noted once taken over, and released with it."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, CreditMemo, CustomerPayment, SalesLine
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import (
    Application,
    Credit,
    CreditReason,
    Customer,
    Invoice,
    InvoiceLine,
    LineKind,
    Payment,
)
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import incoming, resolve, take_back
from blueops_qb.sdk.provider import Operation
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.fake_books import Fault
from tests.traps import FAR_OFF, ON_SQLITE, all_here, check, choose, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def _paid_beside_a_credit(house: EngineHouse) -> tuple[Invoice, Credit, Payment]:
    """An invoice of 100.00, a credit of 50.00 that nothing uses, and a check of 60.00."""
    ann, invoice, credit = _owing(house)
    assert ann.id == credit.customer_id
    payment = house.pay(invoice, "60.00")
    house.drain()
    return invoice, credit, payment


def _owing(
    house: EngineHouse, before: Callable[[], object] = lambda: None
) -> tuple[Customer, Invoice, Credit]:
    """Somebody who owes 100.00, with a credit of 50.00; `before` happens when only the invoice is in the books."""
    house.map(rule(Family.FEE, "allowance", item=BooksRef(BooksKind.ITEM, "T")))
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.drain()
    line = InvoiceLine(
        line_id="1",
        kind=LineKind.FEE,
        description="Sorry",
        unit_price=D("50.00"),
        amount=D("50.00"),
        taxable=False,
    )
    before()
    with house.work() as tx:
        credit = tx.issue_credit(
            Credit(
                id="",
                number="",
                customer_id=ann.id,
                issue_date=DAY,
                reason=CreditReason.GOODWILL,
                lines=(line,),
                total=D("50.00"),
            )
        )
    house.drain()
    return ann, invoice, credit


def _use(house: EngineHouse, payment: Any, invoice: Invoice, credit: Credit, **fields: Any) -> None:
    """The bookkeeper lets the check settle 80.00, 20.00 of it by the credit."""
    house.books.edit(house.place(payment), allocations=_with_credit(house, invoice, credit), **fields)


def _with_credit(house: EngineHouse, invoice: Invoice, credit: Credit) -> tuple[Allocation, ...]:
    return (
        Allocation(invoice=house.place(invoice), amount=D("80.00")),
        Allocation(invoice=house.place(credit), amount=D("-20.00")),
    )


def _arrived(house: EngineHouse) -> tuple[Invoice, Credit, BooksRef]:
    """A check of 60.00 that came by mail: the bookkeeper uses 20.00 of the credit beside it."""
    ann, invoice, credit = _owing(house)
    place = house.books.enter(
        check(house.place(ann), "60.00", (house.place(invoice), "80.00"), (house.place(credit), "-20.00"))
    )
    house.poll()
    assert house.here(credit.ref).elsewhere == D("20.00")
    return invoice, credit, place


def test_a_credit_added_to_a_payment_of_ours_is_taken_over_and_stays(house: EngineHouse) -> None:
    invoice, credit, payment = _paid_beside_a_credit(house)
    _use(house, payment, invoice, credit)
    house.poll()
    here = house.here(payment.ref)
    assert (here.amount, here.elsewhere) == (D("60.00"), D("-20.00"))
    assert here.applications == (Application(invoice_id=invoice.id, amount=D("80.00")),)
    assert house.here(credit.ref).elsewhere == D("20.00")
    assert not house.conflicts()

    shown = set(house.there(payment).allocations)
    house.change(here, memo="called her")
    house.drain()
    house.poll()
    assert house.there(payment).memo == "called her"
    assert set(house.there(payment).allocations) == shown
    assert house.here(credit.ref).elsewhere == D("20.00")
    assert not house.conflicts()


def test_a_payment_of_nothing_that_applies_the_rest_of_a_credit_leaves_what_was_used_beside_money(
    house: EngineHouse,
) -> None:
    invoice, credit, place = _arrived(house)
    payment = house.books.records[place].document
    assert isinstance(payment, CustomerPayment)
    assert isinstance(payment.customer, BooksRef)
    applied = house.books.enter(
        check(payment.customer, "0.00", (house.place(invoice), "20.00"), (house.place(credit), "-20.00"))
    )
    house.poll()
    here = house.here(credit.ref)
    assert here.applications == (Application(invoice_id=invoice.id, amount=D("20.00")),)
    assert here.elsewhere == D("20.00")
    house.books.edit(
        applied,
        allocations=(
            Allocation(invoice=house.place(invoice), amount=D("15.00")),
            Allocation(invoice=house.place(credit), amount=D("-15.00")),
        ),
    )
    house.poll()
    here = house.here(credit.ref)
    assert here.applications == (Application(invoice_id=invoice.id, amount=D("15.00")),)
    assert here.elsewhere == D("20.00")
    assert not house.conflicts()


def test_a_change_of_a_note_is_no_change_of_credits(house: EngineHouse) -> None:
    invoice, credit, payment = _paid_beside_a_credit(house)
    _use(house, payment, invoice, credit, memo="by phone")
    house.change(
        payment, amount=D("55.00"), applications=(Application(invoice_id=invoice.id, amount=D("55.00")),)
    )
    house.poll()
    assert house.here(payment.ref).memo == "by phone"
    assert house.here(credit.ref).elsewhere == D("0.00")

    choose(house, "theirs")
    house.poll()
    assert house.here(credit.ref).elsewhere == D("20.00")
    assert house.here(payment.ref).elsewhere == D("-20.00")


def test_undoing_that_choice_releases_the_credit(house: EngineHouse) -> None:
    invoice, credit, payment = _paid_beside_a_credit(house)
    _use(house, payment, invoice, credit)
    house.change(
        payment, amount=D("55.00"), applications=(Application(invoice_id=invoice.id, amount=D("55.00")),)
    )
    house.poll()
    choose(house, "theirs")
    house.drain()
    assert house.here(credit.ref).elsewhere == D("20.00")
    (row,) = house.rows(t.conflicts, t.conflicts.c.state == "resolved")
    with house.turn() as turn:
        take_back.undo(turn, row.id, "admin")
    assert house.here(credit.ref).elsewhere == D("0.00")
    assert house.here(payment.ref).amount == D("55.00")


def test_a_voided_payment_releases_the_credit(house: EngineHouse) -> None:
    _, credit, place = _arrived(house)
    house.books.void(place)
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.void
    assert house.here(credit.ref).elsewhere == D("0.00")


def test_what_could_not_be_noted_of_a_credit_is_not_released_either(house: EngineHouse) -> None:
    """BlueOps applied all of it a moment before, so that nothing of it is left for a note of what the books use."""
    ann, invoice, credit = _owing(house)
    other = house.invoice(ann, "50.00")
    house.drain()
    with house.work() as tx:
        applied = (Application(invoice_id=other.id, amount=D("50.00")),)
        tx.update_credit(attrs.evolve(credit, applications=applied))
    place = house.books.enter(
        check(house.place(ann), "60.00", (house.place(invoice), "80.00"), (house.place(credit), "-20.00"))
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert (payment.elsewhere, house.here(credit.ref).elsewhere) == (D("-20.00"), D("0.00"))
    house.books.void(place)
    house.poll()
    assert house.here(credit.ref).elsewhere == D("0.00")
    assert house.here(credit.ref).unapplied == D("0.00")


def test_a_deleted_payment_that_is_voided_here_releases_the_credit(house: EngineHouse) -> None:
    _, credit, place = _arrived(house)
    house.books.delete(place)
    house.poll()
    choose(house, "theirs")
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.void
    assert house.here(credit.ref).elsewhere == D("0.00")


def test_a_payment_that_is_voided_in_blueops_releases_the_credit(house: EngineHouse) -> None:
    invoice, credit, payment = _paid_beside_a_credit(house)
    _use(house, payment, invoice, credit)
    house.poll()
    with house.work() as tx:
        tx.void_payment(payment.id)
    assert house.here(credit.ref).elsewhere == D("20.00"), "it is used there until the void has arrived"
    house.drain()
    house.poll()
    assert house.here(credit.ref).elsewhere == D("0.00")
    assert house.here(credit.ref).unapplied == D("50.00")
    assert (house.there(payment).void, house.conflicts()) == (True, [])


def test_a_deleted_payment_that_is_left_out_releases_the_credit(house: EngineHouse) -> None:
    _, credit, place = _arrived(house)
    house.books.delete(place)
    house.poll()
    choose(house, "unlink")
    assert house.here(credit.ref).elsewhere == D("0.00")
    house.drain()
    assert house.quiet()


def test_one_that_settled_more_than_its_money_is_not_created_anew(house: EngineHouse) -> None:
    _, credit, place = _arrived(house)
    house.books.delete(place)
    house.poll()
    with pytest.raises(
        resolve.CannotResolve, match=r"settles 20\.00 more than its 60\.00, by credits beside it"
    ):
        choose(house, "again")
    assert house.here(credit.ref).elsewhere == D("20.00")
    choose(house, "theirs")
    assert house.here(credit.ref).elsewhere == D("0.00")


def test_one_whose_money_covers_what_it_settles_is_created_anew_without_the_credit(
    house: EngineHouse,
) -> None:
    ann, invoice, credit = _owing(house)
    parts = ((house.place(invoice), "80.00"), (house.place(credit), "-20.00"))
    place = house.books.enter(check(house.place(ann), "90.00", *parts))
    house.poll()
    house.books.delete(place)
    house.poll()
    choose(house, "again")
    house.drain()
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert (payment.elsewhere, payment.unapplied) == (D("0.00"), D("10.00"))
    assert house.here(credit.ref).elsewhere == D("0.00")
    assert house.there(payment).allocations == (Allocation(invoice=house.place(invoice), amount=D("80.00")),)
    assert house.conflicts() == []


@pytest.mark.parametrize("used", ["0.00", "35.00"])
def test_a_credit_used_otherwise_is_noted_by_the_difference(house: EngineHouse, used: str) -> None:
    invoice, credit, place = _arrived(house)
    parts = [Allocation(invoice=house.place(invoice), amount=D("60.00") + D(used))]
    parts += [Allocation(invoice=house.place(credit), amount=-D(used))] if D(used) else []
    house.books.edit(place, allocations=tuple(parts))
    house.poll()
    assert house.here(credit.ref).elsewhere == D(used)
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == -D(used)
    assert not house.conflicts()


@pytest.mark.parametrize("taken_before", [False, True])
def test_a_credit_that_is_shown_after_the_payment_that_uses_it_says_so(
    taken_before: bool, house: EngineHouse
) -> None:
    """A read of the payment shows it before the feed shows the credit; both are the bookkeeper's."""
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    payment = house.pay(invoice, "60.00")
    house.drain()
    line = SalesLine(item=BooksRef(BooksKind.ITEM, "T"), description="Sorry", amount=D("50.00"))
    memo = CreditMemo(
        customer=house.place(ann), date=DAY, number="BC1", lines=(line,), tax=D("0.00"), total=D("50.00")
    )
    credit = house.books.enter(memo)
    parts = (
        Allocation(invoice=house.place(invoice), amount=D("80.00")),
        Allocation(invoice=credit, amount=D("-20.00")),
    )
    house.books.edit(house.place(payment), allocations=parts)
    house.books.log.clear()  # the feed is late
    house.change(payment, reference="R2")
    house.drain()  # it is stale, and read again
    if taken_before:
        house.set(t.feeds, t.feeds.c.feed == "changes", moved_at=FAR_OFF)
        with house.turn() as turn:
            incoming.compare_dirty(turn)
    assert (house.here(payment.ref).elsewhere == D("-20.00")) is taken_before
    house.books.log.append(credit)
    house.poll()
    (credited,) = all_here(house, RecordKind.CREDIT)
    assert credited.elsewhere == D("20.00")
    assert house.here(payment.ref).elsewhere == D("-20.00")
    assert house.quiet()


def test_a_credit_that_a_person_links_says_what_a_payment_uses_of_it_since(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer was lost, and two of it were found; the bookkeeper used one of them before anybody chose."""
    usual = house.books.find

    def find(operation: Operation) -> object:
        if operation.kind is BooksKind.CREDIT_MEMO and len(house.books.of(BooksKind.CREDIT_MEMO)) == 1:
            first = house.books.one(BooksKind.CREDIT_MEMO)
            assert first.document is not None
            house.books.enter(first.document, marker=first.marker)
        return usual(operation)

    monkeypatch.setattr(house.books, "find", find)
    house.books.forgets_ids = True
    _, invoice, credit = _owing(house, before=lambda: house.books.script.append(Fault.LOSE_AFTER))
    assert house.state(credit) == "held"
    first, used = (record.ref for record in house.books.of(BooksKind.CREDIT_MEMO))
    payment = house.pay(invoice, "60.00")
    house.drain()
    parts = (
        Allocation(invoice=house.place(invoice), amount=D("80.00")),
        Allocation(invoice=used, amount=D("-20.00")),
    )
    house.books.edit(house.place(payment), allocations=parts)
    house.poll()
    assert house.here(payment.ref).elsewhere == D("-20.00")
    house.books.delete(first)
    house.poll()
    choose(house, "theirs")
    house.poll()
    assert house.here(credit.ref).elsewhere == D("20.00")
    assert house.conflicts() == []
    assert house.quiet()
