"""Posting rule for costs: bills, what was paid at once, use tax, own labour (accounting-treatments 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    Bill,
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    Side,
    VendorCredit,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.naming import derived_number
from blueops_qb.domain.posting import warranty
from blueops_qb.domain.posting.context import NotPosted
from blueops_qb.domain.posting.costs import cost_lines
from blueops_qb.domain.posting.files import receipts
from blueops_qb.domain.posting.invoices import NUMBER_LENGTH
from blueops_qb.domain.posting.kinds import key_by_kind
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Expense, ExpenseType
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef

Answer = Document | NotPosted

PAID_BY = {
    ExpenseType.CARD: PaidBy.CARD,
    ExpenseType.CHECK: PaidBy.CHECK,
    ExpenseType.CASH: PaidBy.CASH,
}
#: Accounts that a journal entry must never touch (accounting-treatments 0.1).
FORBIDDEN_ROLES = {"ar": "receivables", "ap": "payables"}


def expense(record: Expense, lookup: Lookup) -> dict[DocumentKey, Document] | NotPosted:
    """One document for a cost; which one follows from how the company owes or paid it."""
    if record.refund and record.type not in REFUNDED:
        raise lookup.held(
            f"is a refund of the type {record.type.value}; a vendor's credit and a refund to a card can be sent",
            "Enter a refund to the bank in the books for now.",
        )
    document = TYPES[record.type](record, lookup)
    if isinstance(document, NotPosted):
        return document
    key = key_by_kind(record.ref, document, lookup)
    return {key: document, **receipts(record, key)}


# -- documents -----------------------------------------------------------------------------------------
def _owed(record: Expense, lookup: Lookup) -> Answer:
    return _credit(record, lookup) if record.refund else _bill(record, lookup)


def _bill(record: Expense, lookup: Lookup) -> Answer:
    if not record.vendor_id:
        raise lookup.held(
            "is a bill without a vendor", "Choose the vendor in BlueOps; it is sent by itself then."
        )
    return Bill(
        vendor=RecordRef(RecordKind.VENDOR, record.vendor_id),
        date=record.date,
        number=derived_number(record.vendor_invoice_number, length=NUMBER_LENGTH),
        due_date=record.due_date,
        terms=lookup.terms(record.terms),
        ap_account=lookup.use_optional(lookup.optional(Family.ROLE, "ap").account, where="accounts payable"),
        lines=cost_lines(record, lookup),
        total=lookup.cents(record.total, where="the total"),
        location=lookup.location(record.branch),
        memo=record.memo,
        currency=record.currency,
    )


def _credit(record: Expense, lookup: Lookup) -> Answer:
    """What a vendor owes us back: the bill's lines the other way round; a line below zero is a fee that he keeps."""
    bill = _bill(record, lookup)
    assert isinstance(bill, Bill)
    shared = {field.name: getattr(bill, field.name) for field in attrs.fields(VendorCredit)}
    return VendorCredit(**shared)


def _paid(record: Expense, lookup: Lookup) -> Answer:
    return ExpenseDocument(
        paid_by=PAID_BY[record.type],
        account=lookup.account(
            Family.MONEY_ACCOUNT, record.payment_account_key, where="the account it was paid from"
        ),
        date=record.date,
        payee=RecordRef(RecordKind.VENDOR, record.vendor_id) if record.vendor_id else None,
        number=derived_number(record.vendor_invoice_number, length=NUMBER_LENGTH),
        method=lookup.method(record.type.value),
        lines=cost_lines(record, lookup),
        total=lookup.cents(record.total, where="the total"),
        refund=record.refund,
        location=lookup.location(record.branch),
        memo=record.memo,
        currency=record.currency,
    )


def _use_tax(record: Expense, lookup: Lookup) -> Answer:
    return _journal(record, {"use_tax": record.total}, lookup)


def _labor(record: Expense, lookup: Lookup) -> Answer:
    if not lookup.context.policy.post_labor:
        return NotPosted(
            reason=f"{lookup.label} is own labour: it is costed in payroll in the books, "
            "and posting it here would count it twice (the setting is “post labour”)."
        )
    return _journal(record, {"labor_applied": record.total}, lookup)


def _warranty(record: Expense, lookup: Lookup) -> Answer:
    part = warranty.posted_part(record, lookup)
    if record.lines and not part.lines:
        return NotPosted(
            reason=f"{lookup.label} is own labour under warranty: it is costed in payroll in the books, "
            "and posting it here would count it twice (the setting is “post labour”)."
        )
    return _journal(part, warranty.against(part), lookup)


def _allowance(record: Expense, lookup: Lookup) -> Answer:
    return _journal(record, {warranty.CLAIMS: record.total}, lookup, sign=-1)


def _journal(record: Expense, against: Mapping[str, Decimal], lookup: Lookup, *, sign: int = 1) -> Answer:
    """The cost accounts against the accounts of some roles; the other way round with a `sign` of -1."""
    costs = [
        attrs.evolve(line, amount=sign * line.amount) for line in cost_lines(record, lookup) if line.amount
    ]
    if not costs:
        return NotPosted(reason=f"{lookup.label} comes to 0.00; there is nothing to post.")
    location = lookup.location(record.branch)
    lines = [_cost(line, location, lookup) for line in costs]
    for role, amount in against.items():
        if amount:
            account = lookup.role(role, where="what it is posted against")
            lines.append(_line(-sign * amount, account, location=location, description=record.memo))
    _check_accounts(lines, lookup)
    return JournalEntry(
        date=record.date,
        lines=tuple(lines),
        number=derived_number(f"{lookup.context.policy.number_prefix}{record.id}", length=NUMBER_LENGTH),
        memo=record.memo,
        currency=record.currency,
    )


def _cost(line: PurchaseLine, location: BooksRef | None, lookup: Lookup) -> JournalLine:
    """A cost line as a posting; a journal entry has no items, so an item counts by its cost account."""
    account = line.account
    if account is None and line.item is not None:
        cost_account = lookup.context.item_cost_accounts.get(line.item.id)
        if cost_account is None and line.item.id:
            raise lookup.held(
                f"is a journal entry, and the item with id {line.item.id} has no cost account in the books",
                "Give the item an expense account in the books, or map the key to an account.",
            )
        account = BooksRef(BooksKind.ACCOUNT, cost_account or "")
    assert account is not None, "a cost line has an account or an item"
    return _line(line.amount, account, line=line, location=location, description=line.description)


def _line(
    amount: Decimal,
    account: BooksRef,
    *,
    location: BooksRef | None,
    description: str,
    line: PurchaseLine | None = None,
) -> JournalLine:
    return JournalLine(
        side=Side.DEBIT if amount > 0 else Side.CREDIT,
        account=account,
        amount=abs(amount),
        customer=line.customer if line is not None else None,
        class_=line.class_ if line is not None else None,
        location=location,
        description=description,
    )


def _check_accounts(lines: Sequence[JournalLine], lookup: Lookup) -> None:
    for role, name in FORBIDDEN_ROLES.items():
        account = lookup.optional(Family.ROLE, role).account
        if account is not None and any(line.account == account for line in lines):
            raise lookup.held(
                f"is a journal entry and would touch {name}, where every amount needs a document",
                "Map its key to a cost account on the mapping page.",
            )


#: Which document each type of cost becomes.
TYPES: dict[ExpenseType, Callable[[Expense, Lookup], Answer]] = {
    ExpenseType.BILL: _owed,
    ExpenseType.SUBCONTRACT: _owed,
    ExpenseType.EMPLOYEE: _owed,
    ExpenseType.CARD: _paid,
    ExpenseType.CHECK: _paid,
    ExpenseType.CASH: _paid,
    ExpenseType.USE_TAX: _use_tax,
    ExpenseType.LABOR: _labor,
    ExpenseType.WARRANTY: _warranty,
    ExpenseType.WARRANTY_ALLOWANCE: _allowance,
}
#: Types of which money can come back.
REFUNDED = frozenset({ExpenseType.CARD, ExpenseType.BILL, ExpenseType.SUBCONTRACT, ExpenseType.EMPLOYEE})
