"""Bodies: what is posted for a create, an update or a removal (reference/quickbooks-online.md section 3).

An update is always sparse and names what moved under the lens, so that everything else stays as the bookkeeper
has it. Lines move all together: a Line array replaces the whole one. Text, phones, e-mail and addresses are
cleared with blanks; a reference cannot be cleared without a full update, which would empty every member that
BlueOps does not know, so that such a change is refused.
"""

from __future__ import annotations

from collections.abc import Set
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
from blueops_qb.providers.qbo.codec.lens import normal
from blueops_qb.providers.qbo.codec.members import Obj, Unfit
from blueops_qb.providers.qbo.codec.names import customer_body, vendor_body
from blueops_qb.providers.qbo.codec.receipts import deposit_body, payment_body
from blueops_qb.providers.qbo.codec.sales import invoice_body
from blueops_qb.providers.qbo.entities import VOIDABLE
from blueops_qb.sdk.provider import Operation, Verb

#: Decided at creation; a later sparse update leaves them to the bookkeeper.
_ONCE = frozenset({"BillWithParent", "EmailStatus", "PrintStatus", "ProcessPayment"})
#: The fields behind Line and the members that go with it.
_LINED: dict[type[Document], tuple[str, ...]] = {
    SalesInvoice: (
        "lines",
        "discount",
        "discount_account",
        "discount_before_tax",
        "tax",
        "tax_code",
        "total",
    ),
    CustomerPayment: ("customer", "amount", "allocations"),
    Bill: ("lines",),
    ExpenseDocument: ("lines",),
    JournalEntry: ("lines",),
    BankDeposit: ("lines",),
}
_WITH_LINES = frozenset({"Line", "TotalAmt", "TxnTaxDetail", "ApplyTaxAfterDiscount"})
#: Terms drive the due date, so that none of the three travels alone.
_DATES = frozenset({"TxnDate", "DueDate", "SalesTermRef"})
#: What QuickBooks needs on a sparse update, moved or not (section 3; CustomerRef and Credit by sections 4.14, 4.19).
_NEEDED: dict[type[Document], frozenset[str]] = {
    Bill: frozenset({"VendorRef"}),
    ExpenseDocument: frozenset({"PaymentType", "Credit"}),
    CustomerPayment: frozenset({"CustomerRef"}),
}
#: References by what a person calls them; none of them can be cleared.
_REFERENCES = {
    "SalesTermRef": "the terms",
    "TermRef": "the terms",
    "ClassRef": "the class",
    "DepartmentRef": "the location",
    "PaymentMethodRef": "the payment method",
    "DepositToAccountRef": "the deposit account",
    "EntityRef": "the payee",
    "ParentRef": "the customer that the job belongs to",
}
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
    if operation.verb is Verb.CREATE:
        return _members(document, profile, operation.marker)
    head = {"Id": _needed(operation.target_id, "id"), "SyncToken": _needed(operation.version, "version")}
    previous = operation.previous
    if previous is None or kind_of(previous) is not kind_of(document):
        body = _members(document, profile, operation.marker)
    else:
        body = _changes(document, previous, operation.marker, profile)
    return {**head, "sparse": True, **_without_once(body)}


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


def _changes(document: Document, previous: Document, marker: str, profile: BooksProfile) -> Obj:
    """What moved since `previous`, and what has to be named with it; raises Unfit."""
    now, before = normal(document), normal(previous)
    whole = any(getattr(now, field) != getattr(before, field) for field in _LINED.get(type(now), ()))
    if whole:
        document = _with_line_ids(document, previous)
    body = _members(document, profile, marker, whole=whole)
    shown, was = _members(now, profile, marker, whole=False), _head(before, profile, marker)
    gone = was.keys() - shown.keys()
    _check_clearable(gone)
    moved = {member for member in shown if member not in was or shown[member] != was[member]}
    if moved & _DATES or gone & _DATES:
        moved |= _DATES
    moved |= _WITH_LINES | _NEEDED.get(type(document), frozenset())
    changes = {member: value for member, value in body.items() if member in moved}
    changes.update({member: _BLANKS[member] for member in sorted(gone) if member in _BLANKS})
    for member in _ADDRESSES & changes.keys() & was.keys():
        changes[member] = {**dict.fromkeys(was[member], ""), **changes[member]}
    return changes


def _check_clearable(gone: Set[str]) -> None:
    stuck = sorted({_REFERENCES.get(member, member) for member in gone if member.endswith("Ref")})
    if stuck:
        raise Unfit(
            f"The change takes away {' and '.join(stuck)}, which QuickBooks Online cannot clear through its "
            "interface; nothing of the change was written. Clear it in QuickBooks (it is then brought here), or "
            "choose another in BlueOps."
        )


def _members(document: Document, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    currency = getattr(document, "currency", profile.currency)
    if currency != profile.currency:
        raise Unfit(
            f"It is in {currency}, but the books are kept in {profile.currency}; foreign currency is not "
            "supported. Enter it in QuickBooks yourself and mark it as not to be synchronised."
        )
    match document:
        case SalesInvoice():
            return invoice_body(document, profile, marker, whole=whole)
        case CustomerPayment():
            return payment_body(document, marker, whole=whole)
        case Bill():
            return bill_body(document, profile, marker, whole=whole)
        case ExpenseDocument():
            return purchase_body(document, profile, marker, whole=whole)
        case JournalEntry():
            return journal_body(document, profile, marker, whole=whole)
        case BankDeposit():
            return deposit_body(document, marker, whole=whole)
        case CustomerRecord():
            return customer_body(document, profile)
        case VendorRecord():
            return vendor_body(document)


def _head(previous: Document, profile: BooksProfile, marker: str) -> Obj:
    # What was there may not be writable by our rules any more; then nothing is known to be the same or cleared.
    try:
        return _members(previous, profile, marker, whole=False)
    except Unfit:
        return {}


def _needed(value: str, what: str) -> str:
    if not value:
        raise Unfit(f"The {what} of the record in QuickBooks is not known; read it again, then retry.")
    return value


def _without_once(body: Obj) -> Obj:
    return {member: value for member, value in body.items() if member not in _ONCE}


def _with_line_ids(document: Document, previous: Document) -> Document:
    """The document with the books' line ids taken over from `previous` where it has none."""
    ours: tuple[Any, ...] = getattr(document, "lines", ())
    theirs: tuple[Any, ...] = getattr(previous, "lines", ())
    if any(line.books_line_id for line in ours) or not any(line.books_line_id for line in theirs):
        return document
    ids = _paired([_likeness(line) for line in ours], [_likeness(line) for line in theirs])
    lines = tuple(
        line if at is None else attrs.evolve(line, books_line_id=theirs[at].books_line_id)
        for line, at in zip(ours, ids, strict=True)
    )
    numbered: Any = document
    with_ids: Document = attrs.evolve(numbered, lines=lines)
    return with_ids


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
