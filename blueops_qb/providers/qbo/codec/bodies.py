"""Bodies: what is posted for a create, an update or a removal (reference/quickbooks-online.md section 3).

An update is sparse and names what moved under the lens, so that everything else stays as the bookkeeper has it.
Lines move all together, laid over those that the books show: a Line array replaces the whole one. Text, phones,
e-mail and addresses are cleared with blanks. A reference is cleared by a full update made from the object as it was
read; where that is not known, such a change is refused.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Self

import attrs

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import Document, SalesForm, kind_of
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.forms import FORMS, members_of
from blueops_qb.providers.qbo.codec.full_update import full_update
from blueops_qb.providers.qbo.codec.kept import kept
from blueops_qb.providers.qbo.codec.lens import normal, one_way
from blueops_qb.providers.qbo.codec.line_updates import CASH_BACK, AsShown, lines_over, with_line_ids
from blueops_qb.providers.qbo.codec.members import ADDRESS_PARTS, Obj, Unfit
from blueops_qb.providers.qbo.codec.sales import custom_over
from blueops_qb.providers.qbo.codec.sendable import sendable
from blueops_qb.providers.qbo.entities import VOIDABLE
from blueops_qb.providers.qbo.exact_json import loads
from blueops_qb.sdk.provider import Operation, Verb

#: Decided at creation; a later sparse update leaves them to the bookkeeper.
_ONCE = frozenset({"BillWithParent", "EmailStatus", "PrintStatus", "ProcessPayment"})
_WITH_LINES = frozenset({"Line", "TotalAmt", "TxnTaxDetail", "ApplyTaxAfterDiscount", CASH_BACK})
#: Terms and the day drive the due date, so that none travels without it.
_DATES = frozenset({"TxnDate", "DueDate", "SalesTermRef"})
#: What only the bookkeeper links an invoice with; a LinkedTxn array replaces the whole one (section 4.9).
_THEIR_LINKS = frozenset({"TimeActivity"})
#: What a person calls the members that only a full update empties.
_UNCLEARABLE = {
    "SalesTermRef": "the terms",
    "TermRef": "the terms",
    "ClassRef": "the class",
    "DepartmentRef": "the location",
    "CustomerRef": "the customer",
    "PaymentMethodRef": "the payment method",
    "DepositToAccountRef": "the deposit account",
    "APAccountRef": "the payables account",
    "EntityRef": "the payee",
    "ParentRef": "the customer that the job belongs to",
    "ExpirationDate": "the date until which it holds",
    "AcceptedDate": "the date on which it was accepted",
    CASH_BACK: "the cash kept back",
}
_ADDRESSES = frozenset({"BillAddr", "ShipAddr"})
#: How a member that was set before and is not now is emptied in a sparse update.
_BLANKS: dict[str, Any] = {
    **dict.fromkeys(("CompanyName", "GivenName", "FamilyName", "AcctNum", "ResaleNum", "PrivateNote"), ""),
    **dict.fromkeys(("DocNumber", "PaymentRefNum", "TaxExemptionReasonId", "AcceptedBy"), ""),
    "PrimaryPhone": {"FreeFormNumber": ""},
    "Mobile": {"FreeFormNumber": ""},
    **{member: {"Address": ""} for member in ("PrimaryEmailAddr", "BillEmail", "POEmail")},
    **{member: dict.fromkeys(ADDRESS_PARTS, "") for member in ("BillAddr", "ShipAddr")},
    "Deposit": ZERO,
}


def to_qbo(document: Document, operation: Operation, profile: BooksProfile) -> Obj:
    """The object to post for a create or update; raises Unfit with a sentence for the admin."""
    if operation.verb is Verb.CREATE:
        return members_of(document, profile, operation.marker)
    head = {"Id": _needed(operation.target_id, "id"), "SyncToken": _needed(operation.version, "version")}
    previous = operation.previous
    if previous is None or kind_of(previous) is not kind_of(document):
        body = members_of(document, profile, operation.marker)
        return {**head, "sparse": True, **_without_once(body)}
    return {**head, **_Change.of(document, previous, operation, profile).body()}


def removal_body(operation: Operation, kind: BooksKind) -> tuple[str, str, Obj]:
    """(operation, option, object) by which a record is taken out: void, delete or set inactive.

    Only Id and SyncToken are named: QuickBooks refuses echoes of what it shows. Every write travels in a batch, where
    all kinds are voided in one form (section 8); the two forms of single calls (section 2.1) are never used.
    Raises Unfit.
    """
    head: Obj = {"Id": _needed(operation.target_id, "id"), "SyncToken": _needed(operation.version, "version")}
    if kind in VOIDABLE:
        return "update", "void", {**head, "sparse": True}
    if kind in (BooksKind.CUSTOMER, BooksKind.VENDOR):
        return "update", "", {**head, "sparse": True, "Active": False}
    return "delete", "", head


@attrs.frozen(kw_only=True)
class _Change:
    """One update: what moved since `previous`, and what has to be named with it."""

    document: Document
    previous: Document
    profile: BooksProfile
    marker: str
    #: What was told before, of the same type; None where that is not known.
    told: Document | None
    shown: AsShown | None

    @classmethod
    def of(cls, document: Document, previous: Document, operation: Operation, profile: BooksProfile) -> Self:
        told = operation.told
        return cls(
            document=document,
            previous=previous,
            profile=profile,
            marker=operation.marker,
            told=told if type(told) is type(document) else None,
            shown=AsShown.of(loads(operation.shown), type(document), profile) if operation.shown else None,
        )

    def body(self) -> Obj:
        """The members to send; raises Unfit."""
        form = FORMS[type(self.document)]
        now, before = normal(kept(self.document, self.profile)), normal(kept(self._before(), self.profile))
        if self.told is not None:  # what was left to the books is not ours to change back
            before = as_decided(normal(kept(self.told, self.profile)), before)
        whole = any(getattr(now, field) != getattr(before, field) for field in form.lined)
        if self.told is not None:
            ours, told = one_way(self.document), one_way(self.told)
            whole = whole or ours.pop("lines", None) != told.pop("lines", None)
            now, before = _with(now, ours), _with(before, told)
        shown, was = members_of(now, self.profile, self.marker, whole=False), self._head(before)
        gone = set(was.keys() - shown.keys())
        moved = {member for member in shown if member not in was or shown[member] != was[member]}
        if getattr(self.previous, "void", False) and not getattr(self.document, "void", False):
            moved.add("PrivateNote")  # it begins with “Voided” there, which the lens leaves out
        if moved & _DATES or gone & _DATES:
            # The terms are the bookkeeper's to change; ours go along where they alone say when it is due.
            moved |= _DATES if "DueDate" not in shown else _DATES - {"SalesTermRef"}
        lines = self._lines() if whole else {}
        full = self._clears(gone)
        if lines.pop(CASH_BACK, True) is False:
            gone.add(CASH_BACK)
            full = True
        head = members_of(self.document, self.profile, self.marker, whole=False)
        changes = {member: value for member, value in head.items() if member in moved | form.needed}
        changes.update(lines)
        self._beside_theirs(changes, gone, was)
        if not full:
            return {"sparse": True, **self._sparse(_without_once(changes), gone, was)}
        if self.shown is None:
            raise _unclearable(gone)
        return full_update(self.shown.raw, changes=changes, gone=gone, profile=self.profile)

    def _sparse(self, changes: Obj, gone: Set[str], was: Obj) -> Obj:
        raw = {} if self.shown is None else self.shown.raw
        changes.update({member: _BLANKS[member] for member in sorted(gone) if member in _BLANKS})
        for member in _ADDRESSES & changes.keys():
            # Lines of an address that nobody clears would stay below the new one.
            there = {**(raw.get(member) or {}), **was.get(member, {})}
            blanks = {part: "" for part in ADDRESS_PARTS if part in there}
            changes[member] = {**blanks, **changes[member]}
        return changes

    def _beside_theirs(self, changes: Obj, gone: set[str], was: Obj) -> None:
        """Lists and parts that hold more than we tell keep what is not ours."""
        raw = {} if self.shown is None else self.shown.raw
        if "CustomField" in changes or "CustomField" in gone:
            gone.discard("CustomField")
            rows = raw.get("CustomField") or []
            changes["CustomField"] = custom_over(
                rows, changes.get("CustomField", []), was.get("CustomField", [])
            )
        if "LinkedTxn" in changes or "LinkedTxn" in gone:
            gone.discard("LinkedTxn")
            theirs = [link for link in raw.get("LinkedTxn") or [] if link.get("TxnType") in _THEIR_LINKS]
            changes["LinkedTxn"] = [*theirs, *changes.get("LinkedTxn", [])]
        check = raw.get("CheckPayment") or {}
        if "CheckPayment" in changes and "PrintStatus" in check:
            printed = sendable(check["PrintStatus"], "PrintStatus")
            changes["CheckPayment"] = {**changes["CheckPayment"], "PrintStatus": printed}

    def _clears(self, gone: set[str]) -> bool:
        # A deposit of 0.00 needs no account.
        if "Deposit" in gone:
            gone.discard("DepositToAccountRef")
        return any(member in _UNCLEARABLE or member.endswith("Ref") for member in gone)

    def _lines(self) -> Obj:
        document: Document = self.document
        if self.shown is None or FORMS[type(document)].flat is None:
            body = members_of(with_line_ids(document, self.previous), self.profile, self.marker)
        else:
            body = lines_over(self.shown, document, self.told, self.profile)
        return {member: value for member, value in body.items() if member in _WITH_LINES}

    def _before(self) -> Document:
        # A tax that was never read is no tax of 0.00.
        previous, now = self.previous, self.document
        if isinstance(previous, SalesForm) and isinstance(now, SalesForm) and previous.tax is None:
            return attrs.evolve(previous, tax_mode=now.tax_mode)
        return previous

    def _head(self, before: Document) -> Obj:
        # What was there may not be writable by our rules any more; then nothing is known to be the same or cleared.
        try:
            return members_of(before, self.profile, self.marker, whole=False)
        except Unfit:
            return {}


def _with(document: Document, values: dict[str, Any]) -> Document:
    changed: Any = document
    told: Document = attrs.evolve(changed, **values)
    return told


def _unclearable(gone: Set[str]) -> Unfit:
    stuck = sorted(
        {
            _UNCLEARABLE.get(member, member)
            for member in gone
            if member in _UNCLEARABLE or member[-3:] == "Ref"
        }
    )
    return Unfit(
        f"The change takes away {' and '.join(stuck)}, which QuickBooks Online clears only when the whole record is "
        "written anew, and what it shows of the record is not known here any more; nothing of the change was "
        "written. Clear it in QuickBooks (it is then brought here), or open and save the record there, which brings "
        "it here anew, and then retry."
    )


def _needed(value: str, what: str) -> str:
    if not value:
        raise Unfit(f"The {what} of the record in QuickBooks is not known; read it again, then retry.")
    return value


def _without_once(body: Obj) -> Obj:
    return {member: value for member, value in body.items() if member not in _ONCE}
