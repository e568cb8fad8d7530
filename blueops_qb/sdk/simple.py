"""Simple provider: an adapter to books from five functions and a name.

An author writes `write`, `read`, `find`, `changes` and `catalog`; what travels between the engine and the
functions is plain JSON made here, and the transport calls them where `send` is called:

    class LedgerFile(SimpleProvider):
        name = "ledger_file"

        def write(self, operation): ...  # create, update or withdraw; the record as it is now, or None
        def read(self, kind, id): ...  # the record, or None when there is none
        def find(self, operation): ...  # records that may be what is looked for
        def changes(self, cursor): ...  # (what changed since, new cursor); "" = everything there is
        def catalog(self): ...  # (BooksProfile, accounts, items, ...)

A function that cannot do it raises `Refusal(why, message, remedy)`, or `Told(outcome)` for any other outcome
(`Stale`, `Throttled`, `SignIn`, `Gone`, `Found(too_old=True, cursor=...)`). Whatever else it raises while
writing means that nobody knows whether it happened; the engine looks it up then.
"""

from __future__ import annotations

import abc
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from blueops_qb.domain.documents import DOCUMENT_TYPES, Document
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.capability import Capability, Feature, Removal
from blueops_qb.sdk.doors import Answered, NotSent, Reply
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    BooksRecord,
    Found,
    LedgerLine,
    NotKnown,
    Outcome,
    Refused,
    Why,
)
from blueops_qb.sdk.plain import plain
from blueops_qb.sdk.provider import (
    WRITES,
    Description,
    Exchange,
    Limits,
    Operation,
    Provider,
    SetupStep,
    Transport,
    Unencodable,
    Vault,
    Verb,
)
from blueops_qb.sdk.simple_wire import (
    operation_from_json,
    operation_to_json,
    outcome_from_json,
    outcome_to_json,
)

#: A record as the books show it, or the reference of one that was deleted.
Change = BooksRecord | BooksRef

FEATURE_KINDS: Mapping[Feature, BooksKind] = {
    Feature.CUSTOMERS: BooksKind.CUSTOMER,
    Feature.JOBS: BooksKind.CUSTOMER,
    Feature.VENDORS: BooksKind.VENDOR,
    Feature.INVOICES: BooksKind.INVOICE,
    Feature.PAYMENTS: BooksKind.PAYMENT,
    Feature.EXPENSES: BooksKind.EXPENSE,
    Feature.BILLS: BooksKind.BILL,
    Feature.JOURNALS: BooksKind.JOURNAL,
    Feature.DEPOSITS: BooksKind.DEPOSIT,
    Feature.ESTIMATES: BooksKind.ESTIMATE,
    Feature.CREDIT_MEMOS: BooksKind.CREDIT_MEMO,
    Feature.SALES_RECEIPTS: BooksKind.SALES_RECEIPT,
    Feature.REFUND_RECEIPTS: BooksKind.REFUND_RECEIPT,
    Feature.BILL_PAYMENTS: BooksKind.BILL_PAYMENT,
    Feature.VENDOR_CREDITS: BooksKind.VENDOR_CREDIT,
    Feature.PURCHASE_ORDERS: BooksKind.PURCHASE_ORDER,
    Feature.ATTACHMENTS: BooksKind.ATTACHMENT,
    Feature.TAX_CODES: BooksKind.TAX_CODE,
    Feature.CLASSES: BooksKind.CLASS,
    Feature.LOCATIONS: BooksKind.LOCATION,
}
#: Entries of lists that can be created, where `also` says so.
ENTRY_FEATURES: Mapping[Feature, BooksKind] = {
    Feature.NEW_ACCOUNTS: BooksKind.ACCOUNT,
    Feature.NEW_ITEMS: BooksKind.ITEM,
    Feature.NEW_CLASSES: BooksKind.CLASS,
}
#: What sentences call a feature whose name does not say it.
_WORDS = {
    Feature.MULTICURRENCY: "documents in a foreign currency",
    Feature.LEDGER: "ledger lines",
    Feature.REPLAYS: "a memory of exchanges that arrive twice",
    Feature.CLOSING: "closed periods",
    Feature.LINE_IDS: "ids of lines",
}
_ALWAYS = frozenset({Feature.CHANGES, Feature.TAX_OVERRIDE})
_PARTIES = frozenset({BooksKind.CUSTOMER, BooksKind.VENDOR})


def _usual_removal(kind: BooksKind) -> Removal:
    if kind in LIST_KINDS:
        return Removal.HOLD
    return Removal.DEACTIVATE if kind in _PARTIES else Removal.VOID


class Told(Exception):
    """Ends one of the five functions with an outcome of its own."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Refusal(Told):
    """The books will not do it: `why` decides the next step, `remedy` tells the admin what to do now."""

    def __init__(self, why: Why, message: str, remedy: str = "") -> None:
        super().__init__(Refused(why=why, message=message, remedy=remedy))


class SimpleProvider(Provider):
    """Books that are reached by five functions; each exchange is carried out where it is sent."""

    #: The provider's name, as its entry point says it.
    name: str = ""
    #: What people read; the name when empty.
    title: str = ""
    #: What can be written, and classes and locations if they are kept. Add ATTACHMENT where files can be kept:
    #: `write` then gets their bytes in `operation.data`. Add TAX_CODE where tax codes can be created.
    kinds: frozenset[BooksKind] = (
        frozenset(DOCUMENT_TYPES)
        - {BooksKind.ATTACHMENT, BooksKind.TAX_CODE, BooksKind.ACCOUNT, BooksKind.ITEM}
    ) | {BooksKind.CLASS, BooksKind.LOCATION}
    #: How kinds are taken out where that differs from: parties are set inactive, documents voided.
    removals: Mapping[BooksKind, Removal] = {}
    steps: tuple[SetupStep, ...] = (
        SetupStep(key="connect", title="Connect", text="Choose the books that this company keeps."),
    )
    #: A cursor that is a place in a list needs no overlap; one that is a moment does, see `changes`.
    limits: Limits = Limits(open_exchanges=1, operations_per_exchange=1, feed_overlap_seconds=0.0)
    #: What else these books do: REPLAYS, CLOSING, LINE_IDS, and LEDGER where `ledger` is there. NEW_ACCOUNTS,
    #: NEW_ITEMS and NEW_CLASSES where `write` creates them and refuses a second one of a name (NAME_TAKEN).
    also: frozenset[Feature] = frozenset()
    #: Documents in another currency than the company's own may be written.
    multicurrency: bool = False
    #: Kinds whose number is looked up (`find` by `number`) before a creation; see `Description`.
    numbers_asked: frozenset[BooksKind] = frozenset()

    # -- the five ----------------------------------------------------------------------------------
    @abc.abstractmethod
    def write(self, operation: Operation) -> BooksRecord | None:
        """Create, update or withdraw (`operation.verb`); answers the record as it is now, None = it is gone.

        The record keeps `operation.marker` and shows it again. An update or withdrawal of a record whose
        version is not `operation.version` raises `Told(Stale())`.
        """

    @abc.abstractmethod
    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        """The record as it is now; None when there is none."""

    @abc.abstractmethod
    def find(self, operation: Operation) -> Iterable[Change]:
        """Records of `operation.kind` that may be what is looked for, deleted ones as references.

        `operation.params["by"]`: `created` (all created since the ISO time `since`), `name`, `number`.
        """

    @abc.abstractmethod
    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        """What was created, changed or deleted since `cursor`, and the next cursor; "" = all there is.

        Where a cursor is a moment, show again what lies up to `limits.feed_overlap_seconds` before it.
        """

    @abc.abstractmethod
    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        """The company and all its accounts, items, classes and so on, inactive ones included."""

    # -- what may be changed -----------------------------------------------------------------------
    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        """The account lines of a period, both days included, for books that name LEDGER in `also`.

        They sum to 0.00, and on each account to what the books' own trial balance says.
        """
        raise NotImplementedError(f"{self.name} names the ledger in `also` and has no function ledger()")

    def of_company(self, company_id: str, vault: Vault) -> SimpleProvider:
        """The provider that serves one company; for books of several companies or with credentials."""
        del company_id, vault
        return self

    def describe(self) -> Description:
        """From the class's attributes: every feature once, with a reason."""
        title = self.title or self.name
        return Description(
            name=self.name,
            title=title,
            capabilities=tuple(self._capability(feature, title) for feature in Feature),
            limits=self.limits,
            steps=self.steps,
            numbers_asked=self.numbers_asked,
            removals={
                kind: self.removals.get(kind, _usual_removal(kind))
                for kind in sorted(self._written() & DOCUMENT_TYPES.keys())
            },
        )

    def _written(self) -> frozenset[BooksKind]:
        """What may be written; a class only where it may be created."""
        entries = {kind for feature, kind in ENTRY_FEATURES.items() if feature in self.also}
        return (self.kinds - LIST_KINDS) | entries

    def _capability(self, feature: Feature, title: str) -> Capability:
        able = feature in _ALWAYS | self.also or FEATURE_KINDS.get(feature) in self.kinds
        if feature is Feature.MULTICURRENCY:
            able = self.multicurrency
        words = _WORDS.get(feature) or feature.value.replace("_", " ")
        reason = f"{title} keeps {words}." if able else f"{title} does not offer {words} to BlueOps."
        return Capability(feature=feature, able=able, reason=reason)

    def normal(self, document: Document) -> Document:
        """The plain lens; see `blueops_qb.sdk.plain`."""
        return plain(document)

    # -- the way there and back --------------------------------------------------------------------
    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        """The exchange as JSON; raises Unencodable for a kind that these books do not keep."""
        del profile
        for operation in exchange.operations:
            if operation.verb in WRITES and operation.kind not in self._written():
                raise Unencodable(
                    operation.id,
                    f"{self.title or self.name} keeps no {operation.kind or 'record'} of that kind. "
                    "Enter it in the books by hand and leave this record out.",
                )
        frame = {
            "exchange": exchange.id,
            "company": exchange.company_id,
            "operations": [operation_to_json(operation) for operation in exchange.operations],
        }
        return json.dumps(frame, separators=(",", ":"), sort_keys=True).encode()

    def perform(self, body: bytes) -> bytes:
        """Carry an exchange out, one operation after the other; the answer for `decode`."""
        frame = json.loads(body)
        operations = [operation_from_json(raw) for raw in frame["operations"]]
        outcomes = {operation.id: outcome_to_json(self._outcome(operation)) for operation in operations}
        answer = {"exchange": frame["exchange"], "outcomes": outcomes}
        return json.dumps(answer, separators=(",", ":"), sort_keys=True).encode()

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        """One outcome per operation; what cannot be read is NotKnown."""
        del profile
        try:
            frame = json.loads(reply)
            if frame["exchange"] != exchange.id:
                raise ValueError(f"it answers exchange {frame['exchange']!r}")
            found: dict[str, Any] = dict(frame["outcomes"])
        except Exception as problem:
            return {op.id: _unreadable(problem, reply) for op in exchange.operations}
        return {op.id: _read(found.get(op.id), reply) for op in exchange.operations}

    def transport(self, vault: Vault, company_id: str) -> Transport | None:
        """Calls the five functions where `send` is called."""
        return SimpleTransport(provider=self.of_company(company_id, vault))

    def _outcome(self, operation: Operation) -> Outcome:
        try:
            return self._done(operation)
        except Told as told:
            return told.outcome
        except Exception as problem:
            return NotKnown(
                message=f"{self.title or self.name} broke off while it was working.",
                detail=f"{type(problem).__name__}: {problem}",
            )

    def _done(self, operation: Operation) -> Outcome:
        match operation.verb:
            case Verb.CREATE | Verb.UPDATE | Verb.WITHDRAW:
                return Applied(record=self.write(operation))
            case Verb.READ:
                assert operation.kind is not None
                record = self.read(operation.kind, operation.target_id)
                return Absent() if record is None else Found(records=(record,))
            case Verb.FIND:
                return _found(self.find(operation))
            case Verb.CHANGES:
                return self._changes(operation.params)
            case Verb.CATALOG:
                profile, records = self.catalog()
                return Found(records=tuple(records), profile=profile)
            case Verb.LEDGER if Feature.LEDGER in self.also:
                start, end = (dt.date.fromisoformat(operation.params[name]) for name in ("start", "end"))
                return Found(ledger=tuple(self.ledger(start, end)))
            case _:
                message = f"{self.title or self.name} cannot do “{operation.verb}”."
                return Refused(why=Why.NOT_AVAILABLE, message=message)

    def _changes(self, params: Mapping[str, str]) -> Found:
        """The first position of a feed is now; a full listing shows what is there and moves nothing."""
        cursor = params.get("cursor", "")
        everything = bool(params.get("full"))
        changed, position = self.changes("" if everything else cursor)
        if everything:
            return Found(records=tuple(c for c in changed if isinstance(c, BooksRecord)))
        return attrs.evolve(_found(changed if cursor else ()), cursor=position)


@attrs.frozen(kw_only=True)
class SimpleTransport:
    """Carries exchanges by calling the provider's functions."""

    provider: SimpleProvider

    def send(self, body: bytes) -> Reply:
        """The answer; an exchange that cannot even be read was not sent."""
        try:
            return Answered(body=self.provider.perform(body))
        except (ValueError, LookupError, TypeError) as problem:
            return NotSent(why=f"the exchange cannot be read: {type(problem).__name__}: {problem}")

    def close(self) -> None:
        """Nothing is kept open."""


def _found(changes: Iterable[Change]) -> Found:
    entries: Sequence[Change] = tuple(changes)
    return Found(
        records=tuple(entry for entry in entries if isinstance(entry, BooksRecord)),
        deleted=tuple(entry for entry in entries if isinstance(entry, BooksRef)),
    )


def _read(raw: Any, reply: bytes) -> Outcome:
    try:
        return outcome_from_json(raw)
    except Exception as problem:
        return _unreadable(problem, reply)


def _unreadable(problem: Exception, reply: bytes) -> NotKnown:
    return NotKnown(
        message="The answer of the books cannot be read.",
        detail=f"{type(problem).__name__}: {problem}; {reply[:200]!r}",
    )
