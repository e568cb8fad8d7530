"""Reversal: the document that takes the effect of another one back in an open period, where one can.

Receivables and payables are only moved by documents (accounting-treatments 0.1 and 9): an invoice is reversed by a
credit memo, a bill by a vendor credit; a cost that was paid at once and a journal entry by a journal entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    Allocation,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    SalesInvoice,
    Settled,
    Side,
    TaxMode,
    VendorCredit,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.naming import derived_number
from blueops_qb.domain.postings import Posting
from blueops_qb.domain.refs import BooksKind, BooksRef, OurRef
from blueops_qb.domain.sales_forms import SalesForm

#: The roles of documents by which a person's undo reverses others, and by which the two settle one another.
UNDO_ROLE, UNDO_SETTLED = "undo", "undo_settled"
UNDO_ROLES = frozenset({UNDO_ROLE, UNDO_SETTLED})


def reverses(marker: str) -> bool:
    """Whether the document of that marker takes another one back, or settles it with what does."""
    return f"/{UNDO_ROLE}/" in marker or f"/{UNDO_SETTLED}/" in marker


#: QuickBooks refuses a longer document number (reference/quickbooks-online.md section 4.16).
NUMBER_LENGTH = 21


class Irreversible(ValueError):
    """No document takes this one back without touching what only its own kind may touch; the sentence says why."""


@attrs.frozen(kw_only=True)
class _Of:
    """What is reversed: the document, its postings, the day of the reversal, its number and its memo."""

    document: Document
    postings: Sequence[Posting]
    day: dt.date
    number: str
    memo: str


def reversal_of(
    document: Document, postings: Sequence[Posting], *, day: dt.date, number: str, memo: str
) -> Document:
    """The document that reverses `document` on `day`; its postings are the negative ones. Raises Irreversible."""
    reverse = REVERSALS.get(type(document))
    if reverse is None:
        raise Irreversible("no document in an open period takes it back; correct it with your accountant")
    short = derived_number(number, length=NUMBER_LENGTH)
    return reverse(_Of(document=document, postings=postings, day=day, number=short, memo=memo))


def with_their_tax(invoice: SalesInvoice, theirs: Document | None) -> SalesInvoice:
    """The invoice with tax and total as the books computed them, where that was left to them."""
    if invoice.total is None and isinstance(theirs, SalesInvoice):
        return attrs.evolve(invoice, tax_mode=TaxMode.OURS, tax=theirs.tax, total=theirs.total)
    return invoice


def settled_by(
    document: Document, name: OurRef, reversal: Document, by: OurRef, amount: Decimal
) -> Document | None:
    """The payment of 0.00 by which a reversal (`by`) settles `amount` of what it reverses (`name`), if there is one.

    So neither of the two stands open in the ageing of receivables or payables any more.
    """
    match document, reversal:
        case SalesInvoice(), CreditMemo():
            return CustomerPayment(
                customer=reversal.customer,
                date=reversal.date,
                amount=ZERO,
                allocations=(
                    Allocation(invoice=name, amount=amount),
                    Allocation(invoice=by, amount=-amount),
                ),
                memo=reversal.memo,
                currency=reversal.currency,
            )
        case Bill(), VendorCredit():
            return BillPayment(
                vendor=reversal.vendor,
                date=reversal.date,
                amount=ZERO,
                settles=(Settled(document=name, amount=amount), Settled(document=by, amount=-amount)),
                ap_account=reversal.ap_account,
                location=reversal.location,
                memo=reversal.memo,
                currency=reversal.currency,
            )
        case _:
            return None


def _credit_memo(of: _Of) -> CreditMemo:
    invoice = of.document
    assert isinstance(invoice, SalesInvoice)
    if invoice.deposit:
        raise Irreversible("money was taken on the form itself; refund it in the books")
    shared = {field.name: getattr(invoice, field.name) for field in attrs.fields(SalesForm)}
    return CreditMemo(
        **{**shared, "customer": invoice.customer, "date": of.day, "number": of.number, "memo": of.memo}
    )


def _vendor_credit(of: _Of) -> VendorCredit:
    bill = of.document
    assert isinstance(bill, Bill)
    lines = tuple(
        attrs.evolve(line, order=None, order_line="", books_line_id="", billable=False) for line in bill.lines
    )
    return VendorCredit(
        vendor=bill.vendor,
        date=of.day,
        number=of.number,
        lines=lines,
        total=bill.total,
        ap_account=bill.ap_account,
        location=bill.location,
        memo=of.memo,
        currency=bill.currency,
    )


def _entry(of: _Of) -> JournalEntry:
    """The postings with their sides changed."""
    document = of.document
    assert isinstance(document, ExpenseDocument | JournalEntry)
    if any(not posting.account for posting in of.postings):
        raise Irreversible("the books chose one of its accounts themselves")
    return JournalEntry(
        date=of.day,
        number=of.number,
        memo=of.memo,
        currency=document.currency,
        lines=tuple(
            JournalLine(
                side=Side.CREDIT if posting.amount > 0 else Side.DEBIT,
                account=BooksRef(BooksKind.ACCOUNT, posting.account),
                amount=abs(posting.amount),
                customer=posting.customer,
                class_=BooksRef(BooksKind.CLASS, posting.class_) if posting.class_ else None,
                location=BooksRef(BooksKind.LOCATION, posting.location) if posting.location else None,
                description=of.memo,
            )
            for posting in of.postings
        ),
    )


#: What takes the effect of a kind of document back.
REVERSALS: Mapping[type[Document], Callable[[_Of], Document]] = {
    SalesInvoice: _credit_memo,
    Bill: _vendor_credit,
    ExpenseDocument: _entry,
    JournalEntry: _entry,
}
