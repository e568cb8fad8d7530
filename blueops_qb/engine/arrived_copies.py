"""Arrived copies: what bears our marker and is not linked: still on its way, a second copy, or written after all."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey
from blueops_qb.engine import outbox
from blueops_qb.engine.conflicts import their_mover
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t


def of_ours(turn: Turn, row: Any) -> bool | None:
    """Put a record that bears our marker to a person where one must choose; False when it must be looked at again.

    None = it is nothing of ours that is known here.
    """
    if is_coming(turn, row["marker"]):
        # Ours, and its own exchange has not been settled yet: that settles it.
        return False
    ours = _bearer(turn, row["marker"])
    if ours is None:
        return None
    if _is_taken_out(turn, row, ours):
        return True
    # A doubtful one is put to a person already, who is shown what it is by now.
    if ours.state == "doubtful":
        return _late(turn, row, ours) if _is_told(turn, row) else True
    return _second_copy(turn, row, ours) if ours.linked else _late(turn, row, ours)


def _is_taken_out(turn: Turn, row: Any, ours: Known) -> bool:
    """It is what a void of ours has left there."""
    lk = t.links
    query = sa.select(lk.c.id).where(
        lk.c.connection_id == turn.id,
        lk.c.document_id == ours.id,
        lk.c.books_kind == row["kind"],
        lk.c.books_id == row["books_id"],
        lk.c.state == "withdrawn",
    )
    return '"void":true' in row["document"] and turn.connection.execute(query).first() is not None


def is_coming(turn: Turn, marker: str) -> bool:
    """Something of ours that bears the marker was sent, or goes next, and its own exchange is not settled.

    What still waits for another document settles nothing: that one may never come.
    """
    o, a = t.operations, t.operation_after
    waits = sa.exists().where(a.c.operation_id == o.c.id)
    query = sa.select(sa.func.count()).where(
        o.c.connection_id == turn.id,
        o.c.marker == marker,
        sa.or_(o.c.state.in_(["out", "uncertain"]), sa.and_(o.c.state == "ready", ~waits)),
    )
    return bool(turn.connection.execute(query).scalar_one())


def _bearer(turn: Turn, marker: str) -> Known | None:
    """The document of ours that a marker names, whatever became of it."""
    try:
        key = DocumentKey.parse(marker.rpartition(".")[0])
    except ValueError:
        return None
    return load_known(turn.connection, turn.id, [key.source]).get(key)


def _second_copy(turn: Turn, row: Any, ours: Known) -> bool:
    """Our own document stands in the books again: copied there by hand, or written twice."""
    place = BooksRef(BooksKind(row["kind"]), row["books_id"])
    landing = Landing(turn=turn)
    landing.conflict(
        cause="twice",
        place=place,
        ref=ours.key.source,
        document_id=ours.id,
        group="copy",
        theirs=row["document"],
        revision=ours.revision,
        version=row["version"],
        movers=their_mover(row),
        reason=f"{ours.key.source} is in the books twice: as {ours.place} and as {place}",
        remedy=f"Delete {place} in QuickBooks if it is a copy, or clear its private note if it is not.",
    )
    landing.write()
    return True


def _is_told(turn: Turn, row: Any) -> bool:
    """A person was shown just this one of the books, and has not chosen yet."""
    c = t.conflicts
    query = sa.select(c.c.id).where(
        c.c.connection_id == turn.id,
        c.c.books_kind == row["kind"],
        c.c.books_id == row["marker"],
        c.c.cause == "twice",
        c.c.state == "open",
        c.c.version != "",
    )
    return turn.connection.execute(query).first() is not None


def _late(turn: Turn, row: Any, ours: Known) -> bool:
    """A document of ours that counts as not written stands in the books after all: a person links it or not."""
    turn.connection.execute(t.documents.update().where(t.documents.c.id == ours.id).values(state="doubtful"))
    _not_sent_before_it_is_known(turn, ours)
    landing = Landing(turn=turn)
    landing.conflict(
        cause="twice",
        place=BooksRef(BooksKind(row["kind"]), row["marker"]),
        ref=ours.key.source,
        document_id=ours.id,
        group="existence",
        theirs=row["document"],
        revision=ours.revision,
        version=row["version"],
        reason=f"{ours.key.source} counts as not written, but {row['kind']} {row['books_id']} is marked as it",
        remedy="Choose: link the one that is there, or create it again.",
    )
    landing.write()
    return True


def _not_sent_before_it_is_known(turn: Turn, ours: Known) -> None:
    """What was to create it is given up; its record waits for the choice."""
    if ours.ready_operation is None:
        return
    o, source = t.operations, ours.key.source
    turn.connection.execute(
        o.update()
        .where(o.c.id == ours.ready_operation, o.c.state == "ready")
        .values(state="cancelled", reason="it may be in the books already", closed_at=turn.now)
    )
    states = [outbox.State.WAITING]
    outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[source], states=states)
