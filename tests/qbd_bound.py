"""Drawn documents with references that stand in a Desktop file: its lists, and documents that are written for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    Document,
    Estimate,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    Side,
    VendorCredit,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from tests.qbd_meeting import Meeting, applied

DAY = dt.date(2026, 3, 2)
_NAMES: dict[BooksKind, tuple[str, ...]] = {
    BooksKind.CUSTOMER: ("Ashby, Nora", "Ashby, Nora:Kitchen", "Larkin Offices"),
    BooksKind.VENDOR: ("Pipe Depot", "Ditch Diggers"),
    BooksKind.EMPLOYEE: ("Omar Reyes", "Owner's Draw"),
    BooksKind.ITEM: ("Repair", "Fixtures", "Water Heater"),
    BooksKind.CLASS: ("Service", "Install"),
    BooksKind.TERM: ("Net 15", "Net 30"),
    BooksKind.PAYMENT_METHOD: ("Check", "Visa"),
    BooksKind.TAX_CODE: ("County 7%", "District 8.25%"),
    BooksKind.ACCOUNT: ("Fuel", "Tools"),
}
#: Members of documents that take another account, or another item, than a line of costs does.
_PLACES: dict[str, tuple[BooksKind, str]] = {
    "deposit_to": (BooksKind.ACCOUNT, "Undeposited Funds"),
    "ap_account": (BooksKind.ACCOUNT, "Accounts Payable"),
    "discount_account": (BooksKind.ITEM, "Discount"),
}


def bound(meeting: Meeting, document: Any) -> Any:
    """The document on the file's own lists; what it settles, takes or comes from is written first."""
    if isinstance(document, CustomerPayment):
        return _payment(meeting, document)
    if isinstance(document, BillPayment):
        return _bill_payment(meeting, document)
    if isinstance(document, BankDeposit):
        return _deposit(meeting, document)
    fresh = _rebound(meeting, document)
    if isinstance(document, SalesReceipt):  # one without an account for its money is not queued
        fresh = attrs.evolve(fresh, deposit_to=meeting.named(*_PLACES["deposit_to"]))
    if isinstance(document, ExpenseDocument):
        bank = "Company Credit Card" if document.paid_by is PaidBy.CARD else "Operating Checking"
        fresh = attrs.evolve(fresh, account=meeting.named(BooksKind.ACCOUNT, bank))
    if getattr(document, "estimate", None) is not None:
        made = _written(meeting, _estimate(meeting, fresh.customer))
        fresh = attrs.evolve(fresh, estimate=made)
    return fresh


def customer(meeting: Meeting) -> BooksRef:
    """A customer of the file."""
    return meeting.named(BooksKind.CUSTOMER, "Larkin Offices")


def vendor(meeting: Meeting) -> BooksRef:
    """A vendor of the file."""
    return meeting.named(BooksKind.VENDOR, "Pipe Depot")


def _written(meeting: Meeting, document: Document) -> BooksRef:
    return applied(meeting.create(document)).ref


def _rebound(meeting: Meeting, value: Any, name: str = "") -> Any:
    if isinstance(value, BooksRef):
        if name in _PLACES:
            return meeting.named(*_PLACES[name])
        if value.kind not in _NAMES:
            return None
        names = _NAMES[value.kind]
        return meeting.named(value.kind, names[sum(value.id.encode()) % len(names)])
    if isinstance(value, tuple):
        return tuple(_rebound(meeting, part) for part in value)
    if attrs.has(type(value)):
        fields = {
            field.name: _rebound(meeting, getattr(value, field.name), field.name)
            for field in attrs.fields(type(value))
            if isinstance(getattr(value, field.name), BooksRef | tuple)
        }
        return attrs.evolve(value, **fields)
    return value


def _sold(meeting: Meeting, amount: Decimal) -> tuple[SalesLine, ...]:
    return (SalesLine(item=meeting.named(BooksKind.ITEM, "Repair"), description="Repair", amount=amount),)


def _estimate(meeting: Meeting, whose: Any) -> Estimate:
    return Estimate(
        customer=whose, date=DAY, lines=_sold(meeting, Decimal("9.00")), tax=ZERO, total=Decimal("9.00")
    )


def invoice(meeting: Meeting, whose: BooksRef, amount: Decimal) -> SalesInvoice:
    """An invoice over an amount, without tax."""
    return SalesInvoice(
        customer=whose, date=DAY, due_date=DAY, lines=_sold(meeting, amount), tax=ZERO, total=amount
    )


def credit(meeting: Meeting, whose: BooksRef, amount: Decimal) -> CreditMemo:
    """A credit memo over an amount."""
    return CreditMemo(customer=whose, date=DAY, lines=_sold(meeting, amount), tax=ZERO, total=amount)


def owed(meeting: Meeting, whose: BooksRef, amount: Decimal) -> JournalEntry:
    """A journal entry by which a customer owes an amount."""
    receivable, income = (
        meeting.named(BooksKind.ACCOUNT, name) for name in ("Accounts Receivable", "Fee Income")
    )
    return JournalEntry(
        date=DAY,
        lines=(
            JournalLine(side=Side.DEBIT, account=receivable, amount=amount, customer=whose),
            JournalLine(side=Side.CREDIT, account=income, amount=amount),
        ),
    )


def _cost(meeting: Meeting, amount: Decimal) -> tuple[PurchaseLine, ...]:
    return (
        PurchaseLine(account=meeting.named(BooksKind.ACCOUNT, "Fuel"), description="Fuel", amount=amount),
    )


def bill(meeting: Meeting, whose: BooksRef, amount: Decimal) -> Bill:
    """A bill over an amount."""
    return Bill(vendor=whose, date=DAY, due_date=DAY, lines=_cost(meeting, amount), total=amount)


def vendor_credit(meeting: Meeting, whose: BooksRef, amount: Decimal) -> VendorCredit:
    """A vendor's credit over an amount."""
    return VendorCredit(vendor=whose, date=DAY, lines=_cost(meeting, amount), total=amount)


_MAKERS: dict[BooksKind, Callable[[Meeting, BooksRef, Decimal], Document]] = {
    BooksKind.INVOICE: invoice,
    BooksKind.JOURNAL: owed,
    BooksKind.CREDIT_MEMO: credit,
    BooksKind.BILL: bill,
    BooksKind.VENDOR_CREDIT: vendor_credit,
}


def _payment(meeting: Meeting, document: CustomerPayment) -> CustomerPayment:
    whose = customer(meeting)
    parts = []
    for part in document.allocations:
        assert isinstance(part.invoice, BooksRef)
        made = _MAKERS[part.invoice.kind](meeting, whose, abs(part.amount))
        parts.append(attrs.evolve(part, invoice=_written(meeting, made)))
    fresh: CustomerPayment = _rebound(meeting, attrs.evolve(document, allocations=()))
    return attrs.evolve(fresh, customer=whose, allocations=tuple(parts))


def _bill_payment(meeting: Meeting, document: BillPayment) -> BillPayment:
    whose = vendor(meeting)
    parts = []
    for part in document.settles:
        assert isinstance(part.document, BooksRef)
        made = _MAKERS[part.document.kind](meeting, whose, abs(part.amount))
        parts.append(attrs.evolve(part, document=_written(meeting, made)))
    fresh: BillPayment = _rebound(meeting, attrs.evolve(document, settles=()))
    bank = "Company Credit Card" if document.paid_by is PaidBy.CARD else "Operating Checking"
    return attrs.evolve(
        fresh, vendor=whose, settles=tuple(parts), account=meeting.named(BooksKind.ACCOUNT, bank)
    )


def _deposit(meeting: Meeting, document: BankDeposit) -> BankDeposit:
    whose = customer(meeting)
    lines = []
    for line in document.lines:
        if line.payment is None:
            lines.append(_rebound(meeting, line))
            continue
        waiting = meeting.named(*_PLACES["deposit_to"])
        paid = CustomerPayment(customer=whose, date=DAY, amount=line.amount, deposit_to=waiting)
        lines.append(attrs.evolve(line, payment=_written(meeting, paid)))
    bank = meeting.named(BooksKind.ACCOUNT, "Operating Checking")
    return attrs.evolve(document, account=bank, lines=tuple(lines))
