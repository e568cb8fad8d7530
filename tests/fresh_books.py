"""Fixture for tests of the first connection: the company signs in to other books, and nothing is matched yet."""

from collections.abc import Callable

import pytest

from blueops_qb.engine import connections
from tests.engine_house import TENANT, EngineHouse
from tests.fake_books import FakeBooks


@pytest.fixture
def fresh(house: EngineHouse) -> Callable[[FakeBooks], EngineHouse]:
    """Sign in to these books and read them."""

    def sign_in(books: FakeBooks) -> EngineHouse:
        connections.retire(house.engine.core, house.id, TENANT, actor="admin", keys=house.engine.keys)
        house.books = house.provider.books = books
        signed_in = connections.SignedIn(company_id=books.company_id, company_name="New", secrets={})
        house.id = connections.bind(
            house.engine.core,
            TENANT,
            house.provider.name,
            signed_in,
            actor="admin",
            keys=house.engine.keys,
        )
        house.restart()
        house.drain()
        return house

    return sign_in
