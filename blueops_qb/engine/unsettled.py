"""Unsettled: records of which one document has landed while another is still open or is read again."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.outbox import ref_condition
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: The doubt about a document whose version is out of date.
READING = "it is being read again from the books"


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
            o.c.state.in_(["ready", "out", "uncertain"]),
            ref_condition(d.c.source_kind, d.c.source_id, refs),
        )
    )
    return {RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)}


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
