"""What money and credits of a customer settle: one allocation per invoice, checked before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from blueops_qb.domain.documents import Allocation, CustomerPayment
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Application, Credit, Invoice, Payment
from blueops_qb.domain.refs import (
    BooksRef,
    DocumentKey,
    OurRef,
    RecordKind,
    RecordRef,
    order_of,
    record_of,
    ref_of_key,
)

#: The role of the invoice that took the place of one in a closed period.
CORRECTED = "corrected"


def current(ref: RecordRef, lookup: Lookup) -> DocumentKey:
    """The document that stands for an invoice now: the main one, or the last that took its place."""
    parts = [key for key in lookup.context.posted if key.source == ref and key.role == CORRECTED]
    return max(parts, key=lambda key: key.part, default=DocumentKey(ref))


def allocated(
    record: Payment | Credit, applications: Iterable[Application], lookup: Lookup
) -> tuple[Allocation, ...]:
    """One allocation per invoice, in order, discounts included; raises Held for what cannot be settled."""
    applied: dict[RecordRef, Decimal] = {}
    for application in applications:
        invoice = RecordRef(RecordKind.INVOICE, application.invoice_id)
        name = invoice_name(invoice, lookup)
        part = lookup.cents(application.amount, where=f"its application to invoice {name}")
        discount = lookup.cents(application.discount, where=f"the discount on invoice {name}")
        if part <= 0 or discount < 0:
            raise lookup.held(
                f"applies {part if part <= 0 else discount} to invoice {name}, but an application is above zero",
                "Remove or correct that application in BlueOps; the payment is sent by itself then.",
            )
        applied[invoice] = applied.get(invoice, ZERO) + part + discount
    for invoice in applied:
        _check_invoice(record, invoice, lookup)
    settled = [
        Allocation(invoice=_document(record, invoice, lookup), amount=amount)
        for invoice, amount in applied.items()
    ]
    return tuple(sorted(settled, key=lambda part: order_of(part.invoice)))


def invoice_name(ref: RecordRef, lookup: Lookup) -> str:
    """How sentences name an invoice."""
    invoice = lookup.related(Invoice, ref)
    return invoice.number if invoice is not None and invoice.number else ref.id


def _document(record: Payment | Credit, invoice: RecordRef, lookup: Lookup) -> OurRef:
    """The invoice's document: the one that is settled already, else the one that stands for it now."""
    for key, posted in lookup.context.posted.items():
        if key.source == record.ref and isinstance(posted, CustomerPayment):
            for part in posted.allocations:
                if not isinstance(part.invoice, BooksRef) and record_of(part.invoice) == invoice:
                    return part.invoice
    return ref_of_key(current(invoice, lookup))


def _check_invoice(record: Payment | Credit, ref: RecordRef, lookup: Lookup) -> None:
    invoice = lookup.related(Invoice, ref)
    if invoice is None:
        return
    if invoice.void:
        raise lookup.held(
            f"is applied to invoice {invoice.number}, which is void",
            "Apply it to another invoice in BlueOps or leave it unapplied; it is sent by itself then.",
        )
    if invoice.currency != record.currency:
        raise lookup.held(
            f"is in {record.currency}, but invoice {invoice.number} is in {invoice.currency}",
            "A payment settles invoices of its own currency only; correct its applications in BlueOps.",
        )
