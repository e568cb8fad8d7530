"""`bench poll`: what looking for changes costs in calls and metered reads, per company and hour.

A company that is live on a twin of its own passes an hour of played time, four times: at rest and busy, with
webhooks and without. Both clocks, the engine's and the books', are moved on in steps; nothing waits. The twin counts
calls, the month's row counts metered reads, and every change that somebody made in the books must have arrived.
"""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine import hints, matching
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench.figures import Figures
from blueops_qb.sandbox.bench.house import BenchHouse, bench_house, connect, qbo_environment
from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now

HOUR = dt.timedelta(hours=1)
#: How far the clocks are moved on at least.
TICK = dt.timedelta(milliseconds=100)
#: What passes before the hour that is counted: the first sweep after going live lies behind.
BEFORE = dt.timedelta(minutes=2)
#: Days of a month, for what a month's reads carry.
DAYS = 30
#: Metered reads in an hour at rest, with webhooks and without (reference/quickbooks-online.md section 9.3: one call
#: an hour lets the smallest tier carry some 690 companies).
MOST_HINTED, MOST_SWEPT = 2, 61


@attrs.define
class Played:
    """Time that is played: the database's own, moved on."""

    shift: dt.timedelta = dt.timedelta(0)

    def now(self, connection: sa.Connection) -> dt.datetime:
        """The engine's clock."""
        return db_now(connection) + self.shift


def run(*, changes: int, db: str | None, seed: int) -> int:
    """Play the four hours, print the figures; answers the exit code."""
    figures = Figures()
    figures.values["changes"] = changes
    for name, number, webhooks in (
        ("rest", 0, False),
        ("rest_webhooks", 0, True),
        ("busy", changes, False),
        ("busy_webhooks", changes, True),
    ):
        # A fresh company on a fresh database for each; a database that was named serves them one after the other.
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="blueops-qb-bench-"))
            played = Played()
            twin = stack.enter_context(running_twin(seed="names", realm=_realm(name)))
            house = stack.enter_context(
                bench_house(
                    db or f"sqlite:///{Path(folder) / 'bench.db'}",
                    environment=qbo_environment(twin.base_url),
                    settings=EngineSettings(core_sweep_seconds=1e9),
                    tenants=(name,),
                    clock=played.now,
                )
            )
            hour = Hour(house=house, twin=twin, played=played, tenant_id=name, webhooks=webhooks)
            found = hour.play(number, random.Random(seed))
        figures.values[name] = found
        most = (MOST_HINTED if webhooks else MOST_SWEPT) + (number if webhooks else 0)
        figures.limit(
            found["reads"] <= most, f"{name}: {found['reads']} metered reads in the hour, at most {most}"
        )
        figures.limit(found["arrived"] == number, f"{name}: {found['arrived']} of {number} changes arrived")
    return figures.close(seed=seed)


def _realm(name: str) -> str:
    return str(9130000000001000 + sum(name.encode()))


@attrs.define(kw_only=True)
class Hour:
    """One company and its hour."""

    house: BenchHouse
    twin: RunningTwin
    played: Played
    tenant_id: str
    webhooks: bool
    _id: str = ""
    _carrier: Carrier = attrs.field(init=False)

    def play(self, number: int, chance: random.Random) -> dict[str, Any]:
        """Live through the hour; answers calls, metered reads and how many changes arrived."""
        self._carrier = Carrier(self.house.engine)
        self._go_live()
        try:
            if self.webhooks:
                # A company of which webhooks come: one came before the hour.
                self._hint("Customer", "1")
            self._pass(BEFORE)
            calls, reads = self._calls(), self._reads()
            moments = sorted(chance.uniform(0, HOUR.total_seconds()) for _ in range(number))
            passed = 0.0
            for moment in moments:
                self._pass(dt.timedelta(seconds=moment - passed))
                passed = moment
                self._change(moments.index(moment))
            self._pass(HOUR - dt.timedelta(seconds=passed))
            found = {"calls": self._calls() - calls, "reads": self._reads() - reads}
            # What was changed at the very end arrives with the next look.
            self._pass(BEFORE)
        finally:
            self._carrier.close()
        month = QboSettings().reads_per_month
        carried = month // max(1, round(found["reads"] * 24 * DAYS))
        return {**found, "arrived": self._arrived(), "companies": carried}

    # -- time ----------------------------------------------------------------------------------------
    def _pass(self, span: dt.timedelta) -> None:
        """Let time pass on both sides, from one moment at which something is due to the next, and work it."""
        while span > dt.timedelta(0):
            step = min(span, self._until_due())
            span -= step
            self.played.shift += step
            self.twin.company.clock.advance(step)
            self._carrier.drain(self._id)

    def _until_due(self) -> dt.timedelta:
        """How long nothing is due: no feed, and no hints that have collected."""
        f = t.feeds
        with self.house.engine.turns.open(self._id) as turn:
            assert turn is not None
            moments = list(
                turn.connection.execute(sa.select(f.c.due_at).where(f.c.connection_id == self._id)).scalars()
            )
            told = hints.waiting_since(turn)
            if told is not None:
                moments.append(told + dt.timedelta(seconds=turn.settings.hint_seconds))
            return max(TICK, min(moments, default=turn.now) - turn.now)

    # -- the company ---------------------------------------------------------------------------------
    def _go_live(self) -> None:
        self._id = connect(
            self.house, realm=self.twin.realm, token=self.twin.access_token, tenant_id=self.tenant_id
        )
        with self.house.engine.turns.open(self._id) as turn:
            assert turn is not None
            turn.set(state="matching", live_since=None)
        self._carrier.drain(self._id)
        with self.house.engine.turns.open(self._id) as turn:
            assert turn is not None
            matching.build(turn)
            matching.approve(turn, actor="bench")

    def _change(self, number: int) -> None:
        """Somebody enters a customer in the books; the service tells of it."""
        company = self.twin.company
        with company.lock:
            made = writing.create(company, "Customer", {"DisplayName": f"Changed {number}"})
        if self.webhooks:
            self._hint("Customer", made["Id"])

    def _hint(self, entity: str, id: str) -> None:
        """A hint as the gate keeps it, at the time that is played."""
        told = {self.twin.realm: [{"entity": entity, "id": id, "operation": "create"}]}
        engine = self.house.core.engine
        hints.keep(engine, "qbo", told)
        h = t.hints
        with engine.begin() as connection:
            connection.execute(
                h.update()
                .where(h.c.company_id == self.twin.realm, h.c.processed_at.is_(None))
                .values(received_at=self.played.now(connection))
            )

    # -- counting ------------------------------------------------------------------------------------
    def _calls(self) -> int:
        return sum(self.twin.app.stats.calls.values())

    def _reads(self) -> int:
        b = t.budgets
        with self.house.core.engine.connect() as connection:
            found = connection.execute(sa.select(sa.func.sum(b.c.reads))).scalar_one()
        return int(found or 0)

    def _arrived(self) -> int:
        """How many of the customers that were entered BlueOps has, by core's own word."""
        found = self.house.core.iterate(self.tenant_id, since_revision=0, limit=100_000)
        names = [getattr(snapshot.record, "name", "") for snapshot in found]
        return sum(name.startswith("Changed ") for name in names)
