"""Providers broken for the records of one feature: a field, a look-up, a removal, the numbers of lines."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    Document,
)
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.simple import Change
from blueops_qb.sdk.testing.line_cases import LINED
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from blueops_qb.sdk.testing.samples import SAMPLES
from tests.broken.table import enter, evolved, is_of

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
    _name = _feature.value
    enter(f"LosesAField_{_name}", f"writes_and_reads_back_{_name}", partial(LosesAField, _feature))
    enter(
        f"FindsNothingAgain_{_name}",
        f"finds_{_name}_after_a_lost_answer",
        partial(FindsNothingAgain, _feature),
    )
    enter(f"KeepsWhatWasTakenOut_{_name}", f"takes_out_{_name}", partial(KeepsWhatWasTakenOut, _feature))
for _feature in LINED:
    _name = _feature.value
    enter(f"RenumbersLines_{_name}", f"changes_one_line_of_{_name}", partial(RenumbersLines, _feature))
