"""Unsaid: what the answer to a creation leaves out counts as unknown, never as different from what was sent.

A full answer tells when the record was changed and what it cannot be without. One that lacks these tells no more than
the id and the version. A full one may still leave out its totals, and all of its lines, which QuickBooks gives only
when it is asked (reference/quickbooks-desktop.md section 4.7).
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import SalesForm
from blueops_qb.domain.money import ZERO
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.forms import form_of
from blueops_qb.providers.qbd.codec.kept import kept
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.entities import ENTITIES
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb

#: Where an answer says what a document comes to.
_TOTALS = ("TotalAmount", "Subtotal", "AmountDue", "CreditAmount", "DepositTotal", "Amount")
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
    record = record_of(ret, books)
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


def recovered_record(recovery: Element, operation: Operation, books: Books) -> BooksRecord | None:
    """What was created where, as far as an ErrorRecovery tells; None for a change, which has to be read."""
    if operation.verb is not Verb.CREATE or operation.document is None:
        return None
    message = form_of(operation.document).message(operation.document)
    return written_record(attrs.evolve(recovery, name=f"{message}Ret"), operation, books)


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


def _any(value: object) -> Any:
    """A document whose fields are reached by name."""
    return value
