"""Agreement schedule: asks every night for the month of yesterday, where the company wants it and is live."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from blueops_qb.engine import agreement
from blueops_qb.engine.agreement_runs import SCHEDULE
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: The setting of core: at which hour of the company's day; empty = never.
KEY = "agreement_hour"
USUAL_HOUR = 3


def ask_if_due(turn: Turn) -> int | None:
    """Ask once a night for the open month up to yesterday; answers the run's id, None when nothing is due.

    Yesterday's month, so that the first night of a month looks at the whole of the last one. A night that was missed,
    because nothing ran or the company was paused, is made up for once, at the next chance.
    """
    hour = _hour(turn)
    if hour is None or turn.row["state"] != "live":
        return None
    since = _newest_slot(turn, hour)
    live = turn.row["live_since"]
    if live is not None and live >= since:
        return None
    end = since.astimezone(turn.zone).date() - dt.timedelta(days=1)
    start = end.replace(day=1)
    r = t.agreement_runs
    asked = sa.select(r.c.id).where(
        r.c.connection_id == turn.id,
        r.c.first_day == start,
        r.c.last_day == end,
        r.c.asked_at >= since,
        # A clock that went back must not silence it.
        r.c.asked_at <= turn.now,
    )
    if turn.connection.execute(asked.limit(1)).first() is not None:
        return None
    return agreement.ask(turn, start, end, by=SCHEDULE)


def _hour(turn: Turn) -> int | None:
    entered = turn.core.settings(turn.tenant_id).get(KEY, str(USUAL_HOUR)).strip()
    if not entered:
        return None
    return int(entered) if entered.isascii() and entered.isdecimal() and int(entered) < 24 else USUAL_HOUR


def _newest_slot(turn: Turn, hour: int) -> dt.datetime:
    """The last time that clocks of the company showed this hour, in UTC."""
    today = turn.now.astimezone(turn.zone).date()
    slots = [
        dt.datetime.combine(day, dt.time(hour), tzinfo=turn.zone).astimezone(dt.UTC)
        for day in (today, today - dt.timedelta(days=1))
    ]
    return next(slot for slot in slots if slot <= turn.now)
