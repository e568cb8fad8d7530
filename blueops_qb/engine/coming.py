"""Coming: records of the books that may be ours, as their own exchanges will tell once they are settled.

What names one of them (a payment its invoice, a deposit its payment) waits for that: taken before, it would stand
beside a document that BlueOps does not have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from blueops_qb.domain.refs import CATALOG_KINDS, BooksKind, BooksRef
from blueops_qb.engine import arrived_copies
from blueops_qb.engine.known import sources_of
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t


def names_what_comes(turn: Turn, places: Iterable[BooksRef], *, seen_at: dt.datetime) -> bool:
    """Whether one of the records that something names, which was seen at that time, may be ours and is not settled.

    It bears the marker of something that is on its way, or nobody has seen it yet and one of its kind had been sent.
    """
    asked = [place for place in places if place.kind not in CATALOG_KINDS]
    linked = sources_of(turn.connection, turn.id, asked) if asked else {}
    strange = [place for place in asked if place not in linked]
    marks = _marks(turn, strange)
    if any(arrived_copies.is_coming(turn, mark) for mark in marks.values() if mark):
        return True
    unseen = {place.kind for place in strange if place not in marks}
    return any(_was_sent(turn, kind, seen_at) for kind in unseen)


def _marks(turn: Turn, places: Iterable[BooksRef]) -> dict[BooksRef, str]:
    m = t.mirror
    found: dict[BooksRef, str] = {}
    for place in places:
        query = sa.select(m.c.marker).where(
            m.c.connection_id == turn.id, m.c.kind == place.kind.value, m.c.books_id == place.id
        )
        row = turn.connection.execute(query).one_or_none()
        if row is not None:
            found[place] = row.marker
    return found


def _was_sent(turn: Turn, kind: BooksKind, seen_at: dt.datetime) -> bool:
    """A new record of the kind was sent before `seen_at`, and nobody knows yet which one of theirs it is.

    What is sent afterwards is none of those, so that nothing waits without end. A clock may have been set back since.
    """
    o, e = t.operations, t.exchanges
    query = (
        sa.select(o.c.id)
        .join(e, e.c.id == o.c.exchange_id)
        .where(
            o.c.connection_id == turn.id,
            o.c.kind == kind.value,
            o.c.verb == "create",
            o.c.state.in_(["out", "uncertain"]),
            sa.or_(e.c.first_sent_at <= seen_at, e.c.first_sent_at > turn.now),
        )
        .limit(1)
    )
    return turn.connection.execute(query).first() is not None
