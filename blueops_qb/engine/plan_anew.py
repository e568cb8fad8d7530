"""Plan anew: lets the newest state of a record pass through planning once more, whatever became of its last event."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import outbox
from blueops_qb.engine.newest import newest
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.sweep import row_of
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all


def plan_anew(turn: Turn, source: RecordRef, *, only: Sequence[State] = ()) -> bool:
    """Reopen the newest event of a record, or queue what core shows where retention has emptied that event.

    With `only`, events in other states stay as they are. False: what it said was erased, and core does not have the
    record any more.
    """
    o = t.outbox
    last = (
        sa.select(o.c.payload, o.c.state)
        .where(o.c.tenant_id == turn.tenant_id, o.c.ref_kind == source.kind.value, o.c.ref_id == source.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(1)
    )
    event = turn.connection.execute(last).one_or_none()
    if only and event is not None and event.state not in [state.value for state in only]:
        return True
    if event is not None and event.payload:
        outbox.reopen(turn.connection, turn.tenant_id, source, turn.now, State.PENDING, None)
        return True
    return _queue(turn, source)


def plan_again(turn: Turn, source: RecordRef) -> None:
    """What of the record is held, waits or is in conflict is planned again, or its newest state where nothing is."""
    states = [State.CONFLICT, State.HELD, State.WAITING]
    if not outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[source], states=states):
        _queue(turn, source)


def no_longer_busy(turn: Turn, source: RecordRef) -> None:
    """What waited for a change of the record to end is planned again."""
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=[source],
        states=[State.WAITING],
        holds=[Hold.BUSY],
    )


def let_wait(turn: Turn, source: RecordRef, reason: str) -> None:
    """The newest event of the record waits for what was queued for it, and says why; it is queued if there is none."""
    if not outbox.reopen(turn.connection, turn.tenant_id, source, turn.now, State.WAITING, reason):
        _queue(turn, source, state=State.WAITING.value, reason=reason)


def _queue(turn: Turn, source: RecordRef, **values: str) -> bool:
    """Queue the record as it is now; False where it is nowhere any more."""
    snapshot = newest(turn, source)
    if snapshot is None:
        return False
    insert_all(turn.connection, t.outbox, [{**row_of(turn.tenant_id, snapshot, turn.now), **values}])
    return True
