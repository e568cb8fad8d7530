"""Figures: numbers read off documents and markers for rows and notes."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import Document


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
