"""The QuickBooks Desktop provider: what it is and can do, and the way through its parts.

Nobody calls a company file: the Web Connector beside QuickBooks asks at the gate for message sets and brings back what
came of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import attrs

from blueops_qb import __version__
from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbd import pictures
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.kept import kept, moved_place
from blueops_qb.providers.qbd.codec.lens import normal, one_way
from blueops_qb.providers.qbd.codec.short_names import FORBIDDEN, LENGTHS, Names, NoNames, Space
from blueops_qb.providers.qbd.entities import ENTITIES, NUMBERS_ASKED
from blueops_qb.providers.qbd.exchanges import decode_set, encode_set
from blueops_qb.providers.qbd.feeds import OVERLAP, is_feed
from blueops_qb.providers.qbd.gate import SoapGate
from blueops_qb.providers.qbd.qbxml.writing import VERSION
from blueops_qb.providers.qbd.qwc import OWNER_ID, QwcChoices, qwc_file
from blueops_qb.providers.qbd.sessions import WebConnector
from blueops_qb.providers.qbd.settings import QbdSettings
from blueops_qb.providers.qbd.silence import why_silent
from blueops_qb.sdk.calling import Caller, SetUpFile, Visit
from blueops_qb.sdk.capability import Capability, Feature
from blueops_qb.sdk.outcomes import Outcome
from blueops_qb.sdk.provider import (
    WRITES,
    Description,
    Exchange,
    GateDesk,
    Limits,
    Operation,
    Provider,
    Settle,
    SetupStep,
    Verb,
    WSGIApp,
)

_YES = {
    Feature.CUSTOMERS: "Customers are kept on both sides.",
    Feature.JOBS: "Jobs are customers below a customer.",
    Feature.VENDORS: "Vendors are kept on both sides.",
    Feature.INVOICES: "Invoices are created, changed and voided.",
    Feature.PAYMENTS: "Payments are written with every invoice and credit that they settle; they can only be deleted.",
    Feature.EXPENSES: "Card expenses are written as charges and credits, all others as checks.",
    Feature.BILLS: "Vendor bills are written as bills.",
    Feature.JOURNALS: "Use tax and labour are written as journal entries.",
    Feature.DEPOSITS: "Settled payouts are written as bank deposits.",
    Feature.ESTIMATES: "Estimates are created, changed and deleted.",
    Feature.CREDIT_MEMOS: "Credit memos are written, and applied to invoices by payments.",
    Feature.SALES_RECEIPTS: "Sales that were paid at once are written as sales receipts.",
    Feature.BILL_PAYMENTS: "Payments to vendors settle bills and use up credits; those by card are never changed.",
    Feature.VENDOR_CREDITS: "Credits of vendors are written as vendor credits.",
    Feature.PURCHASE_ORDERS: "Orders to vendors are written as purchase orders, with items only.",
    Feature.CHANGES: "What changes in QuickBooks, and what is deleted there within 90 days, is read at every session.",
    Feature.LEDGER: "The posted lines of a period are read from QuickBooks, a month at a time.",
    Feature.CLASSES: "Classes are used when the file tracks them.",
    Feature.NEW_ACCOUNTS: "Accounts of an approved template are created; they are changed in QuickBooks only.",
    Feature.NEW_ITEMS: "Services, parts, charges and discounts of an approved template are created.",
    Feature.NEW_CLASSES: "Classes of an approved template are created when the file tracks them.",
    Feature.REPLAYS: "QuickBooks keeps the answer to a message set by its id and gives it again.",
    Feature.CLOSING: "QuickBooks refuses writes on or before the company's closing date.",
    Feature.LINE_IDS: "QuickBooks numbers the lines of a transaction, and a line keeps its number.",
}
_NO = {
    Feature.REFUND_RECEIPTS: "QuickBooks Desktop has none: money given back is a credit memo and what pays it out.",
    Feature.LOCATIONS: "QuickBooks Desktop tracks none; by the settings a class or a field of forms stands for them.",
    Feature.ATTACHMENTS: "QuickBooks Desktop takes no files through qbXML.",
    Feature.TAX_CODES: "Sales tax items are created in QuickBooks, with the vendor that the tax is owed to.",
    Feature.MULTICURRENCY: "Only documents in the home currency are written to QuickBooks Desktop.",
    Feature.TAX_OVERRIDE: "QuickBooks Desktop computes sales tax itself, each part of a group rounded by itself.",
}
#: How a company file is connected (reference/quickbooks-desktop.md section 2).
_STEPS = (
    SetupStep(
        key="connector",
        title="Install the Web Connector",
        text="Install the QuickBooks Web Connector on the computer on which QuickBooks runs.",
    ),
    SetupStep(
        key="company",
        title="Open the company file alone",
        text="Sign in to the company file as its administrator, in single-user mode.",
        picture=pictures.single_user(),
    ),
    SetupStep(
        key="file",
        title="Open the set-up file",
        text="Download the set-up file from the page of the client, on that computer, and open it.",
        picture=pictures.open_file(),
    ),
    SetupStep(
        key="allow",
        title="Allow BlueOps",
        text="QuickBooks asks whether BlueOps may come in. Say yes, also when QuickBooks is not running, and choose "
        "the user that it works as.",
        picture=pictures.allow(),
    ),
    SetupStep(
        key="password",
        title="Enter the password",
        text="Paste the password of the client into the Web Connector and press Enter, then tick Auto-Run.",
        picture=pictures.password(),
    ),
)
#: A user's QuickBooks window waits while a set is carried out.
_LIMITS = Limits(
    open_exchanges=1,
    operations_per_exchange=25,
    # QuickBooks works through a large set for minutes, and its user may be asked something meanwhile.
    deadline_seconds=1800.0,
    # What is uncertain is asked about, not looked for, so that nothing has to be waited for.
    settle_after_seconds=0.0,
    feed_overlap_seconds=OVERLAP,
)


#: The ids of a set: its own, and the one of an earlier set that is cleared with it.
_SET_IDS = re.compile(rb'newMessageSetID="[^"]*"( oldMessageSetID="[^"]*")?')


@attrs.frozen(eq=False)
class QbdProvider(Provider):
    """QuickBooks Desktop for companies in the United States. `names` is the table of short forms."""

    settings: QbdSettings = attrs.field(factory=QbdSettings)
    names: Names = attrs.field(factory=NoNames)
    version: str = VERSION

    def describe(self) -> Description:
        """Name, capabilities with reasons, limits and the removal table."""
        able = [Capability(feature=feature, able=True, reason=reason) for feature, reason in _YES.items()]
        unable = [Capability(feature=feature, able=False, reason=reason) for feature, reason in _NO.items()]
        return Description(
            name="qbd",
            title="QuickBooks Desktop",
            capabilities=(*able, *unable),
            limits=_LIMITS,
            settle=Settle.STATUS,
            witnesses=3,
            calls=True,
            steps=_STEPS,
            removals={
                kind: entity.removal for kind, entity in ENTITIES.items() if entity.removal is not None
            },
            number_length=LENGTHS[Space.NUMBER],
            name_length=LENGTHS[Space.NAME],
            list_name_length=LENGTHS[Space.ITEM],
            numbers_asked=NUMBERS_ASKED if self.settings.ask_numbers else frozenset(),
            name_forbidden=f"{FORBIDDEN}\t\n",
            names_below_parent=True,
            # A row of a TransactionQuery names neither class nor location (qbd-schema, TransactionRet), and of a cost
            # one party, of whom it does not say whether it is the vendor or the customer.
            ledger_omits=frozenset({"class", "location", "party"}),
        )

    def envelope(self, operation: Operation) -> str:
        """Writes share a set, and so do look-ups; a set is never mixed, as only one that writes has an id."""
        if operation.verb in WRITES:
            return "write"
        if is_feed(operation):
            return ""
        return "look" if operation.verb in (Verb.READ, Verb.FIND) else ""

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        """The message set; raises Unencodable."""
        return encode_set(exchange, self._books(profile), version=self.version)

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        """The same set with its own id as the old one: QuickBooks tells what it stored of it and runs nothing."""
        new = f'newMessageSetID="{exchange_id}"'
        return _SET_IDS.sub(f'{new} oldMessageSetID="{exchange_id}"'.encode(), body, count=1)

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        """One outcome per operation id; never raises."""
        return decode_set(exchange, reply, self._books(profile))

    def normal(self, document: Document) -> Document:
        """The lens."""
        return normal(document)

    def sent(self, operation: Operation, profile: BooksProfile) -> Document | None:
        """What the books will show of the document; tax and total are None where QuickBooks decides."""
        if operation.document is None:
            return None
        books = self._books(profile)
        return normal(kept(moved_place(operation.document, operation.told, books), books))

    def one_way(self, document: Document) -> Mapping[str, Any]:
        """What is told when we change it and never compared."""
        return one_way(document)

    def gate(self, desk: GateDesk) -> WSGIApp:
        """The address that the Web Connector calls."""
        connector = WebConnector(
            calls=desk.calls,
            owner_id=OWNER_ID,
            version=__version__,
            most_seconds=self.settings.session_seconds,
        )
        return SoapGate(connector)

    def set_up_file(
        self, caller: Caller, *, gate_url: str, support_url: str, choices: Mapping[str, str]
    ) -> SetUpFile:
        """The .qwc file; raises ValueError."""
        chosen = QwcChoices.of(choices)
        return qwc_file(caller, gate_url=gate_url, support_url=support_url, choices=chosen)

    def why_silent(self, last: Visit | None) -> str:
        """What keeps the Web Connector away, guessed from how it came last."""
        return why_silent(last)

    def _books(self, profile: BooksProfile) -> Books:
        return Books(profile=profile, settings=self.settings, names=self.names)


def make_qbd(environment: Mapping[str, str] | None = None) -> QbdProvider:
    """The provider with the host's configuration (default: the process environment); raises SettingRefused."""
    told = os.environ if environment is None else environment
    return QbdProvider(settings=QbdSettings.from_environment(told, owner_id=f"{{{OWNER_ID}}}"))
