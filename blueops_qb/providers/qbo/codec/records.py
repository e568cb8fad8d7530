"""Records: an object of the v3 API as the engine's BooksRecord, with its document where we understand it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import InvalidOperation

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec.company import company_name
from blueops_qb.providers.qbo.codec.costs import bill_of, purchase_of
from blueops_qb.providers.qbo.codec.facts import facts_of, linked_of
from blueops_qb.providers.qbo.codec.journal import journal_of
from blueops_qb.providers.qbo.codec.members import Obj, folded, moment_of, shown_name, split_note
from blueops_qb.providers.qbo.codec.names import customer_of, vendor_of
from blueops_qb.providers.qbo.codec.receipts import deposit_of, payment_of
from blueops_qb.providers.qbo.codec.sales import invoice_of
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.sdk.outcomes import BooksRecord

_READERS: dict[BooksKind, Callable[[Obj, BooksProfile], Document]] = {
    BooksKind.CUSTOMER: customer_of,
    BooksKind.VENDOR: lambda obj, _: vendor_of(obj),
    BooksKind.INVOICE: invoice_of,
    BooksKind.PAYMENT: payment_of,
    BooksKind.EXPENSE: purchase_of,
    BooksKind.BILL: bill_of,
    BooksKind.JOURNAL: journal_of,
    BooksKind.DEPOSIT: deposit_of,
}
#: What an object of an unexpected form raises on the way.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, InvalidOperation)
_DEFAULT = BooksProfile()


def from_qbo(kind: BooksKind, obj: Obj, profile: BooksProfile = _DEFAULT) -> BooksRecord:
    """The record; `document` is None for lists and for an object whose content we cannot read.

    What the company's preferences make meaningless is left out of the document: numbers that QuickBooks
    gives itself, taxability without sales tax, a tax code that the automatic engine chose. Raises KeyError
    for an object without Id.
    """
    reader = _READERS.get(kind)
    document: Document | None = None
    facts: dict[str, str] = {}
    if reader is not None:
        try:
            document = reader(obj, profile)
        except _UNREADABLE as problem:
            facts["unreadable"] = f"{type(problem).__name__}: {problem}"
    facts.update(facts_of(kind, obj))
    _, marker, _ = split_note(str(obj.get("PrivateNote") or ""))
    return BooksRecord(
        kind=kind,
        id=str(obj["Id"]),
        version=str(obj.get("SyncToken") or "0") if "SyncToken" in obj else "",
        name=_name(kind, obj),
        active=obj.get("Active") is not False,
        document=document,
        facts=facts,
        linked=linked_of(obj),
        marker=marker,
        updated_at=moment_of(obj, "LastUpdatedTime"),
    )


def is_deleted(obj: Obj) -> bool:
    """Whether the object is the stub of a deleted record (section 6)."""
    return folded(obj.get("status")) == "deleted"


def _name(kind: BooksKind, obj: Obj) -> str:
    if kind is BooksKind.COMPANY:
        return company_name(obj)
    named = ENTITIES[kind].named
    return shown_name(obj, named) if named else str(obj.get("DocNumber") or "")
