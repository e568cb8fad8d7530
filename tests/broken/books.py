"""Providers broken in what they do in the books: writing, refusing, the feed and the ledger."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    CustomerRecord,
    Document,
    SalesForm,
)
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.outcomes import (
    Applied,
    BooksRecord,
    LedgerLine,
    Outcome,
    Refused,
    Why,
)
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from blueops_qb.sdk.simple import Change, Refusal
from blueops_qb.sdk.testing.reference_books import CATALOG, ReferenceBooks
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken.table import evolved, fails


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


# -- looking up, and several at once ---------------------------------------------------------------
@fails("finds_a_number_that_is_taken")
class TakesNumbersForFree(ReferenceProvider):
    """Finds no document by its number."""

    def find(self, operation: Operation) -> Iterable[Change]:
        return () if operation.params["by"] == "number" else super().find(operation)


@fails("finds_a_number_that_is_taken")
class FindsWhateverBegins(ReferenceProvider):
    """Takes a number for taken that only begins like another."""

    def find(self, operation: Operation) -> Iterable[Change]:
        hits = list(super().find(operation))
        if operation.params["by"] != "number" or hits:
            return hits
        return [
            self.books.shown(ref)
            for ref, kept in self.books.records.items()
            if getattr(kept.document, "number", "")[:-1] == operation.params["number"][:-1]
        ]


@fails("finds_what_was_created_and_deleted")
class ForgetsWhatItDeleted(ReferenceProvider):
    """Does not find what was deleted."""

    def find(self, operation: Operation) -> Iterable[Change]:
        return [one for one in super().find(operation) if isinstance(one, BooksRecord)]


class Several(ReferenceProvider):
    """Muddles the answers where there are several."""

    def muddled(self, exchange: Exchange, read: dict[str, Outcome]) -> dict[str, Outcome]:
        """What it makes of them."""
        raise NotImplementedError

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        read = dict(super().decode(exchange, reply, profile))
        return self.muddled(exchange, read) if len(exchange.operations) > 1 else read


@fails("answers_each_operation_by_itself")
class AnswersForAll(Several):
    """Takes the first answer for that of all."""

    def muddled(self, exchange: Exchange, read: dict[str, Outcome]) -> dict[str, Outcome]:
        return dict.fromkeys(read, read[exchange.operations[0].id])


@fails("answers_each_operation_by_itself")
class StopsAtARefusal(Several):
    """Says nothing of what comes after a refusal."""

    def muddled(self, exchange: Exchange, read: dict[str, Outcome]) -> dict[str, Outcome]:
        kept: dict[str, Outcome] = {}
        for operation in exchange.operations:
            kept[operation.id] = read[operation.id]
            if isinstance(read[operation.id], Refused):
                break
        return kept


@fails("answers_each_operation_by_itself")
class RefusesTheRest(Several):
    """Takes what comes after a refusal for refused as well."""

    def muddled(self, exchange: Exchange, read: dict[str, Outcome]) -> dict[str, Outcome]:
        refused: Outcome | None = None
        for operation in exchange.operations:
            found = read[operation.id]
            refused = refused or (found if isinstance(found, Refused) else None)
            read[operation.id] = refused or found
        return read


@fails("answers_each_operation_by_itself")
class SwapsTheRecords(Several):
    """Gives the answers of the first and the last to each other."""

    def muddled(self, exchange: Exchange, read: dict[str, Outcome]) -> dict[str, Outcome]:
        first, last = exchange.operations[0].id, exchange.operations[-1].id
        read[first], read[last] = read[last], read[first]
        return read


@fails("answers_each_operation_by_itself")
class ShowsTheFirstOnly(Several):
    """Shows no record but that of the first."""

    def muddled(self, exchange: Exchange, read: dict[str, Outcome]) -> dict[str, Outcome]:
        first = exchange.operations[0].id
        return {
            id: attrs.evolve(one, record=None) if isinstance(one, Applied) and id != first else one
            for id, one in read.items()
        }
