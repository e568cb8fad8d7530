"""Posting rule for money from customers: a payment, its allocations, the rest as the customer's credit."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import Allocation, CustomerPayment, Document
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Invoice, Payment
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef

#: The account role where money of a method waits for the bank (accounting-treatments section 2);
#: every other method waits with the checks.
METHOD_ROLES = {"card": "clearing", "ach": "clearing"}
UNDEPOSITED = "undeposited"


def payment(record: Payment, lookup: Lookup) -> dict[DocumentKey, Document]:
    """The payment in full; what the books applied to documents that BlueOps does not have is left to them."""
    amount = lookup.cents(record.amount, where="the payment")
    if amount < 0 or (amount == 0 and not _applies_credits(record)):
        raise lookup.held(
            f"has the amount {amount}, but a payment brings money in",
            "Enter money that went back to the customer as a refund, or correct the amount in BlueOps.",
        )
    document = CustomerPayment(
        customer=_customer(record, lookup),
        date=record.received_on,
        amount=amount,
        allocations=_allocations(record, amount, lookup),
        method=lookup.method(record.method),
        reference=record.reference,
        deposit_to=deposit_account(record.method, lookup),
        memo=record.memo,
        currency=record.currency,
    )
    return {DocumentKey(record.ref): document}


def _applies_credits(record: Payment) -> bool:
    """No money moved: the books settle its invoices with the customer's credits (a payment of 0.00 there)."""
    return record.elsewhere < 0 and bool(record.applications)


def deposit_account(method: str, lookup: Lookup) -> BooksRef:
    """Where money of a method goes: its own mapped account, else the account of its role."""
    own = lookup.optional(Family.MONEY_ACCOUNT, f"method:{method}").account
    if own is None and method in METHOD_ROLES:
        own = lookup.optional(Family.ROLE, METHOD_ROLES[method]).account
    if own is None:
        return lookup.role(UNDEPOSITED, where="where its money waits for the bank")
    return lookup.use(own, where="where its money goes")


def _allocations(record: Payment, amount: Decimal, lookup: Lookup) -> tuple[Allocation, ...]:
    """One allocation per invoice, sorted.

    `elsewhere` is negative where the books settle with credits beside the money.
    """
    applied: dict[RecordRef, Decimal] = {}
    for application in record.applications:
        invoice = RecordRef(RecordKind.INVOICE, application.invoice_id)
        name = _invoice_name(invoice, lookup)
        part = lookup.cents(application.amount, where=f"its application to invoice {name}")
        if part <= 0:
            raise lookup.held(
                f"applies {part} to invoice {name}, but an application is above zero",
                "Remove or correct that application in BlueOps; the payment is sent by itself then.",
            )
        applied[invoice] = applied.get(invoice, ZERO) + part
    whole = sum(applied.values(), ZERO)
    elsewhere = lookup.cents(record.elsewhere, where="what it settles elsewhere")
    if whole + elsewhere > amount:
        raise lookup.held(
            f"applies {whole + elsewhere} but is only {amount}",
            "Lower the applications or correct the amount in BlueOps; the payment is sent by itself then.",
        )
    for invoice in applied:
        _check_invoice(record, invoice, lookup)
    return tuple(Allocation(invoice=invoice, amount=applied[invoice]) for invoice in sorted(applied))


def _check_invoice(record: Payment, ref: RecordRef, lookup: Lookup) -> None:
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


def _invoice_name(ref: RecordRef, lookup: Lookup) -> str:
    invoice = lookup.related(Invoice, ref)
    return invoice.number if invoice is not None and invoice.number else ref.id


def _customer(record: Payment, lookup: Lookup) -> RecordRef:
    """Whose payment it is: its job, else the one job all its invoices belong to, else the customer.

    In the books a payment settles invoices of the customer, or job, that it names
    (reference/quickbooks-online.md section 4.14).
    """
    if record.job_id:
        return RecordRef(RecordKind.JOB, record.job_id)
    refs = [RecordRef(RecordKind.INVOICE, application.invoice_id) for application in record.applications]
    invoices = [lookup.related(Invoice, ref) for ref in refs]
    jobs = {invoice.job_id if invoice is not None else None for invoice in invoices}
    if len(jobs) == 1 and (only := jobs.pop()):
        return RecordRef(RecordKind.JOB, only)
    return RecordRef(RecordKind.CUSTOMER, record.customer_id)
