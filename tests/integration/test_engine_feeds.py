"""The change feed: its position, its gaps, and what it shows of our own writes."""

import datetime as dt
from typing import Any

import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import due, findings
from blueops_qb.engine.landing import Landing
from blueops_qb.store import tables as t
from tests.bookkeeper import all_here, check, sent_customer, sent_invoice
from tests.engine_house import D, EngineHouse
from tests.fake_books import Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


# -- feeds --------------------------------------------------------------------------------------------
def cursor(house: EngineHouse) -> str:
    (row,) = house.rows(t.feeds, t.feeds.c.feed == "changes")
    return str(row.cursor)


def test_a_cursor_moves_only_with_its_page(house: EngineHouse) -> None:
    house.drain()
    before = cursor(house)
    house.books.enter(CustomerRecord(name="Rita Moss"))
    with house.turn() as turn:
        due.hurry(turn)
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    assert cursor(house) == before
    house.engine.finish(outgoing.exchange_id, reply)
    assert cursor(house) == "1"
    assert [row.name for row in house.rows(t.mirror, t.mirror.c.kind == "customer")] == ["Rita Moss"]


def test_a_page_that_cannot_be_stored_moves_nothing(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drain()
    before = cursor(house)
    house.books.enter(CustomerRecord(name="Rita Moss"))
    with house.turn() as turn:
        due.hurry(turn)
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(findings, "upsert", full)
        with pytest.raises(OSError, match="disk is full"):
            house.engine.finish(outgoing.exchange_id, reply)
    assert cursor(house) == before
    assert house.rows(t.mirror, t.mirror.c.kind == "customer") == []
    assert house.engine.finish(outgoing.exchange_id, reply) is True
    assert cursor(house) == "1"


def test_too_old_leads_to_a_full_comparison(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    house.drain()
    house.books.edit(house.place(ann), phone="+1 415 555 9999")
    house.books.enter(check(house, invoice, "60.00"))
    house.books.oldest_cursor = len(house.books.log)
    house.poll()
    house.drain()
    assert cursor(house) == str(len(house.books.log))
    assert house.here(ann.ref).phone == "+1 415 555 9999"
    assert [p.amount for p in all_here(house, RecordKind.PAYMENT)] == [D("60.00")]
    assert any(row.action == "feed too old" for row in house.rows(t.audit))
    assert house.quiet()


def test_what_was_deleted_while_the_feed_was_too_old_waits_for_a_choice(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    house.books.delete(house.place(invoice))
    house.books.oldest_cursor = len(house.books.log)
    house.poll()
    house.drain()
    assert [c.cause for c in house.conflicts()] == ["removed_there"]


def test_our_own_write_that_the_feed_shows_again_is_nothing_new(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    house.drain()
    events = len(house.rows(t.outbox))
    house.poll()
    house.poll()
    assert len(house.rows(t.outbox)) == events
    assert house.quiet()
    assert [house.place(r) for r in (ann, invoice)] == [
        BooksRef(K.CUSTOMER, "101"),
        BooksRef(K.INVOICE, "102"),
    ]


def test_a_write_whose_answer_is_lost_is_not_taken_for_an_arrival(house: EngineHouse) -> None:
    """The feed shows it before the look-up does: it is ours by its marker."""
    invoice = sent_invoice(house)
    house.books.script.append(Fault.LOSE_AFTER)
    payment = house.pay(invoice, "60.00")
    house.carrier.carry_one(house.id)
    e = t.exchanges
    (row,) = house.rows(e, e.c.state == "uncertain")
    house.set(e, e.c.id == row.id, settle_at=row.sent_at + dt.timedelta(hours=1))
    house.poll()
    assert house.state(payment) == "uncertain"
    assert len(all_here(house, RecordKind.PAYMENT)) == 1
    house.set(e, e.c.id == row.id, settle_at=row.sent_at)
    house.poll()
    assert len(all_here(house, RecordKind.PAYMENT)) == 1
    assert house.state(payment) == "done"
    assert house.place(payment) == house.books.one(K.PAYMENT).ref


def test_a_customer_whose_creation_was_lost_is_not_taken_for_an_arrival(house: EngineHouse) -> None:
    house.books.script.append(Fault.LOSE_AFTER)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    house.poll()
    assert [c.id for c in all_here(house, RecordKind.CUSTOMER)] == [ann.id]
    assert house.state(ann) == "done"


def test_an_older_view_than_ours_is_dropped(house: EngineHouse) -> None:
    ann = sent_customer(house)
    old = house.books.shown(house.place(ann))
    house.change(ann, email="new@example.com")
    house.drain()
    with house.turn() as turn:
        landing = Landing(turn=turn)
        landing.look([old.ref])
        landing.show(old, origin="changes", compare=True)
        landing.write()
    house.drain()
    assert house.here(ann.ref).email == "new@example.com"
    assert house.there(ann).email == "new@example.com"
    assert house.conflicts() == []
