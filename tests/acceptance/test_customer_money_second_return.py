"""A check that comes back, is presented again and comes back once more, deposited all the while: to the cent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import Payment, Payout, ReturnReason
from tests.acceptance.test_customer_money_whole_path import came_back, pay
from tests.whole_path import DAY, D, WholePath, entry, whole_path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('again') / 'core.sqlite3'}") as path:
        yield path


def banked(house: WholePath, *payments: Payment) -> Payout:
    net = sum((payment.amount for payment in payments), D("0.00"))
    ids = tuple(payment.id for payment in payments)
    with house.work() as tx:
        found: Payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=ids, net=net)
        )
    house.drain()
    return found


def holds(house: WholePath, payout: Payout) -> list[str]:
    """The payments that the deposit in the books holds."""
    lines = house.there(payout.ref)["Line"]
    return [link["TxnId"] for line in lines for link in line.get("LinkedTxn", ())]


def test_a_deposited_check_comes_back_is_presented_again_and_comes_back_once_more(house: WholePath) -> None:
    _, job = house.party()
    invoice, other = house.simple(job, "120.00"), house.simple(job, "30.00")
    payment = pay(house, job, "120.00", (invoice, "120.00"))
    beside = pay(house, job, "30.00", (other, "30.00"))
    payout = banked(house, payment, beside)
    place = house.there(payment.ref)["Id"]
    with house.step() as found:
        first = came_back(house, payment, account_key="checking", bank_fee=D("12.00"))
        house.drain()
    assert entry(found) == [("1000", D("-132.00")), ("1100", D("120.00")), ("6110", D("12.00"))]
    assert house.there(invoice.ref)["Balance"] == 120
    with house.step() as found, house.work() as tx:
        tx.void_return(first.id, reason="presented again and paid")
    house.drain()
    assert house.there(invoice.ref)["Balance"] == 0
    assert place in holds(house, payout)
    with house.step() as found:
        came_back(house, payment, account_key="checking", bank_fee=D("15.00"))
        house.drain()
    assert entry(found) == [("1000", D("-135.00")), ("1100", D("120.00")), ("6110", D("15.00"))]
    assert house.there(invoice.ref)["Balance"] == 120
    assert house.balance(invoice) == D("120.00")
    assert holds(house, payout) == [place, house.there(beside.ref)["Id"]]
    assert house.there(payout.ref)["TotalAmt"] == 150


def test_the_money_of_a_won_dispute_may_come_back_as_well(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "64.00")
    payment = pay(house, job, "64.00", (invoice, "64.00"))
    banked(house, payment)
    back = came_back(house, payment, account_key="checking", reason=ReturnReason.ACH_RETURN)
    house.drain()
    with house.work() as tx:
        again = tx.win_dispute(back.id, on=DAY)
    house.drain()
    payout = banked(house, again)
    assert house.there(invoice.ref)["Balance"] == 0
    with house.step() as found:
        came_back(house, again, account_key="checking")
        house.drain()
    assert entry(found) == [("1000", D("-64.00")), ("1100", D("64.00"))]
    assert house.there(invoice.ref)["Balance"] == 64
    assert holds(house, payout) == [house.there(again.ref)["Id"]]


def test_what_lies_in_a_closed_deposit_is_put_to_a_person_the_second_time_too(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "55.00", issue_date=DAY)
    payment = pay(house, job, "55.00", (invoice, "55.00"))
    banked(house, payment)
    first = came_back(house, payment, account_key="checking", date=DAY + dt.timedelta(days=1))
    house.drain()
    house.policy(closed_period=ClosedPeriod.ADJUST)
    house.close_books(DAY)
    try:
        with house.work() as tx:
            tx.void_return(first.id, reason="presented again and paid")
        house.drain()
        waits = "\n".join(house.open_matters())
        assert f"{payment.ref} did not come back after all, but it is part of the bank deposit" in waits
    finally:
        house.close_books(None)
        house.policy(closed_period=ClosedPeriod.HOLD)
    house.drain()
    assert house.open_matters() == []
    assert house.there(invoice.ref)["Balance"] == 0
