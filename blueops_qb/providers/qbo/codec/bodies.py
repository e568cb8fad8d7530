"""Bodies: what is posted for a create, an update or a removal (reference/quickbooks-online.md section 3).

An update is sparse with the complete Line array. Text, phones, e-mail and addresses are cleared with blanks;
a reference can only be cleared by a full update, which leaves its member out.
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    CustomerPayment,
    CustomerRecord,
    Document,
    ExpenseDocument,
    JournalEntry,
    SalesInvoice,
    VendorRecord,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.costs import bill_body, purchase_body
from blueops_qb.providers.qbo.codec.journal import journal_body
from blueops_qb.providers.qbo.codec.members import Obj, Unfit
from blueops_qb.providers.qbo.codec.names import customer_body, vendor_body
from blueops_qb.providers.qbo.codec.receipts import deposit_body, payment_body
from blueops_qb.providers.qbo.codec.sales import invoice_body
from blueops_qb.providers.qbo.entities import VOIDABLE
from blueops_qb.sdk.provider import Operation, Verb

#: Decided at creation; a later sparse update leaves them to the bookkeeper.
_ONCE = frozenset({"BillWithParent", "EmailStatus", "PrintStatus", "ProcessPayment"})
_ADDRESSES = frozenset({"BillAddr", "ShipAddr"})
_BLANK_ADDRESS = dict.fromkeys(
    ("Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country"), ""
)
#: How a member that was set before and is not now is emptied in a sparse update.
_BLANKS: dict[str, Any] = {
    **dict.fromkeys(("CompanyName", "GivenName", "FamilyName", "AcctNum", "ResaleNum", "PrivateNote"), ""),
    **dict.fromkeys(("DocNumber", "PaymentRefNum", "TaxExemptionReasonId"), ""),
    "PrimaryPhone": {"FreeFormNumber": ""},
    "Mobile": {"FreeFormNumber": ""},
    "PrimaryEmailAddr": {"Address": ""},
    "BillAddr": _BLANK_ADDRESS,
    "ShipAddr": _BLANK_ADDRESS,
}


def to_qbo(document: Document, operation: Operation, profile: BooksProfile) -> Obj:
    """The object to post for a create or update; raises Unfit with a sentence for the admin."""
    body = _members(document, profile, operation.marker)
    if operation.verb is Verb.CREATE:
        return body
    head = {"Id": _needed(operation.target_id, "id"), "SyncToken": _needed(operation.version, "version")}
    previous = operation.previous
    if previous is None:
        return {**head, "sparse": True, **_without_once(body)}
    before = _before(previous, profile, operation.marker)
    gone = before.keys() - body.keys()
    body = _with_line_ids(document, previous, operation, profile) or body
    if any(_needs_full(document, member) for member in gone):
        return {**head, **body}  # full: what is left out is emptied
    body = _without_once(body)
    body.update({member: _BLANKS[member] for member in sorted(gone) if member in _BLANKS})
    for member in _ADDRESSES & body.keys() & before.keys():
        body[member] = {**dict.fromkeys(before[member], ""), **body[member]}
    if body.get("Active") == before.get("Active"):
        body.pop("Active", None)
    return {**head, "sparse": True, **body}


def removal_body(operation: Operation, kind: BooksKind) -> tuple[str, str, Obj]:
    """(operation, option, object) by which a record is taken out: void, delete or set inactive.

    Only Id and SyncToken are named: QuickBooks refuses echoes of what it shows. Raises Unfit.
    """
    head: Obj = {"Id": _needed(operation.target_id, "id"), "SyncToken": _needed(operation.version, "version")}
    if kind in VOIDABLE:
        return "update", "void", {**head, "sparse": True}
    if kind in (BooksKind.CUSTOMER, BooksKind.VENDOR):
        return "update", "", {**head, "sparse": True, "Active": False}
    return "delete", "", head


def _members(document: Document, profile: BooksProfile, marker: str) -> Obj:
    currency = getattr(document, "currency", profile.currency)
    if currency != profile.currency:
        raise Unfit(
            f"It is in {currency}, but the books are kept in {profile.currency}; foreign currency is not "
            "supported. Enter it in QuickBooks yourself and mark it as not to be synchronised."
        )
    match document:
        case SalesInvoice():
            return invoice_body(document, profile, marker)
        case CustomerPayment():
            return payment_body(document, marker)
        case Bill():
            return bill_body(document, profile, marker)
        case ExpenseDocument():
            return purchase_body(document, profile, marker)
        case JournalEntry():
            return journal_body(document, profile, marker)
        case BankDeposit():
            return deposit_body(document, marker)
        case CustomerRecord():
            return customer_body(document, profile)
        case VendorRecord():
            return vendor_body(document)


def _before(previous: Document, profile: BooksProfile, marker: str) -> Obj:
    # What was there may not be writable by our rules any more; then nothing is known to be cleared.
    try:
        return _members(previous, profile, marker)
    except Unfit:
        return {}


def _needed(value: str, what: str) -> str:
    if not value:
        raise Unfit(f"The {what} of the record in QuickBooks is not known; read it again, then retry.")
    return value


def _without_once(body: Obj) -> Obj:
    return {member: value for member, value in body.items() if member not in _ONCE}


def _needs_full(document: Document, member: str) -> bool:
    # Terms and payables accounts of transactions are QuickBooks' to choose; the lens does not compare them.
    if not isinstance(document, CustomerRecord | VendorRecord) and member in ("SalesTermRef", "APAccountRef"):
        return False
    return member.endswith("Ref")


def _with_line_ids(
    document: Document, previous: Document, operation: Operation, profile: BooksProfile
) -> Obj | None:
    """The body again with the books' line ids taken over from `previous` where the document has none."""
    ours: tuple[Any, ...] = getattr(document, "lines", ())
    theirs: tuple[Any, ...] = getattr(previous, "lines", ())
    if not ours or kind_of(document) is not kind_of(previous) or any(line.books_line_id for line in ours):
        return None
    if not any(line.books_line_id for line in theirs):
        return None
    ids = _paired([_likeness(line) for line in ours], [_likeness(line) for line in theirs])
    lines = tuple(
        line if at is None else attrs.evolve(line, books_line_id=theirs[at].books_line_id)
        for line, at in zip(ours, ids, strict=True)
    )
    numbered: Any = document
    return _members(attrs.evolve(numbered, lines=lines), profile, operation.marker)


def _likeness(line: Any) -> tuple[object, ...]:
    target = getattr(line, "item", None) or getattr(line, "account", None) or getattr(line, "payment", None)
    return (target, getattr(line, "side", None), line.amount, line.description)


def _paired(ours: list[tuple[object, ...]], theirs: list[tuple[object, ...]]) -> list[int | None]:
    # Equal lines first, then lines of the same item or account, each of theirs once, in order.
    pairs: list[int | None] = [None] * len(ours)
    free = list(range(len(theirs)))
    for depth in (4, 2):
        for n, mine in enumerate(ours):
            if pairs[n] is None:
                hit = next((at for at in free if theirs[at][:depth] == mine[:depth]), None)
                if hit is not None:
                    pairs[n] = hit
                    free.remove(hit)
    return pairs
