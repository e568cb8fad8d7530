"""Backfill match: what a backfill is about to write is first looked for among what the books had before us.

Older documents are often typed on both sides by hand. What surely stands there gets a row of the match plan that links
it, what may stand there one that waits for a person; only the rest is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerPayment, CustomerRecord, SalesInvoice
from blueops_qb.domain.match_documents import Paper, PaperMatch, match_papers
from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.records import Invoice, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, Ref, id_in_books
from blueops_qb.engine.known import places_of
from blueops_qb.engine.match_rows import OPEN, rows
from blueops_qb.engine.match_sides import (
    OurPaper,
    our_invoice,
    our_payment,
    papers,
    their_invoice,
    their_payment,
    under_tops,
)
from blueops_qb.engine.related import read_related
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

_PAGE = 500


def find_there(turn: Turn, page: Sequence[Snapshot]) -> int:
    """Give rows of the match plan to invoices and payments that stand in the books, or may; answers how many."""
    records = [s.record for s in page if isinstance(s.record, Invoice | Payment) and not s.record.void]
    decided = {row.key for row in rows(turn.connection, turn.id, keys=[str(r.ref) for r in records])}
    todo = [record for record in records if str(record.ref) not in decided]
    theirs = _theirs(turn) if todo else {}
    if not any(theirs.values()):
        return 0
    named = read_related(turn.core, turn.tenant_id, todo)
    places = {str(ref): _id(place) for ref, place in places_of(turn.connection, turn.id, named).items()}
    tops = _tops(turn)
    invoices = {key.removeprefix("invoice:"): id for key, id in places.items() if key.startswith("invoice:")}
    mine: dict[RecordKind, list[OurPaper]] = {
        RecordKind.INVOICE: [our_invoice(record) for record in todo if isinstance(record, Invoice)],
        RecordKind.PAYMENT: [our_payment(record) for record in todo if isinstance(record, Payment)],
    }
    found: list[dict[str, Any]] = []
    for kind, books in ((RecordKind.INVOICE, BooksKind.INVOICE), (RecordKind.PAYMENT, BooksKind.PAYMENT)):
        ours = papers(mine[kind], places, invoices, tops)
        prefix = turn.policy.number_prefix
        for match in match_papers(ours, under_tops(theirs[books], tops), prefix=prefix):
            if kind is RecordKind.INVOICE and match.books_id:
                invoices[match.ours.id] = match.books_id
            if match.bucket is not Bucket.NONE:
                found.append(_row(turn, kind, match))
    upsert(turn.connection, t.matches, found)
    return len(found)


def _id(place: Ref) -> str:
    assert isinstance(place, BooksRef)
    return place.id


def _theirs(turn: Turn) -> dict[BooksKind, list[Paper]]:
    """Invoices and payments that were in the books before us and belong to nothing of ours."""
    m, lk, x = t.mirror, t.links, t.matches
    linked = sa.exists().where(
        lk.c.connection_id == m.c.connection_id,
        lk.c.books_kind == m.c.kind,
        lk.c.books_id == m.c.books_id,
        lk.c.state == "live",
    )
    promised = sa.exists().where(
        x.c.connection_id == m.c.connection_id,
        x.c.ref_kind == m.c.kind,
        x.c.books_id == m.c.books_id,
        x.c.decision == "link",
    )
    query = sa.select(m.c.kind, m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([BooksKind.INVOICE.value, BooksKind.PAYMENT.value]),
        m.c.origin != "ours",
        m.c.deleted.is_(False),
        m.c.document.is_not(None),
        ~linked,
        ~promised,
    )
    found: dict[BooksKind, list[Paper]] = {BooksKind.INVOICE: [], BooksKind.PAYMENT: []}
    for row in turn.connection.execute(query.execution_options(yield_per=_PAGE)):
        kind = BooksKind(row.kind)
        document = wire.load_document(kind, row.document)
        if isinstance(document, SalesInvoice) and not document.void:
            found[kind].append(their_invoice(row.books_id, document))
        elif isinstance(document, CustomerPayment) and not document.void:
            found[kind].append(their_payment(row.books_id, document))
    return found


def _tops(turn: Turn) -> Mapping[str, str]:
    """Which customer each job of the books belongs to."""
    m = t.mirror
    query = sa.select(m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind == BooksKind.CUSTOMER.value,
        m.c.deleted.is_(False),
        m.c.document.contains('"parent"'),
    )
    tops: dict[str, str] = {}
    for row in turn.connection.execute(query.execution_options(yield_per=_PAGE)):
        document = wire.load_document(BooksKind.CUSTOMER, row.document)
        if isinstance(document, CustomerRecord) and document.parent is not None:
            tops[row.books_id] = id_in_books(document.parent)
    return tops


def _row(turn: Turn, kind: RecordKind, match: PaperMatch) -> dict[str, Any]:
    one = match.ours
    return {
        "connection_id": turn.id,
        "ref_kind": kind.value,
        "ref_id": one.id,
        "name": " · ".join(filter(None, (one.number, one.date.isoformat(), f"{one.amount:.2f}"))),
        "bucket": match.bucket.value,
        "books_id": match.books_id,
        "candidates": " ".join(match.candidates),
        "reason": match.reason,
        "score": match.score,
        "decision": "link" if match.books_id else OPEN,
        "decided_by": "backfill",
    }
