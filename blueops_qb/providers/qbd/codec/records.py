"""Records: a Ret element as the engine's BooksRecord, with its document where we understand it."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import InvalidOperation

from blueops_qb.domain.documents import Document
from blueops_qb.domain.refs import CATALOG_KINDS, BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.facts import facts_of, linked_of
from blueops_qb.providers.qbd.codec.forms import ENTRY_READERS, READERS
from blueops_qb.providers.qbd.codec.members import is_set, local_moment, split_note
from blueops_qb.providers.qbd.entities import KIND_OF_RET
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.qbxml.writing import as_text
from blueops_qb.sdk.outcomes import BooksRecord

#: What an element of an unexpected form raises on the way.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, InvalidOperation)


def record_of(ret: Element, books: Books | None = None, *, entry: bool = False) -> BooksRecord | None:
    """The record; None for a Ret of no kind of ours or one without an id.

    `document` is None for lists and where the content cannot be read; with `entry` an account, class or item has its
    own, where it is of a type that we create. `shown` is the Ret itself, of what we write: a
    change is laid over it. `facts["modified"]` is the moment in QuickBooks' own clock, as text: its offset does not
    follow summer time.
    """
    books = books or Books()
    kind = KIND_OF_RET.get(ret.name)
    id = ret.get("ListID") or ret.get("TxnID")
    if kind is None or not id:
        return None
    document: Document | None = None
    facts: dict[str, str] = {}
    reader = READERS.get(ret.name)
    if reader is not None:
        try:
            document = reader(ret, books)
        except _UNREADABLE as problem:
            facts["unreadable"] = f"{type(problem).__name__}: {problem}"
    elif entry and ret.name in ENTRY_READERS:
        with suppress(*_UNREADABLE):
            document = ENTRY_READERS[ret.name](ret, books)
    facts.update(facts_of(kind, ret))
    modified = local_moment(ret, "TimeModified")
    if modified:
        facts["modified"] = modified
    return BooksRecord(
        kind=kind,
        id=id,
        version=ret.get("EditSequence"),
        name=_name(kind, ret),
        active=is_set(ret, "IsActive", default=True),
        document=document,
        facts=facts,
        linked=linked_of(ret),
        marker=marker_of(ret),
        updated_at=_moment(ret.get("TimeModified")),
        shown=as_text(ret) if reader is not None else "",
    )


def _name(kind: BooksKind, ret: Element) -> str:
    # Names of lists are unique by their full name; a job shares its own with those of other customers.
    if kind in CATALOG_KINDS or kind in (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE):
        return ret.get("FullName") or ret.get("Name")
    return ret.get("RefNumber")


def marker_of(ret: Element) -> str:
    """Our marker in its memo, or in the lines of a journal entry; empty where there is none."""
    memo = split_note(ret.get("Memo"))[1]
    if memo or ret.name != "JournalEntryRet":
        return memo
    lines = (split_note(line.get("Memo"))[1] for line in ret.all("JournalDebitLine", "JournalCreditLine"))
    return next((marker for marker in lines if marker), "")


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
