"""Plan anew: lets the newest state of a record that had come to an end pass through planning once more."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import outbox
from blueops_qb.engine.outbox import State
from blueops_qb.engine.sweep import row_of
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all


def plan_anew(
    turn: Turn, source: RecordRef, *, only: State | None = None, waits_for: RecordRef | None = None
) -> bool:
    """Reopen the newest event of a record, or queue what core shows where retention has emptied that event.

    With `only`, events in another state stay as they are; with `waits_for` it is planned once that record is written.
    False: what it said was erased, and core does not have the record any more.
    """
    o = t.outbox
    newest = (
        sa.select(o.c.payload, o.c.state)
        .where(o.c.tenant_id == turn.tenant_id, o.c.ref_kind == source.kind.value, o.c.ref_id == source.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(1)
    )
    event = turn.connection.execute(newest).one_or_none()
    if only is not None and event is not None and event.state != only.value:
        return True
    state = State.PENDING if waits_for is None else State.WAITING
    where = {"waits_for": str(waits_for), "reason": f"waits for {waits_for}"} if waits_for else {}
    if event is not None and event.payload:
        outbox.reopen(
            turn.connection,
            turn.tenant_id,
            source,
            turn.now,
            state,
            where.get("reason"),
            waits_for=where.get("waits_for"),
        )
        return True
    snapshot = turn.tx.read(source)
    if snapshot is None:
        return False
    row = {**row_of(turn.tenant_id, snapshot, turn.now), "state": state.value, **where}
    insert_all(turn.connection, o, [row])
    return True
