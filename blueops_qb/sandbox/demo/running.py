"""Runs the demo: raises the house, plays the day, has both sides compared, tells, ends or stays up."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import attrs

from blueops_qb.engine import audit, census, connections, due
from blueops_qb.engine.outbox import END_STATES, State
from blueops_qb.sandbox import last_demo
from blueops_qb.sandbox.core.schedule import Schedule
from blueops_qb.sandbox.core.seed import PASSWORD
from blueops_qb.sandbox.demo import table
from blueops_qb.sandbox.demo.bookkeeper import NotDone
from blueops_qb.sandbox.demo.day import Day
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.house import (
    DEADLINE,
    PLUGIN,
    TENANT,
    DemoHouse,
    DemoStuck,
    check_port,
    demo_house,
)
from blueops_qb.sandbox.demo.theirs import Online
from blueops_qb.sandbox.demo.visitor import PageFailed
from blueops_qb.sandbox.reader import Comparison, CoreReader, compare

#: The chance of a day that nobody asked for.
SEED = 2026
#: How often a demo that stays up asks the books for changes, as a webhook would make it.
HURRY_SECONDS = 2.0
FAILED, BROKEN_OFF = 1, 130
TROUBLES = (DemoStuck, PageFailed, NotDone, last_demo.TooManyDemos)
#: Called after the day and before the comparison, with how the books are reached.
Hook = Callable[[Any], None]


@attrs.frozen(kw_only=True)
class Verdict:
    """What a day came to; `as_json` is the file that `--json` writes."""

    events: int
    states: dict[str, int]
    comparison: Comparison
    audit_ok: bool

    @property
    def held(self) -> int:
        """Events that wait for a person."""
        return self.states.get(State.HELD.value, 0) + self.states.get(State.CONFLICT.value, 0)

    @property
    def ended(self) -> bool:
        """Every event came to an end."""
        return self.events > 0 and set(self.states) <= {state.value for state in END_STATES}

    @property
    def ok(self) -> bool:
        """Both sides agree, nothing is open and the audit log is whole."""
        return self.ended and self.comparison.agree and self.audit_ok

    def as_json(self) -> dict[str, object]:
        """The figures for a program."""
        return {
            "events": self.events,
            "states": self.states,
            "compared": self.comparison.compared,
            "differences": len(self.comparison.differences),
            "duplicates": self.comparison.duplicates,
            "held": self.held,
            "trial_balance": str(self.comparison.trial_balance.quantize(Decimal("0.01"))),
            "reminders_after_payment": self.comparison.reminders_after_payment,
            "audit_ok": self.audit_ok,
        }


def run(
    *,
    once: bool = False,
    json_file: str | None = None,
    port: int = 0,
    seed: int | None = None,
    db: str | None = None,
    books: str = "qbo",
    seconds: float = DEADLINE,
    before_compare: Hook | None = None,
) -> int:
    """Play the day; the exit code is 0 when both sides agree, 1 when they do not or the day got stuck.

    `books` are the kind of books: `qbo` or `qbd`. `once` ends after the comparison, else everything stays up until
    Ctrl-C. `port` 0 takes a free one. `db` is
    the URL of an empty database, default a fresh SQLite file, which later commands find by themselves.
    `seed` decides quantities and prices. `seconds` is how long the day may take. A day that somebody breaks
    off answers 130.
    """
    tell = _Teller(time.monotonic())
    verdict: Verdict | None = None
    if json_file:
        # What an earlier run found must not be taken for what this one finds.
        Path(json_file).unlink(missing_ok=True)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(ends_by_signal())
            check_port(port)
            url = db or f"sqlite:///{stack.enter_context(last_demo.fresh_database())}"
            seed_of = "empty" if once else "sample"
            theirs = Desktop() if books == "qbd" else Online(seed=seed_of)
            house = stack.enter_context(
                demo_house(db_url=url, port=port, books=seed_of, seconds=seconds, theirs=theirs)
            )
            last_demo.remember(url, house.environment)
            verdict = _played(house, SEED if seed is None else seed, tell, before_compare)
            _show(verdict)
            if json_file:
                Path(json_file).write_text(json.dumps(verdict.as_json(), indent=1) + "\n")
            if not once:
                _stay_up(house)
    except Ended:
        print("\nThe demo ended.", flush=True)
    except TROUBLES as trouble:
        print(f"The demo could not go on: {trouble}", file=sys.stderr, flush=True)
        return FAILED
    if verdict is None:
        return BROKEN_OFF
    return 0 if verdict.ok else FAILED


def _played(house: DemoHouse, seed: int, tell: _Teller, before_compare: Hook | None) -> Verdict:
    theirs = house.theirs
    day = Day(house, seed=seed, tell=tell)
    day.open_the_books()
    with contextlib.closing(theirs.reader()) as early:
        before = early.everything()
    day.open_the_office()
    day.play()
    print(f"\n{table.render(table.arrived(house))}\n", flush=True)
    if before_compare is not None:
        before_compare(theirs.address)
    with contextlib.closing(theirs.reader(before)) as books:
        comparison = compare(CoreReader(house.core.engine, TENANT, theirs.chart), books)
    with house.core.engine.connect() as connection:
        states = {state: count for state, count in census.states(connection, TENANT).items() if count}
        audit_ok = audit.verify(connection, TENANT, keys=house.plugin.engine.keys).ok
    tell("both sides are compared")
    return Verdict(events=sum(states.values()), states=states, comparison=comparison, audit_ok=audit_ok)


def _show(verdict: Verdict) -> None:
    found = verdict.comparison
    states = ", ".join(f"{count} {state}" for state, count in verdict.states.items())
    lines = [
        f"Events          {verdict.events} ({states}), {verdict.held} held",
        f"Compared        {found.compared} records field by field, {len(found.differences)} differences,"
        f" {found.duplicates} duplicates",
        f"Trial balance   {found.trial_balance:.2f}",
        f"Reminders       {found.reminders_after_payment} after payment",
        f"Audit log       {'whole' if verdict.audit_ok else 'BROKEN'}",
        *(f"  difference: {sentence}" for sentence in found.differences),
        "Both sides agree." if verdict.ok else "BOTH SIDES DO NOT AGREE.",
    ]
    print("\n".join(lines), flush=True)


# -- staying up --------------------------------------------------------------------------------------
def _stay_up(house: DemoHouse) -> None:
    """Serve until Ctrl-C; changes in the books are asked for every other second."""
    lines = [
        f"\nBlueOps          {house.base_url}/   (login admin, bookkeeper or viewer; password {PASSWORD})",
        f"QuickBooks pages {house.base_url}/settings/quickbooks",
        *([f"The books        {place}"] if (place := house.theirs.place) else []),
        "Ctrl-C ends it.",
    ]
    print("\n".join(lines), flush=True)
    schedule = Schedule(house.core)
    schedule.start()
    never = threading.Event()
    try:
        while not never.wait(HURRY_SECONDS):
            _hurry(house)
            house.theirs.come_by()
    finally:
        schedule.stop()


def _hurry(house: DemoHouse) -> None:
    """Have the books looked at, unless a person took the plugin or the connection away meanwhile."""
    if not house.core.world.get(PLUGIN).ready:
        return
    with house.core.engine.connect() as connection:
        row = connections.live(connection, TENANT)
    if row is not None:
        with house.turn() as turn:
            due.hurry(turn)


class Ended(Exception):
    """Somebody pressed Ctrl-C or asked the process to end."""


@contextlib.contextmanager
def ends_by_signal() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block; elsewhere than in the main thread signals stay as they are."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_: int, __: FrameType | None) -> None:
        # Once is enough: a second signal must not break the tidying up.
        for each in kept:
            signal.signal(each, signal.SIG_IGN)
        raise Ended

    kept = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


class _Teller:
    """Prints what happens, each line with the seconds since the start."""

    def __init__(self, began: float) -> None:
        self._began = began

    def __call__(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {what}", flush=True)
