"""Reverse: a change seen in the books as the BlueOps record it means."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import CustomerPayment, CustomerRecord, VendorRecord
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.allocations import CORRECTED
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Application, Customer, Job, Payment, TaxExemption, Vendor
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef, Ref, record_of

#: The reason of an exemption that the books do not give (accounting-treatments 1.5).
OTHER_REASON = 99


#: The plain key of a check; others that lead to the same method are checks of certain payers.
CHECK = "check"
#: Fields of a customer or vendor in the books that are fields of the record word for word.
_PARTY = (
    "name",
    "company",
    "given_name",
    "family_name",
    "email",
    "phone",
    "mobile",
    "billing",
    "address",
    "account_number",
    "is_1099",
    "active",
)
_EXEMPTION = frozenset({"taxable", "exemption_reason", "certificate"})
#: Everything that a new customer brings along.
CUSTOMER_FIELDS = frozenset(field.name for field in attrs.fields(CustomerRecord)) - {"parent", "active"}


def customer_from(
    document: CustomerRecord, current: Customer, fields: Collection[str], mapping: Mapping
) -> Customer:
    """`current` with the named fields as the books have them."""
    changes: dict[str, Any] = {name: getattr(document, name) for name in _PARTY if name in fields}
    if "terms" in fields:
        changes["terms"] = _terms(document.terms, current.terms, mapping)
    if _EXEMPTION & set(fields):
        changes["exemption"] = _exemption(document, current)
    if "shipping" in fields:
        first = () if document.shipping is None else (document.shipping,)
        changes["sites"] = (*first, *current.sites[1:])
    return attrs.evolve(current, **changes)


def _exemption(document: CustomerRecord, current: Customer) -> TaxExemption | None:
    """Reason and certificate as the books say them; for which states and how long, only BlueOps knows."""
    if document.taxable or document.taxable is None:
        return None
    known = current.exemption or TaxExemption(reason=document.exemption_reason or OTHER_REASON)
    return attrs.evolve(
        known, reason=document.exemption_reason or known.reason, certificate=document.certificate
    )


def job_from(document: CustomerRecord, current: Job, fields: Collection[str]) -> Job:
    """`current` with the named fields as the books have them; contacts of a job belong to its customer.

    Raises NoPlace for a field that has no place with a job, and for a customer that is not ours.
    """
    names = {"name": "name", "shipping": "site", "active": "active"}
    strange = set(fields) - set(names) - {"parent"}
    if strange:
        raise NoPlace(
            f"has {', '.join(sorted(strange))} of its own in QuickBooks; in BlueOps the customer has it"
        )
    changes: dict[str, Any] = {names[f]: getattr(document, f) for f in fields if f in names}
    if "parent" in fields:
        parent = document.parent
        if not isinstance(parent, RecordRef) or parent.kind is not RecordKind.CUSTOMER:
            raise NoPlace(
                f"stands below {parent or 'nobody'} in QuickBooks now, which is no customer of BlueOps"
            )
        changes["customer_id"] = parent.id
    return attrs.evolve(current, **changes)


def vendor_from(document: VendorRecord, current: Vendor, fields: Collection[str], mapping: Mapping) -> Vendor:
    """`current` with the named fields as the books have them."""
    changes: dict[str, Any] = {
        name: getattr(document, name) for name in _PARTY if name in fields and hasattr(document, name)
    }
    if "terms" in fields:
        changes["terms"] = _terms(document.terms, current.terms, mapping)
    return attrs.evolve(current, **changes)


def _terms(terms: BooksRef | None, current: str, mapping: Mapping) -> str:
    """The key of the terms; what no key or several lead to leaves the record's own, as a comparison will show."""
    return "" if terms is None else key_of_terms(terms, mapping) or current


def is_invoice(ref: Ref) -> bool:
    """Whether a reference of ours means an invoice, or the one that took its place; not what takes it back."""
    if isinstance(ref, DocumentKey):
        return ref.source.kind is RecordKind.INVOICE and ref.role == CORRECTED
    return isinstance(ref, RecordRef) and ref.kind is RecordKind.INVOICE


def settles_elsewhere(name: Ref, of: RecordRef, given_back: Collection[RecordRef]) -> bool:
    """Whether what a payment in the books settles counts as `elsewhere`, of which posting says nothing.

    Ours are invoices, what gave its money back, and a payment's own credit memos of discounts; those of another payment
    are none of its. `of` is the record whose document it is: a credit names itself.
    """
    if isinstance(name, BooksRef):
        return True
    source = record_of(name)
    if is_invoice(name) or source in given_back:
        return False
    if of.kind is RecordKind.CREDIT and source == of:
        return False
    if of.kind is RecordKind.PAYMENT and source != of:
        return True
    return source.kind is not RecordKind.PAYMENT or name == source


def key_of_account(account: BooksRef, mapping: Mapping) -> str:
    """The BlueOps key of a bank or card account; empty when none or several lead there."""
    return _only_key(mapping, Family.MONEY_ACCOUNT, "account", account)


def key_of_terms(terms: BooksRef | None, mapping: Mapping) -> str:
    """The BlueOps key of payment terms; empty when none or several lead there."""
    return _only_key(mapping, Family.TERMS, "terms", terms)


def key_of_method(method: BooksRef | None, mapping: Mapping) -> str:
    """The BlueOps key of a payment method; empty where the books name none or none leads there, never a guess.

    Of several that lead there `check` is taken, the others being checks of certain payers.
    """
    keys = _keys(mapping, Family.PAYMENT_METHOD, "method", method)
    if CHECK in keys:
        return CHECK
    return keys.pop() if len(keys) == 1 else ""


def _only_key(mapping: Mapping, family: Family, field: str, ref: BooksRef | None) -> str:
    keys = _keys(mapping, family, field, ref)
    return keys.pop() if len(keys) == 1 else ""


def _keys(mapping: Mapping, family: Family, field: str, ref: BooksRef | None) -> set[str]:
    if ref is None:
        return set()
    return {
        key
        for (of, key, _), rule in mapping.current().items()
        if of is family and getattr(rule.target, field) == ref
    }


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
        elif settles_elsewhere(a.invoice, RecordRef(RecordKind.PAYMENT, id), back):
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
        method=method,
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
