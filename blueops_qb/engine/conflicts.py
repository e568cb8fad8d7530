"""Conflicts: what waits for a person's choice, one row per place and group, with who moved what and when."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.pulling import LineOption
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine.known import Known
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id


@attrs.frozen(kw_only=True)
class Movers:
    """Who moved each side last, as far as it is known, and when; empty = nobody knows."""

    ours_by: str = ""
    ours_at: dt.datetime | None = None
    theirs_by: str = ""
    theirs_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Shown:
    """What a conflict shows of a document: normal, as it was compared, with core's revision of ours."""

    base: str | None = None
    ours: str | None = None
    theirs: str | None = None
    revision: int | None = None


def whole_shown(known: Known, row: Any, snapshot: Snapshot | None) -> Shown:
    """What is shown of a record of which only the last agreement can be told of our side."""
    revision = None if snapshot is None else snapshot.revision
    return Shown(base=known.base_theirs, ours=known.base_ours, theirs=row["document"], revision=revision)


#: Who changed something over there, where the books do not say it.
A_BOOKKEEPER = "a bookkeeper"
REMEDY = "Choose on the conflicts page which side is right."


def their_mover(row: Any) -> Movers:
    """Who moved a record last over there, and when, as its row of the mirror tells; our side is left open."""
    facts = json.loads(row["facts_json"]) if row is not None and row["facts_json"] else {}
    return Movers(
        theirs_by=facts.get("changed_by", "") or A_BOOKKEEPER,
        theirs_at=row["updated_at"] if row is not None else None,
    )


def movers_of(turn: Turn, ref: RecordRef, row: Any) -> Movers:
    """Who moved a record last on our side (not counting what we brought there), and over there."""
    o = t.outbox
    query = (
        sa.select(o.c.payload, o.c.occurred_at)
        .where(
            o.c.tenant_id == turn.tenant_id,
            o.c.ref_kind == ref.kind.value,
            o.c.ref_id == ref.id,
            o.c.cause.is_(None),
        )
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(1)
    )
    event = turn.connection.execute(query).first()
    return attrs.evolve(
        their_mover(row),
        ours_by=_actor(event.payload) if event is not None else "",
        ours_at=event.occurred_at if event is not None else None,
    )


def _actor(payload: str) -> str:
    try:
        return str(json.loads(payload).get("actor", ""))
    except (ValueError, AttributeError):
        return ""


def open_conflict(
    turn: Turn,
    known: Known,
    row: Any,
    *,
    group: str,
    reason: str,
    cause: str = "overlap",
    shown: Shown | None = None,
    options: Sequence[LineOption] = (),
    remedy: str = REMEDY,
) -> None:
    """Open (or bring up to date) the conflict of a linked document; `row` is its row of the mirror."""
    shown = shown or Shown(base=known.base_theirs, ours=known.base_ours, theirs=row["document"])
    values = conflict_row(
        turn,
        cause=cause,
        place=known.place,
        ref=known.key.source,
        document_id=known.id,
        group=group[:32],
        base=shown.base,
        ours=shown.ours or known.base_ours,
        theirs=shown.theirs,
        reason=reason,
        remedy=remedy,
        movers=movers_of(turn, known.key.source, row),
        revision=shown.revision,
        version=row["version"],
        options=options,
    )
    write_conflicts(turn, [values])


def doubt_row(turn: Turn, ready: Ready, reason: str, remedy: str) -> dict[str, Any]:
    """A document of which nobody knows whether it is in the books, under its mark, as it has no place there yet."""
    return conflict_row(
        turn,
        cause="twice",
        place=BooksRef(BooksKind(ready.row.kind), ready.row.marker or str(ready.id)),
        ref=ready.source,
        document_id=ready.row.document_id,
        group="existence",
        revision=ready.row.revision,
        reason=f"{ready.source}: {reason}",
        remedy=remedy,
    )


def conflict_row(
    turn: Turn,
    *,
    cause: str,
    place: BooksRef,
    ref: RecordRef | None,
    document_id: int | None,
    group: str,
    reason: str,
    remedy: str,
    base: str | None = None,
    ours: str | None = None,
    theirs: str | None = None,
    movers: Movers | None = None,
    revision: int | None = None,
    version: str = "",
    options: Sequence[LineOption] = (),
) -> dict[str, Any]:
    """A row of the conflicts table."""
    movers = movers or Movers()
    return {
        "id": new_id(),
        "connection_id": turn.id,
        "cause": cause,
        "books_kind": place.kind.value,
        "books_id": place.id,
        "ref": str(ref) if ref else "",
        "document_id": document_id,
        "group": group,
        "base": base,
        "ours": ours,
        "theirs": theirs,
        "reason": reason,
        "remedy": remedy,
        "state": "open",
        "opened_at": turn.now,
        "ours_by": movers.ours_by,
        "ours_at": movers.ours_at,
        "theirs_by": movers.theirs_by,
        "theirs_at": movers.theirs_at,
        "revision": revision,
        "version": version,
        "options_json": wire.dump(list(options)) if options else "",
    }


#: What is brought up to date when a conflict that is open already is found again.
_FRESH = (
    "cause",
    "base",
    "ours",
    "theirs",
    "reason",
    "remedy",
    "ours_by",
    "ours_at",
    "theirs_by",
    "theirs_at",
    "revision",
    "version",
    "options_json",
)


def write_conflicts(turn: Turn, rows: list[dict[str, Any]]) -> None:
    """Insert conflicts; one that is open already for the same place and group is brought up to date."""
    c = t.conflicts
    for row in rows:
        updated = turn.connection.execute(
            c.update()
            .where(
                c.c.connection_id == turn.id,
                c.c.books_kind == row["books_kind"],
                c.c.books_id == row["books_id"],
                c.c.group == row["group"],
                c.c.state == "open",
            )
            .values({k: row[k] for k in _FRESH})
        )
        if not updated.rowcount:
            turn.connection.execute(c.insert(), row)
            turn.note(
                "conflict", row["ref"], numbers=f"{row['books_kind']}#{row['books_id']}", reason=row["reason"]
            )


def settled_itself(turn: Turn, place: BooksRef, group: str, because: str) -> None:
    """What was put to a person about a record of the books has settled itself."""
    c = t.conflicts
    turn.connection.execute(
        c.update()
        .where(
            c.c.connection_id == turn.id,
            c.c.books_kind == place.kind.value,
            c.c.books_id == place.id,
            c.c.group == group,
            c.c.state == "open",
        )
        .values(state="closed", closed_at=turn.now, choice=because)
    )
