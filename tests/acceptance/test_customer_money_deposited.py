"""What a payment settles changes after it reached the bank: refunds, later invoices, to the cent and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import ClosedPeriod, Prepaid
from blueops_qb.domain.records import Application, Job, LineKind, Payment, Payout, Refund, RefundPart
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.acceptance.test_customer_money_bank_deposits import account, banks, linked, plain
from tests.acceptance.test_customer_money_second_return import banked, holds
from tests.acceptance.test_customer_money_whole_path import came_back, pay
from tests.whole_path import DAY, D, WholePath, entry, service, whole_path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('deposited') / 'core.sqlite3'}") as path:
        yield path


def refund(house: WholePath, payment: Payment, amount: str, **fields: Any) -> Refund:
    record = Refund(
        id="",
        customer_id=payment.customer_id,
        amount=D(amount),
        parts=(RefundPart(of=payment.ref, amount=D(amount)),),
        **{"date": DAY, "account_key": "checking", **fields},
    )
    with house.work() as tx:
        found: Refund = tx.issue_refund(record)
    return found


def overpaid(house: WholePath, job: Job, price: str, amount: str, **fields: Any) -> Payment:
    """A payment of more than its invoice."""
    return pay(house, job, amount, (house.simple(job, price), price), **fields)


def unapplied(house: WholePath, payment: Payment, part: int = 1) -> object:
    return house.there(payment.ref, "main", part)["UnappliedAmt"]


def versions(house: WholePath, *records: Payment | Payout) -> list[int]:
    return [int(house.there(record.ref)["SyncToken"]) for record in records]


# -- refunds -------------------------------------------------------------------------------------------
def test_a_refund_of_a_banked_payment_leaves_the_bank_and_is_settled_by_the_payment(house: WholePath) -> None:
    _, job = house.party()
    payment, beside = overpaid(house, job, "410.79", "450.00"), overpaid(house, job, "30.00", "30.00")
    payout = banked(house, payment, beside)
    before = versions(house, payment, payout, beside)
    with house.step() as found:
        back = refund(house, payment, "39.21")
    assert entry(found) == [("1000", D("-39.21")), ("1100", D("39.21"))]
    assert unapplied(house, payment) == 0
    assert holds(house, payout) == [house.there(one.ref)["Id"] for one in (payment, beside)]
    assert house.there(payout.ref)["TotalAmt"] == 480
    # The deposit lets go and takes in, the payment is written once, the other one not at all; being taken in raises it.
    after = versions(house, payment, payout, beside)
    assert [b - a for a, b in zip(before, after, strict=True)][1] == 2
    house.poll()
    assert versions(house, payment, payout, beside) == after
    with house.step() as found, house.work() as tx:
        tx.void_refund(back.id)
    assert entry(found) == [("1000", D("39.21")), ("1100", D("-39.21"))]
    assert unapplied(house, payment) == 39.21
    assert holds(house, payout) == [house.there(one.ref)["Id"] for one in (payment, beside)]


def test_what_is_left_goes_back_in_two_refunds(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "150.01")
    payout = banked(house, payment)
    with house.step() as found:
        first = refund(house, payment, "20.00")
        house.drain()
        refund(house, payment, "30.01")
    assert entry(found) == [("1000", D("-50.01")), ("1100", D("50.01"))]
    assert unapplied(house, payment) == 0
    with house.step() as found, house.work() as tx:
        tx.void_refund(first.id)
    assert entry(found) == [("1000", D("20.00")), ("1100", D("-20.00"))]
    assert unapplied(house, payment) == 20
    assert holds(house, payout) == [house.there(payment.ref)["Id"]]


def test_two_refunds_at_once_let_the_payment_go_once(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "150.00")
    payout = banked(house, payment)
    (before,) = versions(house, payout)
    with house.step() as found:
        refund(house, payment, "20.00")
        refund(house, payment, "30.00")
    assert entry(found) == [("1000", D("-50.00")), ("1100", D("50.00"))]
    assert unapplied(house, payment) == 0
    assert versions(house, payout) == [before + 2]


def test_a_refund_that_cannot_be_posted_leaves_the_deposit_alone(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "125.00")
    payout = banked(house, payment)
    before = versions(house, payment, payout)
    back = refund(house, payment, "25.00", account_key="savings_of_ours")
    house.drain()
    waits = "\n".join(house.open_matters())
    assert f"{back.ref} held" in waits
    assert f"{payment.ref} waiting: waits for {back.ref}" in waits
    assert versions(house, payment, payout) == before
    with house.step() as found:
        house.map_account(Family.MONEY_ACCOUNT, "savings_of_ours", account(house, "1000"))
    assert entry(found) == [("1000", D("-25.00")), ("1100", D("25.00"))]
    assert unapplied(house, payment) == 0
    assert holds(house, payout) == [house.there(payment.ref)["Id"]]


def test_of_a_payment_in_two_parts_the_deposit_lets_only_the_refunded_one_go(house: WholePath) -> None:
    customer, one = house.party()
    two = house.job(customer)
    first, second = house.simple(one, "100.00"), house.simple(two, "50.00")
    house.drain()
    payment = pay(house, one, "160.00", (first, "100.00"), (second, "50.00"))
    house.drain()
    payout = banked(house, payment)
    over = 1 if house.there(payment.ref)["UnappliedAmt"] else 2
    assert unapplied(house, payment, over) == 10
    other = house.there(payment.ref, "main", 3 - over)
    with house.step() as found:
        refund(house, payment, "10.00")
    assert entry(found) == [("1000", D("-10.00")), ("1100", D("10.00"))]
    assert [unapplied(house, payment, part) for part in (1, 2)] == [0, 0]
    assert house.there(payment.ref, "main", 3 - over)["SyncToken"] == other["SyncToken"]
    assert sorted(holds(house, payout)) == sorted(
        house.there(payment.ref, "main", part)["Id"] for part in (1, 2)
    )
    assert house.there(payout.ref)["TotalAmt"] == 160


def test_a_refund_over_both_parts_of_a_payment_is_settled_by_both(house: WholePath) -> None:
    customer, one = house.party()
    two = house.job(customer)
    first, second = house.simple(one, "100.00"), house.simple(two, "50.00")
    house.drain()
    payment = pay(house, one, "150.00", (first, "100.00"), (second, "50.00"))
    house.drain()
    payout = banked(house, payment)
    for invoice, price in ((first, "90.00"), (second, "45.00")):
        draft = draft_of(invoice)
        lines = [attrs.evolve(draft.lines[0], unit_price=D(price))]
        with house.work() as tx:
            tx.update_invoice(invoice.id, attrs.evolve(draft, lines=lines))
        house.drain()
    assert sorted(float(str(unapplied(house, payment, part))) for part in (1, 2)) == [5, 10]
    with house.step() as found:
        refund(house, payment, "15.00")
    assert entry(found) == [("1000", D("-15.00")), ("1100", D("15.00"))]
    assert [unapplied(house, payment, part) for part in (1, 2)] == [0, 0]
    assert len(holds(house, payout)) == 2


@pytest.fixture
def cards_in_the_drawer(house: WholePath) -> Iterator[None]:
    """Card money waits as undeposited funds, and what a processor gives back leaves from there."""
    drawer = account(house, "1090")
    clearing = account(house, "1050")
    house.map_account(Family.MONEY_ACCOUNT, "method:card", drawer)
    house.map_account(Family.MONEY_ACCOUNT, "drawer", drawer)
    yield
    house.map_account(Family.MONEY_ACCOUNT, "method:card", clearing)


@pytest.mark.usefixtures("cards_in_the_drawer")
def test_the_next_payout_nets_a_card_refund_of_a_payment_that_was_paid_out_before(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "410.79", "450.00", method="card")
    payout = banked(house, payment)
    with house.step() as found:
        back = refund(house, payment, "39.21", account_key="drawer", method="card")
    assert entry(found) == [("1090", D("-39.21")), ("1100", D("39.21"))]
    assert unapplied(house, payment) == 0
    later = overpaid(house, job, "100.00", "100.00", method="card")
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(later.id,),
                refund_ids=(back.id,),
                fees=D("2.90"),
                net=D("57.89"),
            )
        )
    assert entry(found) == [("1000", D("57.89")), ("1090", D("-60.79")), ("6100", D("2.90"))]
    assert holds(house, payout) == [house.there(payment.ref)["Id"]]


@pytest.mark.usefixtures("cards_in_the_drawer")
def test_a_payout_may_hold_both_the_payment_and_its_refund(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "140.00", method="card")
    back = refund(house, payment, "40.00", account_key="drawer", method="card")
    with house.step() as found, house.work() as tx:
        tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(payment.id,),
                refund_ids=(back.id,),
                net=D("100.00"),
            )
        )
    sums = dict(entry(found))
    assert (sums["1000"], sums.get("1090", D("0.00"))) == (D("100.00"), D("0.00"))
    assert unapplied(house, payment) == 0


# -- what it settles -----------------------------------------------------------------------------------
def test_what_is_left_of_a_banked_payment_settles_a_later_invoice(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "150.00")
    payout = banked(house, payment)
    later = house.simple(job, "70.00")
    house.drain()
    with house.step() as found, house.work() as tx:
        parts = (*payment.applications, Application(invoice_id=later.id, amount=D("50.00")))
        tx.update_payment(attrs.evolve(payment, applications=parts))
    assert entry(found) == []
    assert house.there(later.ref)["Balance"] == 20
    assert unapplied(house, payment) == 0
    assert holds(house, payout) == [house.there(payment.ref)["Id"]]
    # Taken off it again, the invoice may be voided.
    with house.step() as found, house.work() as tx:
        tx.update_payment(attrs.evolve(payment, applications=payment.applications))
        tx.void_invoice(later.id)
    assert entry(found) == [("1100", D("-70.00")), ("4010", D("70.00"))]
    assert unapplied(house, payment) == 50
    assert holds(house, payout) == [house.there(payment.ref)["Id"]]


@pytest.mark.parametrize("at_bank", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_what_is_left_of_a_payment_settles_an_invoice_of_another_job(
    house: WholePath, at_bank: bool, known: bool
) -> None:
    """These books refuse one payment for two jobs, which may be `known` of them or is learnt from this one."""
    house.drain()
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        turn.set(splits_payments=known)
    customer, job = house.party()
    payment = overpaid(house, job, "100.00", "150.00")
    house.drain()
    payout = banked(house, payment) if at_bank else None
    later = house.simple(house.job(customer), "50.00")
    house.drain()
    with house.step() as found, house.work() as tx:
        parts = (*payment.applications, Application(invoice_id=later.id, amount=D("50.00")))
        tx.update_payment(attrs.evolve(payment, applications=parts))
    assert entry(found) == []
    assert house.there(later.ref)["Balance"] == 0
    assert [house.there(payment.ref, "main", part)["TotalAmt"] for part in (1, 2)] == [100, 50]
    if payout is not None:
        assert house.there(payout.ref)["TotalAmt"] == 150
        assert len(holds(house, payout)) == 2


def test_a_deposit_as_a_payment_is_used_up_by_the_invoice_although_it_is_at_the_bank(
    house: WholePath,
) -> None:
    _, job = house.party()
    house.policy(prepaid=Prepaid.UNAPPLIED)
    try:
        paid = pay(house, job, "1000.00", deposit_for_job=job.id)
        payout = banked(house, paid)
        uses = LineDraft(kind=LineKind.DEPOSIT_APPLIED, unit_price=D("1000.00"), deposit_id=paid.id)
        with house.step() as found:
            invoice = house.invoice(job, service("install", "1300.00"), uses)
        assert entry(found) == [("1100", D("1300.00")), ("4020", D("-1300.00"))]
        assert house.there(invoice.ref)["Balance"] == 300
        assert holds(house, payout) == [house.there(paid.ref)["Id"]]
    finally:
        house.policy(prepaid=Prepaid.LIABILITY)


def test_a_customer_deposit_that_came_back_need_not_leave_its_bank_deposit(house: WholePath) -> None:
    """It is a sales receipt, which a refund receipt gives back, and would wait for ever to be let go."""
    _, job = house.party()
    paid = pay(house, job, "500.00", deposit_for_job=job.id)
    payout = banked(house, paid)
    before = versions(house, payout)
    with house.step() as found:
        came_back(house, paid, account_key="checking")
    assert entry(found) == [("1000", D("-500.00")), ("2300", D("500.00"))]
    assert versions(house, payout) == before


# -- deposits that are not ours to open ----------------------------------------------------------------
def test_a_deposit_of_the_bookkeeper_keeps_his_lines_when_a_payment_in_it_is_refunded(
    house: WholePath,
) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "160.00")
    house.drain()
    made = banks(house, plain(house, "4800", "5.00", "Scrap"), linked(house, payment, "160.00"))
    house.poll()
    with house.step() as found:
        refund(house, payment, "60.00")
    assert entry(found) == [("1000", D("-60.00")), ("1100", D("60.00"))]
    (deposit,) = house.ask(f"select * from Deposit where Id = '{made['Id']}'")
    assert [line["Amount"] for line in deposit["Line"]] == [5, 160]
    assert unapplied(house, payment) == 0


def test_a_refund_from_before_his_deposit_was_read_goes_on_once_that_is_a_payout(house: WholePath) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "100.00", "130.00")
    house.drain()
    made = banks(house, linked(house, payment, "130.00"))
    with house.step(settled=False) as found:
        refund(house, payment, "30.00")
        house.drain()
        house.poll()
        house.poll()
    assert house.open_matters() == []
    assert entry(found) == [("1000", D("-30.00")), ("1100", D("30.00"))]
    assert unapplied(house, payment) == 0
    (deposit,) = house.ask(f"select * from Deposit where Id = '{made['Id']}'")
    assert [link["TxnId"] for link in deposit["Line"][0]["LinkedTxn"]] == [house.there(payment.ref)["Id"]]


def test_a_refund_of_what_lies_in_a_closed_deposit_is_paid_and_its_settling_is_put_to_a_person(
    house: WholePath,
) -> None:
    _, job = house.party()
    payment = overpaid(house, job, "55.00", "75.00")
    payout = banked(house, payment)
    before = versions(house, payment, payout)
    house.policy(closed_period=ClosedPeriod.ADJUST)
    house.close_books(DAY)
    try:
        with house.step(settled=False) as found:
            refund(house, payment, "20.00", date=DAY + dt.timedelta(days=3))
        assert entry(found) == [("1000", D("-20.00")), ("1100", D("20.00"))]
        waits = "\n".join(house.open_matters())
        assert f"{payment.ref} settles something else now, but it is part of the bank deposit" in waits
        assert versions(house, payment, payout) == before
    finally:
        house.close_books(None)
        house.policy(closed_period=ClosedPeriod.HOLD)
    house.drain()
    assert house.open_matters() == []
    assert unapplied(house, payment) == 0
    assert holds(house, payout) == [house.there(payment.ref)["Id"]]
