"""The soak: both sides agree after random work and failures; it says how to play a failure again, and exits 1."""

import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from blueops_qb.cli import main
from blueops_qb.sandbox.postgres import running_postgres
from blueops_qb.sandbox.soak import clocks, driver
from blueops_qb.sandbox.soak.actions import ACTIONS, BETWEEN, BOOKKEEPER, OFFICE
from blueops_qb.sandbox.soak.driver import Played, SoakFailed, check, soak, step
from blueops_qb.sandbox.soak.everywhere import Action
from blueops_qb.sandbox.soak.mutants import MUTANTS
from blueops_qb.sandbox.soak.office import NothingThere
from blueops_qb.sandbox.soak.online_world import OnlineWorld, open_world

#: The same always: a soak of a fresh seed belongs to people, not to a gate.
SEED = 12
ON_SQLITE, ON_POSTGRESQL = 3000, 500
#: Days that Hypothesis plays.
DAYS = 4


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'soak.db'}"


@pytest.mark.slow
def test_both_sides_agree_after_three_thousand_steps(tmp_path: Path) -> None:
    played, _ = soak(url=sqlite(tmp_path), seed=SEED, steps=ON_SQLITE)
    assert played.checks == ON_SQLITE // driver.EVERY
    assert played.compared > 1000


@pytest.mark.slow
def test_both_sides_agree_on_postgresql() -> None:
    with running_postgres() as server:
        played, _ = soak(url=server.create("soak"), seed=SEED, steps=ON_POSTGRESQL)
    assert played.checks == ON_POSTGRESQL // driver.EVERY + 1


def test_the_same_seed_does_the_same(tmp_path: Path) -> None:
    logs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        played, _ = soak(url=sqlite(tmp_path / name), seed=SEED, steps=120)
        logs.append(played.log)
    assert logs[0] == logs[1]


def test_a_failure_says_seed_step_and_how_to_play_it_again(tmp_path: Path) -> None:
    with MUTANTS["what is uncertain is looked up"](), pytest.raises(SoakFailed) as failed:
        soak(url=sqlite(tmp_path), seed=SEED, steps=300, replay="blueops-qb soak --steps 300 --seed 12")
    assert str(failed.value).startswith(f"seed {SEED}, step ")
    assert "play it again: blueops-qb soak --steps 300 --seed 12" in str(failed.value)


# -- the command -------------------------------------------------------------------------------------
def last_line(output: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return found


def test_the_command_ends_with_one_json_line_and_exit_0() -> None:
    result = CliRunner().invoke(main, ["soak", "--steps", "60", "--seed", "3"])
    assert result.exit_code == 0, result.output
    figures = last_line(result.output)
    assert (figures["steps"], figures["seed"], figures["missed"], figures["differences"]) == (60, 3, [], 0)
    assert set(figures["versions"]) == {"blueops_qb", "python", "sqlalchemy", "sqlite"}


def test_the_command_exits_1_with_the_command_that_plays_it_again() -> None:
    with MUTANTS["what is uncertain is looked up"]():
        result = CliRunner().invoke(main, ["soak", "--steps", "300", "--seed", "12"])
    assert result.exit_code == 1
    (missed,) = last_line(result.output)["missed"]
    assert "blueops-qb soak --steps 300 --seed 12 --books qbo" in missed


def test_a_database_in_use_is_refused(tmp_path: Path) -> None:
    url = sqlite(tmp_path)
    with open_world(url=url, seed=1):
        pass
    result = CliRunner().invoke(main, ["soak", "--steps", "5", "--seed", "1", "--db", url])
    assert result.exit_code == 2
    assert "holds a company already" in result.output


# -- Hypothesis draws the steps instead --------------------------------------------------------------
def drawn(actions: tuple[Action[OnlineWorld], ...]) -> Any:
    """A rule that takes one of these actions."""

    def take(self: "Days", action: Action[OnlineWorld]) -> None:
        step(self.world, self.played, action)

    return rule(action=st.sampled_from(actions))(take)


class Days(RuleBasedStateMachine):
    """The same actions, drawn and shrunk by Hypothesis; the judge at the end of each run."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = open_world(url=sqlite(Path(self.folder.name)), seed=SEED)
        self.world: OnlineWorld = self.opened.__enter__()
        self.played = Played(seed=SEED)

    office: Callable[..., None] = drawn(tuple(OFFICE))
    bookkeeper: Callable[..., None] = drawn(tuple(BOOKKEEPER))
    between: Callable[..., None] = drawn(tuple(BETWEEN))

    def teardown(self) -> None:
        try:
            check(self.world, self.played)
        finally:
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()


@pytest.mark.slow
def test_days_that_hypothesis_draws_end_with_both_sides_equal() -> None:
    thorough = settings().max_examples > 200
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=100 if thorough else DAYS,
            # The same days every time, so that a run says something about the change; thorough runs draw new ones.
            derandomize=not thorough,
            phases=[phase for phase in Phase if thorough or phase is not Phase.shrink],
            stateful_step_count=60,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        ),
    )


def test_every_action_has_a_name_of_its_own() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


class FarBack(random.Random):
    """Always the last of what there is."""

    def choice(self, seq: Any) -> Any:
        return seq[-1]


def test_the_books_clock_does_not_fall_to_before_the_first_day(tmp_path: Path) -> None:
    with open_world(url=sqlite(tmp_path), seed=SEED) as w:
        w.chance = FarBack()
        w.counted = 2  # the farthest
        with pytest.raises(NothingThere):
            clocks.skew(w)
        assert not w.company.clock.shift
        w.time.advance(3 * 3600)
        assert clocks.skew(w) == "-7200 s apart"
