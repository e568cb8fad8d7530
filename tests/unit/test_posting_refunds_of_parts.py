"""A refund of a payment that stands in several parts: from each part what it has to give, in order, to the cent."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerPayment, ExpenseDocument
from blueops_qb.domain.money_records import GivenBack
from blueops_qb.domain.policy import OverJobs
from blueops_qb.domain.posting.context import Posted, PostingContext
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.records import Application, Job, LineKind, Payment, Record, Refund, RefundPart
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef
from tests.plumbing import DAY, D, blocked, check_of, company, invoice, simple_line

JOBS = [Job(id=f"J{n}", customer_id="7", name=f"Job {n}") for n in (1, 2)]
INVOICES = [
    attrs.evolve(
        invoice(simple_line(LineKind.SERVICE, "repair", price), total=price),
        id=f"5{n}",
        number=f"5{n}",
        job_id=f"J{n}",
    )
    for n, price in ((1, "100.00"), (2, "200.00"))
]
KITCHEN, BATH = (RecordRef(RecordKind.JOB, job.id) for job in JOBS)


def context_of(*records: Record, **changes: Any) -> PostingContext:
    return company(*JOBS, *INVOICES, *records, over_jobs=OverJobs.SPLIT, **changes)


def posted(record: Record, context: PostingContext) -> dict[str, Any]:
    result = post(record, context)
    assert isinstance(result, Posted), result
    return {str(key): document for key, document in result.documents.items()}


def refund_of(payment: Payment, amount: str, id: str = "4") -> Refund:
    part = RefundPart(of=payment.ref, amount=D(amount))
    return Refund(id=id, customer_id="7", date=DAY, amount=D(amount), parts=(part,), account_key="checking")


def less(payment: Payment, first: str, second: str) -> Payment:
    """The payment with other amounts applied to the two invoices."""
    applied = ((id, D(amount)) for id, amount in (("51", first), ("52", second)))
    return attrs.evolve(
        payment,
        applications=tuple(Application(invoice_id=id, amount=amount) for id, amount in applied if amount),
    )


def given(payment: Payment, *refunds: Refund) -> Payment:
    return attrs.evolve(payment, given_back=tuple(GivenBack(by=r.ref, amount=r.amount) for r in refunds))


def in_books(payment: Payment) -> dict[DocumentKey, Any]:
    """The parts as they were posted first."""
    found = posted(payment, context_of(payment))
    return {DocumentKey.parse(key): document for key, document in found.items()}


def left(refund: Refund, context: PostingContext) -> list[tuple[str, object, Decimal]]:
    """The documents of a refund: key, whose, how much."""
    return [
        (key, document.payee, document.total)
        for key, document in sorted(posted(refund, context).items())
        if isinstance(document, ExpenseDocument)
    ]


def parts_of(payment: Payment, context: PostingContext) -> list[tuple[object, Decimal, dict[str, Decimal]]]:
    return [
        (document.customer, document.amount, {str(a.invoice): a.amount for a in document.allocations})
        for _, document in sorted(posted(payment, context).items())
        if isinstance(document, CustomerPayment)
    ]


WHOLE = check_of("300.00", ("51", "100.00"), ("52", "200.00"), id="1")


def test_what_no_invoice_takes_goes_back_from_the_first_part() -> None:
    over = check_of("310.05", ("51", "100.00"), ("52", "200.00"), id="1")
    refund = refund_of(over, "10.05")
    after = given(over, refund)
    context = context_of(after, refund, posted=in_books(over))
    assert left(refund, context) == [("refund:4", KITCHEN, D("10.05"))]
    assert parts_of(after, context) == [
        (KITCHEN, D("110.05"), {"invoice:51": D("100.00"), "refund:4": D("10.05")}),
        (BATH, D("200.00"), {"invoice:52": D("200.00")}),
    ]


def test_what_an_invoice_of_a_later_part_takes_no_more_stays_there_and_goes_back_from_there() -> None:
    lower = less(WHOLE, "100.00", "150.00")
    refund = refund_of(lower, "50.00")
    after = given(lower, refund)
    context = context_of(after, refund, posted=in_books(WHOLE))
    assert parts_of(lower, context) == [
        (KITCHEN, D("100.00"), {"invoice:51": D("100.00")}),
        (BATH, D("200.00"), {"invoice:52": D("150.00")}),
    ]
    assert left(refund, context) == [("refund:4", BATH, D("50.00"))]
    assert parts_of(after, context)[1] == (
        BATH,
        D("200.00"),
        {"invoice:52": D("150.00"), "refund:4": D("50.00")},
    )


def test_what_one_part_cannot_give_the_next_one_gives() -> None:
    lower = less(WHOLE, "69.99", "150.00")
    refund = refund_of(lower, "50.00")
    after = given(lower, refund)
    context = context_of(after, refund, posted=in_books(WHOLE))
    assert left(refund, context) == [
        ("refund:4", KITCHEN, D("30.01")),
        ("refund:4/main/2", BATH, D("19.99")),
    ]
    assert parts_of(after, context) == [
        (KITCHEN, D("100.00"), {"invoice:51": D("69.99"), "refund:4": D("30.01")}),
        (BATH, D("200.00"), {"invoice:52": D("150.00"), "refund:4/main/2": D("19.99")}),
    ]


def test_the_next_refund_takes_what_the_one_before_has_left() -> None:
    lower = less(WHOLE, "69.99", "150.00")
    first, second = refund_of(lower, "25.00"), refund_of(lower, "55.01", id="5")
    after = given(lower, first, second)
    context = context_of(after, first, second, posted=in_books(WHOLE))
    assert left(first, context) == [("refund:4", KITCHEN, D("25.00"))]
    assert left(second, context) == [
        ("refund:5", KITCHEN, D("5.01")),
        ("refund:5/main/2", BATH, D("50.00")),
    ]


def test_a_refund_in_the_books_stays_as_it_is_when_the_applications_change_later() -> None:
    lower = less(WHOLE, "100.00", "150.00")
    refund = refund_of(lower, "50.00")
    there = {
        **in_books(WHOLE),
        DocumentKey(refund.ref): posted(
            refund, context_of(given(lower, refund), refund, posted=in_books(WHOLE))
        )["refund:4"],
    }
    later = given(less(WHOLE, "60.00", "150.00"), refund)
    context = context_of(later, refund, posted=there)
    assert left(refund, context) == [("refund:4", BATH, D("50.00"))]
    assert parts_of(later, context) == [
        (KITCHEN, D("100.00"), {"invoice:51": D("60.00")}),
        (BATH, D("200.00"), {"invoice:52": D("150.00"), "refund:4": D("50.00")}),
    ]


def test_the_whole_goes_back_from_both_parts() -> None:
    none = less(WHOLE, "0.00", "0.00")
    refund = refund_of(none, "300.00")
    after = given(none, refund)
    context = context_of(after, refund, posted=in_books(WHOLE))
    assert left(refund, context) == [
        ("refund:4", KITCHEN, D("100.00")),
        ("refund:4/main/2", BATH, D("200.00")),
    ]
    assert parts_of(after, context) == [
        (KITCHEN, D("100.00"), {"refund:4": D("100.00")}),
        (BATH, D("200.00"), {"refund:4/main/2": D("200.00")}),
    ]


def test_payments_of_several_jobs_are_not_given_back_by_one_refund() -> None:
    lower = less(WHOLE, "69.99", "150.00")
    other = check_of("20.00", id="2", job_id="J1")
    refund = attrs.evolve(
        refund_of(lower, "50.00"),
        amount=D("70.00"),
        parts=(RefundPart(of=lower.ref, amount=D("50.00")), RefundPart(of=other.ref, amount=D("20.00"))),
    )
    context = context_of(given(lower, refund_of(lower, "50.00")), other, refund, posted=in_books(WHOLE))
    answer = blocked(refund, context)
    assert answer.reason == "Refund 4 gives back money of several jobs at once."
    assert answer.remedy == (
        "Make one refund of each payment and each credit in BlueOps; they are sent by themselves then."
    )


@pytest.mark.parametrize("amount", ["0.01", "79.99", "80.01"])
def test_every_cent_of_a_refund_is_in_its_documents_and_in_the_parts(amount: str) -> None:
    lower = less(WHOLE, "69.99", "150.00")
    refund = refund_of(lower, amount)
    after = given(lower, refund)
    context = context_of(after, refund, posted=in_books(WHOLE))
    assert sum(total for _, _, total in left(refund, context)) == D(amount)
    settled = [a for _, _, allocations in parts_of(after, context) for a in allocations.items()]
    assert sum(cents for name, cents in settled if name.startswith("refund:4")) == D(amount)
    assert sum(total for _, total, _ in parts_of(after, context)) == D("300.00")
    assert post(after, context) == post(after, context)
