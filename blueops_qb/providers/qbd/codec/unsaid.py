"""Unsaid: what the answer to a write leaves out counts as unknown, never as different from what was sent.

A full answer tells when the record was changed and what it cannot be without. One that lacks these tells no more than
the id and the version. A full one may still leave out its totals, and all of its lines, which QuickBooks gives only
when it is asked (reference/quickbooks-desktop.md section 4.7). What a creation sent completes its answer; of a change
the record held more before than was sent, so that one with such an answer is read back.
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
        return record_of(ret, books, entry=operation.verb is Verb.FIND)
    sent: Any = kept(operation.document, books)
    record = record_of(ret, books, entry=True)
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


def leaves_out(ret: Element, operation: Operation, books: Books) -> bool:
    """Whether the answer to a change lacks what a full read shows, so that it tells no more than that it was done."""
    record = record_of(ret, books)
    if record is None or operation.document is None:
        return False
    if not _is_full(ret, record):
        return True
    sent: Any = kept(operation.document, books)
    if getattr(sent, "void", False):
        return False
    parts = any(getattr(sent, part, ()) and not getattr(record.document, part, ()) for part in _PARTS)
    total = hasattr(sent, "total") and not _tells_total(ret)
    tax = isinstance(sent, SalesForm) and sent.tax != ZERO and not _tells_tax(ret, books)
    return parts or total or tax


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
    told = _tells_total(ret)
    if not isinstance(shown, SalesForm):
        return shown if told else attrs.evolve(shown, total=sent.total)
    if not told:
        return attrs.evolve(_any(shown), total=_any(sent).total, tax=_any(sent).tax)
    if not _tells_tax(ret, books):
        total, tax = _any(shown).total, _any(sent).tax
        return attrs.evolve(_any(shown), tax=tax, total=None if total is None else total + (tax or ZERO))
    return shown


def _tells_total(ret: Element) -> bool:
    return any(ret.has(name) for name in _TOTALS)


def _tells_tax(ret: Element, books: Books) -> bool:
    return not books.taxing or ret.has("SalesTaxTotal") or ret.has("TotalAmount")


def _any(value: object) -> Any:
    """A document whose fields are reached by name."""
    return value
