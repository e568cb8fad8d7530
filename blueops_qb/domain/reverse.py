"""Reverse: a change seen in the books as the BlueOps record it means."""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.domain.documents import CreditMemo, CustomerPayment, CustomerRecord, VendorRecord
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.allocations import CORRECTED
from blueops_qb.domain.records import (
    Application,
    Credit,
    CreditReason,
    Customer,
    InvoiceLine,
    Job,
    LineKind,
    Payment,
    TaxExemption,
    Vendor,
)
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef, Ref, record_of


def customer_from(
    document: CustomerRecord, current: Customer, groups: tuple[str, ...], mapping: Mapping
) -> Customer:
    """`current` with the named groups as the books have them."""
    changes: dict[str, object] = {}
    for group in groups:
        match group:
            case "name":
                changes |= {
                    "name": document.name,
                    "company": document.company,
                    "given_name": document.given_name,
                    "family_name": document.family_name,
                }
            case "email" | "phone" | "mobile" | "billing" | "active":
                changes[group] = getattr(document, group)
            case "terms":
                changes["terms"] = key_of_terms(document.terms, mapping) or current.terms
            case "tax":
                changes["exemption"] = _exemption(document, current)
            case "shipping":
                if document.shipping is not None:
                    changes["sites"] = (document.shipping, *current.sites[1:])
    return attrs.evolve(current, **changes)  # type: ignore[arg-type]


def _exemption(document: CustomerRecord, current: Customer) -> TaxExemption | None:
    if document.taxable or document.taxable is None:
        return None
    known = current.exemption or TaxExemption(reason=document.exemption_reason or 99)
    return attrs.evolve(
        known,
        reason=document.exemption_reason or known.reason,
        certificate=document.certificate or known.certificate,
    )


def job_from(document: CustomerRecord, current: Job, groups: tuple[str, ...]) -> Job:
    """`current` with the named groups as the books have them; contacts of a job belong to its customer."""
    changes: dict[str, object] = {}
    if "name" in groups:
        changes["name"] = document.name
    if "shipping" in groups and document.shipping is not None:
        changes["site"] = document.shipping
    if "active" in groups:
        changes["active"] = document.active
    return attrs.evolve(current, **changes)  # type: ignore[arg-type]


def vendor_from(document: VendorRecord, current: Vendor, groups: tuple[str, ...], mapping: Mapping) -> Vendor:
    """`current` with the named groups as the books have them."""
    changes: dict[str, object] = {}
    for group in groups:
        match group:
            case "name":
                changes |= {"name": document.name, "company": document.company}
            case "email" | "phone" | "address" | "account_number" | "is_1099" | "active":
                changes[group] = getattr(document, group)
            case "terms":
                changes["terms"] = key_of_terms(document.terms, mapping) or current.terms
    return attrs.evolve(current, **changes)  # type: ignore[arg-type]


def credit_from(document: CreditMemo, *, party: RecordRef, customer_id: str) -> Credit:
    """The credit that a memo of the books means: its net amount and tax, on one line without a key of ours."""
    tax, total = document.tax or ZERO, document.total or ZERO
    words = "; ".join(line.description for line in document.lines if line.description)
    return Credit(
        id="",
        number=document.number,
        customer_id=customer_id,
        issue_date=document.date,
        reason=CreditReason.GOODWILL,
        job_id=party.id if party.kind is RecordKind.JOB else None,
        lines=(_one_line(total - tax, taxable=bool(tax), description=words),),
        tax=tax,
        total=total,
        memo=document.memo,
        currency=document.currency,
    )


def credit_changed(document: CreditMemo, current: Credit, groups: tuple[str, ...]) -> Credit:
    """`current` with the named groups as the books have them; a re-coding leaves the lines as they are."""
    tax, total = document.tax or ZERO, document.total or ZERO
    changes: dict[str, object] = {}
    if "money" in groups and (tax, total) != (current.tax, current.total):
        changes |= {
            "lines": (_one_line(total - tax, taxable=bool(tax), description=document.memo),),
            "discount": ZERO,
            "tax": tax,
            "total": total,
        }
    changes |= {"issue_date": document.date} if "dates" in groups else {}
    changes |= {"number": document.number or current.number} if "number" in groups else {}
    changes |= {"memo": document.memo} if "notes" in groups else {}
    return attrs.evolve(current, **changes)  # type: ignore[arg-type]


def credit_applied(current: Credit, payment: CustomerPayment) -> Credit:
    """`current` as a payment of 0.00 applies it; what it settles that BlueOps does not have is `elsewhere`."""
    sums: dict[str, Decimal] = {}
    elsewhere = ZERO
    for part in payment.allocations:
        if part.amount <= 0:
            continue
        if not isinstance(part.invoice, BooksRef) and is_invoice(part.invoice):
            id = record_of(part.invoice).id
            sums[id] = sums.get(id, ZERO) + part.amount
        else:
            elsewhere += part.amount
    applications = tuple(Application(invoice_id=id, amount=amount) for id, amount in sums.items())
    if sorted(applications, key=str) == sorted(current.applications, key=str):
        applications = current.applications
    return attrs.evolve(current, applications=applications, elsewhere=elsewhere)


def is_invoice(ref: Ref) -> bool:
    """Whether a reference of ours means an invoice, or the one that took its place; not what takes it back."""
    if isinstance(ref, DocumentKey):
        return ref.source.kind is RecordKind.INVOICE and ref.role == CORRECTED
    return isinstance(ref, RecordRef) and ref.kind is RecordKind.INVOICE


def _one_line(amount: Decimal, *, taxable: bool, description: str) -> InvoiceLine:
    return InvoiceLine(
        line_id="1",
        kind=LineKind.FEE,
        description=description,
        unit_price=amount,
        amount=amount,
        taxable=taxable,
    )


def key_of_account(account: BooksRef, mapping: Mapping) -> str:
    """The BlueOps key of a bank or card account; empty when none or several lead there."""
    return _only_key(mapping, Family.MONEY_ACCOUNT, "account", account)


def key_of_terms(terms: BooksRef | None, mapping: Mapping) -> str:
    """The BlueOps key of payment terms; empty when none or several lead there."""
    return _only_key(mapping, Family.TERMS, "terms", terms)


def key_of_method(method: BooksRef | None, mapping: Mapping) -> str:
    """The BlueOps key of a payment method; empty when none or several lead there."""
    return _only_key(mapping, Family.PAYMENT_METHOD, "method", method)


def _only_key(mapping: Mapping, family: Family, field: str, ref: BooksRef | None) -> str:
    if ref is None:
        return ""
    keys = {r.key for r in mapping.rules if r.family is family and getattr(r.target, field) == ref}
    return keys.pop() if len(keys) == 1 else ""


def payment_from(
    document: CustomerPayment,
    *,
    id: str,
    party: RecordRef,
    customer_id: str,
    mapping: Mapping,
    current: Payment | None = None,
) -> Payment:
    """The payment a document means; its allocations to invoices that are ours must be unbound already.

    What settles documents that BlueOps does not have is summed as `elsewhere`.
    """
    sums: dict[str, Decimal] = {}
    elsewhere = ZERO
    back = {part.by: part for part in current.given_back} if current else {}
    discounts = {a.invoice_id: a.discount for a in current.applications} if current else {}
    kept = []
    for a in document.allocations:
        ours = None if isinstance(a.invoice, BooksRef) else record_of(a.invoice)
        if ours is not None and is_invoice(a.invoice):
            sums[ours.id] = sums.get(ours.id, ZERO) + a.amount
        elif ours is not None and ours in back:
            kept.append(attrs.evolve(back[ours], amount=a.amount))
        elif ours is None or ours.kind is not RecordKind.PAYMENT or a.invoice == ours:
            elsewhere += a.amount
    applications = tuple(
        Application(
            invoice_id=id,
            amount=amount - discounts.get(id, ZERO),
            discount=discounts.get(id, ZERO),
        )
        for id, amount in sums.items()
    )
    method = key_of_method(document.method, mapping) or (current.method if current else "")
    return Payment(
        id=id,
        customer_id=customer_id,
        received_on=document.date,
        amount=document.amount,
        method=method or "check",
        reference=document.reference,
        applications=applications,
        given_back=tuple(kept),
        elsewhere=elsewhere,
        job_id=party.id if party.kind is RecordKind.JOB else None,
        fee=current.fee if current else ZERO,
        memo=document.memo,
        currency=document.currency,
        void=document.void,
    )
