"""Undo of moves: a move between accounts and what was taken back of it go together, in either direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.moves import BACK
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.undo_candidates import Candidate
from blueops_qb.store import tables as t


def with_what_came_back(turn: Turn, refs: Sequence[RecordRef]) -> list[RecordRef]:
    """The records, and with each move between accounts what was taken back of it."""
    m, found = t.moved, list(refs)
    for ref in refs:
        if ref.kind is RecordKind.RECLASS and BACK not in ref.id:
            query = (
                sa.select(m.c.reclass_id)
                .where(
                    m.c.connection_id == turn.id,
                    m.c.reclass_id.startswith(f"{ref.id}{BACK}", autoescape=True),
                )
                .distinct()
                .order_by(m.c.reclass_id)
            )
            found += [RecordRef(RecordKind.RECLASS, id) for id in turn.connection.execute(query).scalars()]
    return list(dict.fromkeys(found))


def judge_moves(found: Iterable[Candidate]) -> None:
    """A move stays where something that came back of it stays, and that goes only with the move."""
    families: dict[str, list[Candidate]] = {}
    for one in found:
        source = one.known.key.source
        if source.kind is RecordKind.RECLASS and one.known.undone != "done":
            families.setdefault(source.id.partition(BACK)[0], []).append(one)
    for id, family in families.items():
        move = next((one for one in family if one.known.key.source.id == id), None)
        backs = [one for one in family if one is not move]
        if move is None:
            ref = RecordRef(RecordKind.RECLASS, id)
            for one in backs:
                one.keep(
                    f"it takes back what {ref} moved of documents that are not in the books any more",
                    f"Undo {ref} as a whole; what it took back of it goes with it.",
                )
            continue
        move.after = (*move.after, *(one.known.key for one in backs))
        stays = next((one for one in backs if one.reason), None)
        if stays is not None:
            move.keep(
                f"{stays.known.key}, which takes back a part of it, stays: {stays.reason}", stays.remedy
            )
        for one in backs:
            if move.reason:
                one.keep(
                    f"{move.known.key}, of which it takes back a part, stays: {move.reason}", move.remedy
                )
