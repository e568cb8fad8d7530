"""What the soak has found about payments that settle documents of the books' own, without chance."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Customer, Payment, PaymentReturn, ReturnReason
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.integration.test_soak_findings_credits import issued_credit
from tests.integration.test_soak_findings_more import close_books
from tests.traps import ON_SQLITE, all_here, check, choose, entered_invoice, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
K = BooksKind


def _partly_elsewhere(house: EngineHouse) -> tuple[Any, BooksRef, tuple[Allocation, ...]]:
    """A check of 150.00 from the books, 40.00 of it for an invoice that BlueOps does not have."""
    ann = sent_customer(house)
    invoice = house.invoice(ann, "60.00")
    house.drain()
    theirs = entered_invoice(house, house.place(ann), "90.00")
    place = house.books.enter(
        check(house.place(ann), "150.00", (house.place(invoice), "60.00"), (theirs, "40.00"))
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == D("40.00")
    return payment, place, house.books.document(place).allocations


def _apply_more_elsewhere(house: EngineHouse, place: BooksRef, shown: tuple[Allocation, ...]) -> None:
    mine, theirs = sorted(shown, key=lambda part: -part.amount)
    house.books.edit(place, allocations=(mine, attrs.evolve(theirs, amount=D("55.00"))))


def _returned(payment: Payment, payer: Customer) -> PaymentReturn:
    return PaymentReturn(
        id="",
        payment_id=payment.id,
        customer_id=payer.id,
        date=DAY,
        amount=payment.amount,
        account_key="checking",
        reason=ReturnReason.BOUNCED,
    )


def test_where_blueops_side_is_chosen_what_is_settled_elsewhere_is_as_the_books_have_it(
    house: EngineHouse,
) -> None:
    payment, place, shown = _partly_elsewhere(house)
    house.change(payment, amount=D("145.00"))
    _apply_more_elsewhere(house, place, shown)
    house.poll()
    choose(house, "ours")
    house.poll()
    there = house.books.document(place)
    assert (there.amount, sum(part.amount for part in there.allocations)) == (D("145.00"), D("115.00"))
    here = house.here(payment.ref)
    assert (here.amount, here.elsewhere) == (D("145.00"), D("55.00"))
    assert house.conflicts() == []


def test_a_payment_that_was_void_there_settles_nothing_elsewhere_once_it_is_written_again(
    house: EngineHouse,
) -> None:
    payment, place, _ = _partly_elsewhere(house)
    house.change(payment, amount=D("145.00"))
    house.books.void(place)
    house.poll()
    choose(house, "ours")
    house.poll()
    there = house.books.document(place)
    assert (there.amount, [part.amount for part in there.allocations]) == (D("145.00"), [D("60.00")])
    here = house.here(payment.ref)
    assert (here.amount, here.elsewhere) == (D("145.00"), D("0.00"))
    assert house.conflicts() == []
    assert house.quiet()


def test_what_a_payment_settles_of_another_payment_s_return_stays_when_its_money_changes_here(
    house: EngineHouse,
) -> None:
    payment, place, shown = _partly_elsewhere(house)
    invoice = house.invoice(payer := sent_customer(house, "Ben Fox"), "80.00")
    bounced = house.pay(invoice, "80.00")
    house.drain()
    with house.work() as tx:
        back = tx.return_payment(_returned(bounced, payer))
    house.drain()
    (settling,) = house.there(bounced).allocations
    house.books.edit(house.place(bounced), allocations=(attrs.evolve(settling, amount=D("79.68")),))
    returned = Allocation(invoice=house.place(back), amount=D("0.32"))
    house.books.edit(place, allocations=(*shown, returned))
    house.poll()
    here = house.here(payment.ref)
    assert here.elsewhere == D("40.32")
    house.change(here, amount=D("145.00"))
    house.drain()
    house.poll()
    there = house.books.document(place)
    assert (there.amount, returned in there.allocations) == (D("145.00"), True)
    assert house.here(payment.ref).elsewhere == D("40.32")
    assert [conflict.ref for conflict in house.conflicts()] == [str(bounced.ref)]


def test_a_return_that_is_taken_back_is_settled_no_more(house: EngineHouse) -> None:
    invoice = house.invoice(payer := sent_customer(house), "80.00")
    bounced = house.pay(invoice, "80.00")
    house.drain()
    with house.work() as tx:
        back = tx.return_payment(_returned(bounced, payer))
    house.drain()
    assert house.there(bounced).allocations == (Allocation(invoice=house.place(back), amount=D("80.00")),)
    with house.work() as tx:
        tx.void_return(back.id)
    house.drain()
    house.poll()
    assert house.there(bounced).allocations == (Allocation(invoice=house.place(invoice), amount=D("80.00")),)
    assert house.here(bounced.ref).elsewhere == D("0.00")


@pytest.mark.parametrize("opened", [False, True])
def test_what_came_while_its_day_was_closed_is_told_when_it_settles_nothing_elsewhere_any_more(
    house: EngineHouse, opened: bool
) -> None:
    """A payment that could not be posted when it came; the books take it off an invoice of their own."""
    ann = sent_customer(house)
    house.drain()
    theirs = entered_invoice(house, house.place(ann), "90.00")
    close_books(house, DAY + dt.timedelta(days=5))
    place = house.books.enter(check(house.place(ann), "60.00", (theirs, "60.00")))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == D("60.00")
    if opened:
        close_books(house, None)
    house.books.edit(place, allocations=())
    house.poll()
    assert house.conflicts() == []
    assert house.here(payment.ref).elsewhere == D("0.00")
    assert house.books.document(place).allocations == ()


@pytest.mark.parametrize(("why", "opened"), [("closed", False), ("closed", True), ("not mapped", True)])
def test_a_credit_that_was_applied_elsewhere_while_it_could_not_be_posted_is_told_when_it_is_free(
    house: EngineHouse, why: str, opened: bool
) -> None:
    """A payment of 0.00 uses it for invoices of both sides; in the end for ours alone."""
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    credit = issued_credit(house, ann)
    house.drain()
    theirs = entered_invoice(house, house.place(ann), "90.00")
    if why == "closed":
        close_books(house, DAY + dt.timedelta(days=5))
    else:
        # Of a credit that was posted under another version of the mapping nothing is known any more.
        d = t.documents
        house.set(d, d.c.source_kind == "credit", mapping_version=0)
        house.map(rule(Family.FEE, "allowance"))
    whose = house.place(ann), "0.00"
    parts = (house.place(invoice), "20.00"), (theirs, "15.00"), (house.place(credit), "-35.00")
    place = house.books.enter(check(*whose, *parts))
    house.poll()
    here = house.here(credit.ref)
    assert (here.applications[0].amount, here.elsewhere) == (D("20.00"), D("15.00"))
    if opened and why == "closed":
        close_books(house, None)
    elif opened:
        house.map(rule(Family.FEE, "allowance", item=BooksRef(K.ITEM, "T")))
    mine = Allocation(invoice=house.place(invoice), amount=D("20.00"))
    used = Allocation(invoice=house.place(credit), amount=D("-20.00"))
    house.books.edit(place, allocations=(mine, used))
    house.poll()
    assert house.conflicts() == []
    here = house.here(credit.ref)
    assert (here.applications[0].amount, here.elsewhere) == (D("20.00"), D("0.00"))
    assert sorted(house.books.document(place).allocations, key=lambda a: a.amount) == [used, mine]
