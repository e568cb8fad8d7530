"""Closed periods: what lies in one keeps class and location of the job that it had, whichever job's it is by now.

Words and tags are not written into a closed period (accounting-treatments 9). A cost whose job is merged changes in
nothing else; and where a bookkeeper merges jobs, what they had is the other job's in BlueOps too. Allowed is only
what that explains: a document that was closed when its job became another one or since, a line or document that has
no class or branch of its own, and those of a job that it had. Amounts, accounts and jobs are compared all the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from blueops_qb.sandbox.reader.values import Cost, Found, Sale, added
from blueops_qb.sandbox.soak.office import today
from blueops_qb.sandbox.soak.world import SETTINGS, World

D = TypeVar("D", Sale, Cost)
#: The closing date is read once a day: how long BlueOps may go by one that was taken back.
LAG = 2 * dt.timedelta(seconds=SETTINGS.catalog_seconds)
#: What a line says that goes beside another one.
_BESIDE = re.compile("^(Freight|Discount): ")


@attrs.frozen(kw_only=True)
class _End:
    """When a document's job became another one: core's revision then, and the moment."""

    revision: int
    at: dt.datetime


#: (record of BlueOps, what its line says, or None for the whole) -> jobs that it had before.
_Had = Mapping[tuple[str, str | None], Sequence[tuple[str, _End]]]


@attrs.frozen(kw_only=True)
class _Jobs:
    """Jobs that documents had before, and what jobs bring, merged ones too; no job brings nothing."""

    had: _Had
    classes: Mapping[str, str]
    locations: Mapping[str, str]


def some_day(w: World) -> str:
    """The day through which a bookkeeper closes the books, or none: he opens them again."""
    days = w.chance.choice((None, 10, 30, 60))
    return "" if days is None else (today(w) - dt.timedelta(days=days)).isoformat()


def note_closing(w: World, day: str) -> str:
    """The bookkeeper closed the books through a day, or opened them again: no day; answers it in words."""
    (row,) = w.rows("SELECT COALESCE(MAX(revision), 0) AS last FROM core_records WHERE tenant_id = :tenant")
    w.witness.closings.append((row.last, w.time.moment, day))
    return f"closed through {day}" if day else "open again"


def as_closed(w: World, ours: Found, theirs: Found, places: Iterable[tuple[str, str]]) -> Found:
    """BlueOps' invoices and costs with the classes and locations that a closed period keeps.

    `places` are records and where they are in the books.
    """
    pairs, jobs = list(places), _jobs(w)

    def as_they_lie(mine: Sequence[D], others: Sequence[D], sign: int) -> tuple[D, ...]:
        there = {one.id: one for one in others}
        kept = {ref: there[place] for ref, place in pairs if place in there}
        return tuple(_as_it_lies(w, one, kept[one.id], jobs, sign) if one.id in kept else one for one in mine)

    return dataclasses.replace(
        ours,
        sales=as_they_lie(ours.sales, theirs.sales, -1),
        costs=as_they_lie(ours.costs, theirs.costs, 1),
    )


def _as_it_lies(w: World, mine: D, other: D, jobs: _Jobs, sign: int) -> D:
    """The document with what the books show where a job that it had explains that; `sign` is a line's in the ledger."""

    def kept(what: str | None, shown: str, brought: Mapping[str, str]) -> bool:
        had = jobs.had.get((mine.id, what), ())
        return any(brought[job] == shown and _was_closed(w, other.date, end) for job, end in had)

    shown = {line.description: line.class_name for line in other.lines}

    def tagged(line: Any) -> Any:
        class_name = shown.get(line.description, line.class_name)
        of = _BESIDE.sub("", line.description)
        return (
            dataclasses.replace(line, class_name=class_name) if kept(of, class_name, jobs.classes) else line
        )

    lines: tuple[Any, ...] = tuple(tagged(line) for line in mine.lines)
    moves = [
        ((line.account, line.class_name, mine.location), way * sign * line.amount)
        for way, of in ((-1, mine.lines), (1, lines))
        for line in of
    ]
    effect = added(*mine.effect.items(), *moves)
    document = dataclasses.replace(mine, lines=lines, effect=effect)
    if not kept(None, other.location, jobs.locations):
        return document
    located = {
        (account, class_name, other.location): sum_ for (account, class_name, _), sum_ in effect.items()
    }
    return dataclasses.replace(document, location=other.location, effect=located)


def _was_closed(w: World, day: dt.date, end: _End) -> bool:
    """Whether the books were closed on that day when the job became another one or since, as BlueOps could know it."""
    closings = w.witness.closings
    for n, (_, _, through) in enumerate(closings):
        ended = closings[n + 1][:2] if n + 1 < len(closings) else None
        lasted = ended is None or ended[0] >= end.revision or ended[1] >= end.at - LAG
        if lasted and day.isoformat() <= through:
            return True
    return False


def _jobs(w: World) -> _Jobs:
    rows = w.rows("SELECT id, record FROM core_records WHERE tenant_id = :tenant AND kind = 'job'")
    jobs = {"": {}, **{str(row.id): json.loads(row.record) for row in rows}}
    names = w.chart.classes, w.chart.branches
    classes, locations = (
        {id: of.get(job.get(key, ""), "") for id, job in jobs.items()}
        for key, of in zip(("class_key", "branch"), names, strict=True)
    )
    return _Jobs(had=_had(w), classes=classes, locations=locations)


def _had(w: World) -> _Had:
    """By what core has told of its invoices and costs, one revision after the other."""
    rows = w.rows(
        "SELECT ref_kind, ref_id, revision, payload FROM blueops_qb_outbox WHERE tenant_id = :tenant"
        " AND ref_kind IN ('expense', 'invoice') AND payload IS NOT NULL ORDER BY revision, id"
    )
    now: dict[tuple[str, str | None], str] = {}
    found: dict[tuple[str, str | None], list[tuple[str, _End]]] = {}
    for row in rows:
        event = json.loads(row.payload)
        record, at = event.get("record") or {}, dt.datetime.fromisoformat(event["occurred_at"])
        for what, job, own in _bearers(record):
            key = f"{row.ref_kind}:{row.ref_id}", what
            if own:
                found.pop(key, None)
            elif now.get(key, job) != job:
                found.setdefault(key, []).append((now[key], _End(revision=row.revision, at=at)))
            now[key] = job
    return found


def _bearers(record: Mapping[str, Any]) -> Iterator[tuple[str | None, str, bool]]:
    """The whole (None) and each of its lines, with its job, and whether it has a branch or class of its own."""
    job = record.get("job_id") or ""
    yield None, job, bool(record.get("branch"))
    for line in record.get("lines", ()):
        yield line.get("description", ""), line.get("job_id") or job, bool(line.get("class_key"))
