"""Providers broken in what they do in the books: writing, refusing, the feed and the ledger."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_DOWN, Decimal

import attrs

from blueops_qb.domain.documents import (
    CustomerRecord,
    Document,
    SalesForm,
)
from blueops_qb.domain.money import CENT
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.outcomes import (
    BooksRecord,
    LedgerLine,
    NotKnown,
    Outcome,
    Refused,
    Stale,
    Why,
)
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from blueops_qb.sdk.simple import Change, Refusal, Told
from blueops_qb.sdk.testing.reference_books import CATALOG, Kept, ReferenceBooks
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


# -- and once more, in another way -----------------------------------------------------------------
@fails("refuses_an_unknown_reference")
class TrustsReferences(ReferenceProvider):
    """Takes an invoice for a customer that is not there."""

    def __init__(self) -> None:
        self.books = Trusting(removals=self.describe().removals)


class Trusting(ReferenceBooks):
    """Looks for list entries only."""

    def live(self, ref: BooksRef) -> Kept:
        if ref in self.records:
            return super().live(ref)
        moment = self.now()
        stranger = CustomerRecord(name="")
        return Kept(document=stranger, version=0, marker="", created_at=moment, updated_at=moment)


@fails("refuses_an_unknown_reference")
class CallsItInvalid(ReferenceProvider):
    """Refuses an unknown reference for another reason, so that nobody looks for the record."""

    def write(self, operation: Operation) -> BooksRecord | None:
        return _refusing(super().write, operation, Why.REFERENCE, Why.INVALID)


@fails("keeps_a_closed_period_closed")
class CallsItFrozen(ReferenceProvider):
    """Refuses a closed period for another reason, so that no policy decides."""

    def write(self, operation: Operation) -> BooksRecord | None:
        return _refusing(super().write, operation, Why.CLOSED_PERIOD, Why.FROZEN)


def _refusing(
    write: Callable[[Operation], BooksRecord | None], operation: Operation, why: Why, other: Why
) -> BooksRecord | None:
    try:
        return write(operation)
    except Refusal as refusal:
        if isinstance(refusal.outcome, Refused) and refusal.outcome.why is why:
            raise Refusal(other, refusal.outcome.message) from None
        raise


@fails("keeps_a_closed_period_closed")
class HidesTheClosingDate(ReferenceProvider):
    """Does not say up to when the books are closed."""

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        profile, records = super().catalog()
        return attrs.evolve(profile, closing_date=None), records


@fails("keeps_two_of_one_name_apart")
class RenamesTheFirst(ReferenceProvider):
    """Makes room for a second customer by renaming the first."""

    def write(self, operation: Operation) -> BooksRecord | None:
        name = getattr(operation.document, "name", "")
        if operation.verb is Verb.CREATE and operation.kind in NAMED_KINDS:
            for kept in self.books.records.values():
                if getattr(kept.document, "name", None) == name:
                    kept.document = evolved(kept.document, name=f"{name} (old)")
        return super().write(operation)


@fails("refuses_an_old_version")
class ComplainsAndWrites(ReferenceProvider):
    """Says that a version is old, and writes all the same."""

    def write(self, operation: Operation) -> BooksRecord | None:
        try:
            return super().write(operation)
        except Told as told:
            assert operation.kind is not None
            if isinstance(told.outcome, Stale) and operation.document is not None:
                self.books.records[
                    BooksRef(operation.kind, operation.target_id)
                ].document = operation.document
            raise


@fails("tells_what_was_deleted")
class ShowsDeleted(ReferenceProvider):
    """Tells of a deletion and goes on showing the record."""

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        found, position = super().changes(cursor)
        gone = [one for one in found if isinstance(one, BooksRef)]
        return [*found, *map(self.books.shown, gone)], position


@fails("asks_and_runs_nothing")
class NeverForgets(ReferenceProvider):
    """Does not say that the books know nothing of an exchange, so that it is asked about for ever."""

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        told = super().decode(exchange, reply, profile)
        return {
            id: attrs.evolve(one, forgotten=False) if isinstance(one, NotKnown) else one
            for id, one in told.items()
        }


@fails("keeps_totals_to_the_cent")
class LosesACent(ReferenceProvider):
    """Computes an amount from quantity and price in its own way."""

    def write(self, operation: Operation) -> BooksRecord | None:
        document = operation.document
        if isinstance(document, SalesForm):
            lines = tuple(
                line
                if line.quantity is None or line.unit_price is None
                else attrs.evolve(
                    line, amount=(line.quantity * line.unit_price).quantize(CENT, rounding=ROUND_DOWN)
                )
                for line in document.lines
            )
            operation = attrs.evolve(operation, document=evolved(document, lines=lines))
        return super().write(operation)


@fails("previews_what_it_sends")
class ExplainsInSecret(ReferenceProvider):
    """Shows nothing of a message to whoever wants to read it."""

    def excerpt(self, message: bytes, place: int) -> str:
        del message, place
        return ""


@fails("ledger_ties_to_the_trial_balance")
class PostsElsewhere(ReferenceProvider):
    """Shows a posting on another account than it is on."""

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        bank, materials = (BooksRef(BooksKind.ACCOUNT, id) for id in ("1000", "5010"))
        return [
            attrs.evolve(line, account=materials if line.account == bank else line.account)
            for line in super().ledger(start, end)
        ]
