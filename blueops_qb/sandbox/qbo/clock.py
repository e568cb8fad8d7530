"""The twin's own time: real time plus a shift that tests may change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs


@attrs.define
class Clock:
    """Tells the time of the books; ``shift`` moves it without waiting."""

    zone: ZoneInfo = attrs.field(factory=lambda: ZoneInfo("America/Los_Angeles"))
    shift: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The present moment in the company's zone."""
        return (datetime.now(UTC) + self.shift).astimezone(self.zone)

    def today(self) -> date:
        """The company's calendar day."""
        return self.now().date()

    def advance(self, by: timedelta) -> None:
        """Move the clock forward, or back when negative."""
        self.shift += by

    def parse(self, text: str) -> datetime:
        """Read an ISO 8601 moment or day; without an offset it is company time. Raises ValueError."""
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)


def stamp(moment: datetime) -> str:
    """Seconds with offset, as MetaData carries them: ``2026-01-02T03:04:05-08:00``."""
    return moment.isoformat(timespec="seconds")


def fine_stamp(moment: datetime) -> str:
    """Milliseconds with offset, as the ``time`` member of an answer carries them."""
    return moment.isoformat(timespec="milliseconds")
