"""What spoiled networks and refused writes taught the engine: nothing is asked of the books over and over."""

import datetime as dt
from typing import Any

import pytest

from blueops_qb.domain.records import ExpenseType
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import due, renewals
from blueops_qb.sdk.doors import Answered, Unknown
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse
from tests.fault_house import fault_house

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def writes(house: EngineHouse, verb: str) -> int:
    return sum(f'"verb":"{verb}"'.encode() in body for _, body in house.books.heard)


@pytest.mark.parametrize("fields", [{}, {"phone": "+1 775 555 0100"}], ids=["saved again", "changed"])
def test_a_customer_who_moved_in_the_books_is_set_inactive_in_his_newest_version(
    house: EngineHouse, fields: dict[str, Any]
) -> None:
    ann = house.customer()
    house.drain()
    place = house.place(ann)
    house.books.edit(place, **fields)
    with house.work() as tx:
        tx.delete_customer(ann.id)
    house.drain()
    house.drain()
    assert house.state(ann) == "done"
    assert not house.books.shown(place).active
    assert writes(house, "withdraw") <= 2


def test_a_removal_of_ours_is_not_taken_for_what_is_looked_for(sqlite_url: str) -> None:
    """The look-up for a lost create lists a deletion: our own, whose answer is still on its way."""
    with fault_house(sqlite_url) as house:
        shop = house.shop
        removals = house.write([(Verb.WITHDRAW, K.EXPENSE)], numbered=False)
        removal = shop.engine.next_exchange(shop.id)
        assert removal is not None
        transport = shop.engine.turns.provider(shop.id).transport(shop.engine.vault(shop.id), shop.twin.realm)
        assert transport is not None
        answer = transport.send(removal.body)
        transport.close()
        with shop.core.begin(shop.tenant, actor="office") as tx:
            bought = house.cost(tx, ExpenseType.CHECK)
        lost = shop.engine.next_exchange(shop.id)
        assert lost is not None
        shop.engine.finish(lost.exchange_id, Unknown(why="it never arrived"))
        house.step_until("the look-up", lambda: house.event(bought.ref).state != "uncertain")
        shop.engine.finish(removal.exchange_id, answer)
        house.until_quiet()
        house.in_the_books_once({**removals, (Verb.CREATE, K.EXPENSE): bought}, gone=False)
        assert house.conflicts() == []


def test_an_answer_is_heard_once_only(house: EngineHouse) -> None:
    house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    assert house.engine.finish(outgoing.exchange_id, Answered(body=b"not an answer"))
    house.drain()
    assert not house.engine.finish(outgoing.exchange_id, Answered(body=b"late"))
    assert house.counted() == {"done": 1}


@pytest.mark.parametrize(
    ("minutes", "accepted", "hopeless"),
    [
        ([], None, False),
        ([30.0], None, False),
        ([0.5], None, True),
        ([0.5], 0.2, False),
        ([0.5], 0.8, True),
        ([5.0, 15.0, 25.0, 35.0, 45.0], 4.0, False),
        ([5.0, 15.0, 25.0, 35.0, 45.0, 55.0], 4.0, True),
        ([5.0, 15.0, 25.0, 35.0, 45.0, 65.0], 4.0, False),
    ],
)
def test_a_refused_sign_in_is_renewed_while_that_helps(
    house: EngineHouse, minutes: list[float], accepted: float | None, hopeless: bool
) -> None:
    """Renewals so many minutes ago, something accepted so many minutes ago."""
    house.set(t.operations, t.operations.c.state == "done", state="cancelled")
    with house.turn() as turn:
        ended = [(Verb.SIGN_IN, ago) for ago in minutes]
        ended += [(Verb.CHANGES, accepted)] if accepted is not None else []
        for verb, ago in ended:
            row = due.operation_row(turn, verb)
            closed_at = turn.now - dt.timedelta(minutes=ago)
            turn.connection.execute(t.operations.insert(), [{**row, "state": "done", "closed_at": closed_at}])
        assert renewals.in_vain(turn) is hopeless
        assert renewals.renewed_since(turn, turn.now - dt.timedelta(minutes=1)) is (0.5 in minutes)
