"""The month's reads: what is counted, how sweeps keep within it, and what is said of it."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.cli import main
from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.engine import budget, hints
from blueops_qb.engine.budget import SHARE, Budget
from blueops_qb.engine.sweep_pace import SweepPace, span, sweep_pace
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.outcomes import Throttled
from blueops_qb.sdk.provider import Cost, Verb
from blueops_qb.sdk.simple import Told
from blueops_qb.store import tables as t
from tests.core_house import KEY
from tests.engine_house import EngineHouse
from tests.fake_books import REST, FakeBooks
from tests.fakes import FakeProvider
from tests.office import PAGES, office

pytest_plugins = ["tests.engine_fixtures"]

MONTH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAYS_30 = 30 * 86_400.0


def month(**values: Any) -> Budget:
    return Budget(**{"month": "2026-01", "limit": 500_000, "left": DAYS_30, **values})


# -- the interval ----------------------------------------------------------------------------------
def test_one_company_is_swept_as_often_as_it_likes() -> None:
    assert month().sweep_seconds(60.0, 21_600.0) == 60.0
    assert month(limit=0, reads=10**9).sweep_seconds(60.0, 21_600.0) == 60.0
    assert month(reads=10**9).sweep_seconds(60.0, 21_600.0, reads=0) == 60.0


def test_many_companies_share_the_month() -> None:
    seconds = month(companies=690).sweep_seconds(60.0, 21_600.0)
    assert 690 * DAYS_30 / seconds == pytest.approx(SHARE * 500_000)
    assert 4000 < seconds < 5000


def test_what_is_used_up_early_slows_the_rest_of_the_month() -> None:
    even = month(companies=100, left=DAYS_30 / 2)
    seconds = [
        attrs.evolve(even, reads=reads).sweep_seconds(60.0, 21_600.0)
        for reads in (100_000, 300_000, 390_000, 400_000, 700_000)
    ]
    assert seconds == sorted(seconds)
    assert seconds[-2:] == [21_600.0, 21_600.0]


@given(
    companies=st.integers(1, 5000),
    limit=st.integers(1000, 10**7),
    wanted=st.floats(10, 3600),
    reads=st.integers(1, 3),
    others=st.floats(0, 2),
)
def test_sweeps_never_use_more_than_their_share_however_many_companies(
    companies: int, limit: int, wanted: float, reads: int, others: float
) -> None:
    """A month lived through in steps: what sweeps read stays within their share but for the longest interval."""
    longest, now, used = 21_600.0, 0.0, 0.0
    while now < DAYS_30:
        book = Budget(month="2026-01", reads=int(used), limit=limit, companies=companies, left=DAYS_30 - now)
        seconds = book.sweep_seconds(wanted, longest, reads=reads)
        assert wanted <= seconds <= max(wanted, longest)
        step = max(seconds, DAYS_30 / 200)
        used += companies * reads * step / seconds * (1 + others / 10)
        now += step
    floor = companies * reads * DAYS_30 / longest
    assert used <= max(SHARE * limit, floor) * 1.15 + 2 * floor + companies * reads * (1 + others)


# -- counting --------------------------------------------------------------------------------------
def rows(house: EngineHouse) -> list[tuple[str, str, int, int]]:
    return [(row.provider, row.month, row.reads, row.writes) for row in house.rows(t.budgets)]


def counted(house: EngineHouse) -> tuple[int, int]:
    found = [row for row in rows(house) if row[0] == house.provider.name]
    return (found[0][2], found[0][3]) if found else (0, 0)


def test_reads_and_writes_of_all_companies_add_up_by_month(house: EngineHouse) -> None:
    with house.work() as tx:
        for when, cost in (
            (MONTH, Cost(reads=2)),
            (MONTH + dt.timedelta(days=30), Cost(reads=3, writes=7)),
            (MONTH + dt.timedelta(days=31), Cost(reads=1)),
            (MONTH, Cost()),
        ):
            budget.count(tx.connection, "books", cost, when)
    assert [row for row in rows(house) if row[0] == "books"] == [
        ("books", "2026-01", 5, 7),
        ("books", "2026-02", 1, 0),
    ]


def test_what_is_carried_is_counted_with_its_answer(house: EngineHouse) -> None:
    house.drain()
    reads, writes = counted(house)
    for n in range(3):
        house.customer(f"Customer {n}", email=f"c{n}@example.com")
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    assert counted(house) == (reads, writes)
    answer = house.provider.deliver(outgoing.body)
    house.engine.finish(outgoing.exchange_id, answer)
    assert counted(house) == (reads, writes + 3)
    house.engine.finish(outgoing.exchange_id, answer)  # a repeat counts once
    assert counted(house) == (reads, writes + 3)
    house.poll()
    assert counted(house) == (reads + 1, writes + 3)


def test_what_the_books_did_not_carry_out_is_not_metered(house: EngineHouse) -> None:
    house.drain()
    before = counted(house)
    house.books.script.append(REST)
    house.customer()
    house.drain()
    assert counted(house) == before


# -- what follows ----------------------------------------------------------------------------------
def limit(house: EngineHouse, monkeypatch: pytest.MonkeyPatch, reads: int, **settings: Any) -> None:
    monkeypatch.setattr(FakeProvider, "limits", attrs.evolve(FakeProvider.limits, reads_per_month=reads))
    house.restart(**settings)


def use(house: EngineHouse, reads: int) -> None:
    with house.turn() as turn:
        budget.count(turn.connection, house.provider.name, Cost(reads=reads), turn.now)


def pace(house: EngineHouse) -> SweepPace:
    with house.turn() as turn:
        return sweep_pace(turn)


def test_the_next_sweep_is_put_off_when_reads_run_short(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So short that also on the last day of a month more time than that is left.
    limit(house, monkeypatch, 1000, sweep_seconds=60.0, sweep_longest_seconds=120.0)
    use(house, 799)
    house.poll()
    feed = house.rows(t.feeds, t.feeds.c.feed == "changes")[0]
    assert (feed.due_at - feed.moved_at).total_seconds() == pytest.approx(120.0)
    sent = len(house.books.heard)
    house.drain()
    assert len(house.books.heard) == sent  # a sweep that is put off is not due by mistake
    found = pace(house)
    assert found.slowed
    assert "of 1,000 reads" in found.sentence
    assert "every 2 minutes instead of every minute" in found.sentence


def test_hints_and_live_work_go_on_when_sweeps_are_put_off(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, 1000, sweep_seconds=60.0, hint_seconds=0.0)
    use(house, 5000)
    house.poll()
    house.books.enter(CustomerRecord(name="Rita Moss"))
    hints.keep(
        house.core.engine, house.provider.name, {house.books.company_id: [{"entity": "Customer", "id": "1"}]}
    )
    bob = house.customer("Bob", email="bob@example.com")
    house.drain()
    assert house.state(bob) == "done"
    assert "Rita Moss" in [row.name for row in house.rows(t.mirror, t.mirror.c.kind == "customer")]
    assert "until the next month begins; what BlueOps changes still goes out" in pace(house).sentence


def test_a_read_that_the_spent_month_refuses_waits_alone(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, 1000)
    house.drain()
    refused = Throttled(message="The month's calls are used up.", retry_after=60.0)

    def changes(*_: Any) -> Any:
        raise Told(refused)

    monkeypatch.setattr(FakeBooks, "changes", changes)
    use(house, 1000)
    house.poll()
    (waits,) = house.rows(t.operations, t.operations.c.verb == Verb.CHANGES, t.operations.c.state == "ready")
    row = house.connection_row()
    assert row.rest_until is None
    assert waits.not_before - row.last_contact_at >= dt.timedelta(minutes=29)
    ann = house.customer()
    house.drain()
    assert house.state(ann) == "done"


def test_the_same_throttle_before_the_month_is_spent_lets_the_company_rest(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(house, monkeypatch, 1000)
    house.drain()

    def changes(*_: Any) -> Any:
        raise Told(Throttled(message="Too many calls.", retry_after=60.0))

    monkeypatch.setattr(FakeBooks, "changes", changes)
    house.poll()
    assert house.connection_row().rest_until is not None


def test_where_hints_come_an_hour_is_enough_unless_the_tenant_says_otherwise(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.restart(sweep_seconds=60.0)
    assert (pace(house).seconds, pace(house).hinted) == (60.0, False)
    hints.keep(
        house.core.engine, house.provider.name, {house.books.company_id: [{"entity": "Customer", "id": "1"}]}
    )
    assert (pace(house).seconds, pace(house).hinted) == (3600.0, True)
    assert "every hour" in pace(house).sentence
    assert "Webhooks tell of changes in between." in pace(house).sentence
    monkeypatch.setattr(type(house.core), "settings", lambda *_: {"sweep_seconds": "120"})
    assert pace(house).seconds == 120.0
    house.set(t.hints, sa.true(), received_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=2))
    assert not pace(house).hinted


def test_only_companies_that_are_switched_on_share_the_month(house: EngineHouse) -> None:
    with house.turn() as turn:
        assert budget.load(turn.connection, house.provider.name, 10, turn.now).companies == 1
        columns = [c for c in t.connections.columns if c.name != "id"]
        for n, state in enumerate(("live", "live", "retired")):
            values = {c.name: turn.row[c.name] for c in columns}
            values |= {"id": f"other{n}", "tenant_id": f"other{n}", "company_id": f"X{n}", "state": state}
            turn.connection.execute(t.connections.insert(), values)
            switch = Switch.ON if n != 1 else Switch.PAUSED
            tenant = {"tenant_id": f"other{n}", "switch": switch.value, "swept_revision": 0}
            turn.connection.execute(t.tenants.insert(), tenant)
        assert budget.load(turn.connection, house.provider.name, 10, turn.now).companies == 2


# -- what is said ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10, "10 seconds"),
        (60, "minute"),
        (90, "90 seconds"),
        (120, "2 minutes"),
        (3600, "hour"),
        (21_600, "6 hours"),
    ],
)
def test_spans_are_told_as_people_count(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_the_overview_and_the_command_line_tell_the_month(sqlite_url: str) -> None:
    with office(sqlite_url) as shop:
        shop.go_live()
        with shop.core.engine.connect() as connection:
            reads = connection.execute(sa.select(t.budgets.c.reads)).scalar_one()
        assert reads >= 12  # company, preferences and ten lists, and the listings of the match plan
        text = shop.browser("viewer").get(f"{PAGES}/").text
        assert f"{reads:,} of 500,000 reads of" in text
        assert "Changes are looked for every minute" in text
        told = CliRunner().invoke(
            main,
            ["status", "--json", "--db", sqlite_url, "--tenant", shop.tenant],
            env={"BLUEOPS_CORE_KEYS": KEY.decode()},
        )
        assert told.exit_code == 0, told.output
        sweeps = json.loads(told.output)["sweeps"]
        assert (sweeps["reads"], sweeps["limit"], sweeps["seconds"]) == (reads, 500_000, 60.0)
        assert sweeps["said"].startswith("Changes are looked for every minute; ")


def test_a_person_has_the_books_looked_at_and_the_lists_read_again(sqlite_url: str) -> None:
    with office(sqlite_url) as shop:
        shop.go_live()
        shop.drain()
        before = shop.twin.app.stats.calls.copy()
        viewer, admin = shop.browser("viewer"), shop.browser("admin")
        assert "Look now" not in viewer.get(f"{PAGES}/").text
        assert viewer.post(f"{PAGES}/look").status_code in (400, 403)
        assert "Look now" in admin.get(f"{PAGES}/").text
        assert admin.post(f"{PAGES}/look").status_code == 303
        assert "company and lists are read again" in admin.get(f"{PAGES}/").text
        shop.drain()
        calls = shop.twin.app.stats.calls - before
        assert calls == {"GET /cdc": 1, "POST /batch": 1}
