"""Positions in the feed of changes: the books' own time of an answer, and ours when it was asked for.

The feed is asked by the books' clock alone. Ours stands beside it, because a clock that was set back while nobody
looked shows itself only in the time that has passed on both (`fell_back`).
"""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

import attrs

from blueops_qb.providers.qbo.codec import Obj
from blueops_qb.providers.qbo.framing import Answer

_BESIDE = " asked "
#: How far the books' clock may seem to fall back, in seconds. An answer may be long in coming, and then seems late by
#: as much; what has been set back farther than this and the longest call together lies behind the overlap.
SLACK = 30.0


@attrs.frozen(kw_only=True)
class Position:
    """`at` is the books' time; `asked` ours, None where it was not kept."""

    at: dt.datetime
    asked: dt.datetime | None = None

    @classmethod
    def parse(cls, text: str) -> Position:
        """What was stored; raises ValueError."""
        at, _, asked = text.partition(_BESIDE)
        return cls(
            at=dt.datetime.fromisoformat(at), asked=dt.datetime.fromisoformat(asked) if asked else None
        )

    def __str__(self) -> str:
        return self.at.isoformat() + (f"{_BESIDE}{self.asked.isoformat()}" if self.asked else "")

    def fell_back(self, before: Position) -> dt.timedelta:
        """How far the books' clock was set back since `before`: it moved less than ours, or went backwards."""
        passed = dt.timedelta(0)
        if self.asked is not None and before.asked is not None:
            passed = max(passed, self.asked - before.asked)
        return before.at + passed - self.at


def books_time(value: Obj | None, answer: Answer) -> dt.datetime | None:
    """The books' own time of an answer; None when it does not say."""
    moment = (value or {}).get("time")
    try:
        if isinstance(moment, int):
            return dt.datetime.fromtimestamp(moment / 1000, dt.UTC)
        found = dt.datetime.fromisoformat(str(moment))
        return found if found.tzinfo else None
    except (ValueError, OverflowError):
        return _header_time(answer)


def _header_time(answer: Answer) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
