"""Conflicts: what waits for a person's choice, one row per place and group."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.refs import BooksRef, RecordRef
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id


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
) -> dict[str, Any]:
    """A row of the conflicts table."""
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
    }


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
            .values({k: row[k] for k in ("cause", "base", "ours", "theirs", "reason", "remedy")})
        )
        if not updated.rowcount:
            turn.connection.execute(c.insert(), row)
            turn.note(
                "conflict", row["ref"], numbers=f"{row['books_kind']}#{row['books_id']}", reason=row["reason"]
            )
