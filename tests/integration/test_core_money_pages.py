"""Credits, refunds, returned payments and deposits entered by hand on core's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.domain.records import Credit, Payment, PaymentReturn, Refund
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.core import ReferenceCore
from tests.core_house import TENANT, Browser, D, customer, draft, house, invoice, payment_of, people


@pytest.fixture
def core(sqlite_url: str) -> Iterator[ReferenceCore]:
    with house(sqlite_url) as host:
        people(host)
        customer(host)
        yield host


def only(core: ReferenceCore, kind: RecordKind) -> Any:
    (snapshot,) = core.iterate(TENANT, kinds=[kind])
    return snapshot.record


def once(page: str, form: str) -> str:
    """The key under which a form of the page is carried out."""
    found = re.search(rf'action="[^"]*{form}".*?name="once" value="([^"]+)"', page, re.S)
    assert found is not None, form
    return found[1]


def test_an_invoice_is_credited_in_part_and_the_credit_is_taken_back(core: ReferenceCore) -> None:
    raised = invoice(core)
    office = Browser(core, "admin")
    page = office.get(f"/invoices/{raised.id}").text
    key = once(page, f"/invoices/{raised.id}/credit")
    sent = {"amount": "30.00", "reason": "goodwill", "apply": "yes", "once": key}
    answer = office.post(f"/invoices/{raised.id}/credit", sent)
    assert answer.headers["Location"].endswith("/credits/1")
    office.post(f"/invoices/{raised.id}/credit", sent)  # sent twice, done once
    credit = only(core, RecordKind.CREDIT)
    assert isinstance(credit, Credit)
    assert (credit.total, credit.unapplied) == (D("30.00"), D("0.00"))
    assert "70.00" in office.get(f"/invoices/{raised.id}").text
    assert "goodwill" in office.get("/credits").text
    page = office.get("/credits/1").text
    office.post("/credits/1/void", {"reason": "a mistake", "once": once(page, "/credits/1/void")})
    assert only(core, RecordKind.CREDIT).void


def test_a_payment_comes_back_and_its_dispute_is_won(core: ReferenceCore) -> None:
    raised = invoice(core)
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("100.00", (raised.id, "100.00"), method="card"))
    office = Browser(core, "admin")
    page = office.get("/payments/1").text
    sent = {"reason": "chargeback", "bank_fee": "15.00", "once": once(page, "/payments/1/return")}
    office.post("/payments/1/return", sent)
    back = only(core, RecordKind.PAYMENT_RETURN)
    assert isinstance(back, PaymentReturn)
    assert (back.amount, back.bank_fee) == (D("100.00"), D("15.00"))
    page = office.get("/payment_returns/1").text
    office.post(
        "/payment_returns/1/win", {"date": "2026-03-19", "once": once(page, "/payment_returns/1/win")}
    )
    assert only(core, RecordKind.PAYMENT_RETURN).won_by_payment_id == "2"
    assert "Returned payment" in office.get("/payment_returns").text


def test_a_deposit_is_taken_used_and_its_rest_refunded(core: ReferenceCore) -> None:
    office = Browser(core, "admin")
    with core.begin(TENANT) as tx:
        from blueops_qb.domain.records import Job

        tx.create_job(Job(id="", customer_id="1", name="Kitchen"))
    page = office.get("/payments/new?customer_id=1").text
    assert "Deposit before the work" in page
    sent = {
        "customer_id": "1",
        "received_on": "2026-03-02",
        "amount": "150.00",
        "method": "check",
        "deposit_for_job": "1",
        "once": "a",
    }
    office.post("/payments/new", sent)
    page = office.get("/invoices/new?customer_id=1").text
    assert "Use of deposit 1 (150.00)" in page
    line = {
        "description": "Repair",
        "unit_price": "100.00",
        "line_id": "",
        "what": "service:repair",
        "quantity": "1",
        "line_discount": "",
        "taxable": "no",
        "class_key": "",
    }
    answer = office.post(
        "/invoices/new",
        {
            "customer_id": "1",
            "issue_date": "2026-03-02",
            "job_id": "1",
            "deposit-1": "150.00",
            "once": "b",
            **line,
        },
    )
    assert answer.status_code == 303, answer.text
    deposit = only(core, RecordKind.PAYMENT)
    assert isinstance(deposit, Payment)
    assert (deposit.applications[0].amount, deposit.unapplied) == (D("100.00"), D("50.00"))
    page = office.get("/payments/1").text
    key = once(page, "/payments/1/refund")
    office.post("/payments/1/refund", {"account_key": "checking", "kept": "20.00", "once": key})
    refund = only(core, RecordKind.REFUND)
    assert isinstance(refund, Refund)
    assert (refund.amount, refund.kept_amount, refund.deposit_for_job) == (D("30.00"), D("20.00"), "1")
    assert "30.00" in office.get("/refunds/1").text


def test_what_is_paid_too_much_after_an_edit_is_shown_as_the_customers_credit(core: ReferenceCore) -> None:
    raised = invoice(core)
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("100.00", (raised.id, "100.00")))
        tx.update_invoice(raised.id, draft(price="70.00"))
    assert (
        "To the credit of this customer: <strong>30.00</strong>"
        in Browser(core, "admin").get("/customers/1").text
    )


def test_what_cannot_be_done_is_said_and_changes_nothing(core: ReferenceCore) -> None:
    raised = invoice(core)
    office = Browser(core, "admin")
    page = office.get(f"/invoices/{raised.id}").text
    key = once(page, f"/invoices/{raised.id}/credit")
    office.post(f"/invoices/{raised.id}/credit", {"amount": "130.00", "reason": "goodwill", "once": key})
    assert "cannot be credited as well" in office.get(f"/invoices/{raised.id}").text
    assert not list(core.iterate(TENANT, kinds=[RecordKind.CREDIT]))
