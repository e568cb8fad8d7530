"""What the plugin asks of BlueOps core: a small Protocol that the host implements.

The plugin's tables live in core's database, so that what core is told and what the plugin remembers
of it commit together.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import attrs
import sqlalchemy as sa

from blueops_qb.domain.records import (
    Credit,
    Customer,
    Expense,
    Invoice,
    Job,
    Payment,
    Payout,
    Record,
    Refund,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sdk.hooks import Switch


@attrs.frozen(kw_only=True)
class Tenant:
    """A company that uses BlueOps. `zone` is an IANA name, `currency` ISO 4217, `switch` this plugin's."""

    id: str
    name: str
    zone: str = "America/Los_Angeles"
    currency: str = "USD"
    switch: Switch = Switch.OFF


class Permission(enum.StrEnum):
    """What a user may do with the plugin; core decides from its roles."""

    VIEW = "view"
    RESOLVE = "resolve"
    CONFIGURE = "configure"


@attrs.frozen(kw_only=True)
class Snapshot:
    """A record at a revision."""

    record: Record
    revision: int
    #: Set when the record was merged away.
    merged_into: str | None = None
    deleted: bool = False

    @property
    def ref(self) -> RecordRef:
        return self.record.ref


# -- changes that the plugin may ask for -----------------------------------------------------------
@attrs.frozen(kw_only=True)
class SaveCustomer:
    """Create (`expected_revision` None) or replace a customer by this full state; `record.id` empty = new."""

    record: Customer


@attrs.frozen(kw_only=True)
class SaveJob:
    """Create or replace a job."""

    record: Job


@attrs.frozen(kw_only=True)
class SaveVendor:
    """Create or replace a vendor."""

    record: Vendor


@attrs.frozen(kw_only=True)
class SavePayment:
    """Create or replace a payment; invoices, balances and reminders follow from its applications."""

    record: Payment


@attrs.frozen(kw_only=True)
class VoidPayment:
    """Take a payment back; its invoices are open again."""

    payment_id: str
    reason: str


@attrs.frozen(kw_only=True)
class SaveCredit:
    """Create or replace a credit; balances and reminders of invoices follow from its applications."""

    record: Credit


@attrs.frozen(kw_only=True)
class VoidCredit:
    """Take a credit back; what it settled is open again."""

    credit_id: str
    reason: str


@attrs.frozen(kw_only=True)
class SaveRefund:
    """Record a refund that was made in the books (new ones only)."""

    record: Refund


@attrs.frozen(kw_only=True)
class VoidRefund:
    """Take a refund back; the customer has his credit again."""

    refund_id: str
    reason: str


@attrs.frozen(kw_only=True)
class SavePayout:
    """Record a bank deposit that was made in the books, or replace a payout by this full state.

    Its payments have reached the bank then. Core refuses one that holds a payment which reached the bank already,
    or whose amounts do not come to its net.
    """

    record: Payout


@attrs.frozen(kw_only=True)
class VoidPayout:
    """Take a payout back; its payments wait for the bank again."""

    payout_id: str
    reason: str


@attrs.frozen(kw_only=True)
class SetInvoiceTax:
    """Tax and total as the books computed them (tax mode A)."""

    invoice_id: str
    tax: str
    total: str


@attrs.frozen(kw_only=True)
class SaveInvoice:
    """Replace an invoice by this full state, with its amounts as given: nothing is priced anew.

    Core refuses what breaks its own rules: lines, discounts and tax that do not come to the total, a total
    below what is paid, a number in use.
    """

    record: Invoice


@attrs.frozen(kw_only=True)
class VoidInvoice:
    """Void an invoice that nothing is paid on; its number stays used."""

    invoice_id: str
    reason: str


@attrs.frozen(kw_only=True)
class SaveExpense:
    """Create or replace a cost by this full state; lines, tax and freight come to its total."""

    record: Expense


@attrs.frozen(kw_only=True)
class VoidExpense:
    """Take a cost back."""

    expense_id: str
    reason: str


@attrs.frozen(kw_only=True)
class MergeParty:
    """Merge a customer, job or vendor into another of its kind; what belonged to it belongs to the survivor."""

    kind: RecordKind
    loser_id: str
    survivor_id: str


Change = (
    SaveCustomer
    | SaveJob
    | SaveVendor
    | SavePayment
    | VoidPayment
    | SaveInvoice
    | VoidInvoice
    | SaveExpense
    | VoidExpense
    | SaveCredit
    | VoidCredit
    | SaveRefund
    | VoidRefund
    | SavePayout
    | VoidPayout
    | SetInvoiceTax
    | MergeParty
)


# -- and what core answers -------------------------------------------------------------------------
@attrs.frozen(kw_only=True)
class Applied:
    """Done; `ref` names the record (its new id when it was created). A repeated key answers the same again."""

    ref: RecordRef
    revision: int


@attrs.frozen(kw_only=True)
class Stale:
    """The record moved meanwhile; nothing was changed."""

    revision: int


@attrs.frozen(kw_only=True)
class RefusedChange:
    """Core will not do it; nothing was changed. `why` is plain words for the office."""

    why: str


ApplyAnswer = Applied | Stale | RefusedChange


class CoreTransaction(Protocol):
    """A transaction on core's database."""

    @property
    def connection(self) -> sa.Connection:
        """The connection on which core's and the plugin's statements commit together."""

    def read(self, ref: RecordRef) -> Snapshot | None:
        """The record as this transaction sees it."""

    def apply(self, change: Change, *, expected_revision: int | None, key: str) -> ApplyAnswer:
        """Carry out a change once: the same `key` again does nothing and answers as the first time."""


class Core(Protocol):
    """The host."""

    @property
    def engine(self) -> sa.Engine:
        """Core's database. On SQLite its connections must begin transactions explicitly (BEGIN)."""

    def now(self) -> dt.datetime:
        """The host's clock, aware."""

    def tenants(self) -> Sequence[Tenant]:
        """All tenants, with this plugin's switch."""

    def tenant(self, tenant_id: str) -> Tenant:
        """One tenant; raises KeyError."""

    def read(self, tenant_id: str, refs: Sequence[RecordRef]) -> dict[RecordRef, Snapshot]:
        """The newest committed state of several records; what does not exist is left out."""

    def iterate(
        self, tenant_id: str, *, since_revision: int = 0, kinds: Sequence[RecordKind] = (), limit: int = 500
    ) -> Iterator[Snapshot]:
        """Records of a revision above `since_revision`, by revision, at most `limit`; all kinds if none named.

        A record shows once, at its newest revision; deleted and merged ones included.
        """

    def begin(self, tenant_id: str) -> AbstractContextManager[CoreTransaction]:
        """A transaction; commits when the block ends, rolls back when it raises."""

    def may(self, tenant_id: str, user_id: str, permission: Permission) -> bool:
        """Whether the user may do this for the tenant."""

    def settings(self, tenant_id: str) -> Mapping[str, str]:
        """What was entered for this plugin's settings (`Hooks.plugin_settings`); untouched ones are left out."""

    def attachment(self, tenant_id: str, id: str) -> bytes:
        """The content of a receipt or other file by its id; raises KeyError."""

    def secret_keys(self) -> Sequence[bytes]:
        """Keys to seal secrets with, newest first: 32 url-safe base64 bytes each (Fernet)."""
