"""Positions in the feed of changes: what the books' own clock has shown, and when we asked.

No message of QuickBooks Desktop tells its present time. Its records bear the digits of the local clock and an offset
that ignores summer time (reference/quickbooks-desktop.md sections 0 and 3.1), so a window starts at the earlier of two
moments: the newest that the books have shown, and the time of our question in the offset that they have shown. A clock
over there that is slow, fast or in summer time hides nothing then; one that was set back farther than the overlap is
found by comparing everything.
"""

from __future__ import annotations

import datetime as dt

import attrs

#: Before a record has shown the offset: no place of the United States is farther behind.
WEST = -12 * 60
_NONE = "-"


@attrs.frozen(kw_only=True)
class Position:
    """`asked` is our time of the question; `at` the newest local time shown, `offset` its minutes; None = not known."""

    asked: dt.datetime
    at: dt.datetime | None = None
    offset: int | None = None

    @classmethod
    def parse(cls, text: str) -> Position:
        """What was stored; raises ValueError."""
        asked, at, offset = text.split(" ")
        moment = dt.datetime.fromisoformat(asked)
        if moment.tzinfo is None:
            raise ValueError(f"{asked} has no offset")
        return cls(
            asked=moment,
            at=None if at == _NONE else dt.datetime.fromisoformat(at),
            offset=None if offset == _NONE else int(offset),
        )

    def __str__(self) -> str:
        at = _NONE if self.at is None else self.at.isoformat(timespec="seconds")
        return f"{self.asked.isoformat()} {at} {_NONE if self.offset is None else self.offset}"

    def start(self, overlap: float) -> str:
        """From where to ask, in the books' local digits without an offset; `overlap` in seconds."""
        plain = self.asked.astimezone(dt.UTC).replace(tzinfo=None)
        local = plain + dt.timedelta(minutes=WEST if self.offset is None else self.offset)
        earliest = local if self.at is None else min(local, self.at)
        return (earliest - dt.timedelta(seconds=overlap)).isoformat(timespec="seconds")

    def after(self, shown: list[str], *, asked: dt.datetime) -> Position:
        """Where the feed stands after an answer that bore these times."""
        moments = [moment for moment in map(_moment, shown) if moment is not None]
        newest = max(moments, key=lambda moment: moment.replace(tzinfo=None), default=None)
        if newest is None:
            return attrs.evolve(self, asked=asked)
        ahead = newest.utcoffset()
        minutes = self.offset if ahead is None else int(ahead.total_seconds() // 60)
        return Position(asked=asked, at=newest.replace(tzinfo=None), offset=minutes)


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
