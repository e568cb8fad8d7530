"""Ledger cases: what the books' own ledger shows when it is read; part of the conformance kit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import LedgerLine
from blueops_qb.sdk.provider import Verb
from blueops_qb.sdk.testing.samples import DAY
from blueops_qb.sdk.testing.subject import Subject

#: Documents that post by themselves, the first that the provider can write is tried.
_POSTS = (Feature.INVOICES, Feature.BILLS, Feature.EXPENSES, Feature.JOURNALS)


def reads_a_ledger_that_balances(subject: Subject) -> None:
    """The lines of a period sum to 0.00, lie within it, are in whole cents, and show what was written."""
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


#: The period of the tie: the day of the samples and what is left of its month, so that no year begins in it.
_MONTH_END = dt.date(2026, 3, 31)


def ledger_ties_to_the_trial_balance(subject: Subject) -> None:
    """What the lines of a period come to on every account is by how much the books' own trial balance moved in it."""
    balance = subject.trial_balance
    assert balance is not None, "the provider declares `ledger`: give the kit `trial_balance`"
    for feature in _POSTS:
        if subject.able(feature):
            subject.write(feature, subject.world())
    before, after = balance(DAY - dt.timedelta(days=1)), balance(_MONTH_END)
    moved = {id: after.get(id, ZERO) - before.get(id, ZERO) for id in {*before, *after}}
    summed: dict[str, Decimal] = {}
    for line in _lines(subject, DAY, _MONTH_END):
        summed[line.account.id] = summed.get(line.account.id, ZERO) + line.amount
    apart = {
        id: f"ledger {summed.get(id, ZERO)}, trial balance {moved.get(id, ZERO)}"
        for id in sorted({*summed, *moved})
        if summed.get(id, ZERO) != moved.get(id, ZERO)
    }
    assert any(moved.values()), "the trial balance did not move by what was written"
    assert not apart, f"accounts differ between ledger and trial balance of {DAY} to {_MONTH_END}: {apart}"


def _lines(subject: Subject, start: dt.date, end: dt.date) -> list[LedgerLine]:
    pages = subject.pages(Verb.LEDGER, start=start.isoformat(), end=end.isoformat(), reading="1")
    for page in pages:
        assert page.complete == (not page.then), "a page is complete when nothing is asked for after it"
        for want in page.then:
            assert want.verb is Verb.LEDGER
            assert want.params.get("reading") == "1", "a further part must repeat which reading it belongs to"
    return [line for page in pages for line in page.ledger]
