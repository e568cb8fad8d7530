"""An image of a company that is some seconds behind: what queries see when the service's search index lags.

Writes are answered at once and from the truth; only what is switched to lag (query, cdc, read) sees the image.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import attrs

from blueops_qb.sandbox.qbo.news import News, Newsroom
from blueops_qb.sandbox.qbo.wire import Obj, copied

Value = TypeVar("Value")

PLACES = ("query", "cdc", "read")

Rows = dict[str, dict[str, Obj]]
Moments = dict[str, dict[str, datetime]]


@attrs.frozen(kw_only=True)
class _Late:
    seen_at: float
    kind: str
    id: str
    record: Obj | None
    stamp: datetime | None
    stub: datetime | None


class Lagging:
    """Follows the news of a company ``seconds`` behind; call it under the company's lock."""

    def __init__(
        self,
        *,
        records: Rows,
        stamps: Moments,
        stubs: Moments,
        newsroom: Newsroom,
        seconds: float,
        places: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        unknown = set(places) - set(PLACES)
        if unknown:
            raise ValueError(f"{sorted(unknown)}: reads that can lag are {', '.join(PLACES)}")
        self.seconds, self.places, self._clock = seconds, frozenset(places), clock
        self._true = (records, stamps, stubs)
        self._rows, self._stamps, self._stubs = copied(records), copied(stamps), copied(stubs)
        self._late: deque[_Late] = deque()
        self._newsroom = newsroom
        newsroom.listeners.append(self._heard)

    def end(self) -> None:
        """Follow no longer."""
        self._newsroom.listeners.remove(self._heard)

    def rows(self, kind: str) -> Mapping[str, Obj]:
        """The records of a kind as they were."""
        self._catch_up()
        return self._rows[kind]

    def stamps(self, kind: str) -> Mapping[str, datetime]:
        """When each of them had changed last."""
        self._catch_up()
        return self._stamps[kind]

    def stubs(self, kind: str) -> Mapping[str, datetime]:
        """Which were deleted, and when."""
        self._catch_up()
        return self._stubs[kind]

    def _heard(self, news: News) -> None:
        for identity in filter(None, (news.id, news.deleted_id)):
            records, stamps, stubs = self._true
            self._late.append(
                _Late(
                    seen_at=self._clock(),
                    kind=news.kind,
                    id=identity,
                    record=copied(records[news.kind].get(identity)),
                    stamp=stamps[news.kind].get(identity),
                    stub=stubs[news.kind].get(identity),
                )
            )

    def _catch_up(self) -> None:
        until = self._clock() - self.seconds
        while self._late and self._late[0].seen_at <= until:
            late = self._late.popleft()
            _put(self._rows[late.kind], late.id, late.record)
            _put(self._stamps[late.kind], late.id, late.stamp)
            _put(self._stubs[late.kind], late.id, late.stub)


def _put(rows: dict[str, Value], identity: str, value: Value | None) -> None:
    if value is None:
        rows.pop(identity, None)
    else:
        rows[identity] = value
