"""Unsaid: what the answer to a creation leaves out counts as unknown, never as different from what was sent.

A full answer tells when the record was changed and what it cannot be without. One that lacks these tells no more than
the id and the version. A full one may still leave out its totals, and all of its lines, which QuickBooks gives only
when it is asked (reference/quickbooks-desktop.md section 4.7).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from blueops_qb.domain.documents import SalesForm
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.kept import kept
from blueops_qb.providers.qbd.codec.members import NAMED
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.entities import ENTITIES
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb

#: Where an answer says what a document comes to.
_TOTALS = ("TotalAmount", "Subtotal", "AmountDue", "CreditAmount", "DepositTotal", "Amount")
#: Whom a document is with; they are linked, so that their ids are known.
_PARTIES = frozenset({"CustomerRef", "VendorRef", "PayeeEntityRef", "EntityRef", "ParentRef"})
#: What is unknown where an answer has none of it, with what is told by it too.
_PARTS = {
    "lines": ("lines", "discount", "discount_account", "discount_before_tax"),
    "allocations": ("allocations",),
}


def written_record(ret: Element, operation: Operation, books: Books) -> BooksRecord | None:
    """The record that the answer to a write shows, completed with what was sent where the answer is silent."""
    if operation.verb is not Verb.CREATE or operation.document is None:
        return record_of(ret, books)
    sent: Any = kept(operation.document, books)
    record = record_of(_by_name(ret, sent), books)
    if record is None:
        return None
    if not _is_full(ret, record):
        record = attrs.evolve(
            record,
            document=sent,
            name=record.name or getattr(sent, "name", "") or getattr(sent, "number", ""),
            marker=record.marker or operation.marker,
        )
    elif record.document is not None:
        parts = {
            name: getattr(sent, name)
            for part, names in _PARTS.items()
            if getattr(sent, part, ()) and not getattr(record.document, part)
            for name in names
            if hasattr(sent, name)
        }
        record = attrs.evolve(record, document=attrs.evolve(_any(record.document), **parts))
    return attrs.evolve(record, document=_with_totals(record.document, sent, ret, books))


def _is_full(ret: Element, record: BooksRecord) -> bool:
    needed = ("TxnDate",) if ENTITIES[record.kind].transaction else ("Name",)
    return record.document is not None and all(ret.has(name) for name in ("TimeModified", *needed))


def _with_totals(shown: Any, sent: Any, ret: Element, books: Books) -> Any:
    if not hasattr(shown, "total"):
        return shown
    told = any(ret.has(name) for name in _TOTALS)
    if not isinstance(shown, SalesForm):
        return shown if told else attrs.evolve(shown, total=sent.total)
    if not told:
        return attrs.evolve(_any(shown), total=_any(sent).total, tax=_any(sent).tax)
    if books.taxing and not ret.has("SalesTaxTotal") and not ret.has("TotalAmount"):
        total, tax = _any(shown).total, _any(sent).tax
        return attrs.evolve(_any(shown), tax=tax, total=None if total is None else total + (tax or ZERO))
    return shown


def _by_name(ret: Element, sent: Any) -> Element:
    """References that were sent by name, as they are told by name too: their ids were not known then."""
    names = set(_named_in(sent))
    return _without_ids(ret, names) if names else ret


def _named_in(value: Any) -> Iterator[str]:
    """Full names of the list members that a document names so."""
    if isinstance(value, BooksRef):
        if value.id.startswith(NAMED):
            yield value.id.removeprefix(NAMED)
    elif isinstance(value, tuple):
        for one in value:
            yield from _named_in(one)
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from _named_in(getattr(value, field.name))


def _without_ids(element: Element, names: set[str]) -> Element:
    children = []
    for child in element.children:
        is_named = child.name.endswith("Ref") and child.name not in _PARTIES
        if is_named and child.get("FullName") in names:
            child = attrs.evolve(child, children=tuple(one for one in child.children if one.name != "ListID"))
        elif child.children:
            child = _without_ids(child, names)
        children.append(child)
    return attrs.evolve(element, children=tuple(children))


def _any(value: object) -> Any:
    """A document whose fields are reached by name."""
    return value
