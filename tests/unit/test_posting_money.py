"""Posting rules of customer money on the pure side: the worked entries again, and what must always hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    CreditMemo,
    CustomerPayment,
    ExpenseDocument,
    JournalEntry,
    RefundReceipt,
    SalesInvoice,
    SalesReceipt,
)
from blueops_qb.domain.policy import OverJobs, Prepaid
from blueops_qb.domain.posting.context import Posted, PostingContext
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.records import (
    Address,
    Application,
    Credit,
    CreditReason,
    GivenBack,
    Invoice,
    InvoiceLine,
    Job,
    LineKind,
    Payment,
    PaymentReturn,
    Payout,
    Record,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef
from blueops_qb.sandbox.core.crediting import credit_in_full, credit_of_lines
from tests.plumbing import (
    DAY,
    JOB,
    D,
    account,
    blocked,
    booked,
    check_of,
    company,
    document,
    invoice,
    plain_invoice,
    postings,
    simple_line,
)
from tests.treatments import worked

DEPOSIT = check_of("1000.00", id="8", deposit_for_job="J1")
BACK = PaymentReturn(
    id="6",
    payment_id="1",
    customer_id="7",
    date=DAY,
    reason=ReturnReason.BOUNCED,
    amount=D("410.79"),
    account_key="checking",
)


def posted(record: Record, context: PostingContext) -> dict[str, Any]:
    """The documents of a record by their keys."""
    result = post(record, context)
    assert isinstance(result, Posted), result
    return {str(key): doc for key, doc in result.documents.items()}


def known(record: Record, context: PostingContext) -> dict[DocumentKey, Any]:
    """What a record was posted as."""
    result = post(record, context)
    assert isinstance(result, Posted), result
    return dict(result.documents)


def test_a_deposit_is_a_receipt_or_a_payment_by_policy_and_stays_what_it_was_posted_as() -> None:
    assert booked(DEPOSIT) == worked("2.2", 1)
    assert isinstance(document(DEPOSIT), SalesReceipt)
    waits = company(prepaid=Prepaid.UNAPPLIED)
    paid = document(DEPOSIT, waits)
    assert isinstance(paid, CustomerPayment)
    assert paid.customer == JOB.ref
    later = company(posted=known(DEPOSIT, waits))
    assert isinstance(document(DEPOSIT, later), CustomerPayment)


def final(amount: str) -> Invoice:
    used = InvoiceLine(line_id="9", kind=LineKind.DEPOSIT_APPLIED, amount=-D(amount), deposit_id="8")
    sold = (
        simple_line(LineKind.MATERIAL, "water_heater", "2600.00"),
        simple_line(LineKind.SERVICE, "install", "1700.00", id="2"),
    )
    return invoice(*sold, used, total="4300.00")


def test_the_final_invoice_uses_the_deposit_up() -> None:
    assert booked(final("1000.00"), company(DEPOSIT)) == worked("2.2", 2)
    assert final("1000.00").amount_due == D("3300.00")
    waits = company(DEPOSIT, prepaid=Prepaid.UNAPPLIED)
    whole = document(final("1000.00"), waits)
    assert (whole.total, len(whole.lines)) == (D("4300.00"), 2)
    assert "uses up deposits of 5000.00" in blocked(final("5000.00"), company(DEPOSIT)).reason


@pytest.mark.parametrize(("kept", "step"), [("0.00", 3), ("150.00", 4)])
def test_a_deposit_goes_back_less_what_is_kept(kept: str, step: int) -> None:
    record = Refund(
        id="4",
        customer_id="7",
        date=DAY,
        amount=D("1000.00") - D(kept),
        kept_amount=D(kept),
        parts=(RefundPart(of=DEPOSIT.ref, amount=D("1000.00")),),
        account_key="checking",
        deposit_for_job="J1",
    )
    assert isinstance(document(record, company(DEPOSIT)), RefundReceipt)
    assert booked(record, company(DEPOSIT)) == worked("2.2", step)
    without = company(DEPOSIT, refund_receipts=False)
    assert isinstance(document(record, without), ExpenseDocument)
    assert booked(record, without) == worked("2.2", step)
    by_card = attrs.evolve(record, account_key="")
    assert isinstance(document(by_card, without), JournalEntry)
    assert booked(by_card, without) == booked(by_card, company(DEPOSIT))


def test_an_overpayment_and_a_credit_go_back_by_one_check_that_both_settle() -> None:
    over = check_of("450.00", ("41", "410.79"))
    goodwill = Credit(
        id="3",
        number="CR-3",
        customer_id="7",
        job_id="J1",
        issue_date=DAY,
        reason=CreditReason.GOODWILL,
        lines=(InvoiceLine(line_id="c", kind=LineKind.FEE, amount=D("50.00"), taxable=True),),
        tax=D("4.13"),
        total=D("54.13"),
    )
    context = company(over, goodwill, plain_invoice())
    assert booked(goodwill, context) == worked("2.3", 1)
    record = Refund(
        id="4",
        customer_id="7",
        date=DAY,
        amount=D("93.34"),
        parts=(RefundPart(of=over.ref, amount=D("39.21")), RefundPart(of=goodwill.ref, amount=D("54.13"))),
        account_key="checking",
    )
    assert booked(record, context) == worked("2.3", 2)
    settling = posted(record, context)["refund:4/applied/1"]
    assert {str(a.invoice): a.amount for a in settling.allocations} == {
        "refund:4": D("54.13"),
        "credit:3": D("-54.13"),
    }
    given = attrs.evolve(over, given_back=(GivenBack(by=record.ref, amount=D("39.21")),))
    paid = document(given, context)
    assert [str(a.invoice) for a in paid.allocations] == ["invoice:41", "refund:4"]


def test_a_bounced_check_is_owed_again_and_the_payment_settles_that() -> None:
    payment = check_of("410.79", ("41", "410.79"))
    context = company(payment, plain_invoice())
    assert booked(BACK, context) == worked("2.4", 1)
    with_fee = posted(attrs.evolve(BACK, bank_fee=D("12.00")), context)
    fee = with_fee["payment_return:6/fee/1"]
    assert isinstance(fee, ExpenseDocument)
    assert sorted((p.account, p.amount) for p in postings(fee)) == worked("2.4", 2)
    returned = attrs.evolve(
        payment, applications=(), given_back=(GivenBack(by=BACK.ref, amount=D("410.79")),)
    )
    again = document(returned, company(BACK, posted=known(payment, context)))
    assert again.customer == JOB.ref
    assert [str(a.invoice) for a in again.allocations] == ["payment_return:6"]


def test_where_no_check_can_be_drawn_an_item_leads_there_and_the_fee_is_a_journal_entry() -> None:
    card = check_of("410.79", ("41", "410.79"), method="card")
    record = attrs.evolve(BACK, reason=ReturnReason.CHARGEBACK, account_key="", bank_fee=D("15.00"))
    documents = posted(record, company(card, plain_invoice()))
    assert isinstance(documents["payment_return:6"], SalesInvoice)
    assert isinstance(documents["payment_return:6/fee/1"], JournalEntry)
    assert booked(record, company(card, plain_invoice())) == [
        ("1050", D("-425.79")),
        ("1100", D("410.79")),
        ("6100", D("15.00")),
    ]


def test_a_discount_for_paying_early_is_a_credit_memo_that_the_payment_uses_up() -> None:
    thousand = invoice(simple_line(LineKind.SERVICE, "repair", "1000.00"), total="1000.00")
    record = Payment(
        id="1",
        customer_id="7",
        received_on=DAY,
        amount=D("980.00"),
        method="check",
        applications=(Application(invoice_id="41", amount=D("980.00"), discount=D("20.00")),),
    )
    assert booked(record, company(thousand)) == worked("2.6", 1)
    documents = posted(record, company(thousand))
    assert isinstance(documents["payment:1/discount/1"], CreditMemo)
    allocations = {str(a.invoice): a.amount for a in documents["payment:1"].allocations}
    assert allocations == {"invoice:41": D("1000.00"), "payment:1/discount/1": D("-20.00")}


def test_money_that_came_through_quickbooks_payments_is_not_posted_twice() -> None:
    payout = Payout(
        id="2",
        date=DAY,
        account_key="checking",
        payment_ids=("1",),
        net=D("1.00"),
        processor="quickbooks_payments",
    )
    assert "records deposit and fee itself" in post(payout, company()).reason  # type: ignore[union-attr]


# -- what must always hold -----------------------------------------------------------------------------
cents = st.integers(1, 500_000).map(lambda n: D(n) / 100)


@st.composite
def taxed_invoices(draw: st.DrawFn) -> Invoice:
    """An invoice with line discounts, a discount on the whole and tax."""
    lines = []
    for n in range(draw(st.integers(1, 5))):
        amount = draw(cents)
        off = draw(st.sampled_from([D("0.00"), (amount / 10).quantize(D("0.01"))]))
        base = simple_line(
            LineKind.MATERIAL, "pipe_fittings", str(amount), taxable=draw(st.booleans()), id=str(n)
        )
        lines.append(attrs.evolve(base, discount=off))
    net = sum((x.amount - x.discount for x in lines), D("0.00"))
    discount = draw(st.sampled_from([D("0.00"), (net / 20).quantize(D("0.01"))]))
    taxed = any(line.taxable for line in lines)
    tax = ((net - discount) * D("0.0825")).quantize(D("0.01")) if taxed else D("0.00")
    return invoice(*lines, total=str(net - discount + tax), tax=str(tax), discount=discount)


@given(taxed_invoices())
def test_a_full_credit_is_the_opposite_of_its_invoice(record: Invoice) -> None:
    context = company(record)
    whole = attrs.evolve(credit_in_full(record, on=DAY), id="3", number="CR-3")
    context = attrs.evolve(context, posted=known(record, context))
    there, back = booked(record, context), booked(whole, context)
    assert [(account, -amount) for account, amount in there] == back
    assert document(whole, context).tax == record.tax


@given(taxed_invoices())
def test_the_credits_of_all_lines_return_exactly_the_tax(record: Invoice) -> None:
    """One credit per line, together: no cent of tax or discount is left or given twice."""
    credits = [
        credit_of_lines(record, {line.line_id: line.amount - line.discount}, on=DAY)
        for line in record.lines
        if line.amount > line.discount
    ]
    assert sum((c.tax for c in credits), D("0.00")) == record.tax
    assert sum((c.total for c in credits), D("0.00")) == record.total


@given(st.lists(cents, min_size=2, max_size=4), cents)
def test_the_parts_of_a_payment_over_jobs_are_the_payment(parts: list[Decimal], rest: Decimal) -> None:
    jobs = [Job(id=f"J{n}", customer_id="7", name=f"Job {n}") for n in range(len(parts))]
    invoices = [
        attrs.evolve(
            invoice(simple_line(LineKind.SERVICE, "repair", str(part)), total=str(part)),
            id=str(50 + n),
            number=str(50 + n),
            job_id=f"J{n}",
        )
        for n, part in enumerate(parts)
    ]
    record = check_of(str(sum(parts, rest)), *((i.id, str(i.total)) for i in invoices), id="1")
    context = company(*jobs, *invoices, over_jobs=OverJobs.SPLIT)
    documents = posted(record, context)
    assert len(documents) == len(parts)
    assert sum((doc.amount for doc in documents.values()), D("0.00")) == record.amount
    for doc in documents.values():
        assert {a.invoice.id for a in doc.allocations} <= {
            i.id for i in invoices if i.job_id == doc.customer.id
        }
    again = attrs.evolve(context, posted=known(record, context))
    assert posted(record, again) == documents


def test_a_payment_names_whom_it_is_of() -> None:
    assert RecordRef(RecordKind.JOB, "J1") == document(check_of("5.00", deposit_for_job="J1")).customer


def test_a_discount_that_only_the_credit_has_goes_where_discounts_go() -> None:
    invoice = plain_invoice()
    context = attrs.evolve(company(), posted=known(invoice, company()))
    line = attrs.evolve(
        invoice.lines[0],
        amount=D("50.00"),
        unit_price=D("50.00"),
        quantity=D(1),
        taxable=False,
        discount=D("0.00"),
    )
    credit = Credit(
        id="c1",
        number="C1",
        customer_id=invoice.customer_id,
        issue_date=DAY,
        reason=CreditReason.PRICE,
        job_id=invoice.job_id,
        lines=(line,),
        discount=D("5.00"),
        tax=D("0.00"),
        total=D("45.00"),
    )
    for of_it in (None, invoice.id):
        (memo,) = known(attrs.evolve(credit, invoice_id=of_it), context).values()
        assert (memo.discount, memo.discount_account) == (D("5.00"), account("4900")), of_it


def test_a_credit_keeps_the_place_that_its_invoice_had_when_it_was_written() -> None:
    invoice = plain_invoice()
    line = attrs.evolve(
        invoice.lines[0], amount=D("50.00"), unit_price=D("50.00"), quantity=D(1), discount=D("0.00")
    )
    credit = Credit(
        id="c1",
        number="C1",
        customer_id=invoice.customer_id,
        issue_date=DAY,
        reason=CreditReason.PRICE,
        job_id=invoice.job_id,
        invoice_id=invoice.id,
        lines=(line,),
        total=D("50.00"),
    )
    sale = known(invoice, company())
    (key,) = sale
    first, then = (Address(line1=street, city="Reno") for street in ("52 Mill St", "9 Elm St"))
    placed = {key: attrs.evolve(sale[key], shipping=first)}
    written = known(credit, attrs.evolve(company(), posted=placed))
    (memo,) = written.values()
    assert memo.shipping == first
    moved = {key: attrs.evolve(sale[key], shipping=then), **written}
    there = attrs.evolve(company(), posted=moved, in_books=frozenset(moved))
    assert known(credit, there) == written
    refused = attrs.evolve(there, in_books=frozenset(sale))
    assert [memo.shipping for memo in known(credit, refused).values()] == [then]
