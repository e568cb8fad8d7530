"""A record that becomes another kind of document is withdrawn as the old kind and written as the new one."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Invoice
from blueops_qb.domain.refs import BooksKind
from tests.engine_house import DAY, D, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]
K = BooksKind


def priced(house: EngineHouse, invoice: Invoice, price: str) -> None:
    """Another core than the reference one lets an invoice fall below zero."""
    with house.work() as tx:
        line = attrs.evolve(invoice.lines[0], amount=D(price), unit_price=D(price))
        tx._rewrite(attrs.evolve(invoice, lines=(line,), total=D(price)), tx._turn())
    house.drain()
    house.poll()


def live(house: EngineHouse, *kinds: BooksKind) -> list[tuple[BooksKind, Decimal]]:
    """What counts in the books, by kind and total."""
    found = [(kind, house.books.document(one.ref)) for kind in kinds for one in house.books.of(kind)]
    return [(kind, document.total) for kind, document in found if not document.void]


@pytest.mark.parametrize("first", ["100.00", "-50.00"])
def test_an_invoice_that_falls_below_zero_becomes_a_credit_memo_and_back(
    house: EngineHouse, first: str
) -> None:
    invoice = house.invoice(house.customer(), "100.00")
    if first == "100.00":
        house.drain()
        assert live(house, K.INVOICE, K.CREDIT_MEMO) == [(K.INVOICE, D("100.00"))]
    for price in ("-50.00", "80.00", "-30.00", "-20.00", "10.00"):
        priced(house, invoice, price)
        kind = K.INVOICE if D(price) > 0 else K.CREDIT_MEMO
        assert live(house, K.INVOICE, K.CREDIT_MEMO) == [(kind, abs(D(price)))], price
        assert house.state(invoice) == "done"


def test_a_cost_may_be_every_kind_of_document_in_turn(house: EngineHouse) -> None:
    line = CostLine(line_id="1", amount=D("20.00"), unit_cost=D("20.00"), expense_category="materials")
    bill = Expense(
        id="", type=ExpenseType.BILL, vendor_id=house.vendor().id, date=DAY, lines=(line,), total=D("20.00")
    )
    with house.work() as tx:
        cost = tx.record_expense(bill)
    house.drain()
    kinds = (K.BILL, K.EXPENSE, K.JOURNAL)
    assert live(house, *kinds) == [(K.BILL, D("20.00"))]
    for type_, kind in (
        (ExpenseType.CARD, K.EXPENSE),
        (ExpenseType.BILL, K.BILL),
        (ExpenseType.CARD, K.EXPENSE),
    ):
        with house.work() as tx:
            account = "" if type_ is ExpenseType.BILL else "company_card"
            tx._rewrite(attrs.evolve(cost, type=type_, payment_account_key=account), tx._turn())
        house.drain()
        house.poll()
        assert live(house, *kinds) == [(kind, D("20.00"))], type_
        assert house.state(cost) == "done"
