"""What the soak has found in the posting rules for payments in parts and for credits."""

from collections.abc import Mapping

import attrs
import pytest

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import CreditMemo, CustomerPayment, Document, ExpenseDocument
from blueops_qb.domain.money_records import GivenBack
from blueops_qb.domain.policy import OverJobs
from blueops_qb.domain.posting.context import Posted, PostingContext
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.records import (
    Credit,
    CreditReason,
    Customer,
    Job,
    LineKind,
    Payment,
    PaymentReturn,
    Record,
    ReturnReason,
)
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef, key_of
from blueops_qb.domain.reverse_credits import credit_changed
from tests.plumbing import CUSTOMER, DAY, D, check_of, company, documents, invoice, simple_line


def _over_jobs(*prices: str) -> tuple[Payment, PostingContext, Posted]:
    """A check for an invoice of each of several jobs, and the parts of it, a payment for each."""
    jobs = [Job(id=f"J{n}", customer_id="7", name=f"Job {n}") for n, _ in enumerate(prices, 1)]
    invoices = [
        attrs.evolve(
            invoice(simple_line(LineKind.SERVICE, "repair", price), total=price),
            id=f"5{n}",
            number=f"5{n}",
            job_id=f"J{n}",
        )
        for n, price in enumerate(prices, 1)
    ]
    total = str(sum(map(D, prices)))
    payment = check_of(total, *((f"5{n}", price) for n, price in enumerate(prices, 1)), id="1")
    context = company(*jobs, *invoices, payment, over_jobs=OverJobs.SPLIT)
    parts = post(payment, context)
    assert isinstance(parts, Posted)
    assert len(parts.documents) == len(prices)
    return payment, context, parts


def _return_of(payment: Payment) -> PaymentReturn:
    """All of it came back from the bank."""
    return PaymentReturn(
        id="9",
        payment_id=payment.id,
        customer_id="7",
        date=DAY,
        amount=payment.amount,
        account_key="checking",
        reason=ReturnReason.BOUNCED,
    )


def _came_back(
    payment: Payment, context: PostingContext
) -> tuple[Payment, PaymentReturn, dict[RecordRef, Record]]:
    """(the payment as it is after its return, the return, the records around them)."""
    back = _return_of(payment)
    bounced = attrs.evolve(
        payment, applications=(), given_back=(GivenBack(by=back.ref, amount=payment.amount),)
    )
    return bounced, back, {**context.related, payment.ref: bounced, back.ref: back}


def test_a_payment_whose_parts_were_refused_settles_the_return_that_is_written_of_it() -> None:
    payment, context, parts = _over_jobs("85.57", "91.07")
    bounced, back, related = _came_back(payment, context)
    # Both parts wait for a person: of the payment nothing stands in the books.
    refused = attrs.evolve(context, related=related, posted=parts.documents, in_books=frozenset())
    planned = post(bounced, refused)
    returned = post(back, attrs.evolve(refused, posted={}))
    assert isinstance(planned, Posted)
    assert isinstance(returned, Posted)
    settled = {
        key_of(ref)
        for document in planned.documents.values()
        for ref in refs_of(document)
        if not isinstance(ref, BooksRef) and key_of(ref).source == back.ref
    }
    assert settled == set(returned.documents)


def test_a_payment_of_which_one_part_never_got_there_comes_back_as_a_whole() -> None:
    """The second part waited when the check bounced: the first one takes over all of it, and so does its return."""
    payment, context, parts = _over_jobs("85.57", "91.07")
    first = dict([min(parts.documents.items())])
    bounced, back, related = _came_back(payment, context)
    there = attrs.evolve(context, related=related, posted=first, in_books=frozenset(first))
    returned = post(back, there)
    settled = post(bounced, there)
    assert isinstance(returned, Posted)
    assert isinstance(settled, Posted)
    (owed,) = returned.documents.values()
    assert isinstance(owed, ExpenseDocument)
    assert owed.total == D("176.64")
    (money,) = settled.documents.values()
    assert isinstance(money, CustomerPayment)
    assert [part.amount for part in money.allocations] == [D("176.64")]


@pytest.mark.parametrize(("moved_to", "party"), [("7", "job:J1"), ("8", "customer:7")])
def test_a_credit_goes_to_its_own_customer_when_its_invoice_has_moved_to_another(
    moved_to: str, party: str
) -> None:
    """Over there the customer was merged, which brought the invoice to another one; then she was created again."""
    bob = Customer(id="8", name="Bob May")
    line = simple_line(LineKind.SERVICE, "repair", "40.00")
    job_id = "J1" if moved_to == "7" else None
    sale = attrs.evolve(invoice(line, total="40.00"), id="51", customer_id=moved_to, job_id=job_id)
    posted = post(sale, company(bob))
    assert isinstance(posted, Posted)
    credit = Credit(
        id="3",
        number="C3",
        customer_id="7",
        issue_date=DAY,
        reason=CreditReason.CANCEL,
        invoice_id="51",
        lines=(line,),
        total=D("40.00"),
    )
    (memo,) = documents(credit, company(bob, sale, posted=posted.documents))
    assert isinstance(memo, CreditMemo)
    assert str(memo.customer) == party


@pytest.mark.parametrize(("count", "id", "kind"), [(1, "1", LineKind.SERVICE), (2, "total", LineKind.FEE)])
def test_a_credit_of_another_amount_in_the_books_is_still_about_its_line(
    count: int, id: str, kind: LineKind
) -> None:
    lines = tuple(
        attrs.evolve(simple_line(LineKind.SERVICE, "repair", "40.00"), line_id=str(n + 1))
        for n in range(count)
    )
    credit = Credit(
        id="3",
        number="C3",
        customer_id="7",
        issue_date=DAY,
        reason=CreditReason.RETURN,
        invoice_id="51",
        lines=lines,
        total=D("40.00") * count,
    )
    there = CreditMemo(customer=CUSTOMER.ref, date=DAY, number="C3", tax=D("0.00"), total=D("25.00"))
    changed = credit_changed(there, credit, {"total", "lines"})
    (line,) = changed.lines
    # One that stood for several and had the id of a line of the invoice would go on that line's item.
    assert (line.line_id, line.kind, line.amount) == (id, kind, D("25.00"))
    assert changed.total == D("25.00")


def _unapplied(customer_id: str) -> tuple[Payment, PostingContext, CustomerPayment]:
    """A payment of 80.00 that settles nothing, and how it stands in the books, under customer 7."""
    payment = attrs.evolve(check_of("80.00", id="1"), customer_id=customer_id)
    first = post(attrs.evolve(payment, customer_id="7"), company(payment))
    assert isinstance(first, Posted)
    (there,) = first.documents.values()
    assert isinstance(there, CustomerPayment)
    key = DocumentKey(payment.ref)
    other = Customer(id="8", name="Ben Fox")
    context = attrs.evolve(company(payment, other), posted={key: there}, in_books=frozenset({key}))
    return payment, context, there


@pytest.mark.parametrize("customer_id", ["7", "8"])
def test_a_payment_that_settles_nothing_goes_with_its_customer_where_he_was_merged(customer_id: str) -> None:
    payment, context, _ = _unapplied(customer_id)
    result = post(payment, context)
    assert isinstance(result, Posted)
    (wanted,) = result.documents.values()
    assert isinstance(wanted, CustomerPayment)
    assert str(wanted.customer) == f"customer:{customer_id}"


def test_a_return_is_of_whom_blueops_names_where_its_side_of_the_payment_was_chosen() -> None:
    payment, context, there = _unapplied("7")
    theirs = attrs.evolve(there, customer=BooksRef(BooksKind.CUSTOMER, "99"))
    back = _return_of(payment)
    context = attrs.evolve(context, posted={DocumentKey(payment.ref): theirs})
    result = post(back, context)
    assert isinstance(result, Posted)
    (owed,) = result.documents.values()
    assert isinstance(owed, ExpenseDocument)
    assert str(owed.payee) == "customer:7"


def test_what_one_of_three_parts_never_brought_comes_back_with_the_first() -> None:
    """The third part was refused when the check bounced: what it was to be is the first one's, and so is its return."""
    payment, context, parts = _over_jobs("33.13", "49.00", "7.15")
    two = dict(sorted(parts.documents.items())[:2])
    bounced, back, related = _came_back(payment, context)
    there = attrs.evolve(context, related=related, posted=two, in_books=frozenset(two))
    returned, settled = post(back, there), post(bounced, there)
    assert isinstance(returned, Posted)
    assert isinstance(settled, Posted)
    owed = [d.total for _, d in sorted(returned.documents.items()) if isinstance(d, ExpenseDocument)]
    money = [d for _, d in sorted(settled.documents.items()) if isinstance(d, CustomerPayment)]
    assert owed == [D("40.28"), D("49.00")]
    assert [part.amount for part in money] == owed
    assert [[a.amount for a in part.allocations] for part in money] == [[amount] for amount in owed]


def _in_books(context: PostingContext, *posted: Mapping[DocumentKey, Document]) -> PostingContext:
    """These stand in the books, and nothing else."""
    there = {key: document for documents in posted for key, document in documents.items()}
    return attrs.evolve(context, posted=there, in_books=frozenset(there))


@pytest.mark.parametrize("whole", [True, False])
def test_a_payment_follows_the_return_that_stands_in_the_books_otherwise_than_its_parts(whole: bool) -> None:
    """A return as one document of a payment in two parts, and one of two documents of which one part is left."""
    payment, context, parts = _over_jobs("85.57", "91.07")
    bounced, back, related = _came_back(payment, context)
    context = attrs.evolve(context, related=related)
    one, two = dict([min(parts.documents.items())]), dict(parts.documents)
    returned = post(back, _in_books(context, one if whole else two))
    assert isinstance(returned, Posted)
    owed = dict(returned.documents)
    assert len(owed) == (1 if whole else 2)
    there = _in_books(context, two if whole else one, owed)
    settled, again = post(bounced, there), post(back, there)
    assert isinstance(settled, Posted)
    assert isinstance(again, Posted)
    assert again.documents == owed
    money = {
        key_of(a.invoice): (d.customer, d.amount, a.amount)
        for d in settled.documents.values()
        if isinstance(d, CustomerPayment)
        for a in d.allocations
        if not isinstance(a.invoice, BooksRef)
    }
    assert money == {
        key: (d.payee, d.total, d.total) for key, d in owed.items() if isinstance(d, ExpenseDocument)
    }


def test_a_return_goes_with_its_payment_to_the_customer_whom_the_other_one_was_merged_into() -> None:
    payment, context, there = _unapplied("8")
    back = _return_of(payment)
    bounced = attrs.evolve(payment, given_back=(GivenBack(by=back.ref, amount=payment.amount),))
    paid = {DocumentKey(payment.ref): there}
    context = attrs.evolve(context, related={**context.related, bounced.ref: bounced, back.ref: back})
    first = post(back, _in_books(context, paid))
    assert isinstance(first, Posted)
    ((key, check),) = first.documents.items()
    assert isinstance(check, ExpenseDocument)
    owed = {key: attrs.evolve(check, payee=RecordRef(RecordKind.CUSTOMER, "7"))}
    again = post(back, _in_books(context, paid, owed))
    assert isinstance(again, Posted)
    (check,) = again.documents.values()
    assert isinstance(check, ExpenseDocument)
    assert str(check.payee) == "customer:8"
