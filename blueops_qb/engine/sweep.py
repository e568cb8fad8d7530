"""Core sweep: finds records whose event a hook missed, and serves switch-on and resume.

Core's records are walked by revision from where the last sweep ended; a record that the outbox does not know at
that revision gets a row.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine.outbox import ref_condition
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Core, Snapshot
from blueops_qb.sdk.hooks import Action, Event
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id

PAGE = 500


def sweep(core: Core, tenant_id: str, *, everything: bool = False) -> int:
    """Add what the outbox lacks; answers how many events were added."""
    added = 0
    while True:
        with core.begin(tenant_id) as tx:
            known = tx.connection.execute(
                sa.select(t.tenants.c.swept_revision)
                .where(t.tenants.c.tenant_id == tenant_id)
                .with_for_update()
            ).scalar_one_or_none()
            since = 0 if everything and not added else (known or 0)
            page = list(core.iterate(tenant_id, since_revision=since, limit=PAGE))
            everything = False
            if not page:
                return added
            missing = _missing(tx.connection, tenant_id, page)
            insert_all(tx.connection, t.outbox, [row_of(tenant_id, s, core.now()) for s in missing])
            added += len(missing)
            tx.connection.execute(
                t.tenants.update()
                .where(t.tenants.c.tenant_id == tenant_id)
                .values(swept_revision=max(s.revision for s in page), swept_at=core.now())
            )
        if len(page) < PAGE:
            return added


def _missing(connection: sa.Connection, tenant_id: str, page: list[Snapshot]) -> list[Snapshot]:
    o = t.outbox
    query = (
        sa.select(o.c.ref_kind, o.c.ref_id, sa.func.max(o.c.revision))
        .where(o.c.tenant_id == tenant_id, ref_condition(o.c.ref_kind, o.c.ref_id, [s.ref for s in page]))
        .group_by(o.c.ref_kind, o.c.ref_id)
    )
    seen = {(kind, id): revision for kind, id, revision in connection.execute(query)}
    return [s for s in page if seen.get((s.ref.kind.value, s.ref.id), -1) < s.revision]


def row_of(tenant_id: str, snapshot: Snapshot, now: dt.datetime) -> dict[str, Any]:
    """A pending outbox row that says "the record is at this revision"."""
    ref: RecordRef = snapshot.ref
    action = Action.MERGED if snapshot.merged_into else Action.DELETED if snapshot.deleted else Action.UPDATED
    event = Event(
        id=f"sweep-{uuid.uuid4().hex}",
        tenant_id=tenant_id,
        ref=ref,
        action=action,
        revision=snapshot.revision,
        occurred_at=now,
        record=None if snapshot.deleted else snapshot.record,
        actor="core sweep",
        merged_into=snapshot.merged_into,
    )
    return {
        "id": new_id(),
        "tenant_id": tenant_id,
        "ref_kind": ref.kind.value,
        "ref_id": ref.id,
        "action": action.value,
        "revision": snapshot.revision,
        "payload": wire.dump(event),
        "occurred_at": now,
        "cause": None,
        "state": "pending",
        "at": now,
    }
