"""Fixture: the house, its books with a second income account and an item on it."""

import datetime as dt
import json

import pytest

from blueops_qb.store import tables as t
from tests import fake_books
from tests.engine_house import EngineHouse
from tests.second_income import OTHER_ACCOUNT, OTHER_ITEM


@pytest.fixture
def shop(house: EngineHouse) -> EngineHouse:
    """The house, its books with a second income account and an item on it."""
    for ref, name, facts in (
        (OTHER_ACCOUNT, "Install income", {"account_type": "Income"}),
        (OTHER_ITEM, "Install", {"income_account": "4020", "item_type": "service"}),
    ):
        moment = dt.datetime.now(dt.UTC)
        house.books.records[ref] = fake_books.Kept(
            document=None, name=name, created_at=moment, updated_at=moment, facts=facts
        )
        rows = {
            "connection_id": house.id,
            "kind": ref.kind.value,
            "books_id": ref.id,
            "name": name,
            "active": True,
            "facts_json": json.dumps(facts),
            "origin": "listing",
        }
        with house.work() as tx:
            tx.connection.execute(t.mirror.insert(), rows)
    house.set(t.connections, t.connections.c.id == house.id, catalog_at=dt.datetime.now(dt.UTC))
    return house
