"""Closed periods: what lies in one keeps the class of the job that it had, whichever job it belongs to by now.

Words and tags are not written into a closed period (accounting-treatments 9). A cost whose job is merged changes in
nothing else; and where a bookkeeper merges jobs, what they had is the other job's in BlueOps too. Allowed is only what
that explains: a document that was closed when its job became another one or since, a line that has no class of its own,
and the class of a job that the line had. Amounts, accounts and jobs are compared all the same.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from blueops_qb.sandbox.reader.values import Cost, Found, Sale, added
from blueops_qb.sandbox.soak.office import today
from blueops_qb.sandbox.soak.world import World

D = TypeVar("D", Sale, Cost)
#: (record of BlueOps, what its line says) -> classes of the jobs that it had, each with core's revision at its end.
_Former = Mapping[tuple[str, str], Sequence[tuple[str, int]]]
#: What a line says that goes beside another one.
_BESIDE = re.compile("^(Freight|Discount): ")


def some_day(w: World) -> str:
    """The day through which a bookkeeper closes the books, or none: he opens them again."""
    days = w.chance.choice((None, 10, 30, 60))
    return "" if days is None else (today(w) - dt.timedelta(days=days)).isoformat()


def note_closing(w: World, day: str) -> str:
    """The bookkeeper closed the books through a day, or opened them again: no day; answers it in words."""
    (row,) = w.rows("SELECT COALESCE(MAX(revision), 0) AS last FROM core_records WHERE tenant_id = :tenant")
    w.witness.closings.append((row.last, day))
    return f"closed through {day}" if day else "open again"


def as_closed(w: World, ours: Found, theirs: Found, places: Iterable[tuple[str, str]]) -> Found:
    """BlueOps' invoices and costs with the classes that a closed period keeps.

    `places` are records and where they are in the books.
    """
    pairs, former = list(places), _former(w)

    def as_they_lie(mine: Sequence[D], others: Sequence[D], sign: int) -> tuple[D, ...]:
        there = {one.id: one for one in others}
        kept = {ref: there[place] for ref, place in pairs if place in there}
        return tuple(
            _tagged(one, tuple(_lines(w, one, kept[one.id], former)), sign) if one.id in kept else one
            for one in mine
        )

    return dataclasses.replace(
        ours,
        sales=as_they_lie(ours.sales, theirs.sales, -1),
        costs=as_they_lie(ours.costs, theirs.costs, 1),
    )


def _lines(w: World, mine: Sale | Cost, other: Sale | Cost, former: _Former) -> Iterator[Any]:
    """Lines of BlueOps, each with the class that the books show of it where a job that it had explains that."""
    shown = {line.description: line.class_name for line in other.lines}
    for line in mine.lines:
        class_name = shown.get(line.description, line.class_name)
        had = former.get((mine.id, _BESIDE.sub("", line.description)), ())
        closed = (had_class == class_name and _was_closed(w, other.date, until) for had_class, until in had)
        yield dataclasses.replace(line, class_name=class_name) if any(closed) else line


def _tagged(document: D, lines: tuple[Any, ...], sign: int) -> D:
    """The document with these lines, of which only classes differ; `sign` is that of a line in the ledger."""
    moves = [
        ((line.account, line.class_name, document.location), way * sign * line.amount)
        for way, of in ((-1, document.lines), (1, lines))
        for line in of
    ]
    return dataclasses.replace(document, lines=lines, effect=added(*document.effect.items(), *moves))


def _was_closed(w: World, day: dt.date, revision: int) -> bool:
    """Whether the books were closed on that day when core was at that revision, or at some time since."""
    before = [through for at, through in w.witness.closings if at < revision][-1:]
    since = [through for at, through in w.witness.closings if at >= revision]
    return any(day.isoformat() <= through for through in (*before, *since))


def _former(w: World) -> _Former:
    """By what core has told of its invoices and costs, one revision after the other."""
    classes = _classes(w)
    rows = w.rows(
        "SELECT ref_kind, ref_id, revision, payload FROM blueops_qb_outbox WHERE tenant_id = :tenant"
        " AND ref_kind IN ('expense', 'invoice') AND payload IS NOT NULL ORDER BY revision, id"
    )
    jobs: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for row in rows:
        record = json.loads(row.payload).get("record") or {}
        for line in record.get("lines", ()):
            key = f"{row.ref_kind}:{row.ref_id}", line.get("description", "")
            job = line.get("job_id") or record.get("job_id") or ""
            if line.get("class_key"):
                found.pop(key, None)
            elif jobs.get(key, job) != job:
                found.setdefault(key, []).append((classes[jobs[key]], row.revision))
            jobs[key] = job
    return found


def _classes(w: World) -> Mapping[str, str]:
    """Id of a job, merged ones too -> name of its class; none for no job."""
    rows = w.rows("SELECT id, record FROM core_records WHERE tenant_id = :tenant AND kind = 'job'")
    keys = {str(row.id): json.loads(row.record).get("class_key", "") for row in rows}
    return {"": "", **{id: w.chart.classes[key] if key else "" for id, key in keys.items()}}
