"""A record that was to be linked with something that is gone meanwhile is put to a person and never created instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import by_hand, matching
from tests.engine_house import RULES, EngineHouse
from tests.fake_books import FakeBooks

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]
Fresh = Callable[[FakeBooks], EngineHouse]


@pytest.fixture
def bob(house: EngineHouse, fresh: Fresh) -> Customer:
    """To be linked with one of two records, which the bookkeeper has merged into the other since."""
    bob = house.customer("Bob Stone", email="bob@example.com")
    books = FakeBooks("F2")
    loser = books.enter(CustomerRecord(name="Robert Stone", email="bob@example.com"))
    books.enter(CustomerRecord(name="Stone, Robert A.", email="bob@example.com"))
    fresh(books)
    with house.turn() as turn:
        matching.build(turn)
        by_hand.match(turn, bob.ref, "link", books_id=loser.id, actor="keeper")
    books.delete(loser)
    house.poll()
    return bob


def names(house: EngineHouse) -> list[str]:
    return sorted(house.books.document(record.ref).name for record in house.books.of(BooksKind.CUSTOMER))


def test_the_plan_is_not_accepted_and_says_which_row(house: EngineHouse, bob: Customer) -> None:
    with (
        pytest.raises(matching.NotDecided, match=f"1 rows were to be linked .*{bob.ref} “Bob Stone”"),
        house.turn() as turn,
    ):
        matching.approve(turn, actor="keeper")


def test_left_open_its_invoice_is_held_and_no_second_customer_comes_to_be(
    house: EngineHouse, bob: Customer
) -> None:
    with house.turn() as turn:
        matching.approve(turn, actor="keeper", leave_open=True)
    house.map(*RULES)
    invoice = house.invoice(bob)
    house.drain()
    assert house.state(invoice) == "held"
    assert "decide" in house.event(invoice).remedy.lower()
    assert names(house) == ["Stone, Robert A."]


def test_what_goes_between_the_acceptance_and_the_link_is_held_too(house: EngineHouse, fresh: Fresh) -> None:
    ann = house.customer("Ann Lee", email="ann@example.com")
    books = FakeBooks("F3")
    hers = books.enter(CustomerRecord(name="Lee, Ann", email="ann@example.com"))
    fresh(books)
    with house.turn() as turn:
        matching.build(turn)
        by_hand.match(turn, ann.ref, "link", books_id=hers.id, actor="keeper")
        matching.approve(turn, actor="keeper", leave_open=True)
        turn.connection.exec_driver_sql("DELETE FROM blueops_qb_links")
        turn.connection.exec_driver_sql("DELETE FROM blueops_qb_documents")
    house.map(*RULES)
    house.invoice(ann)
    house.drain()
    assert names(house) == ["Lee, Ann"]
