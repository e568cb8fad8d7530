"""Gates: open to the outside, telling nothing of any company, and hints that hurry the change feed."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from blueops_qb.engine.engine import Engine
from blueops_qb.engine.hints import MOST_HINTS
from blueops_qb.sdk.provider import GateDesk, WSGIApp
from blueops_qb.store import tables as t
from blueops_qb.web.app import make_gates
from blueops_qb.web.gates import HintDesk
from tests.core_house import Browser
from tests.fake_books import FakeBooks
from tests.fakes import CalledFake
from tests.office import Office, office

GATES = "/gates/quickbooks"


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url, seed="empty") as made:
        made.go_live()
        # Hints are looked after at once here, without collecting for a while.
        settings = attrs.evolve(made.engine.turns.settings, hint_seconds=0.0)
        made.engine.turns = attrs.evolve(made.engine.turns, settings=settings)
        yield made


def hints(shop: Office) -> list[Any]:
    with shop.core.engine.connect() as connection:
        return list(connection.execute(sa.select(t.hints).order_by(t.hints.c.id)))


def looks(shop: Office) -> int:
    """How often changes were asked for."""
    o = t.operations
    query = sa.select(sa.func.count()).where(o.c.connection_id == shop.id, o.c.verb == "changes")
    with shop.core.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def test_the_support_page_is_open_to_all_and_names_no_company(shop: Office) -> None:
    answer = Browser(shop.core).client.get(f"{GATES}/status")
    assert answer.status_code == 200
    assert "is running" in answer.text
    assert "Three Peaks" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_any_other_address_is_a_plain_404(shop: Office) -> None:
    client = Client(make_gates(shop.engine))
    for path in ("/", "/qbo", "/qbo/webhook", "/records"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "nothing at this address" in answer.text


def test_a_hint_is_stored_and_the_changes_are_asked_for_once(shop: Office) -> None:
    shop.drain()
    before = looks(shop)
    HintDesk(shop.engine, "qbo").tell_all({shop.twin.realm: [{"entity": "Invoice", "id": "9"}]})
    (row,) = hints(shop)
    assert (row.provider, row.company_id, row.processed_at) == ("qbo", shop.twin.realm, None)
    assert json.loads(row.payload) == {"entity": "Invoice", "id": "9"}
    shop.drain()
    assert looks(shop) == before + 1
    assert hints(shop)[0].processed_at is not None
    shop.drain()
    assert looks(shop) == before + 1


def test_a_hint_that_comes_while_the_changes_are_read_is_looked_after_again(shop: Office) -> None:
    shop.drain()
    desk = HintDesk(shop.engine, "qbo")
    desk.tell(shop.twin.realm, [{"id": "1"}])
    out = shop.engine.next_exchange(shop.id)
    assert out is not None
    desk.tell(shop.twin.realm, [{"id": "2"}])
    transport = shop.engine.providers["qbo"].transport(shop.engine.vault(shop.id), shop.twin.realm)
    assert transport is not None
    shop.engine.finish(out.exchange_id, transport.send(out.body))
    transport.close()
    assert [row.processed_at is None for row in hints(shop)] == [False, True]
    before = looks(shop)
    shop.drain()
    assert looks(shop) == before + 1
    assert [row.processed_at is None for row in hints(shop)] == [False, False]


def test_hints_for_a_company_that_is_connected_nowhere_are_ignored(shop: Office) -> None:
    shop.drain()
    before = looks(shop)
    desk = HintDesk(shop.engine, "qbo")
    desk.tell("no such company", [{"id": "1"}])
    desk.tell(shop.twin.realm, [])
    HintDesk(shop.engine, "qbd").tell(shop.twin.realm, [{"id": "1"}])
    assert hints(shop) == []
    shop.drain()
    assert looks(shop) == before


def test_a_flood_of_hints_is_cut_because_each_only_says_look(shop: Office) -> None:
    HintDesk(shop.engine, "qbo").tell(shop.twin.realm, [{"id": str(n)} for n in range(MOST_HINTS + 5)])
    assert len(hints(shop)) == MOST_HINTS


class FakeWithGate(CalledFake):
    """Books that knock at a gate."""

    name = "gated"

    def gate(self, desk: GateDesk) -> WSGIApp:
        def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            body: Mapping[str, str] = {"path": environ["PATH_INFO"], "root": environ["SCRIPT_NAME"]}
            desk.tell("F1", [body])
            start("204 No Content", [])
            return []

        return app


def test_a_providers_gate_is_mounted_under_its_name(shop: Office) -> None:
    provider = FakeWithGate(FakeBooks())
    turns = attrs.evolve(shop.engine.turns, providers={**shop.engine.providers, "gated": provider})
    engine = Engine(core=shop.engine.core, providers=turns.providers)
    with shop.core.begin(shop.tenant) as tx:
        c = t.connections
        moved = c.update().where(c.c.id == shop.id).values(provider="gated", company_id="F1")
        tx.connection.execute(moved)
    answer = Client(make_gates(engine)).post("/gated/webhook/x", environ_overrides={"SCRIPT_NAME": GATES})
    assert answer.status_code == 204
    (row,) = hints(shop)
    assert json.loads(row.payload) == {"path": "/webhook/x", "root": f"{GATES}/gated"}
