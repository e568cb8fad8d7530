"""Work: one transaction of one tenant on core's database, the ground on which every action stands.

A change takes the tenant's row lock with its first statement, which also raises the revision, so that
revisions rise in the order of commits. It writes, then tells the plugins on the same connection, then the
caller commits.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Protocol, TypeVar

import attrs
import sqlalchemy as sa

from blueops_qb.domain.records import Expense, ExpenseType, Invoice, Record
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.rows import Row
from blueops_qb.sandbox.core.tables import tenants
from blueops_qb.sdk.core import Snapshot
from blueops_qb.sdk.hooks import Action, Event, Switch

R = TypeVar("R", bound=Record)

#: Which hook tells of what; a change that is not here is told to nobody.
HOOKS: dict[tuple[RecordKind, Action], str] = {
    (RecordKind.CUSTOMER, Action.CREATED): "customer_created",
    (RecordKind.CUSTOMER, Action.UPDATED): "customer_updated",
    (RecordKind.CUSTOMER, Action.MERGED): "customer_merged",
    (RecordKind.CUSTOMER, Action.DELETED): "customer_deleted",
    (RecordKind.JOB, Action.CREATED): "job_created",
    (RecordKind.JOB, Action.UPDATED): "job_updated",
    (RecordKind.JOB, Action.CLOSED): "job_closed",
    (RecordKind.JOB, Action.CANCELLED): "job_cancelled",
    (RecordKind.JOB, Action.MERGED): "job_merged",
    (RecordKind.JOB, Action.DELETED): "job_deleted",
    (RecordKind.VENDOR, Action.CREATED): "vendor_created",
    (RecordKind.VENDOR, Action.UPDATED): "vendor_updated",
    (RecordKind.VENDOR, Action.MERGED): "vendor_merged",
    (RecordKind.VENDOR, Action.DELETED): "vendor_deleted",
    (RecordKind.INVOICE, Action.CREATED): "invoice_created",
    (RecordKind.INVOICE, Action.UPDATED): "invoice_updated",
    (RecordKind.INVOICE, Action.VOIDED): "invoice_voided",
    (RecordKind.PAYMENT, Action.CREATED): "payment_recorded",
    (RecordKind.PAYMENT, Action.UPDATED): "payment_updated",
    (RecordKind.PAYMENT, Action.VOIDED): "payment_voided",
    (RecordKind.PAYOUT, Action.CREATED): "payout_settled",
    (RecordKind.PAYOUT, Action.UPDATED): "payout_updated",
    (RecordKind.PAYOUT, Action.VOIDED): "payout_voided",
    (RecordKind.CREDIT, Action.CREATED): "credit_issued",
    (RecordKind.CREDIT, Action.UPDATED): "credit_updated",
    (RecordKind.CREDIT, Action.VOIDED): "credit_voided",
    (RecordKind.REFUND, Action.CREATED): "refund_issued",
    (RecordKind.REFUND, Action.UPDATED): "refund_updated",
    (RecordKind.REFUND, Action.VOIDED): "refund_voided",
    (RecordKind.PAYMENT_RETURN, Action.CREATED): "payment_returned",
    (RecordKind.PAYMENT_RETURN, Action.UPDATED): "payment_return_updated",
    (RecordKind.PAYMENT_RETURN, Action.VOIDED): "payment_return_voided",
    (RecordKind.EXPENSE, Action.CREATED): "expense_recorded",
    (RecordKind.EXPENSE, Action.UPDATED): "expense_updated",
    (RecordKind.EXPENSE, Action.VOIDED): "expense_voided",
}
#: The same for costs by which a permit was bought.
PERMIT_HOOKS = {
    Action.CREATED: "permit_purchased",
    Action.UPDATED: "permit_updated",
    Action.VOIDED: "permit_voided",
}
#: The same for visits under warranty.
WARRANTY_HOOKS = {
    Action.CREATED: "warranty_visit",
    Action.UPDATED: "warranty_visit_updated",
    Action.VOIDED: "warranty_visit_voided",
}
#: The same for invoices that bill a progress application.
APPLICATION_HOOKS = {
    Action.CREATED: "progress_application_certified",
    Action.UPDATED: "progress_application_updated",
    Action.VOIDED: "progress_application_voided",
}
#: Every hook that tells of a change.
ALL_HOOKS = frozenset(
    {*HOOKS.values(), *PERMIT_HOOKS.values(), *WARRANTY_HOOKS.values(), *APPLICATION_HOOKS.values()}
)


def _hook(ref: RecordRef, action: Action, record: Record | None) -> str:
    if isinstance(record, Expense) and record.permit is not None:
        return PERMIT_HOOKS[action]
    if isinstance(record, Expense) and record.type is ExpenseType.WARRANTY:
        return WARRANTY_HOOKS[action]
    if isinstance(record, Invoice) and record.application is not None:
        return APPLICATION_HOOKS[action]
    return HOOKS[ref.kind, action]


class Refused(Exception):
    """Core will not do it; nothing was changed. `why` is a sentence for the office."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Host(Protocol):
    """What a transaction needs of the host around it."""

    def now(self) -> dt.datetime: ...

    def new_id(self) -> str: ...

    def announce(
        self, hook: str, event: Event, connection: sa.Connection, switches: Mapping[str, Switch]
    ) -> None: ...


@attrs.frozen
class Turn:
    """The right to make one change: its revision, its record's number and who listens to it."""

    revision: int
    number: int
    switches: Mapping[str, Switch]


@cache
def _turn(kind: RecordKind | None) -> sa.UpdateBase:
    raised: dict[str, Any] = {"revision": tenants.c.revision + 1}
    last: sa.ColumnElement[int] = sa.literal_column("0")
    if kind is not None:
        column = tenants.c[f"last_{kind.value}"]
        raised[column.name] = column + 1
        last = column
    question = sa.update(tenants).where(tenants.c.id == sa.bindparam("tenant")).values(raised)
    return question.returning(tenants.c.revision, last.label("number"), tenants.c.switches)


@cache
def read_switches(stored: str) -> Mapping[str, Switch]:
    """The tenant's switches from their stored form; a plugin that is not named is off."""
    return {plugin: Switch(value) for plugin, value in json.loads(stored).items()}


class Work:
    """One transaction; see `Transaction` for what can be done in it."""

    def __init__(self, *, host: Host, connection: sa.Connection, tenant_id: str, actor: str) -> None:
        self._host = host
        self._connection = connection
        self.tenant_id = tenant_id
        self.actor = actor
        #: The key of the plugin's change that is being applied.
        self._cause: str | None = None

    @property
    def connection(self) -> sa.Connection:
        """The connection on which core's and the plugins' statements commit together."""
        return self._connection

    def read(self, ref: RecordRef) -> Snapshot | None:
        """The record as this transaction sees it."""
        row = self.row(ref)
        return row.snapshot if row else None

    def row(self, ref: RecordRef) -> Row | None:
        """The record with its status and balance."""
        return rows.read(self._connection, self.tenant_id, ref)

    def lock(self) -> Mapping[str, Switch]:
        """Take the tenant's lock without a change: nobody else writes for the tenant until the end."""
        question = sa.select(tenants.c.switches).where(tenants.c.id == self.tenant_id).with_for_update()
        return read_switches(self._connection.execute(question).scalar_one())

    # -- what the actions are made of --------------------------------------------------------------
    def _turn(self, kind: RecordKind | None = None) -> Turn:
        """Take the tenant's lock and the next revision, with the next number of `kind` where given."""
        taken = self._connection.execute(_turn(kind), {"tenant": self.tenant_id}).one()
        return Turn(taken.revision, taken.number, read_switches(taken.switches))

    def _existing(self, type_: type[R], kind: RecordKind, id: str) -> tuple[R, Row]:
        """A record that is there, or Refused with what became of it."""
        row = self.row(RecordRef(kind, id))
        if row is None:
            raise Refused(f"there is no {kind.value} {id or '(empty)'}; choose one from the list")
        if row.merged_into:
            raise Refused(f"{kind.value} {id} was merged into {row.merged_into}; use that one")
        if row.gone:
            raise Refused(f"{kind.value} {id} was deleted; choose another or enter it anew")
        if not isinstance(row.record, type_):
            raise TypeError(f"{row.record.ref} is not a {type_.__name__}")
        return row.record, row

    def _create(self, record: Record, turn: Turn, *, balance: Decimal | None = None) -> Record:
        rows.insert(self._connection, self.tenant_id, record, revision=turn.revision, balance=balance)
        self._tell(Action.CREATED, record.ref, record, turn)
        return record

    def _rewrite(
        self,
        record: R,
        turn: Turn,
        *,
        action: Action = Action.UPDATED,
        reason: str = "",
        row: Row | None = None,
    ) -> R:
        """Replace a record; `row` (of an invoice) carries the balance that stays with it."""
        balance = row.balance if row else None
        rows.update(self._connection, self.tenant_id, record, revision=turn.revision, balance=balance)
        self._tell(action, record.ref, record, turn, reason=reason)
        return record

    def _remove(self, record: Record, turn: Turn, *, merged_into: str | None = None) -> None:
        """Keep a record only as a memory: deleted, or merged into another."""
        rows.update(
            self._connection,
            self.tenant_id,
            record,
            revision=turn.revision,
            gone=rows.MERGED if merged_into else rows.DELETED,
            merged_into=merged_into,
        )
        action, left = (Action.MERGED, record) if merged_into else (Action.DELETED, None)
        self._tell(action, record.ref, left, turn, merged_into=merged_into)

    def _tell(
        self,
        action: Action,
        ref: RecordRef,
        record: Record | None,
        turn: Turn,
        *,
        reason: str = "",
        merged_into: str | None = None,
    ) -> None:
        event = Event(
            id=self._host.new_id(),
            tenant_id=self.tenant_id,
            ref=ref,
            action=action,
            revision=turn.revision,
            occurred_at=self._host.now(),
            record=record,
            actor=self.actor,
            cause=self._cause,
            merged_into=merged_into,
            reason=reason,
        )
        self._host.announce(_hook(ref, action, record), event, self._connection, turn.switches)
