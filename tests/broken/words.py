"""Providers broken in what they say, encode, read and compare: what needs no books, and the lists."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    CreditMemo,
    Document,
    Estimate,
    ExpenseDocument,
    SalesInvoice,
)
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Outcome
from blueops_qb.sdk.provider import WRITES, Cost, Description, Exchange, Operation, Pace
from blueops_qb.sdk.testing.bytes_cases import PREVIEW
from blueops_qb.sdk.testing.reference_books import CATALOG
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken.table import evolved, fails


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
