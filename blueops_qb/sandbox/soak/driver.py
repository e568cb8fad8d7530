"""The driver: draws actions by seed, lets both sides settle now and then, and asks the judge."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any, TypeVar

import attrs

from blueops_qb.engine.resolve import CannotResolve
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sandbox.qbd.faults import Refusal
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.soak.actions import ACTIONS
from blueops_qb.sandbox.soak.both import play_both
from blueops_qb.sandbox.soak.desktop.actions import ACTIONS as DESKTOP_ACTIONS
from blueops_qb.sandbox.soak.desktop.actions import OFFICE as DESKTOP_OFFICE
from blueops_qb.sandbox.soak.desktop.world import open_desktop
from blueops_qb.sandbox.soak.everywhere import Action
from blueops_qb.sandbox.soak.judge import judge
from blueops_qb.sandbox.soak.office import NothingThere
from blueops_qb.sandbox.soak.online_world import open_world
from blueops_qb.sandbox.soak.settle import Settled, settle
from blueops_qb.sandbox.soak.world import World

#: Steps between two looks of the judge.
EVERY = 60
#: Actions of the office that are played in both kinds of books.
BOTH = 60
#: Steps that a failure tells.
LAST = 25
#: Books -> how their world is opened, and what may happen beside them.
BOOKS: Mapping[str, tuple[Callable[..., AbstractContextManager[World]], Sequence[Action[Any]]]] = {
    "qbo": (open_world, ACTIONS),
    "qbd": (open_desktop, DESKTOP_ACTIONS),
}
#: What people are refused, on either side, has not happened.
REFUSALS = (Refused, Fault, Refusal, CannotResolve)


W = TypeVar("W", bound=World)


class SoakFailed(AssertionError):
    """A soak found something; the message says what, at which step, and how to play it again."""


@attrs.define(kw_only=True)
class Played:
    """What a soak did and found."""

    seed: int
    steps: int = 0
    exchanges: int = 0
    checks: int = 0
    compared: int = 0
    apart: int = 0
    chosen: int = 0
    settle_seconds_most: float = 0.0
    settle_exchanges_most: int = 0
    #: Actions that did something, had nothing to be about, or were refused.
    done: Counter[str] = attrs.field(factory=Counter)
    idle: int = 0
    refused: int = 0
    #: Every step in words; the same seed gives the same log.
    log: list[str] = attrs.field(factory=list)
    #: How long each settling took, in the soak's time and in exchanges; the same seed takes as long.
    settled: list[Settled] = attrs.field(factory=list)

    @property
    def digest(self) -> str:
        """Tells whether two soaks did the same."""
        lines = [*self.log, *(f"{one.seconds:.3f} s, {one.exchanges} exchanges" for one in self.settled)]
        return sha256("\n".join(lines).encode()).hexdigest()[:16]


def play(
    w: World, *, seed: int, steps: int, every: int = EVERY, actions: Sequence[Action[Any]] = ()
) -> Iterator[Played]:
    """Take the steps one by one; yields after each. Raises whatever the judge or the product raises."""
    played = Played(seed=seed)
    actions = actions or BOOKS[w.books][1]
    weights = [action.weight for action in actions]
    for number in range(1, steps + 1):
        step(w, played, w.chance.choices(actions, weights)[0])
        if number % every == 0 or number == steps:
            check(w, played)
        played.steps = number
        played.exchanges = w.exchanges
        played.chosen = w.chosen.total()
        yield played


def step(w: W, played: Played, action: Action[W]) -> None:
    """Take one action and note what it did."""
    played.log.append(f"{action.name}: ")
    try:
        said = action.act(w)
    except NothingThere:
        played.idle += 1
        said = "-"
    except REFUSALS as refusal:
        played.refused += 1
        said = f"refused: {refusal}"
    else:
        played.done[action.name] += 1
    played.log[-1] += said


def check(w: World, played: Played) -> None:
    """Let all settle, then judge."""
    settled = settle(w)
    played.settled.append(settled)
    verdict = judge(w)
    played.checks += 1
    played.compared += verdict.compared
    played.apart = max(played.apart, verdict.apart)
    played.settle_seconds_most = max(played.settle_seconds_most, settled.seconds)
    played.settle_exchanges_most = max(played.settle_exchanges_most, settled.exchanges)


def soak(
    *,
    url: str,
    seed: int,
    steps: int,
    books: str = "qbo",
    every: int = EVERY,
    replay: str = "",
    tell: Callable[[str], None] | None = None,
) -> tuple[Played, float]:
    """Play on an empty database; answers what was done and the processor's seconds. Raises SoakFailed."""
    began = time.process_time()
    played = Played(seed=seed)
    try:
        with BOOKS[books][0](url=url, seed=seed) as w:
            for played in play(w, seed=seed, steps=steps, every=every):
                if tell is not None and played.steps % (10 * every) == 0:
                    tell(f"{played.steps} steps, {played.checks} checks")
        if books == "qbd":
            # What the office does must do the same to accounts in either kind of books.
            played.compared += play_both(seed=seed, steps=min(steps, BOTH), office=DESKTOP_OFFICE)
    except Exception as problem:
        raise SoakFailed(_story(played, problem, replay)) from problem
    return played, time.process_time() - began


def _story(played: Played, problem: BaseException, replay: str) -> str:
    last = played.log[-LAST:]
    first = len(played.log) - len(last) + 1
    steps = "\n".join(f"  {number}. {line}" for number, line in enumerate(last, start=first))
    return (
        f"seed {played.seed}, step {len(played.log)}: {type(problem).__name__}: {problem}\n"
        f"the last steps were\n{steps}\nplay it again: {replay}"
    )
