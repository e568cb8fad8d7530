"""The credit memo of a payment's discount, which a bookkeeper uses up by another payment."""

from decimal import Decimal
from typing import Any

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Application, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.traps import ON_SQLITE, all_here, check, entered_invoice, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
ZERO = Decimal("0.00")


def _paid_early(house: EngineHouse) -> tuple[Any, BooksRef]:
    """An invoice of 100.00 paid by 95.00 less 5.00; and where the memo of the discount is."""
    house.map(rule(Family.FEE, "early_payment", item=BooksRef(BooksKind.ITEM, "T")))
    invoice = house.invoice(sent_customer(house), "100.00")
    part = Application(invoice_id=invoice.id, amount=D("95.00"), discount=D("5.00"))
    with house.work() as tx:
        payment = tx.record_payment(
            Payment(
                id="",
                customer_id=invoice.customer_id,
                received_on=DAY,
                amount=D("95.00"),
                method="check",
                applications=(part,),
            )
        )
    house.drain()
    d, lk = t.documents, t.links
    (memo,) = house.rows(d, d.c.role == "discount")
    (link,) = house.rows(lk, lk.c.document_id == memo.id)
    return payment, BooksRef(BooksKind.CREDIT_MEMO, link.books_id)


def test_another_payment_that_uses_it_settles_so_much_less_elsewhere(house: EngineHouse) -> None:
    early, memo = _paid_early(house)
    place = house.place(early)
    own = house.books.document(place)
    house.books.edit(place, allocations=tuple(part for part in own.allocations if part.amount > 0))
    theirs = entered_invoice(house, own.customer, "40.00")
    house.books.enter(check(own.customer, "15.00", (theirs, "5.00"), (memo, "-5.00")))
    house.poll()
    (arrived,) = (one for one in all_here(house, RecordKind.PAYMENT) if one.id != early.id)
    assert (arrived.elsewhere, arrived.unapplied) == (ZERO, D("15.00"))
    assert house.state(arrived) == "done"
