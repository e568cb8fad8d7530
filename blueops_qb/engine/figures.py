"""Figures: numbers read off documents and markers for rows and notes."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import Document, JournalEntry, Side
from blueops_qb.domain.money import ZERO


def generation_in(marker: str) -> int:
    """The generation that a marker names."""
    tail = marker.rpartition(".")[2]
    return int(tail) if tail.isdigit() else 1


def total_in(document: Document | None) -> str:
    """Total or amount of a document, as text; empty where it has none."""
    value = getattr(document, "total", None)
    if value is None:
        value = getattr(document, "amount", None)
    return "" if value is None else str(value)


def cents_in(document: Document | None) -> int | None:
    """The same in whole cents."""
    text = total_in(document)
    return int(Decimal(text) * 100) if text else None


def moved_by(document: Document | None, previous: Document | None = None) -> Decimal:
    """The money that a document moves in the books, or by how much it differs from what it was; never negative.

    Its total, or, where the books work that out, what its lines come to; 0 for a party.
    """
    return abs(_worth(document) - _worth(previous))


def _worth(document: Document | None) -> Decimal:
    if document is None or getattr(document, "void", False):
        return ZERO
    if text := total_in(document):
        return Decimal(text)
    if isinstance(document, JournalEntry):
        return sum((line.amount for line in document.lines if line.side is Side.DEBIT), ZERO)
    amounts = (getattr(line, "amount", None) or ZERO for line in getattr(document, "lines", ()))
    return sum(amounts, ZERO) - (getattr(document, "discount", None) or ZERO)
