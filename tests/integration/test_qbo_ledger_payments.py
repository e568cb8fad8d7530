"""The payments of a period come with its ledger where that is wanted: every page, and of those days only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest

from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.sandbox.qbo import people
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Found, Throttled
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_twin import Connected, connected

MANY = 1003
FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 31)


@pytest.fixture(scope="module")
def full() -> Iterator[Connected]:
    """Books with more payments in March than one page holds, and one before and after it."""
    with connected() as made:
        company = made.twin.company
        payer = str(next(iter(company.records["Customer"])))
        days = ["2026-02-28", *(f"2026-03-{1 + n % 31:02}" for n in range(MANY)), "2026-04-01"]
        for n, day in enumerate(days):
            people.receive_payment(
                company, customer=payer, invoices={}, total="5.00", number=f"L{n}", day=day
            )
        yield made


def parts(made: Connected, **more: str) -> list[Found]:
    waiting = [{"start": FIRST.isoformat(), "end": LAST.isoformat(), "reading": "1", **more}]
    found: list[Found] = []
    while waiting:
        outcome = made.one(Verb.LEDGER, params=waiting.pop(0))
        assert isinstance(outcome, Found), outcome
        assert all(want.params["reading"] == "1" for want in outcome.then)
        waiting += [dict(want.params) for want in outcome.then]
        found.append(outcome)
    return found


def test_every_payment_of_the_days_comes_once_after_the_lines(full: Connected) -> None:
    report, *pages = parts(full, settled="1")
    assert report.ledger
    assert not report.records
    assert [len(page.records) for page in pages] == [1000, MANY - 1000]
    assert not any(page.ledger for page in pages)
    records = [record for page in pages for record in page.records]
    assert {record.kind for record in records} == {BooksKind.PAYMENT}
    assert set(Counter(record.id for record in records).values()) == {1}
    documents = [record.document for record in records]
    assert all(isinstance(one, CustomerPayment) and FIRST <= one.date <= LAST for one in documents)
    assert [page.complete for page in (report, *pages)] == [False, False, True]


def test_without_the_wish_only_lines_come(full: Connected) -> None:
    (report,) = parts(full)
    assert report.ledger
    assert report.complete


def test_an_answer_without_the_payments_never_looks_like_no_payments(full: Connected) -> None:
    params = {"start": "2026-03-01", "end": "2026-03-31", "reading": "1", "settled": "1", "payments": "1"}
    exchange = full.envelope(Operation(id="1", verb=Verb.LEDGER, params=params))
    empty = Answer(status=200, headers={}, text='{"BatchItemResponse": [], "time": "2026-04-01T00:00:00Z"}')
    (cut,) = full.decode(exchange, Answered(body=empty.to_bytes()))
    assert isinstance(cut, Throttled)  # asked again after a while
