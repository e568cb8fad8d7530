"""Clocks: time passes, ours is set back, and the books' goes another way, a little or far."""

from __future__ import annotations

import datetime as dt

from blueops_qb.sandbox.soak.office import NothingThere
from blueops_qb.sandbox.soak.online_world import OnlineWorld

#: The farthest that the clocks of both sides are apart.
_MOST_APART = dt.timedelta(seconds=240)
#: The farthest that the books' clock falls behind what it has shown before: less than the feed's overlap. It may fall
#: much farther, and stay there until somebody has looked.
_MOST_BACK = dt.timedelta(seconds=150)
_FAR_BACK = (900, 3600, 7200)


def minutes(w: OnlineWorld) -> str:
    """A while passes."""
    seconds = w.chance.choice((5, 30, 70, 200, 900))
    w.time.advance(seconds)
    return f"{seconds} s"


def days(w: OnlineWorld) -> str:
    """A night, a weekend, or more than the books remember of their changes."""
    hours = w.chance.choice((2, 14, 60, 24 * 8, 24 * 31))
    w.time.advance(hours * 3600)
    w.company.age_history()
    return f"{hours} h"


def clock_back(w: OnlineWorld) -> str:
    """The clock of BlueOps is set back."""
    seconds = w.chance.choice((1, 20, 100))
    shift = w.company.clock.shift + dt.timedelta(seconds=seconds)
    if shift > _MOST_APART:
        raise NothingThere
    w.time.advance(-seconds)
    # The books' clock does not follow.
    w.company.clock.shift = shift
    return f"{seconds} s"


def skew(w: OnlineWorld) -> str:
    """The books' clock goes another way than ours."""
    seconds = w.chance.choice((-140, -60, 60, 200, -_FAR_BACK[w.counted % len(_FAR_BACK)]))
    clock, before = w.company.clock, w.time.moment + w.company.clock.shift
    w.books_latest = max(w.books_latest or before, before)
    if clock.shift < -_MOST_APART:
        return _caught_up(w)
    if seconds < -_MOST_APART.total_seconds():
        return _far_back(w, dt.timedelta(seconds=seconds))
    shift = max(-_MOST_APART, min(_MOST_APART, clock.shift + dt.timedelta(seconds=seconds)))
    if w.time.moment + shift < w.books_latest - _MOST_BACK:
        raise NothingThere
    clock.shift = shift
    return f"{clock.shift.total_seconds():.0f} s apart"


def _far_back(w: OnlineWorld, by: dt.timedelta) -> str:
    """It falls far behind at once, while nothing is on its way: what was created there before bears a later time.

    Not to before the first day: what the books then show for the first time may have been there on that day.
    """
    live_since = w.row()["live_since"]
    if _is_anything_out(w) or w.time.moment + w.company.clock.shift + by < live_since:
        raise NothingThere
    w.company.clock.shift += by
    w.books_latest = None
    w.fell_at = _stands(w)
    return f"{w.company.clock.shift.total_seconds():.0f} s apart"


def _caught_up(w: OnlineWorld) -> str:
    """It goes right again once somebody has looked; a clock that is right again by then has never been wrong."""
    if _is_anything_out(w) or _stands(w) == w.fell_at:
        raise NothingThere
    w.company.clock.shift = dt.timedelta(0)
    return "right again"


def _is_anything_out(w: OnlineWorld) -> bool:
    under_way = w.rows(
        "SELECT 1 AS found FROM blueops_qb_operations WHERE connection_id = :connection"
        " AND state IN ('out', 'uncertain') LIMIT 1",
        connection=w.connection_id,
    )
    return bool(w.outs or under_way)


def _stands(w: OnlineWorld) -> str:
    """Where the feed of changes stands; every look moves it."""
    rows = w.rows(
        "SELECT cursor FROM blueops_qb_feeds WHERE connection_id = :connection AND feed = 'changes'",
        connection=w.connection_id,
    )
    return str(rows[0].cursor) if rows else ""
