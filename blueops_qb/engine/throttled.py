"""Throttled: when to come back after the books asked for a pause, and who rests meanwhile."""

from __future__ import annotations

import datetime as dt
import zlib

from blueops_qb.engine import budget
from blueops_qb.engine.pacing import Tokens
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.outcomes import Throttled
from blueops_qb.sdk.provider import Operation

#: How long a read that met a spent budget waits, in seconds; each attempt may be one call too many.
SPENT_PAUSE = 1800.0


def come_back(
    turn: Turn, operation: Operation, outcome: Throttled, *, attempts: int, exchange_id: str
) -> dt.datetime:
    """When the operation may go again. A connection that went too fast rests and loses what it had saved up."""
    wait = _wait(turn, outcome.retry_after, attempts, exchange_id)
    if not outcome.connection:
        return wait
    if turn.provider.cost([operation]).reads and _is_spent(turn):
        # The month's reads are used up: writes are not metered and go on.
        return max(wait, turn.now + turn.scaled(SPENT_PAUSE))
    if wait > turn.now:
        turn.set(rest_until=wait)
        Tokens(turn=turn).empty()
    return wait


def _wait(turn: Turn, seconds: float | None, attempts: int, exchange_id: str) -> dt.datetime:
    if seconds is None:
        return turn.backoff(attempts)
    # Companies that were throttled together do not come back together, the operations of one exchange do.
    spread = zlib.crc32(exchange_id.encode()) / 2**32
    return turn.now + turn.scaled(seconds + min(10.0, seconds / 10) * spread)


def _is_spent(turn: Turn) -> bool:
    limit = turn.description.limits.reads_per_month
    return budget.load(turn.connection, str(turn.row["provider"]), limit, turn.now).spent
