"""Rounds: agreements are carried in the background, one begins every night, tax rates are looked at by themselves."""

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest

from blueops_qb.engine import agreement, agreement_runs, rate_drift, rounds
from blueops_qb.engine.agreement import Run, RunState
from blueops_qb.engine.agreement_schedule import KEY
from blueops_qb.engine.turn import Turn
from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sdk.provider import Lane
from blueops_qb.store import tables as t
from tests.agreement_house import START, TODAY, Company
from tests.engine_house import DAY, TENANT, D, EngineHouse

pytest_plugins = ["tests.engine_fixtures", "tests.agreement_fixtures"]


def runs(house: EngineHouse) -> list[Run]:
    with house.core.engine.connect() as connection:
        return agreement.runs(connection, house.id)


def ask(house: EngineHouse) -> int:
    with house.turn() as turn:
        return agreement.ask(turn, DAY.replace(day=1), DAY, by="ann")


def carry(house: EngineHouse) -> None:
    for _ in range(20):
        rounds.go(house.engine, house.id)
        house.drain()
        if not any(run.open for run in runs(house)):
            return
    raise AssertionError(runs(house))


@pytest.fixture
def at_night(house: EngineHouse) -> EngineHouse:
    """Live since the day before yesterday."""
    with house.turn() as turn:
        turn.set(live_since=turn.now - dt.timedelta(days=2))
    return house


def enter(house: EngineHouse, patch: pytest.MonkeyPatch, hour: str) -> None:
    patch.setattr(type(house.core), "settings", lambda *_: {KEY: hour})


# -- agreements ----------------------------------------------------------------------------------------
def test_a_run_that_somebody_asked_for_is_carried_to_its_end(house: EngineHouse) -> None:
    house.invoice(house.customer(), "80.00")
    house.drain()
    ask(house)
    carry(house)
    (run,) = runs(house)
    assert (run.agrees, run.asked_by) == (True, "ann")
    assert not rounds.go(house.engine, house.id)


def test_a_process_that_died_leaves_a_run_that_the_next_one_carries_on(house: EngineHouse) -> None:
    house.invoice(house.customer(), "80.00")
    house.drain()
    ask(house)
    rounds.go(house.engine, house.id)
    assert runs(house)[0].state is RunState.LOOKING
    house.restart()
    house.drain()
    house.restart()
    carry(house)
    assert runs(house)[0].agrees


def test_nothing_is_carried_where_another_process_carries_the_connection(house: EngineHouse) -> None:
    ask(house)
    house.drain()
    with house.turn() as turn:
        turn.set(lease_owner="elsewhere:1:1", lease_until=turn.now + dt.timedelta(seconds=20))
    assert not rounds.go(house.engine, house.id)
    assert runs(house)[0].state is RunState.LOOKING


def test_nothing_is_carried_while_the_company_is_stopped(at_night: EngineHouse) -> None:
    with at_night.turn() as turn:
        turn.set(health="stopped", health_reason="the guard")
    assert not rounds.go(at_night.engine, at_night.id)
    assert runs(at_night) == []


# -- every night ---------------------------------------------------------------------------------------
def test_the_month_of_yesterday_is_compared_once_a_night(at_night: EngineHouse) -> None:
    carry(at_night)
    (run,) = runs(at_night)
    zone = ZoneInfo(at_night.core.tenant(TENANT).zone)
    assert run.asked_at is not None
    local = run.asked_at.astimezone(zone)
    night = local.date() if local.hour >= 3 else local.date() - dt.timedelta(days=1)
    assert run.end == night - dt.timedelta(days=1)
    assert run.start == run.end.replace(day=1)
    assert (run.asked_by, run.agrees) == ("schedule", True)
    carry(at_night)
    assert len(runs(at_night)) == 1
    # A night later (what was asked lies a day back) it is due again.
    at_night.set(
        t.agreement_runs, t.agreement_runs.c.id == run.id, asked_at=run.asked_at - dt.timedelta(days=1)
    )
    carry(at_night)
    assert len(runs(at_night)) == 2


@pytest.mark.parametrize(("hour", "count"), [("", 0), ("23", 1), ("noon", 1)])
def test_the_company_says_when_or_never(
    at_night: EngineHouse, monkeypatch: pytest.MonkeyPatch, hour: str, count: int
) -> None:
    enter(at_night, monkeypatch, hour)
    carry(at_night)
    assert len(runs(at_night)) == count


def test_the_first_night_comes_after_going_live(house: EngineHouse) -> None:
    carry(house)
    assert runs(house) == []


def test_nights_do_not_push_out_what_people_asked_for_or_signed(house: EngineHouse) -> None:
    id = ask(house)
    carry(house)
    row = house.rows(t.agreement_runs, t.agreement_runs.c.id == id)[0]
    with house.turn() as turn:
        for n in range(60):
            values = {**row._mapping, "id": n + 1, "asked_by": agreement_runs.SCHEDULE, "state": "done"}
            values["certificate"] = "{}" if n == 3 else ""
            turn.connection.execute(t.agreement_runs.insert(), values)
    ask(house)
    kept = runs(house)
    assert id in {run.id for run in kept}
    assert 4 in {run.id for run in kept}  # signed
    unsigned = [r for r in kept if r.asked_by == agreement_runs.SCHEDULE and not r.certificate]
    assert len(unsigned) == agreement_runs.NIGHTS - 1


# -- in the background ---------------------------------------------------------------------------------
@pytest.mark.parametrize("house", [("called", "sqlite")], indirect=True)
def test_the_runner_makes_rounds_beside_what_it_carries(house: EngineHouse) -> None:
    house.invoice(house.customer(), "80.00")
    ask(house)
    runner = ThreadRunner(house.engine, threads=2, poll=0.02, every=0.02)
    runner.start()
    try:
        end = time.monotonic() + 60
        while any(run.open for run in runs(house)):
            assert time.monotonic() < end, "it was not carried in time"
            time.sleep(0.02)
    finally:
        runner.stop()
    assert runs(house)[0].agrees


def test_what_it_asks_of_the_books_never_stands_before_live_work(business: Company) -> None:
    with business.turn() as turn:
        agreement.ask(turn, START, TODAY, whole=True, by="schedule")
    asked: set[tuple[str, int]] = set()
    for _ in range(300):
        rounds.go(business.engine, business.id)
        with business.core.engine.connect() as connection:
            if not agreement_runs.under_way(connection, business.id):
                break
            o = t.operations
            query = o.select().where(o.c.state == "ready", o.c.verb.in_(["ledger", "read"]))
            asked |= {(row.verb, row.lane) for row in connection.execute(query)}
        business.carrier.carry_one(business.id)
    assert {verb for verb, _ in asked} >= {"ledger"}
    assert {lane for _, lane in asked} == {int(Lane.BULK)}


# -- tax rates -----------------------------------------------------------------------------------------
def test_tax_rates_are_looked_at_after_the_lists_and_the_mapping_and_not_in_between(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    real = rate_drift.drifts

    def counted(turn: Turn) -> list[rate_drift.Drift]:
        looks.append(turn.id)
        return real(turn)

    monkeypatch.setattr(rate_drift, "drifts", counted)
    house.drain()
    for _ in range(3):
        rounds.go(house.engine, house.id)
    assert len(looks) == 1
    with house.turn() as turn:
        found = rate_drift.found(turn.row)
        assert found.drifts == ()
        assert found.at is not None
        turn.set(catalog_at=turn.now + dt.timedelta(seconds=1))
    for _ in range(2):
        rounds.go(house.engine, house.id)
    assert len(looks) == 2
    with house.turn() as turn:
        turn.set(mapping_version=turn.row["mapping_version"])
    rounds.go(house.engine, house.id)
    assert len(looks) == 2


def test_a_drift_is_kept_as_it_was_found(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house.drain()
    drift = rate_drift.Drift(key="nv", ours=D("7.25"), theirs=D("7"))
    monkeypatch.setattr(rate_drift, "drifts", lambda _: [drift])
    assert rounds.go(house.engine, house.id)
    with house.turn() as turn:
        assert rate_drift.found(turn.row).drifts == (drift,)
        assert rate_drift.found({**turn.row, "drifts_json": "", "drifts_at": None}) == rate_drift.Looked()
