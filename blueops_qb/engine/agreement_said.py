"""What one side says of a document when agreement looks at BlueOps: its account lines, and what a payment settles."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.agreement import Line
from blueops_qb.domain.binding import loosely_bound, refs_of
from blueops_qb.domain.documents import CustomerPayment, Document
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef, id_in_books, record_of
from blueops_qb.engine import subledger
from blueops_qb.engine.known import places_of
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Ids of one question.
_CHUNK = 400
Settles = tuple[tuple[str, int], ...]


@attrs.frozen(kw_only=True)
class Said:
    """What one side says of a document: its account lines, and what of ours a payment settles, in cents."""

    lines: tuple[Line, ...]
    settles: Settles = ()

    @property
    def whole(self) -> int:
        """All debits, in cents."""
        return sum(line.cents for line in self.lines if line.cents > 0)


def bound_to(turn: Turn, documents: Mapping[int, Document]) -> dict[int, Document]:
    """The documents with what they name by the books' ids, as far as it is there."""
    refs = {r for d in documents.values() for r in refs_of(d) if not isinstance(r, BooksRef)}
    places = places_of(turn.connection, turn.id, refs)
    return {id: loosely_bound(document, places) for id, document in documents.items()}


def lines_of(turn: Turn, document: Document, owners: Any) -> tuple[Line, ...]:
    """The account lines of a document that is bound."""
    return tuple(
        Line(
            account=one.account,
            cents=int(one.amount * 100),
            day=one.date,
            customer=id_in_books(one.customer),
            vendor=id_in_books(one.vendor),
            class_=one.class_,
            location=one.location,
            duty=one.origin.role if one.origin else "",
            item=one.origin.item if one.origin else "",
        )
        for one in subledger.effects_of(turn, document, owners)
    )


def ours_in_books(turn: Turn, documents: Iterable[Document]) -> dict[str, RecordRef]:
    """Invoices of ours among what payments settle, by the books' id, with the record whose document each is.

    What only the books have, BlueOps does not tell one by one.
    """
    ids = sorted(
        {
            a.invoice.id
            for document in documents
            if isinstance(document, CustomerPayment)
            for a in document.allocations
            if isinstance(a.invoice, BooksRef) and a.invoice.kind is BooksKind.INVOICE
        }
    )
    lk, d = t.links, t.documents
    found: dict[str, RecordRef] = {}
    for first in range(0, len(ids), _CHUNK):
        query = (
            sa.select(lk.c.books_id, d.c.source_kind, d.c.source_id)
            .select_from(lk.join(d, d.c.id == lk.c.document_id))
            .where(
                lk.c.connection_id == turn.id,
                lk.c.books_kind == BooksKind.INVOICE.value,
                lk.c.books_id.in_(ids[first : first + _CHUNK]),
                lk.c.state == "live",
            )
        )
        for row in turn.connection.execute(query):
            found[row.books_id] = RecordRef(RecordKind(row.source_kind), row.source_id)
    return found


def told_one_by_one(ours: Mapping[str, RecordRef], said: Iterable[Document | None]) -> frozenset[str]:
    """Those of `ours_in_books` whose part of a payment BlueOps tells; `said` is the payment as we post and posted it.

    That are invoices and what our side names of other documents of ours. What the books settle with it of money that
    went back of another payment counts as settled elsewhere, of which BlueOps has the sum alone (`settles_elsewhere`).
    """
    named = {
        record_of(a.invoice)
        for document in said
        if isinstance(document, CustomerPayment)
        for a in document.allocations
        if not isinstance(a.invoice, BooksRef)
    }
    return frozenset(id for id, ref in ours.items() if ref.kind is RecordKind.INVOICE or ref in named)


def settled_by(document: Document, ours: frozenset[str]) -> Settles:
    """What of our invoices (`ours`, by the books' id) a payment settles, in cents; nothing for other documents."""
    if not isinstance(document, CustomerPayment) or document.void:
        return ()
    sums: Counter[str] = Counter()
    for a in document.allocations:
        if isinstance(a.invoice, BooksRef) and a.invoice.kind is BooksKind.INVOICE and a.invoice.id in ours:
            sums[str(a.invoice)] += int(a.amount * 100)
    return tuple(sorted((place, cents) for place, cents in sums.items() if cents))


def digest_of(now: Said, agreed: Said) -> str:
    """What both sides came to: a person's acceptance holds for just this and no other difference."""

    def plain(said: Said) -> Any:
        parties = sorted({line.customer or line.vendor for line in said.lines if line.cents})
        return [said.whole, parties, sorted({str(line.day) for line in said.lines}), said.settles]

    text = json.dumps([plain(now), plain(agreed)], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
