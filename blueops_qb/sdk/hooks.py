"""Hooks: when core calls the plugin, with what, and what it may answer.

Core marks its plugin manager `blueops` (`pluggy.PluginManager("blueops")`). It calls each plugin alone
(`subset_hook_caller`) and keeps result or exception per plugin, so that one plugin cannot stop another.
Event hooks are called after core's flush and before its commit, on core's own connection.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import attrs
import pluggy

from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import RecordRef

if TYPE_CHECKING:
    import sqlalchemy as sa

    from blueops_qb.sdk.core import Core

#: The name of the host's plugin world.
PROJECT = "blueops"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

#: The version of the event payload written by this release.
SCHEMA = 1


class Action(enum.StrEnum):
    """What happened to the record."""

    CREATED = "created"
    UPDATED = "updated"
    VOIDED = "voided"
    MERGED = "merged"
    DELETED = "deleted"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    #: A fact that stands alone and is never coalesced.
    HAPPENED = "happened"


@attrs.frozen(kw_only=True)
class Event:
    """A record is at a revision; `record` is its full snapshot (None once deleted).

    `revision` rises within a tenant with every change and in the order of commits. `cause` is the key of
    the change by which the plugin itself asked core for this (`CoreTransaction.apply`), else None.
    `merged_into` is the id of the surviving record of a merge. `reason` explains a void or cancellation.
    """

    id: str
    tenant_id: str
    ref: RecordRef
    action: Action
    revision: int
    occurred_at: dt.datetime
    record: Record | None
    actor: str = ""
    cause: str | None = None
    merged_into: str | None = None
    reason: str = ""
    schema: int = SCHEMA


class Switch(enum.StrEnum):
    """The per-tenant switch of a plugin."""

    ON = "on"
    #: Nothing is handed out; events are kept and what is out is still heard.
    PAUSED = "paused"
    OFF = "off"


@attrs.frozen
class ReminderOk:
    """The reminder may go out."""


@attrs.frozen
class ReminderHold:
    """The reminder must wait; `reason` is shown to the office."""

    reason: str


class SettingType(enum.StrEnum):
    """How a setting is entered."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    SWITCH = "switch"


@attrs.frozen(kw_only=True)
class Setting:
    """One setting that core shows on the plugin's settings page."""

    key: str
    label: str
    type: SettingType = SettingType.TEXT
    default: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""


@attrs.frozen(kw_only=True)
class Task:
    """Something core runs regularly; `run` gets the tenant's id. It must end by itself within `limit_seconds`."""

    name: str
    every_seconds: int
    run: RunsTask
    limit_seconds: int = 60


class RunsTask(Protocol):
    """The body of a scheduled task."""

    def __call__(self, tenant_id: str) -> None: ...


@attrs.frozen(kw_only=True)
class RemovalPlan:
    """What uninstalling would take away: table name -> rows."""

    tables: dict[str, int]


@attrs.frozen(kw_only=True)
class PluginHealth:
    """How a plugin fares for a tenant.

    `ok` False = a person should look; `sentence` says what is so, for that person. `last_contact_at` (UTC) is when the
    other side was last heard of, None = never. `quiet`: the other side comes by itself, and has not come for longer
    than the tenant allows.
    """

    ok: bool
    sentence: str
    last_contact_at: dt.datetime | None = None
    quiet: bool = False


class Hooks:
    """Every hook of the contract. Names, arguments and order of arguments are part of contract 1."""

    # -- life ------------------------------------------------------------------------------------
    @hookspec
    def plugin_started(self, core: Core) -> None:
        """Called once per process (and again after a fork) before any other hook."""

    @hookspec
    def plugin_stopped(self) -> None:
        """Called before the process ends; background work stops within seconds."""

    @hookspec
    def plugin_installed(self, core: Core) -> None:
        """Called after the plugin's migrations ran for the first time."""

    @hookspec
    def plugin_switched(self, tenant_id: str, switch: Switch, actor: str) -> None:
        """Called after an admin turned the tenant's switch, in the transaction's aftermath."""

    @hookspec(firstresult=True)
    def plugin_removal_plan(self, core: Core) -> RemovalPlan | None:
        """The dry run of an uninstall: what would be dropped. Changes nothing."""

    @hookspec(firstresult=True)
    def plugin_uninstall(self, core: Core) -> bool | None:
        """Drop the plugin's own tables (downgrade to base) and nothing else; True when done."""

    @hookspec
    def plugin_settings(self) -> Sequence[Setting] | None:
        """The settings that core shows for the plugin."""

    @hookspec
    def plugin_schedule(self) -> Sequence[Task] | None:
        """The tasks that core's scheduler runs per switched-on tenant."""

    # -- customers, jobs, vendors ------------------------------------------------------------------
    @hookspec
    def customer_created(self, event: Event, connection: sa.Connection) -> None:
        """A customer was entered."""

    @hookspec
    def customer_updated(self, event: Event, connection: sa.Connection) -> None:
        """Any field of a customer changed."""

    @hookspec
    def customer_merged(self, event: Event, connection: sa.Connection) -> None:
        """`event.ref` was merged into `event.merged_into` and is gone."""

    @hookspec
    def customer_deleted(self, event: Event, connection: sa.Connection) -> None:
        """A customer was deleted or archived."""

    @hookspec
    def job_created(self, event: Event, connection: sa.Connection) -> None:
        """A job was opened."""

    @hookspec
    def job_updated(self, event: Event, connection: sa.Connection) -> None:
        """Any field of a job changed."""

    @hookspec
    def job_closed(self, event: Event, connection: sa.Connection) -> None:
        """The work is done."""

    @hookspec
    def job_cancelled(self, event: Event, connection: sa.Connection) -> None:
        """The job was called off."""

    @hookspec
    def job_merged(self, event: Event, connection: sa.Connection) -> None:
        """`event.ref` was merged into `event.merged_into`."""

    @hookspec
    def job_deleted(self, event: Event, connection: sa.Connection) -> None:
        """A job was deleted."""

    @hookspec
    def vendor_created(self, event: Event, connection: sa.Connection) -> None:
        """A vendor was entered."""

    @hookspec
    def vendor_updated(self, event: Event, connection: sa.Connection) -> None:
        """Any field of a vendor changed."""

    @hookspec
    def vendor_merged(self, event: Event, connection: sa.Connection) -> None:
        """`event.ref` was merged into `event.merged_into`."""

    @hookspec
    def vendor_deleted(self, event: Event, connection: sa.Connection) -> None:
        """A vendor was deleted."""

    # -- invoices, payments, expenses --------------------------------------------------------------
    @hookspec
    def invoice_created(self, event: Event, connection: sa.Connection) -> None:
        """An invoice was issued."""

    @hookspec
    def invoice_updated(self, event: Event, connection: sa.Connection) -> None:
        """An issued invoice changed."""

    @hookspec
    def invoice_voided(self, event: Event, connection: sa.Connection) -> None:
        """An invoice was voided; its number stays used."""

    @hookspec
    def payment_recorded(self, event: Event, connection: sa.Connection) -> None:
        """Money of a customer was recorded, with its list of applications."""

    @hookspec
    def payment_updated(self, event: Event, connection: sa.Connection) -> None:
        """A payment or its applications changed."""

    @hookspec
    def payment_voided(self, event: Event, connection: sa.Connection) -> None:
        """A payment was taken back."""

    @hookspec
    def payout_settled(self, event: Event, connection: sa.Connection) -> None:
        """Payments reached the bank together as one deposit."""

    @hookspec
    def payout_updated(self, event: Event, connection: sa.Connection) -> None:
        """A settlement changed, such as one that follows a bank deposit entered in the books."""

    @hookspec
    def payout_voided(self, event: Event, connection: sa.Connection) -> None:
        """A settlement was recorded in error and is taken back."""

    @hookspec
    def credit_issued(self, event: Event, connection: sa.Connection) -> None:
        """A customer was credited: goods back, goodwill, wrong price or tax, write-off, bad debt."""

    @hookspec
    def credit_updated(self, event: Event, connection: sa.Connection) -> None:
        """A credit or what it settles changed."""

    @hookspec
    def credit_voided(self, event: Event, connection: sa.Connection) -> None:
        """A credit was taken back."""

    @hookspec
    def refund_issued(self, event: Event, connection: sa.Connection) -> None:
        """Money of an overpayment, a credit or a deposit went back to a customer."""

    @hookspec
    def refund_updated(self, event: Event, connection: sa.Connection) -> None:
        """A refund changed in words, or went over to another customer by a merge."""

    @hookspec
    def refund_voided(self, event: Event, connection: sa.Connection) -> None:
        """A refund was recorded in error and is taken back."""

    @hookspec
    def payment_returned(self, event: Event, connection: sa.Connection) -> None:
        """The bank or the card processor took a payment back; its invoices are open again."""

    @hookspec
    def payment_return_updated(self, event: Event, connection: sa.Connection) -> None:
        """A dispute over a returned payment was won: `won_by_payment_id` names the money that came back."""

    @hookspec
    def payment_return_voided(self, event: Event, connection: sa.Connection) -> None:
        """A returned payment was recorded in error; the payment settles its invoices again."""

    @hookspec
    def expense_recorded(self, event: Event, connection: sa.Connection) -> None:
        """A cost of any type was recorded."""

    @hookspec
    def expense_updated(self, event: Event, connection: sa.Connection) -> None:
        """A cost changed."""

    @hookspec
    def expense_voided(self, event: Event, connection: sa.Connection) -> None:
        """A cost was taken back."""

    @hookspec
    def progress_application_certified(self, event: Event, connection: sa.Connection) -> None:
        """A progress application, or a release of retainage, was certified: `event.record` is its invoice.

        Called instead of `invoice_created`. What is only submitted, or rejected, posts nothing and is not told.
        """

    @hookspec
    def progress_application_updated(self, event: Event, connection: sa.Connection) -> None:
        """The last application of a job was certified otherwise; called instead of `invoice_updated`."""

    @hookspec
    def progress_application_voided(self, event: Event, connection: sa.Connection) -> None:
        """An application was taken back; called instead of `invoice_voided`."""

    @hookspec
    def warranty_visit(self, event: Event, connection: sa.Connection) -> None:
        """Work was done under our warranty: `event.record` is its cost. Called instead of `expense_recorded`."""

    @hookspec
    def warranty_visit_updated(self, event: Event, connection: sa.Connection) -> None:
        """The cost of a warranty visit changed; called instead of `expense_updated`."""

    @hookspec
    def warranty_visit_voided(self, event: Event, connection: sa.Connection) -> None:
        """A warranty visit was recorded in error; called instead of `expense_voided`."""

    @hookspec
    def permit_purchased(self, event: Event, connection: sa.Connection) -> None:
        """An authority was paid for a permit: `event.record` is that cost, with `permit`.

        Called instead of `expense_recorded`. A permit is billed by a line of an invoice, so there is no hook for that.
        """

    @hookspec
    def permit_updated(self, event: Event, connection: sa.Connection) -> None:
        """The purchase of a permit changed; called instead of `expense_updated`."""

    @hookspec
    def permit_voided(self, event: Event, connection: sa.Connection) -> None:
        """The purchase of a permit was taken back; called instead of `expense_voided`."""

    # -- questions ---------------------------------------------------------------------------------
    @hookspec(firstresult=True)
    def plugin_health(self, tenant_id: str, connection: sa.Connection) -> PluginHealth | None:
        """Asked by whoever shows or watches how the plugin fares; answered from the plugin's own tables only.

        None where nothing is connected.
        """

    @hookspec(firstresult=True)
    def may_send_reminder(
        self, tenant_id: str, invoice_id: str, connection: sa.Connection
    ) -> ReminderOk | ReminderHold | None:
        """Asked before a payment reminder goes out; answered from the plugin's own tables only."""
