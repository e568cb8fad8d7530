"""Reminders: whether a payment reminder may go out, answered from our own tables only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import connections
from blueops_qb.engine.known import places_of
from blueops_qb.engine.rulebook import load_policy
from blueops_qb.sdk.hooks import ReminderHold, ReminderOk, Switch
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now


def may_send(tenant_id: str, invoice_id: str, connection: sa.Connection) -> ReminderOk | ReminderHold | None:
    """Hold when the books show a payment that core does not have yet; None when it is not ours to say."""
    live = connections.live(connection, tenant_id)
    if live is None or live["state"] != "live":
        return None
    if connections.switch_of(connection, tenant_id) is not Switch.ON:
        return None
    ref = RecordRef(RecordKind.INVOICE, invoice_id)
    place = places_of(connection, live["id"], [ref]).get(ref)
    if place is None:
        return None
    m = t.mirror
    coming = connection.execute(
        sa.select(m.c.books_id).where(
            m.c.connection_id == live["id"],
            m.c.kind == "payment",
            m.c.dirty.is_(True),
            m.c.document.contains(f'"{place}"', autoescape=True),
        )
    ).first()
    if coming is not None:
        return ReminderHold(
            f"QuickBooks shows payment {coming.books_id} of this invoice; it is just being brought over"
        )
    stale = _not_read(connection, live)
    if stale:
        return ReminderHold(stale)
    conflict = t.conflicts
    unsettled = connection.execute(
        sa.select(conflict.c.reason).where(
            conflict.c.connection_id == live["id"],
            conflict.c.state == "open",
            conflict.c.books_kind == "payment",
            conflict.c.theirs.contains(f'"{place}"', autoescape=True),
        )
    ).first()
    if unsettled is not None:
        return ReminderHold(f"QuickBooks shows a payment of this invoice: {unsettled.reason}")
    disputed = connection.execute(
        sa.select(conflict.c.reason).where(
            conflict.c.connection_id == live["id"], conflict.c.ref == str(ref), conflict.c.state == "open"
        )
    ).first()
    if disputed is not None:
        return ReminderHold(f"The invoice waits for a decision: {disputed.reason}")
    return ReminderOk()


def _not_read(connection: sa.Connection, live: dict[str, Any]) -> str:
    """Why what we know of the books is too old to send somebody a reminder; empty when it is not."""
    if live["health"] not in ("ok", "refresh"):
        return f"QuickBooks cannot be read at the moment: {live['health_reason']}"
    f = t.feeds
    moved_at = connection.execute(
        sa.select(f.c.moved_at).where(f.c.connection_id == live["id"], f.c.feed == "changes")
    ).scalar_one_or_none()
    policy = load_policy(connection, live["id"], live["policy_version"])
    oldest = dt.timedelta(hours=policy.reminder_hours)
    # The books' clock may have gone back: what seems to come from the future is no knowledge either.
    if moved_at is not None and not -oldest < db_now(connection) - moved_at <= oldest:
        return f"QuickBooks was last read on {moved_at:%Y-%m-%d %H:%M} UTC; a payment may have come since"
    return ""
