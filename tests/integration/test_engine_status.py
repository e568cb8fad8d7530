"""Books that can be asked: what became of an exchange is asked first, then looked for, and never posted blindly."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import status, uncertain
from blueops_qb.sdk.doors import Answered, NotSent, Unknown
from blueops_qb.sdk.simple_wire import outcome_to_json
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse
from tests.fake_books import BUSY, REFUSED, REST, SIGNED_OUT, Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def ran(house: EngineHouse) -> list[str]:
    """Ids of exchanges that were sent to be written, as they came; a question is none of them."""
    verbs = ("create", "update", "withdraw")
    return [id for id, body in house.books.heard if any(f'"verb": "{v}"'.encode() in body for v in verbs)]


def exchange(house: EngineHouse, id: str) -> Any:
    (row,) = house.rows(t.exchanges, t.exchanges.c.id == id)
    return row


def test_an_exchange_whose_answer_was_lost_is_asked_about_under_its_own_id(asking: EngineHouse) -> None:
    asking.books.script.extend([Fault.LOSE_AFTER] * 2)
    invoice = asking.invoice(asking.customer())
    asking.drain()
    assert asking.counted() == {"done": 2}
    assert asking.books.asked == ran(asking)
    assert len(asking.books.of(K.CUSTOMER)) == len(asking.books.of(K.INVOICE)) == 1
    assert asking.place(invoice).id == asking.books.one(K.INVOICE).id
    row = exchange(asking, asking.books.asked[0])
    assert (row.state, row.sends, row.asked) == ("closed", 1, 1)
    assert asking.rows(t.operations, t.operations.c.settles.is_not(None)) == []  # nobody had to look
    assert asking.quiet()


def test_what_never_arrived_goes_out_again_under_its_own_id(asking: EngineHouse) -> None:
    asking.books.script.extend([Fault.LOSE_BEFORE] * 3)
    asking.customer()
    asking.customer("Bob", email="bob@example.com")
    asking.drain()
    assert asking.counted() == {"done": 2}
    sent = ran(asking)
    # A computer that still holds the set would carry it out under that id too, and the books run it once.
    assert (len(sent), len(set(sent))) == (4, 2)
    assert asking.books.asked == sent[:3]
    assert len(asking.books.of(K.CUSTOMER)) == 2


def test_what_the_books_have_forgotten_is_found_and_not_sent_again(asking: EngineHouse) -> None:
    asking.books.forgets_ids = True
    asking.books.script.extend([Fault.LOSE_AFTER] * 2)
    invoice = asking.invoice(asking.customer())
    asking.drain()
    assert asking.counted() == {"done": 2}
    assert len(ran(asking)) == 2
    assert asking.place(invoice).id == asking.books.one(K.INVOICE).id
    assert exchange(asking, asking.books.asked[0]).forgotten


def test_of_a_set_that_ran_by_half_only_the_rest_goes_out_again(asking: EngineHouse) -> None:
    asking.books.script.append(Fault.LOSE_HALF)
    for name in ("Ann", "Bob", "Cy"):
        asking.customer(name, email=f"{name}@example.com")
    asking.drain()
    assert asking.counted() == {"done": 3}
    assert sorted(record.name for record in asking.books.of(K.CUSTOMER)) == ["Ann", "Bob", "Cy"]
    first, second = ran(asking)
    assert first != second


def test_a_stored_refusal_counts_as_it_would_have_at_first(asking: EngineHouse) -> None:
    ann = asking.customer()
    asking.books.script.append(REFUSED)
    outgoing = asking.engine.next_exchange(asking.id)
    assert outgoing is not None
    answer = asking.provider.deliver(outgoing.body)
    assert isinstance(answer, Answered)
    asking.books.answers[outgoing.exchange_id] = answer.body
    asking.engine.finish(outgoing.exchange_id, Unknown(why="the session ended"))
    assert asking.state(ann) == "uncertain"
    assert "asked what became of it" in asking.event(ann).remedy
    asking.drain()
    assert asking.state(ann) == "held"
    assert "does not suit the books" in asking.event(ann).reason


def lost(house: EngineHouse) -> str:
    """A customer that arrived and whose answer was lost; the exchange's id."""
    house.books.script.append(Fault.LOSE_AFTER)
    house.customer()
    house.carrier.carry_one(house.id)
    (id,) = ran(house)
    return id


def test_a_question_that_gets_lost_is_asked_again_and_decides_nothing(asking: EngineHouse) -> None:
    id = lost(asking)
    asking.books.loses_status = 3
    asking.drain()
    assert asking.books.asked == [id] * 4
    assert exchange(asking, id).asked == 4
    assert asking.counted() == {"done": 1}
    assert ran(asking) == [id]


def test_a_question_that_surely_did_not_arrive_is_no_proof_that_the_exchange_did_not(
    asking: EngineHouse,
) -> None:
    id = lost(asking)
    question = asking.engine.next_exchange(asking.id)
    assert question is not None
    assert question.exchange_id == id
    asking.engine.finish(id, NotSent(why="the books are switched off"))
    assert exchange(asking, id).state == "uncertain"
    asking.drain()
    assert ran(asking) == [id]
    assert len(asking.books.of(K.CUSTOMER)) == 1


@pytest.mark.parametrize("outcome", [REST, SIGNED_OUT], ids=["busy", "signed out"])
def test_books_that_cannot_be_asked_now_are_asked_later(asking: EngineHouse, outcome: Any) -> None:
    """That nothing was done is said of the question; taken for the exchange it would post twice."""
    id = lost(asking)
    kept = asking.books.answers[id]
    frame = json.loads(kept)
    question = asking.engine.next_exchange(asking.id)
    assert question is not None
    told = {name: outcome_to_json(outcome) for name in frame["outcomes"]}
    body = json.dumps({"exchange": id, "outcomes": told}).encode()
    assert asking.engine.finish(id, Answered(body=body))
    assert exchange(asking, id).state == "uncertain"
    assert asking.engine.next_exchange(asking.id) is None  # it rests, or waits for a person
    asking.set(t.connections, t.connections.c.id == asking.id, health="ok", rest_until=None)
    asking.drain()
    assert ran(asking) == [id]
    assert asking.counted() == {"done": 1}


def test_one_exchange_is_out_at_a_time_and_a_question_is_one(asking: EngineHouse) -> None:
    lost(asking)
    asking.customer("Bob", email="bob@example.com")
    question = asking.engine.next_exchange(asking.id)
    assert question is not None
    assert asking.engine.next_exchange(asking.id) is None
    asking.engine.finish(question.exchange_id, asking.provider.deliver(question.body))
    assert asking.engine.next_exchange(asking.id) is not None


def test_a_question_that_nobody_answered_in_time_is_asked_again(asking: EngineHouse) -> None:
    id = lost(asking)
    asking.engine.next_exchange(asking.id)
    e = t.exchanges
    asking.set(e, e.c.id == id, deadline=exchange(asking, id).sent_at)
    asking.drain()
    assert exchange(asking, id).asked == 2
    assert ran(asking) == [id]
    assert asking.counted() == {"done": 1}


def test_a_late_first_answer_counts_while_the_books_are_asked(asking: EngineHouse) -> None:
    asking.customer()
    outgoing = asking.engine.next_exchange(asking.id)
    assert outgoing is not None
    answer = asking.provider.deliver(outgoing.body)
    asking.engine.finish(outgoing.exchange_id, Unknown(why="the line broke"))
    question = asking.engine.next_exchange(asking.id)
    assert question is not None
    assert question.body != outgoing.body
    assert asking.engine.finish(outgoing.exchange_id, answer)
    assert asking.counted() == {"done": 1}
    assert not asking.engine.finish(question.exchange_id, asking.provider.deliver(question.body))
    assert asking.quiet()


def test_a_provider_that_cannot_ask_has_it_looked_for(
    asking: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(exchange_id: str, body: bytes) -> bytes:
        raise ValueError(exchange_id, body)

    monkeypatch.setattr(asking.provider, "status_check", broken)
    id = lost(asking)
    asking.drain()
    asking.drain()  # by now it is known that nobody can ask
    assert asking.books.asked == []
    assert ran(asking) == [id]
    assert asking.counted() == {"done": 1}


def test_what_the_books_keep_is_cleared_by_later_exchanges_one_after_the_other(asking: EngineHouse) -> None:
    for n in range(4):
        asking.customer(f"Customer {n}", email=f"c{n}@example.com")
        asking.drain()
    ids = ran(asking)
    rows = {row.id: row for row in asking.rows(t.exchanges)}
    assert [rows[id].clears for id in ids] == [None, *ids[:3]]
    kept = [row.id for row in rows.values() if row.kept_there is not None]
    assert kept == [ids[-1]]
    assert [id for id in asking.books.answers if id in ids] == [ids[-1]]


def test_an_exchange_that_may_not_have_run_has_cleared_nothing(asking: EngineHouse) -> None:
    asking.customer("Ann", email="a@example.com")
    asking.drain()
    (first,) = ran(asking)
    asking.books.script.append(Fault.LOSE_BEFORE)
    asking.customer("Bob", email="b@example.com")
    asking.carrier.carry_one(asking.id)
    assert exchange(asking, first).kept_there is not None
    asking.drain()
    assert exchange(asking, first).kept_there is None
    _, lost_one, again = ran(asking)
    assert exchange(asking, lost_one).clears == exchange(asking, again).clears == first
    assert exchange(asking, lost_one).kept_there is None  # the books said that they have nothing of it


def test_what_is_still_to_be_asked_about_is_not_cleared(asking: EngineHouse) -> None:
    """The books would forget the very answer that they are to be asked for."""
    asking.restart(backoff_seconds=600.0)
    id = lost(asking)
    asking.books.loses_status = 1
    asking.drain()
    asking.customer("Bob", email="bob@example.com")
    asking.drain()
    first, second = ran(asking)
    assert (first, exchange(asking, second).clears) == (id, None)
    assert id in asking.books.answers


def test_what_surely_did_not_arrive_needs_no_clearing(asking: EngineHouse) -> None:
    asking.books.script.append(Fault.NOT_SENT)
    asking.customer()
    asking.drain()
    first, second = ran(asking)
    assert exchange(asking, first).kept_there is None
    assert exchange(asking, second).kept_there is not None


def test_hurry_asks_at_once_however_often_it_failed(asking: EngineHouse) -> None:
    asking.restart(backoff_seconds=600.0)
    id = lost(asking)
    asking.books.loses_status = 1
    asking.drain()
    assert asking.books.asked == [id]
    with asking.turn() as turn:
        status.hurry(turn)
    asking.drain()
    assert asking.books.asked == [id, id]
    assert asking.counted() == {"done": 1}


# -- killed anywhere -----------------------------------------------------------------------------------
Kill = Callable[[EngineHouse], None]


def _after_commit(house: EngineHouse) -> None:
    house.engine.next_exchange(house.id)


def _after_the_books(house: EngineHouse) -> None:
    outgoing = house.engine.next_exchange(house.id)
    if outgoing is not None:
        house.provider.deliver(outgoing.body)


def _after_all(house: EngineHouse) -> None:
    house.carrier.carry_one(house.id)


KILLS: tuple[Kill, ...] = (_after_commit, _after_the_books, _after_all)
FAULTS = [*Fault, BUSY]


def end_of_session(house: EngineHouse) -> None:
    """Whoever carried is gone; a new process comes."""
    house.restart()
    with house.turn() as turn:
        uncertain.overdue(turn, ended="the session ended")
        status.hurry(turn)


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_point_everything_arrives_exactly_once(
    asking: EngineHouse, seed: int, forgets: bool
) -> None:
    chance = random.Random(seed)
    asking.books.forgets_ids = forgets
    invoices = []
    for n in range(6):
        customer = asking.customer(f"Customer {n}", email=f"c{n}@example.com")
        invoices.append(asking.invoice(customer, f"{100 + n}.00"))
        if chance.random() < 0.5:
            asking.books.script.append(chance.choice(FAULTS))
        asking.books.loses_status = chance.randrange(3)
        for _ in range(chance.randrange(4)):
            chance.choice(KILLS)(asking)
            end_of_session(asking)
        if n % 2:
            asking.drain()
            asking.change(customer, email=f"new{n}@example.com")
    asking.books.loses_status = 0
    asking.books.script.clear()
    for _ in range(5):
        asking.drain()
    assert set(asking.counted()) <= {"done", "superseded"}, asking.counted()
    assert len(asking.books.of(K.CUSTOMER)) == len(asking.books.of(K.INVOICE)) == 6
    assert {asking.there(invoice).number for invoice in invoices} == {f"BO-{i.number}" for i in invoices}
    ids = set(ran(asking))
    heard = [(id, body) for id, body in asking.books.heard if b'"verb"' in body]
    written = [[body for one, body in heard if one == id] for id in ids]
    assert max(map(len, written)) <= 2, (
        "an exchange was written more often than once and once more under its id"
    )
    assert all(len(set(sent)) == 1 for sent in written), "an id was sent with other bytes"
    assert asking.quiet()


def lost_job(house: EngineHouse, fault: Fault) -> Any:
    """A job that was sent and of which nobody knows whether it arrived; the books do not know the exchange."""
    ann = house.customer()
    house.drain()
    house.books.forgets_ids = True
    house.books.script.append(fault)
    job = house.job(ann, "Kitchen")
    house.carrier.carry_one(house.id)
    return job


def test_a_lost_job_is_found_where_the_books_call_it_by_its_path(asking: EngineHouse) -> None:
    job = lost_job(asking, Fault.LOSE_AFTER)
    (place,) = [record.ref for record in asking.books.of(K.CUSTOMER) if record.name == "Kitchen"]
    asking.books.records[place].name = "Ann Lee:Kitchen"
    asking.drain()
    assert asking.place(job) == place
    assert len(asking.books.of(K.CUSTOMER)) == 2


def test_a_lost_job_is_never_taken_for_a_customer_of_the_same_name(asking: EngineHouse) -> None:
    job = lost_job(asking, Fault.LOSE_BEFORE)
    other = asking.books.enter(CustomerRecord(name="Kitchen"))
    asking.drain()
    assert asking.rows(t.links, t.links.c.books_id == other.id, t.links.c.state == "live") == []
    assert asking.state(job) == "held"
