"""Reverse: a change seen in the books as the BlueOps record it means."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import CustomerPayment, CustomerRecord, VendorRecord
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Application, Customer, Job, Payment, TaxExemption, Vendor
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef


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


def key_of_terms(terms: BooksRef | None, mapping: Mapping) -> str:
    """The BlueOps key of payment terms; empty when none or several lead there."""
    return _only_key(mapping, Family.TERMS, "terms", terms)


def key_of_method(method: BooksRef | None, mapping: Mapping) -> str:
    """The BlueOps key of a payment method; empty when none or several lead there."""
    return _only_key(mapping, Family.PAYMENT_METHOD, "method", method)


def _only_key(mapping: Mapping, family: Family, field: str, ref: BooksRef | None) -> str:
    if ref is None:
        return ""
    keys = {
        key
        for (of, key, _), rule in mapping.current().items()
        if of is family and getattr(rule.target, field) == ref
    }
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
    applications = tuple(
        Application(invoice_id=a.invoice.id, amount=a.amount)
        for a in document.allocations
        if isinstance(a.invoice, RecordRef)
    )
    elsewhere = sum((a.amount for a in document.allocations if isinstance(a.invoice, BooksRef)), ZERO)
    method = key_of_method(document.method, mapping) or (current.method if current else "")
    return Payment(
        id=id,
        customer_id=customer_id,
        received_on=document.date,
        amount=document.amount,
        method=method or "check",
        reference=document.reference,
        applications=applications,
        elsewhere=elsewhere,
        job_id=party.id if party.kind is RecordKind.JOB else None,
        fee=current.fee if current else ZERO,
        memo=document.memo,
        currency=document.currency,
        void=document.void,
    )
