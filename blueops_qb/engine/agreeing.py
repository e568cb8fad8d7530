"""Agreeing: what both sides count as agreed from now on, in whole or in single fields, and what that releases."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs

from blueops_qb.domain.beside import FIELDS
from blueops_qb.domain.compare import with_fields
from blueops_qb.domain.documents import Document
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import outbox, subledger
from blueops_qb.engine.known import Known
from blueops_qb.engine.link_rows import close_conflicts, set_link
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.sides import Sides, agreed_beside
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

Pairs = tuple[tuple[str, str], ...]
#: What a payout waits for while the books show it with other money (`deposited.moved_there`).
_DEPOSITED = (BooksKind.PAYMENT, BooksKind.SALES_RECEIPT)


def agree(
    turn: Turn,
    known: Known,
    row: Any,
    *,
    ours: Document | None = None,
    pairs: Pairs | None = None,
    equal: bool = False,
) -> None:
    """Both sides agree on what the mirror's `row` shows (and on `ours`, if given); waiting events are planned again.

    `pairs` of line ids, or that lines are `equal` in order, as in `sides.agreed_beside`.
    """
    said = ours or (wire.load_document(known.kind, known.base_ours) if known.base_ours else None)
    # Seen and compared: whatever was in doubt about it no longer is.
    values: dict[str, Any] = {"version": row["version"], "base_theirs": row["document"], "doubtful": ""}
    if said is not None:
        values["beside"] = agreed_beside(
            turn, said, row["beside"], known.beside, pairs=pairs, equal=equal and pairs is None
        )
    if ours is not None:
        text = values["base_ours"] = wire.dump_document(ours)
        turn.connection.execute(t.documents.update().where(t.documents.c.id == known.id).values(content=text))
        shown = wire.load_document(known.kind, row["document"])
        subledger.post(turn, [subledger.Entry(document_id=known.id, revision=known.revision, document=shown)])
    moved = row["version"] != known.version
    set_link(turn, known, **values)
    close_conflicts(turn, known, "both sides agree again")
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=[known.key.source],
        states=[State.WAITING, State.CONFLICT, State.HELD],
        holds=[Hold.BUSY, Hold.REMOVED],
    )
    if moved and known.kind in _DEPOSITED:
        # Put back over there as it was, it is no event; the payout that waits for it goes on.
        outbox.wake(turn.connection, turn.tenant_id, [known.key.source], turn.now)


def agree_on(
    turn: Turn, sides: Sides, fields: Collection[str], *, ours: Document, pairs: Pairs | None = None
) -> None:
    """Both sides agree on these fields, as `ours` and the books have them; all else stays where it was."""
    known = sides.known
    assert known.base_theirs is not None
    names = {field.name for field in attrs.fields(type(ours))} & set(fields)
    compared = names - set(sides.fields)
    theirs = wire.load_document(known.kind, sides.text)
    base = with_fields(wire.load_document(known.kind, known.base_theirs), theirs, compared)
    beside = attrs.evolve(
        sides.then, **{f: getattr(sides.now, f) for f in FIELDS if f in names and f in sides.fields}
    )
    if "lines" in names:
        beside = attrs.evolve(beside, lines=sides.now.lines, pairs=beside.pairs if pairs is None else pairs)
    values = {
        "base_theirs": wire.dump_document(base),
        "base_ours": wire.dump_document(with_fields(sides.base, ours, names)),
    }
    if known.beside:
        values["beside"] = wire.dump(beside)
    set_link(turn, known, **values)
