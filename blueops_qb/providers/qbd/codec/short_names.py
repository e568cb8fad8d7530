"""Short names: what stands in the books for a name or number that is too long for Desktop.

Names have 41 or 31 characters there, numbers 11 or 20 (reference/quickbooks-desktop.md section 5.2). Identifiers are
never cut to fit: a short form is derived, unique and kept in a table (DESIGN section 7, rule 11). The table belongs to
whoever hands it in; here it is asked, and here a short form is made for it.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    Bill,
    BillPayment,
    ClassRecord,
    CustomerRecord,
    Document,
    ExpenseDocument,
    ItemRecord,
    JournalEntry,
    PurchaseOrder,
    SalesForm,
    TaxCodeRecord,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.naming import DIGEST_LENGTH, derived_name, derived_number
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.qbxml.characters import folded, is_known

#: Names may not hold the mark between the levels of a list.
FORBIDDEN = ":"


class Space(enum.StrEnum):
    """Names and numbers that must differ among themselves."""

    #: Customers, vendors, employees and other names.
    NAME = "name"
    ITEM = "item"
    #: Invoices, credit memos, receipts, estimates, checks, card charges, journal entries, purchase orders.
    NUMBER = "number"
    #: Bills and vendor credits: the vendor's own numbers.
    VENDOR_NUMBER = "vendor_number"


#: The most characters in each.
LENGTHS: dict[Space, int] = {Space.NAME: 41, Space.ITEM: 31, Space.NUMBER: 11, Space.VENDOR_NUMBER: 20}


class Names(Protocol):
    """The table of short forms."""

    def short(self, space: Space, original: str, /) -> str | None:
        """What stands in the books for `original`; None when nothing was derived for it."""


class NoNames:
    """A table without entries."""

    def short(self, _space: Space, _original: str, /) -> str | None:
        """Nothing has been derived."""
        return None


@attrs.frozen(kw_only=True)
class Wanted:
    """A name or number of a document that needs a short form."""

    space: Space
    original: str


def number_space(kind: BooksKind) -> Space:
    """Where the numbers of a kind of transaction stand."""
    return Space.VENDOR_NUMBER if kind in (BooksKind.BILL, BooksKind.VENDOR_CREDIT) else Space.NUMBER


def is_fit(space: Space, text: str) -> bool:
    """Whether a name or number can be written as it is."""
    shown = folded(text)
    named = space in (Space.NAME, Space.ITEM)
    return len(shown) <= LENGTHS[space] and is_known(text) and not (named and FORBIDDEN in shown)


def short_form(space: Space, original: str, *, taken: Callable[[str], bool]) -> str:
    """A short form that is free: beginning and digest of the whole, the same every time while it is free.

    `taken` is asked with each candidate. Raises ValueError when no character of the original can be used.
    """
    length, shown = LENGTHS[space], folded(original)
    if space in (Space.NAME, Space.ITEM):
        if not any(mark.isalnum() for mark in shown):
            raise ValueError(f"{original!r} holds no letter or digit that QuickBooks Desktop knows")
        # A name that only lost characters still has to differ from its namesake.
        digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
        whole = shown if is_known(original) else f"{shown} {digest}"
        return derived_name(whole, taken=taken, length=length, forbidden=FORBIDDEN)
    candidate = derived_number(shown or original, length=length)
    return candidate if not taken(candidate) else derived_name(candidate, taken=taken, length=length)


def wanted(document: Document) -> Iterator[Wanted]:
    """What of the document needs a short form before it can be written."""
    for space, text in _identifiers(document):
        if text and not is_fit(space, text):
            yield Wanted(space=space, original=text)


def fitted(space: Space, original: str, names: Names, what: str) -> str:
    """The name or number to write: itself, or its short form from the table; raises Unwritable when there is none."""
    if is_fit(space, original):
        return folded(original)
    short = names.short(space, original)
    if short is not None and is_fit(space, short):
        return folded(short)
    limit, shown = LENGTHS[space], folded(original)
    cause = (
        f"has {len(shown)} characters, QuickBooks Desktop keeps {limit}"
        if len(shown) > limit
        else "holds a colon, which parts the levels of lists in QuickBooks Desktop"
        if FORBIDDEN in shown and space in (Space.NAME, Space.ITEM)
        else "holds characters that QuickBooks Desktop does not know"
    )
    raise Unwritable(
        f"{what} “{original[:40]}” {cause}, and no short form of it is kept. Change it in BlueOps."
    )


def _identifiers(document: Document) -> Iterator[tuple[Space, str]]:
    match document:
        case CustomerRecord() | VendorRecord():
            yield Space.NAME, document.name
        case TaxCodeRecord() | AccountRecord() | ItemRecord() | ClassRecord():
            yield Space.ITEM, document.name
        case Bill() | VendorCredit():
            yield Space.VENDOR_NUMBER, document.number
        case SalesForm() | ExpenseDocument() | PurchaseOrder() | JournalEntry() | BillPayment():
            yield Space.NUMBER, document.number
        case _:
            return
