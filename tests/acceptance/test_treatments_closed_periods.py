"""Changes in a closed period through the whole path: correcting documents in the open one (treatments 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs
import pytest

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import Application, Payment, PaymentReturn, Payout, ReturnReason
from blueops_qb.sandbox.core.invoices import draft_of
from tests.treatments import worked
from tests.whole_path import DAY, D, WholePath, entry, material, service, whole_path

OCTOBER = dt.date(2025, 10, 20)
CLOSED = dt.date(2025, 10, 31)
LINES = [
    service("repair", "129.00", quantity=D("2.5"), class_key="service", discount=D("32.25")),
    material("pipe_fittings", "18.95", quantity=D(3), taxable=True),
    service("service_call", "59.00"),
]


@pytest.fixture
def house(sqlite_url: str) -> Iterator[WholePath]:
    with whole_path(sqlite_url, closed_period=ClosedPeriod.ADJUST) as path:
        yield path


def test_9_an_invoice_of_a_closed_month_is_voided_by_a_credit_memo_of_an_open_day(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.invoice(job, *LINES, issue_date=OCTOBER, tax=D("4.69"))
    house.drain()
    house.close_books(CLOSED)
    with house.step() as found, house.work() as tx:
        tx.void_invoice(invoice.id, reason="called off")
    assert entry(found) == worked("9", 1)
    memo = house.there(invoice.ref, "reversal")
    assert memo["TxnDate"] > CLOSED.isoformat()
    assert memo["RemainingCredit"] == 0
    old = house.there(invoice.ref)
    assert (old["TxnDate"], old["TotalAmt"], old["Balance"]) == (OCTOBER.isoformat(), 410.79, 0)
    # Told again, it changes nothing.
    with house.step() as found, house.engine.turns.open(house.id) as turn:
        assert turn is not None
        again(turn, invoice)
    assert entry(found) == []


def test_9_an_invoice_of_a_closed_month_is_corrected_and_what_was_paid_stays(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "400.00", issue_date=OCTOBER)
    pay(house, invoice, "150.00", OCTOBER)
    house.drain()
    house.close_books(CLOSED)
    draft = draft_of(invoice)
    with house.step() as found, house.work() as tx:
        changed = tx.update_invoice(
            invoice.id, attrs.evolve(draft, lines=[attrs.evolve(draft.lines[0], unit_price=D("360.00"))])
        )
    assert entry(found) == [("1100", D("-40.00")), ("4010", D("40.00"))]
    new = house.there(invoice.ref, "corrected")
    assert (new["TotalAmt"], new["Balance"]) == (360, 210)
    assert house.there(invoice.ref)["Balance"] == 0
    assert house.balance(changed) == D("210.00")
    with house.step() as found:
        pay(house, invoice, "210.00", DAY)
    assert entry(found) == [("1090", D("210.00")), ("1100", D("-210.00"))]
    assert house.there(invoice.ref, "corrected")["Balance"] == 0


def test_9_books_that_apply_credits_themselves_settle_the_correction(house: WholePath) -> None:
    house.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": True})
    _, job = house.party()
    invoice = house.simple(job, "400.00", issue_date=OCTOBER)
    house.drain()
    house.close_books(CLOSED)
    with house.step() as found:
        with house.work() as tx:
            tx.void_invoice(invoice.id)
        house.drain()
        house.poll()
    assert entry(found) == [("1100", D("-400.00")), ("4010", D("400.00"))]
    assert house.there(invoice.ref)["Balance"] == 0
    with house.step() as found:
        house.poll()
    assert entry(found) == []


def test_a_payment_that_comes_back_out_of_a_closed_deposit_is_put_to_a_person(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "80.00", issue_date=OCTOBER)
    paid = pay(house, invoice, "80.00", OCTOBER)
    with house.work() as tx:
        tx.settle_payout(
            Payout(id="", date=OCTOBER, account_key="checking", payment_ids=(paid.id,), net=D("80.00"))
        )
    house.drain()
    house.close_books(CLOSED)
    with house.step(settled=False) as found, house.work() as tx:
        tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=paid.id,
                customer_id="",
                date=DAY,
                reason=ReturnReason.BOUNCED,
                amount=D("80.00"),
                account_key="checking",
            )
        )
    assert entry(found) == [("1000", D("-80.00")), ("1100", D("80.00"))]
    (waits,) = house.open_matters()
    assert "is part of the bank deposit of 2025-10-20, in a closed period" in waits


def test_9_a_late_payment_goes_to_the_first_open_day_and_keeps_its_true_date(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    house.close_books(CLOSED)
    with house.step():
        payment = pay(house, invoice, "100.00", OCTOBER)
    there = house.there(payment.ref)
    assert there["TxnDate"] == "2025-11-01"
    assert "(true date 2025-10-20)" in there["PrivateNote"]


def test_9_a_taxed_invoice_of_a_closed_month_waits_unless_the_policy_lets_its_tax_move(
    house: WholePath,
) -> None:
    _, job = house.party()
    house.close_books(CLOSED)
    with house.step(settled=False) as found:
        house.invoice(job, *LINES, issue_date=OCTOBER, tax=D("4.69"))
    assert entry(found) == []
    (waits,) = house.open_matters()
    assert "the books are closed until 2025-10-31" in waits
    house.policy(redate_taxed=True)
    with house.step() as found:
        pass
    assert entry(found) == worked("1.1", 1)


def pay(house: WholePath, invoice: object, amount: str, day: dt.date) -> Payment:
    record = Payment(
        id="",
        customer_id=invoice.customer_id,  # type: ignore[attr-defined]
        received_on=day,
        amount=D(amount),
        method="check",
        applications=(Application(invoice_id=invoice.id, amount=D(amount)),),  # type: ignore[attr-defined]
    )
    with house.work() as tx:
        found: Payment = tx.record_payment(record)
    return found


def again(turn: object, invoice: object) -> None:
    """The newest event of the invoice is planned once more."""
    from blueops_qb.engine import outbox

    outbox.again(
        turn.connection,  # type: ignore[attr-defined]
        turn.tenant_id,  # type: ignore[attr-defined]
        turn.now,  # type: ignore[attr-defined]
        refs=[invoice.ref],  # type: ignore[attr-defined]
        states=[outbox.State.DONE],
    )
