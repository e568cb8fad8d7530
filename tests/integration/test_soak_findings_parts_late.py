"""What the soak has found about records with several documents of which one is late, without chance."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.policy import OverJobs, Policy
from blueops_qb.domain.records import Application, Payment, Payout, Refund, RefundPart
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import rules_desk
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import REFUSED, STALE
from tests.traps import FAR_OFF, ON_SQLITE, bounced, choose, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
HOUR = dt.timedelta(hours=1)


def _over_two_jobs(house: EngineHouse, *, sent: bool = True) -> Payment:
    """A check of 300.00 for two jobs, a payment for each in the books, or not sent yet."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    jobs = [house.job(ann, name) for name in ("Kitchen", "Bath")]
    house.drain()
    bills = [house.invoice(jobs[0], "100.00"), house.invoice(jobs[1], "200.00")]
    house.drain()
    with house.work() as tx:
        found: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=ann.id,
                received_on=DAY,
                method="check",
                amount=D("300.00"),
                applications=tuple(Application(invoice_id=b.id, amount=b.total) for b in bills),
            )
        )
    if sent:
        house.drain()
    return found


def test_a_part_refused_as_out_of_date_is_written_although_the_other_landed_after_it(
    house: EngineHouse,
) -> None:
    payment = _over_two_jobs(house)
    places = [kept.ref for kept in house.books.of(BooksKind.PAYMENT)]
    house.change(payment, reference="R2")
    house.engine.work_pending(house.id)
    o = t.operations
    late = (o.c.state == "ready") & (o.c.target_id == places[1].id)
    assert house.set(o, late, not_before=house.core.now() + HOUR) == 1
    one = house.engine.next_exchange(house.id)
    house.set(o, late, not_before=None)
    two = house.engine.next_exchange(house.id)
    assert one is not None
    assert two is not None
    house.books.script.append(STALE)
    house.engine.finish(one.exchange_id, house.provider.deliver(one.body))
    answer = house.provider.deliver(two.body)
    house.drain()  # the first part is read again
    house.engine.finish(two.exchange_id, answer)
    house.drain()
    assert [house.books.document(place).reference for place in places] == ["R2", "R2"]
    assert house.state(payment) == "done"


def test_a_payment_is_void_in_all_its_parts_although_one_was_changed_in_the_books(house: EngineHouse) -> None:
    """That part waits to be compared first: the others wait with it, and none is left behind."""
    payment = _over_two_jobs(house)
    places = [kept.ref for kept in house.books.of(BooksKind.PAYMENT)]
    house.books.edit(places[1], date=DAY + dt.timedelta(days=3))
    house.poll()
    assert [conflict.cause for conflict in house.conflicts()] == ["changed_there"]
    with house.work() as tx:
        tx.void_payment(payment.id)
    house.engine.work_pending(house.id)
    o = t.operations
    assert house.rows(o, o.c.verb == "withdraw") == []
    house.drain()
    assert [house.books.document(place).void for place in places] == [True, True]
    assert house.state(payment) == "done"
    assert house.conflicts() == []
    assert house.quiet()


def test_a_choice_about_one_part_is_written_although_it_was_made_while_the_other_was_out(
    house: EngineHouse,
) -> None:
    payment = _over_two_jobs(house)
    places = [kept.ref for kept in house.books.of(BooksKind.PAYMENT)]
    house.books.edit(places[1], date=DAY + dt.timedelta(days=3))
    house.poll()
    first, second = payment.applications
    house.change(payment, applications=(attrs.evolve(first, amount=D("60.00")), second))
    out = house.engine.next_exchange(house.id)
    assert out is not None
    assert house.state(payment) == "out"
    choose(house, "ours")
    house.engine.work_pending(house.id)
    assert house.event(payment).reason == "its previous change is still on its way"
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    house.drain()
    assert [house.books.document(place).date for place in places] == [DAY, DAY]
    assert house.conflicts() == []
    assert house.quiet()


def test_what_changed_of_the_other_part_is_written_once_a_variance_was_accepted(house: EngineHouse) -> None:
    def otherwise(document: Any) -> Any:
        first = isinstance(document, CustomerPayment) and document.amount == D("100.00")
        return attrs.evolve(document, date=DAY + dt.timedelta(days=3)) if first else document

    house.books.alters = otherwise
    payment = _over_two_jobs(house)
    house.books.alters = lambda document: document
    assert [conflict.cause for conflict in house.conflicts()] == ["variance"]
    house.change(payment, reference="R2")
    house.drain()
    assert house.state(payment) == "waiting"
    choose(house, "theirs")
    house.drain()
    places = [kept.ref for kept in house.books.of(BooksKind.PAYMENT)]
    assert house.books.document(places[1]).reference == "R2"
    assert house.state(payment) == "done"
    assert house.conflicts() == []
    assert house.quiet()


def test_a_return_of_a_payment_whose_parts_are_on_their_way_has_a_part_for_each(house: EngineHouse) -> None:
    payment = _over_two_jobs(house, sent=False)
    out = house.engine.next_exchange(house.id)
    assert out is not None
    back = bounced(house, payment)
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    for _ in range(3):
        house.drain()
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    settled = [house.books.document(kept.ref).allocations for kept in house.books.of(BooksKind.PAYMENT)]
    assert [[part.amount for part in parts] for parts in settled] == [[D("100.00")], [D("200.00")]]
    assert len({part.invoice for parts in settled for part in parts}) == 2
    assert house.quiet()


def _refund(house: EngineHouse, payment: Payment, amount: str) -> Refund:
    part = RefundPart(of=payment.ref, amount=D(amount))
    with house.work() as tx:
        back: Refund = tx.issue_refund(
            Refund(
                id="",
                customer_id=payment.customer_id,
                date=DAY,
                amount=part.amount,
                parts=(part,),
                method="check",
                account_key="checking",
            )
        )
    return back


def _settled_by(house: EngineHouse, check: Any) -> Any:
    """Whose payment settles the check."""
    papers = [house.books.document(kept.ref) for kept in house.books.of(BooksKind.PAYMENT)]
    (found,) = (paper.customer for paper in papers if check in {a.invoice for a in paper.allocations})
    return found


def test_a_refund_of_a_part_that_is_on_its_way_goes_to_the_job_of_that_part(house: EngineHouse) -> None:
    payment = _over_two_jobs(house, sent=False)
    out = house.engine.next_exchange(house.id)
    assert out is not None
    house.change(payment, applications=payment.applications[:1])
    back = _refund(house, payment, "200.00")
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    for _ in range(3):
        house.drain()
    check = house.books.one(BooksKind.EXPENSE)
    assert house.books.document(check.ref).payee == _settled_by(house, check.ref)
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.quiet()


def test_a_refund_of_a_payment_that_is_on_its_way_is_of_whose_it_is_there(house: EngineHouse) -> None:
    ann = sent_customer(house)
    bill = house.invoice(house.job(ann), "100.00")
    house.drain()
    payment = house.pay(bill, "100.00")
    out = house.engine.next_exchange(house.id)
    assert out is not None
    house.change(payment, applications=())
    back = _refund(house, payment, "100.00")
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    for _ in range(3):
        house.drain()
    check = house.books.one(BooksKind.EXPENSE)
    assert house.books.document(check.ref).payee == _settled_by(house, check.ref)
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.quiet()


def test_a_refund_that_waits_to_be_written_follows_the_parts_of_its_payment(house: EngineHouse) -> None:
    payment = _over_two_jobs(house)
    first, second = payment.applications
    payment = house.change(payment, applications=(first,))
    house.drain()
    back = _refund(house, payment, "100.00")
    house.engine.work_pending(house.id)
    house.change(house.here(payment.ref), applications=(second,))
    for _ in range(3):
        house.drain()
    check = house.books.one(BooksKind.EXPENSE)
    assert house.books.document(check.ref).payee == _settled_by(house, check.ref)
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.quiet()


def test_a_refund_does_not_wait_for_a_payment_that_waits_for_it(house: EngineHouse) -> None:
    # The books refuse the payment; it is corrected, and some of it goes back.
    invoice = house.invoice(sent_customer(house), "60.00")
    house.drain()
    with house.work() as tx:
        payment: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=invoice.customer_id,
                received_on=DAY,
                method="check",
                amount=D("100.00"),
                applications=(Application(invoice_id=invoice.id, amount=D("60.00")),),
            )
        )
    house.engine.work_pending(house.id)
    out = house.engine.next_exchange(house.id)
    assert out is not None
    payment = house.change(payment, applications=())
    back = _refund(house, payment, "100.00")
    house.books.script.append(REFUSED)
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    for _ in range(3):
        house.drain()
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.quiet()


def test_a_refund_does_not_wait_for_a_payment_that_nobody_sends(house: EngineHouse) -> None:
    """Its first plan waits for its turn, and the second one waits for the refund."""
    invoice = house.invoice(sent_customer(house), "60.00")
    house.drain()
    applied = (Application(invoice_id=invoice.id, amount=D("60.00")),)
    standard: dict[str, Any] = {"received_on": DAY, "method": "check", "applications": applied}
    with house.work() as tx:
        payment: Payment = tx.record_payment(
            Payment(id="", customer_id=invoice.customer_id, amount=D("100.00"), **standard)
        )
    house.engine.work_pending(house.id)
    o = t.operations
    assert house.set(o, o.c.state == "ready", not_before=FAR_OFF) == 1
    back = _refund(house, payment, "40.00")
    for _ in range(3):
        house.drain()
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.quiet()


def test_a_payment_settles_a_refund_that_is_on_its_way_with_the_part_that_it_is_of(
    house: EngineHouse,
) -> None:
    payment = _over_two_jobs(house)
    first, second = payment.applications
    payment = house.change(payment, applications=(first,))
    house.drain()
    back = _refund(house, payment, "100.00")
    out = house.engine.next_exchange(house.id)
    assert out is not None
    assert b'"kind":"expense"' in out.body
    house.change(house.here(payment.ref), applications=(second,))
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    for _ in range(3):
        house.drain()
    check = house.books.one(BooksKind.EXPENSE)
    assert house.books.document(check.ref).payee == _settled_by(house, check.ref)
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.quiet()


@pytest.mark.parametrize("settled", ["after the change", "before it", "before it, and planned"])
def test_a_payout_holds_the_parts_that_its_payment_comes_to_have(settled: str, house: EngineHouse) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    bills = [house.invoice(house.job(ann, name), "100.00") for name in ("Kitchen", "Bath")]
    house.drain()
    payment = house.pay(bills[0], "100.00")
    out = house.engine.next_exchange(house.id)
    assert out is not None
    parts = tuple(
        Application(invoice_id=bill.id, amount=D(part))
        for bill, part in zip(bills, ("60.00", "40.00"), strict=True)
    )
    if settled == "after the change":
        house.change(payment, applications=parts)
    with house.work() as tx:
        payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("100.00"))
        )
    if settled == "before it, and planned":
        house.engine.work_pending(house.id)
    if settled != "after the change":
        house.change(payment, applications=parts)
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    for _ in range(3):
        house.drain()
    there = {kept.ref: house.books.document(kept.ref).amount for kept in house.books.of(BooksKind.PAYMENT)}
    assert sorted(there.values()) == [D("40.00"), D("60.00")]
    assert {line.payment: line.amount for line in house.there(payout).lines} == there
    assert [house.state(record) for record in (payment, payout)] == ["done", "done"]
    assert house.quiet()


def test_a_payout_does_not_wait_for_a_person_to_settle_a_change_of_its_payment(house: EngineHouse) -> None:
    payment = house.pay(house.invoice(sent_customer(house), "80.00"), "80.00")
    house.drain()
    house.books.edit(house.place(payment), date=DAY + dt.timedelta(days=1))
    house.change(payment, received_on=DAY + dt.timedelta(days=2))
    with house.work() as tx:
        payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("80.00"))
        )
    house.poll()
    house.poll()
    assert [house.state(record) for record in (payment, payout)] == ["conflict", "done"]
