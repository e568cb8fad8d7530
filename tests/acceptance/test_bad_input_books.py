"""Books that are dead, answer in HTML or ask for a pause: everything is there once as soon as they are back."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine.outbox import State
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sandbox.qbo.server import Server
from blueops_qb.store import tables as t
from tests.bad_day import BadDay
from tests.served import lasting_port

pytest_plugins = ["tests.bad_day_fixtures"]


class Door:
    """A port of this machine behind which the books are, open or closed."""

    def __init__(self, day: BadDay) -> None:
        self._app = day.shop.twin.app
        self._port = lasting_port()
        self.open()

    def open(self) -> None:
        self._server = Server(self._app, port=self._port)
        self.address = self._server.base_url
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.stop()
        self._thread.join(timeout=60)


@contextmanager
def behind_a_door(day: BadDay) -> Iterator[Door]:
    """The plugin reaches the books, sign-in included, through a door that the test can close."""
    door, twin = Door(day), day.shop.twin
    settings = QboSettings.sandbox(door.address, client_id=twin.client_id, client_secret=twin.client_secret)
    day.shop.engine.turns.providers["qbo"] = QboProvider(settings)
    day.shop.carrier.close()  # so that it asks the provider for a new transport
    try:
        yield door
    finally:
        door.close()


def test_a_dead_books_server_is_waited_for(day: BadDay) -> None:
    with behind_a_door(day) as door:
        early = day.invoice()
        day.until_done(early)
        door.close()
        queue = [day.invoice(), day.pay(early), *day.others()]
        payment = queue[1]  # everything that it needs is in the books already
        day.until("the refusal to be seen", lambda: "refused" in day.line(payment).reason)
        day.told(payment, State.WAITING, "refused the connection", "by itself")
        overview = day.overview()
        assert "are kept equal" not in overview
        for words in ("refused the connection", "Nothing is lost", "again by itself"):
            assert words in overview
        day.nothing_lost()
        door.open()
        day.until_done(*queue)
        day.whole()


@pytest.mark.parametrize("done", ["drop_before", "drop_after"])
def test_books_that_die_in_the_middle_of_a_call_have_everything_once_when_they_are_back(
    day: BadDay, done: str
) -> None:
    with behind_a_door(day) as door:
        queue = day.others()
        invoice = queue[0]
        day.trouble(done, match="/batch")
        day.step_until("nobody to know", lambda: day.counted()["uncertain"] > 0)
        door.close()
        day.told(day.first(State.UNCERTAIN), State.UNCERTAIN, "was lost", "looked up")
        for _ in range(3):
            day.shop.drain()
        day.nothing_lost()
        door.open()
        day.until_done(*queue)
        assert len(day.in_books(invoice)) == 1
        day.whole()


@pytest.mark.parametrize("trouble", ["html", "throttled_xml"])
def test_trouble_while_the_sign_in_is_renewed_needs_no_person(day: BadDay, trouble: str) -> None:
    queue = day.others()
    day.shop.twin_call("tokens/expire")
    day.trouble(trouble, match="/oauth2/v1/tokens")
    day.until_done(*queue)
    assert day.shop.row()["health"] == "ok"
    day.whole()


def test_dead_books_while_the_sign_in_is_renewed_need_no_person(day: BadDay) -> None:
    with behind_a_door(day) as door:
        queue = day.others()
        day.shop.twin_call("tokens/expire")
        while day.shop.row()["health"] != "refresh":
            assert day.shop.carrier.carry_one(day.shop.id)
        door.close()
        for _ in range(5):
            day.shop.drain()
        assert day.shop.row()["health"] != "sign_in"
        door.open()
        day.until_done(*queue)
        day.whole()


# -- answers -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trouble", "cause"),
    [("html", "cannot be read"), ("html_after", "cannot be read"), ("truncated", "was lost")],
)
def test_an_answer_that_is_no_json_leaves_the_record_uncertain_until_it_is_looked_up(
    day: BadDay, trouble: str, cause: str
) -> None:
    invoice = day.invoice()
    day.trouble(trouble, match="/batch", count=2)  # the customer's batch and its invoice's, or the same again
    day.step_until("nobody to know", lambda: day.counted()["uncertain"] > 0)
    day.told(day.first(State.UNCERTAIN), State.UNCERTAIN, cause, "looked up")
    beside = day.others()
    day.nothing_lost()
    day.until_done(*beside, invoice)
    day.whole()


@pytest.mark.parametrize("question", ["for changes", "what became of a write"])
def test_questions_that_are_answered_in_html_are_asked_again(day: BadDay, question: str) -> None:
    shop = day.shop
    if question == "for changes":
        day.trouble("html", match="/cdc", count=2)
    else:
        day.trouble("html_after", match="/batch")
        day.trouble("html", match="/batch", count=3)
    queue = day.others()
    shop.twin_call("do", action="create", kind="Customer", body={"DisplayName": "Mailed In"})
    shop.poll()
    day.until_done(*queue)
    day.until("the new customer to arrive", lambda: "Mailed In" in names(day))
    day.whole()


def names(day: BadDay) -> set[str]:
    """The names of core's customers."""
    found = day.shop.core.iterate(day.shop.tenant, kinds=[RecordKind.CUSTOMER])
    return {snapshot.record.name for snapshot in found if isinstance(snapshot.record, Customer)}


def rests_until(day: BadDay, moment: dt.datetime) -> None:
    """Move the end of the rest."""
    with day.shop.core.begin(day.shop.tenant) as tx:
        tx.connection.execute(t.connections.update().values(rest_until=moment))


def test_429_with_an_xml_body_makes_the_connection_rest_and_then_go_on(day: BadDay) -> None:
    shop = day.shop
    invoice = day.invoice()
    day.trouble("throttled_xml", match="/batch")
    day.step_until("the rest to begin", lambda: shop.row()["rest_until"] is not None)
    began = shop.row()["rest_until"]
    rests_until(day, began + dt.timedelta(minutes=50))  # as long as the test looks; over an hour is no rest
    day.told(day.first(State.WAITING, "pause"), State.WAITING, "too many calls", "by itself")
    calls = day.calls()
    beside = day.others()
    for _ in range(3):
        shop.drain()
    assert day.calls() == calls, "it called during the rest"
    assert shop.row()["health"] == "ok"
    day.nothing_lost()
    rests_until(day, began)
    day.until_done(invoice, *beside)
    day.whole()
