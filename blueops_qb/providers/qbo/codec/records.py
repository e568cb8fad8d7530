"""Records: an object of the v3 API as the engine's BooksRecord, with its document where we understand it."""

from __future__ import annotations

from contextlib import suppress
from decimal import InvalidOperation

from blueops_qb.domain.documents import DOCUMENT_TYPES, Document
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import CATALOG_KINDS, BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.company import company_name
from blueops_qb.providers.qbo.codec.facts import facts_of, linked_of
from blueops_qb.providers.qbo.codec.forms import FORMS
from blueops_qb.providers.qbo.codec.members import (
    Obj,
    changed_by,
    folded,
    is_active,
    moment_of,
    shown_name,
    split_note,
)
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.exact_json import dumps
from blueops_qb.sdk.outcomes import BooksRecord

#: What an object of an unexpected form raises on the way.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, InvalidOperation)
_DEFAULT = BooksProfile()


def from_qbo(
    kind: BooksKind, obj: Obj, profile: BooksProfile = _DEFAULT, *, entry: bool = False
) -> BooksRecord:
    """The record; `document` is None for lists and for an object whose content we cannot read.

    What the company's preferences make meaningless is left out of the document: numbers that QuickBooks
    gives itself, taxability without sales tax, a tax code that the automatic engine chose. `shown` is the object
    itself, of kinds that we write: an update of it is laid over it. With `entry` an account, item or class has its
    document too, where it is of a type that we create. Raises KeyError for an object without Id.
    """
    kind_of_document = None if kind in CATALOG_KINDS else DOCUMENT_TYPES.get(kind)
    document: Document | None = None
    facts: dict[str, str] = {}
    if kind_of_document is not None:
        try:
            document = FORMS[kind_of_document].read(obj, profile)
        except _UNREADABLE as problem:
            facts["unreadable"] = f"{type(problem).__name__}: {problem}"
    elif entry and kind in LIST_KINDS:
        with suppress(*_UNREADABLE):
            document = FORMS[DOCUMENT_TYPES[kind]].read(obj, profile)
    linked: tuple[BooksRef, ...] = ()
    try:
        facts.update(facts_of(kind, obj))
        linked = linked_of(obj)
    except _UNREADABLE as problem:  # of one record; the others of the answer are read all the same
        facts["unreadable"] = f"{type(problem).__name__}: {problem}"
    if kind_of_document is not None and (by := changed_by(obj)):
        facts["changed_by"] = by
    note = "Note" if kind is BooksKind.ATTACHMENT else "PrivateNote"
    _, marker, _ = split_note(str(obj.get(note) or ""))
    return BooksRecord(
        kind=kind,
        id=str(obj["Id"]),
        version=str(obj.get("SyncToken") or "0") if "SyncToken" in obj else "",
        name=_name(kind, obj),
        active=is_active(obj),
        document=document,
        facts=facts,
        linked=linked,
        marker=marker,
        updated_at=moment_of(obj, "LastUpdatedTime"),
        shown=dumps(obj) if kind_of_document is not None else "",
    )


def is_deleted(obj: Obj) -> bool:
    """Whether the object is the stub of a deleted record (section 6)."""
    return folded(obj.get("status")) == "deleted"


def _name(kind: BooksKind, obj: Obj) -> str:
    if kind is BooksKind.COMPANY:
        return company_name(obj)
    named = ENTITIES[kind].named
    return shown_name(obj, named) if named else str(obj.get("DocNumber") or obj.get("FileName") or "")
