"""What every provider promises that reads the books' own ledger; part of the conformance kit."""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import LedgerLine
from blueops_qb.sdk.provider import Verb
from blueops_qb.sdk.testing.subject import Subject

#: Documents that post by themselves, the first that the provider can write is tried.
_POSTS = (Feature.INVOICES, Feature.BILLS, Feature.EXPENSES, Feature.JOURNALS)


def reads_a_ledger_that_balances(subject: Subject) -> None:
    """The lines of a period sum to 0.00, lie within it, and show what was written."""
    if not subject.able(Feature.LEDGER):
        return
    written = next((feature for feature in _POSTS if subject.able(feature)), None)
    today = subject.now().date()
    start, end = today - dt.timedelta(days=30), today
    if written is not None:
        operation, record, _ = subject.write(written, subject.world())
        day = getattr(operation.document, "date", today)
        start, end = min(start, day), max(end, day)
        lines = _lines(subject, day, day)
        assert any((line.kind, line.id) == (record.kind, record.id) for line in lines), (
            f"the ledger of {day} does not show {record.ref}, which was written with that date"
        )
    lines = _lines(subject, start, end)
    total = sum((line.amount for line in lines), ZERO)
    assert total == ZERO, f"the lines of {start} to {end} come to {total}, not to 0.00"
    for line in lines:
        assert start <= line.date <= end, f"a line of {line.date} is outside {start} to {end}"
        assert line.account.kind is BooksKind.ACCOUNT, f"{line.account} is no account"
        assert line.amount == round(line.amount, 2), f"{line.amount} is not in whole cents"
    assert _lines(subject, dt.date(1970, 1, 1), dt.date(1970, 1, 31)) == [], "books of 1970 are not empty"


def _lines(subject: Subject, start: dt.date, end: dt.date) -> list[LedgerLine]:
    pages = subject.pages(Verb.LEDGER, start=start.isoformat(), end=end.isoformat(), reading="1")
    for page in pages:
        assert page.complete == (not page.then), "a page is complete when nothing is asked for after it"
        for want in page.then:
            assert want.verb is Verb.LEDGER
            assert want.params.get("reading") == "1", "a further part must repeat which reading it belongs to"
    return [line for page in pages for line in page.ledger]
