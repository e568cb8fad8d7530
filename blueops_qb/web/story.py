"""Story: everything we know of one record: its events, documents on both sides, postings and messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import loosely_bound, refs_of, unbind
from blueops_qb.domain.documents import Document
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef, Ref
from blueops_qb.engine import suggest
from blueops_qb.engine.known import Known, load_known, places_of, sources_of
from blueops_qb.engine.outbox import State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.web import fields, titles

#: How many events and operations of one record a page shows.
SHOWN = 50


@attrs.frozen(kw_only=True)
class EventRow:
    """One event of the record."""

    revision: int
    action: str
    state: State
    hold: str
    reason: str
    remedy: str
    occurred_at: dt.datetime | None
    at: dt.datetime | None
    ours: bool


@attrs.frozen(kw_only=True)
class PostingRow:
    """One debit or credit."""

    account: str
    debit: str
    credit: str
    tags: str


@attrs.frozen(kw_only=True)
class DocumentStory:
    """One document of the record with its place in the books."""

    key: str
    kind: BooksKind
    state: str
    books_id: str
    version: str
    linked_at: dt.datetime | None
    doubtful: str
    removed_there: bool
    deep_link: str | None
    fields: list[fields.FieldRow]
    postings: list[PostingRow]
    mapping_version: int
    policy_version: int


def events(connection: sa.Connection, tenant_id: str, ref: RecordRef) -> list[EventRow]:
    """The newest events of a record, newest first."""
    o = t.outbox
    query = (
        sa.select(o)
        .where(o.c.tenant_id == tenant_id, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(SHOWN)
    )
    return [
        EventRow(
            revision=row["revision"],
            action=row["action"],
            state=State(row["state"]),
            hold=row["hold"] or "",
            reason=row["reason"] or "",
            remedy=row["remedy"] or "",
            occurred_at=row["occurred_at"],
            at=row["at"],
            ours=row["cause"] is not None,
        )
        for row in connection.execute(query).mappings()
    ]


def operations(connection: sa.Connection, documents: Iterable[int]) -> list[sa.RowMapping]:
    """Operations on documents, newest first, with the exchange each travelled in."""
    o, e = t.operations, t.exchanges
    query = (
        sa.select(
            o.c.id,
            o.c.verb,
            o.c.kind,
            o.c.revision,
            o.c.state,
            o.c.attempts,
            o.c.reason,
            o.c.created_at,
            o.c.closed_at,
            o.c.not_before,
            o.c.exchange_id,
            e.c.sends,
            e.c.sent_at,
            e.c.state.label("exchange_state"),
            e.c.note,
        )
        .select_from(o.outerjoin(e, e.c.id == o.c.exchange_id))
        .where(o.c.document_id.in_(list(documents)))
        .order_by(o.c.id.desc())
        .limit(SHOWN)
    )
    return list(connection.execute(query).mappings())


def conflicts_of(turn: Turn, ref: RecordRef) -> list[sa.RowMapping]:
    """Open conflicts about a record."""
    c = t.conflicts
    query = sa.select(c).where(c.c.connection_id == turn.id, c.c.ref == str(ref), c.c.state == "open")
    return list(turn.connection.execute(query).mappings())


def document_ids(turn: Turn, ref: RecordRef) -> list[int]:
    """The ids of a record's documents."""
    return [known.id for known in _documents(turn, ref)]


def _documents(turn: Turn, ref: RecordRef) -> list[Known]:
    known = load_known(turn.connection, turn.id, [ref])
    return [known[key] for key in sorted(known)]


def documents(turn: Turn, ref: RecordRef) -> list[DocumentStory]:
    """The record's documents on both sides."""
    knowns = _documents(turn, ref)
    mirrors = _mirrors(turn, [known.place for known in knowns if known.linked])
    sides = {known.id: _sides(turn, known, mirrors.get(known.place)) for known in knowns}
    postings = _postings(turn, [known.id for known in knowns])
    named = {r for one in sides.values() for r in _refs(one)}
    named |= {wire.parse_ref(p.customer) for rows in postings.values() for p in rows if p.customer}
    names = titles.names_for(turn, named)
    extra = _extra(turn, [known.id for known in knowns])
    return [
        DocumentStory(
            key=str(known.key),
            kind=known.kind,
            state=known.state,
            books_id=known.books_id,
            version=known.version,
            linked_at=extra[known.id].linked_at,
            doubtful=known.doubtful,
            removed_there=bool(known.linked and known.place in mirrors and mirrors[known.place]["deleted"]),
            deep_link=turn.provider.deep_link(known.kind, known.books_id) if known.linked else None,
            fields=fields.rows(sides[known.id], names),
            postings=[_posting(turn, row, names) for row in postings.get(known.id, [])],
            mapping_version=extra[known.id].mapping_version,
            policy_version=extra[known.id].policy_version,
        )
        for known in knowns
    ]


# -- both sides ----------------------------------------------------------------------------------------
def _sides(turn: Turn, known: Known, row: sa.RowMapping | None) -> fields.Sides:
    ours = wire.load_document(known.kind, known.content) if known.content else None
    theirs = wire.load_document(known.kind, row["document"]) if row is not None and row["document"] else None
    return both_sides(
        turn,
        ours=ours,
        theirs=theirs,
        base_ours=wire.load_document(known.kind, known.base_ours) if known.base_ours else None,
        base_theirs=wire.load_document(known.kind, known.base_theirs) if known.base_theirs else None,
    )


def both_sides(
    turn: Turn,
    *,
    ours: Document | None,
    theirs: Document | None,
    base_ours: Document | None = None,
    base_theirs: Document | None = None,
) -> fields.Sides:
    """Documents of either side, made comparable, and as they are shown."""
    named = [r for d in (ours, base_ours) if d is not None for r in refs_of(d)]
    places = places_of(turn.connection, turn.id, [r for r in named if not isinstance(r, BooksRef)])

    def normal(document: Document | None) -> Document | None:
        return None if document is None else turn.provider.normal(loosely_bound(document, places))

    return fields.Sides(
        ours=normal(ours),
        theirs=theirs,
        base_ours=normal(base_ours),
        base_theirs=base_theirs,
        ours_shown=ours_named(turn, ours),
        theirs_shown=ours_named(turn, theirs),
    )


def ours_named(turn: Turn, document: Document | None) -> Document | None:
    """A document with the books' references replaced by ours where they are known."""
    if document is None:
        return None
    places = [r for r in refs_of(document) if isinstance(r, BooksRef)]
    return unbind(document, sources_of(turn.connection, turn.id, places))


def _refs(sides: fields.Sides) -> Iterator[Ref]:
    for document in (sides.ours_shown, sides.theirs_shown):
        if document is not None:
            yield from refs_of(document)


def _mirrors(turn: Turn, places: list[BooksRef]) -> dict[BooksRef, sa.RowMapping]:
    m = t.mirror
    arms = [sa.and_(m.c.kind == place.kind.value, m.c.books_id == place.id) for place in places]
    if not arms:
        return {}
    query = sa.select(m).where(m.c.connection_id == turn.id, sa.or_(*arms))
    return {
        BooksRef(BooksKind(row["kind"]), row["books_id"]): row
        for row in turn.connection.execute(query).mappings()
    }


def _extra(turn: Turn, ids: list[int]) -> dict[int, Any]:
    d, lk = t.documents, t.links
    query = (
        sa.select(d.c.id, d.c.mapping_version, d.c.policy_version, lk.c.linked_at)
        .select_from(d.outerjoin(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
        .where(d.c.id.in_(ids))
    )
    return {row.id: row for row in turn.connection.execute(query)}


# -- postings ------------------------------------------------------------------------------------------
def _postings(turn: Turn, ids: list[int]) -> dict[int, list[Any]]:
    """What each document should have done to the books' accounts, as both sides last agreed."""
    p = t.postings
    query = sa.select(p).where(p.c.document_id.in_(ids), p.c.counts).order_by(p.c.document_id, p.c.line)
    found: dict[int, list[Any]] = {}
    for row in turn.connection.execute(query):
        found.setdefault(row.document_id, []).append(row)
    return found


def _posting(turn: Turn, row: Any, names: titles.Names) -> PostingRow:
    amount = Decimal(row.cents) / 100
    ref = BooksRef(BooksKind.ACCOUNT, row.account)
    tags = [names(wire.parse_ref(row.customer))] if row.customer else []
    for kind, id in ((BooksKind.CLASS, row.class_id), (BooksKind.LOCATION, row.location_id)):
        if id:
            tags.append(suggest.label_of(turn.catalog, BooksRef(kind, id)))
    return PostingRow(
        account=suggest.label_of(turn.catalog, ref) if row.account else "chosen by the books",
        debit=fields.money(amount) if amount > 0 else "",
        credit=fields.money(-amount) if amount < 0 else "",
        tags=" · ".join(tags),
    )
