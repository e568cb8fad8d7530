"""Lenses: what the lens of every kind of books does alike: to memos with our marker, addresses and void documents.

How a text is made plain is each books' own; it is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    AttachedFile,
    BankDeposit,
    ClassRecord,
    CustomerRecord,
    Document,
    ItemRecord,
    JournalEntry,
    PurchaseForm,
    PurchaseLine,
    SalesForm,
    SalesLine,
    TaxCodeRecord,
    VendorRecord,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Address

Plain = Callable[[str], str]
#: A copy of one of our records carries its marker before its own; the last one counts.
_MARKER = re.compile(r"(?:\s*\[BO:([^\[\]\s]{1,90})\])+\s*$")
#: How the company's own country may be spelled; it is left out.
_HOME = frozenset({"US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"})
#: What a void document still says.
_VOID_KEEPS = frozenset({"customer", "vendor", "paid_by", "date", "number", "currency"})
#: What books fill in, flatten or keep by their own preferences, empty.
_UNCOMPARED: Mapping[str, Any] = {
    "terms": None,
    "ap_account": None,
    "estimate": None,
    "shipping": None,
    "email": "",
    "custom": (),
}


@attrs.frozen(kw_only=True)
class Notes:
    """Memos of one kind of books: how their words are made plain, and how a void one begins."""

    words: Plain
    voided: re.Pattern[str]

    def note(self, memo: str, marker: str) -> str:
        """A memo with our marker behind it in brackets."""
        kept = self.words(memo)
        return f"{kept} [BO:{marker}]".lstrip() if marker else kept

    def split(self, text: str) -> tuple[str, str, bool]:
        """(memo, marker, whether it begins with the word by which a void shows itself)."""
        found = _MARKER.search(text)
        memo = text[: found.start()] if found else text
        voided = self.voided.match(memo.lstrip()) is not None
        return self.words(memo), found.group(1) if found else "", voided

    def plain(self, memo: str) -> str:
        """A memo without our marker, as the lens sees it."""
        return self.split(memo)[0]


def plain_address(value: Address | None, lines: tuple[str, str], plain: Plain) -> Address | None:
    """An address with these street lines, our own country left out; an empty one is None."""
    if value is None:
        return None
    country = plain(value.country)
    tidy = Address(
        line1=lines[0],
        line2=lines[1],
        city=plain(value.city),
        state=plain(value.state),
        postal_code=plain(value.postal_code),
        country="" if country.upper() in _HOME else country,
    )
    return None if tidy == Address() else tidy


def void_form(document: Document, plain: Plain) -> Document:
    """A void document says who, when and which number, and 0.00."""
    values: dict[str, Any] = {"void": True}
    for field in attrs.fields(type(document)):
        value = getattr(document, field.name)
        if field.name in _VOID_KEEPS:
            values[field.name] = plain(value) if type(value) is str else value
        elif field.name in ("total", "tax", "amount"):
            values[field.name] = ZERO
        elif field.default is attrs.NOTHING:
            values[field.name] = () if isinstance(value, tuple) else value
    return type(document)(**values)


def uncompared(document: Document) -> dict[str, Any]:
    """Empty values for what is never compared of the document."""
    return {name: value for name, value in _UNCOMPARED.items() if hasattr(document, name)}


def told_only(
    document: Document,
    fields: Mapping[str, Callable[[Any], Any]],
    *,
    sold: Callable[[tuple[SalesLine, ...]], tuple[Any, ...]],
    bought: Callable[[tuple[PurchaseLine, ...]], tuple[Any, ...]],
) -> dict[str, Any]:
    """Fields that are told when we change them and never compared with what the books show, made plain.

    `sold` and `bought` give what of the lines is so.
    """
    told = {name: plain(getattr(document, name)) for name, plain in fields.items() if hasattr(document, name)}
    match document:
        case (
            CustomerRecord()
            | VendorRecord()
            | JournalEntry()
            | BankDeposit()
            | AttachedFile()
            | TaxCodeRecord()
            | AccountRecord()
            | ItemRecord()
            | ClassRecord()
        ):
            return {}
        case SalesForm():
            told["lines"] = sold(document.lines)
        case PurchaseForm():
            told["lines"] = bought(document.lines)
    return told
