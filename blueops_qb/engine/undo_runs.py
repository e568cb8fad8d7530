"""Undo runs: what was asked to be undone and how far it is, and which backfills there are to undo."""

from __future__ import annotations

import datetime as dt
import enum

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.outbox import State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Undone documents and backfills that are listed.
SHOWN = 100


class Progress(enum.StrEnum):
    """How far the undo of one document is."""

    #: Waits for what goes first, or for the books.
    ASKED = "asked"
    #: The books refused it, or something must be decided first: the record says what.
    HELD = "held"
    DONE = "done"
    TAKEN_BACK = "taken_back"


@attrs.frozen(kw_only=True)
class Undone:
    """One document that somebody asked to be undone, the newest first."""

    ref: RecordRef
    way: str
    progress: Progress
    asked_by: str
    asked_at: dt.datetime
    closed_at: dt.datetime | None
    reason: str = ""
    remedy: str = ""


@attrs.frozen(kw_only=True)
class Backfilled:
    """A backfill whose documents can be undone."""

    id: int
    first: dt.date
    last: dt.date
    state: str
    queued: int
    asked_at: dt.datetime


def undone(turn: Turn, *, limit: int = SHOWN) -> list[Undone]:
    """What was asked to be undone, newest first, with what keeps a record of it held."""
    u, d = t.undos, t.documents
    query = (
        sa.select(u, d.c.source_kind, d.c.source_id)
        .join_from(u, d, d.c.id == u.c.document_id)
        .where(u.c.connection_id == turn.id)
        .order_by(u.c.asked_at.desc(), u.c.id.desc())
        .limit(limit)
    )
    rows = turn.connection.execute(query).all()
    held = _held(turn, {row.source_id for row in rows if row.state == "asked"})
    found = []
    for row in rows:
        ref = RecordRef(RecordKind(row.source_kind), row.source_id)
        why = held.get(ref) if row.state == "asked" else None
        found.append(
            Undone(
                ref=ref,
                way=row.way,
                progress=Progress.HELD if why else Progress(row.state),
                asked_by=row.asked_by,
                asked_at=row.asked_at,
                closed_at=row.closed_at,
                reason=why[0] if why else "",
                remedy=why[1] if why else "",
            )
        )
    return found


def _held(turn: Turn, ids: set[str]) -> dict[RecordRef, tuple[str, str]]:
    """(reason, remedy) of records whose event is held."""
    o = t.outbox
    query = sa.select(o.c.ref_kind, o.c.ref_id, o.c.reason, o.c.remedy).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.ref_id.in_(sorted(ids)),
        o.c.state.in_([State.HELD.value, State.CONFLICT.value]),
    )
    return {
        RecordRef(RecordKind(row.ref_kind), row.ref_id): (row.reason or "", row.remedy or "")
        for row in turn.connection.execute(query)
    }


def backfilled(turn: Turn, *, limit: int = SHOWN) -> list[Backfilled]:
    """The backfills that have queued something, newest first."""
    b = t.backfills
    query = (
        sa.select(b)
        .where(b.c.connection_id == turn.id, b.c.queued > 0)
        .order_by(b.c.asked_at.desc(), b.c.id.desc())
        .limit(limit)
    )
    return [
        Backfilled(
            id=row.id,
            first=row.first_day,
            last=row.last_day,
            state=row.state,
            queued=row.queued,
            asked_at=row.asked_at,
        )
        for row in turn.connection.execute(query)
    ]
