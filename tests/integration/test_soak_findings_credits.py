"""What the soak has found about records that are linked, credited or given back, one by one and without chance."""

import pytest

from blueops_qb.domain.refs import BooksKind
from tests.engine_house import EngineHouse
from tests.traps import ON_SQLITE, arrived_twice, choose

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


def test_the_one_that_stays_is_linked_without_being_written_again(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    house.books.delete(house.books.of(K.INVOICE)[0].ref)
    house.poll()
    version = house.books.one(K.INVOICE).version
    choose(house, "theirs")
    house.drain()
    assert house.state(invoice) == "done"
    assert house.books.one(K.INVOICE).version == version
    house.reprice(invoice, "120.00")
    house.drain()
    assert str(house.there(invoice).total) == "120.00"
