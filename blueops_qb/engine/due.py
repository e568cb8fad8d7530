"""Due: makes the operations that nobody raised: sign-in, company and lists, listings, change feeds.

A feed is due by the clock (`sweep_seconds` and its like) or by hints; however many hints came, it is one look.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import hints, witnesses
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Lane, Verb, Want
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id

#: The feeds of a connection; each keeps its own cursor.
CHANGES, LISTING, CATALOG = "changes", "listing", "catalog"

LANES: Mapping[Verb, Lane] = {
    Verb.SIGN_IN: Lane.SETTLE,
    Verb.READ: Lane.LIVE,
    Verb.FIND: Lane.SETTLE,
    Verb.CHANGES: Lane.CHANGES,
    Verb.CATALOG: Lane.CATALOG,
    Verb.LEDGER: Lane.BULK,
}


def operation_row(
    turn: Turn,
    verb: Verb,
    *,
    kind: BooksKind | None = None,
    target_id: str = "",
    params: Mapping[str, str] | None = None,
    lane: Lane | None = None,
    settles: str | None = None,
    not_before: dt.datetime | None = None,
) -> dict[str, Any]:
    """A row of the operations table that is not about a document."""
    return {
        "id": new_id(),
        "connection_id": turn.id,
        "verb": verb.value,
        "lane": int(LANES.get(verb, Lane.LIVE) if lane is None else lane),
        "kind": kind.value if kind else "",
        "target_id": target_id,
        "params_json": json.dumps(dict(params), sort_keys=True) if params else "",
        "touches": "",
        "state": "ready",
        "settles": settles,
        "not_before": not_before,
        "created_at": turn.now,
    }


def wanted_row(turn: Turn, want: Want, *, lane: int, settles: str | None) -> dict[str, Any]:
    """The operation a provider asked for next."""
    return operation_row(
        turn,
        want.verb,
        kind=want.kind,
        target_id=want.target_id,
        params=want.params,
        lane=Lane(lane),
        settles=settles,
    )


@attrs.frozen
class _Open:
    """An operation that nobody has raised for a document, and that is not done yet."""

    verb: str
    full: bool
    state: str


def _open(turn: Turn) -> list[_Open]:
    o = t.operations
    query = sa.select(o.c.verb, o.c.params_json, o.c.state).where(
        o.c.connection_id == turn.id,
        o.c.document_id.is_(None),
        o.c.state.in_(["ready", "out", "uncertain"]),
        o.c.settles.is_(None),
    )
    return [
        _Open(row.verb, '"full"' in (row.params_json or ""), row.state)
        for row in turn.connection.execute(query)
    ]


def make_due(turn: Turn) -> None:
    """Insert what is due by the clock or by hints."""
    polls = turn.settings.poll
    feeds = _feeds(turn)
    swept = polls and _is_due(turn, feeds.get(CHANGES))
    since = hints.waiting_since(turn) if polls else None
    told = since is not None and (swept or _have_collected(turn, since))
    catalog_due = CATALOG not in feeds or not _within(turn, feeds[CATALOG])
    changes_due = swept or told
    listing_due = polls and turn.row["state"] == "matching" and LISTING not in feeds
    if not (catalog_due or changes_due or listing_due):
        return
    rows: list[dict[str, Any]] = []
    there = _open(turn)
    catalog = [one for one in there if one.verb == Verb.CATALOG]
    changes = [one for one in there if one.verb == Verb.CHANGES]
    looking = any(not one.full for one in changes)
    # Hints stay open while a look is: its answer may be long in coming, and the lists are read once for them.
    lists_told = told and not looking and bool(hints.entities(turn) & turn.description.catalog_hints)
    if (catalog_due or lists_told) and not catalog:
        rows.append(operation_row(turn, Verb.CATALOG))
    # A reading of the lists that is on its way may have come before what a hint told: the hints wait until the lists
    # can be read once more. A look at the changes that is open does not cover them either, it may be on its way too.
    too_early = lists_told and any(one.state != "ready" for one in catalog)
    if changes_due and not too_early and not looking:
        cursor = feeds[CHANGES].cursor if CHANGES in feeds else ""
        asked = witnesses.named(turn) if cursor else {}
        rows.append(operation_row(turn, Verb.CHANGES, params={"cursor": cursor or "", **asked}))
        if since is not None:
            hints.covered(turn)
    # The listing starts once the change feed has its first position, so that nothing falls between.
    if listing_due and CHANGES in feeds and not any(one.full for one in changes):
        rows.append(operation_row(turn, Verb.CHANGES, params={"full": "1"}, lane=Lane.CHANGES))
    if rows:
        turn.connection.execute(t.operations.insert(), rows)


def _have_collected(turn: Turn, since: dt.datetime) -> bool:
    """Hints collect for a while; a clock that went back must not silence them."""
    return not dt.timedelta(0) <= turn.now - since < turn.scaled(turn.settings.hint_seconds)


def make_sign_in(turn: Turn) -> None:
    """A sign-in operation, unless one is open."""
    if not any(one.verb == Verb.SIGN_IN for one in _open(turn)):
        turn.connection.execute(t.operations.insert(), [operation_row(turn, Verb.SIGN_IN)])


def hurry(turn: Turn) -> None:
    """Ask for changes now instead of at the next sweep."""
    turn.connection.execute(
        t.feeds.update()
        .where(t.feeds.c.connection_id == turn.id, t.feeds.c.feed == CHANGES)
        .values(due_at=turn.now)
    )


def read_catalog(turn: Turn) -> None:
    """Read the company and its lists now instead of tomorrow."""
    turn.connection.execute(
        t.feeds.update()
        .where(t.feeds.c.connection_id == turn.id, t.feeds.c.feed == CATALOG)
        .values(due_at=turn.now)
    )


def compare_all(turn: Turn, *, since: str) -> None:
    """Have everything listed and compared; what is linked and not shown is read by itself."""
    params = {"full": "1", "compare": "1", "since": since, "started": turn.now.isoformat()}
    turn.connection.execute(t.operations.insert(), [operation_row(turn, Verb.CHANGES, params=params)])


def _feeds(turn: Turn) -> dict[str, Any]:
    query = sa.select(t.feeds).where(t.feeds.c.connection_id == turn.id)
    return {row.feed: row for row in turn.connection.execute(query)}


def _is_due(turn: Turn, feed: Any) -> bool:
    if feed is None or feed.due_at is None or feed.due_at <= turn.now:
        return True
    # A clock that went back must not silence the feed.
    longest = max(turn.settings.sweep_seconds, turn.settings.sweep_longest_seconds)
    return bool(
        (feed.moved_at is not None and feed.moved_at > turn.now)
        or feed.due_at > turn.now + 2 * turn.scaled(longest)
    )


def _within(turn: Turn, feed: Any) -> bool:
    """The catalog was read within its span."""
    return bool(
        dt.timedelta(0) <= turn.now - feed.moved_at < turn.scaled(turn.settings.catalog_seconds)
        and feed.due_at > turn.now
    )
