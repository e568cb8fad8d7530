"""The books' own ledger through the doors: asked for, carried, kept, summed, against the twin's own figures."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests
import sqlalchemy as sa
from click.testing import CliRunner

from blueops_qb import bootstrap
from blueops_qb.cli import main
from blueops_qb.engine import connections, ledger
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.ledger import CannotRead, ReadingState
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.sandbox.demo import run as run_demo
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sdk import wire
from blueops_qb.sdk.testing.kit import Subject
from blueops_qb.sdk.testing.ledger_cases import reads_a_ledger_that_balances
from blueops_qb.store import tables as t
from tests.engine_house import (
    KEY,
    PLUGIN,
    SETTINGS,
    TENANT,
    EngineHouse,
    found_company,
    open_with_plugin,
)
from tests.ledger_forger import Forger
from tests.report_reading import trial

pytest_plugins = ["tests.engine_fixtures"]
START, END = dt.date(2025, 1, 1), dt.date(2027, 12, 31)
ZERO = Decimal("0.00")


@attrs.define(kw_only=True)
class Books:
    """Engine and twin, connected; nothing of ours is written."""

    core: ReferenceCore
    engine: Engine
    carrier: Carrier
    twin: RunningTwin
    id: str

    def ask(self, start: dt.date = START, end: dt.date = END) -> int:
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            return ledger.ask(turn, start, end)

    def reading(self, id: int) -> ledger.Reading:
        with self.core.engine.connect() as connection:
            return ledger.reading(connection, self.id, id)

    def totals(self, id: int) -> dict[str, Decimal]:
        with self.core.engine.connect() as connection:
            found = {total.account: total.amount for total in ledger.totals(connection, id)}
        return {account: amount for account, amount in found.items() if amount}

    def read(self, start: dt.date = START, end: dt.date = END) -> int:
        id = self.ask(start, end)
        self.carrier.drain(self.id, most=100)
        assert self.reading(id).state is ReadingState.DONE, self.reading(id)
        return id

    def theirs(self, since: dt.date = START, until: dt.date = END) -> dict[str, Decimal]:
        """What the twin's own ledger holds of the period, by account."""
        return in_ledger(self.twin.base_url, since, until)

    def admin(self, path: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.twin.base_url}/twin/{path}", json=body, timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def calls(self) -> int:
        return sum(
            "/reports/" in call["path"]
            for call in requests.get(f"{self.twin.base_url}/twin/calls", timeout=60).json()["calls"]
        )


def in_ledger(base_url: str, since: dt.date, until: dt.date) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in requests.get(f"{base_url}/twin/ledger", timeout=60).json()["lines"]:
        if since <= dt.date.fromisoformat(line["date"]) <= until:
            sums[line["account"]] += Decimal(line["amount"])
    return {account: amount for account, amount in sums.items() if amount}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningTwin]:
    with running_twin(seed="sample") as twin:
        yield twin


@pytest.fixture(scope="module")
def environment(running: RunningTwin) -> dict[str, str]:
    return {
        "BLUEOPS_QB_QBO_API_BASE": running.base_url,
        "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{running.base_url}/.well-known/openid_configuration",
        "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
        **NO_PACE,
    }


@pytest.fixture(scope="module")
def connected(
    running: RunningTwin, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Books]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLUEOPS_QB_RUNNER", "none")
        core = open_with_plugin(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'core.sqlite3'}")
    found_company(core)
    settings = attrs.evolve(SETTINGS, time_scale=0.01)
    engine = bootstrap.build(core.for_plugin(PLUGIN), settings=settings, environment=environment).engine
    signed_in = connections.SignedIn(
        company_id=running.realm,
        company_name="Sample",
        secrets={"access_token": running.access_token.encode()},
    )
    id = connections.bind(engine.core, TENANT, "qbo", signed_in, actor="admin", keys=engine.keys)
    made = Books(core=core, engine=engine, carrier=Carrier(engine), twin=running, id=id)
    made.carrier.drain(id, most=50)
    try:
        yield made
    finally:
        made.carrier.close()
        core.stop()


@pytest.fixture
def books(connected: Books) -> Iterator[Books]:
    """The company as it was when it was connected: nothing asked for, no trouble."""
    connected.admin("faults/clear")
    connected.admin("company", report_cells=400_000)
    connected.admin("stats/reset")
    with connected.core.engine.begin() as connection:
        for table in (t.ledger_lines, t.ledger_readings, t.operations, t.exchanges):
            connection.execute(table.delete())
        healthy = {
            "health": "ok",
            "health_reason": "",
            "rest_until": None,
            "lease_owner": "",
            "lease_until": None,
        }
        connection.execute(t.connections.update().values(healthy))
    made = attrs.evolve(connected, carrier=Carrier(connected.engine))
    yield made
    made.carrier.close()


def test_a_period_comes_to_what_the_books_hold_on_every_account(books: Books) -> None:
    id = books.read()
    assert books.totals(id) == books.theirs()
    assert books.calls() == 6, "three years in parts of six months"
    headers = {"Authorization": f"Bearer {books.twin.access_token}", "Accept": "application/json"}
    answer = requests.get(
        f"{books.twin.base_url}/v3/company/{books.twin.realm}/reports/TrialBalance",
        params={"end_date": END.isoformat()},
        headers=headers,
        timeout=60,
    )
    # The trial balance closes years into retained earnings, the lines of a period do not.
    chart = {a["Id"]: a["Classification"] for a in books.twin.company.all("Account")}
    shown = {i: v for i, v in trial(answer.json()).items() if chart[i] in ("Asset", "Liability")}
    assert {i: v for i, v in books.totals(id).items() if chart[i] in ("Asset", "Liability")} == shown


def test_a_short_period_is_one_call_and_only_its_own_days(books: Books) -> None:
    today = books.twin.company.clock.today()
    since = today - dt.timedelta(days=20)
    id = books.read(since, today)
    assert books.totals(id) == books.theirs(since, today)
    assert 1 <= books.calls() <= 2
    rows = _lines(books, id)
    assert rows
    assert all(since <= row.day <= today for row in rows)
    assert {row.books_kind for row in rows if row.books_type == "Invoice"} == {"invoice"}
    assert all(row.books_id for row in rows)
    assert any(row.customer_id for row in rows)


def test_a_period_without_postings_is_read_and_empty(books: Books) -> None:
    id = books.read(dt.date(2001, 1, 1), dt.date(2001, 3, 31))
    assert (books.reading(id).lines, books.totals(id)) == (0, {})


def test_a_report_that_the_books_cut_is_read_in_smaller_parts(books: Books) -> None:
    today = books.twin.company.clock.today()
    since = today - dt.timedelta(days=60)
    books.admin("company", report_cells=15 * 60)
    id = books.read(since, today)
    assert books.calls() >= 5
    assert books.totals(id) == books.theirs(since, today)
    lines = [row.line for row in _lines(books, id)]
    assert sorted(lines) == list(range(len(lines)))
    books.admin("company", report_cells=15)
    stuck = books.ask(since, today)
    books.carrier.drain(books.id, most=100)
    reading = books.reading(stuck)
    assert (reading.state, reading.lines) == (ReadingState.FAILED, 0)
    assert "a single day holds more postings" in reading.reason
    assert reading.remedy
    assert not _lines(books, stuck)


@pytest.mark.parametrize(
    "trouble", ["drop_before", "drop_after", "error_after", "html", "throttled_xml", "truncated"]
)
def test_trouble_on_the_way_neither_loses_nor_doubles_a_line(books: Books, trouble: str) -> None:
    books.admin("faults", trouble=trouble, match="/reports/", skip=1, count=2)
    id = books.ask()
    for _ in range(400):
        if not books.carrier.drain(books.id, most=50) and books.reading(id).state is not ReadingState.ASKED:
            break
        _let_time_pass(books)
    assert books.reading(id).state is ReadingState.DONE, books.reading(id)
    assert books.totals(id) == books.theirs()


def _let_time_pass(books: Books) -> None:
    """What waits is due now."""
    with books.core.engine.begin() as connection:
        connection.execute(t.operations.update().values(not_before=None))
        connection.execute(t.connections.update().values(rest_until=None))


def test_a_ledger_that_does_not_add_up_is_refused_and_nothing_of_it_kept(books: Books) -> None:
    inner = books.engine.turns.provider(books.id).transport(books.engine.vault(books.id), books.twin.realm)
    assert inner is not None
    with contextlib.closing(inner):
        books.carrier.use(books.id, Forger(inner, lets_through=1))
        id = books.ask()
        while not books.reading(id).lines:
            assert books.carrier.carry_one(books.id), "no part brought a line"
        assert books.reading(id).state is ReadingState.ASKED
        books.carrier.drain(books.id, most=50)
    reading = books.reading(id)
    assert reading.state is ReadingState.FAILED
    assert "cannot be used" in reading.reason
    assert "Run the General Ledger report" in reading.remedy
    assert not _lines(books, id)
    with books.core.engine.connect() as connection:
        query = sa.select(t.operations.c.state).where(t.operations.c.verb == "ledger")
        assert set(connection.execute(query).scalars()) <= {"done", "failed", "cancelled"}
        health = connection.execute(sa.select(t.connections.c.health)).scalar_one()
    assert health == "ok", "one report does not stop the connection"


def _lines(books: Books, id: int) -> list[Any]:
    with books.core.engine.connect() as connection:
        return list(connection.execute(sa.select(t.ledger_lines).where(t.ledger_lines.c.reading_id == id)))


def test_a_company_with_several_currencies_is_read_in_its_home_currency(books: Books) -> None:
    books.admin("preferences", **{"CurrencyPrefs.MultiCurrencyEnabled": True})
    try:
        with books.engine.turns.open(books.id) as turn:
            assert turn is not None
            turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, multicurrency=True)))
        assert books.totals(books.read()) == books.theirs()
    finally:
        books.admin("preferences", **{"CurrencyPrefs.MultiCurrencyEnabled": False})
        with books.engine.turns.open(books.id) as turn:
            assert turn is not None
            turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, multicurrency=False)))


def test_the_kit_notices_a_ledger_that_does_not_balance(books: Books) -> None:
    provider = books.engine.turns.provider(books.id)
    inner = provider.transport(books.engine.vault(books.id), books.twin.realm)
    assert inner is not None
    with contextlib.closing(inner):
        honest = Subject(provider=provider, carry=inner.send, company_id=books.twin.realm)
        reads_a_ledger_that_balances(honest)
        forged = attrs.evolve(honest, carry=Forger(inner).send)
        with pytest.raises(AssertionError, match="ledger answered"):
            reads_a_ledger_that_balances(forged)


def test_the_same_period_is_asked_for_once_and_older_readings_go(books: Books) -> None:
    first = books.ask()
    assert books.ask() == first
    books.carrier.drain(books.id, most=50)
    second = books.read(dt.date(2026, 1, 1), dt.date(2026, 6, 30))
    third = books.read(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    with books.core.engine.connect() as connection:
        kept = set(connection.execute(sa.select(t.ledger_readings.c.id)).scalars())
        lines = set(connection.execute(sa.select(t.ledger_lines.c.reading_id)).scalars())
    assert kept == {second, third}
    assert lines <= kept
    with pytest.raises(LookupError, match="no reading"):
        books.reading(first)


def test_an_operation_that_was_given_up_ends_its_reading(books: Books) -> None:
    id = books.ask()
    with books.core.engine.begin() as connection:
        connection.execute(
            t.operations.update().where(t.operations.c.verb == "ledger").values(state="failed")
        )
    assert books.reading(id).state is ReadingState.FAILED
    assert books.ask() != id


def test_names_of_people_and_memos_are_not_kept(books: Books) -> None:
    id = books.read()
    text = repr([tuple(row) for row in _lines(books, id)])
    names = [c["DisplayName"] for c in books.twin.company.all("Customer")]
    assert len(names) > 20
    assert [name for name in names if name in text] == []


def test_a_backward_period_is_not_asked_for(books: Books) -> None:
    with pytest.raises(CannotRead, match="turn the days round"):
        books.ask(END, START)


def test_a_provider_without_a_ledger_says_so(house: EngineHouse) -> None:
    with house.turn() as turn, pytest.raises(CannotRead, match="does not offer ledger"):
        ledger.ask(turn, START, END)


# -- the command ---------------------------------------------------------------------------------------
def test_the_command_prints_what_every_account_comes_to(
    books: Books, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    url = books.core.engine.url.render_as_string(hide_password=False)
    call = ["ledger", "--from", START.isoformat(), "--to", END.isoformat(), "--db", url, "--tenant", TENANT]
    told = CliRunner().invoke(main, [*call, "--json"])
    assert told.exit_code == 0, told.output
    value = json.loads(told.stdout)
    assert (value["start"], value["end"]) == (START.isoformat(), END.isoformat())
    shown = {row["account"]: Decimal(row["amount"]) for row in value["accounts"]}
    assert {account: amount for account, amount in shown.items() if amount} == books.theirs()
    assert value["debits"] == value["credits"]
    assert sum(row["lines"] for row in value["accounts"]) == value["lines"] > 100
    text = CliRunner().invoke(main, call)
    assert text.exit_code == 0, text.output
    assert "Accounts Receivable (account#5)" in text.output
    assert text.output.splitlines()[-1].split()[-1] == "0.00"
    wrong = CliRunner().invoke(main, ["ledger", "--from", "2026-02-01", "--to", "2026-01-01", *call[5:]])
    assert (wrong.exit_code, "turn the days round" in wrong.output) == (1, True)
    with books.core.engine.begin() as connection:
        connection.execute(t.connections.update().values(health="stopped", health_reason="tried out"))
    stopped = CliRunner().invoke(main, call)
    assert (stopped.exit_code, "stopped: tried out" in stopped.output) == (1, True)
    # A lease that ends later than any process would have written it counts for nothing.
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=SETTINGS.lease_seconds)
    with books.core.engine.begin() as connection:
        connection.execute(t.connections.update().values(health="ok", health_reason=""))
        connection.execute(t.connections.update().values(lease_owner="another host", lease_until=later))
    late = CliRunner().invoke(main, [*call, "--timeout", "0.1"])
    assert (late.exit_code, "has not come after 0.1 seconds" in late.output) == (1, True)


@pytest.mark.xdist_group("demo")
def test_the_ledger_of_the_demo_is_that_of_the_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("BLUEOPS_QB_RUNNER", raising=False)
    seen: list[tuple[dict[str, Decimal], dict[str, Decimal]]] = []

    def compare(address: Any) -> None:
        call = ["ledger", "--from", "2024-01-01", "--to", "2028-12-31", "--json"]
        told = CliRunner().invoke(main, call)
        assert told.exit_code == 0, told.output
        shown = {row["account"]: Decimal(row["amount"]) for row in json.loads(told.stdout)["accounts"]}
        ours = {account: amount for account, amount in shown.items() if amount}
        seen.append((ours, in_ledger(address.base_url, dt.date(2000, 1, 1), dt.date(2100, 1, 1))))

    assert run_demo(once=True, seconds=300, before_compare=compare) == 0
    ((ours, theirs),) = seen
    assert ours == theirs
    assert len(ours) > 8
