"""Sends payment reminders for overdue invoices, after asking every plugin whether they may go.

"Sending" puts a row into `core_reminders_sent`, the box from which mail would leave. An invoice that is paid
or void gets none, and none gets two on one day. A plugin that holds, raises or answers nonsense holds the
reminder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import sqlalchemy as sa

from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.calls import Answer
from blueops_qb.sandbox.core.rows import Row, cents
from blueops_qb.sandbox.core.tables import records, reminders_held, reminders_sent
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sdk.hooks import ReminderHold, ReminderOk, Switch

if TYPE_CHECKING:
    from blueops_qb.sandbox.core.core import ReferenceCore


@attrs.frozen
class Held:
    """A reminder that waits, with the reason for the office."""

    invoice_id: str
    reason: str


@attrs.frozen(kw_only=True)
class ReminderRun:
    """What one run did: ids of invoices reminded of, and the held ones."""

    sent: tuple[str, ...]
    held: tuple[Held, ...]


def send_reminders(core: ReferenceCore, tenant_id: str, today: dt.date) -> ReminderRun:
    """Remind of every open invoice that fell due before `today`; each in a transaction of its own."""
    sent, held = [], []
    for number in _overdue(core.engine, tenant_id, today):
        with core.begin(tenant_id, actor="reminders") as tx:
            reason = _send_one(core, tx, number, today)
        if reason:
            held.append(Held(str(number), reason))
        elif reason is not None:
            sent.append(str(number))
    return ReminderRun(sent=tuple(sent), held=tuple(held))


def _overdue(engine: sa.Engine, tenant_id: str, today: dt.date) -> Sequence[int]:
    r, s = records.c, reminders_sent.c
    reminded = sa.exists().where(s.tenant_id == tenant_id, s.invoice_id == r.id, s.day == today)
    question = (
        sa.select(r.id)
        .where(r.tenant_id == tenant_id, r.kind == RecordKind.INVOICE.value, r.status == "open")
        .where(r.due_date < today, ~reminded)
        .order_by(r.due_date, r.id)
    )
    with engine.connect() as connection:
        return connection.execute(question).scalars().all()


def _send_one(core: ReferenceCore, tx: Transaction, number: int, today: dt.date) -> str | None:
    """Remind of one invoice: "" = sent, a reason = held, None = it needs none any more."""
    switches = tx.lock()
    row = tx.row(RecordRef(RecordKind.INVOICE, str(number)))
    if row is None or row.status != "open" or not row.balance or not isinstance(row.record, Invoice):
        return None
    key = {"tenant_id": tx.tenant_id, "invoice_id": number, "day": today}
    if _has(tx.connection, key):
        return None
    reason = "" if row.record.email else f"invoice {row.record.number} has no e-mail address; enter one"
    reason = reason or _objection(core, tx, row.record.id, switches)
    held = reminders_held
    tx.connection.execute(sa.delete(held).where(*(held.c[name] == value for name, value in key.items())))
    if reason:
        tx.connection.execute(sa.insert(held).values(**key, reason=reason))
    else:
        letter = _letter(row, row.record, today)
        values = {"email": row.record.email, "balance": cents(row.balance), "text": letter}
        tx.connection.execute(sa.insert(reminders_sent).values(**key, **values, sent_at=core.now()))
    return reason


def _has(connection: sa.Connection, key: dict[str, object]) -> bool:
    sent = reminders_sent
    question = sa.select(sent.c.day).where(*(sent.c[name] == value for name, value in key.items()))
    return connection.execute(question).first() is not None


def _objection(core: ReferenceCore, tx: Transaction, invoice_id: str, switches: Mapping[str, Switch]) -> str:
    """Why the reminder must wait, or "" where every plugin of the tenant lets it go."""
    listening = [
        plugin for plugin in core.world.ready() if switches.get(plugin.id, Switch.OFF) is not Switch.OFF
    ]
    answers = core.world.calls.ask_in(
        tx.connection, listening, "may_send_reminder", tenant_id=tx.tenant_id, invoice_id=invoice_id
    )
    return " ".join(filter(None, map(_reason, answers)))


def _reason(answer: Answer) -> str:
    who = answer.plugin.name
    if answer.error:
        return f"{who} could not say whether it may go out: {answer.error}."
    if isinstance(answer.value, ReminderHold):
        return f"{who}: {answer.value.reason}"
    if answer.value is None or isinstance(answer.value, ReminderOk):
        return ""
    return f"{who} answered neither yes nor no but {type(answer.value).__name__}."


def _letter(row: Row, invoice: Invoice, today: dt.date) -> str:
    due = invoice.due_date or invoice.issue_date
    return (
        f"Invoice {invoice.number} of {invoice.issue_date} fell due on {due}, {(today - due).days} days ago."
        f" {row.balance} {invoice.currency} are still open. If you have paid meanwhile, thank you."
    )
