"""What the soak has found about records that are linked, credited or given back, one by one and without chance."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import (
    Application,
    Credit,
    CreditReason,
    Customer,
    InvoiceLine,
    LineKind,
    Refund,
    RefundPart,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.fake_books import FakeBooks
from tests.traps import FAR_OFF, ON_SQLITE, arrived_twice, bounced, check, choose, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


def test_the_one_that_stays_is_linked_without_being_written_again(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    house.books.delete(house.books.of(K.INVOICE)[0].ref)
    house.poll()
    version = house.books.one(K.INVOICE).version
    choose(house, "theirs")
    house.drain()
    assert house.state(invoice) == "done"
    assert house.books.one(K.INVOICE).version == version
    house.reprice(invoice, "120.00")
    house.drain()
    assert str(house.there(invoice).total) == "120.00"


def issued_credit(house: EngineHouse, customer: Customer, **fields: Any) -> Credit:
    """A goodwill credit of 50.00 that is not in the books yet."""
    house.map(rule(Family.FEE, "allowance", item=BooksRef(K.ITEM, "T")))
    line = InvoiceLine(
        line_id="1",
        kind=LineKind.FEE,
        description="Sorry",
        unit_price=D("50.00"),
        amount=D("50.00"),
        taxable=False,
    )
    standard = {"id": "", "number": "", "customer_id": customer.id, "issue_date": DAY}
    with house.work() as tx:
        return tx.issue_credit(  # type: ignore[no-any-return]
            Credit(reason=CreditReason.GOODWILL, lines=(line,), total=D("50.00"), **{**standard, **fields})
        )


def refunded(house: EngineHouse, credit: Credit) -> Refund:
    """All of a credit is given back from the checking account."""
    refund = Refund(
        id="",
        customer_id=credit.customer_id,
        date=DAY,
        amount=credit.total,
        account_key="checking",
        parts=(RefundPart(of=credit.ref, amount=credit.total),),
    )
    with house.work() as tx:
        found: Refund = tx.issue_refund(refund)
    return found


def test_a_credit_that_the_bookkeeper_applies_before_us_is_done(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.drain()
    parts = (Application(invoice_id=invoice.id, amount=D("50.00")),)
    credit = issued_credit(house, ann, applications=parts)
    memo = take(house)
    o = t.operations
    house.set(o, o.c.kind == K.PAYMENT.value, not_before=FAR_OFF)
    house.engine.finish(memo.exchange_id, house.provider.deliver(memo.body))
    place = house.books.one(K.CREDIT_MEMO).ref
    house.books.enter(check(house.place(ann), "0.00", (house.place(invoice), "50.00"), (place, "-50.00")))
    house.poll()
    assert [op.state for op in house.rows(o, o.c.kind == K.PAYMENT.value)] == ["cancelled"]
    assert house.state(credit) == "done"
    assert len(house.books.of(K.PAYMENT)) == 1


def test_what_the_books_use_of_a_credit_is_noted_once_blueops_lets_it_go(house: EngineHouse) -> None:
    """While BlueOps had applied it to another invoice it could not take that a payment there uses it."""
    ann = sent_customer(house)
    first, second = house.invoice(ann, "100.00"), house.invoice(ann, "100.00")
    house.drain()
    credit = issued_credit(house, ann, applications=(Application(invoice_id=first.id, amount=D("50.00")),))
    memo = take(house)
    o = t.operations
    house.set(o, o.c.kind == K.PAYMENT.value, not_before=FAR_OFF)
    house.engine.finish(memo.exchange_id, house.provider.deliver(memo.body))
    place = house.books.one(K.CREDIT_MEMO).ref
    house.books.enter(check(house.place(ann), "50.00", (house.place(second), "100.00"), (place, "-50.00")))
    house.poll()
    assert house.here(credit.ref).elsewhere == D("0.00")
    with house.work() as tx:
        tx.update_credit(attrs.evolve(credit, applications=()))
    house.poll()
    assert house.here(credit.ref).elsewhere == D("50.00")
    assert house.here(credit.ref).unapplied == D("0.00")


def test_a_credit_that_is_changed_before_it_is_in_the_books_is_written_as_it_is_then(
    house: EngineHouse,
) -> None:
    ann = sent_customer(house)
    credit = issued_credit(house, ann)
    with house.work() as tx:
        tx.update_credit(attrs.evolve(credit, memo="As agreed"))
    house.drain()
    assert house.state(credit) == "done"
    assert getattr(house.books.one(K.CREDIT_MEMO).document, "memo", "") == "As agreed"


def test_a_credit_that_the_books_apply_to_what_a_bounced_check_left_is_done(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "30.00")
    payment = house.pay(invoice, "30.00")
    house.drain()
    credit = issued_credit(house, ann)
    back = bounced(house, payment)
    house.drain()
    owed = house.place(back)
    # The check settles only a part of it, so that a credit can settle some.
    house.books.edit(house.place(payment), allocations=(Allocation(invoice=owed, amount=D("10.00")),))
    house.books.enter(check(house.place(ann), "0.00", (owed, "20.00"), (house.place(credit), "-20.00")))
    house.poll()
    assert house.here(credit.ref).elsewhere == D("20.00")
    assert house.state(credit) == "done"


def test_what_waits_for_a_credit_that_was_deleted_there_says_what_became_of_it(house: EngineHouse) -> None:
    ann = sent_customer(house)
    credit = issued_credit(house, ann)
    house.drain()
    house.books.delete(house.place(credit))
    house.poll()
    refund = refunded(house, credit)
    house.drain()
    assert house.state(refund) == "waiting"
    choose(house, "unlink")
    house.drain()
    assert house.state(refund) == "held"
    assert "unlinked by a person" in house.event(refund).reason


def test_what_settles_a_refund_is_taken_out_although_the_refund_was_deleted_before_it(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = FakeBooks.write

    def write(self: FakeBooks, operation: Operation) -> Any:
        if operation.verb is Verb.WITHDRAW and operation.kind is K.EXPENSE:
            self.delete(BooksRef(K.EXPENSE, operation.target_id))
            (settling,) = self.of(K.PAYMENT)
            kept = self.records[settling.ref]
            kept.document = attrs.evolve(self.document(settling.ref), allocations=())
            return None
        return plain(self, operation)

    monkeypatch.setattr(FakeBooks, "write", write)
    ann = sent_customer(house)
    credit = issued_credit(house, ann)
    house.drain()
    refund = refunded(house, credit)
    house.drain()
    with house.work() as tx:
        tx.void_refund(refund.id)
    house.engine.work_pending(house.id)
    o = t.operations
    late = (o.c.state == "ready") & (o.c.kind == K.PAYMENT.value)
    assert house.set(o, late, not_before=house.core.now() + dt.timedelta(hours=1)) == 1
    house.drain()
    assert house.books.of(K.EXPENSE) == []
    with house.turn() as turn:
        by_hand.try_again(turn, [refund.ref], actor="admin")
    house.set(o, late, not_before=None)
    house.drain()
    (settling,) = house.books.of(K.PAYMENT)
    assert house.books.document(settling.ref).void
    assert house.state(refund) == "done"


@pytest.mark.parametrize("beside", [False, True])
def test_a_refund_goes_to_whom_its_credit_is_of_in_the_books(house: EngineHouse, beside: bool) -> None:
    ann, bo = sent_customer(house), sent_customer(house, "Bo Ek", email="bo@example.com")
    credit = issued_credit(house, ann)
    invoice, other = house.invoice(ann, "30.00"), house.invoice(bo, "30.00")
    payment = house.pay(invoice, "30.00")
    house.drain()
    # It went along with an invoice that had been moved to somebody whom neither credit nor refund names.
    d = t.documents
    (row,) = house.rows(d, d.c.source_kind == "credit")
    content = row.content.replace(str(ann.ref), str(bo.ref))
    house.set(d, d.c.id == row.id, content=content)
    house.set(t.links, t.links.c.document_id == row.id, base_ours=content)
    refund = refunded(house, credit)
    if beside:
        # In the same round what a payment settled over there brings that customer along, and not what is there of him.
        (paid,) = house.rows(d, d.c.source_kind == "payment")
        house.set(d, d.c.id == paid.id, content=paid.content.replace(str(invoice.ref), str(other.ref)))
        house.change(house.here(payment.ref), applications=())
    house.drain()
    written = house.there(refund)
    assert written.payee == house.place(bo)
    assert len(house.books.of(K.CUSTOMER)) == 2


def test_nobody_who_was_merged_away_here_is_entered_there_again(house: EngineHouse) -> None:
    ann, bo = sent_customer(house), sent_customer(house, "Bo Ek", email="bo@example.com")
    credit = issued_credit(house, ann)
    house.drain()
    with house.work() as tx:
        tx.merge_customers(bo.id, ann.id)
    house.drain()
    d = t.documents
    (row,) = house.rows(d, d.c.source_kind == "credit")
    content = row.content.replace(str(ann.ref), str(bo.ref))
    house.set(d, d.c.id == row.id, content=content)
    house.set(t.links, t.links.c.document_id == row.id, base_ours=content)
    # He is gone there, and a person has said that he is to be made again.
    (his,) = house.rows(d, d.c.source_kind == "customer", d.c.source_id == bo.id)
    house.set(t.links, t.links.c.document_id == his.id, state="gone")
    house.set(d, d.c.id == his.id, state="withdrawn", generation=2)
    refund = refunded(house, credit)
    house.drain()
    event = house.event(refund)
    assert event.state == "held"
    assert f"{bo.ref} was merged into {ann.id} in BlueOps" in event.reason
    assert event.remedy
    assert len(house.books.of(K.CUSTOMER)) == 2


def test_a_credit_that_is_refused_leaves_what_it_settled_before_as_it_was(house: EngineHouse) -> None:
    ann = sent_customer(house)
    first, second = house.invoice(ann, "100.00"), house.invoice(ann, "70.00")
    house.pay(second, "70.00")
    applied = (Application(invoice_id=first.id, amount=D("50.00")),)
    credit = issued_credit(house, ann, applications=applied)
    moved = attrs.evolve(credit, applications=(Application(invoice_id=second.id, amount=D("50.00")),))
    with house.work() as tx, pytest.raises(Refused, match=r"has only 0\.00 open"):
        tx.update_credit(moved)
        # Whoever was refused goes on with the transaction.
    with house.work() as tx:
        row = tx.row(first.ref)
    assert row is not None
    assert row.balance == D("50.00")


def test_a_credit_stands_under_its_own_customer_while_its_invoice_is_taken_back_from_another_one(
    house: EngineHouse,
) -> None:
    """Both sides gave the invoice to somebody else, and BlueOps' side was chosen: that is not written yet."""
    ann, ben, cid = (sent_customer(house, name) for name in ("Ann Lee", "Ben Fox", "Cid Ray"))
    invoice = house.invoice(ann, "100.00")
    house.drain()
    house.books.edit(house.place(invoice), customer=house.place(ben))
    with house.work() as tx:
        tx.merge_customers(ann.id, cid.id)
    house.poll()
    house.map(rule(Family.FEE, "allowance", item=BooksRef(K.ITEM, "T")))
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.group) == ("overlap", "customer")
    choose(house, "ours")
    credit = issued_credit(house, cid, invoice_id=invoice.id)
    house.drain()
    assert house.there(credit).customer == house.place(cid)
