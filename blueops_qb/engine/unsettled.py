"""Unsettled: records of which one document has landed while another is still open or is read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, RecordKind, RecordRef
from blueops_qb.engine.outbox import ref_condition
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: The doubt about a document whose version is out of date.
READING = "it is being read again from the books"

#: Operations that may still write.
_OPEN = ("ready", "out", "uncertain")


def still_open(turn: Turn, refs: Sequence[RecordRef]) -> set[RecordRef]:
    """Records of which operations are open."""
    if not refs:
        return set()
    o, d = t.operations, t.documents
    query = (
        sa.select(d.c.source_kind, d.c.source_id)
        .select_from(o.join(d, d.c.id == o.c.document_id))
        .where(
            d.c.connection_id == turn.id,
            o.c.state.in_(_OPEN),
            ref_condition(d.c.source_kind, d.c.source_id, refs),
        )
    )
    return {RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)}


def queued(turn: Turn, refs: Iterable[RecordRef]) -> dict[RecordRef, str]:
    """Records of which nothing is on its way although operations are open -> what they wait for, in words."""
    refs = list(refs)
    if not refs:
        return {}
    o, d, a = t.operations, t.documents, t.operation_after
    needed = t.documents.alias("needed")
    query = (
        sa.select(d.c.source_kind, d.c.source_id, o.c.state, needed.c.source_kind, needed.c.source_id)
        .select_from(
            o.join(d, d.c.id == o.c.document_id)
            .outerjoin(a, a.c.operation_id == o.c.id)
            .outerjoin(needed, needed.c.id == a.c.document_id)
        )
        .where(
            d.c.connection_id == turn.id,
            o.c.state.in_(_OPEN),
            ref_condition(d.c.source_kind, d.c.source_id, refs),
        )
    )
    waits: dict[RecordRef, set[str]] = {}
    under_way: set[RecordRef] = set()
    for kind, id, state, needed_kind, needed_id in turn.connection.execute(query):
        ref = RecordRef(RecordKind(kind), id)
        named = waits.setdefault(ref, set())
        if needed_id is not None:
            named.add(f"{needed_kind}:{needed_id}")
        if state != "ready":
            under_way.add(ref)
    return {
        ref: f"waits for {', '.join(sorted(named))}" if named else "queued"
        for ref, named in waits.items()
        if ref not in under_way
    }


def left_undone(turn: Turn, refs: Sequence[RecordRef]) -> set[RecordRef]:
    """Records of which the last write of some document was refused, or given up when the books were disconnected.

    It is still due although others have landed.
    """
    if not refs:
        return set()
    o, d = t.operations, t.documents
    failed = sa.select(o.c.id).where(o.c.connection_id == turn.id, o.c.state == "failed").limit(1)
    if turn.connection.execute(failed).first() is None:
        return set()
    later = t.operations.alias("later")
    query = sa.select(d.c.source_kind, d.c.source_id).where(
        d.c.connection_id == turn.id,
        d.c.state.in_(["open", "linked"]),
        ref_condition(d.c.source_kind, d.c.source_id, refs),
        sa.exists().where(
            o.c.document_id == d.c.id,
            o.c.state == "failed",
            ~sa.exists().where(
                later.c.document_id == o.c.document_id, later.c.id > o.c.id, later.c.state != "cancelled"
            ),
        ),
    )
    return {RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)}


def party_under_way(turn: Turn, kind: BooksKind) -> bool:
    """A new record of the kind was sent and nobody knows yet which one of theirs it is, if it arrived.

    Any that has just appeared there may be it, whatever it is called meanwhile.
    """
    o = t.operations
    query = sa.select(sa.func.count()).where(
        o.c.connection_id == turn.id,
        o.c.kind == kind.value,
        o.c.verb == "create",
        o.c.state.in_(["out", "uncertain"]),
    )
    return bool(turn.connection.execute(query).scalar_one())


def being_read(turn: Turn, refs: Sequence[RecordRef]) -> list[RecordRef]:
    """Records of which a document is read again: they are planned once more after that."""
    if not refs:
        return []
    lk, d = t.links, t.documents
    query = (
        sa.select(d.c.source_kind, d.c.source_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            lk.c.doubtful == READING,
            ref_condition(d.c.source_kind, d.c.source_id, refs),
        )
        .distinct()
    )
    return [RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)]
