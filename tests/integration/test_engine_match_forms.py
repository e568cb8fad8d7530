"""What stands in the books in another form than BlueOps writes it is never linked by half, nor written twice."""

from collections.abc import Callable
from typing import Any

import pytest

from blueops_qb.domain.documents import (
    Allocation,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    SalesLine,
    SalesReceipt,
    TaxMode,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import OverJobs, Policy
from blueops_qb.domain.records import Application, Customer, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey
from blueops_qb.engine import by_hand, linking, matching, rules_desk
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.engine_house import DAY, RULES, D, EngineHouse, rule
from tests.fake_books import FakeBooks
from tests.integration.test_engine_match_papers import entered, planned
from tests.traps import ON_SQLITE, sent_customer

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]
pytestmark = ON_SQLITE

K = BooksKind
FUNDS = BooksRef(K.ACCOUNT, "1090")
ITEM = BooksRef(K.ITEM, "T")
FEES = tuple(rule(Family.FEE, key, item=ITEM) for key in ("deposit", "early_payment"))
Fresh = Callable[[FakeBooks], EngineHouse]


@pytest.fixture
def ann(house: EngineHouse) -> Customer:
    return house.customer("Ann Lee")


def paid(house: EngineHouse, ann: Customer, amount: str, **fields: Any) -> Payment:
    """A check of Ann's, number 4711."""
    with house.work() as tx:
        found: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=ann.id,
                received_on=DAY,
                method="check",
                amount=D(amount),
                reference="4711",
                **fields,
            )
        )
    return found


def go_live(house: EngineHouse, policy: Policy | None = None) -> None:
    with house.turn() as turn:
        if policy is not None:
            rules_desk.change_policy(turn, policy, actor="admin")
    house.map(*RULES, *FEES)
    with house.turn() as turn:
        matching.approve(turn, actor="admin")
    for _ in range(3):
        house.drain()


def check(customer: BooksRef, amount: str, *parts: tuple[BooksRef, str]) -> CustomerPayment:
    """The same check, as a bookkeeper entered it."""
    return CustomerPayment(
        customer=customer,
        date=DAY,
        amount=D(amount),
        reference="4711",
        deposit_to=FUNDS,
        allocations=tuple(Allocation(invoice=place, amount=D(part)) for place, part in parts),
    )


def test_a_deposit_before_the_work_that_waits_there_as_a_payment_stays_one(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    job = house.job(ann, "Kitchen")
    payment = paid(house, ann, "500.00", deposit_for_job=job.id)
    books = FakeBooks("F2")
    top = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    theirs = books.enter(check(books.enter(CustomerRecord(name="Kitchen", parent=top)), "500.00"))
    fresh(books)
    assert planned(house)[str(payment.ref)].books_id == theirs.id
    go_live(house)
    assert (house.place(payment), house.state(payment)) == (theirs, "done")
    house.change(house.here(payment.ref), memo="by phone")
    house.drain()
    assert (house.state(payment), house.there(payment).memo) == ("done", "by phone")
    assert books.of(K.SALES_RECEIPT) == []
    assert len(books.of(K.PAYMENT)) == 1


def test_a_payment_with_a_discount_memo_of_its_own_there_is_not_given_a_second_one(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    invoice = house.invoice(ann, "100.00")
    part = Application(invoice_id=invoice.id, amount=D("98.00"), discount=D("2.00"))
    payment = paid(house, ann, "98.00", applications=(part,))
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    place = entered(books, customer, invoice.number)
    memo = CreditMemo(
        customer=customer,
        date=DAY,
        number="D1",
        lines=(SalesLine(amount=D("2.00"), item=ITEM),),
        total=D("2.00"),
        tax_mode=TaxMode.OURS,
        tax=D("0.00"),
    )
    books.enter(check(customer, "98.00", (place, "100.00"), (books.enter(memo), "-2.00")))
    fresh(books)
    planned(house)
    go_live(house)
    assert (house.state(payment), house.event(payment).hold) == ("held", "refused")
    assert "writes it as 2 documents, beside it credit memo, but payment#" in house.event(payment).reason
    assert "Skip it on the matching page" in house.event(payment).remedy
    assert len(books.of(K.CREDIT_MEMO)) == 1
    with house.turn() as turn:
        by_hand.match(turn, str(payment.ref), "skip", actor="bookkeeper")
    house.drain()
    assert house.state(payment) == "not_posted"
    assert (len(books.of(K.CREDIT_MEMO)), len(books.of(K.PAYMENT))) == (1, 1)


def test_a_payment_over_jobs_that_is_one_there_gets_no_second_part(
    house: EngineHouse, fresh: Fresh, ann: Customer
) -> None:
    one, two = (
        house.invoice(house.job(ann, name), price) for name, price in (("A", "100.00"), ("B", "200.00"))
    )
    parts = tuple(Application(invoice_id=i.id, amount=i.total) for i in (one, two))
    payment = paid(house, ann, "300.00", applications=parts)
    books = FakeBooks("F2")
    top = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    a, b = (books.enter(CustomerRecord(name=name, parent=top)) for name in "AB")
    first, second = entered(books, a, one.number), entered(books, b, two.number, "200.00")
    theirs = books.enter(check(top, "300.00", (first, "100.00"), (second, "200.00")))
    fresh(books)
    planned(house)
    go_live(house, Policy(over_jobs=OverJobs.SPLIT))
    assert (house.state(payment), house.event(payment).hold) == ("held", "refused")
    assert "beside it payment" in house.event(payment).reason
    assert [there.ref for there in books.of(K.PAYMENT)] == [theirs]
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.PARENT), actor="admin")
    house.drain()
    assert (house.state(payment), house.place(payment)) == ("done", theirs)


def test_sides_of_two_kinds_are_never_linked(house: EngineHouse) -> None:
    ann = sent_customer(house)
    receipt = SalesReceipt(
        customer=ann.ref, date=DAY, lines=(SalesLine(amount=D("5.00"), item=ITEM),), total=D("5.00")
    )
    payment = paid(house, ann, "5.00")
    place = house.books.enter(check(house.place(ann), "5.00"))
    before = len(house.rows(t.documents))
    with pytest.raises(ValueError, match="is no payment"), house.turn() as turn:
        linking.link_document(
            turn,
            key=DocumentKey(payment.ref),
            revision=1,
            ours=wire.dump_document(receipt),
            place=place,
            version="0",
            theirs=None,
        )
    assert len(house.rows(t.documents)) == before
