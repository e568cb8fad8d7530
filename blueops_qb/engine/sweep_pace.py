"""Sweep pace: how often the books of a connection are looked through for changes, and why not more often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine import budget
from blueops_qb.engine.budget import Budget
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Core
from blueops_qb.sdk.provider import Limits, Operation, Provider, Verb
from blueops_qb.store import tables as t

#: A company of which hints came within so long is told by hints.
_HINTED = dt.timedelta(days=1)
#: No tenant may ask for more than one look in so many seconds, unless the engine itself does.
_SHORTEST = 10.0


@attrs.frozen(kw_only=True)
class SweepPace:
    """`seconds` between two sweeps, where `wanted` were asked for; `hinted` = hints arrive, so fewer are needed."""

    seconds: float
    wanted: float
    hinted: bool
    budget: Budget

    @property
    def slowed(self) -> bool:
        """The budget of the month puts sweeps off."""
        return self.seconds > self.wanted

    @property
    def sentence(self) -> str:
        """What is so and why, for people."""
        month = self.budget
        told = " Webhooks tell of changes in between." if self.hinted else ""
        if not month.limit:
            return f"Changes are looked for every {span(self.seconds)}.{told}"
        spent = f"{month.reads:,} of {month.limit:,} reads of {month.month} are used, all companies together"
        if month.spent:
            return (
                f"{spent}. Changes are looked for every {span(self.seconds)} until the next month begins; what "
                f"BlueOps changes still goes out.{told}"
            )
        if self.slowed:
            return (
                f"{spent}. So that they last, changes are looked for every {span(self.seconds)} instead of every "
                f"{span(self.wanted)}.{told}"
            )
        return f"Changes are looked for every {span(self.seconds)}; {spent}.{told}"


def sweep_pace(turn: Turn) -> SweepPace:
    """How often this connection's books are swept now."""
    return pace_of(
        turn.connection,
        turn.row,
        core=turn.core,
        provider=turn.provider,
        limits=turn.description.limits,
        settings=turn.settings,
        now=turn.now,
    )


def pace_of(
    connection: sa.Connection,
    row: Mapping[str, Any],
    *,
    core: Core,
    provider: Provider,
    limits: Limits,
    settings: EngineSettings,
    now: dt.datetime,
) -> SweepPace:
    """The same without a turn, for a connection's row; reads only."""
    hinted = _hinted(connection, row, now)
    wanted = settings.sweep_seconds
    entered = core.settings(row["tenant_id"]).get("sweep_seconds", "")
    if entered.isdecimal():
        wanted = max(float(entered), min(settings.sweep_seconds, _SHORTEST))
    elif hinted:
        wanted = max(wanted, settings.sweep_with_hints_seconds)
    month = budget.load(connection, str(row["provider"]), limits.reads_per_month, now)
    reads = provider.cost([Operation(id="sweep", verb=Verb.CHANGES)]).reads
    seconds = month.sweep_seconds(wanted, settings.sweep_longest_seconds, reads=reads)
    return SweepPace(seconds=seconds, wanted=wanted, hinted=hinted, budget=month)


def _hinted(connection: sa.Connection, row: Mapping[str, Any], now: dt.datetime) -> bool:
    h = t.hints
    query = sa.select(h.c.id).where(
        h.c.provider == row["provider"],
        h.c.company_id == row["company_id"],
        h.c.received_at > now - _HINTED,
    )
    return connection.execute(query.limit(1)).first() is not None


def span(seconds: float) -> str:
    """A span in words, rounded to what people count in."""
    for unit, name in ((3600.0, "hour"), (60.0, "minute")):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit)} {name}s"
        if seconds == unit:
            return name
    return f"{round(seconds)} seconds"
