"""Line cases: what a change of one line must leave alone; part of the conformance kit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import Document, JournalEntry
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import BooksRecord, Found
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.subject import Subject

#: Features whose documents have lines of their own that a change may touch one by one.
LINED = (
    Feature.INVOICES,
    Feature.ESTIMATES,
    Feature.SALES_RECEIPTS,
    Feature.BILLS,
    Feature.PURCHASE_ORDERS,
    Feature.JOURNALS,
)
_MORE = Decimal("1.00")


def changing_a_line(feature: Feature) -> Callable[[Subject], None]:
    """The case of a feature, for books that number lines."""

    def changes_one_line_and_leaves_the_others(subject: Subject) -> None:
        """Every line has an id; when one is changed, all keep theirs, and the record shows what was sent."""
        operation, record, _ = subject.write(feature, subject.world())
        before = _ids(record.document)
        assert before, f"{record.ref} shows no lines"
        assert all(before), f"the lines of {record.ref} have the ids {before}, and `line_ids` is declared"
        assert operation.document is not None
        assert record.document is not None
        changed = attrs.evolve(
            operation,
            verb=Verb.UPDATE,
            document=_dearer(operation.document),
            target_id=record.id,
            version=record.version,
            previous=subject.provider.normal(record.document),
            shown=record.shown,
            told=operation.document,
        )
        after = subject.applied(changed)
        found = subject.read(after.ref)
        assert isinstance(found, Found), f"{after.ref} was changed, and reading it answers {found}"
        for shown in (after, *found.records):
            _check(subject, changed, shown, before)

    return changes_one_line_and_leaves_the_others


def _check(subject: Subject, operation: Operation, record: BooksRecord, before: list[str]) -> None:
    after = _ids(record.document)
    if not isinstance(operation.document, JournalEntry):  # both of its lines changed
        assert after[0] == before[0], f"the first line of {record.ref} did not change: {before}, now {after}"
    assert after == before, f"the lines of {record.ref} were {before} and are {after}; none is new"
    assert record.document is not None
    sent = subject.provider.sent(operation, subject.profile)
    assert sent is None or subject.provider.normal(record.document) == sent, (
        f"{record.ref} shows something else"
    )


def _ids(document: Document | None) -> list[str]:
    return [line.books_line_id for line in getattr(document, "lines", ())]


def _dearer(document: Any) -> Document:
    """The last line costs 1.00 more; the two of a journal entry move together."""
    *rest, last = document.lines
    if isinstance(document, JournalEntry):
        lines = [attrs.evolve(line, amount=line.amount + _MORE) for line in document.lines]
        return attrs.evolve(document, lines=tuple(lines))
    values: dict[str, Any] = {"amount": last.amount + _MORE}
    values |= {name: None for name in ("quantity", "unit_price", "unit_cost") if hasattr(last, name)}
    dearer: Document = attrs.evolve(
        document, lines=(*rest, attrs.evolve(last, **values)), total=document.total + _MORE
    )
    return dearer
