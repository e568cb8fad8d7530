"""What the soak has found about records of the books that are ours and whose answer is still to come, without chance.

A look-up of payments shows what settles an invoice before any look-up has shown the invoice.
"""

import datetime as dt
from decimal import Decimal

import pytest

from blueops_qb.domain.documents import (
    Allocation,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    SalesLine,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Invoice, Payment, Payout
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import by_hand, matching
from blueops_qb.engine.coming import names_what_comes
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.fake_books import Fault
from tests.traps import (
    FAR_OFF,
    LONG_AGO,
    ON_SQLITE,
    all_here,
    arrived_twice,
    check,
    choose,
    entered_customer,
    sent_customer,
    take,
)

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
K = BooksKind


def _lost(house: EngineHouse, invoice: Invoice) -> BooksRef:
    """The invoice reaches the books, the answer is lost, and it is not looked up yet; answers where it is."""
    before = {record.ref for record in house.books.of(K.INVOICE)}
    house.books.script.append(Fault.LOSE_AFTER)
    out = take(house)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    _look_up(house, settle_at=FAR_OFF)
    (place,) = {record.ref for record in house.books.of(K.INVOICE)} - before
    assert house.event(invoice).state == "uncertain"
    return place


def _look_up(house: EngineHouse, *, settle_at: object) -> None:
    e = t.exchanges
    assert house.set(e, e.c.state == "uncertain", settle_at=settle_at) == 1


def _seen_without(house: EngineHouse, place: BooksRef) -> None:
    """The books are looked through, and nobody has seen this record yet."""
    house.poll()
    m = t.mirror
    with house.work() as tx:
        tx.connection.execute(m.delete().where(m.c.kind == place.kind.value, m.c.books_id == place.id))
    house.drain()


def _applied(payment: Payment) -> dict[str, Decimal]:
    return {part.invoice_id: part.amount for part in payment.applications} | {"elsewhere": payment.elsewhere}


def test_a_payment_of_an_invoice_that_nobody_has_seen_there_waits_for_its_answer(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    place = _lost(house, invoice)
    house.books.enter(check(house.place(ann), "100.00", (place, "100.00")))
    _seen_without(house, place)
    assert all_here(house, RecordKind.PAYMENT) == []
    _look_up(house, settle_at=LONG_AGO)
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert _applied(payment) == {invoice.id: D("100.00"), "elsewhere": D("0.00")}
    assert house.quiet()


def test_a_payment_that_is_applied_to_such_an_invoice_waits_for_its_answer(house: EngineHouse) -> None:
    ann = sent_customer(house)
    first = house.invoice(ann, "100.00")
    house.drain()
    payment = house.pay(first, "100.00")
    house.drain()
    second = house.invoice(ann, "70.00")
    place = _lost(house, second)
    moved = (
        Allocation(invoice=house.place(first), amount=D("30.00")),
        Allocation(invoice=place, amount=D("70.00")),
    )
    house.books.edit(house.place(payment), allocations=moved)
    _seen_without(house, place)
    assert _applied(house.here(payment.ref)) == {first.id: D("100.00"), "elsewhere": D("0.00")}
    _look_up(house, settle_at=LONG_AGO)
    house.poll()
    wanted = {first.id: D("30.00"), second.id: D("70.00"), "elsewhere": D("0.00")}
    assert _applied(house.here(payment.ref)) == wanted
    assert house.conflicts() == []
    assert house.quiet()


def test_nothing_waits_for_what_was_sent_after_it_was_seen(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    place = _lost(house, invoice)
    with house.turn() as turn:
        assert names_what_comes(turn, [place], seen_at=turn.now)
        assert not names_what_comes(turn, [place], seen_at=LONG_AGO)
    _look_up(house, settle_at=LONG_AGO)
    house.poll()
    with house.turn() as turn:
        assert not names_what_comes(turn, [place, BooksRef(K.INVOICE, "strange")], seen_at=turn.now)


def test_money_received_on_what_was_in_doubt_is_applied_to_it_once_a_person_has_linked_it(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    one, other = (record.ref for record in house.books.of(K.INVOICE))
    ann = house.books.document(other).customer
    house.books.enter(check(ann, "100.00", (other, "100.00")))
    house.poll()
    house.books.delete(one)
    house.poll()
    choose(house, "theirs")
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert _applied(payment) == {invoice.id: D("100.00"), "elsewhere": D("0.00")}
    (document,) = house.rows(t.documents, t.documents.c.source_kind == "invoice")
    assert house.rows(t.postings, t.postings.c.document_id == document.id)
    assert house.rows(t.memberships, t.memberships.c.document_id == document.id)
    assert house.conflicts() == []
    assert house.quiet()


# -- first seen by a look-up for something else ------------------------------------------------------
@pytest.mark.parametrize("seen", ["changes", "lookup"])
@pytest.mark.parametrize("ago", [0, 30])
def test_a_payment_of_a_customer_who_is_linked_later_arrives_however_it_was_first_seen(
    ago: int, seen: str, house: EngineHouse
) -> None:
    theirs = entered_customer(house)
    house.books.log.clear()  # the feed does not tell yet
    ann = house.customer("Ann Lee")
    house.carrier.carry_one(house.id)
    assert house.state(ann) == "held"
    house.books.enter(check(theirs, "50.00"))
    house.poll()
    seen_at = house.core.now() - dt.timedelta(days=ago)
    assert house.set(t.mirror, t.mirror.c.kind == "payment", origin=seen, seen_at=seen_at) == 1
    assert all_here(house, RecordKind.PAYMENT) == []
    house.books.log.append(theirs)
    house.poll()
    with house.turn() as turn:
        matching.build(turn)
    with house.turn() as turn:
        by_hand.match(turn, ann.ref, "link", books_id=theirs.id, actor="admin")
    house.poll()
    assert [p.amount for p in all_here(house, RecordKind.PAYMENT)] == [D("50.00")]


@pytest.mark.parametrize("seen", ["changes", "lookup"])
def test_a_job_of_a_customer_who_came_inactive_is_put_to_a_person_however_he_was_first_seen(
    seen: str, house: EngineHouse
) -> None:
    house.drain()
    ann = house.books.enter(CustomerRecord(name="Ann Lee"))
    house.books.edit(ann, active=False)
    house.poll()
    assert house.set(t.mirror, t.mirror.c.books_id == ann.id, origin=seen) == 1
    house.books.enter(CustomerRecord(name="Kitchen", parent=ann))
    house.poll()
    (conflict,) = house.conflicts()
    assert conflict.reason.endswith("it belongs to “Ann Lee”, who is inactive in QuickBooks")


def test_a_payment_that_a_look_up_shows_before_the_credit_that_it_applies_waits_for_it(
    house: EngineHouse,
) -> None:
    house.map(rule(Family.FEE, "allowance", item=BooksRef(K.ITEM, "T")))
    ann = sent_customer(house)
    invoice, other = house.invoice(ann, "100.00"), house.invoice(ann, "70.00")
    house.drain()
    place = house.place(ann)
    line = SalesLine(item=BooksRef(K.ITEM, "T"), description="Sorry", amount=D("20.00"))
    memo = CreditMemo(customer=place, date=DAY, number="BC1", lines=(line,), tax=D("0.00"), total=D("20.00"))
    credit = house.books.enter(memo)
    parts = (
        Allocation(invoice=house.place(invoice), amount=D("20.00")),
        Allocation(invoice=credit, amount=D("-20.00")),
    )
    applied = house.books.enter(
        CustomerPayment(customer=place, date=DAY, amount=D("0.00"), allocations=parts)
    )
    house.books.log = [ref for ref in house.books.log if ref not in (credit, applied)]  # the feed is late
    house.books.script.append(Fault.LOSE_AFTER)
    ours = house.pay(other, "70.00")
    house.drain()
    assert house.rows(t.mirror, t.mirror.c.books_id == applied.id, t.mirror.c.origin == "lookup")
    assert [payment.id for payment in all_here(house, RecordKind.PAYMENT)] == [ours.id]
    house.books.log += [credit, applied]
    house.poll()
    assert [payment.id for payment in all_here(house, RecordKind.PAYMENT)] == [ours.id]
    (credited,) = all_here(house, RecordKind.CREDIT)
    assert {part.invoice_id: part.amount for part in credited.applications} == {invoice.id: D("20.00")}
    assert house.quiet()


def test_a_payment_that_becomes_ours_later_is_in_the_payout_whose_deposit_holds_it(
    house: EngineHouse,
) -> None:
    ours = house.pay(house.invoice(sent_customer(house, "Bo Ek"), "80.00"), "80.00")
    house.drain()
    with house.work() as tx:
        payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(ours.id,), net=D("80.00"))
        )
    house.drain()
    theirs = entered_customer(house)
    house.books.log.clear()  # the feed does not tell yet
    ann = house.customer("Ann Lee")
    house.carrier.carry_one(house.id)
    assert house.state(ann) == "held"
    other = house.books.enter(check(theirs, "50.00"))
    lines = (*house.there(payout).lines, DepositLine(payment=other, amount=D("50.00")))
    house.books.edit(house.place(payout), lines=lines, total=D("130.00"))
    house.poll()
    assert house.here(payout.ref).elsewhere == D("50.00")
    house.books.log.append(theirs)
    house.poll()
    with house.turn() as turn:
        matching.build(turn)
    with house.turn() as turn:
        by_hand.match(turn, ann.ref, "link", books_id=theirs.id, actor="admin")
    house.poll()
    house.poll()
    (payment,) = (p for p in all_here(house, RecordKind.PAYMENT) if p.id != ours.id)
    here = house.here(payout.ref)
    assert (here.payment_ids, here.elsewhere, here.net) == (
        (ours.id, payment.id),
        D("0.00"),
        D("130.00"),
    )
    assert house.quiet()


def test_a_payment_of_ours_that_was_applied_to_what_was_in_doubt_settles_it_once_it_is_linked(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    one, other = (record.ref for record in house.books.of(K.INVOICE))
    with house.work() as tx:
        payment = tx.record_payment(
            Payment(
                id="", customer_id=invoice.customer_id, received_on=DAY, method="check", amount=D("100.00")
            )
        )
    house.drain()
    house.books.edit(house.place(payment), allocations=(Allocation(invoice=other, amount=D("100.00")),))
    house.poll()
    assert _applied(house.here(payment.ref)) == {"elsewhere": D("100.00")}
    house.books.delete(one)
    house.poll()
    choose(house, "theirs")
    house.poll()
    assert _applied(house.here(payment.ref)) == {invoice.id: D("100.00"), "elsewhere": D("0.00")}
    assert house.conflicts() == []
    assert house.quiet()
