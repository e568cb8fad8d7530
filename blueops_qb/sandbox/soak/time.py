"""Time of a soak: one moment that only the soak moves, told to core, the engine and the books alike."""

from __future__ import annotations

import datetime as dt

import attrs
import sqlalchemy as sa

from blueops_qb.sandbox.qbo.clock import Clock

#: Every soak begins here, so that the same seed plays the same days.
START = dt.datetime(2026, 3, 2, 16, 0, tzinfo=dt.UTC)
#: Each look at the clock takes so long: two decisions are never made at the same moment.
TICK = dt.timedelta(milliseconds=2)


@attrs.define
class Time:
    """The moment at BlueOps. It passes only when somebody looks or the soak says so."""

    moment: dt.datetime = START
    #: Seconds that have passed in truth, wherever clocks were set.
    passed: float = 0.0

    def now(self) -> dt.datetime:
        """The present moment; the next look sees a later one."""
        self.moment += TICK
        self.passed += TICK.total_seconds()
        return self.moment

    def of(self, _: sa.Connection) -> dt.datetime:
        """The same as the database's clock."""
        return self.now()

    def advance(self, seconds: float) -> None:
        """Let time pass, or set the clocks back when negative."""
        self.moment += dt.timedelta(seconds=seconds)
        self.passed += max(0.0, seconds)


@attrs.define
class BooksClock(Clock):
    """The books' clock: the soak's time, and apart from it by `shift`."""

    time: Time = attrs.field(factory=Time)

    def now(self) -> dt.datetime:
        """The present moment in the company's zone."""
        return (self.time.now() + self.shift).astimezone(self.zone)
