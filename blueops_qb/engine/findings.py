"""Findings: what reads, look-ups, change pages and catalogs brought, and where their cursors stand."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import ledger
from blueops_qb.engine.due import CATALOG, CHANGES, LISTING, compare_all, operation_row
from blueops_qb.engine.known import Known, load_by_place
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.mirroring import COMPARED
from blueops_qb.engine.profile_change import take_profile
from blueops_qb.engine.sweep_pace import sweep_pace
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.unsettled import READING
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import BooksRecord, Found
from blueops_qb.sdk.provider import Lane, Operation, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all, upsert


def take_found(landing: Landing, operation: Operation, found: Found) -> None:
    """Store records, confirm deletions by a read, move the cursor of a page that is stored with it."""
    turn = landing.turn
    full = bool(operation.params.get("full"))
    # What exists when we go live has been matched; only what comes later is an arrival.
    usual = "listing" if turn.row["state"] == "matching" else _origin(operation)
    compare = operation.verb is not Verb.CATALOG and (not full or bool(operation.params.get("compare")))
    live_since, live = turn.row["live_since"], turn.row["state"] != "matching"
    for record in found.records:
        if operation.verb in (Verb.CHANGES, Verb.LEDGER) and not full and landing.has(record):
            continue
        origin = usual
        if full and compare and live_since and _came_later(landing, record, live_since):
            origin = "changes"  # it came while the feed could not tell
        # Books whose lists hold their parties show there, first of all, who is new or has changed.
        news = operation.verb is Verb.CATALOG and live and record.kind in COMPARED
        landing.show(record, origin="changes" if news else origin, compare=compare or news)
    if operation.verb is Verb.READ and operation.kind is not None:
        _read_again(landing, operation, found)
    _deletions(landing, operation, found)
    if found.profile is not None:
        before = turn.profile if turn.row["profile_json"] else None
        turn.set(profile_json=wire.dump(found.profile), company_name=found.profile.company_name)
        if before is not None:
            take_profile(turn, before, found.profile)
    if operation.verb is Verb.CATALOG and found.complete:
        turn.set(catalog_at=turn.now)
        due_at = turn.now + turn.scaled(turn.settings.catalog_seconds)
        row = {
            "connection_id": turn.id,
            "feed": CATALOG,
            "cursor": "",
            "moved_at": turn.now,
            "due_at": due_at,
        }
        upsert(turn.connection, t.feeds, [row])
    if operation.verb is Verb.LEDGER:
        ledger.take(turn, operation, found)
    if operation.verb is Verb.CHANGES:
        _move_cursor(landing, operation, found, full=full)


#: What the listing of the first day shows whole, and what is taken into BlueOps when it is entered later.
_LISTED = (BooksKind.CUSTOMER, BooksKind.PAYMENT)


def _came_later(landing: Landing, record: BooksRecord, live_since: dt.datetime) -> bool:
    """A record that a comparison shows was entered after the first day; their clock may be behind ours."""
    if record.updated_at is not None and record.updated_at >= live_since:
        return True
    if record.kind not in _LISTED or landing.knows(record.ref):
        return False
    f = t.feeds
    listed = sa.select(f.c.feed).where(f.c.connection_id == landing.turn.id, f.c.feed == LISTING)
    return landing.turn.connection.execute(listed).first() is not None


def _origin(operation: Operation) -> str:
    if operation.params.get("full") or operation.verb is Verb.CATALOG:
        return "listing"
    return "lookup" if operation.verb is Verb.FIND else "changes"


def _deletions(landing: Landing, operation: Operation, found: Found) -> None:
    turn = landing.turn
    if operation.verb is Verb.FIND:
        # Created and deleted since: what was never seen may be what is being looked for.
        for ref in found.deleted:
            if not landing.knows(ref):
                landing.deleted(ref, origin="lookup")
        return
    # What is known to be gone is not read again, however often windows that overlap show it.
    known = load_by_place(
        turn.connection, turn.id, [ref for ref in found.deleted if not landing.is_gone(ref)]
    )
    rows = [
        operation_row(turn, Verb.READ, kind=ref.kind, target_id=ref.id, lane=Lane.CHANGES) for ref in known
    ]
    if rows:
        turn.connection.execute(t.operations.insert(), rows)
    for ref in found.deleted:
        if ref not in known and not landing.is_gone(ref):
            landing.deleted(ref)


def _move_cursor(landing: Landing, operation: Operation, found: Found, *, full: bool) -> None:
    turn = landing.turn
    if found.too_old:
        # The feed no longer reaches back: everything is listed and compared instead.
        numbers = operation.params.get("cursor", "")
        turn.note("feed too old", f"connection {turn.id}", numbers=numbers, reason=found.message)
        compare_all(turn, since=_position(turn))
    if not found.complete and not found.too_old:
        return
    if operation.params.get("compare"):
        _look_after_unseen(landing, dt.datetime.fromisoformat(operation.params["started"]))
        return
    feed = LISTING if full else CHANGES
    span = dt.timedelta(days=3650) if full else turn.scaled(sweep_pace(turn).seconds)
    row = {
        "connection_id": turn.id,
        "feed": feed,
        "cursor": found.cursor if found.cursor is not None else operation.params.get("cursor", ""),
        "moved_at": turn.now,
        "due_at": turn.now + span,
    }
    upsert(turn.connection, t.feeds, [row])


def _refused_before(landing: Landing, known: Known, version: str) -> bool:
    """The same version has been refused as out of date more than once."""
    o = t.operations
    query = sa.select(sa.func.count()).where(
        o.c.document_id == known.id, o.c.state == "cancelled", o.c.version == version
    )
    return int(landing.turn.connection.execute(query).scalar_one()) > 1


def _position(turn: Turn) -> str:
    """Where the change feed stands; a page of a split window has another start."""
    f = t.feeds
    query = sa.select(f.c.cursor).where(f.c.connection_id == turn.id, f.c.feed == CHANGES)
    return str(turn.connection.execute(query).scalar_one_or_none() or "")


def _look_after_unseen(landing: Landing, started: dt.datetime) -> None:
    """Linked records that a full comparison did not show are read one by one: they may have been deleted."""
    turn, lk, m = landing.turn, t.links, t.mirror
    shown = landing.shown()
    query = (
        sa.select(lk.c.books_kind, lk.c.books_id)
        .select_from(
            lk.outerjoin(
                m,
                sa.and_(
                    m.c.connection_id == lk.c.connection_id,
                    m.c.kind == lk.c.books_kind,
                    m.c.books_id == lk.c.books_id,
                ),
            )
        )
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            sa.or_(m.c.seen_at.is_(None), m.c.seen_at < started),
        )
    )
    refs = [BooksRef(BooksKind(row.books_kind), row.books_id) for row in turn.connection.execute(query)]
    rows = [
        operation_row(turn, Verb.READ, kind=ref.kind, target_id=ref.id, lane=Lane.BULK)
        for ref in refs
        if ref not in shown
    ]
    insert_all(turn.connection, t.operations, rows)


def _read_again(landing: Landing, operation: Operation, found: Found) -> None:
    """A record whose existence or version was in doubt has been read."""
    assert operation.kind is not None
    place = BooksRef(operation.kind, operation.target_id)
    lk = t.links
    landing.turn.connection.execute(
        lk.update()
        .where(
            lk.c.connection_id == landing.turn.id,
            lk.c.books_kind == place.kind.value,
            lk.c.books_id == place.id,
            lk.c.state == "live",
            lk.c.doubtful == READING,
        )
        .values(doubtful="")
    )
    known = load_by_place(landing.turn.connection, landing.turn.id, [place]).get(place)
    if known is None:
        return
    landing.read_again(known)
    refused = operation.params.get("refused")
    same = refused is not None and any(r.ref == place and r.version == refused for r in found.records)
    if same and _refused_before(landing, known, str(refused)):
        landing.hold(
            known.key.source,
            int(operation.params["revision"]),
            "the books refuse the change as out of date, but show the very version it was based on",
            "Open it in the books and look whether it may be changed (closed period, reconciled), then retry.",
        )
