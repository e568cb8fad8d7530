"""When the client of books that call us last came is shown, and its silence becomes a warning."""

import datetime as dt
import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from blueops_qb import bootstrap
from blueops_qb.bootstrap.telling import plugin_health
from blueops_qb.cli import main
from blueops_qb.engine import callers
from blueops_qb.engine.heartbeat import KEY, Heartbeat, heartbeat
from blueops_qb.engine.sessions import ConnectionCalls
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.sandbox.core.tables import plugin_settings
from blueops_qb.sdk.hooks import PluginHealth
from blueops_qb.sdk.registry import Listed
from blueops_qb.store import tables as t
from tests.core_house import people
from tests.engine_house import KEY as SECRET
from tests.engine_house import PLUGIN, TENANT, EngineHouse
from tests.integration.test_client_pages import Visitor

pytest_plugins = ["tests.engine_fixtures"]


@pytest.fixture
def office(asking: EngineHouse) -> EngineHouse:
    people(asking.core)
    return asking


def beat(house: EngineHouse, *, later: int = 0) -> Heartbeat | None:
    """The heartbeat so many minutes from now."""
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        return heartbeat(
            turn.connection,
            turn.row,
            core=house.core,
            providers=house.engine.providers,
            now=turn.now + dt.timedelta(minutes=later),
        )


def comes(house: EngineHouse, *, leaves: bool = True, **notes: str) -> None:
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        provider = str(turn.row["provider"])
    invited = callers.new_password(house.core, TENANT, house.id, actor="admin", keys=house.engine.keys)
    calls = ConnectionCalls(engine=house.engine, provider=provider)
    ticket = calls.enter(invited.caller.user, invited.password)
    with calls.call(ticket) as call:
        assert call is not None
        call.note(**notes)
        if leaves:
            call.close()


def enter(house: EngineHouse, minutes: str) -> None:
    c = plugin_settings.c
    row = {"tenant_id": TENANT, "plugin_id": PLUGIN, "key": KEY, "value": minutes}
    with house.core.begin(TENANT) as tx:
        tx.connection.execute(sa.delete(plugin_settings).where(c.key == KEY))
        tx.connection.execute(sa.insert(plugin_settings), row)


def age(house: EngineHouse, minutes: int) -> None:
    """The last visit was so long ago."""
    s = t.sessions
    with house.core.begin(TENANT) as tx:
        row = tx.connection.execute(sa.select(s.c.seen_at, s.c.began_at)).one()
        past = dt.timedelta(minutes=minutes)
        tx.connection.execute(s.update().values(seen_at=row.seen_at - past, began_at=row.began_at - past))


def test_a_client_that_never_came_is_warned_of_after_its_time(office: EngineHouse) -> None:
    found = beat(office)
    assert found is not None
    assert (found.came_at, found.quiet, found.remedy) == (None, False, "")
    late = beat(office, later=121)
    assert late is not None
    assert late.quiet
    assert "has not come yet" in late.sentence


def test_a_visit_starts_the_time_anew(office: EngineHouse) -> None:
    comes(office)
    soon, late = beat(office, later=119), beat(office, later=121)
    assert soon is not None
    assert late is not None
    assert (soon.quiet, late.quiet) == (False, True)
    assert soon.came_at == late.came_at is not None
    assert "last came 1 hour ago" in soon.sentence


def test_a_clock_that_was_put_back_makes_no_silence(office: EngineHouse) -> None:
    comes(office)
    found = beat(office, later=-600)
    assert found is not None
    assert (found.minutes, found.quiet) == (0, False)


@pytest.mark.parametrize(("entered", "quiet"), [("10", True), ("0", False), ("", False), ("soon", False)])
def test_the_time_is_the_tenants_setting(office: EngineHouse, entered: str, quiet: bool) -> None:
    comes(office)
    enter(office, entered)
    found = beat(office, later=30)
    assert found is not None
    assert found.quiet is quiet


def test_books_that_are_called_have_no_client(house: EngineHouse) -> None:
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        calls = turn.description.calls
    assert (beat(house) is not None) is calls


def test_the_provider_guesses_from_how_it_came_last(office: EngineHouse) -> None:
    comes(office, leaves=False, code="0x80040416")
    soon, late = beat(office, later=5), beat(office, later=500)
    assert soon is not None
    assert late is not None
    assert (soon.remedy, late.remedy) == ("", "It broke off and noted 0x80040416.")
    comes(office)
    late = beat(office, later=500)
    assert late is not None
    assert late.remedy == "It took its leave and noted nothing."


def test_the_overview_and_the_status_say_so(office: EngineHouse) -> None:
    comes(office)
    page = Visitor(office).get("/").text
    assert "came just now" in page
    assert "Not heard of" not in page
    age(office, 301)
    page = Visitor(office).get("/").text
    assert "Not heard of" in page
    assert "last came 5 hours ago" in page
    assert "Nothing is lost: it goes on as soon as it comes again." in page


def test_the_command_shows_the_last_visit_and_warns(
    office: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [Listed(name="asked", provider=office.provider)]
    monkeypatch.setattr(bootstrap, "providers", lambda _: listed)
    monkeypatch.setenv(ENVIRONMENT, SECRET.decode())
    url = office.core.engine.url.render_as_string(hide_password=False)

    def status(*words: str) -> str:
        done = CliRunner().invoke(main, ["status", "--db", url, "--tenant", TENANT, *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert json.loads(status("--json"))["client"]["came_at"] is None
    comes(office)
    client = json.loads(status("--json"))["client"]
    assert client["came_at"]
    assert (client["minutes"], client["allowed"], client["health"], client["remedy"]) == (0, 120, "ok", "")
    age(office, 180)
    client = json.loads(status("--json"))["client"]
    assert (client["minutes"], client["health"]) == (180, "warning")
    assert "warning: The client of" in status()


# -- for core and for whoever runs the installation --------------------------------------------------------
def told(house: EngineHouse) -> PluginHealth:
    with house.core.engine.connect() as connection:
        found = plugin_health(house.engine, TENANT, connection)
    assert found is not None
    return found


def test_core_hears_when_the_client_last_came_and_that_it_is_quiet(office: EngineHouse) -> None:
    comes(office)
    now = told(office)
    assert (now.ok, now.quiet) == (True, False)
    assert now.last_contact_at is not None
    age(office, 301)
    late = told(office)
    assert (late.ok, late.quiet) == (False, True)
    assert late.last_contact_at is not None
    assert late.last_contact_at < now.last_contact_at
    assert "last came 5 hours ago" in late.sentence
    assert "Nothing is lost" in late.sentence


def test_core_hears_nothing_where_nothing_is_connected(office: EngineHouse) -> None:
    with office.core.engine.connect() as connection:
        assert plugin_health(office.engine, "nobody", connection) is None


def test_books_that_are_called_are_healthy_without_a_client(house: EngineHouse) -> None:
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        assert not turn.description.calls
    assert (told(house).ok, told(house).quiet) == (True, False)


def test_the_doctor_tells_of_the_clients(office: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [Listed(name="asked", provider=office.provider)]
    monkeypatch.setattr(bootstrap, "providers", lambda *_: listed)
    monkeypatch.setenv(ENVIRONMENT, SECRET.decode())
    url = office.core.engine.url.render_as_string(hide_password=False)

    def clients() -> dict[str, object]:
        done = CliRunner().invoke(main, ["doctor", "--db", url, "--json"])
        (found,) = (one for one in json.loads(done.output) if one["what"] == "clients")
        assert found["ok"] or done.exit_code == 1
        return dict(found)

    comes(office)
    assert clients()["ok"]
    assert "came just now" in str(clients()["said"])
    age(office, 180)
    late = clients()
    assert not late["ok"]
    assert "last came 3 hours ago" in str(late["said"])
    assert "noted nothing" in str(late["said"])
