"""Due: makes the operations that nobody raised: sign-in, company and lists, listings, change feeds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind
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


def _open_verbs(turn: Turn) -> set[tuple[str, bool]]:
    o = t.operations
    query = sa.select(o.c.verb, o.c.params_json).where(
        o.c.connection_id == turn.id,
        o.c.document_id.is_(None),
        o.c.state.in_(["ready", "out", "uncertain"]),
        o.c.settles.is_(None),
    )
    return {(row.verb, '"full"' in (row.params_json or "")) for row in turn.connection.execute(query)}


def make_due(turn: Turn) -> None:
    """Insert what is due by the clock."""
    settings = turn.settings
    rows: list[dict[str, Any]] = []
    feeds = _feeds(turn)
    catalog_due = CATALOG not in feeds or not (
        dt.timedelta(0) <= turn.now - feeds[CATALOG].moved_at < turn.scaled(settings.catalog_seconds)
    )
    changes_due = settings.poll and _is_due(turn, feeds.get(CHANGES))
    listing_due = settings.poll and turn.row["state"] == "matching" and LISTING not in feeds
    if not (catalog_due or changes_due or listing_due):
        return
    open_verbs = _open_verbs(turn)
    if catalog_due and (Verb.CATALOG.value, False) not in open_verbs:
        rows.append(operation_row(turn, Verb.CATALOG))
    if changes_due and (Verb.CHANGES.value, False) not in open_verbs:
        cursor = feeds[CHANGES].cursor if CHANGES in feeds else ""
        rows.append(operation_row(turn, Verb.CHANGES, params={"cursor": cursor or ""}))
    # The listing starts once the change feed has its first position, so that nothing falls between.
    if listing_due and CHANGES in feeds and (Verb.CHANGES.value, True) not in open_verbs:
        rows.append(operation_row(turn, Verb.CHANGES, params={"full": "1"}, lane=Lane.CHANGES))
    if rows:
        turn.connection.execute(t.operations.insert(), rows)


def make_sign_in(turn: Turn) -> None:
    """A sign-in operation, unless one is open."""
    if (Verb.SIGN_IN.value, False) not in _open_verbs(turn):
        turn.connection.execute(t.operations.insert(), [operation_row(turn, Verb.SIGN_IN)])


def hurry(turn: Turn) -> None:
    """Ask for changes now instead of at the next sweep."""
    turn.connection.execute(
        t.feeds.update()
        .where(t.feeds.c.connection_id == turn.id, t.feeds.c.feed == CHANGES)
        .values(due_at=turn.now)
    )


def _feeds(turn: Turn) -> dict[str, Any]:
    query = sa.select(t.feeds).where(t.feeds.c.connection_id == turn.id)
    return {row.feed: row for row in turn.connection.execute(query)}


def _is_due(turn: Turn, feed: Any) -> bool:
    if feed is None or feed.due_at is None:
        return True
    longest = turn.scaled(turn.settings.sweep_seconds)
    # A clock that went back must not silence the feed.
    return bool(feed.due_at <= turn.now or feed.due_at > turn.now + 2 * longest)
