"""Reclass back: what was moved of a document comes back when the document itself is taken out.

A void, an undo or a removal takes what stands on the accounts that the document was posted to. What a journal entry has
moved from there would stay on both accounts for good.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.posting.allocations import CORRECTED
from blueops_qb.domain.posting.kinds import BESIDE
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef
from blueops_qb.engine.moves import BACK, alive_moves
from blueops_qb.engine.newest import newest
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.reclass import announce, record_of, rows_of
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.what_if import Cents, Line
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all

_CHUNK = 400


def take_back(
    turn: Turn, document_ids: Sequence[int], *, day: dt.date | None = None
) -> tuple[RecordRef, ...]:
    """Move back what is moved of these documents, which are taken out; one entry for each move that it comes from.

    Answers the entries, of the day of that move or of `day`; a closed period is left to the policy. What was moved
    back before is not moved again.
    """
    standing = _standing(turn, sorted(set(document_ids)))
    made: list[RecordRef] = []
    for move, documents in sorted(standing.items()):
        snapshot = newest(turn, RecordRef(RecordKind.RECLASS, move))
        record = snapshot.record if snapshot is not None else None
        # What the move said may be erased by now.
        known_day = record.date if isinstance(record, Reclass) else turn.now.astimezone(turn.zone).date()
        id = _fresh_id(turn, move)
        sums: Cents = Counter()
        rows: list[dict[str, Any]] = []
        for document_id, lines in documents.items():
            back: Cents = Counter({line: -cents for line, cents in lines.items()})
            sums.update(back)
            rows += rows_of(turn, id, document_id, back)
        insert_all(turn.connection, t.moved, rows)
        many = "1 document" if len(documents) == 1 else f"{len(documents)} documents"
        memo = f"Takes back what was moved of {many} taken out since"
        back_move = record_of(turn, id, day or known_day, sums, memo)
        if back_move.lines:
            announce(turn, back_move, "engine")
            made.append(back_move.ref)
            turn.note("move taken back", str(back_move.ref), numbers=f"{move}, {len(documents)} documents")
    return tuple(made)


def reversed_in_open_period(turn: Turn, reversals: Iterable[Ready]) -> None:
    """These took back documents that stay in their closed period: so is what was moved of them, on the same day."""
    d = t.documents
    for ready in reversals:
        key = DocumentKey.parse(ready.row.marker.rpartition(".")[0])
        query = sa.select(d.c.id, d.c.role, d.c.part).where(
            d.c.connection_id == turn.id,
            d.c.source_kind == key.source.kind.value,
            d.c.source_id == key.source.id,
        )
        before = [
            row.id
            for row in turn.connection.execute(query)
            if row.role not in BESIDE or (row.role == CORRECTED and row.part < key.part)
        ]
        take_back(turn, before, day=getattr(ready.document, "date", None))


def left_out(turn: Turn, move: RecordRef) -> None:
    """A move was left out over there, so what was taken back of it comes back as well."""
    m = t.moved
    query = sa.select(m.c.document_id).where(m.c.connection_id == turn.id, m.c.reclass_id == move.id)
    take_back(turn, list(turn.connection.execute(query.distinct()).scalars()))


def _standing(turn: Turn, document_ids: Sequence[int]) -> dict[str, dict[int, Cents]]:
    """What is moved of these documents by each move, less what was taken back of it; nothing for most of them."""
    m = t.moved
    found: dict[str, dict[int, Cents]] = {}
    alive: frozenset[str] | None = None
    for start in range(0, len(document_ids), _CHUNK):
        query = sa.select(m).where(m.c.document_id.in_(document_ids[start : start + _CHUNK]))
        for row in turn.connection.execute(query):
            alive = alive_moves(turn.connection, turn.id) if alive is None else alive
            if row.reclass_id in alive:
                documents = found.setdefault(row.reclass_id.partition(BACK)[0], {})
                where = Line(row.account, row.customer, row.class_id, row.location_id)
                documents.setdefault(row.document_id, Counter())[where] += row.cents
    standing = {
        move: {id: Counter({at: c for at, c in lines.items() if c}) for id, lines in documents.items()}
        for move, documents in found.items()
    }
    return {
        move: {id: lines for id, lines in documents.items() if lines}
        for move, documents in standing.items()
        if any(documents.values())
    }


def _fresh_id(turn: Turn, move: str) -> str:
    m = t.moved
    start = f"{move}{BACK}"
    query = sa.select(sa.func.count(m.c.reclass_id.distinct())).where(
        m.c.connection_id == turn.id, m.c.reclass_id.startswith(start, autoescape=True)
    )
    return f"{start}{int(turn.connection.execute(query).scalar_one()) + 1}"
