"""Providers broken in a second way in what they answer when asked, in tax codes and in the ledger."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial

import attrs

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.outcomes import (
    Applied,
    BooksRecord,
    LedgerLine,
    Outcome,
    Why,
)
from blueops_qb.sdk.provider import Exchange, Operation
from blueops_qb.sdk.simple import Change
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken.table import enter, evolved, fails, refusing


# -- asked, and tax codes --------------------------------------------------------------------------
@fails("asks_and_runs_nothing")
class AsksWithTheSame(ReferenceProvider):
    """Takes the exchange itself for the question."""

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        del exchange_id
        return body


@fails("asks_and_runs_nothing")
class AsksOtherwise(ReferenceProvider):
    """Words a question in another way every time."""

    asked = 0

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        self.asked += 1
        return super().status_check(exchange_id, body) + b" " * self.asked


@fails("asks_and_runs_nothing")
class ForgetsAtOnce(ReferenceProvider):
    """Knows nothing of what it has just done."""

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        return super().decode(exchange, b'{"forgotten":true}' if exchange.asks else reply, profile)


@fails("asks_and_runs_nothing")
class TellsNoRecord(ReferenceProvider):
    """Tells that it was done, and not what."""

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        return _told(super().decode(exchange, reply, profile), exchange, lambda _: None)


@fails("asks_and_runs_nothing")
class TellsAnother(ReferenceProvider):
    """Tells of the record that was written before."""

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        return _told(
            super().decode(exchange, reply, profile),
            exchange,
            lambda record: attrs.evolve(record, id=f"{record.id}0"),
        )


def _told(
    read: Mapping[str, Outcome], exchange: Exchange, change: Callable[[BooksRecord], BooksRecord | None]
) -> Mapping[str, Outcome]:
    """The answers to a question, with the record changed."""
    return {
        id: attrs.evolve(one, record=change(one.record))
        if exchange.asks and isinstance(one, Applied) and one.record is not None
        else one
        for id, one in read.items()
    }


def _percent(record: BooksRecord) -> BooksRecord:
    """A tax code that charges something else."""
    document = evolved(record.document)
    if record.kind is not BooksKind.TAX_CODE:
        return record
    rates = tuple(attrs.evolve(rate, percent=rate.percent + 1) for rate in document.rates)
    return attrs.evolve(record, document=evolved(document, rates=rates))


@fails("creates_a_tax_code_once")
class ChargesMore(ReferenceProvider):
    """Creates a tax code of other rates."""

    def write(self, operation: Operation) -> BooksRecord | None:
        record = super().write(operation)
        return None if record is None else _percent(record)


@fails("creates_a_tax_code_once")
class ShowsNoRates(ReferenceProvider):
    """Creates a tax code and does not show what it charges."""

    def write(self, operation: Operation) -> BooksRecord | None:
        record = super().write(operation)
        code = record is not None and record.kind is BooksKind.TAX_CODE
        return attrs.evolve(record, document=None) if record and code else record


@fails("creates_a_tax_code_once")
class FindsOtherRates(ReferenceProvider):
    """Finds a tax code of other rates."""

    def find(self, operation: Operation) -> Iterable[Change]:
        return [_percent(one) if isinstance(one, BooksRecord) else one for one in super().find(operation)]


@fails("creates_a_tax_code_once")
class FindsAnotherCode(ReferenceProvider):
    """Finds another tax code under the name."""

    def find(self, operation: Operation) -> Iterable[Change]:
        for one in super().find(operation):
            code = isinstance(one, BooksRecord) and one.kind is BooksKind.TAX_CODE
            yield attrs.evolve(one, id="another") if code and isinstance(one, BooksRecord) else one


@fails("creates_a_tax_code_once")
class FindsNoRates(ReferenceProvider):
    """Finds a tax code without what it charges."""

    def find(self, operation: Operation) -> Iterable[Change]:
        for one in super().find(operation):
            code = isinstance(one, BooksRecord) and one.kind is BooksKind.TAX_CODE
            yield attrs.evolve(one, document=None) if code and isinstance(one, BooksRecord) else one


@fails("creates_a_tax_code_once")
class ListsNoCodes(ReferenceProvider):
    """Leaves tax codes that were created out of the lists."""

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        profile, records = super().catalog()
        return profile, [one for one in records if one.kind is not BooksKind.TAX_CODE]


@fails("creates_a_tax_code_once")
class CallsTheCodeInvalid(ReferenceProvider):
    """Refuses the name of a tax code for another reason."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.kind is not BooksKind.TAX_CODE:
            return super().write(operation)
        return refusing(super().write, operation, Why.NAME_TAKEN, Why.INVALID)


# -- the ledger ------------------------------------------------------------------------------------
class Ledgers(ReferenceProvider):
    """Shows other lines of the ledger."""

    def __init__(self, change: Callable[[LedgerLine], list[LedgerLine]]) -> None:
        super().__init__()
        self.change = change

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        return [other for line in super().ledger(start, end) for other in self.change(line)]


_HALF = Decimal("0.005")
_BALANCES = "reads_a_ledger_that_balances"
enter("LedgerWithoutIds", _BALANCES, partial(Ledgers, lambda line: [attrs.evolve(line, id="")]))
enter(
    "LedgerOnItems",
    _BALANCES,
    partial(Ledgers, lambda line: [attrs.evolve(line, account=BooksRef(BooksKind.ITEM, line.account.id))]),
)
enter(
    "LedgerInHalfCents",
    _BALANCES,
    partial(
        Ledgers,
        lambda line: [
            attrs.evolve(line, amount=line.amount - _HALF),
            attrs.evolve(line, amount=_HALF),
        ],
    ),
)


def _line(day: dt.date, amount: str) -> LedgerLine:
    return LedgerLine(account=BooksRef(BooksKind.ACCOUNT, "1000"), date=day, amount=Decimal(amount))


@fails(_BALANCES)
class AddsUpLongPeriods(ReferenceProvider):
    """Has a cent too many where a period is longer than a month."""

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        yield from super().ledger(start, end)
        if end - start > dt.timedelta(days=31):
            yield _line(end, "0.01")


@fails(_BALANCES)
class BeginsIn1970(ReferenceProvider):
    """Shows what was never posted at the beginning of time."""

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        yield from super().ledger(start, end)
        if start.year == 1970:
            yield from (_line(start, "1.00"), _line(start, "-1.00"))
