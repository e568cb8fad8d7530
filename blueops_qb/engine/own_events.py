"""Own events: what the plugin itself makes goes into the outbox, and out from there like any record of core."""

from __future__ import annotations

from blueops_qb.domain.records import Record
from blueops_qb.engine.outbox import State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Action, Event
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id


def tell(
    turn: Turn, record: Record, *, id: str, actor: str, action: Action = Action.CREATED, revision: int = 1
) -> None:
    """Queue one of our own records at a revision; `id` is that of the event."""
    event = Event(
        id=id,
        tenant_id=turn.tenant_id,
        ref=record.ref,
        action=action,
        revision=revision,
        occurred_at=turn.now,
        record=record,
        actor=actor,
    )
    row = {
        "id": new_id(),
        "tenant_id": turn.tenant_id,
        "ref_kind": record.ref.kind.value,
        "ref_id": record.ref.id,
        "action": action.value,
        "revision": revision,
        "payload": wire.dump(event),
        "occurred_at": turn.now,
        "cause": None,
        "state": State.PENDING.value,
        "at": turn.now,
    }
    insert_all(turn.connection, t.outbox, [row])
