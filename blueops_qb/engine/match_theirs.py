"""Match theirs: how records of the books read beside a row of the match plan."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerPayment, SalesInvoice
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

_CHUNK = 400


def names_of(turn: Turn, places: Iterable[BooksRef]) -> dict[BooksRef, str]:
    """A name for each: a party's or item's own, an invoice's or payment's number, day and amount."""
    by_kind: dict[BooksKind, list[str]] = {}
    for place in places:
        by_kind.setdefault(place.kind, []).append(place.id)
    found: dict[BooksRef, str] = {}
    m = t.mirror
    for kind, ids in by_kind.items():
        for start in range(0, len(ids), _CHUNK):
            query = sa.select(m.c.books_id, m.c.name, m.c.active, m.c.document).where(
                m.c.connection_id == turn.id,
                m.c.kind == kind.value,
                m.c.books_id.in_(ids[start : start + _CHUNK]),
                m.c.deleted.is_(False),
            )
            for row in turn.connection.execute(query):
                found[BooksRef(kind, row.books_id)] = _name(kind, row.name, row.active, row.document)
    return found


def _name(kind: BooksKind, name: str, active: bool, text: str | None) -> str:
    document = wire.load_document(kind, text) if text else None
    if isinstance(document, SalesInvoice):
        total = "" if document.total is None else f"{document.total:.2f}"
        return " · ".join(filter(None, (document.number, document.date.isoformat(), total)))
    if isinstance(document, CustomerPayment):
        return " · ".join(
            filter(None, (document.reference, document.date.isoformat(), f"{document.amount:.2f}"))
        )
    return name + ("" if active else " (inactive)")
