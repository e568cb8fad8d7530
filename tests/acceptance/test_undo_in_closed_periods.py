"""An undo in a closed period against QuickBooks Online: what is reversed is settled, so nothing stays in the ageing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import CostLine, Expense, ExpenseType
from blueops_qb.engine import undo
from tests.treatments import Entry
from tests.whole_path import D, WholePath, entry, material, service, whole_path

OCTOBER = dt.date(2025, 10, 20)
CLOSED = dt.date(2025, 10, 31)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    url = f"sqlite:///{tmp_path_factory.mktemp('undo') / 'core.sqlite3'}"
    with whole_path(url, closed_period=ClosedPeriod.REDATE) as path:
        yield path


@pytest.fixture(autouse=True)
def _open_again(house: WholePath) -> Iterator[None]:
    yield
    house.close_books(None)


def undone(house: WholePath, record: Any) -> Entry:
    house.drain()
    house.close_books(CLOSED)
    with house.step() as found:
        with house.engine.turns.open(house.id) as turn:
            assert turn is not None
            (step,) = undo.apply(turn, actor="ann", refs=[record.ref]).steps
        house.drain()
        house.drain()
    assert step.sentence.endswith("; the two settle one another")
    return entry(found)


def taken_back(house: WholePath, record: Any) -> Entry:
    with house.step() as found:
        with house.engine.turns.open(house.id) as turn:
            assert turn is not None
            undo.take_back(turn, [record.ref], actor="ann")
        house.drain()
        house.drain()
    return entry(found)


def test_an_invoice_and_its_credit_memo_settle_one_another(house: WholePath) -> None:
    _, job = house.party()
    kits = material("pipe_fittings", "18.95", quantity=D(3), taxable=True)
    invoice = house.invoice(job, service("repair", "100.00"), kits, issue_date=OCTOBER, tax=D("4.69"))
    back = undone(house, invoice)
    assert back == [("1100", D("-161.54")), ("2200", D("4.69")), ("4010", D("100.00")), ("4110", D("56.85"))]
    assert house.there(invoice.ref)["Balance"] == 0
    assert house.there(invoice.ref, "undo")["RemainingCredit"] == 0
    house.poll()
    assert not house.conflicts()
    assert taken_back(house, invoice) == [(account, -amount) for account, amount in back]
    assert house.there(invoice.ref)["Balance"] == 161.54
    house.poll()
    assert (house.conflicts(), house.open_matters()) == ([], [])
    assert house.balance(invoice) == D("161.54")


def test_books_that_apply_credits_themselves_settle_it_and_blueops_counts_no_payment(
    house: WholePath,
) -> None:
    house.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": True})
    house.reread()
    try:
        _, job = house.party()
        invoice = house.simple(job, "70.00", issue_date=OCTOBER)
        assert undone(house, invoice) == [("1100", D("-70.00")), ("4010", D("70.00"))]
        assert house.there(invoice.ref)["Balance"] == 0
        house.poll()
        assert (house.conflicts(), house.open_matters()) == ([], [])
        assert house.balance(invoice) == D("70.00")
    finally:
        house.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": False})
        house.reread()


def test_a_bill_and_its_vendor_credit_settle_one_another(house: WholePath) -> None:
    bill = a_bill(house, "88.00")
    back = undone(house, bill)
    assert back == [("2000", D("88.00")), ("5290", D("-88.00"))]
    assert house.there(bill.ref)["Balance"] == 0
    assert house.there(bill.ref, "undo")["Balance"] == 0
    house.poll()
    assert not house.conflicts()
    assert taken_back(house, bill) == [(account, -amount) for account, amount in back]
    assert house.there(bill.ref)["Balance"] == 88
    house.poll()
    assert (house.conflicts(), house.open_matters()) == ([], [])


def a_bill(house: WholePath, amount: str) -> Expense:
    line = CostLine(line_id="1", description="Pipe", amount=D(amount), material_category="general")
    record = Expense(
        id="",
        type=ExpenseType.BILL,
        vendor_id=house.vendor().id,
        date=OCTOBER,
        lines=(line,),
        total=D(amount),
    )
    with house.work() as tx:
        found: Expense = tx.record_expense(record)
    return found
