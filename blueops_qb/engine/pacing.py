"""Pacing: tokens of what the books allow, in rows that all workers share, taken with the exchange they let out.

A bucket gains tokens by the turn's clock and holds `burst` at most. Bulk work leaves one token where the bucket
holds two, so that live work never waits behind it for longer than one token takes.
"""

from __future__ import annotations

import datetime as dt

import attrs
import sqlalchemy as sa

from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Cost, Lane, Pace
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

#: Tokens are sums of floats.
_NEARLY = 1e-6
#: What the database's clock may be too coarse to tell.
_TICK = dt.timedelta(milliseconds=2)


@attrs.define(kw_only=True)
class Tokens:
    """The tokens of one connection as they are in this turn."""

    turn: Turn
    #: The shortest time after which something may go that had to stay for want of a token; None = nothing stayed.
    wait: dt.timedelta | None = None
    _levels: dict[str, float] | None = None

    def let(self, cost: Cost, lane: int) -> bool:
        """Whether an exchange may go now; if not, `wait` knows when."""
        if not cost.paces:
            return True
        levels = self._read()
        wait = dt.timedelta(0)
        for pace in self.turn.description.limits.paces:
            if pace.name not in cost.paces:
                continue
            needed = 2.0 if lane == Lane.BULK and pace.burst >= 2 else 1.0
            missing = needed - levels[pace.name]
            if missing > _NEARLY:
                wait = max(wait, missing * _per_token(self.turn, pace) + _TICK)
        if not wait:
            return True
        self.wait = wait if self.wait is None else min(self.wait, wait)
        return False

    def take(self, cost: Cost) -> None:
        """Take one token from each pace; written with the turn."""
        if cost.paces:
            self._write({name: level - 1 for name, level in self._read().items() if name in cost.paces})

    def empty(self) -> None:
        """The books say that it was too fast: what was saved up does not count."""
        self._write(dict.fromkeys(self._read(), 0.0))

    def _write(self, levels: dict[str, float]) -> None:
        turn = self.turn
        self._read().update(levels)
        rows = [
            {"connection_id": turn.id, "bucket": name, "tokens": level, "filled_at": turn.now}
            for name, level in levels.items()
        ]
        upsert(turn.connection, t.rates, rows)

    def _read(self) -> dict[str, float]:
        if self._levels is None:
            turn, r = self.turn, t.rates
            query = sa.select(r).where(r.c.connection_id == turn.id)
            rows = {row.bucket: row for row in turn.connection.execute(query)}
            self._levels = {pace.name: pace.burst for pace in turn.description.limits.paces}
            back: dict[str, float] = {}
            for pace in turn.description.limits.paces:
                row = rows.get(pace.name)
                if row is None or row.filled_at is None:
                    continue
                if row.filled_at > turn.now:
                    # The clock went back: nothing was gained meanwhile, and it counts from here.
                    back[pace.name] = self._levels[pace.name] = min(pace.burst, row.tokens)
                    continue
                gained = (turn.now - row.filled_at) / _per_token(turn, pace)
                self._levels[pace.name] = min(pace.burst, row.tokens + gained)
            if back:
                self._write(back)
        return self._levels


def _per_token(turn: Turn, pace: Pace) -> dt.timedelta:
    """How long one token takes."""
    return turn.scaled(pace.seconds / pace.calls)
