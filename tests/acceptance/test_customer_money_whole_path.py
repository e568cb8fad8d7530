"""Customer money beyond the worked entries, through the whole path: what is settled, given back, split, credited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import ClosedPeriod, Prepaid
from blueops_qb.domain.records import (
    Application,
    CreditReason,
    Invoice,
    Job,
    LineKind,
    Payment,
    PaymentReturn,
    Payout,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rate_drift, record_choices, rounds
from blueops_qb.sandbox.core.crediting import credit_amount, credit_in_full, credit_of_lines
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.core.people import Choice, ChoiceFamily, add_choices
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.engine_house import TENANT
from tests.whole_path import DAY, D, WholePath, entry, material, service, whole_path

KITS = material("pipe_fittings", "18.95", quantity=D(3), taxable=True)
REPAIR = service("repair", "129.00", quantity=D("2.5"), class_key="service", discount=D("32.25"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('money') / 'core.sqlite3'}") as path:
        yield path


def pay(house: WholePath, job: Job, amount: str, *parts: tuple[Invoice, str], **fields: Any) -> Payment:
    applied = tuple(Application(invoice_id=invoice.id, amount=D(part)) for invoice, part in parts)
    record = Payment(
        id="",
        customer_id=job.customer_id,
        amount=D(amount),
        applications=applied,
        **{"method": "check", "received_on": DAY, **fields},
    )
    with house.work() as tx:
        found: Payment = tx.record_payment(record)
    return found


def came_back(house: WholePath, payment: Payment, **fields: Any) -> PaymentReturn:
    record = PaymentReturn(
        id="",
        payment_id=payment.id,
        customer_id="",
        amount=payment.amount,
        **{"reason": ReturnReason.BOUNCED, "date": DAY, **fields},
    )
    with house.work() as tx:
        found: PaymentReturn = tx.return_payment(record)
    return found


# -- money that comes back -----------------------------------------------------------------------------
def test_a_chargeback_goes_by_the_clearing_account_and_the_payout_is_the_bank_to_the_cent(
    house: WholePath,
) -> None:
    _, job = house.party()
    one, two = house.simple(job, "410.79"), house.simple(job, "100.00")
    first = pay(house, job, "410.79", (one, "410.79"), method="card")
    second = pay(house, job, "100.00", (two, "100.00"), method="card")
    house.drain()
    with house.step() as found:
        back = came_back(house, first, reason=ReturnReason.CHARGEBACK, bank_fee=D("15.00"))
    assert entry(found) == [("1050", D("-425.79")), ("1100", D("410.79")), ("6100", D("15.00"))]
    assert house.balance(one) == D("410.79")
    assert house.there(one.ref)["Balance"] == 410.79
    with house.step() as found, house.work() as tx:
        tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(first.id, second.id),
                return_ids=(back.id,),
                fees=D("3.20"),
                net=D("81.80"),
            )
        )
    assert entry(found) == [("1000", D("81.80")), ("1050", D("-85.00")), ("6100", D("3.20"))]
    with house.step() as found, house.work() as tx:
        tx.win_dispute(back.id, on=DAY)
    assert entry(found) == [("1050", D("410.79")), ("1100", D("-410.79"))]
    assert house.balance(one) == D("0.00")
    assert house.there(one.ref)["Balance"] == 0


def test_a_check_that_bounces_before_the_bank_leaves_from_where_it_waited(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "80.00")
    payment = pay(house, job, "80.00", (invoice, "80.00"))
    house.drain()
    with house.step() as found:
        came_back(house, payment)
    assert entry(found) == [("1090", D("-80.00")), ("1100", D("80.00"))]
    assert house.there(invoice.ref)["Balance"] == 80


def test_a_return_recorded_in_error_is_undone(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "80.00")
    payment = pay(house, job, "80.00", (invoice, "80.00"))
    house.drain()
    with house.step() as found:
        back = came_back(house, payment, account_key="checking", bank_fee=D("12.00"))
        house.drain()
        with house.work() as tx:
            tx.void_return(back.id)
    assert entry(found) == []
    assert house.there(invoice.ref)["Balance"] == 0


# -- deposits as waiting payments ----------------------------------------------------------------------
def test_a_deposit_as_a_payment_waits_and_settles_the_full_invoice(house: WholePath) -> None:
    _, job = house.party()
    house.policy(prepaid=Prepaid.UNAPPLIED)
    try:
        with house.step() as found:
            paid = pay(house, job, "1000.00", deposit_for_job=job.id)
        assert entry(found) == [("1090", D("1000.00")), ("1100", D("-1000.00"))]
        uses = LineDraft(kind=LineKind.DEPOSIT_APPLIED, unit_price=D("1000.00"), deposit_id=paid.id)
        with house.step() as found:
            invoice = house.invoice(job, service("install", "1300.00"), uses)
        assert entry(found) == [("1100", D("1300.00")), ("4020", D("-1300.00"))]
        assert house.there(invoice.ref)["Balance"] == 300
        assert house.balance(invoice) == D("300.00")
    finally:
        house.policy(prepaid=Prepaid.LIABILITY)


def test_a_deposit_line_takes_no_more_than_the_invoice_and_the_rest_stays(house: WholePath) -> None:
    _, job = house.party()
    paid = pay(house, job, "1000.00", deposit_for_job=job.id)
    house.drain()
    uses = LineDraft(kind=LineKind.DEPOSIT_APPLIED, unit_price=D("1000.00"), deposit_id=paid.id)
    with house.step() as found:
        invoice = house.invoice(job, KITS, uses, tax=D("4.69"))
    assert entry(found) == [("2200", D("-4.69")), ("2300", D("61.54")), ("4110", D("-56.85"))]
    assert invoice.amount_due == D("0.00")
    assert house.there(invoice.ref)["TotalAmt"] == 0


# -- discounts for paying early that do not last -------------------------------------------------------
def early(house: WholePath, job: Job, invoice: Invoice) -> Payment:
    record = Payment(
        id="",
        customer_id=job.customer_id,
        received_on=DAY,
        amount=D("980.00"),
        method="check",
        applications=(Application(invoice_id=invoice.id, amount=D("980.00"), discount=D("20.00")),),
    )
    with house.work() as tx:
        found: Payment = tx.record_payment(record)
    return found


def test_a_discount_goes_with_its_payment_when_that_is_voided(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "1000.00")
    house.drain()
    with house.step() as found:
        payment = early(house, job, invoice)
        house.drain()
        with house.work() as tx:
            tx.void_payment(payment.id)
    assert entry(found) == []
    assert house.there(invoice.ref)["Balance"] == 1000
    assert house.balance(invoice) == D("1000.00")


def test_a_discount_goes_with_its_payment_when_that_bounces(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "1000.00")
    house.drain()
    payment = early(house, job, invoice)
    house.drain()
    with house.step() as found:
        came_back(house, payment, account_key="checking")
    assert entry(found) == [("1000", D("-980.00")), ("1100", D("1000.00")), ("4900", D("-20.00"))]
    assert house.there(invoice.ref)["Balance"] == 1000
    assert house.balance(invoice) == D("1000.00")


# -- several jobs --------------------------------------------------------------------------------------
def test_one_payment_over_two_jobs_is_split_where_the_books_refuse_it(house: WholePath) -> None:
    customer, one = house.party()
    two = house.job(customer)
    first, second = house.simple(one, "100.00"), house.simple(two, "50.00")
    house.drain()
    with house.step() as found:
        payment = pay(house, one, "160.00", (first, "100.00"), (second, "50.00"))
    assert entry(found) == [("1090", D("160.00")), ("1100", D("-160.00"))]
    parts = [house.there(payment.ref), house.there(payment.ref, "main", 2)]
    # The first part, by the numbers of the jobs, bears what settles nothing.
    rest = [110, 50] if one.id < two.id else [100, 60]
    assert sorted(part["TotalAmt"] for part in parts) == sorted(rest)
    assert [house.there(i.ref)["Balance"] for i in (first, second)] == [0, 0]
    with house.step() as found, house.work() as tx:
        tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("160.00"))
        )
    assert entry(found) == [("1000", D("160.00")), ("1090", D("-160.00"))]
    with house.step() as found:
        came_back(house, payment, account_key="checking")
    assert entry(found) == [("1000", D("-160.00")), ("1100", D("160.00"))]
    assert [house.there(i.ref)["Balance"] for i in (first, second)] == [100, 50]


# -- credits -------------------------------------------------------------------------------------------
def test_a_full_credit_is_the_opposite_of_the_invoice_to_the_cent(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        invoice = house.invoice(job, REPAIR, KITS, tax=D("4.69"))
    with house.step() as back, house.work() as tx:
        whole = credit_in_full(invoice, on=DAY)
        applied = (Application(invoice_id=invoice.id, amount=whole.total),)
        tx.issue_credit(attrs.evolve(whole, applications=applied))
    assert [(a, -s) for a, s in entry(found)] == entry(back)
    assert {(x["account"], x["class"], -x["amount"]) for x in found} == {
        (x["account"], x["class"], x["amount"]) for x in back
    }
    assert house.balance(invoice) == D("0.00")
    assert house.there(invoice.ref)["Balance"] == 0


def test_goods_that_come_back_return_their_income_and_their_share_of_the_tax(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.invoice(job, REPAIR, KITS, tax=D("4.69"))
    house.drain()
    line = invoice.lines[1]
    with house.step() as found, house.work() as tx:
        credit = tx.issue_credit(credit_of_lines(invoice, {line.line_id: D("18.95")}, on=DAY))
    assert entry(found) == [("1100", D("-20.51")), ("2200", D("1.56")), ("4110", D("18.95"))]
    assert house.there(credit.ref)["RemainingCredit"] == 20.51
    with house.step() as found, house.work() as tx:
        tx.update_credit(
            attrs.evolve(credit, applications=(Application(invoice_id=invoice.id, amount=D("20.51")),))
        )
    assert entry(found) == []
    assert house.balance(invoice) == invoice.total - D("20.51")
    assert D(str(house.there(invoice.ref)["Balance"])) == invoice.total - D("20.51")


def test_tax_that_was_charged_before_the_certificate_came_is_credited_alone(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.invoice(job, KITS, tax=D("4.69"))
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.issue_credit(credit_amount(invoice, D("4.69"), on=DAY, reason=CreditReason.TAX))
    assert entry(found) == [("1100", D("-4.69")), ("2200", D("4.69"))]
    assert D(str(house.there(invoice.ref)["Balance"])) == D("56.85")


def test_a_credit_keeps_the_mapping_of_its_invoice(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.invoice(job, service("drain_cleaning", "90.00"))
    house.drain()
    (other,) = house.ask("select * from Item where Name = 'service_category install'")
    house.map(Family.SERVICE, "drain_cleaning", item=BooksRef(BooksKind.ITEM, other["Id"]))
    with house.step() as found, house.work() as tx:
        tx.issue_credit(credit_in_full(invoice, on=DAY))
    assert entry(found) == [("1100", D("-90.00")), ("4030", D("90.00"))]


def test_an_edit_below_what_is_paid_leaves_a_credit_that_is_refunded(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    payment = pay(house, job, "100.00", (invoice, "100.00"))
    house.drain()
    draft = draft_of(invoice)
    with house.step() as found, house.work() as tx:
        lines = [attrs.evolve(draft.lines[0], unit_price=D("70.00"))]
        tx.update_invoice(invoice.id, attrs.evolve(draft, lines=lines))
    assert entry(found) == [("1100", D("-30.00")), ("4010", D("30.00"))]
    assert house.there(payment.ref)["UnappliedAmt"] == 30
    with house.step() as found, house.work() as tx:
        tx.issue_refund(
            Refund(
                id="",
                customer_id=job.customer_id,
                date=DAY,
                amount=D("30.00"),
                parts=(RefundPart(of=payment.ref, amount=D("30.00")),),
                method="card",
            )
        )
    assert entry(found) == [("1050", D("-30.00")), ("1100", D("30.00"))]
    assert house.there(payment.ref)["UnappliedAmt"] == 0


def test_a_paid_invoice_is_voided_once_its_payment_is(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    payment = pay(house, job, "100.00", (invoice, "100.00"))
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.void_payment(payment.id)
        tx.void_invoice(invoice.id)
    assert entry(found) == [("1090", D("-100.00")), ("4010", D("100.00"))]


def test_books_that_apply_credits_themselves_are_not_told_twice(house: WholePath) -> None:
    house.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": True})
    house.reread()
    try:
        _, job = house.party()
        invoice = house.simple(job, "100.00")
        house.drain()
        with house.step() as found, house.work() as tx:
            credit = tx.issue_credit(credit_amount(invoice, D("25.00"), on=DAY, reason=CreditReason.GOODWILL))
        assert entry(found) == [("1100", D("-25.00")), ("4910", D("25.00"))]
        assert house.there(invoice.ref)["Balance"] == 75
        house.poll()
        assert not house.conflicts(), house.conflicts()
        with house.work() as tx:
            assert tx.read(credit.ref).record.applications == credit.applications
        assert house.balance(invoice) == D("75.00")
    finally:
        house.admin("preferences", **{"SalesFormsPrefs.AutoApplyCredit": False})
        house.reread()


# -- tax and closed periods ----------------------------------------------------------------------------
def test_a_cent_that_the_books_compute_otherwise_is_posted_as_rounding(house: WholePath) -> None:
    house.admin("tax", mode="ast", takes_our_tax=False)
    house.policy(tax_gap=D("0.02"))
    try:
        _, job = house.party()
        kits = material("pipe_fittings", "5.15", quantity=D(3), taxable=True)
        with house.step() as found:
            invoice = house.invoice(job, kits, tax=D("1.09"))  # 7 % of 15.45 is 1.08 in the books
        assert entry(found) == [
            ("1100", D("16.54")),
            ("2200", D("-1.08")),
            ("4110", D("-15.45")),
            ("6950", D("-0.01")),
        ]
        assert house.there(invoice.ref)["TotalAmt"] == 16.54
    finally:
        house.admin("tax", mode="ast")
        house.policy(tax_gap=D("0.00"))


def test_a_rate_that_differs_between_both_sides_is_shown(house: WholePath) -> None:
    (nevada,) = house.ask("select * from TaxCode where Name = 'Nevada'")
    house.map(Family.TAX, "nv", tax_code=BooksRef(BooksKind.TAX_CODE, nevada["Id"]))
    with house.work() as tx:
        add_choices(tx.connection, TENANT, ChoiceFamily.TAX, [Choice("nv", "Nevada", "7.25")])
    _, job = house.party()
    house.invoice(job, KITS, tax_key="nv")
    house.drain()
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        assert rate_drift.drifts(turn) == [rate_drift.Drift(key="nv", ours=D("7.25"), theirs=D("7"))]
    rounds.go(house.engine, house.id)  # the runner looks, pages show what it found
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        (drift,) = rate_drift.found(turn.row).drifts
        assert (drift.ours, drift.theirs) == (D("7.25"), D("7"))


def test_where_the_policy_asks_a_person_chooses_for_the_record(house: WholePath) -> None:
    _, job = house.party()
    closed = dt.date(2025, 10, 31)
    house.policy(closed_period=ClosedPeriod.ASK)
    house.close_books(closed)
    try:
        with house.step(settled=False) as found:
            invoice = house.simple(job, "60.00", issue_date=dt.date(2025, 10, 20))
        assert entry(found) == []
        with house.step() as found, house.engine.turns.open(house.id) as turn:
            assert turn is not None
            record_choices.choose(turn, invoice.ref, "closed_period", "redate", actor="bookkeeper")
        assert entry(found) == [("1100", D("60.00")), ("4010", D("-60.00"))]
        assert house.there(invoice.ref)["TxnDate"] == "2025-11-01"
    finally:
        house.close_books(None)
        house.policy(closed_period=ClosedPeriod.HOLD)
