"""Money is neither lost, doubled nor moved by what both sides do at the same time."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, Bill
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Application, Expense, ExpenseType
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine import due, reminders
from blueops_qb.engine.linking import link_document
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import RefusedChange, SavePayment
from blueops_qb.sdk.hooks import ReminderHold
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.simple import Refusal
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse, rule
from tests.traps import (
    ON_SQLITE,
    REPAIR,
    all_here,
    check,
    entered_invoice,
    hear_changes,
    look_again,
    record_cost,
    sent_customer,
    set_price,
    take,
)

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


# -- payments that pay documents of the books' own ---------------------------------------------------
def partly_elsewhere(house: EngineHouse) -> tuple[Any, Any, BooksRef, BooksRef]:
    """A check of 150.00 from the books: 60.00 for an invoice of ours, 40.00 for one that we do not have.

    Answers the payment here, a second invoice of ours, their invoice and the payment's place.
    """
    ann = sent_customer(house)
    one, two = house.invoice(ann, "60.00"), house.invoice(ann, "100.00")
    house.drain()
    theirs = entered_invoice(house, house.place(ann), "40.00")
    there = house.books.enter(
        check(house.place(ann), "150.00", (house.place(one), "60.00"), (theirs, "40.00"))
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == D("40.00")
    return payment, two, theirs, there


def link_to(house: EngineHouse, invoice: Any, place: BooksRef) -> None:
    """A person finds out that the books' document is an invoice of ours."""
    with house.turn() as turn:
        document = house.books.document(place)
        text = wire.dump_document(turn.provider.normal(document))
        link_document(
            turn,
            key=DocumentKey(invoice.ref),
            revision=1,
            ours=wire.dump_document(
                attrs.evolve(document, customer=RecordRef(RecordKind.CUSTOMER, invoice.customer_id))
            ),
            place=place,
            version="1",
            theirs=text,
        )


def payer(payment: Any) -> RecordRef:
    return RecordRef(RecordKind.CUSTOMER, payment.customer_id)


def applied_to(house: EngineHouse, payment: Any, invoice: Any, amount: str) -> None:
    part = Application(invoice_id=invoice.id, amount=D(amount))
    house.change(payment, applications=(*payment.applications, part))


def test_an_edit_of_a_payment_keeps_what_it_pays_of_documents_that_are_not_ours(house: EngineHouse) -> None:
    payment, two, theirs, there = partly_elsewhere(house)
    applied_to(house, payment, two, "50.00")
    house.drain()
    allocations = house.books.document(there).allocations
    assert Allocation(invoice=theirs, amount=D("40.00")) in allocations
    assert Allocation(invoice=house.place(two), amount=D("50.00")) in allocations
    assert house.state(payment) == "done"


def test_a_payment_that_would_pay_more_than_it_is_is_held_and_nothing_is_unapplied(
    house: EngineHouse,
) -> None:
    payment, two, _, there = partly_elsewhere(house)
    before = house.books.document(there).allocations
    payment = attrs.evolve(payment, elsewhere=D("0.00"))
    applied_to(house, payment, two, "90.00")
    house.drain()
    assert house.state(payment) == "held"
    assert "documents that BlueOps does not have" in house.event(payment).reason
    assert house.books.document(there).allocations == before


def test_money_for_a_document_that_becomes_ours_later_is_counted_for_it(house: EngineHouse) -> None:
    payment, _, theirs, _ = partly_elsewhere(house)
    late = house.invoice(house.here(payer(payment)), "40.00")
    link_to(house, late, theirs)
    house.poll()
    (now,) = all_here(house, RecordKind.PAYMENT)
    assert now.elsewhere == D("0.00")
    assert Application(invoice_id=late.id, amount=D("40.00")) in now.applications
    assert house.conflicts() == []
    house.change(now, memo="thanks")
    house.drain()
    assert house.state(payment) == "done"
    assert Allocation(invoice=theirs, amount=D("40.00")) in house.there(payment).allocations


def test_a_document_that_becomes_ours_while_we_apply_money_elsewhere_is_put_to_a_person(
    house: EngineHouse,
) -> None:
    payment, two, theirs, there = partly_elsewhere(house)
    before = house.books.document(there).allocations
    link_to(house, house.invoice(house.here(payer(payment)), "40.00"), theirs)
    applied_to(house, payment, two, "20.00")
    house.poll()
    house.drain()
    (conflict,) = house.conflicts()
    assert (conflict.group, conflict.ref) == ("money", str(payment.ref))
    assert house.books.document(there).allocations == before


def test_a_payment_of_nothing_that_applies_a_credit_arrives_and_may_be_edited(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "60.00")
    house.drain()
    credit = BooksRef(K.CREDIT, "CreditCardCredit:7")
    there = house.books.enter(
        check(house.place(ann), "0.00", (house.place(invoice), "20.00"), (credit, "-20.00"))
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert (payment.amount, payment.elsewhere) == (D("0.00"), D("-20.00"))
    assert house.conflicts() == []
    house.change(payment, memo="credit of May")
    house.drain()
    assert house.state(payment) == "done", house.event(payment).reason
    written = house.books.document(there)
    assert (written.memo, written.amount) == ("credit of May", D("0.00"))
    assert Allocation(invoice=credit, amount=D("-20.00")) in written.allocations


# -- both sides change one payment -------------------------------------------------------------------
def test_another_amount_there_leaves_our_new_memo_alone(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    payment = house.pay(invoice, "50.00", reference="1001")
    house.drain()
    house.change(payment, memo="left at the door")
    house.books.edit(house.place(payment), amount=D("60.00"))
    house.poll()
    assert house.here(payment.ref).memo == house.there(payment).memo == "left at the door"
    assert house.here(payment.ref).amount == house.there(payment).amount == D("60.00")
    assert house.conflicts() == []


def test_another_amount_there_leaves_a_long_reference_as_it_is_here(house: EngineHouse) -> None:
    reference = "check 1001 of the second account, handed over by Ann"
    invoice = house.invoice(sent_customer(house), "100.00")
    payment = house.pay(invoice, "50.00", reference=reference)
    house.drain()
    house.books.edit(house.place(payment), amount=D("60.00"))
    house.poll()
    assert (house.here(payment.ref).amount, house.here(payment.ref).reference) == (D("60.00"), reference)


def test_another_memo_there_does_not_set_the_job_of_a_payment(house: EngineHouse) -> None:
    kitchen = house.job(sent_customer(house), "Kitchen")
    payment = house.pay(house.invoice(kitchen, "50.00"), "50.00")
    house.drain()
    assert house.here(payment.ref).job_id is None
    house.books.edit(house.place(payment), memo="thanks")
    house.poll()
    assert (house.here(payment.ref).job_id, house.here(payment.ref).memo) == (None, "thanks")


@pytest.mark.parametrize("noted", ["", "deposit of May"], ids=["without a note", "with a note of ours"])
def test_a_payment_voided_here_is_voided_there_whatever_was_noted_on_it_meanwhile(
    house: EngineHouse, noted: str
) -> None:
    payment = house.pay(house.invoice(sent_customer(house)), "10.00", memo=noted)
    house.drain()
    house.books.edit(house.place(payment), memo="thanks")
    with house.work() as tx:
        tx.void_payment(payment.id, reason="bounced")
    there = house.place(payment)
    house.poll()
    assert house.conflicts() == []
    assert house.state(payment) == "done"
    assert house.books.document(there).void


def test_a_payment_voided_here_whose_amount_was_changed_there_is_put_to_a_person(house: EngineHouse) -> None:
    payment = house.pay(house.invoice(sent_customer(house)), "10.00")
    house.drain()
    there = house.place(payment)
    house.books.edit(there, amount=D("12.00"))
    with house.work() as tx:
        tx.void_payment(payment.id, reason="bounced")
    house.poll()
    assert [conflict.group for conflict in house.conflicts()] == ["money"]
    assert not house.books.document(there).void


def test_a_change_there_while_ours_is_out_survives_being_shown_twice(house: EngineHouse) -> None:
    payment = house.pay(house.invoice(sent_customer(house)), "10.00")
    house.drain()
    house.change(payment, memo="ours")
    out = take(house)
    slow = house.provider.deliver(out.body)
    house.books.edit(house.place(payment), amount=D("20.00"))
    look_again(house)
    look_again(house)
    house.engine.finish(out.exchange_id, slow)
    house.poll()
    assert house.here(payment.ref).amount == D("20.00")
    assert house.there(payment).memo == "ours"


def test_a_late_answer_does_not_hide_what_the_bookkeeper_changed_since(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    out = take(house)
    slow = house.provider.deliver(out.body)  # it is done over there, the answer takes its time
    set_price(house, house.books.one(K.INVOICE).ref, "80.00")
    with house.turn() as turn:
        due.hurry(turn)
    hear_changes(house)
    house.engine.finish(out.exchange_id, slow)
    house.poll()
    assert house.conflicts() == []
    assert house.here(invoice.ref).total == D("80.00")
    assert house.there(invoice).total == D("80.00")


# -- twice in the books ------------------------------------------------------------------------------
def test_a_second_copy_of_our_payment_never_becomes_a_payment_here(house: EngineHouse) -> None:
    payment = house.pay(house.invoice(sent_customer(house), "100.00"), "50.00")
    house.drain()
    place = house.place(payment)
    copy = house.books.enter(house.there(payment), marker=house.books.records[place].marker)
    house.poll()
    assert len(all_here(house, RecordKind.PAYMENT)) == 1
    (conflict,) = house.conflicts()
    assert conflict.cause == "twice"
    assert str(place) in conflict.reason
    assert str(copy) in conflict.reason


def copied_invoice(house: EngineHouse) -> tuple[Any, BooksRef]:
    """An invoice of ours that stands in the books a second time; answers it and the copy."""
    invoice = house.invoice(sent_customer(house))
    house.drain()
    copy = house.books.enter(house.there(invoice), marker=house.books.records[house.place(invoice)].marker)
    house.poll()
    assert [c.group for c in house.conflicts()] == ["copy"]
    return invoice, copy


def test_a_second_copy_of_our_invoice_is_shown_to_a_person(house: EngineHouse) -> None:
    invoice, copy = copied_invoice(house)
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.ref) == ("twice", str(invoice.ref))
    assert f"Delete {copy} in QuickBooks" in conflict.remedy
    assert house.state(invoice) == "done"


@pytest.mark.parametrize("how", ["deleted", "note cleared"])
def test_a_second_copy_is_no_longer_shown_once_it_is_gone_from_the_books(
    house: EngineHouse, how: str
) -> None:
    _, copy = copied_invoice(house)
    if how == "deleted":
        house.books.delete(copy)
    else:
        house.books.records[copy].marker = ""
        house.books.edit(copy, memo="a document of its own")
    house.poll()
    assert house.conflicts() == []


# -- reminders ---------------------------------------------------------------------------------------
def may_remind(house: EngineHouse, invoice: Any) -> Any:
    with house.work() as tx:
        return reminders.may_send(house.tenant, invoice.id, tx.connection)


def test_no_reminder_for_an_invoice_whose_payment_blueops_refused(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.drain()
    takes = Transaction.apply

    def closed(self: Transaction, change: Any, **more: Any) -> Any:
        if isinstance(change, SavePayment):
            return RefusedChange(why="the month is closed in BlueOps")
        return takes(self, change, **more)

    monkeypatch.setattr(Transaction, "apply", closed)
    house.books.enter(check(house.place(ann), "100.00", (house.place(invoice), "100.00")))
    house.poll()
    answer = may_remind(house, invoice)
    assert isinstance(answer, ReminderHold)
    assert "the month is closed in BlueOps" in answer.reason


@pytest.mark.parametrize("why", ["signed out", "not read for long"])
def test_no_reminder_when_nobody_knows_what_was_paid_since(house: EngineHouse, why: str) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    if why == "signed out":
        house.set(t.connections, t.connections.c.id == house.id, health="sign_in", health_reason="Sign in")
    else:
        long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        house.set(t.feeds, t.feeds.c.connection_id == house.id, moved_at=long_ago)
    assert isinstance(may_remind(house, invoice), ReminderHold)


# -- costs and income stay where they are ------------------------------------------------------------
def test_an_edit_of_a_memo_does_not_book_an_old_invoice_anew(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    house.map(rule(Family.SERVICE, "repair", item=BooksRef(K.ITEM, "T")))
    house.reprice(invoice, "100.00", memo="thank you")
    house.drain()
    assert house.there(invoice).memo == "thank you"
    assert house.there(invoice).lines[0].item == REPAIR


def becomes_a_bill_that_is_refused(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> Expense:
    """A card expense in the books, changed here to a bill that the books do not take."""
    vendor = house.vendor()
    cost = record_cost(house, ExpenseType.CARD, vendor_id=vendor.id, payment_account_key="company_card")
    house.drain()
    usual = house.books._check

    def no_bills(ref: BooksRef, document: Any) -> None:
        if isinstance(document, Bill):
            raise Refusal(Why.INVALID, "The bill does not suit the books.", "Change it.")
        usual(ref, document)

    monkeypatch.setattr(house.books, "_check", no_bills)
    with house.work() as tx:
        tx.update_expense(attrs.evolve(cost, type=ExpenseType.BILL, payment_account_key=""))
    house.drain()
    return cost


@pytest.mark.parametrize("apart", [False, True], ids=["one exchange", "two exchanges"])
def test_a_cost_stays_in_the_books_while_what_replaces_it_is_refused(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    if apart:
        house.provider.limits = attrs.evolve(house.provider.limits, operations_per_exchange=1)
        house.restart()
    cost = becomes_a_bill_that_is_refused(house, monkeypatch)
    (old,) = house.books.of(K.EXPENSE)
    assert not house.books.document(old.ref).void
    assert house.books.of(K.BILL) == []
    assert house.state(cost) == "held"
