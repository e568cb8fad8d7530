"""What every outcome makes of an exchange: a state with a sentence, and a repeated answer changes nothing."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerRecord, SalesInvoice, TaxMode
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import due, rules_desk
from blueops_qb.sdk.doors import Answered, NotSent, Unknown
from blueops_qb.sdk.outcomes import Absent, Applied, Gone, NotKnown, Outcome, Refused, SignIn, Why
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse
from tests.fake_books import BUSY, NOT_ALLOWED, REFUSED, REST, SIGNED_OUT, STALE, Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def test_what_was_applied_is_linked_with_both_bases(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    (link,) = house.rows(t.links)
    assert (link.books_kind, link.books_id, link.version, link.state) == ("customer", "101", "0", "live")
    assert link.base_ours
    assert link.base_theirs
    assert link.doubtful == ""
    (document,) = house.rows(t.documents)
    assert (document.state, document.source_id, document.generation) == ("linked", ann.id, 1)
    assert house.books.one(K.CUSTOMER).marker == f"customer:{ann.id}.1"
    (seen,) = house.rows(t.mirror, t.mirror.c.kind == "customer")
    assert (seen.origin, seen.dirty, seen.name) == ("ours", False, "Ann Lee")


def test_a_refusal_is_held_with_the_books_own_words_and_remedy(house: EngineHouse) -> None:
    house.books.script.append(REFUSED)
    ann = house.customer()
    house.drain()
    held = house.event(ann)
    assert (held.state, held.hold) == ("held", "refused")
    assert held.reason == "customer:1: The amount does not suit the books."
    assert held.remedy == "Change the amount."
    assert house.books.of(K.CUSTOMER) == []
    house.change(ann, name="Ann B. Lee")
    house.drain()
    assert house.state(ann) == "done"


def test_one_refusal_does_not_touch_its_neighbours_in_the_exchange(house: EngineHouse) -> None:
    house.books.enter(CustomerRecord(name="Bob"))
    taken = house.customer("Bob", email="bob@example.com")
    others = [house.customer(f"Customer {n}", email=f"c{n}@example.com") for n in range(3)]
    house.drain()
    assert house.state(taken) == "held"
    assert [house.state(other) for other in others] == ["done"] * 3


@pytest.mark.parametrize("fault", [Fault.NOT_SENT, BUSY], ids=["not_sent", "busy"])
def test_what_surely_did_not_happen_is_tried_again(house: EngineHouse, fault: Any) -> None:
    house.books.script.extend([fault, fault])
    ann = house.customer()
    house.carrier.carry_one(house.id)
    waiting = house.event(ann)
    assert waiting.state == "waiting"
    assert waiting.reason.startswith(f"{ann.ref} is queued; ")
    house.drain()
    assert house.state(ann) == "done"
    ids = [id for id, body in house.books.heard if b'"create"' in body]
    assert len(ids) == len(set(ids)) == 3


def test_a_throttle_of_the_whole_connection_lets_it_rest(house: EngineHouse) -> None:
    house.books.script.append(REST)
    ann = house.customer()
    assert house.drain() == 1
    row = house.connection_row()
    assert dt.timedelta(minutes=29) < row.rest_until - row.last_contact_at < dt.timedelta(minutes=31)
    house.customer("Bob", email="bob@example.com")
    assert house.engine.next_exchange(house.id) is None
    assert "Too many calls." in house.event(ann).reason
    house.set(t.connections, t.connections.c.id == house.id, rest_until=row.last_contact_at)
    house.set(t.operations, t.operations.c.state == "ready", not_before=None)
    house.drain()
    assert house.counted() == {"done": 2}


def test_a_stale_version_is_read_and_compared_before_anything_is_sent_again(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    house.books.edit(house.place(ann), phone="+1 415 555 9999")  # nobody has looked since
    house.change(ann, email="new@example.com")
    house.drain()
    there = house.there(ann)
    assert (there.email, there.phone) == ("new@example.com", "+1 415 555 9999")
    assert house.here(ann.ref).phone == "+1 415 555 9999"
    assert house.state(ann) == "done"
    assert house.quiet()


def test_stale_although_nothing_moved_is_tried_again(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    house.books.script.append(STALE)
    house.change(ann, email="new@example.com")
    house.drain()
    assert house.there(ann).email == "new@example.com"
    assert house.state(ann) == "done"
    assert house.quiet()


@pytest.mark.parametrize("outcome", [Absent(), Gone()], ids=["absent", "gone"])
def test_a_record_that_is_gone_waits_for_a_choice_and_is_not_made_anew(
    house: EngineHouse, outcome: Outcome
) -> None:
    ann = house.customer()
    house.drain()
    house.books.script.append(outcome)
    house.change(ann, email="new@example.com")
    house.drain()
    held = house.event(ann)
    assert (held.state, held.hold) == ("held", "removed")
    assert "was deleted in the books" in held.reason
    assert "create it again, unlink it, or void it" in held.remedy
    assert len(house.books.of(K.CUSTOMER)) == 1


# -- signing in -------------------------------------------------------------------------------------
def test_a_lost_sign_in_stops_the_connection_and_the_queue_waits(house: EngineHouse) -> None:
    house.books.script.append(SIGNED_OUT)
    ann = house.customer()
    house.drain()
    bob = house.customer("Bob", email="bob@example.com")
    assert house.engine.next_exchange(house.id) is None
    row = house.connection_row()
    assert (row.health, row.health_reason) == ("sign_in", "Sign in again: The password was changed.")
    assert house.state(ann) == "waiting"
    assert house.state(bob) == "pending"
    house.set(t.connections, t.connections.c.id == house.id, health="ok", health_reason="")
    house.drain()
    assert house.counted() == {"done": 2}


def test_a_stale_access_token_is_renewed_first(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house.books.script.append(SignIn(refresh=True, message="The token has run out."))
    ann = house.customer()
    house.carrier.carry_one(house.id)
    assert house.connection_row().health == "refresh"
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    assert b'"sign_in"' in outgoing.body
    house.customer("Bob", email="bob@example.com")
    assert house.engine.next_exchange(house.id) is None  # others wait for it
    with monkeypatch.context() as patch:
        patch.setattr(type(house.provider), "decode", lambda *_: {_op(house): Applied()})
        assert house.engine.finish(outgoing.exchange_id, Answered(body=b"{}"))
    assert house.connection_row().health == "ok"
    house.drain()
    assert house.state(ann) == "done"
    assert house.counted() == {"done": 2}


def _op(house: EngineHouse) -> str:
    (row,) = house.rows(t.operations, t.operations.c.verb == "sign_in")
    return str(row.id)


def test_who_is_not_allowed_to_write_stops_the_connection_with_a_reason(house: EngineHouse) -> None:
    house.books.script.append(NOT_ALLOWED)
    ann = house.customer()
    house.drain()
    assert house.engine.next_exchange(house.id) is None
    row = house.connection_row()
    assert (row.health, row.health_reason) == ("stopped", "The subscription has lapsed.")
    assert house.state(ann) == "waiting"


# -- unreadable, repeated, late ---------------------------------------------------------------------
@pytest.mark.parametrize("fault", [Fault.HTML, Fault.CUT])
def test_an_unreadable_reply_is_uncertain_and_then_found_out(house: EngineHouse, fault: Fault) -> None:
    house.books.script.append(fault)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    assert house.state(ann) == "uncertain"
    house.drain()
    assert house.state(ann) == "done"
    assert len(house.books.of(K.CUSTOMER)) == 1


def test_a_decoder_that_breaks_makes_nothing_worse_than_uncertain(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def decode(*_: Any) -> Any:
        raise KeyError("a defect of the provider")

    ann = house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    with monkeypatch.context() as patch:
        patch.setattr(type(house.provider), "decode", decode)
        assert house.engine.finish(outgoing.exchange_id, reply)
    assert "could not decode" in caplog.text
    assert house.state(ann) == "uncertain"
    house.drain()
    assert house.state(ann) == "done"


def test_an_answer_that_forgets_an_operation_leaves_it_uncertain(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.customer()
    house.customer("Bob", email="bob@example.com")
    plain = type(house.provider).decode

    def decode(*arguments: Any) -> Any:
        found = dict(plain(*arguments))
        found.pop(min(found))
        return found

    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    with monkeypatch.context() as patch:
        patch.setattr(type(house.provider), "decode", decode)
        house.engine.finish(outgoing.exchange_id, reply)
    assert house.counted() == {"done": 1, "uncertain": 1}
    house.drain()
    assert house.counted() == {"done": 2}
    assert len(house.books.of(K.CUSTOMER)) == 2


def test_a_repeated_answer_is_recorded_and_changes_nothing(house: EngineHouse) -> None:
    ann = house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    assert house.engine.finish(outgoing.exchange_id, reply) is True
    before = [house.rows(table) for table in (t.links, t.documents, t.mirror, t.operations, t.outbox)]
    for again in (reply, Unknown(why="gone"), NotSent(why="off"), Answered(body=b"")):
        assert house.engine.finish(outgoing.exchange_id, again) is False
    assert [house.rows(table) for table in (t.links, t.documents, t.mirror, t.operations, t.outbox)] == before
    repeats = [row for row in house.rows(t.audit) if row.action == "repeated answer"]
    assert len(repeats) == 4
    assert house.state(ann) == "done"


def test_a_late_answer_settles_what_was_uncertain(house: EngineHouse) -> None:
    ann = house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    house.engine.finish(outgoing.exchange_id, Unknown(why="timed out"))
    assert house.state(ann) == "uncertain"
    assert house.engine.finish(outgoing.exchange_id, house.provider.deliver(outgoing.body)) is True
    assert house.state(ann) == "done"
    house.drain()
    assert len(house.books.of(K.CUSTOMER)) == 1
    assert house.quiet()


def test_an_answer_to_an_exchange_that_is_not_ours_is_dropped(
    house: EngineHouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert house.engine.finish("neverheardof", Answered(body=b"")) is False
    assert "neverheardof" in caplog.text


def test_another_process_may_bring_the_answer(house: EngineHouse) -> None:
    ann = house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    assert house.restart().finish(outgoing.exchange_id, reply) is True
    assert house.state(ann) == "done"


def test_reading_that_fails_is_repeated_and_moves_nothing(house: EngineHouse) -> None:
    house.drain()
    (before,) = house.rows(t.feeds, t.feeds.c.feed == "changes")
    house.books.enter(CustomerRecord(name="Found there"))
    house.books.reading_fails = Verb.CHANGES
    with house.turn() as turn:
        due.hurry(turn)
    house.carrier.carry_one(house.id)
    (after,) = house.rows(t.feeds, t.feeds.c.feed == "changes")
    assert after.cursor == before.cursor
    house.drain()
    assert [str(s.record.ref) for s in house.core.iterate(house.tenant)] == ["customer:1"]


# -- what came back is not what was sent ------------------------------------------------------------
def test_another_total_than_was_sent_is_a_variance_and_its_payment_waits(house: EngineHouse) -> None:
    def rounded(document: Any) -> Any:
        if getattr(document, "total", None) is None:
            return document
        return attrs.evolve(document, total=document.total + 1)

    house.books.alters = rounded
    invoice = house.invoice(house.customer())
    house.drain()
    held = house.event(invoice)
    assert (held.state, held.hold) == ("held", "variance")
    assert "invoice:1" in held.reason
    assert "(sent 100.00, the books show 101.00)" in held.reason
    assert held.remedy
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.group) == ("variance", "money")
    payment = house.pay(invoice, "100.00")
    house.drain()
    assert house.state(payment) == "waiting"
    assert "waits for invoice:1" in house.event(payment).reason
    assert house.books.of(K.PAYMENT) == []
    assert len(house.books.of(K.INVOICE)) == 1
    (link,) = house.rows(t.links, t.links.c.books_kind == "invoice")
    assert (link.base_ours, link.base_theirs) == (None, None)
    assert link.doubtful


@pytest.mark.parametrize("lost", [False, True])
def test_in_tax_mode_a_the_books_tax_goes_back_to_core(house: EngineHouse, lost: bool) -> None:
    def taxed(document: Any) -> Any:
        if not isinstance(document, SalesInvoice):
            return document
        net = sum((line.amount for line in document.lines), document.discount * -1)
        return attrs.evolve(document, tax=net / 10, total=net + net / 10)

    house.books.alters = taxed
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(tax_mode=TaxMode.BOOKS), actor="bookkeeper")
    ann = house.customer()
    house.drain()
    house.books.script.extend([Fault.LOSE_AFTER] * lost)
    house.books.forgets_ids = lost
    invoice = house.invoice(ann, "100.00")
    house.drain()
    here = house.here(invoice.ref)
    assert (str(here.tax), str(here.total)) == ("10.00", "110.00")
    assert house.state(invoice) == "done"
    assert house.conflicts() == []


def test_every_kind_of_refusal_is_held_with_its_sentence(house: EngineHouse) -> None:
    for n, why in enumerate(set(Why) - {Why.NOT_ALLOWED}):
        house.books.script.append(Refused(why=why, message=f"No: {why}.", remedy="Do this."))
        customer = house.customer(f"Customer {n}", email=f"c{n}@example.com")
        house.drain()
        held = house.event(customer)
        assert held.state == "held"
        assert held.reason == f"customer:{customer.id}: No: {why}."
        assert held.remedy == "Do this."


def test_not_known_from_the_books_themselves_is_looked_up(house: EngineHouse) -> None:
    house.books.script.append(NotKnown(message="The server broke off."))
    ann = house.customer()
    house.drain()
    assert house.state(ann) == "done"
    assert len(house.books.of(K.CUSTOMER)) == 1
