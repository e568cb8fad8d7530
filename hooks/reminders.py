"""The question before a payment reminder goes out."""

from __future__ import annotations

import pluggy
import sqlalchemy as sa

from blueops_qb.engine import reminders
from blueops_qb.sdk.hooks import ReminderHold, ReminderOk

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def may_send_reminder(
    tenant_id: str, invoice_id: str, connection: sa.Connection
) -> ReminderOk | ReminderHold | None:
    return reminders.may_send(tenant_id, invoice_id, connection)
