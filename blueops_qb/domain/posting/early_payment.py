"""Discounts for paying early (accounting-treatments 2.6).

Case: an invoice of 1,000.00 is settled by a payment of 980.00 and a discount of 20.00. Entry: Dr 1090 980.00,
Dr 4900 20.00, Cr 1100 1,000.00, by a credit memo on the discount item that the payment uses up. It carries the
job of the invoice and does not change its sales tax.
"""

from __future__ import annotations

from blueops_qb.domain.documents import Allocation, CreditMemo, Document, TaxMode
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.allocations import invoice_name
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.prepayments import fee_line
from blueops_qb.domain.records import Application, Invoice, Payment
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef

DISCOUNT = "discount"
#: The fee type of the item.
EARLY_PAYMENT_KEY = "early_payment"


def discounts(record: Payment, lookup: Lookup) -> tuple[dict[DocumentKey, Document], tuple[Allocation, ...]]:
    """A credit memo per discounted invoice, and the allocations by which the payment uses them up."""
    memos: dict[DocumentKey, Document] = {}
    for application in record.applications:
        if application.discount:
            key = DocumentKey(record.ref, DISCOUNT, len(memos) + 1)
            memos[key] = _memo(record, application, lookup)
    used = tuple(
        Allocation(invoice=key, amount=-(memo.total or ZERO))
        for key, memo in memos.items()
        if isinstance(memo, CreditMemo)
    )
    return memos, used


def party_of(invoice: Invoice | None, record: Payment) -> RecordRef:
    """Whose debt an invoice is: its job's, else the customer's."""
    if invoice is not None and invoice.job_id:
        return RecordRef(RecordKind.JOB, invoice.job_id)
    return RecordRef(RecordKind.CUSTOMER, record.customer_id)


def _memo(record: Payment, application: Application, lookup: Lookup) -> CreditMemo:
    ref = RecordRef(RecordKind.INVOICE, application.invoice_id)
    name = invoice_name(ref, lookup)
    discount = lookup.cents(application.discount, where=f"the discount on invoice {name}")
    line = fee_line(
        "1",
        EARLY_PAYMENT_KEY,
        discount,
        lookup,
        description=f"Early payment of invoice {name}",
        where=f"the discount on invoice {name}",
    )
    return CreditMemo(
        customer=party_of(lookup.related(Invoice, ref), record),
        date=record.received_on,
        lines=(line,),
        tax_mode=TaxMode.OURS,
        tax=ZERO,
        total=discount,
        memo=record.memo,
        currency=record.currency,
    )
