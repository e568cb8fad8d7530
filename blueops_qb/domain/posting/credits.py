"""Credits to customers: goods back, goodwill, wrong price or tax, write-off, bad debt (treatments 2.3, 2.6, 10).

Case: the customer is owed 54.13 back (50.00 goodwill, 4.13 tax). Entry: Dr 4910, Dr 2200, Cr 1100 by a credit
memo. Lines of the original invoice are mirrored: same items, classes and tax as it was posted with. What the
credit settles is said by a payment of 0.00 that links it with the invoices (role `applied`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    Allocation,
    CreditMemo,
    CustomerPayment,
    Document,
    SalesInvoice,
    SalesLine,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting import invoices
from blueops_qb.domain.posting.allocations import allocated, current
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.salestax import tax_gap
from blueops_qb.domain.records import Credit, CreditReason, Invoice, InvoiceLine, LineKind
from blueops_qb.domain.refs import BooksRef, DocumentKey, OurRef, RecordKind, RecordRef, record_of

#: The fee type on whose item a credit goes where a line of it names none.
FEE_OF_REASON: Mapping[CreditReason, str] = {
    CreditReason.GOODWILL: "allowance",
    CreditReason.PRICE: "allowance",
    CreditReason.CANCEL: "allowance",
    CreditReason.RETURN: "allowance",
    CreditReason.TAX: invoices.SALES_TAX_KEY,
    CreditReason.WRITE_OFF: "write_off",
    CreditReason.BAD_DEBT: "bad_debt",
    CreditReason.EARLY_PAYMENT: "early_payment",
}
APPLIED = "applied"


def credit(record: Credit, lookup: Lookup) -> dict[DocumentKey, Document]:
    """The credit memo, and what it settles."""
    if lookup.cents(record.total, where="the total") <= 0:
        raise lookup.held(
            f"has the total {record.total}, but a credit is above zero",
            "Correct the credit in BlueOps; it is sent by itself then.",
        )
    original = original_of(record.invoice_id, lookup)
    memo = tax_gap(_memo(record, original, lookup), DocumentKey(record.ref), lookup)
    documents: dict[DocumentKey, Document] = {DocumentKey(record.ref): memo}
    settled = allocated(record, record.applications, lookup)
    key = DocumentKey(record.ref, APPLIED)
    kept = lookup.context.posted.get(key)
    elsewhere = _settled_elsewhere(kept)
    if not settled:
        if elsewhere and kept is not None:
            documents[key] = kept  # what it settles there is not ours to say
        return documents
    applied = sum((part.amount for part in settled), record.elsewhere)
    if applied > record.total:
        raise lookup.held(
            f"settles {applied} but is only {record.total}",
            "Lower its applications in BlueOps; it is sent by itself then.",
        )
    if lookup.context.profile.auto_apply_credits and key not in lookup.context.posted:
        # These books apply credits by themselves; what they did arrives as a payment of 0.00.
        return documents
    documents[key] = settling(memo, record.ref, settled, elsewhere=elsewhere)
    return documents


def _settled_elsewhere(kept: Document | None) -> Decimal:
    """What a payment of 0.00 settles of documents that BlueOps does not have; others may use more of the credit."""
    if not isinstance(kept, CustomerPayment) or kept.void:
        return ZERO
    settled = sum((part.amount for part in kept.allocations if _is_of_invoice(part)), ZERO)
    used = sum((part.amount for part in kept.allocations if part.amount < 0), ZERO)
    return -used - settled


def _is_of_invoice(part: Allocation) -> bool:
    return not isinstance(part.invoice, BooksRef) and record_of(part.invoice).kind is RecordKind.INVOICE


def original_of(invoice_id: str | None, lookup: Lookup) -> SalesInvoice | None:
    """The invoice that is credited, as it was posted."""
    if not invoice_id:
        return None
    ref = RecordRef(RecordKind.INVOICE, invoice_id)
    found = lookup.context.posted.get(current(ref, lookup))
    return found if isinstance(found, SalesInvoice) else None


def mirrored(original: SalesInvoice | None) -> dict[str, SalesLine]:
    """Its lines by our line id."""
    return {line.line_id: line for line in original.lines if line.line_id} if original is not None else {}


def settling(
    memo: CreditMemo, name: OurRef, settled: tuple[Allocation, ...], *, elsewhere: Decimal = ZERO
) -> CustomerPayment:
    """The payment of 0.00 by which a credit memo settles what `settled` says (and more that is not ours)."""
    used = sum((part.amount for part in settled), elsewhere)
    return CustomerPayment(
        customer=memo.customer,
        date=memo.date,
        amount=ZERO,
        allocations=(*settled, Allocation(invoice=name, amount=-used)),
        memo=memo.memo,
        currency=memo.currency,
    )


def _memo(record: Credit, original: SalesInvoice | None, lookup: Lookup) -> CreditMemo:
    sale = Invoice(
        id=record.id,
        number=record.number,
        customer_id=record.customer_id,
        issue_date=record.issue_date,
        job_id=record.job_id,
        site=record.site,
        branch=record.branch,
        lines=tuple(_with_key(line, record) for line in record.lines),
        discount=record.discount,
        discount_before_tax=record.discount_before_tax,
        tax=record.tax,
        tax_key=record.tax_key,
        total=record.total,
        memo=record.memo,
        currency=record.currency,
    )
    memo = invoices.as_credit(invoices.form(sale, lookup, mirror=mirrored(original)))
    if memo.tax_mode is TaxMode.BOOKS:
        # A credit returns the tax that was charged, not one that is computed anew.
        memo = attrs.evolve(memo, tax_mode=TaxMode.OURS, tax=record.tax, total=record.total)
    if original is not None:
        memo = _as_the_original(memo, original, one_customer=_of_one_customer(record, lookup))
        key = DocumentKey(record.ref)
        written = lookup.context.posted.get(key) if key in lookup.context.in_books else None
        if isinstance(written, CreditMemo):
            # It names the place that the invoice had when the credit was written, wherever that one goes since.
            memo = attrs.evolve(memo, shipping=written.shipping)
    return memo


def _of_one_customer(record: Credit, lookup: Lookup) -> bool:
    """The credit and its invoice belong to the same customer and job; over there one of them may have been merged away.

    A credit without a job of its own goes where its invoice is.
    """
    sale = lookup.related(Invoice, RecordRef(RecordKind.INVOICE, record.invoice_id or ""))
    if sale is None:
        return True
    return sale.customer_id == record.customer_id and record.job_id in (None, sale.job_id)


def _as_the_original(memo: CreditMemo, original: SalesInvoice, *, one_customer: bool) -> CreditMemo:
    """Tags and tax of the invoice that is credited, as it was posted; its job too, where they are `one_customer`'s.

    One whom only the books name is somebody else: the invoice is being taken back from there (`choices`).
    """
    its_own = one_customer and not isinstance(original.customer, BooksRef)
    return attrs.evolve(
        memo,
        customer=original.customer if its_own else memo.customer,
        tax_code=original.tax_code if memo.tax else memo.tax_code,
        location=original.location,
        class_=original.class_,
        # A discount that only the credit has goes where discounts go.
        discount_account=(original.discount_account or memo.discount_account) if memo.discount else None,
        shipping=original.shipping,
    )


def _with_key(line: InvoiceLine, record: Credit) -> InvoiceLine:
    """A fee line without a type goes on the item of the credit's reason."""
    if line.kind is LineKind.FEE and not line.fee_type:
        return attrs.evolve(line, fee_type=FEE_OF_REASON[record.reason])
    return line
