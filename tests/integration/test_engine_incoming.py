"""What the bookkeeper does in the books comes to BlueOps: payments, customers, jobs."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord, SalesInvoice
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Application, Invoice, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import due, reminders, rules_desk
from tests.bookkeeper import THERE, all_here, check, sent_customer, sent_invoice
from tests.engine_house import DAY, TENANT, D, EngineHouse, rule

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


# -- payments ---------------------------------------------------------------------------------------
def test_a_payment_recorded_in_the_books_pays_the_invoice_here(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    there = house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert (payment.amount, payment.method, payment.reference) == (D("60.00"), "check", "4711")
    assert [(a.invoice_id, a.amount) for a in payment.applications] == [(invoice.id, D("60.00"))]
    assert house.place(payment) == there
    assert house.event(payment).cause is not None
    assert house.counted() == {"done": 3}
    assert house.books.records[there].version == 0  # nothing is sent back
    house.poll()
    assert len(all_here(house, RecordKind.PAYMENT)) == 1


@pytest.mark.parametrize(
    "method", [None, BooksRef(BooksKind.PAYMENT_METHOD, "AMEX")], ids=["none", "unmapped"]
)
def test_a_payment_by_no_method_that_blueops_knows_is_not_called_a_check(
    house: EngineHouse, method: BooksRef | None
) -> None:
    invoice = sent_invoice(house)
    there = house.books.enter(attrs.evolve(check(house, invoice, "60.00"), method=method))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.method == ""
    house.change(payment, reference="4712")
    house.drain()
    # What the bookkeeper said of the method stays.
    kept: Any = house.books.records[there].document
    assert (kept.reference, kept.method) == ("4712", method)


def test_where_a_bookkeeper_put_a_payment_that_came_from_there_stays(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    checking = BooksRef(BooksKind.ACCOUNT, "1000")
    there = house.books.enter(attrs.evolve(check(house, invoice, "60.00"), deposit_to=checking))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    house.change(payment, reference="4712")
    house.drain()
    kept: Any = house.books.records[there].document
    assert (kept.reference, kept.deposit_to) == ("4712", checking)


def test_of_several_keys_for_checks_a_payment_by_check_takes_the_plain_one(house: EngineHouse) -> None:
    at = BooksRef(BooksKind.PAYMENT_METHOD, "CK")
    with house.turn() as turn:
        of_lenders = rule(Family.PAYMENT_METHOD, "lender_draw", method=at)
        rules_desk.change_mapping(turn, [of_lenders], actor="admin")
    invoice = sent_invoice(house)
    house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.method == "check"


def test_a_payment_over_several_invoices_and_documents_that_are_not_ours(house: EngineHouse) -> None:
    ann = sent_customer(house)
    one, two = house.invoice(ann, "100.00"), house.invoice(ann, "50.00")
    house.drain()
    foreign = house.books.enter(SalesInvoice(customer=house.place(ann), date=DAY, total=D("30.00")))
    base = check(house, one, "180.00")
    parts = [(house.place(one), "100.00"), (house.place(two), "50.00"), (foreign, "30.00")]
    house.books.enter(
        attrs.evolve(
            base, allocations=tuple(Allocation(invoice=place, amount=D(part)) for place, part in parts)
        )
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == D("30.00")
    assert {a.invoice_id: a.amount for a in payment.applications} == {
        one.id: D("100.00"),
        two.id: D("50.00"),
    }
    assert house.quiet()


def test_a_payment_of_a_customer_whom_blueops_does_not_have_stays_in_the_books(house: EngineHouse) -> None:
    stranger = house.books.enter(CustomerRecord(name="Stranger", active=False))
    house.books.enter(CustomerPayment(customer=stranger, date=DAY, amount=D("10.00")))
    house.poll()
    assert all_here(house, RecordKind.PAYMENT) == []
    assert house.conflicts() == []
    assert house.quiet()


def test_a_payment_that_is_voided_or_changed_in_the_books_follows_here(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    there = house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    place = house.place(invoice)
    house.books.edit(there, amount=D("70.00"), allocations=(Allocation(invoice=place, amount=D("70.00")),))
    house.poll()
    assert house.here(payment.ref).amount == D("70.00")
    house.books.void(there)
    house.poll()
    assert house.here(payment.ref).void
    assert house.quiet()
    assert house.conflicts() == []


def test_a_payment_that_core_refuses_is_shown_and_not_lost(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    with house.work() as tx:  # paid here a moment ago, not sent yet
        tx.record_payment(
            Payment(
                id="",
                customer_id=invoice.customer_id,
                received_on=DAY,
                amount=D("80.00"),
                method="check",
                applications=(_part(invoice, "80.00"),),
            )
        )
    house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (conflict,) = [c for c in house.conflicts() if c.cause == "incoming"]
    assert "was not taken into BlueOps" in conflict.reason
    assert "60.00" in conflict.reason
    assert conflict.remedy


def _part(invoice: Invoice, amount: str) -> Any:
    return Application(invoice_id=invoice.id, amount=D(amount))


def test_a_reminder_waits_while_a_payment_is_being_brought_over(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    house.books.enter(check(house, invoice, "100.00"))
    with house.turn() as turn:
        due.hurry(turn)
    house.carrier.carry_one(house.id)  # the page is stored, and nothing compared yet
    with house.core.engine.connect() as connection:
        answer = reminders.may_send(TENANT, invoice.id, connection)
    assert "is just being brought over" in getattr(answer, "reason", "")


# -- customers and jobs ------------------------------------------------------------------------------
def test_a_customer_entered_in_the_books_arrives_here_and_jobs_below_him_too(house: EngineHouse) -> None:
    parent = house.books.enter(CustomerRecord(name="Rita Moss", email="rita@example.com", billing=THERE))
    house.books.enter(CustomerRecord(name="Rita's bath", parent=parent, shipping=THERE))
    house.poll()
    house.poll()
    (customer,) = all_here(house, RecordKind.CUSTOMER)
    (job,) = all_here(house, RecordKind.JOB)
    assert (customer.name, customer.email, customer.billing) == ("Rita Moss", "rita@example.com", THERE)
    assert (job.name, job.customer_id, job.site) == ("Rita's bath", customer.id, THERE)
    assert house.place(customer) == parent
    assert len(house.books.of(K.CUSTOMER)) == 2
    invoice = house.invoice(job)
    house.drain()
    assert house.there(invoice).customer == house.place(job)
    assert house.books.records[parent].version == 0


def test_an_address_there_and_a_phone_here_are_merged(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), billing=THERE)
    house.change(ann, phone="+1 415 555 0000")
    house.poll()
    for side in (house.here(ann.ref), house.there(ann)):
        assert (side.billing, side.phone) == (THERE, "+1 415 555 0000")
    assert house.conflicts() == []
    assert house.quiet()


def test_the_same_change_on_both_sides_is_agreement(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), phone="+1 415 555 0000")
    house.change(ann, phone="+1 415 555 0000")
    house.poll()
    assert house.conflicts() == []
    assert house.state(ann) == "done"
    assert house.books.one(K.CUSTOMER).version == "1"
    assert house.quiet()
