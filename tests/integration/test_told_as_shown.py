"""Conflicts that are told by a sentence (arrived, twice, a setting) hold for what the person saw, like all others."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import choices, incoming, profile_change, resolve
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.traps import ON_SQLITE, arrived_twice, check, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def only(house: EngineHouse) -> Any:
    (conflict,) = house.conflicts()
    return conflict


def mark(house: EngineHouse) -> str:
    return choices.mark(only(house)._mapping)


def choose(house: EngineHouse, choice: str = "close", shown: str = "") -> None:
    with house.turn() as turn:
        resolve.resolve(turn, only(house).id, choice, "bookkeeper", shown=shown)


def refused_payment(house: EngineHouse) -> BooksRef:
    """More money than is open of the invoice."""
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.drain()
    house.pay(invoice, "80.00")  # paid here a moment ago, not sent yet
    place = house.books.enter(check(house.place(ann), "60.00", (house.place(invoice), "60.00")))
    house.poll()
    assert only(house).cause == "incoming"
    return place


def copied(house: EngineHouse) -> BooksRef:
    """The bookkeeper copied an invoice of ours, its mark with it."""
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    first = house.books.one(BooksKind.INVOICE)
    assert first.document is not None
    place = house.books.enter(first.document, marker=first.marker)
    house.poll()
    assert (only(house).cause, only(house).group) == ("twice", "copy")
    assert house.state(invoice) == "done"
    return place


@pytest.mark.parametrize("enter", [refused_payment, copied])
def test_what_was_told_of_an_earlier_state_is_not_settled(house: EngineHouse, enter: Any) -> None:
    place = enter(house)
    assert only(house).version == str(house.books.records[place].version)
    seen = mark(house)
    house.books.edit(place, memo="look at this")
    house.poll()
    assert only(house).version == str(house.books.records[place].version)
    with pytest.raises(resolve.MovedMeanwhile, match="shown anew meanwhile"):
        choose(house, shown=seen)
    choose(house, shown=mark(house))
    assert house.conflicts() == []


@pytest.mark.parametrize("enter", [refused_payment, copied])
def test_nor_what_has_moved_since_and_was_not_compared_yet(house: EngineHouse, enter: Any) -> None:
    place = enter(house)
    m = t.mirror
    (row,) = house.rows(m, m.c.kind == place.kind.value, m.c.books_id == place.id)
    text = row.document.replace('"date":"2026-03-02"', '"date":"2026-03-03"')
    assert text != row.document
    house.set(m, m.c.books_id == place.id, version="99", document=text)
    with pytest.raises(resolve.MovedMeanwhile, match=f"{place} moved in QuickBooks meanwhile"):
        choose(house)
    with house.turn() as turn:
        incoming.look_again(turn, only(house).id)
    assert only(house).version == "99"
    choose(house)
    assert house.conflicts() == []


def test_a_version_without_substance_and_a_copy_that_is_gone_stand_in_nobodys_way(house: EngineHouse) -> None:
    place = copied(house)
    house.set(t.mirror, t.mirror.c.books_id == place.id, version="99")
    choose(house)
    assert house.conflicts() == []


def test_one_that_may_be_there_is_linked_as_it_was_shown(house: EngineHouse) -> None:
    """A document that counts as not written is there after all, and the bookkeeper changes it before the choice."""
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    there = house.books.one(BooksKind.INVOICE)
    d = t.documents
    house.set(d, d.c.source_id == invoice.id, state="open")
    with house.work() as tx:
        tx.connection.execute(t.links.delete().where(t.links.c.books_id == there.ref.id))
    house.set(t.mirror, t.mirror.c.books_id == there.ref.id, origin="change", dirty=True)
    with house.turn() as turn:
        incoming.compare_dirty(turn)
    assert (only(house).group, only(house).version) == ("existence", str(there.version))
    seen = mark(house)
    lines = tuple(
        attrs.evolve(x, amount=D("70.00"), unit_price=None) for x in house.books.document(there.ref).lines
    )
    house.books.edit(there.ref, total=D("70.00"), lines=lines)
    house.poll()
    with pytest.raises(resolve.MovedMeanwhile):
        choose(house, "theirs", shown=seen)
    assert only(house).version == str(house.books.records[there.ref].version)
    choose(house, "theirs", shown=mark(house))


def test_a_choice_of_existence_holds_for_the_sentence_that_was_shown(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived_twice(house, monkeypatch)
    seen, row = mark(house), only(house)
    assert row.revision is not None
    house.set(t.conflicts, t.conflicts.c.id == row.id, reason="it is there three times by now")
    with pytest.raises(resolve.MovedMeanwhile, match="shown anew meanwhile"):
        choose(house, "again", shown=seen)


def test_a_setting_that_was_turned_again_is_not_settled_by_the_first_word_of_it(house: EngineHouse) -> None:
    lines, one = (BooksProfile(class_tracking=x) for x in (Tracking.PER_LINE, Tracking.PER_TRANSACTION))
    with house.turn() as turn:
        profile_change.take_profile(turn, lines, one)
    first, seen = only(house), mark(house)
    assert first.version == Tracking.PER_TRANSACTION.value
    with house.turn() as turn:
        profile_change.take_profile(turn, one, lines)
    assert (only(house).id, mark(house)) != (first.id, seen)
    with house.turn() as turn, pytest.raises(resolve.CannotResolve, match="settled already"):
        resolve.resolve(turn, first.id, "close", "bookkeeper", shown=seen)
    with pytest.raises(resolve.MovedMeanwhile):
        choose(house, shown=seen)
    choose(house, shown=mark(house))
