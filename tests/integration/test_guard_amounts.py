"""The guard counts money by what a write moves: a creation by its worth, a change by how much it differs."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from blueops_qb.domain.documents import (
    CustomerRecord,
    Document,
    JournalEntry,
    JournalLine,
    SalesInvoice,
    SalesLine,
    Side,
    TaxMode,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.figures import moved_by
from tests.engine_house import D, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]
DAY = dt.date(2026, 3, 2)
ACCOUNT = BooksRef(BooksKind.ACCOUNT, "1")
TAXED_THERE = SalesInvoice(
    customer=BooksRef(BooksKind.CUSTOMER, "1"),
    date=DAY,
    lines=(SalesLine(amount=D("900.00")), SalesLine(amount=D("100.00"))),
    discount=D("50.00"),
    tax_mode=TaxMode.BOOKS,
    tax=None,
    total=None,
)
ENTRY = JournalEntry(
    date=DAY,
    lines=tuple(
        JournalLine(side=side, account=ACCOUNT, amount=D("75.00")) for side in (Side.DEBIT, Side.CREDIT)
    ),
)


@pytest.mark.parametrize(
    ("document", "previous", "moves"),
    [
        (TAXED_THERE, None, "950.00"),
        (attrs.evolve(TAXED_THERE, discount=D("0.00")), TAXED_THERE, "50.00"),
        (TAXED_THERE, attrs.evolve(TAXED_THERE, discount=D("0.00")), "50.00"),
        (attrs.evolve(TAXED_THERE, void=True), TAXED_THERE, "950.00"),
        (attrs.evolve(TAXED_THERE, total=D("1012.70")), None, "1012.70"),
        (ENTRY, None, "75.00"),
        (CustomerRecord(name="Ann Lee"), None, "0"),
        (None, None, "0"),
    ],
)
def test_what_a_write_moves(document: Document | None, previous: Document | None, moves: str) -> None:
    assert moved_by(document, previous) == D(moves)


def test_changes_that_move_more_than_an_hour_may_stop_the_connection(house: EngineHouse) -> None:
    ann = house.customer()
    invoices = [house.invoice(ann, "1.00") for _ in range(3)]
    house.drain()
    house.restart(guard_amount_per_hour=D("100"))
    for one in invoices:
        house.reprice(one, "21.00")
    house.drain()
    assert [house.there(one).total for one in invoices] == [D("21.00")] * 3  # 60 moved
    house.reprice(invoices[0], "90000.00")
    house.drain()
    assert house.connection_row().health == "stopped"
    assert "more than 100" in house.connection_row().health_reason
    assert house.there(invoices[0]).total == D("21.00")
