"""Heartbeat: when the client of books that call us last came, and what is wrong when it has not come for long.

Nobody can call such books, so their silence is the only sign that a computer sleeps or a client was closed. What
probably keeps it away the provider guesses from how it came last.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import sqlalchemy as sa

from blueops_qb.sdk.calling import Visit
from blueops_qb.sdk.core import Core
from blueops_qb.sdk.provider import Provider
from blueops_qb.store import tables as t

#: The setting of a tenant, and its usual value: minutes without a visit after which it is warned of; 0 = never.
KEY, USUAL_MINUTES = "client_quiet_minutes", 120


@attrs.frozen(kw_only=True)
class Heartbeat:
    """`came_at` None = it never came; `quiet` = it has not come for longer than it may."""

    came_at: dt.datetime | None
    minutes: int
    allowed: int
    quiet: bool
    sentence: str
    #: What to look at; empty unless it is quiet.
    remedy: str = ""


def heartbeat(
    connection: sa.Connection,
    row: Mapping[str, Any],
    *,
    core: Core,
    providers: Mapping[str, Provider],
    now: dt.datetime,
) -> Heartbeat | None:
    """How long the client of a connection (its row) is away; None where its books are called, or are unknown here."""
    provider = providers.get(row["provider"])
    if provider is None or not (description := provider.describe()).calls:
        return None
    last = _last(connection, row["id"], ZoneInfo(core.tenant(row["tenant_id"]).zone))
    since = row["created_at"] if last is None else last.at
    # A clock that was put back makes no silence.
    minutes = max(0, int((now - since).total_seconds() // 60))
    allowed = allowed_minutes(core.settings(row["tenant_id"]))
    quiet = bool(allowed) and minutes >= allowed
    return Heartbeat(
        came_at=None if last is None else last.at.astimezone(dt.UTC),
        minutes=minutes,
        allowed=allowed,
        quiet=quiet,
        sentence=_sentence(description.title, last, minutes),
        remedy=provider.why_silent(last) if quiet else "",
    )


def allowed_minutes(entered: Mapping[str, str]) -> int:
    """The tenant's setting; what is no number is the usual."""
    text = entered.get(KEY, "").strip()
    return int(text) if text.isdecimal() else USUAL_MINUTES


def _last(connection: sa.Connection, connection_id: str, zone: ZoneInfo) -> Visit | None:
    s = t.sessions
    query = (
        sa.select(s.c.seen_at, s.c.state, s.c.notes_json)
        .where(s.c.connection_id == connection_id)
        .order_by(s.c.began_at.desc(), s.c.seen_at.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    notes = json.loads(row.notes_json) if row.notes_json else {}
    return Visit(at=row.seen_at.astimezone(zone), ended=row.state != "open", notes=notes)


def _sentence(title: str, last: Visit | None, minutes: int) -> str:
    away = _words(minutes)
    if last is None:
        return f"The client of {title} has not come yet, {away} after it was let in."
    return (
        f"The client of {title} last came {away} ago." if minutes else f"The client of {title} came just now."
    )


def _words(minutes: int) -> str:
    for unit, length in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            count = minutes // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
