"""The QuickBooks Online provider: what it is and can do, and the way through its parts."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec import kept, normal, one_way
from blueops_qb.providers.qbo.entities import CATALOG_HINTS, ENTITIES, NUMBERS_ASKED
from blueops_qb.providers.qbo.envelopes import decode_exchange, encode_exchange, envelope_of
from blueops_qb.providers.qbo.excerpts import excerpt_of
from blueops_qb.providers.qbo.gate import WebhookGate
from blueops_qb.providers.qbo.metering import cost_of, limits_of
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.signin import IntuitSignIn
from blueops_qb.providers.qbo.tokens import stored
from blueops_qb.providers.qbo.transport import QboTransport
from blueops_qb.sdk.capability import Capability, Feature
from blueops_qb.sdk.outcomes import Outcome
from blueops_qb.sdk.provider import (
    Cost,
    Description,
    Exchange,
    GateDesk,
    Limits,
    Operation,
    Provider,
    Settle,
    SetupStep,
    SignInEnds,
    Vault,
    WSGIApp,
)

_YES = {
    Feature.CUSTOMERS: "Customers are kept on both sides.",
    Feature.JOBS: "Jobs are sub-customers (QuickBooks Essentials and up).",
    Feature.VENDORS: "Vendors are kept on both sides.",
    Feature.INVOICES: "Invoices are created, changed and voided.",
    Feature.PAYMENTS: "Payments are written and read back with every invoice that they settle.",
    Feature.EXPENSES: "Card, check and cash expenses are written as expenses.",
    Feature.BILLS: "Vendor bills are written as bills (QuickBooks Essentials and up).",
    Feature.JOURNALS: "Use tax and labour are written as journal entries.",
    Feature.DEPOSITS: "Settled payouts are written as bank deposits, and deposits of our payments are read back.",
    Feature.ESTIMATES: "Estimates are created, changed and deleted; one may be named by the invoice that bills it.",
    Feature.CREDIT_MEMOS: "Credit memos are written, and applied to invoices by payments.",
    Feature.SALES_RECEIPTS: "Sales that were paid at once are written as sales receipts.",
    Feature.REFUND_RECEIPTS: "Money given back at once is written as refund receipts.",
    Feature.BILL_PAYMENTS: "Payments to vendors settle bills and use up credits (QuickBooks Essentials and up).",
    Feature.VENDOR_CREDITS: "Credits of vendors are written as vendor credits (QuickBooks Essentials and up).",
    Feature.PURCHASE_ORDERS: "Orders to vendors are written as purchase orders (QuickBooks Plus and up).",
    Feature.CLASSES: "Classes are used when the company tracks them (QuickBooks Plus and up).",
    Feature.LOCATIONS: "Locations are used when the company tracks them (QuickBooks Plus and up).",
    Feature.CHANGES: "Changes are asked for with one call, up to 30 days back.",
    Feature.LEDGER: "The ledger of a period is read from QuickBooks' General Ledger report, accrual basis.",
    Feature.ATTACHMENTS: "Receipts of costs are attached to them, each once (up to 100 MB a file).",
    Feature.TAX_CODES: "Tax codes are created with their rates; they are changed and removed in QuickBooks only.",
    Feature.NEW_ACCOUNTS: "Accounts of an approved template are created; they are changed in QuickBooks only.",
    Feature.NEW_ITEMS: "Services and parts of an approved template are created; they are changed in QuickBooks only.",
    Feature.NEW_CLASSES: "Classes of an approved template are created when the company tracks them.",
    Feature.TAX_OVERRIDE: "Sales tax that BlueOps charged is sent as an amount and kept by QuickBooks.",
    Feature.MULTICURRENCY: "Documents in a foreign currency are written where the company keeps several.",
    Feature.REPLAYS: "QuickBooks remembers the id of a request and answers it again without doing it twice.",
    Feature.CLOSING: "QuickBooks refuses writes on or before the company's closing date.",
    Feature.LINE_IDS: "QuickBooks numbers the lines of a document, and a line keeps its number.",
}
_STEPS = (
    SetupStep(
        key="sign_in",
        title="Sign in at Intuit",
        text="An administrator of the QuickBooks company signs in and allows BlueOps to work with the books.",
    ),
    SetupStep(
        key="confirm",
        title="Confirm the company",
        text="Name, country and plan of the company are read before anything is bound to it, and then shown.",
    ),
    SetupStep(
        key="map",
        title="Map the catalog",
        text="Choose the QuickBooks item or account for every category, payment method and special account.",
    ),
    SetupStep(
        key="match",
        title="Match the customers",
        text="Existing customers and vendors are compared; nothing is written until every row is decided.",
    ),
)


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@attrs.frozen(eq=False)
class QboProvider(Provider):
    """QuickBooks Online for companies in the United States. `now` is the clock that tokens are judged by."""

    settings: QboSettings
    now: Callable[[], dt.datetime] = _utc_now
    limits: Limits = attrs.field()
    signin: IntuitSignIn = attrs.field(init=False, repr=False)

    @limits.default
    def _limits(self) -> Limits:
        return limits_of(self.settings)

    @signin.default
    def _signin(self) -> IntuitSignIn:
        return IntuitSignIn(self.settings)

    def describe(self) -> Description:
        """Name, capabilities with reasons, limits, set-up steps and the removal table."""
        able = [Capability(feature=feature, able=True, reason=reason) for feature, reason in _YES.items()]
        return Description(
            name="qbo",
            title="QuickBooks Online",
            capabilities=tuple(able),
            limits=self.limits,
            catalog_hints=CATALOG_HINTS,
            settle=Settle.FIND,
            freezes_deposited=True,
            numbers_asked=NUMBERS_ASKED,
            steps=_STEPS,
            removals={
                kind: entity.removal for kind, entity in ENTITIES.items() if entity.removal is not None
            },
        )

    def envelope(self, operation: Operation) -> str:
        """Writes share a batch; look-ups by name or number share their queries; all else travels alone."""
        return envelope_of(operation)

    def cost(self, operations: Sequence[Operation]) -> Cost:
        """The paces that the call draws from, and how many of its parts Intuit meters."""
        return cost_of(operations, self.limits)

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        """The bytes of the exchange, without credentials; raises Unencodable."""
        return encode_exchange(
            exchange,
            profile,
            minorversion=self.settings.minorversion,
            overlap=self.limits.feed_overlap_seconds,
        )

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        """One outcome per operation id; never raises."""
        return decode_exchange(exchange, reply, profile, overlap=self.limits.feed_overlap_seconds)

    def excerpt(self, message: bytes, place: int) -> str:
        """The item of the batch, with the line of the call or the status in front."""
        return excerpt_of(message, place)

    def normal(self, document: Document) -> Document:
        """The lens."""
        return normal(document)

    def sent(self, operation: Operation, profile: BooksProfile) -> Document | None:
        """What the books will show of the document; tax and total are None where QuickBooks decides."""
        return None if operation.document is None else normal(kept(operation.document, profile))

    def one_way(self, document: Document) -> Mapping[str, Any]:
        """What is told when we change it and never compared."""
        return one_way(document)

    def transport(self, vault: Vault, company_id: str) -> QboTransport:
        """One connection's way to Intuit."""
        return QboTransport(
            settings=self.settings, signin=self.signin, vault=vault, company_id=company_id, now=self.now
        )

    def needs_sign_in(self, vault: Vault, now: dt.datetime) -> bool:
        """Whether the access token ends within five minutes and can be renewed."""
        tokens = stored(vault)
        return tokens is not None and bool(tokens.refresh_token) and tokens.is_stale(now)

    def gate(self, desk: GateDesk) -> WSGIApp | None:
        """The webhook's address; None where the host has set no verifier token."""
        tokens = self.settings.webhook_tokens
        return WebhookGate(desk, tokens) if tokens else None

    def sign_in_ends(self, vault: Vault) -> SignInEnds | None:
        """A hundred days without use, five years in any case (reference/quickbooks-online.md section 1.5)."""
        tokens = stored(vault)
        if tokens is None or not tokens.refresh_token:
            return None
        return SignInEnds(unused=tokens.refresh_expires_at, final=tokens.hard_expires_at)

    def deep_link(self, kind: BooksKind, id: str) -> str | None:
        """The record's page in QuickBooks; it opens in the company that the browser is signed in to."""
        entity = ENTITIES.get(kind)
        if entity is None or not entity.link:
            return None
        return f"{self.settings.app_base.rstrip('/')}/{entity.link}{id}"


def make_provider(
    environment: Mapping[str, str] | None = None, now: Callable[[], dt.datetime] = _utc_now
) -> QboProvider:
    """The provider with the host's configuration (default: the process environment); raises Misconfigured."""
    return QboProvider(QboSettings.from_environment(os.environ if environment is None else environment), now)
