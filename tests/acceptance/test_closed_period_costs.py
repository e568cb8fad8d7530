"""Changed and voided costs of a closed month through the whole path: reversed and posted anew on an open day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import CostLine, Expense, ExpenseType
from blueops_qb.engine import resolve
from tests.acceptance.test_customer_money_whole_path import pay
from tests.whole_path import D, WholePath, entry, whole_path

OCTOBER = dt.date(2025, 10, 20)
CLOSED = dt.date(2025, 10, 31)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    url = f"sqlite:///{tmp_path_factory.mktemp('costs') / 'core.sqlite3'}"
    with whole_path(url, closed_period=ClosedPeriod.ADJUST) as path:
        yield path


@pytest.fixture(autouse=True)
def _open_again(house: WholePath) -> Iterator[None]:
    yield
    house.forget_conflicts()
    house.close_books(None)


def cost(house: WholePath, type: ExpenseType, amount: str, **fields: Any) -> Expense:
    """A cost of October that is in the books, which are closed then."""
    line = CostLine(line_id="1", description="Pipe", amount=D(amount), material_category="general")
    record = Expense(
        id="",
        type=type,
        vendor_id=house.vendor().id,
        date=OCTOBER,
        lines=(line,),
        total=D(amount),
        **{"vendor_invoice_number": f"V{amount}", **fields},
    )
    with house.work() as tx:
        found: Expense = tx.record_expense(record)
    house.drain()
    house.close_books(CLOSED)
    return found


def changed(house: WholePath, record: Expense, amount: str) -> None:
    line = attrs.evolve(record.lines[0], amount=D(amount))
    with house.work() as tx:
        tx.update_expense(attrs.evolve(record, lines=(line,), total=D(amount)))
    house.drain()


def calm(house: WholePath) -> None:
    """Told again, nothing more happens."""
    with house.step() as found:
        house.poll()
    assert entry(found) == []


def test_a_bill_of_a_closed_month_is_corrected_by_a_vendor_credit_and_a_new_bill(house: WholePath) -> None:
    bill = cost(house, ExpenseType.BILL, "400.00")
    with house.step() as found:
        changed(house, bill, "360.00")
    assert entry(found) == [("2000", D("40.00")), ("5290", D("-40.00"))]
    old, back, new = (house.there(bill.ref, role) for role in ("main", "reversal", "corrected"))
    assert (old["TxnDate"], old["TotalAmt"], old["Balance"]) == (OCTOBER.isoformat(), 400, 0)
    assert (back["TotalAmt"], back["Balance"]) == (400, 0)
    assert (new["TotalAmt"], new["Balance"]) == (360, 360)
    assert min(back["TxnDate"], new["TxnDate"]) > CLOSED.isoformat()
    assert "corrects V400.00 of 2025-10-20" in new["PrivateNote"]
    calm(house)


def test_what_was_paid_of_it_stays_paid_of_the_new_one(house: WholePath) -> None:
    bill = cost(house, ExpenseType.BILL, "100.00")
    there = house.there(bill.ref)
    (bank,) = [r for r in house.ask("select * from Account maxresults 1000") if r.get("AcctNum") == "1000"]
    house.post(
        "billpayment",
        {
            "VendorRef": there["VendorRef"],
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": bank["Id"]}},
            "TotalAmt": 60,
            "Line": [{"Amount": 60, "LinkedTxn": [{"TxnId": there["Id"], "TxnType": "Bill"}]}],
        },
    )
    house.poll()
    with house.step() as found:
        changed(house, bill, "130.00")
    assert entry(found) == [("2000", D("-30.00")), ("5290", D("30.00"))]
    assert house.there(bill.ref)["Balance"] == 0
    assert house.there(bill.ref, "reversal")["Balance"] == 0
    assert house.there(bill.ref, "corrected")["Balance"] == 70
    calm(house)


def test_a_second_change_goes_to_the_document_that_took_its_place(house: WholePath) -> None:
    bill = cost(house, ExpenseType.BILL, "50.00")
    changed(house, bill, "60.00")
    with house.step() as found:
        changed(house, bill, "65.00")
    assert entry(found) == [("2000", D("-5.00")), ("5290", D("5.00"))]
    assert house.there(bill.ref, "corrected")["TotalAmt"] == 65
    assert house.there(bill.ref)["TotalAmt"] == 50
    calm(house)


def test_a_bill_of_a_closed_month_is_voided_by_a_vendor_credit(house: WholePath) -> None:
    bill = cost(house, ExpenseType.BILL, "77.00")
    with house.step() as found, house.work() as tx:
        tx.void_expense(bill.id)
    assert entry(found) == [("2000", D("77.00")), ("5290", D("-77.00"))]
    assert house.there(bill.ref)["Balance"] == 0
    assert house.there(bill.ref, "reversal")["Balance"] == 0
    calm(house)


def test_a_card_charge_of_a_closed_month_is_reversed_and_posted_anew(house: WholePath) -> None:
    charge = cost(house, ExpenseType.CARD, "45.00", payment_account_key="visa")
    with house.step() as found:
        changed(house, charge, "54.00")
    assert entry(found) == [("2100", D("-9.00")), ("5290", D("9.00"))]
    assert house.there(charge.ref)["TotalAmt"] == 45
    back = house.there(charge.ref, "reversal")
    assert back["kind"] == "JournalEntry"
    assert "Corrects V45.00 of 2025-10-20" in back["PrivateNote"]
    assert house.there(charge.ref, "corrected")["TotalAmt"] == 54
    calm(house)
    with house.step() as found, house.work() as tx:
        tx.void_expense(charge.id)
    assert entry(found) == [("2100", D("54.00")), ("5290", D("-54.00"))]


def test_a_note_alone_changes_nothing_there(house: WholePath) -> None:
    bill = cost(house, ExpenseType.BILL, "33.00")
    with house.step() as found, house.work() as tx:
        tx.update_expense(attrs.evolve(bill, memo="for the shop"))
    assert entry(found) == []
    assert house.there(bill.ref)["SyncToken"] == "0"


def test_a_payment_of_a_closed_month_says_why_it_cannot_be_corrected(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "90.00", issue_date=OCTOBER)
    payment = pay(house, job, "90.00", (invoice, "90.00"), received_on=OCTOBER)
    house.drain()
    house.close_books(CLOSED)
    with house.step(settled=False) as found, house.work() as tx:
        tx.void_payment(payment.id)
    assert entry(found) == []
    (waits,) = house.open_matters()
    assert "it goes on settling its invoices until somebody takes it off them" in waits
    house.close_books(None)
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        resolve.retry(turn, [payment.ref], "bookkeeper")
    house.drain()
    assert house.open_matters() == [], "once the period is open it is voided"
