"""What the tests of mended traps share: what a bookkeeper enters, and a house that runs on SQLite only."""

import datetime as dt
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord, SalesInvoice, SalesLine
from blueops_qb.domain.records import (
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Payment,
    PaymentReturn,
    ReturnReason,
)
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import resolve
from blueops_qb.sandbox.soak.in_vain import in_vain
from blueops_qb.sdk.provider import Operation
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import Fault

#: For behaviour that the database has no part in: called books, SQLite.
ON_SQLITE = pytest.mark.parametrize("house", [pytest.param(("called", "sqlite"), id="sqlite")], indirect=True)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FAR_OFF = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
REPAIR = BooksRef(BooksKind.ITEM, "R")


def sent_customer(house: EngineHouse, name: str = "Ann Lee", **fields: Any) -> Customer:
    """A customer who is in the books."""
    ann = house.customer(name, **fields)
    house.drain()
    return ann


def entered_invoice(house: EngineHouse, customer: BooksRef, total: str, number: str = "B-1") -> BooksRef:
    """An invoice that the bookkeeper wrote; BlueOps does not have it."""
    line = SalesLine(item=REPAIR, amount=D(total))
    return house.books.enter(
        SalesInvoice(customer=customer, date=DAY, number=number, lines=(line,), tax=D("0.00"), total=D(total))
    )


def check(customer: BooksRef, amount: str, *parts: tuple[BooksRef, str]) -> CustomerPayment:
    """A check that came by mail, with what it pays."""
    return CustomerPayment(
        customer=customer,
        date=DAY,
        amount=D(amount),
        allocations=tuple(Allocation(invoice=place, amount=D(part)) for place, part in parts),
        method=BooksRef(BooksKind.PAYMENT_METHOD, "CK"),
        deposit_to=BooksRef(BooksKind.ACCOUNT, "1090"),
    )


def entered_customer(house: EngineHouse, name: str = "Ann Lee", **fields: Any) -> BooksRef:
    """A customer whom the bookkeeper entered."""
    return house.books.enter(CustomerRecord(name=name, **fields))


def set_price(house: EngineHouse, place: BooksRef, price: str) -> None:
    """The bookkeeper changes the price of an invoice of one line."""
    (line,) = house.books.document(place).lines
    house.books.edit(place, lines=(attrs.evolve(line, amount=D(price), unit_price=D(price)),), total=D(price))


def record_cost(house: EngineHouse, kind: ExpenseType, **fields: Any) -> Expense:
    """A cost of 30.00 for materials."""
    line = CostLine(line_id="1", amount=D("30.00"), expense_category="materials")
    with house.work() as tx:
        found: Expense = tx.record_expense(
            Expense(id="", type=kind, date=DAY, total=D("30.00"), lines=(line,), **fields)
        )
    return found


def bounced(house: EngineHouse, payment: Payment) -> PaymentReturn:
    """All of a check came back from the bank."""
    back = PaymentReturn(
        id="",
        payment_id=payment.id,
        customer_id=payment.customer_id,
        date=DAY,
        amount=payment.amount,
        reason=ReturnReason.BOUNCED,
        account_key="checking",
    )
    with house.work() as tx:
        found: PaymentReturn = tx.return_payment(back)
    return found


def all_here(house: EngineHouse, kind: RecordKind) -> list[Any]:
    """The records of a kind in BlueOps."""
    return [s.record for s in house.core.iterate(house.tenant, kinds=[kind]) if not s.deleted]


def choose(house: EngineHouse, choice: str) -> None:
    """Settle the only conflict there is, copies of documents left out."""
    (conflict,) = (c for c in house.conflicts() if c.group != "copy")
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, choice, "admin")


def look_again(house: EngineHouse) -> None:
    """Have the change feed show everything from its beginning once more, and hear it; carry nothing else."""
    house.set(t.feeds, t.feeds.c.feed == "changes", cursor="0", due_at=LONG_AGO)
    hear_changes(house)


def hear_changes(house: EngineHouse) -> None:
    """Carry the next exchange, which is a look for changes."""
    out = house.engine.next_exchange(house.id)
    assert out is not None
    assert b'"verb":"changes"' in out.body
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))


def take(house: EngineHouse) -> Any:
    """Take out the next exchange without carrying it."""
    out = house.engine.next_exchange(house.id)
    assert out is not None
    return out


def waits_in_vain(house: EngineHouse) -> list[str]:
    """What waits in vain, as the soak's judge tells it."""

    def rows(statement: str, **values: str) -> list[Any]:
        with house.core.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), {"tenant": house.tenant, **values}))

    return in_vain(rows, connection=house.id)


def arrived_twice(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> Invoice:
    """An invoice whose answer was lost, and which stands in the books twice when it is looked up."""
    ann = sent_customer(house)
    house.books.script.append(Fault.LOSE_AFTER)
    house.books.forgets_ids = True
    usual = house.books.find

    def find(operation: Operation) -> object:
        if len(house.books.of(BooksKind.INVOICE)) == 1:
            first = house.books.one(BooksKind.INVOICE)
            assert first.document is not None
            house.books.enter(first.document, marker=first.marker)
        return usual(operation)

    monkeypatch.setattr(house.books, "find", find)
    invoice = house.invoice(ann)
    house.drain()
    monkeypatch.setattr(house.books, "find", usual)
    assert house.state(invoice) == "held"
    return invoice
