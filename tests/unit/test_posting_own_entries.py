"""The plugin's own journal entries: their accounts, and numbers that the books keep."""

from __future__ import annotations

import attrs
import pytest

from blueops_qb.domain.documents import JournalEntry, SalesForm
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.own_entries import Entry, EntryLine
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.reclass import Reclass, ReclassLine
from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import DocumentKey
from tests.plumbing import CALL, DAY, D, account, company, document, documents, invoice

LINES = (
    EntryLine(amount=D("12.50"), family=Family.EXPENSE, key="freight"),
    EntryLine(amount=D("-12.50"), account=account("1250")),
)
MOVED = (
    ReclassLine(account=account("5010"), amount=D("1.00")),
    ReclassLine(account=account("5290"), amount=D("-1.00")),
)
RECORDS: list[Record] = [
    Entry(id="permits-1041", date=DAY, lines=LINES),
    Reclass(id="3-2026-03-2", date=DAY, lines=MOVED),
]


@pytest.mark.parametrize("record", RECORDS)
def test_the_number_is_no_longer_than_the_books_keep(record: Record) -> None:
    sent, short = document(record), document(record, company(number_length=11))
    assert isinstance(sent, JournalEntry)
    assert sent.number == f"BO-{record.id}"
    assert short.number.startswith("BO-")
    assert len(short.number) == 11
    # It is the same with every attempt, and another entry has another one.
    assert document(record, company(number_length=11)).number == short.number


def test_two_long_ones_have_different_numbers() -> None:
    context = company(number_length=11)
    numbers = {
        document(Entry(id=f"permits-{n}", date=DAY, lines=LINES), context).number for n in (1041, 1042)
    }
    assert len(numbers) == 2


def test_what_corrects_an_invoice_of_a_closed_period_has_numbers_that_the_books_keep() -> None:
    before = invoice(CALL, total="59.00", number="10412345")
    posted = document(before)
    assert posted.number == "BO-10412345"
    context = company(
        posted={DocumentKey(before.ref): posted},
        closing_date=DAY,
        closed_period=ClosedPeriod.ADJUST,
        number_length=11,
    )
    cheaper = attrs.evolve(CALL, unit_price=D("9.00"), amount=D("9.00"))
    made = documents(invoice(cheaper, total="9.00", number="10412345"), context)
    numbers = [form.number for form in made if isinstance(form, SalesForm)]
    assert len(set(numbers)) == 3
    assert all(len(number) <= 11 for number in numbers), numbers
