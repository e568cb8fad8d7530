"""Hints: what a webhook told, kept with one statement and no lock that work in progress could hold.

A hint only says "look at this company"; whatever it names is read again by the change feed. So it does no harm
when it comes twice, late, out of order, or is made up by somebody with the key: the worst is one look too many.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Hints
from blueops_qb.store import tables as t
from blueops_qb.store.types import UtcTime, db_clock, new_id

#: No more hints than this of one call are kept; they only say "look", so nothing is lost.
MOST_HINTS = 500


def keep(engine: sa.Engine, provider: str, hints: Mapping[str, Hints]) -> None:
    """Store hints by company id.

    Companies that are connected nowhere are left out, and so is what an open hint says already. A hint that was
    worked is no reason to leave the same message out: the change may have become visible only since.
    """
    rows = _rows(hints)
    if rows:
        with engine.begin() as connection:
            connection.execute(_statement(connection.dialect.name, provider, rows))


def _rows(hints: Mapping[str, Hints]) -> list[tuple[int, str, str, str]]:
    """(id, company, payload, mark), each message once and the companies by turns."""
    seen: dict[tuple[str, str], tuple[int, str, str, str]] = {}
    longest = max(map(len, hints.values()), default=0)
    for n in range(longest):
        for company, told in hints.items():
            if n < len(told) and len(seen) < MOST_HINTS:
                payload = json.dumps(dict(told[n]), sort_keys=True)
                mark = hashlib.sha256(payload.encode()).hexdigest()[:32]
                seen.setdefault((company, mark), (new_id(), company, payload, mark))
    return list(seen.values())


def _statement(dialect: str, provider: str, rows: list[tuple[int, str, str, str]]) -> sa.Insert:
    c, h = t.connections, t.hints
    told = (
        sa.values(
            sa.column("id", sa.BigInteger),
            sa.column("company_id", sa.String),
            sa.column("payload", sa.Text),
            sa.column("mark", sa.String),
            name="told",
        )
        .data(rows)
        .cte("told")
    )
    waits: Any = sa.exists().where(
        h.c.provider == provider,
        h.c.company_id == told.c.company_id,
        h.c.mark == told.c.mark,
        h.c.processed_at.is_(None),
    )
    connected = sa.and_(c.c.provider == provider, c.c.company_id == told.c.company_id, c.c.state != "retired")
    values = sa.select(
        told.c.id,
        c.c.provider,
        told.c.company_id,
        told.c.payload,
        told.c.mark,
        sa.literal_column(db_clock(dialect), UtcTime),
    )
    source = values.select_from(told.join(c, connected)).where(~waits)
    return h.insert().from_select(
        ["id", "provider", "company_id", "payload", "mark", "received_at"], source, include_defaults=False
    )


def waiting_since(turn: Turn) -> dt.datetime | None:
    """When the oldest hint about the connection's company came that no look has covered yet."""
    h = t.hints
    query = sa.select(h.c.received_at).where(*_of(turn), h.c.processed_at.is_(None))
    found: dt.datetime | None = turn.connection.execute(
        query.order_by(h.c.received_at).limit(1)
    ).scalar_one_or_none()
    return found


def entities(turn: Turn) -> frozenset[str]:
    """What kinds of record those hints name, in lower case; empty text for one that names none."""
    h = t.hints
    query = sa.select(h.c.payload).where(*_of(turn), h.c.processed_at.is_(None)).distinct()
    return frozenset(_entity(payload) for payload in turn.connection.execute(query).scalars())


def _entity(payload: str) -> str:
    try:
        return str(json.loads(payload).get("entity", "")).lower()
    except (ValueError, AttributeError):
        return ""


def covered(turn: Turn) -> None:
    """A look that sees everything told so far was made an operation in this turn; what comes from now on stays open.

    The operation itself is durable: it is carried out, however often that takes. Counting by moments instead would
    ask for ever when a clock goes back.
    """
    h = t.hints
    turn.connection.execute(
        h.update().where(*_of(turn), h.c.processed_at.is_(None)).values(processed_at=turn.now)
    )


def _of(turn: Turn) -> tuple[sa.ColumnElement[bool], ...]:
    h = t.hints
    return h.c.provider == turn.row["provider"], h.c.company_id == turn.row["company_id"]
