"""Parts: queries of which a further page is asked, as an operation carries them from exchange to exchange.

A page is bound to the session of the Web Connector that began it (reference/quickbooks-desktop.md section 3.4): when
that has ended, the query begins anew. Where that happens again it goes on in two spans of time, each half as long, and
with larger pages: what was read of a span to its end is not read again, so that a large file is read over several
sessions, and no answer is larger than such a page. The earlier span comes first: what is changed meanwhile moves to the
later one.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import attrs

from blueops_qb.providers.qbd.codec.queries import PAGE, Page
from blueops_qb.providers.qbd.status import rule_for
from blueops_qb.providers.qbd.status_rules import Result
from blueops_qb.providers.qbd.verdicts import Status
from blueops_qb.sdk.provider import Operation

#: So often a page grows to twice its size: the largest one still is an answer that is taken, its records being long.
_GROWTH = 4
#: A span that has no beginning is halved as if it began here; few files are older.
_OLDEST = dt.datetime(1990, 1, 1)
_SECOND = dt.timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Part:
    """One query: `iterator` where its next page goes on; `restarts` counts the sessions that ended in between.

    `by` is what it asks by: empty = when a record was changed, `feeds.DAYS` = the days that it bears, else the name.
    `since` and `until` are its span in the books' local digits, both included; empty = as the operation says, open.
    """

    query: str
    iterator: str = ""
    restarts: int = 0
    by: str = ""
    since: str = ""
    until: str = ""

    @property
    def page(self) -> Page:
        """The page to ask for."""
        return Page(size=PAGE << min(max(0, self.restarts - 1), _GROWTH), iterator=self.iterator)

    def after(self, iterator: str) -> Part:
        """The page behind."""
        return attrs.evolve(self, iterator=iterator)

    def anew(self, *, start: str, asked: dt.datetime) -> tuple[Part, ...]:
        """From the beginning, in the session that there is now; `start` is where the operation's own span begins."""
        fresh = attrs.evolve(self, iterator="", restarts=self.restarts + 1)
        whole = not self.restarts or self.by
        middle = None if whole else _middle(self.since or start, self.until, asked)
        if middle is None:
            return (fresh,)
        return attrs.evolve(fresh, until=middle), attrs.evolve(fresh, since=middle)


def _middle(since: str, until: str, asked: dt.datetime) -> str | None:
    """Half-way between two moments; None where they are too near. An open end is taken for the time of the question."""
    first = dt.datetime.fromisoformat(since) if since else _OLDEST
    last = dt.datetime.fromisoformat(until) if until else asked.astimezone(dt.UTC).replace(tzinfo=None)
    if last - first < 2 * _SECOND:
        return None
    return (first + (last - first) / 2).isoformat(timespec="seconds")


def first_spans(parts: Sequence[Part]) -> list[Part]:
    """Those that are asked now: of each query the earliest span."""
    asked: dict[tuple[str, str], Part] = {}
    for part in parts:
        asked.setdefault((part.query, part.by), part)
    return list(asked.values())


def later_spans(parts: Sequence[Part]) -> list[Part]:
    """Those that wait for the first ones."""
    asked = first_spans(parts)
    return [part for part in parts if part not in asked]


def restarts(status: Status, operation: Operation) -> bool:
    """Whether the session that began the page has ended."""
    return rule_for(status.code, status.message, operation.verb).result is Result.RESTART


def dumped(parts: Sequence[Part]) -> str:
    """As a parameter of an operation."""
    return json.dumps([_told(part) for part in parts], separators=(",", ":"))


def _told(part: Part) -> list[object]:
    told: list[object] = [*attrs.astuple(part)]
    while told[-1] == attrs.fields(Part)[len(told) - 1].default:
        told.pop()
    return told


def loaded(told: str) -> list[Part]:
    """What `dumped` made."""
    names = [field.name for field in attrs.fields(Part)]
    return [Part(**dict(zip(names, values, strict=False))) for values in json.loads(told)]
