"""What a posting rule may look at, and what it may answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingOf
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.mapping import Mapping, Missing
from blueops_qb.domain.overrides import LineOverride
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.posting.trace import Trace
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import DocumentKey, OurRef, RecordRef


@attrs.frozen(kw_only=True)
class PostingContext:
    """Everything beside the record itself.

    `related` holds the records that the record names (customer, job, vendor), as core shows them now.
    `item_accounts` and `item_cost_accounts` give the income and cost account ids of catalog items,
    for the sub-ledger. `posted` is what the documents of the record, and of those it builds on, were last time;
    `open_in_books` what the books still show as open of them, `theirs` the documents as the books show them.
    `no_foreign` says why the provider writes nothing in a foreign currency, empty where it does.
    `event_day` is the day of the event in the company's zone. `splits_payments`: these books have refused a
    payment for several jobs. `number_length`: the longest number of a document that they keep. `choices` are
    what persons chose for the record, by topic. `trace` keeps how keys were looked up, when somebody wants to
    know.
    """

    mapping: Mapping = attrs.field(factory=Mapping)
    policy: Policy = attrs.field(factory=Policy)
    profile: BooksProfile = attrs.field(factory=BooksProfile)
    related: MappingOf[RecordRef, Record] = attrs.field(factory=dict)
    item_accounts: MappingOf[str, str] = attrs.field(factory=dict)
    item_cost_accounts: MappingOf[str, str] = attrs.field(factory=dict)
    inactive: frozenset[str] = frozenset()
    #: Names of what is inactive, by the same words, for the sentences.
    names: MappingOf[str, str] = attrs.field(factory=dict)
    posted: MappingOf[DocumentKey, Document] = attrs.field(factory=dict)
    #: Those of `posted` that stand in the books, and do not only wait to be written.
    in_books: frozenset[DocumentKey] = frozenset()
    open_in_books: MappingOf[DocumentKey, Decimal] = attrs.field(factory=dict)
    theirs: MappingOf[DocumentKey, Document] = attrs.field(factory=dict)
    #: Documents of the record as the version posts them that its own was moved to by a move between accounts.
    as_moved: MappingOf[DocumentKey, Document] = attrs.field(factory=dict)
    #: What a bookkeeper coded anew of the record's documents, which stays so.
    coded: MappingOf[DocumentKey, tuple[LineOverride, ...]] = attrs.field(factory=dict)
    no_foreign: str = ""
    #: Whether these books have refund receipts.
    refund_receipts: bool = True
    event_day: dt.date | None = None
    splits_payments: bool = False
    number_length: int = 21
    choices: MappingOf[str, str] = attrs.field(factory=dict)
    #: The payments that the deposit of a payout lets go for a moment; None = those that it has let go.
    let_go: frozenset[OurRef] | None = None
    trace: Trace | None = None


@attrs.frozen(kw_only=True)
class Posted:
    """The documents that the record needs, complete: a key posted earlier and absent here is withdrawn."""

    documents: MappingOf[DocumentKey, Document]


@attrs.frozen(kw_only=True)
class Blocked:
    """Nothing can be posted before a person acts. `missing` lists the unmapped keys, if that is the cause."""

    reason: str
    remedy: str
    missing: tuple[Missing, ...] = ()


@attrs.frozen(kw_only=True)
class NotPosted:
    """The record rightly has no document in the books, and why."""

    reason: str


Result = Posted | Blocked | NotPosted
