"""A choice about a whole record holds for what the person saw; what moved since is neither lost nor overwritten."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Document, SalesInvoice
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import choices, resolve
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.traps import ON_SQLITE

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def one_more(document: Document) -> Document:
    if not isinstance(document, SalesInvoice):
        return document
    assert document.total is not None
    return attrs.evolve(document, total=document.total + 1)


@pytest.fixture
def varied(house: EngineHouse) -> Invoice:
    """An invoice that was sent with 100.00 and that the books show with 101.00."""
    house.books.alters = one_more
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.alters = lambda document: document
    assert (only(house).cause, totals(house, invoice)) == ("variance", (D("100.00"), D("101.00")))
    return invoice


def only(house: EngineHouse) -> Any:
    (conflict,) = house.conflicts()
    return conflict


def totals(house: EngineHouse, invoice: Invoice) -> tuple[Any, Any]:
    """In BlueOps, and in the books."""
    return house.here(invoice.ref).total, house.there(invoice).total


def reprice_there(house: EngineHouse, invoice: Invoice, amount: str, **fields: Any) -> None:
    lines = [attrs.evolve(x, amount=D(amount), unit_price=D(amount)) for x in house.there(invoice).lines]
    house.books.edit(house.place(invoice), total=D(amount), lines=tuple(lines), **fields)


def choose(house: EngineHouse, choice: str, shown: str = "") -> None:
    with house.turn() as turn:
        resolve.resolve(turn, only(house).id, choice, "bookkeeper", shown=shown)


def mark(house: EngineHouse) -> str:
    return choices.mark(only(house)._mapping)


def calm(house: EngineHouse) -> None:
    for _ in range(2):
        house.drain()
        house.poll()


# -- variances -----------------------------------------------------------------------------------------
def test_an_edit_that_waits_behind_a_variance_is_written_when_the_books_show_what_was_sent(
    house: EngineHouse, varied: Invoice
) -> None:
    house.reprice(varied, "500.00")
    house.drain()
    house.books.edit(house.place(varied), total=D("100.00"))
    calm(house)
    assert totals(house, varied) == (D("500.00"), D("500.00"))
    assert (house.conflicts(), house.state(varied), house.quiet()) == ([], "done", True)


def test_what_waits_for_a_variance_goes_on_when_the_books_show_what_was_sent(
    house: EngineHouse, varied: Invoice
) -> None:
    payment = house.pay(varied, "100.00")
    house.drain()
    assert house.state(payment) != "done"
    house.books.edit(house.place(varied), total=D("100.00"))
    calm(house)
    assert (house.state(varied), house.state(payment), house.conflicts()) == ("done", "done", [])


@pytest.mark.parametrize("choice", ["theirs", "ours"])
@pytest.mark.parametrize("heard", [False, True])
def test_a_variance_is_not_settled_from_a_page_on_which_blueops_has_another_amount(
    house: EngineHouse, varied: Invoice, choice: str, *, heard: bool
) -> None:
    seen = mark(house)
    house.reprice(varied, "500.00")
    if heard:
        house.drain()
        assert mark(house) != seen
        assert "500" in only(house).ours
    with pytest.raises(resolve.MovedMeanwhile):
        choose(house, choice, seen)
    house.drain()
    assert "500" in only(house).ours
    choose(house, choice)
    calm(house)
    assert totals(house, varied) == (D("500.00"), D("101.00") if choice == "theirs" else D("500.00"))
    assert (house.conflicts(), house.state(varied)) == ([], "done")


@pytest.mark.parametrize("choice", ["theirs", "ours"])
def test_a_variance_is_not_settled_from_a_page_on_which_the_books_have_another_amount(
    house: EngineHouse, varied: Invoice, choice: str
) -> None:
    seen = mark(house)
    reprice_there(house, varied, "999.00", memo="as agreed by phone")
    house.poll()
    assert mark(house) != seen
    assert "999" in only(house).theirs
    assert "999.00" in only(house).reason
    with pytest.raises(resolve.MovedMeanwhile):
        choose(house, choice, seen)
    assert totals(house, varied) == (D("100.00"), D("999.00"))


def test_a_variance_of_an_older_release_is_compared_as_well(house: EngineHouse, varied: Invoice) -> None:
    house.set(t.conflicts, t.conflicts.c.id > 0, revision=None, version="", base=None)
    with house.turn() as turn:
        resolve.resolve(turn, only(house).id, "theirs", "bookkeeper", shown="None:")
    calm(house)
    assert totals(house, varied) == (D("100.00"), D("101.00"))
    assert (house.conflicts(), house.state(varied)) == ([], "done")


def test_what_the_books_change_after_ours_was_chosen_is_put_to_a_person(
    house: EngineHouse, varied: Invoice
) -> None:
    choose(house, "ours")
    reprice_there(house, varied, "777.00", memo="as agreed by phone")
    calm(house)
    assert (house.there(varied).total, house.there(varied).memo) == (D("777.00"), "as agreed by phone")
    assert (only(house).cause, house.state(varied)) == ("variance", "held")
    assert "777" in only(house).theirs
    choose(house, "ours")
    calm(house)
    assert totals(house, varied) == (D("100.00"), D("100.00"))
    assert (house.conflicts(), house.state(varied), house.quiet()) == ([], "done", True)


def test_a_version_without_substance_reopens_nothing(house: EngineHouse, varied: Invoice) -> None:
    choose(house, "ours")
    house.books._touch(house.place(varied))
    calm(house)
    assert totals(house, varied) == (D("100.00"), D("100.00"))
    assert house.conflicts() == []


# -- left as they are ----------------------------------------------------------------------------------
@pytest.fixture
def added_to(house: EngineHouse) -> Invoice:
    """An invoice of 100.00 to which the books have added a line of 7.00 that BlueOps has no place for."""
    invoice = house.invoice(house.customer())
    house.drain()
    document = house.there(invoice)
    extra = attrs.evolve(
        document.lines[0],
        line_id="",
        books_line_id="",
        item=BooksRef(BooksKind.ITEM, "ZZ"),
        amount=D("7.00"),
        unit_price=D("7.00"),
        description="extra",
    )
    house.books.edit(house.place(invoice), lines=(*document.lines, extra), total=D("107.00"))
    house.poll()
    assert only(house).cause == "changed_there"
    return invoice


def test_both_are_not_left_as_they_are_when_blueops_has_another_amount_now(
    house: EngineHouse, added_to: Invoice
) -> None:
    seen = mark(house)
    house.reprice(added_to, "500.00")
    with pytest.raises(resolve.MovedMeanwhile):
        choose(house, "accept", seen)
    calm(house)
    assert "500" in only(house).ours
    assert totals(house, added_to) == (D("500.00"), D("107.00"))


def test_leaving_a_field_as_it_is_loses_no_change_of_another(house: EngineHouse, added_to: Invoice) -> None:
    house.reprice(added_to, "100.00", memo="call before noon")
    choose(house, "accept")
    calm(house)
    assert totals(house, added_to) == (D("100.00"), D("107.00"))
    assert house.there(added_to).memo == "call before noon"
    assert (house.conflicts(), house.state(added_to)) == ([], "done")


# -- the link is gone ----------------------------------------------------------------------------------
@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_a_choice_about_a_record_that_is_not_linked_any_more_says_so(
    house: EngineHouse, varied: Invoice, choice: str
) -> None:
    lk = t.links
    house.set(lk, lk.c.books_id == house.place(varied).id, state="unlinked")
    with house.turn() as turn:
        said = resolve.resolve(turn, only(house).id, choice, "bookkeeper")
    assert "not linked" in said
    assert house.conflicts() == []
    c = t.conflicts
    (row,) = house.rows(c, c.c.cause == "variance")
    assert (row.state, row.decided_by) == ("closed", "bookkeeper")


def test_unlinking_a_record_takes_its_other_conflicts_off_the_list(
    house: EngineHouse, added_to: Invoice
) -> None:
    house.books.delete(house.place(added_to))
    house.poll()
    removed = next(c for c in house.conflicts() if c.cause == "removed_there")
    with house.turn() as turn:
        assert resolve.resolve(turn, removed.id, "unlink", "bookkeeper") == ""
    assert house.conflicts() == []
