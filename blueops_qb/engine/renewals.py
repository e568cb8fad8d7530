"""Renewals: whether a refused sign-in may be cured by another renewal, by what became of the last ones.

Intuit's rule is to renew once and then to ask a person, never to loop (reference/quickbooks-online.md section 1.5).
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t

#: A renewal after which nothing was accepted within so many seconds has not helped.
FRESH = 60.0
#: So many renewals within so many seconds are a loop, whatever was accepted between them.
MOST, WITHIN = 6, 3600.0


def renewed_since(turn: Turn, moment: dt.datetime) -> bool:
    """Whether a renewal of the sign-in has ended after a moment."""
    return any(ended > moment for ended in _ended(turn, 1))


def in_vain(turn: Turn) -> bool:
    """Whether the last renewal did not help, or too many have followed one another: a person must sign in."""
    ended = _ended(turn, MOST)
    if not ended:
        return False
    if len(ended) == MOST and ended[-1] > turn.now - turn.scaled(WITHIN):
        return True
    return ended[0] > turn.now - turn.scaled(FRESH) and not _accepted_since(turn, ended[0])


def _ended(turn: Turn, most: int) -> list[dt.datetime]:
    """When the last renewals ended, newest first."""
    o = t.operations
    query = (
        sa.select(o.c.closed_at)
        .where(o.c.connection_id == turn.id, o.c.verb == Verb.SIGN_IN.value, o.c.state == "done")
        .order_by(o.c.closed_at.desc())
        .limit(most)
    )
    return list(turn.connection.execute(query).scalars())


def _accepted_since(turn: Turn, moment: dt.datetime) -> bool:
    """Whether the books have done anything for us since."""
    o = t.operations
    query = sa.select(o.c.id).where(
        o.c.connection_id == turn.id,
        o.c.verb != Verb.SIGN_IN.value,
        o.c.state == "done",
        o.c.closed_at > moment,
    )
    return turn.connection.execute(query.limit(1)).first() is not None
