"""The reference provider, broken in one place at a time, and the one case of the kit that must find each out.

Run by test_conformance_class.py with pytest itself; a class per broken provider is made at the end.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import (
    CreditMemo,
    CustomerRecord,
    Document,
    Estimate,
    ExpenseDocument,
    SalesForm,
    SalesInvoice,
)
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, LedgerLine, Outcome, Refused, Why
from blueops_qb.sdk.provider import WRITES, Cost, Description, Exchange, Operation, Pace, Verb
from blueops_qb.sdk.simple import FEATURE_KINDS, Change, Refusal
from blueops_qb.sdk.testing.bytes_cases import PREVIEW
from blueops_qb.sdk.testing.conformance import CloseBooks, ProviderConformance, TrialBalance
from blueops_qb.sdk.testing.line_cases import LINED
from blueops_qb.sdk.testing.reference_books import CATALOG, ReferenceBooks
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from blueops_qb.sdk.testing.samples import SAMPLES

Broken = Callable[[], ReferenceProvider]
#: Name of the case -> the broken provider that it finds out.
BROKEN: dict[str, Broken] = {}


def fails(case: str) -> Callable[[type[ReferenceProvider]], type[ReferenceProvider]]:
    """Enter a broken provider into the table."""

    def enter(broken: type[ReferenceProvider]) -> type[ReferenceProvider]:
        assert case not in BROKEN, f"{case} has its broken provider already"
        BROKEN[case] = broken
        return broken

    return enter


def evolved(value: Any, **changes: Any) -> Any:
    """Loosely typed, as fields differ from kind to kind."""
    return attrs.evolve(value, **changes)


def is_of(feature: Feature, kind: BooksKind | None, document: Document | None) -> bool:
    """Jobs are customers below a customer."""
    if FEATURE_KINDS[feature] is not kind:
        return False
    if isinstance(document, CustomerRecord):
        return (document.parent is not None) is (feature is Feature.JOBS)
    return True


# -- what it says of itself ------------------------------------------------------------------------
@fails("describes_itself")
class SaysNothingOfTax(ReferenceProvider):
    """Leaves a feature out."""

    def describe(self) -> Description:
        told = super().describe()
        kept = tuple(one for one in told.capabilities if one.feature is not Feature.TAX_OVERRIDE)
        return attrs.evolve(told, capabilities=kept)


@fails("has_sensible_limits")
class LongPace(ReferenceProvider):
    """Names a pace at more length than a row of the table holds."""

    limits = attrs.evolve(ReferenceProvider.limits, paces=(Pace(name="calls of the whole company", calls=9),))


@fails("tells_what_an_exchange_takes")
class UnknownPace(ReferenceProvider):
    """Draws from a pace that it does not describe."""

    def cost(self, operations: Any) -> Cost:
        return attrs.evolve(super().cost(operations), paces=frozenset({"nowhere"}))


@fails("says_how_every_kind_is_removed")
class NoWayOut(ReferenceProvider):
    """Forgets how estimates are taken out."""

    def describe(self) -> Description:
        told = super().describe()
        ways: dict[BooksKind, Removal] = {
            kind: way for kind, way in told.removals.items() if kind != BooksKind.ESTIMATE
        }
        return attrs.evolve(told, removals=ways)


# -- bytes there and back --------------------------------------------------------------------------
@fails("encodes_the_same_exchange_to_the_same_bytes")
class MarksRetries(ReferenceProvider):
    """Writes an exchange otherwise when it is asked again."""

    last: Exchange | None = None

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        again, self.last = self.last == exchange, exchange
        return super().encode(exchange, profile) + (b" " if again else b"")


def _by_time(exchange: Exchange) -> Exchange:
    return attrs.evolve(exchange, id=exchange.created_at.isoformat())


@fails("carries_the_id_of_the_exchange")
class NamesByTime(ReferenceProvider):
    """Sends the time of an exchange in place of its id."""

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        return super().encode(_by_time(exchange), profile)

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        return super().decode(_by_time(exchange), reply, profile)


@fails("previews_what_it_sends")
class PrettyPreview(ReferenceProvider):
    """Leaves out of a preview what it thinks that nobody wants to see."""

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        if exchange.id == PREVIEW:
            shown = tuple(attrs.evolve(operation, marker="") for operation in exchange.operations)
            exchange = attrs.evolve(exchange, operations=shown)
        return super().encode(exchange, profile)


@fails("names_envelopes_steadily")
class Counting(ReferenceProvider):
    """Numbers its envelopes."""

    asked = 0

    def envelope(self, operation: Operation) -> str:
        del operation
        self.asked += 1
        return str(self.asked)


class Hopeful(ReferenceProvider):
    """Takes one kind of unreadable answer for an outcome."""

    def hoped(self, operation: Operation, reply: bytes) -> Outcome | None:
        """What it makes of an answer; None reads it properly."""
        raise NotImplementedError

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        read = super().decode(exchange, reply, profile)
        return {one.id: self.hoped(one, reply) or read[one.id] for one in exchange.operations}


@fails("takes_garbage_for_not_known")
class TrustsGateways(Hopeful):
    """Claims that a write was applied whose answer a gateway replaced."""

    def hoped(self, operation: Operation, reply: bytes) -> Outcome | None:
        return Applied() if operation.verb in WRITES and reply.startswith(b"<html") else None


@fails("never_finds_anything_in_garbage")
class EmptyIsAbsent(Hopeful):
    """Takes an empty list for the answer that nothing is there."""

    def hoped(self, operation: Operation, reply: bytes) -> Outcome | None:
        return Absent() if operation.verb not in WRITES and reply == b"[]" else None


@fails("knows_nothing_from_a_cut_answer")
class TrustsBeginnings(Hopeful):
    """Claims that a write was applied whose answer began well."""

    def hoped(self, operation: Operation, reply: bytes) -> Outcome | None:
        began = reply.startswith(b'{"exchange":"') and not reply.endswith(b"}}")
        return Applied() if operation.verb in WRITES and began else None


# -- the lens --------------------------------------------------------------------------------------
@fails("looks_through_the_lens_once")
class OneBlankALook(ReferenceProvider):
    """Takes one blank off with every look."""

    def normal(self, document: Document) -> Document:
        memo = getattr(document, "memo", "")
        once: Document = super().normal(document)
        return evolved(once, memo=memo[1:]) if memo.startswith("  ") else once

    def sent(self, operation: Operation, profile: BooksProfile) -> Document | None:
        del profile
        assert operation.document is not None
        return super().normal(operation.document)


@fails("tells_one_way_what_it_never_compares")
class MemoOneWay(ReferenceProvider):
    """Tells the memo one way and compares it all the same."""

    def one_way(self, document: Document) -> Mapping[str, Any]:
        return {"memo": document.memo} if isinstance(document, SalesInvoice) else {}


@fails("compares_the_same_after_it_was_stored")
class DayWithTime(ReferenceProvider):
    """Compares days as moments, which a stored base does not keep."""

    def normal(self, document: Document) -> Document:
        seen = super().normal(document)
        if isinstance(seen, CreditMemo) and not isinstance(seen.date, dt.datetime):
            return attrs.evolve(seen, date=dt.datetime.combine(seen.date, dt.time()))
        return seen


@fails("counts_a_void_document_as_nothing")
class VoidKeepsTotal(ReferenceProvider):
    """Shows a void estimate at what it was."""

    def normal(self, document: Document) -> Document:
        seen = super().normal(document)
        if isinstance(seen, Estimate) and seen.void:
            assert isinstance(document, Estimate)
            return attrs.evolve(seen, total=document.total)
        return seen


@fails("says_what_it_sends_through_the_lens")
class SentAsTyped(ReferenceProvider):
    """Says of expenses what was typed, not what is compared."""

    def sent(self, operation: Operation, profile: BooksProfile) -> Document | None:
        if isinstance(operation.document, ExpenseDocument):
            return operation.document
        return super().sent(operation, profile)


# -- lists and reading -----------------------------------------------------------------------------
@fails("reads_the_company_and_its_lists")
class ListsTwice(ReferenceProvider):
    """Shows an account on two pages."""

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        profile, records = super().catalog()
        return profile, [*records, CATALOG[0]]


@fails("tells_absent_from_unreadable")
class StumblesOverNothing(ReferenceProvider):
    """Breaks off where nothing is there."""

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        found = super().read(kind, id)
        if found is None:
            raise RuntimeError("the list is shorter than that")
        return found


# -- writing, for every kind -----------------------------------------------------------------------
#: What is lost on read-back, by feature.
LOST: dict[Feature, dict[str, Any]] = {
    Feature.CUSTOMERS: {"email": ""},
    Feature.JOBS: {"shipping": None},
    Feature.VENDORS: {"phone": ""},
    Feature.INVOICES: {"memo": ""},
    Feature.PAYMENTS: {"allocations": ()},
    Feature.BILLS: {"due_date": None},
    Feature.EXPENSES: {"payee": None},
    Feature.JOURNALS: {"number": ""},
    Feature.DEPOSITS: {"lines": ()},
    Feature.ESTIMATES: {"expires": None},
    Feature.CREDIT_MEMOS: {"number": ""},
    Feature.SALES_RECEIPTS: {"reference": ""},
    Feature.REFUND_RECEIPTS: {"number": ""},
    Feature.VENDOR_CREDITS: {"number": ""},
    Feature.PURCHASE_ORDERS: {"number": ""},
    Feature.BILL_PAYMENTS: {"settles": ()},
    Feature.ATTACHMENTS: {"content_type": ""},
}


@attrs.define(init=False)
class OfOneKind(ReferenceProvider):
    """Broken for the records of one feature only."""

    feature: Feature

    def __init__(self, feature: Feature) -> None:
        super().__init__()
        self.feature = feature

    def is_mine(self, kind: BooksKind | None, document: Document | None) -> bool:
        return is_of(self.feature, kind, document)


class LosesAField(OfOneKind):
    """Loses a field when a record that nobody changed is read back."""

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        record = super().read(kind, id)
        if record is None or record.version != "1" or not self.is_mine(kind, record.document):
            return record
        return attrs.evolve(record, document=evolved(record.document, **LOST[self.feature]))


class FindsNothingAgain(OfOneKind):
    """Does not show by what a record could be recognised."""

    def find(self, operation: Operation) -> Iterable[Change]:
        for found in super().find(operation):
            if isinstance(found, BooksRecord) and self.is_mine(found.kind, found.document):
                if found.kind in NAMED_KINDS:
                    continue
                found = attrs.evolve(found, marker="")
            yield found


class KeepsWhatWasTakenOut(OfOneKind):
    """Says that a record was taken out, and still shows it."""

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        kept = self.books.records.get(BooksRef(kind, id))
        if kept is None or not self.is_mine(kind, kept.document):
            return super().read(kind, id)
        back = {"active": True} if hasattr(kept.document, "active") else {"void": False}
        if kind is BooksKind.ATTACHMENT:
            back = {}
        shown = self.books.shown(BooksRef(kind, id))
        return attrs.evolve(shown, active=True, document=evolved(kept.document, **back))


class RenumbersLines(OfOneKind):
    """Writes every line anew with a change."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.verb is Verb.UPDATE and self.is_mine(operation.kind, operation.document):
            lines = [
                evolved(line, books_line_id=f"new {place}")
                for place, line in enumerate(evolved(operation.document).lines)
            ]
            operation = attrs.evolve(operation, document=evolved(operation.document, lines=tuple(lines)))
        return super().write(operation)


for _feature in SAMPLES:
    BROKEN[f"writes_and_reads_back_{_feature.value}"] = lambda one=_feature: LosesAField(one)  # type: ignore[misc]
    BROKEN[f"finds_{_feature.value}_after_a_lost_answer"] = lambda one=_feature: FindsNothingAgain(one)  # type: ignore[misc]
    BROKEN[f"takes_out_{_feature.value}"] = lambda one=_feature: KeepsWhatWasTakenOut(one)  # type: ignore[misc]
for _feature in LINED:
    BROKEN[f"changes_one_line_of_{_feature.value}"] = lambda one=_feature: RenumbersLines(one)  # type: ignore[misc]


# -- writing ---------------------------------------------------------------------------------------
@fails("changes_a_customer")
class KeepsTheAddress(ReferenceProvider):
    """Never clears what once was there."""

    def write(self, operation: Operation) -> BooksRecord | None:
        document = operation.document
        if operation.verb is Verb.UPDATE and isinstance(document, CustomerRecord) and not document.email:
            before = self.books.records[BooksRef(BooksKind.CUSTOMER, operation.target_id)].document
            assert isinstance(before, CustomerRecord)
            operation = attrs.evolve(operation, document=attrs.evolve(document, email=before.email))
        return super().write(operation)


@fails("refuses_an_old_version")
class Heedless(ReferenceProvider):
    """Ignores the version, and writes over whatever is there."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.verb is not Verb.CREATE and operation.kind is not None:
            now = self.books.records[BooksRef(operation.kind, operation.target_id)]
            operation = attrs.evolve(operation, version=str(now.version))
        return super().write(operation)


@fails("keeps_totals_to_the_cent")
class RoundsTotals(ReferenceProvider):
    """Rounds totals to what can be paid in coins."""

    def write(self, operation: Operation) -> BooksRecord | None:
        document = operation.document
        if isinstance(document, SalesForm) and document.total is not None:
            coins = (document.total / Decimal("0.05")).quantize(Decimal(1)) * Decimal("0.05")
            operation = attrs.evolve(operation, document=evolved(document, total=coins))
        return super().write(operation)


@fails("carries_out_a_repeated_exchange_once")
class AppliesTwice(ReferenceProvider):
    """Applies an exchange that comes again once more."""

    def perform(self, body: bytes) -> bytes:
        known = dict(self.books.answers)
        if b'"asks": true' not in body and b'"asks":true' not in body:
            self.books.answers.clear()
        answer = super().perform(body)
        self.books.answers.update({**known, **self.books.answers})
        return answer


@fails("asks_and_runs_nothing")
class AsksBySending(ReferenceProvider):
    """Asks what became of an exchange by sending it once more."""

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        assert exchange_id.encode() in body
        return body + b" "


# -- what must not be done quietly -----------------------------------------------------------------
@fails("refuses_an_unknown_reference")
class DropsUnknownItems(ReferenceProvider):
    """Silently leaves out an item that it does not know."""

    def write(self, operation: Operation) -> BooksRecord | None:
        listed = {record.ref for record in CATALOG}
        if isinstance(operation.document, SalesForm):
            lines = tuple(
                line if line.item in listed else attrs.evolve(line, item=None)
                for line in operation.document.lines
            )
            operation = attrs.evolve(operation, document=evolved(operation.document, lines=lines))
        return super().write(operation)


@fails("keeps_two_of_one_name_apart")
class ReusesNames(ReferenceProvider):
    """Takes the record that has the name already for the new one."""

    def write(self, operation: Operation) -> BooksRecord | None:
        try:
            return super().write(operation)
        except Refusal as refusal:
            name = getattr(operation.document, "name", "")
            held = [ref for ref in self.books.records if self.books.shown(ref).name == name]
            taken = isinstance(refusal.outcome, Refused) and refusal.outcome.why is Why.NAME_TAKEN
            if operation.kind not in NAMED_KINDS or not held or not taken:
                raise
            return self.books.shown(held[0])


class OpenBooks(ReferenceBooks):
    """Nothing is ever closed."""

    def _open(self, document: Document | None) -> None:
        del document


@fails("keeps_a_closed_period_closed")
class WritesIntoClosedPeriods(ReferenceProvider):
    """Writes whatever the date."""

    def __init__(self) -> None:
        self.books = OpenBooks(removals=self.describe().removals)


class LooseNames(ReferenceBooks):
    """Tax codes may have each other's names."""

    def _check_name(self, ref: BooksRef, document: Document) -> None:
        if ref.kind is not BooksKind.TAX_CODE:
            super()._check_name(ref, document)


@fails("creates_a_tax_code_once")
class TaxCodesTwice(ReferenceProvider):
    """Creates a tax code of a name as often as it is asked."""

    def __init__(self) -> None:
        self.books = LooseNames(removals=self.describe().removals)


# -- feed and ledger -------------------------------------------------------------------------------
@fails("shows_what_changed_since")
class LooksBackOnly(ReferenceProvider):
    """Shows what was there at the position, and nothing that came after."""

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        found, position = super().changes(cursor)
        until = dt.datetime.fromisoformat(cursor or position)
        return [
            one for one in found if isinstance(one, BooksRef) or (one.updated_at or until) <= until
        ], position


@fails("overlaps_its_last_position")
class NoOverlap(ReferenceProvider):
    """Begins exactly where it ended."""

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        found, position = super().changes(cursor)
        if not cursor:
            return found, position
        since = dt.datetime.fromisoformat(cursor)
        return [
            one for one in found if isinstance(one, BooksRef) or (one.updated_at or since) > since
        ], position


@fails("tells_what_was_deleted")
class ForgetsDeletions(ReferenceProvider):
    """Does not tell what was deleted."""

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        found, position = super().changes(cursor)
        return [one for one in found if isinstance(one, BooksRecord)], position


@fails("reads_a_ledger_that_balances")
class DaysOfEntry(ReferenceProvider):
    """Shows the day before the period in place of a line's own."""

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        return [attrs.evolve(line, date=start - dt.timedelta(days=1)) for line in super().ledger(start, end)]


@fails("ledger_ties_to_the_trial_balance")
class MissesJournals(ReferenceProvider):
    """Leaves the postings of journal entries out of the ledger."""

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        return [line for line in super().ledger(start, end) if line.kind is not BooksKind.JOURNAL]


# -- a class for each ------------------------------------------------------------------------------
def tried(broken: Broken) -> type[ProviderConformance]:
    """The kit over a broken provider."""

    class Tried(ProviderConformance):
        declares = broken().describe()

        @pytest.fixture(scope="class")
        @classmethod
        def provider(cls) -> ReferenceProvider:
            return broken()

        @pytest.fixture(scope="class")
        @classmethod
        def close_books(cls, provider: ReferenceProvider) -> CloseBooks:
            return lambda day: setattr(provider.books, "closing_date", day)

        @pytest.fixture(scope="class")
        @classmethod
        def trial_balance(cls, provider: ReferenceProvider) -> TrialBalance:
            return provider.books.trial_balance

    return Tried


for _case, _broken in BROKEN.items():
    globals()[f"Test_{_case}"] = tried(_broken)
