"""Moves: which moves between accounts concern a document of ours, and to which version of the mapping they bring it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine.outbox import State
from blueops_qb.store import tables as t

#: Behind the id of the move that is taken back in part or whole, with a number.
BACK = ".back"


def alive_moves(connection: sa.Connection, connection_id: str) -> frozenset[str]:
    """Moves that were carried out or are on their way; one that was undone counts no more."""
    m = t.moved
    query = sa.select(m.c.reclass_id).where(m.c.connection_id == connection_id, ~_undone()).distinct()
    return frozenset(connection.execute(query).scalars())


def moved_by(connection: sa.Connection, document_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The moves that concern each document, those left out that were undone."""
    m = t.moved
    query = (
        sa.select(m.c.document_id, m.c.reclass_id)
        .where(m.c.document_id.in_(list(document_ids)), ~_undone())
        .distinct()
        .order_by(m.c.document_id, m.c.reclass_id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(query):
        found[row.document_id] = (*found.get(row.document_id, ()), row.reclass_id)
    return found


def _undone() -> sa.ColumnElement[bool]:
    """Whether the entry of a row's move was taken out again, or was left out after somebody took it out there."""
    m, o, c, d = t.moved, t.outbox, t.connections, t.documents
    never = sa.exists().where(
        c.c.id == m.c.connection_id,
        o.c.tenant_id == c.c.tenant_id,
        o.c.ref_kind == RecordKind.RECLASS.value,
        o.c.ref_id == m.c.reclass_id,
        o.c.state == State.NOT_POSTED.value,
    )
    gone = sa.exists().where(
        d.c.connection_id == m.c.connection_id,
        d.c.source_kind == RecordKind.RECLASS.value,
        d.c.source_id == m.c.reclass_id,
        d.c.state.in_(["unlinked", "withdrawn"]),
    )
    return sa.or_(never, gone)


def version_of(moves: Iterable[str], *, most: int) -> int | None:
    """The version of the mapping that these moves bring a document to, of those up to `most`; None = it was not moved.

    What was moved and taken back is where it was before.
    """
    ids = set(moves)
    back = {id.partition(BACK)[0] for id in ids if BACK in id}
    versions = (_version(id) for id in ids if BACK not in id and id not in back)
    return max((version for version in versions if version <= most), default=None)


def _version(id: str) -> int:
    """The one in `m7-202603`."""
    number = id.removeprefix("m").partition("-")[0]
    return int(number) if number.isdecimal() else 0
