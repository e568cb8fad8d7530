"""A journal entry of our own that somebody changed or deleted in QuickBooks can be settled, though core has none."""

import pytest

from blueops_qb.domain.reclass import Reclass, ReclassLine
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import reclass, resolve
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.traps import ON_SQLITE, choose

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


@pytest.fixture
def moved(house: EngineHouse) -> Reclass:
    """10.00 moved between two accounts, in the books."""
    lines = [
        ReclassLine(account=BooksRef(K.ACCOUNT, account), amount=D(amount))
        for account, amount in (("5010", "10.00"), ("1000", "-10.00"))
    ]
    record = Reclass(id="m2-202603", date=DAY, lines=tuple(lines))
    with house.turn() as turn:
        reclass.announce(turn, record, "admin")
    house.drain()
    assert house.state(record) == "done"
    return record


@pytest.mark.parametrize(("choice", "memo"), [("ours", ""), ("accept", "mine now")])
def test_what_changed_there_is_ours_again_or_accepted(
    house: EngineHouse, moved: Reclass, choice: str, memo: str
) -> None:
    house.books.edit(house.place(moved), memo="mine now")
    house.poll()
    (conflict,) = house.conflicts()
    assert "BlueOps has no place for that kind of change" in conflict.reason
    choose(house, choice)
    house.drain()
    house.poll()
    assert (house.there(moved).memo, house.state(moved), house.conflicts()) == (memo, "done", [])


def emptied(house: EngineHouse) -> None:
    """What retention leaves of the event once it is old."""
    house.set(t.outbox, t.outbox.c.ref_kind == "reclass", payload="")


@pytest.mark.parametrize(("choice", "memo"), [("ours", ""), ("accept", "mine now")])
def test_so_it_is_when_retention_has_emptied_its_event(
    house: EngineHouse, moved: Reclass, choice: str, memo: str
) -> None:
    emptied(house)
    house.books.edit(house.place(moved), memo="mine now")
    house.poll()
    (conflict,) = house.conflicts()
    assert "BlueOps has no place for that kind of change" in conflict.reason
    choose(house, choice)
    house.drain()
    house.poll()
    assert (house.there(moved).memo, house.state(moved), house.conflicts()) == (memo, "done", [])


def test_what_was_deleted_there_is_created_again_also_from_its_document(
    house: EngineHouse, moved: Reclass
) -> None:
    normal = house.provider.normal
    before = normal(house.there(moved))
    emptied(house)
    house.books.delete(house.place(moved))
    house.poll()
    choose(house, "again")
    house.drain()
    assert (house.state(moved), normal(house.there(moved))) == ("done", before)


def test_where_nothing_is_kept_of_it_the_sentence_says_so(house: EngineHouse, moved: Reclass) -> None:
    emptied(house)
    house.set(t.documents, t.documents.c.source_kind == "reclass", content="")
    house.books.edit(house.place(moved), memo="mine now")
    house.poll()
    (conflict,) = house.conflicts()
    assert "nothing is kept any more of what reclass:m2-202603 said" in conflict.reason


def test_what_was_deleted_there_is_created_again(house: EngineHouse, moved: Reclass) -> None:
    house.books.delete(house.place(moved))
    house.poll()
    choose(house, "again")
    house.drain()
    assert (house.state(moved), len(house.books.of(K.JOURNAL))) == ("done", 1)


def test_it_cannot_be_voided_in_blueops_and_the_sentence_says_so(house: EngineHouse, moved: Reclass) -> None:
    house.books.delete(house.place(moved))
    house.poll()
    with pytest.raises(resolve.CannotResolve, match="is a move between accounts that was made here"):
        choose(house, "theirs")
    choose(house, "unlink")
    house.drain()
    assert (house.conflicts(), house.books.of(K.JOURNAL)) == ([], [])
