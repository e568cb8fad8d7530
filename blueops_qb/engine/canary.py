"""Canary: the first records written after going live are supervised; then the connection waits until somebody confirms.

What was sent is still heard and settled first, so that whoever looks sees how each of them ended.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t

#: What changes the books.
WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.WITHDRAW})
_WRITES = sorted(verb.value for verb in WRITES)


def left(turn: Turn) -> int | None:
    """How many records may still be written before somebody looks; None = any number."""
    found = turn.row["canary_left"]
    return None if found is None else int(found)


def stops(turn: Turn) -> bool:
    """Stop the connection once the first records have been written and settled and more would be; True when it did."""
    if left(turn) != 0:
        return False
    o = t.operations
    writes = sa.select(o.c.state).where(
        o.c.connection_id == turn.id, o.c.verb.in_(_WRITES), o.c.state.in_(["ready", "out", "uncertain"])
    )
    states = set(turn.connection.execute(writes.distinct()).scalars())
    if states != {"ready"}:
        return False
    number = turn.settings.canary_records
    reason = (
        f"The first {number} records are in the books. Look at them there and on the list of records; "
        "if they are right, press the button and the rest follows"
    )
    turn.set(health="stopped", health_reason=reason)
    turn.note("canary", f"connection {turn.id}", numbers=f"{number} records", reason=reason)
    return True


def took(turn: Turn, verbs: Sequence[Verb]) -> None:
    """So many writes have left."""
    remaining = left(turn)
    writes = sum(verb in WRITES for verb in verbs)
    if remaining is not None and writes:
        turn.set(canary_left=max(0, remaining - writes))


def confirm(turn: Turn) -> None:
    """Somebody has looked: what follows is not supervised any more."""
    if left(turn) == 0:
        turn.set(canary_left=None)
