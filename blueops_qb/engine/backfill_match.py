"""Backfill match: what a backfill is about to write is first looked for among what the books had before us.

Older documents are often typed on both sides by hand. What surely stands there gets a row of the match plan that links
it, what may stand there one that waits for a person; only the rest is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerPayment, SalesInvoice
from blueops_qb.domain.match_documents import Paper, PaperMatch, match_papers
from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.match_traits import wanted_by
from blueops_qb.domain.records import Invoice, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, Ref
from blueops_qb.engine.known import places_of
from blueops_qb.engine.link_rows import live_link
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
    """Give rows of the match plan to invoices and payments that stand in the books, or may; answers how many.

    Of the books only what could be one of the page is read, by number, or by customer, amount and day.
    """
    records = [s.record for s in page if isinstance(s.record, Invoice | Payment) and not s.record.void]
    decided = {row.key for row in rows(turn.connection, turn.id, keys=[str(r.ref) for r in records])}
    todo = [record for record in records if str(record.ref) not in decided]
    if not todo:
        return 0
    named = read_related(turn.read_all, todo)
    places = {str(ref): _id(place) for ref, place in places_of(turn.connection, turn.id, named).items()}
    parties = [id for key, id in places.items() if not key.startswith(("invoice:", "payment:"))]
    tops = _parents(turn, parties)
    invoices = {key.removeprefix("invoice:"): id for key, id in places.items() if key.startswith("invoice:")}
    mine: dict[RecordKind, list[OurPaper]] = {
        RecordKind.INVOICE: [our_invoice(record) for record in todo if isinstance(record, Invoice)],
        RecordKind.PAYMENT: [our_payment(record) for record in todo if isinstance(record, Payment)],
    }
    found: list[dict[str, Any]] = []
    prefix = turn.policy.number_prefix
    for kind, books in ((RecordKind.INVOICE, BooksKind.INVOICE), (RecordKind.PAYMENT, BooksKind.PAYMENT)):
        ours = papers(mine[kind], places, invoices, tops)
        if not ours:
            continue
        theirs = _theirs(turn, books, ours, prefix)
        all_tops = {**tops, **_parents(turn, [one.party for one in theirs])}
        for match in match_papers(ours, under_tops(theirs, all_tops), prefix=prefix):
            if kind is RecordKind.INVOICE and match.books_id:
                invoices[match.ours.id] = match.books_id
            if match.bucket is not Bucket.NONE:
                found.append(_row(turn, kind, match))
    upsert(turn.connection, t.matches, found)
    return len(found)


def _id(place: Ref) -> str:
    assert isinstance(place, BooksRef)
    return place.id


def _theirs(turn: Turn, kind: BooksKind, ours: Sequence[Paper], prefix: str) -> list[Paper]:
    """Those of the books that could be one of ours, were there before us, and belong to nothing of ours."""
    m, wanted = t.mirror, wanted_by(ours, prefix=prefix)
    numbers: list[sa.ColumnElement[bool]] = [m.c.paper_number.in_(wanted.numbers)]
    if wanted.endings:
        numbers += [m.c.paper_number.endswith(root, autoescape=True) for root in wanted.numbers]
    parties = _family(turn, {one.party for one in ours if one.party})
    money = sa.and_(
        m.c.paper_party.in_(parties),
        m.c.paper_cents.in_(wanted.cents),
        m.c.paper_day.between(wanted.first, wanted.last),
    )
    found: dict[str, Paper] = {}
    for condition in (sa.or_(*numbers), money):
        found |= {paper.id: paper for paper in _papers(turn, kind, condition)}
    return [found[id] for id in sorted(found)]


def _papers(turn: Turn, kind: BooksKind, condition: sa.ColumnElement[bool]) -> Iterator[Paper]:
    m, x = t.mirror, t.matches
    promised = sa.exists().where(
        x.c.connection_id == m.c.connection_id,
        x.c.ref_kind == m.c.kind,
        x.c.books_id == m.c.books_id,
        x.c.decision == "link",
    )
    query = sa.select(m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind == kind.value,
        condition,
        m.c.origin != "ours",
        m.c.deleted.is_(False),
        m.c.document.is_not(None),
        ~live_link(),
        ~promised,
    )
    for row in turn.connection.execute(query.execution_options(yield_per=_PAGE)):
        document = wire.load_document(kind, row.document)
        if isinstance(document, SalesInvoice) and not document.void:
            yield their_invoice(row.books_id, document)
        elif isinstance(document, CustomerPayment) and not document.void:
            yield their_payment(row.books_id, document)


def _parents(turn: Turn, ids: Iterable[str]) -> dict[str, str]:
    """Which customer each of these jobs of the books belongs to; a customer belongs to nobody."""
    return dict(_belonging(turn, t.mirror.c.books_id, ids))


def _family(turn: Turn, tops: Collection[str]) -> list[str]:
    """These customers of the books with their jobs."""
    return sorted({*tops, *(id for id, _ in _belonging(turn, t.mirror.c.paper_party, tops))})


def _belonging(turn: Turn, column: sa.ColumnElement[str], ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    m, wanted = t.mirror, sorted(set(ids) - {""})
    for start in range(0, len(wanted), _PAGE):
        query = sa.select(m.c.books_id, m.c.paper_party).where(
            m.c.connection_id == turn.id,
            m.c.kind == BooksKind.CUSTOMER.value,
            m.c.deleted.is_(False),
            m.c.paper_party != "",
            column.in_(wanted[start : start + _PAGE]),
        )
        for row in turn.connection.execute(query):
            yield row.books_id, row.paper_party


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
