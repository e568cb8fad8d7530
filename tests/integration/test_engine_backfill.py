"""Older records are brought to the books by their day, below live work; a kill loses nothing and repeats nothing."""

import datetime as dt
from collections import Counter

import pytest

from blueops_qb.domain.documents import SalesInvoice, SalesLine
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import (
    Credit,
    CreditReason,
    Customer,
    Invoice,
    InvoiceLine,
    LineKind,
    Payment,
    PaymentReturn,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import backfill, by_hand, canary, matching, resolve
from blueops_qb.engine.backfill import BackfillState, CannotBackfill, Progress
from blueops_qb.sdk.provider import Lane
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
LAST = DAY + dt.timedelta(days=30)


@pytest.fixture
def older(house: EngineHouse) -> list[Invoice]:
    """Six invoices from before the books went live, one a day; all are held."""
    ann = house.customer()
    found = [house.invoice(ann, issue_date=DAY + dt.timedelta(days=n)) for n in range(6)]
    with house.turn() as turn:
        # SQLite's clock knows thousandths of a second only, core's knows more.
        turn.set(live_since=turn.now + dt.timedelta(milliseconds=1))
    house.drain()
    assert {house.state(invoice) for invoice in found} == {"held"}
    return found


def start(house: EngineHouse, first: dt.date = DAY, last: dt.date = LAST) -> int:
    with house.turn() as turn:
        return backfill.start(turn, first, last, actor="admin")


def progress(house: EngineHouse) -> Progress:
    with house.turn() as turn:
        found = backfill.progress(turn.connection, house.id, house.tenant, turn.now)
    assert found is not None
    return found


def finish(house: EngineHouse) -> Progress:
    for _ in range(20):
        house.drain()
        if progress(house).state not in backfill.UNDER_WAY:
            break
    return progress(house)


def test_what_is_dated_within_is_written_once_and_the_rest_stays(
    house: EngineHouse, older: list[Invoice]
) -> None:
    start(house, DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=4))
    found = finish(house)
    assert (found.state, found.total, found.done, found.held) == (BackfillState.DONE, 4, 4, 0)
    assert [house.state(invoice) for invoice in older] == ["held", "done", "done", "done", "done", "held"]
    assert len(house.books.of(K.INVOICE)) == 4
    assert "4 of 4 records done" in found.sentence
    start(house)
    assert finish(house).done == 6
    numbers = Counter(house.books.document(record.ref).number for record in house.books.of(K.INVOICE))
    assert len(numbers) == 6
    assert set(numbers.values()) == {1}


@pytest.mark.usefixtures("older")
def test_what_the_outbox_never_knew_is_written_too(house: EngineHouse) -> None:
    with house.work() as tx:
        tx.connection.execute(t.outbox.delete().where(t.outbox.c.ref_kind == "invoice"))
    start(house)
    assert finish(house).done == 6
    assert len(house.books.of(K.INVOICE)) == 6


@pytest.mark.usefixtures("older")
def test_it_goes_on_after_a_kill_from_where_the_tables_stand(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "PAGE", 2)
    start(house)
    turns = 0
    while progress(house).state in backfill.UNDER_WAY and turns < 200:
        # Every process dies after one exchange.
        house.restart()
        house.carrier.carry_one(house.id)
        turns += 1
    assert progress(house).done == 6
    assert len(house.books.of(K.INVOICE)) == 6
    assert turns > 3


def test_live_work_goes_first(house: EngineHouse, older: list[Invoice]) -> None:
    start(house)
    for _ in range(3):
        house.engine.work_pending(house.id)
        with house.turn() as turn:
            backfill.step(turn)
    ann = Customer(id=older[0].customer_id, name="Ann Lee")
    today = house.invoice(ann, issue_date=LAST)
    house.engine.work_pending(house.id)
    lanes = _lanes(house)
    assert lanes.pop(today.id) == Lane.LIVE
    assert set(lanes.values()) == {Lane.BULK}
    house.drain()
    first = house.books.of(K.INVOICE)[0]
    assert house.books.document(first.ref).date == LAST
    assert finish(house).state is BackfillState.DONE


def _lanes(house: EngineHouse) -> dict[str, int]:
    documents = {
        row.id: row.source_id for row in house.rows(t.documents, t.documents.c.source_kind == "invoice")
    }
    ready = house.rows(t.operations, t.operations.c.state == "ready")
    return {documents[row.document_id]: row.lane for row in ready if row.document_id in documents}


def test_it_is_paused_resumed_and_cancelled(house: EngineHouse, older: list[Invoice]) -> None:
    start(house)
    with house.turn() as turn:
        backfill.pause(turn, actor="admin")
    house.drain()
    assert house.books.of(K.INVOICE) == []
    assert progress(house).state is BackfillState.PAUSED
    with pytest.raises(CannotBackfill, match="it is paused"), house.turn() as turn:
        backfill.pause(turn, actor="admin")
    with house.turn() as turn:
        backfill.resume(turn, actor="admin")
        backfill.step(turn)
        backfill.step(turn)
        backfill.cancel(turn, actor="admin")
    house.drain()
    assert house.books.of(K.INVOICE) == []
    assert progress(house).state is BackfillState.CANCELLED
    assert {house.state(invoice) for invoice in older} == {"held"}
    start(house)
    assert finish(house).done == 6


def test_a_cancelled_backfill_holds_nothing_that_is_live(house: EngineHouse) -> None:
    with house.turn() as turn:
        turn.set(live_since=turn.now - dt.timedelta(days=5))
    today = house.invoice(house.customer(), issue_date=DAY)
    with house.turn() as turn:
        backfill.start(turn, DAY - dt.timedelta(days=5), DAY + dt.timedelta(days=5), actor="admin")
    for _ in range(2):
        with house.turn() as turn:
            backfill.step(turn)
    with house.turn() as turn:
        backfill.cancel(turn, actor="admin")
    assert house.state(today) == "pending"
    house.drain()
    assert house.state(today) == "done"


def test_one_at_a_time_and_never_before_the_plan_is_accepted(house: EngineHouse) -> None:
    with pytest.raises(CannotBackfill, match="is before the first"):
        start(house, LAST, DAY)
    start(house)
    with pytest.raises(CannotBackfill, match="wait until it is done, or cancel it"):
        start(house)
    with house.turn() as turn:
        backfill.cancel(turn, actor="admin")
        turn.set(state="matching")
    with pytest.raises(CannotBackfill, match="accept the match plan first"):
        start(house)
    for act in (backfill.pause, backfill.resume, backfill.cancel):
        with pytest.raises(CannotBackfill, match="none is under way"), house.turn() as turn:
            act(turn, actor="admin")


def test_what_changes_meanwhile_is_live_work_and_not_written_twice(
    house: EngineHouse, older: list[Invoice]
) -> None:
    start(house)
    with house.turn() as turn:
        backfill.step(turn)
    changed = house.reprice(older[0], "120.00")
    found = finish(house)
    assert found.state is BackfillState.DONE
    assert house.there(changed).total == 120
    assert len(house.books.of(K.INVOICE)) == 6


# -- the canary ----------------------------------------------------------------------------------------
def test_the_first_records_are_supervised_and_the_rest_waits_for_a_person(house: EngineHouse) -> None:
    house.restart(canary_records=3)
    with house.turn() as turn:
        turn.set(canary_left=3)
    for n in range(5):
        house.customer(f"Customer {n}", email=f"c{n}@example.com")
    house.drain()
    row = house.connection_row()
    assert len(house.books.of(K.CUSTOMER)) == 3
    assert (row.health, row.canary_left) == ("stopped", 0)
    assert "first 3 records are in the books" in row.health_reason
    assert house.engine.next_exchange(house.id) is None
    with house.turn() as turn:
        resolve.resume(turn, "admin")
        assert canary.left(turn) is None
    house.drain()
    assert len(house.books.of(K.CUSTOMER)) == 5
    assert house.connection_row().health == "ok"


def test_a_resume_before_the_first_records_are_through_keeps_them_supervised(house: EngineHouse) -> None:
    with house.turn() as turn:
        turn.set(canary_left=3)
    house.customer("Customer 1")
    house.drain()
    with house.turn() as turn:
        resolve.resume(turn, "admin")
        assert canary.left(turn) == 2


def test_going_live_from_the_page_or_the_command_line_is_supervised(house: EngineHouse) -> None:
    with house.turn() as turn:
        turn.set(state="matching")
        matching.approve(turn, actor="admin", supervised=True)
        assert canary.left(turn) == turn.settings.canary_records == 10


# -- what was typed on both sides by hand ----------------------------------------------------------------
def test_what_the_books_had_before_is_linked_and_never_written_again(
    house: EngineHouse, older: list[Invoice]
) -> None:
    house.customer("Somebody else", email="else@example.com")
    house.drain()
    customer = house.place(Customer(id=older[0].customer_id, name="Ann Lee"))
    same = hand_typed(house, customer, older[0].number, older[0].issue_date, "100.00")
    other = hand_typed(house, customer, older[1].number, older[1].issue_date, "99.00")
    house.poll()
    start(house)
    found = finish(house)
    assert (found.state, found.done, found.held) == (BackfillState.DONE, 5, 1)
    assert house.place(older[0]) == same
    assert house.state(older[0]) == "done"
    assert (house.state(older[1]), house.event(older[1]).hold) == ("held", "match")
    assert "the amount there is 99.00" in house.event(older[1]).reason
    assert len(house.books.of(K.INVOICE)) == 2 + 4
    with house.turn() as turn:
        by_hand.match(turn, str(older[1].ref), "link", books_id=other.id, actor="bookkeeper")
    house.drain()
    assert house.place(older[1]) == other
    assert progress(house).done == 6
    assert len(house.books.of(K.INVOICE)) == 6


def hand_typed(house: EngineHouse, customer: BooksRef, number: str, day: dt.date, price: str) -> BooksRef:
    """A bookkeeper has entered an invoice."""
    line = SalesLine(amount=D(price), item=BooksRef(K.ITEM, "R"), quantity=D(1), unit_price=D(price))
    return house.books.enter(
        SalesInvoice(customer=customer, date=day, number=number, lines=(line,), total=D(price), tax=D("0.00"))
    )


def test_credits_refunds_and_returned_payments_are_brought_over_with_what_they_settle(
    house: EngineHouse,
) -> None:
    house.map(rule(Family.FEE, "allowance", item=BooksRef(K.ITEM, "T")))
    ann = house.customer()
    invoice = house.invoice(ann, "80.00")
    overpaid, bounced = house.pay(invoice, "60.00"), house.pay(invoice, "20.00")
    line = InvoiceLine(
        line_id="1", kind=LineKind.FEE, unit_price=D("50.00"), amount=D("50.00"), taxable=False
    )
    with house.work() as tx:
        paid = tx.record_payment(
            Payment(id="", customer_id=ann.id, received_on=DAY, method="check", amount=D("30.00"))
        )
        credit = tx.issue_credit(
            Credit(
                id="",
                number="",
                customer_id=ann.id,
                issue_date=DAY,
                reason=CreditReason.GOODWILL,
                lines=(line,),
                total=D("50.00"),
            )
        )
        refund = tx.issue_refund(
            Refund(
                id="",
                customer_id=ann.id,
                date=DAY,
                amount=D("30.00"),
                account_key="checking",
                parts=(RefundPart(of=paid.ref, amount=D("30.00")),),
            )
        )
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=bounced.id,
                customer_id=ann.id,
                date=DAY,
                reason=ReturnReason.BOUNCED,
                amount=D("20.00"),
                account_key="checking",
            )
        )
    with house.turn() as turn:
        turn.set(live_since=turn.now + dt.timedelta(milliseconds=1))
    house.drain()
    records = [invoice, overpaid, bounced, paid, credit, refund, back]
    assert {house.state(record) for record in records} == {"held"}
    start(house)
    assert (finish(house).total, progress(house).state) == (7, BackfillState.DONE)
    assert {str(record.ref): house.state(record) for record in records} == {
        str(record.ref): "done" for record in records
    }
