"""Undo: takes out of the books what is provably ours, through the ordinary doors and only once, and takes that back.

Asking again goes on where a half-failed undo ended. What was undone is not written again by the next event or the core
sweep: only a person takes an undo back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.documents import CreditMemo, Document, kind_of
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef, ref_of_key
from blueops_qb.domain.reversal import UNDO_ROLE, UNDO_ROLES, UNDO_SETTLED, settled_by
from blueops_qb.engine import reclass_back
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.plan_anew import let_wait, plan_anew
from blueops_qb.engine.plan_rows import PlanRows
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.undo_candidates import Candidate
from blueops_qb.engine.undo_moves import with_what_came_back
from blueops_qb.engine.undo_plan import UndoPlan, candidates, told
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id


class PlanMoved(Exception):
    """What would be undone is not what a person was shown any more; the sentence says so."""


class CannotTakeBack(ValueError):
    """An undo cannot be taken back now; the sentence says why."""


def apply(
    turn: Turn,
    *,
    actor: str,
    refs: Sequence[RecordRef] = (),
    since: dt.datetime | None = None,
    exchange_id: str = "",
    backfill_id: int | None = None,
    shown: str | None = None,
) -> UndoPlan:
    """Plan anew in this turn and start what the plan says; answers the plan that is carried out.

    With `shown`, the mark of the plan that a person confirmed, nothing is done when the plan is another one by now:
    raises PlanMoved. Raises TooMuch for more documents than one undo looks at.
    """
    chosen = candidates(turn, refs=refs, since=since, exchange_id=exchange_id, backfill_id=backfill_id)
    if shown is not None and told(turn, chosen).mark != shown:
        raise PlanMoved(
            "something of it has moved since the plan was shown. Look at it again, then confirm it."
        )
    steps = [one for one in chosen if not one.reason]
    rows = PlanRows(turn=turn, known={one.known.key: one.known for one in chosen})
    for one in steps:
        _start(turn, rows, one, actor)
    rows.write()
    _reopen(turn, steps)
    return told(turn, chosen)


def go_on(turn: Turn, source: RecordRef) -> str:
    """An undo that was asked for and is not on its way (any more) starts anew; answers why it cannot, if so.

    The books refuse a version that moved meanwhile, also where only a payment of ours was taken off: what they show now
    is judged once more, and only what still is as we wrote it goes.
    """
    chosen = candidates(turn, refs=[source])
    asked = [one for one in chosen if one.known.undone == "asked"]
    by = turn.connection.execute(
        sa.select(t.undos.c.document_id, t.undos.c.asked_by).where(
            t.undos.c.document_id.in_([one.known.id for one in asked]), t.undos.c.state == "asked"
        )
    )
    actors = {row.document_id: row.asked_by for row in by}
    rows = PlanRows(turn=turn, known={one.known.key: one.known for one in chosen})
    for one in asked:
        if not one.reason:
            _start(turn, rows, one, actors[one.known.id])
    rows.write()
    return next((one.reason for one in asked if one.reason), "")


def _start(turn: Turn, rows: PlanRows, one: Candidate, actor: str) -> None:
    """One document's operation and its row; one that was asked for before and did not go through starts anew."""
    known = one.known
    if known.undone == "asked" and known.ready_operation is not None:
        return
    # The version that the plan was made with: a later change there is refused by the books.
    known.version = one.row.version
    reversal_id = None
    if one.reversal is not None:
        reversal_id = _plan_reversal(turn, rows, one)
        if reversal_id is None:
            return
    else:
        waits = [rows.known[key] for key in one.after if rows.known[key].undone != "done"]
        rows.withdraw([known], _revision(turn, known), after=waits)
    u = t.undos
    if known.undone:
        values = {"asked_by": actor, "asked_at": turn.now, "way": one.way.value, "reversal_id": reversal_id}
        turn.connection.execute(
            u.update().where(u.c.document_id == known.id, u.c.state == "asked").values(**values)
        )
    else:
        row = {
            "id": new_id(),
            "connection_id": turn.id,
            "document_id": known.id,
            "generation": known.generation,
            "way": one.way.value,
            "reversal_id": reversal_id,
            "state": "asked",
            "asked_by": actor,
            "asked_at": turn.now,
        }
        insert_all(turn.connection, u, [row])
    turn.note("undo asked", str(known.key.source), numbers=f"{known.place} {one.way.value}", actor=actor)


def _plan_reversal(turn: Turn, rows: PlanRows, one: Candidate) -> int | None:
    """The documents that reverse another one and settle it with that, under keys of their own.

    Answers the one with which the undo ends; None when nothing of it is left to be written.
    """
    assert one.reversal is not None
    source, part = one.known.key.source, one.known.generation
    key = DocumentKey(source, UNDO_ROLE, part)
    known = load_known(turn.connection, turn.id, [source])
    last = _planned(rows, key, one.reversal, known.get(key), _revision(turn, one.known))
    settling = _settling(turn, one, key)
    if settling is None:
        return last
    key = DocumentKey(source, UNDO_SETTLED, part)
    ended = _planned(rows, key, settling, known.get(key), _revision(turn, one.known))
    if ended is not None:
        # What settles the document itself must have let it go first.
        waits = [rows.known[child] for child in one.after if rows.known[child].undone != "done"]
        operation = rows.known[key].ready_operation
        rows._after += [{"operation_id": operation, "document_id": other.id} for other in waits]
    return ended


def _settling(turn: Turn, one: Candidate, by: DocumentKey) -> Document | None:
    """What lets a reversal settle what it reverses; None where there is nothing to settle, or the books do it."""
    assert one.reversal is not None
    assert one.document is not None
    if turn.profile.auto_apply_credits and isinstance(one.reversal, CreditMemo):
        return None
    total = getattr(one.reversal, "total", None)
    key = one.known.key
    name = key.source if key.source.kind is RecordKind.EXPENSE else ref_of_key(key)
    found = settled_by(one.document, name, one.reversal, by, total) if total else None
    return found if found is not None and kind_of(found) in turn.description.removals else None


def _planned(
    rows: PlanRows, key: DocumentKey, document: Document, known: Known | None, revision: int
) -> int | None:
    """Have a document of the undo created; None when it is there or on its way already."""
    content = wire.dump_document(document)
    if known is not None:
        rows.known[key] = known
        if known.linked or known.open:
            return None
        if known.state == "withdrawn":
            known.generation += 1
        rows._change(known, content, revision, state="open")
    else:
        known = rows._new(key, document, content, revision)
    rows._operate(known, Verb.CREATE, document, content, revision)
    return known.id


def _revision(turn: Turn, known: Known) -> int:
    """The newest revision that an event of the record bears, so that the operation moves all of them."""
    o = t.outbox
    newest = turn.connection.execute(
        sa.select(sa.func.max(o.c.revision)).where(
            o.c.tenant_id == turn.tenant_id,
            o.c.ref_kind == known.key.source.kind.value,
            o.c.ref_id == known.key.source.id,
        )
    ).scalar_one_or_none()
    return max(known.revision, newest or 0)


def _reopen(turn: Turn, steps: Iterable[Candidate]) -> None:
    """The newest event of each record shows that its undo is on its way."""
    for source in dict.fromkeys(one.known.key.source for one in steps):
        let_wait(turn, source, "queued: it is taken out of the books, as a person asked")


# -- when it has landed --------------------------------------------------------------------------------
def settled(turn: Turn, document_ids: Iterable[int]) -> dict[RecordRef, str]:
    """Documents were taken out, or reversals written: close their undos. Answers the reason for each record's event."""
    ids = sorted(set(document_ids))
    if not ids:
        return {}
    u, d = t.undos, t.documents
    query = (
        sa.select(
            u.c.id, u.c.document_id, u.c.way, u.c.asked_by, u.c.asked_at, d.c.source_kind, d.c.source_id
        )
        .select_from(u.join(d, d.c.id == u.c.document_id))
        .where(
            u.c.state == "asked",
            # A reversed document itself lands when it is changed; only its reversal ends the undo.
            sa.or_(sa.and_(u.c.document_id.in_(ids), u.c.reversal_id.is_(None)), u.c.reversal_id.in_(ids)),
        )
    )
    rows = turn.connection.execute(query).all()
    if not rows:
        return {}
    turn.connection.execute(
        u.update().where(u.c.id.in_([row.id for row in rows])).values(state="done", closed_at=turn.now)
    )
    reclass_back.take_back(turn, [row.document_id for row in rows])
    found: dict[RecordRef, str] = {}
    for row in rows:
        ref = RecordRef.parse(f"{row.source_kind}:{row.source_id}")
        turn.note("undone", str(ref), numbers=row.way)
        found[ref] = told_reason(row)
    return found


def told_reason(row: Any) -> str:
    """Why a record is not in the books (any more)."""
    done = "reversed in the books" if row.way == "reverse" else "taken out of the books"
    return f"{done} by undo, as {row.asked_by} asked on {row.asked_at:%Y-%m-%d %H:%M} UTC"


# -- taking it back ------------------------------------------------------------------------------------
def take_back(turn: Turn, refs: Sequence[RecordRef], *, actor: str) -> int:
    """Have undone records written again; answers how many documents. Raises CannotTakeBack."""
    refs = with_what_came_back(turn, refs)
    known = [k for k in load_known(turn.connection, turn.id, refs).values() if k.undone]
    for one in known:
        if one.busy:
            raise CannotTakeBack(f"{one.key} is on its way; wait for the answer, then take it back")
    for one in known:
        _take_back_one(turn, one)
    for source in dict.fromkeys(one.key.source for one in known):
        turn.note("undo taken back", str(source), actor=actor)
        if not plan_anew(turn, source):
            raise CannotTakeBack(f"{source}: what it said was erased, and BlueOps does not have it any more")
    return len(known)


def _take_back_one(turn: Turn, known: Known) -> None:
    u, o, lk, m, d = t.undos, t.operations, t.links, t.mirror, t.documents
    row = turn.connection.execute(
        sa.select(u).where(u.c.document_id == known.id, u.c.state != "taken_back")
    ).one()
    turn.connection.execute(u.update().where(u.c.id == row.id).values(state="taken_back", closed_at=turn.now))
    others = load_known(turn.connection, turn.id, [known.key.source]).values()
    mine = [known.id, *(other.id for other in others if other.key.role in UNDO_ROLES)]
    waiting = sa.and_(o.c.state == "ready", o.c.document_id.in_(mine))
    turn.connection.execute(
        o.update()
        .where(waiting)
        .values(state="cancelled", closed_at=turn.now, reason="its undo was taken back")
    )
    if row.state != "done" or row.reversal_id is not None or not known.linked:
        return  # a reversal is withdrawn by planning, what was deleted is created anew
    # It is still there, void or inactive: ours is right, and is written on what they show now.
    theirs = turn.connection.execute(
        sa.select(m.c.version, m.c.document).where(
            m.c.connection_id == turn.id, m.c.kind == known.kind.value, m.c.books_id == known.books_id
        )
    ).one()
    turn.connection.execute(
        lk.update()
        .where(lk.c.id == known.link_id)
        .values(base_ours=None, base_theirs=theirs.document, version=theirs.version)
    )
    turn.connection.execute(d.update().where(d.c.id == known.id).values(state="linked"))
