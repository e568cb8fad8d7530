"""The longest way of customer money on PostgreSQL as well: deposited, bounced, asked for, chosen, credited."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import (
    Application,
    CreditReason,
    Payment,
    PaymentReturn,
    Payout,
    ReturnReason,
)
from blueops_qb.engine import record_choices
from blueops_qb.sandbox.core.crediting import credit_amount
from blueops_qb.sandbox.postgres import PostgresServer
from tests.acceptance.test_customer_money_bank_deposits import again, banks, linked, payouts, plain, received
from tests.whole_path import DAY, D, entry, whole_path


@pytest.mark.postgres
def test_a_deposited_check_bounces_and_a_closed_invoice_is_corrected(postgres_server: PostgresServer) -> None:
    url = postgres_server.create(f"money{uuid.uuid4().hex[:12]}")
    with whole_path(url, closed_period=ClosedPeriod.ASK) as house:
        _, job = house.party()
        invoice = house.simple(job, "80.00")
        old = house.simple(job, "50.00", issue_date=dt.date(2025, 10, 20))
        part = Application(invoice_id=invoice.id, amount=D("80.00"))
        money = Payment(
            id="",
            customer_id=job.customer_id,
            received_on=DAY,
            amount=D("80.00"),
            method="check",
            applications=(part,),
        )
        with house.work() as tx:
            paid = tx.record_payment(money)
            payout = Payout(id="", date=DAY, account_key="checking", payment_ids=(paid.id,), net=D("80.00"))
            tx.settle_payout(payout)
        house.drain()
        back = PaymentReturn(
            id="",
            payment_id=paid.id,
            customer_id="",
            date=DAY,
            reason=ReturnReason.BOUNCED,
            amount=D("80.00"),
            account_key="checking",
        )
        with house.step() as found, house.work() as tx:
            tx.return_payment(back)
        assert entry(found) == [("1000", D("-80.00")), ("1100", D("80.00"))]
        assert house.there(invoice.ref)["Balance"] == 80
        with house.step() as found, house.work() as tx:
            tx.issue_credit(credit_amount(invoice, D("80.00"), on=DAY, reason=CreditReason.BAD_DEBT))
        assert house.there(invoice.ref)["Balance"] == 0
        house.close_books(dt.date(2025, 10, 31))
        with house.step(settled=False) as found, house.work() as tx:
            tx.void_invoice(old.id)
        assert entry(found) == []
        with house.step() as found, house.engine.turns.open(house.id) as turn:
            assert turn is not None
            record_choices.choose(turn, old.ref, "closed_period", "adjust", actor="bookkeeper")
        assert entry(found) == [("1100", D("-50.00")), ("4010", D("50.00"))]


@pytest.mark.postgres
def test_a_bookkeepers_deposit_arrives_and_follows_an_edit(postgres_server: PostgresServer) -> None:
    url = postgres_server.create(f"banked{uuid.uuid4().hex[:12]}")
    with whole_path(url) as house:
        one, two = received(house, "80.00", "20.00")
        made = banks(house, linked(house, one, "80.00"), plain(house, "6100", "-1.00"))
        house.poll()
        assert [p.net for p in payouts(house, one)] == [D("79.00")]
        banks(house, linked(house, one, "80.00"), linked(house, two, "20.00"), **again(made))
        house.poll()
        (payout,) = payouts(house, one, two)
        assert (payout.fees, payout.net, house.conflicts()) == (D("0.00"), D("100.00"), [])
