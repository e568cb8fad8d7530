"""Exchanges of unknown fate are looked up; nothing is ever posted blindly."""

import datetime as dt
from typing import Any

import pytest

from blueops_qb.domain.documents import CustomerRecord, SalesInvoice
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import due
from blueops_qb.sdk.doors import Unknown
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.fake_books import Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def written(house: EngineHouse) -> list[tuple[str, bytes]]:
    """(exchange id, bytes) of what was sent to be written."""
    return [
        (id, body)
        for id, body in house.books.heard
        if any(f'"verb":"{verb}"'.encode() in body for verb in ("create", "update", "withdraw"))
    ]


def lose(house: EngineHouse, *, after: bool, count: int = 1) -> None:
    house.books.script.extend([Fault.LOSE_AFTER if after else Fault.LOSE_BEFORE] * count)


@pytest.mark.parametrize("forgets", [False, True])
def test_one_hit_is_applied_and_nothing_is_sent_again(house: EngineHouse, forgets: bool) -> None:
    house.books.forgets_ids = forgets
    invoice = house.invoice(house.customer())
    lose(house, after=True, count=2)
    house.drain()
    assert house.counted() == {"done": 2}
    assert len(written(house)) == 2
    assert len(house.books.of(K.CUSTOMER)) == len(house.books.of(K.INVOICE)) == 1
    assert house.place(invoice).id == house.books.one(K.INVOICE).id
    assert house.quiet()


def test_a_removal_that_was_looked_up_leaves_the_mirror_what_it_had(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    place = house.place(invoice)
    house.poll()
    (before,) = house.rows(t.mirror, t.mirror.c.kind == place.kind.value)
    lose(house, after=False)
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    assert house.carrier.carry_one(house.id)
    house.books.delete(place)
    house.drain()
    (after,) = house.rows(t.mirror, t.mirror.c.kind == place.kind.value)
    assert after.deleted
    assert (after.document, after.marker) == (before.document, before.marker)
    assert house.state(invoice) == "done"


@pytest.mark.parametrize("forgets", [False, True])
def test_no_hit_sends_the_identical_bytes_under_the_same_id(house: EngineHouse, forgets: bool) -> None:
    house.books.forgets_ids = forgets
    lose(house, after=False, count=3)
    ann = house.customer()
    house.customer("Bob", email="bob@example.com")
    house.drain()
    assert house.counted() == {"done": 2}
    sent = written(house)
    assert len(sent) == 4
    assert len(set(sent)) == 1
    (row,) = house.rows(t.exchanges, t.exchanges.c.id == sent[0][0])
    assert (row.sends, row.state) == (4, "closed")
    assert house.state(ann) == "done"


def test_some_hits_send_the_missing_ones_in_a_new_exchange(house: EngineHouse) -> None:
    house.books.script.append(Fault.LOSE_HALF)
    names = ["Ann", "Bob", "Cy"]
    for name in names:
        house.customer(name, email=f"{name}@example.com")
    house.drain()
    assert house.counted() == {"done": 3}
    assert sorted(record.name for record in house.books.of(K.CUSTOMER)) == names
    first, second = written(house)
    assert first[0] != second[0]
    assert b"Ann" not in second[1]
    assert b"Bob" in second[1]


def test_several_hits_settle_nothing_and_wait_for_a_person(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=True)
    invoice = house.invoice(ann)
    house.carrier.carry_one(house.id)
    twin = house.books.one(K.INVOICE)
    assert twin.document is not None
    house.books.enter(twin.document, marker=twin.marker)  # the known and undefendable: it arrived twice
    house.drain()
    held = house.event(invoice)
    assert held.state == "held"
    assert "is in the books more than once: invoice#102, invoice#103" in held.reason
    assert "delete what is one too many, then choose on the conflicts page" in held.remedy
    (conflict,) = house.conflicts()
    assert conflict.cause == "twice"
    assert len(written(house)) == 2  # the customer, and the invoice once


def test_created_and_deleted_meanwhile_is_for_a_person(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=True)
    invoice = house.invoice(ann)
    house.carrier.carry_one(house.id)
    house.books.delete(house.books.one(K.INVOICE).ref)
    house.drain()
    held = house.event(invoice)
    assert held.state == "held"
    assert "may have arrived and been deleted in the books at once" in held.reason
    assert held.remedy
    assert house.books.of(K.INVOICE) == []


@pytest.mark.parametrize("forgets", [False, True])
def test_created_shown_by_the_feed_and_deleted_before_the_look_up_is_for_a_person(
    house: EngineHouse, forgets: bool
) -> None:
    house.books.forgets_ids = forgets
    invoice = house.invoice(house.customer())
    house.drain()
    lose(house, after=True)
    payment = house.pay(invoice, "40.00")
    house.carrier.carry_one(house.id)
    (row,) = house.rows(t.exchanges, t.exchanges.c.state == "uncertain")
    house.set(t.exchanges, t.exchanges.c.id == row.id, settle_at=row.sent_at + dt.timedelta(hours=1))
    house.poll()  # the feed shows it before anybody looks it up
    house.books.delete(house.books.one(K.PAYMENT).ref)
    house.poll()
    house.set(t.exchanges, t.exchanges.c.id == row.id, settle_at=row.sent_at)
    house.poll()
    assert house.state(payment) == "held"
    assert "deleted in the books" in house.event(payment).reason
    assert house.books.of(K.PAYMENT) == []


def test_a_look_up_that_fails_settles_nothing_and_is_repeated(house: EngineHouse) -> None:
    lose(house, after=True)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    house.books.reading_fails = Verb.FIND
    house.carrier.carry_one(house.id)
    assert house.state(ann) == "uncertain"
    house.drain()
    assert house.state(ann) == "done"
    assert len(written(house)) == 1


def test_a_lost_change_that_arrived_is_found_by_reading(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=True)
    house.change(ann, email="new@example.com")
    house.drain()
    assert house.state(ann) == "done"
    assert house.there(ann).email == "new@example.com"
    assert house.books.one(K.CUSTOMER).version == "1"
    assert len(written(house)) == 2


@pytest.mark.parametrize("forgets", [False, True])
def test_a_lost_change_that_did_not_arrive_goes_out_again(house: EngineHouse, forgets: bool) -> None:
    house.books.forgets_ids = forgets
    ann = house.customer()
    house.drain()
    lose(house, after=False)
    house.change(ann, email="new@example.com")
    house.drain()
    assert house.there(ann).email == "new@example.com"
    assert house.books.one(K.CUSTOMER).version == "1"
    assert house.quiet()


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_void_is_settled(house: EngineHouse, after: bool) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    lose(house, after=after)
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    house.drain()
    assert house.there(invoice).void
    assert house.state(invoice) == "done"
    assert house.quiet()


def test_a_record_that_was_changed_by_both_after_a_lost_answer_is_compared(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=False)
    house.change(ann, email="new@example.com")
    house.carrier.carry_one(house.id)
    house.books.edit(house.place(ann), phone="+1 415 555 9999")
    house.drain()
    house.poll()
    assert house.there(ann).email == "new@example.com"
    assert house.there(ann).phone == "+1 415 555 9999"
    assert house.here(ann.ref).phone == "+1 415 555 9999"
    assert house.quiet()


def test_what_waits_to_be_settled_blocks_its_own_records_only(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=True)
    house.change(ann, email="new@example.com")
    house.carrier.carry_one(house.id)
    later = house.rows(t.exchanges, t.exchanges.c.state == "uncertain")[0].sent_at + dt.timedelta(hours=1)
    house.set(t.exchanges, t.exchanges.c.state == "uncertain", settle_at=later)
    house.change(ann, email="newer@example.com")
    bob = house.customer("Bob", email="bob@example.com")
    house.drain()
    assert house.state(bob) == "done"
    assert house.state(ann) == "waiting"
    assert house.there(ann).email == "new@example.com"


def test_the_marker_tells_two_equal_invoices_apart(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=True)
    one = house.invoice(ann, "100.00")
    house.carrier.carry_one(house.id)
    two = house.invoice(ann, "100.00")
    house.drain()
    assert len(house.books.of(K.INVOICE)) == 2
    assert house.place(one) != house.place(two)
    assert house.there(one).number == f"BO-{one.number}"


def test_an_unrelated_record_of_the_same_customer_is_no_hit(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    lose(house, after=False)
    invoice = house.invoice(ann)
    house.carrier.carry_one(house.id)
    house.books.enter(
        SalesInvoice(customer=house.place(ann), date=dt.date(2026, 3, 2), number="7", total=D("100.00"))
    )
    house.drain()
    assert house.state(invoice) == "done"
    assert house.there(invoice).number == f"BO-{invoice.number}"
    assert len(house.books.of(K.INVOICE)) == 2


def test_a_customer_of_that_name_whom_somebody_entered_meanwhile_is_taken_as_the_one(
    house: EngineHouse,
) -> None:
    """A party is recognised by its name, which the books have only once."""
    lose(house, after=False)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    place = house.books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    house.drain()
    assert house.place(ann) == place
    assert house.state(ann) == "done"


def test_an_uncertain_exchange_outlives_a_restart(house: EngineHouse) -> None:
    lose(house, after=True)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    house.restart()
    house.drain()
    assert house.state(ann) == "done"
    assert len(written(house)) == 1


def test_answers_lost_again_and_again_end_with_everything_once(house: EngineHouse) -> None:
    pattern: list[Any] = [Fault.LOSE_AFTER, Fault.LOSE_BEFORE, Fault.CUT, Fault.HTML, Fault.LOSE_HALF]
    house.books.script.extend(pattern * 3)
    ann = house.customer()
    kitchen = house.job(ann)
    invoices = [house.invoice(kitchen, f"{n}0.00") for n in range(1, 6)]
    for invoice in invoices:
        house.pay(invoice, "5.00")
    house.drain()
    house.drain()
    markers = [
        record.marker for kind in (K.CUSTOMER, K.INVOICE, K.PAYMENT) for record in house.books.of(kind)
    ]
    assert len(markers) == len(set(markers)) == 12
    assert house.counted() == {"done": 12}
    assert house.quiet()
    by_id: dict[str, set[bytes]] = {}
    for id, body in house.books.heard:
        by_id.setdefault(id, set()).add(body)
    assert all(len(bodies) == 1 for bodies in by_id.values())


def test_not_sent_after_an_uncertain_sending_stays_uncertain(house: EngineHouse) -> None:
    """The second attempt surely did not leave; the first one may still have arrived."""
    lose(house, after=False)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    house.books.script.append(Fault.NOT_SENT)
    house.carrier.carry_one(house.id)  # the look-up
    house.carrier.carry_one(house.id)  # the same bytes again, not sent
    assert house.state(ann) == "uncertain"
    house.drain()
    assert house.state(ann) == "done"
    assert len({id for id, _ in written(house)}) == 1


def test_unknown_of_an_exchange_that_only_reads_is_asked_again(house: EngineHouse) -> None:
    with house.turn() as turn:
        due.hurry(turn)
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    house.engine.finish(outgoing.exchange_id, Unknown(why="timed out"))
    (operation,) = house.rows(t.operations, t.operations.c.verb == "changes", t.operations.c.state == "ready")
    assert operation.exchange_id is None
    assert house.drain() == 1
