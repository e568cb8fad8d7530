"""Newest: the newest state of a record, from core, or from our own events for the kinds that core does not have."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

#: Records that the plugin itself makes: they are in its outbox only.
OF_OUR_OWN = frozenset({RecordKind.RECLASS})


def newest(turn: Turn, source: RecordRef) -> Snapshot | None:
    """The record as it is now; None where it was deleted for good, or where retention has emptied its event."""
    if source.kind not in OF_OUR_OWN:
        return turn.tx.read(source)
    o = t.outbox
    query = (
        sa.select(o.c.revision, o.c.payload)
        .where(o.c.tenant_id == turn.tenant_id, o.c.ref_kind == source.kind.value, o.c.ref_id == source.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(1)
    )
    row = turn.connection.execute(query).one_or_none()
    if row is None or not row.payload:
        return None
    record = wire.load_event(row.payload, f"the event of {source}").record
    return None if record is None else Snapshot(record=record, revision=row.revision)
