"""Customer money that a bookkeeper enters in QuickBooks: credits, their use, refunds, bounced checks, discounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import Application, Credit, CreditReason, Invoice, Job, Payment, Refund
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.crediting import credit_amount
from blueops_qb.sandbox.core.reminders import send_reminders
from blueops_qb.store import tables as t
from tests.engine_house import TENANT
from tests.whole_path import DAY, D, WholePath, entry, whole_path

LATER = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('books') / 'core.sqlite3'}") as path:
        yield path


def item(house: WholePath, key: str) -> dict[str, str]:
    (row,) = house.ask(f"select * from Item where Name = '{key}'")
    return {"value": row["Id"]}


def account(house: WholePath, number: str) -> dict[str, str]:
    rows = house.ask("select * from Account maxresults 1000")
    return {"value": next(row["Id"] for row in rows if row.get("AcctNum") == number)}


def their_credit(house: WholePath, invoice: Invoice, amount: float) -> dict[str, Any]:
    """The bookkeeper writes a credit memo for the invoice's customer."""
    line = {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "Description": "Scratched basin",
        "SalesItemLineDetail": {"ItemRef": item(house, "fee_type allowance"), "TaxCodeRef": {"value": "NON"}},
    }
    customer = house.there(invoice.ref)["CustomerRef"]
    return house.post("creditmemo", {"CustomerRef": customer, "TxnDate": DAY.isoformat(), "Line": [line]})


def applies(house: WholePath, invoice: Invoice, memo: dict[str, Any], amount: float) -> dict[str, Any]:
    """The bookkeeper applies a credit memo to the invoice."""
    there = house.there(invoice.ref)
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}
        for id, kind in ((there["Id"], "Invoice"), (memo["Id"], "CreditMemo"))
    ]
    body = {"CustomerRef": there["CustomerRef"], "TotalAmt": 0, "TxnDate": DAY.isoformat(), "Line": lines}
    return house.post("payment", body)


def credits(house: WholePath, job: Job) -> list[Credit]:
    found = house.core.iterate(TENANT, kinds=[RecordKind.CREDIT], limit=500)
    records = [s.record for s in found if isinstance(s.record, Credit)]
    return [r for r in records if r.job_id == job.id]


def settled(house: WholePath) -> None:
    house.poll()
    assert not house.conflicts(), house.conflicts()
    assert not house.open_matters(), house.open_matters()


def test_a_credit_memo_of_the_bookkeeper_arrives_and_its_use_lowers_the_invoice(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00", due_date=DAY)
    house.drain()
    memo = their_credit(house, invoice, 40.0)
    settled(house)
    (credit,) = credits(house, job)
    assert (credit.total, credit.unapplied) == (D("40.00"), D("40.00"))
    assert house.balance(invoice) == D("100.00")
    applies(house, invoice, memo, 40.0)
    with house.step() as found:
        settled(house)
    assert entry(found) == []
    (credit,) = credits(house, job)
    assert credit.applications == (Application(invoice_id=invoice.id, amount=D("40.00")),)
    assert house.balance(invoice) == D("60.00")
    run = send_reminders(house.core, TENANT, LATER)
    assert invoice.id in run.sent
    with house.step() as found:
        settled(house)
    assert entry(found) == []


def test_a_reminder_waits_while_what_is_known_of_the_books_is_too_old(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00", due_date=DAY)
    settled(house)
    with house.core.engine.begin() as connection:
        f = t.feeds
        old = connection.execute(sa.select(f.c.moved_at).where(f.c.feed == "changes")).scalar_one()
        connection.execute(
            f.update().where(f.c.feed == "changes").values(moved_at=old - dt.timedelta(hours=3))
        )
    day = LATER + dt.timedelta(days=1)
    run = send_reminders(house.core, TENANT, day)
    (held,) = [held for held in run.held if held.invoice_id == invoice.id]
    assert "was last read on" in held.reason
    house.policy(reminder_hours=4)
    try:
        assert invoice.id in send_reminders(house.core, TENANT, day).sent
    finally:
        house.policy(reminder_hours=2)


def test_a_credit_of_ours_that_the_bookkeeper_applies_is_applied_here(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    with house.work() as tx:
        credit = tx.issue_credit(
            credit_amount(invoice, D("100.00"), on=DAY, reason=CreditReason.GOODWILL, applied=D("0.00"))
        )
    house.drain()
    applies(house, invoice, house.there(credit.ref), 100.0)
    settled(house)
    assert house.balance(invoice) == D("0.00")
    run = send_reminders(house.core, TENANT, LATER)
    assert invoice.id not in run.sent


def test_a_credit_memo_that_is_deleted_there_waits_for_a_choice(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    house.drain()
    memo = their_credit(house, invoice, 10.0)
    settled(house)
    house.post("creditmemo", {"Id": memo["Id"], "SyncToken": memo["SyncToken"]}, operation="delete")
    house.poll()
    assert any("was deleted in QuickBooks" in reason for reason in house.conflicts())
    house.forget_conflicts()


def test_a_check_that_the_bookkeeper_records_as_bounced_opens_the_invoice(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "75.00", due_date=DAY)
    record = Payment(
        id="",
        customer_id=job.customer_id,
        received_on=DAY,
        amount=D("75.00"),
        method="check",
        applications=(Application(invoice_id=invoice.id, amount=D("75.00")),),
    )
    with house.work() as tx:
        payment = tx.record_payment(record)
    house.drain()
    assert house.balance(invoice) == D("0.00")
    there = house.there(payment.ref)
    customer = there["CustomerRef"]["value"]
    check = house.post(
        "purchase",
        {
            "PaymentType": "Check",
            "AccountRef": account(house, "1000"),
            "EntityRef": {"value": customer, "type": "Customer"},
            "TxnDate": DAY.isoformat(),
            "Line": [
                {
                    "Amount": 75.0,
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "AccountBasedExpenseLineDetail": {
                        "AccountRef": account(house, "1100"),
                        "CustomerRef": {"value": customer},
                        "BillableStatus": "NotBillable",
                    },
                }
            ],
        },
    )
    line = {"Amount": 75.0, "LinkedTxn": [{"TxnId": check["Id"], "TxnType": "Check"}]}
    body = {key: value for key, value in there.items() if key not in ("kind", "Line", "UnappliedAmt")}
    house.post("payment", {**body, "Line": [line]})
    settled(house)
    assert house.balance(invoice) == D("75.00")
    run = send_reminders(house.core, TENANT, LATER)
    assert invoice.id in run.sent


def test_a_discount_for_paying_early_that_the_bookkeeper_gave(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "1000.00")
    house.drain()
    there = house.there(invoice.ref)
    memo = their_credit(house, invoice, 20.0)
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}
        for amount, id, kind in ((1000.0, there["Id"], "Invoice"), (20.0, memo["Id"], "CreditMemo"))
    ]
    body = {"CustomerRef": there["CustomerRef"], "TotalAmt": 980, "TxnDate": DAY.isoformat(), "Line": lines}
    house.post("payment", body)
    with house.step() as found:
        settled(house)
    assert entry(found) == []
    assert house.balance(invoice) == D("0.00")
    (credit,) = credits(house, job)
    assert credit.unapplied == D("0.00")


def test_a_deposit_that_the_bookkeeper_refunds_is_refunded_here(house: WholePath) -> None:
    _, job = house.party()
    record = Payment(
        id="",
        customer_id=job.customer_id,
        received_on=DAY,
        amount=D("500.00"),
        method="check",
        deposit_for_job=job.id,
    )
    with house.work() as tx:
        paid = tx.record_payment(record)
    house.drain()
    line = {
        "Amount": 500.0,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": item(house, "fee_type deposit"), "TaxCodeRef": {"value": "NON"}},
    }
    house.post(
        "refundreceipt",
        {
            "CustomerRef": house.there(paid.ref)["CustomerRef"],
            "DepositToAccountRef": account(house, "1000"),
            "TxnDate": DAY.isoformat(),
            "Line": [line],
        },
    )
    with house.step() as found:
        settled(house)
    assert entry(found) == []
    with house.work() as tx:
        assert tx.read(paid.ref).record.unapplied == D("0.00")
    refunds = [s.record for s in house.core.iterate(TENANT, kinds=[RecordKind.REFUND])]
    (refund,) = [r for r in refunds if isinstance(r, Refund) and r.deposit_for_job == job.id]
    assert (refund.amount, refund.account_key) == (D("500.00"), "checking")


def test_a_refund_that_blueops_cannot_represent_is_listed_and_left_alone(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    house.drain()
    line = {
        "Amount": 30.0,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": item(house, "fee_type allowance"), "TaxCodeRef": {"value": "NON"}},
    }
    made = house.post(
        "refundreceipt",
        {
            "CustomerRef": house.there(invoice.ref)["CustomerRef"],
            "DepositToAccountRef": account(house, "1000"),
            "TxnDate": DAY.isoformat(),
            "Line": [line],
        },
    )
    house.poll()
    (reason,) = house.conflicts()
    assert f"refund receipt {made['Id']} of 30.00 entered in QuickBooks was not taken into BlueOps" in reason
    house.forget_conflicts()
    assert house.ask(f"select * from RefundReceipt where Id = '{made['Id']}'")[0]["SyncToken"] == "0"


def test_a_payment_of_a_month_that_is_closed_when_it_is_seen_stays_where_the_bookkeeper_put_it(
    house: WholePath,
) -> None:
    _, job = house.party()
    invoice = house.simple(job, "45.00")
    house.drain()
    customer = house.there(invoice.ref)["CustomerRef"]
    body = {"CustomerRef": customer, "TotalAmt": 45, "TxnDate": DAY.isoformat()}
    made = house.post("payment", {**body, "DepositToAccountRef": account(house, "1000")})
    house.close_books(DAY)
    try:
        settled(house)
    finally:
        house.close_books(None)
    settled(house)
    payments = [s.record for s in house.core.iterate(TENANT, kinds=[RecordKind.PAYMENT], limit=500)]
    (payment,) = [p for p in payments if isinstance(p, Payment) and p.customer_id == job.customer_id]
    with house.step() as found, house.work() as tx:
        parts = (Application(invoice_id=invoice.id, amount=D("45.00")),)
        tx.update_payment(attrs.evolve(payment, applications=parts))
    assert entry(found) == []
    (there,) = house.ask(f"select * from Payment where Id = '{made['Id']}'")
    assert there["DepositToAccountRef"]["value"] == account(house, "1000")["value"]
    assert there["SyncToken"] == "1"
    assert house.there(invoice.ref)["Balance"] == 0
