"""Overrides desk: keeps how a bookkeeper coded the lines of a document, and shows it."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.overrides import LineOverride
from blueops_qb.engine.sides import Sides
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all


def keep(turn: Turn, sides: Sides, overrides: tuple[LineOverride, ...]) -> None:
    """Make these the overrides of the document, and no others."""
    if set(map(wire.dump, overrides)) == set(map(wire.dump, sides.known.overrides)):
        return
    store(turn, sides.known.id, overrides, version=sides.version)
    lines = ", ".join(o.line_id or "head" for o in overrides)
    turn.note("coding kept", str(sides.known.key.source), numbers=f"{sides.known.place} {lines or 'none'}")


def store(turn: Turn, document_id: int, overrides: tuple[LineOverride, ...], *, version: str) -> None:
    """Write the overrides of a document in place of those that it had."""
    v = t.line_overrides
    turn.connection.execute(v.delete().where(v.c.document_id == document_id))
    rows: list[dict[str, Any]] = [
        {
            "document_id": document_id,
            "line_id": override.line_id,
            "connection_id": turn.id,
            "content": wire.dump(override),
            "version": version,
            "noted_at": turn.now,
        }
        for override in overrides
    ]
    insert_all(turn.connection, v, rows)
