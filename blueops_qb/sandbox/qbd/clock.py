"""The clock of the QuickBooks machine: local time whose written offset knows no daylight saving.

QuickBooks writes the digits of the local clock and the zone's winter offset all year round, and takes the same
wrong offset back (reference/quickbooks-desktop.md section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import attrs

DEFAULT_ZONE = "America/New_York"


def utc_now() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


@attrs.define(kw_only=True)
class Clock:
    """Local time in a zone; ``now`` answers an aware moment."""

    zone: str = DEFAULT_ZONE
    now: Callable[[], datetime] = utc_now

    def local(self) -> datetime:
        """What the clock on the wall shows: a naive moment in whole seconds."""
        return self.now().astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, microsecond=0)

    def today(self) -> date:
        """The day on the wall."""
        return self.local().date()

    def epoch(self) -> int:
        """Seconds since 1970, as they go into ids and edit sequences."""
        return int(self.now().timestamp())

    def written(self, local: str) -> str:
        """A kept local moment as QuickBooks writes it, with the winter offset."""
        offset = self._winter(int(local[:4]))
        sign = "-" if offset < timedelta(0) else "+"
        minutes = abs(offset) // timedelta(minutes=1)
        return f"{local}{sign}{minutes // 60:02d}:{minutes % 60:02d}"

    def read(self, text: str, *, end: bool = False) -> datetime:
        """A moment from a filter as digits of the local clock.

        A day alone is its start, or its last second where it ends a range; a written offset is the zone's
        winter one, or is turned into it.
        """
        if "T" not in text:
            day = datetime.fromisoformat(text)
            return day + timedelta(days=1, seconds=-1) if end else day
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment
        winter = timezone(self._winter(moment.year))
        return moment.astimezone(winter).replace(tzinfo=None)

    def _winter(self, year: int) -> timedelta:
        zone = ZoneInfo(self.zone)
        # Summer time is ahead of winter time, wherever on the globe the summer falls.
        halves = [datetime(year, month, 1, tzinfo=zone) for month in (1, 7)]
        return min(moment.utcoffset() or timedelta(0) for moment in halves)
