"""Reference books: a company's books in memory, which do what the interface asks of books and nothing more.

They are what the conformance kit is tried on, and an example for whoever writes a stand-in of other books: records
with versions, one registry of names, numbered lines, a closing date, a double entry and a memory of exchanges.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import DOCUMENT_TYPES, Document, kind_of
from blueops_qb.domain.effects import effects
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.postings import Posting
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import CATALOG_KINDS, NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.outcomes import BooksRecord, LedgerLine, Stale, Why
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.references import references
from blueops_qb.sdk.simple import Refusal, Told

_RECEIVABLE, _PAYABLE, _UNDEPOSITED = "1200", "2000", "1090"
_LISTED = (
    ("1000", "Checking", "Bank"),
    (_UNDEPOSITED, "Undeposited Funds", "Other Current Asset"),
    (_RECEIVABLE, "Accounts Receivable", "Accounts Receivable"),
    (_PAYABLE, "Accounts Payable", "Accounts Payable"),
    ("2200", "Sales tax payable", "Other Current Liability"),
    ("4010", "Repair income", "Income"),
    ("5010", "Job materials", "Expense"),
)
_ROLES = {
    "ar": _RECEIVABLE,
    "ap": _PAYABLE,
    "undeposited": _UNDEPOSITED,
    "discounts": "4010",
    "tax_payable": "2200",
}
CATALOG: tuple[BooksRecord, ...] = (
    *(
        BooksRecord(kind=BooksKind.ACCOUNT, id=id, name=name, facts={"account_type": type_})
        for id, name, type_ in _LISTED
    ),
    BooksRecord(kind=BooksKind.ITEM, id="R", name="Repair", facts={"income_account": "4010"}),
    BooksRecord(kind=BooksKind.TAX_AGENCY, id="NV", name="Nevada Department of Taxation"),
)


@attrs.define(kw_only=True)
class Kept:
    """A record as it is kept."""

    document: Document
    version: int
    marker: str
    created_at: dt.datetime
    updated_at: dt.datetime
    deleted: bool = False


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class ReferenceBooks:
    """One company's books. `clock` gives the time; no two changes have the same."""

    def __init__(
        self, *, removals: Mapping[BooksKind, Removal], clock: Callable[[], dt.datetime] = _utc_now
    ) -> None:
        self.records: dict[BooksRef, Kept] = {}
        self.closing_date: dt.date | None = None
        #: Exchange id -> the answer that was given.
        self.answers: dict[str, bytes] = {}
        #: What was posted to accounts, entry by entry; a change takes back what was posted before.
        self.entries: list[Posting] = []
        self._removals = removals
        self._clock = clock
        self._last = clock()
        self._numbers = 100

    def now(self) -> dt.datetime:
        """The books' time, always later than before."""
        self._last = max(self._clock(), self._last + dt.timedelta(microseconds=1))
        return self._last

    # -- writing -----------------------------------------------------------------------------------
    def create(self, document: Document, marker: str) -> BooksRef:
        """A new record; raises Refusal."""
        ref = BooksRef(kind_of(document), self._number())
        self._check(ref, document)
        moment = self.now()
        self.records[ref] = Kept(
            document=self._numbered(document),
            version=1,
            marker=marker,
            created_at=moment,
            updated_at=moment,
        )
        self._post(self.records[ref].document, 1)
        return ref

    def update(self, ref: BooksRef, operation: Operation) -> None:
        """Another document in its place, on the version that is named; raises Refusal, or Told(Stale)."""
        assert operation.document is not None
        kept = self.live(ref)
        self._fresh(ref, kept, operation)
        self._check(ref, operation.document, before=kept.document)
        self._put(kept, self._numbered(operation.document, kept.document), operation.marker or kept.marker)

    def take_out(self, ref: BooksRef, operation: Operation) -> None:
        """By the removal table: deleted, voided or set inactive; raises Refusal, or Told(Stale)."""
        kept = self.live(ref)
        self._fresh(ref, kept, operation)
        self._open(kept.document)
        match self._removals[ref.kind]:
            case Removal.HOLD:
                raise Refusal(Why.FROZEN, f"{ref} cannot be taken out.", "Leave it where it is.")
            case Removal.DELETE:
                self._post(kept.document, -1)
                kept.deleted, kept.updated_at = True, self.now()
            case way:
                gone: dict[str, Any] = {"active": False} if way is Removal.DEACTIVATE else {"void": True}
                self._put(kept, attrs.evolve(kept.document, **gone), kept.marker)

    def _put(self, kept: Kept, document: Document, marker: str) -> None:
        self._post(kept.document, -1)
        kept.document, kept.marker = document, marker
        kept.version, kept.updated_at = kept.version + 1, self.now()
        self._post(document, 1)

    def _fresh(self, ref: BooksRef, kept: Kept, operation: Operation) -> None:
        if str(kept.version) != operation.version:
            raise Told(Stale(message=f"{ref} was changed since: it is at version {kept.version}."))

    # -- what is checked ---------------------------------------------------------------------------
    def live(self, ref: BooksRef) -> Kept:
        """A record that is there; raises Refusal."""
        kept = self.records.get(ref)
        if kept is None or kept.deleted:
            raise Refusal(
                Why.REFERENCE, f"{ref} is not in the books.", "Look for it there, then link it again."
            )
        return kept

    def _check(self, ref: BooksRef, document: Document, before: Document | None = None) -> None:
        for named in references(document):
            if named in self.records or named.kind in DOCUMENT_TYPES.keys() - LIST_KINDS:
                self.live(named)
            elif named not in {record.ref for record in CATALOG}:
                raise Refusal(
                    Why.REFERENCE, f"{named} is in none of the lists.", "Choose another in the mapping."
                )
        self._check_name(ref, document)
        for one in (document, before):
            self._open(one)

    def _check_name(self, ref: BooksRef, document: Document) -> None:
        """Parties share their names; every list has its own."""
        pool = NAMED_KINDS if ref.kind in NAMED_KINDS else {ref.kind} & CATALOG_KINDS
        for other, kept in self.records.items():
            rival = other.kind in pool and other != ref and not kept.deleted
            if rival and name_key(name_of(kept.document)) == name_key(name_of(document)):
                message = f"{other} has the name {name_of(document)} already."
                raise Refusal(Why.NAME_TAKEN, message, "Link the two, or give one another name.")

    def _open(self, document: Document | None) -> None:
        day = getattr(document, "date", None)
        if self.closing_date is not None and day is not None and day <= self.closing_date:
            message = f"The books are closed up to {self.closing_date}; the document is of {day}."
            raise Refusal(Why.CLOSED_PERIOD, message, "Move the date to an open day, or open the period.")

    # -- numbers -----------------------------------------------------------------------------------
    def _number(self) -> str:
        self._numbers += 1
        return str(self._numbers)

    def _numbered(self, document: Any, before: Any = None) -> Document:
        """Every line has a number; one that comes without keeps that of the line in its place."""
        lines = getattr(document, "lines", ())
        if not lines or not hasattr(lines[0], "books_line_id"):
            numbered: Document = document
            return numbered
        old = [line.books_line_id for line in getattr(before, "lines", ())]
        ids = [
            line.books_line_id or (old[place] if place < len(old) else self._number())
            for place, line in enumerate(lines)
        ]
        numbered = attrs.evolve(
            document,
            lines=tuple(attrs.evolve(line, books_line_id=id) for line, id in zip(lines, ids, strict=True)),
        )
        return numbered

    # -- the double entry --------------------------------------------------------------------------
    def _post(self, document: Document, sign: int) -> None:
        self.entries += [attrs.evolve(one, amount=sign * one.amount) for one in postings(document)]

    def trial_balance(self, day: dt.date) -> dict[str, Decimal]:
        """The balance of every account at the end of a day, a debit positive; from what was posted."""
        balances: dict[str, Decimal] = {}
        for entry in self.entries:
            if entry.date <= day:
                balances[entry.account] = balances.get(entry.account, ZERO) + entry.amount
        return balances

    def ledger(self, start: dt.date, end: dt.date) -> Iterator[LedgerLine]:
        """The lines of a period, from the documents as they are now."""
        for ref, kept in self.records.items():
            for posting in () if kept.deleted else postings(kept.document):
                if start <= posting.date <= end:
                    account = BooksRef(BooksKind.ACCOUNT, posting.account)
                    yield LedgerLine(
                        account=account, date=posting.date, kind=ref.kind, id=ref.id, amount=posting.amount
                    )

    # -- looking -----------------------------------------------------------------------------------
    def shown(self, ref: BooksRef) -> BooksRecord:
        """A record as the books show it."""
        kept = self.records[ref]
        return BooksRecord(
            kind=ref.kind,
            id=ref.id,
            version=str(kept.version),
            name=name_of(kept.document),
            active=getattr(kept.document, "active", True),
            document=kept.document,
            marker=kept.marker,
            updated_at=kept.updated_at,
        )

    def profile(self) -> BooksProfile:
        """The company."""
        return BooksProfile(
            company_id="R1",
            company_name="Reference company",
            sales_tax=SalesTax.MANUAL,
            closing_date=self.closing_date,
        )


def name_of(document: Document) -> str:
    """What a list of the books would show of it."""
    return getattr(document, "name", "") or getattr(document, "number", "")


def postings(document: Document) -> tuple[Posting, ...]:
    """Debits and credits of a document on the accounts of these books."""
    return effects(document, roles=_ROLES, item_accounts={"R": "4010"}, item_cost_accounts={"R": "5010"})
