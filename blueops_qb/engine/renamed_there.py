"""Renamed there: a new party whose answer was lost, and to whom somebody gave another name in the books meanwhile."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord, VendorRecord, kind_of
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.link_rows import as_compared, live_link
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Operation
from blueops_qb.store import tables as t


def renamed(turn: Turn, operation: Operation, since: dt.datetime) -> list[sa.RowMapping]:
    """A new party that says all that was sent under another name: somebody has renamed it there meanwhile."""
    sent: Any = turn.provider.sent(operation, turn.profile)
    if not isinstance(sent, CustomerRecord | VendorRecord) or not (sent.email or sent.phone):
        return []
    m = t.mirror
    query = sa.select(m).where(
        m.c.connection_id == turn.id,
        m.c.kind == kind_of(sent).value,
        m.c.deleted.is_(False),
        m.c.marker == "",
        m.c.origin.in_(["lookup", "changes"]),
        m.c.seen_at >= since,
        ~live_link(),
    )
    found = [row for row in turn.connection.execute(query).mappings() if row["document"]]
    newest = newest_number(turn, kind_of(sent), since) if found else 0
    same = []
    for row in found:
        shown: Any = as_compared(row).document
        new = not row["books_id"].isdigit() or int(row["books_id"]) > newest
        if new and type(shown) is type(sent) and attrs.evolve(shown, name=sent.name) == sent:
            same.append(row)
    return same


def newest_number(turn: Turn, kind: BooksKind, before: dt.datetime) -> int:
    """The highest number of the kind that was seen before the look-up's window."""
    m = t.mirror
    query = sa.select(m.c.books_id).where(
        m.c.connection_id == turn.id, m.c.kind == kind.value, m.c.origin != "lookup", m.c.seen_at < before
    )
    return max((int(id) for id in turn.connection.execute(query).scalars() if id.isdigit()), default=0)
