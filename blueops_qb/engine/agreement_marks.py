"""Marks of agreement: what a slice of a period looked like on both sides when it was read; equal marks, equal facts.

Ours: the postings that count, with the newest moment at which one moved. Theirs: every transaction in the mirror with
its version, by the day that it bears; the change feed brings what moved into the mirror before marks are taken. The
catalog: what items and accounts are, because an item that leads elsewhere moves what no document tells of.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.subledger import POSTING_KINDS
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: A slice is read again after so long whatever its marks say: a change feed reaches back thirty days.
LONGEST = dt.timedelta(days=28)


@attrs.frozen(order=True)
class Days:
    """A part of a period that is compared at once: a month, or the part of it that was asked for."""

    start: dt.date
    end: dt.date


def slices(start: dt.date, end: dt.date) -> list[Days]:
    """The months of a period, the first and last cut to it; the last day of the calendar included."""
    found: list[Days] = []
    day = start
    while True:
        following = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1) if _goes_on(day) else None
        last = min(end, following - dt.timedelta(days=1)) if following else end
        found.append(Days(day, last))
        if last >= end or following is None:
            return found
        day = following


def _goes_on(day: dt.date) -> bool:
    return (day.year, day.month) < (dt.MAXYEAR, 12)


def marks(turn: Turn, wanted: Sequence[Days]) -> dict[Days, str]:
    """The marks of both sides and the catalog as they are now, one text per slice."""
    theirs = _theirs(turn, wanted)
    catalog = _catalog(turn)
    return {
        days: json.dumps(
            {"ours": _ours(turn, days), "theirs": theirs[days], "catalog": catalog}, sort_keys=True
        )
        for days in wanted
    }


def _ours(turn: Turn, days: Days) -> str:
    p, lk = t.postings, t.links
    query = (
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.func.abs(p.c.cents)), 0),
            sa.func.coalesce(sa.func.max(sa.type_coerce(p.c.moved_at, sa.BigInteger)), 0),
            sa.func.count(p.c.document_id.distinct()),
        )
        .select_from(p.join(lk, sa.and_(lk.c.document_id == p.c.document_id, lk.c.state == "live")))
        .where(p.c.connection_id == turn.id, p.c.counts, p.c.date.between(days.start, days.end))
    )
    return " ".join(str(int(value)) for value in turn.connection.execute(query).one())


def _theirs(turn: Turn, wanted: Sequence[Days]) -> dict[Days, str]:
    digests = {days: hashlib.sha256() for days in wanted}
    for day, words in _transactions(turn):
        for days, digest in digests.items():
            if days.start.isoformat() <= day <= days.end.isoformat():
                digest.update(words.encode())
    return {days: digest.hexdigest()[:24] for days, digest in digests.items()}


def _transactions(turn: Turn) -> Iterator[tuple[str, str]]:
    """(day, kind, id and version) of every transaction in the mirror, in a fixed order."""
    m = t.mirror
    find = sa.func.instr if turn.connection.dialect.name == "sqlite" else sa.func.strpos
    mark = '"date":"'
    day = sa.func.substr(m.c.document, find(m.c.document, mark) + len(mark), 10)
    query = (
        sa.select(m.c.kind, m.c.books_id, m.c.version, day.label("day"))
        .where(
            m.c.connection_id == turn.id,
            m.c.kind.in_(sorted(kind.value for kind in POSTING_KINDS)),
            m.c.deleted.is_(False),
            m.c.document.is_not(None),
        )
        .order_by(m.c.kind, m.c.books_id)
        .execution_options(yield_per=1000)
    )
    with turn.connection.execute(query) as rows:
        for row in rows:
            yield str(row.day), f"{row.kind}#{row.books_id} {row.version}\n"


def _catalog(turn: Turn) -> str:
    digest = hashlib.sha256()
    for kind in (BooksKind.ACCOUNT, BooksKind.ITEM, BooksKind.CLASS, BooksKind.LOCATION):
        for entry in sorted(turn.catalog.of(kind), key=lambda one: one.ref):
            said: Any = [str(entry.ref), entry.name, entry.active, sorted(entry.facts.items())]
            digest.update(json.dumps(said).encode())
    return digest.hexdigest()[:24]
