"""Providers broken in a second way in what they list and write, and in what they should refuse."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import CustomerRecord, Document, Estimate, SalesForm, SalesInvoice
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
from blueops_qb.sdk.testing.reference_books import Kept, ReferenceBooks
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken.table import evolved, fails, refusing


# -- lists and writing -----------------------------------------------------------------------------
@fails("reads_the_company_and_its_lists")
class NamelessCompany(ReferenceProvider):
    """Does not say whose books they are."""

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        profile, records = super().catalog()
        return attrs.evolve(profile, company_name=""), records


@fails("writes_and_reads_back_expenses")
class ShowsNoDocument(ReferenceProvider):
    """Shows of an expense that was read that it is there, and nothing else."""

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        record = super().read(kind, id)
        fresh = record is not None and record.active and not getattr(record.document, "void", False)
        return (
            attrs.evolve(record, document=None) if kind is BooksKind.EXPENSE and record and fresh else record
        )


@fails("changes_a_customer")
class ShowsTheFirstVersion(ReferenceProvider):
    """Shows of customers the version that they were created with."""

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        record = super().read(kind, id)
        return attrs.evolve(record, version="1") if record and kind is BooksKind.CUSTOMER else record


@fails("takes_out_deposits")
class KeepsDeposits(ReferenceProvider):
    """Refuses what its removal table promises."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.verb is Verb.WITHDRAW and operation.kind is BooksKind.DEPOSIT:
            raise Refusal(Why.FROZEN, "A deposit stays.", "Leave it.")
        return super().write(operation)


@fails("takes_out_journals")
class StumblesOverDeleted(ReferenceProvider):
    """Cannot say of a journal entry that it is gone."""

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        try:
            return super().read(kind, id)
        except Told:
            if kind is BooksKind.JOURNAL:
                raise RuntimeError("the page is torn out") from None
            raise


@fails("changes_one_line_of_invoices")
class KeepsTheOldAmount(ReferenceProvider):
    """Takes a change of an invoice and shows it as it was."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.verb is Verb.UPDATE and operation.kind is BooksKind.INVOICE:
            before = self.books.records[BooksRef(BooksKind.INVOICE, operation.target_id)].document
            operation = attrs.evolve(operation, document=before)
        return super().write(operation)


class _Numbering(ReferenceBooks):
    """Numbers no lines of estimates."""

    def _numbered(self, document: Any, before: Any = None) -> Document:
        numbered = super()._numbered(document, before)
        if not isinstance(numbered, Estimate):
            return numbered
        lines = tuple(attrs.evolve(line, books_line_id="") for line in numbered.lines)
        return attrs.evolve(numbered, lines=lines)


@fails("changes_one_line_of_estimates")
class NumbersNoEstimates(ReferenceProvider):
    """Declares that lines are numbered, where some are not."""

    def __init__(self) -> None:
        self.books = _Numbering(removals=self.describe().removals)


@fails("carries_out_a_repeated_exchange_once")
class AppliesTwiceQuietly(ReferenceProvider):
    """Applies a repeated exchange once more, and answers as the first time."""

    def perform(self, body: bytes) -> bytes:
        frame = json.loads(body)
        if frame["exchange"] in self.books.answers and not frame.get("asks"):
            self._outcome_again(body)
        return super().perform(body)

    def _outcome_again(self, body: bytes) -> None:
        first = self.books.answers.pop(json.loads(body)["exchange"])
        super().perform(body)
        self.books.answers[json.loads(body)["exchange"]] = first


@fails("keeps_totals_to_the_cent")
class LosesTheTotal(ReferenceProvider):
    """Computes a total from the first four lines that it has room for."""

    def write(self, operation: Operation) -> BooksRecord | None:
        document = operation.document
        if isinstance(document, SalesForm):
            total = sum((line.amount for line in document.lines[:4]), Decimal("0.00"))
            operation = attrs.evolve(operation, document=evolved(document, total=total))
        return super().write(operation)


# -- refusing --------------------------------------------------------------------------------------
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
        return refusing(super().write, operation, Why.REFERENCE, Why.INVALID)


@fails("keeps_a_closed_period_closed")
class CallsItFrozen(ReferenceProvider):
    """Refuses a closed period for another reason, so that no policy decides."""

    def write(self, operation: Operation) -> BooksRecord | None:
        return refusing(super().write, operation, Why.CLOSED_PERIOD, Why.FROZEN)


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


@fails("refuses_an_unknown_reference")
class RefusesWithoutAWord(ReferenceProvider):
    """Refuses, and does not say what is wrong."""

    def write(self, operation: Operation) -> BooksRecord | None:
        return refusing(super().write, operation, Why.REFERENCE, Why.REFERENCE, message="")


class _WritesFirst(ReferenceBooks):
    """Looks whether an invoice can be written once it is."""

    def create(self, document: Document, marker: str) -> BooksRef:
        if not isinstance(document, SalesInvoice):
            return super().create(document, marker)
        try:
            return super().create(document, marker)
        except Refusal as refusal:
            if isinstance(refusal.outcome, Refused) and refusal.outcome.why is Why.REFERENCE:
                listed = attrs.evolve(document, lines=(), customer=BooksRef(BooksKind.ITEM, "R"))
                super().create(listed, marker)
            raise


@fails("refuses_an_unknown_reference")
class WritesBeforeItRefuses(ReferenceProvider):
    """Leaves behind what it refused."""

    def __init__(self) -> None:
        self.books = _WritesFirst(removals=self.describe().removals)


@fails("keeps_two_of_one_name_apart")
class CallsTheNameInvalid(ReferenceProvider):
    """Refuses a name that is taken for another reason."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.kind not in NAMED_KINDS:
            return super().write(operation)
        return refusing(super().write, operation, Why.NAME_TAKEN, Why.INVALID)


@fails("keeps_two_of_one_name_apart")
class WaitsForTheName(ReferenceProvider):
    """Breaks off where a name is taken, so that nobody knows."""

    def write(self, operation: Operation) -> BooksRecord | None:
        try:
            return super().write(operation)
        except Refusal:
            name = getattr(operation.document, "name", "")
            names = [self.books.shown(ref).name for ref in self.books.records]
            if operation.kind in NAMED_KINDS and name in names:
                raise RuntimeError("the list is locked") from None
            raise


@fails("keeps_two_of_one_name_apart")
class AnswersNothing(ReferenceProvider):
    """Says of a name that is taken that all is well, and shows no record."""

    def write(self, operation: Operation) -> BooksRecord | None:
        try:
            return super().write(operation)
        except Refusal:
            name = getattr(operation.document, "name", "")
            names = [self.books.shown(ref).name for ref in self.books.records]
            if operation.kind in NAMED_KINDS and name in names:
                return None
            raise
