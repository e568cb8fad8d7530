"""By hand: what a person may do with single records: try again, hold back, decide a match."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, RecordKind, RecordRef
from blueops_qb.engine import matching, outbox
from blueops_qb.engine.match_rows import ITEM
from blueops_qb.engine.match_sides import KINDS
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Holds that trying again does not cure: both sides are there and wait for a choice.
NEEDS_CHOICE = frozenset({Hold.VARIANCE.value, Hold.REMOVED.value})
#: States in which an event can be held back: nothing of it has left yet.
HOLDABLE = (State.PENDING, State.WAITING)


#: What a row of the match plan may be linked with.
_BOOKS_KINDS = {
    **{kind.value: books for kind, books in KINDS.items()},
    ITEM: BooksKind.ITEM,
}


class CannotHold(Exception):
    """A record cannot be held back now; the sentence says why."""


class CannotMatch(ValueError):
    """A decision on a match cannot be taken; the sentence says why and what to do."""


def retryable(state: State, hold: str) -> bool:
    """Whether trying again can help."""
    return state is State.HELD and hold not in NEEDS_CHOICE


def try_again(turn: Turn, refs: Sequence[RecordRef], *, actor: str) -> int:
    """Plan held records again; answers how many events. Those that wait for a choice are left as they are."""
    o = t.outbox
    query = sa.select(o.c.ref_kind, o.c.ref_id, o.c.hold).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.state == State.HELD.value,
        outbox.ref_condition(o.c.ref_kind, o.c.ref_id, refs),
    )
    cured: dict[RecordRef, bool] = {}
    for row in turn.connection.execute(query):
        ref = RecordRef(RecordKind(row.ref_kind), row.ref_id)
        cured[ref] = cured.get(ref, True) and retryable(State.HELD, row.hold or "")
    wanted = [ref for ref, helps in cured.items() if helps]
    if not wanted:
        return 0
    count = outbox.again(turn.connection, turn.tenant_id, turn.now, refs=wanted, states=[State.HELD])
    for ref in wanted:
        turn.note("tried again", str(ref), actor=actor)
    return count


def hold_back(turn: Turn, ref: RecordRef, *, actor: str, name: str = "") -> None:
    """Hold a record until somebody presses Retry or it changes in BlueOps; what was queued is taken back.

    Raises CannotHold when something of it is on its way, or when there is nothing to hold.
    """
    o = t.outbox
    newest = turn.connection.execute(
        sa.select(o.c.revision, o.c.state)
        .where(o.c.tenant_id == turn.tenant_id, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is None or State(newest.state) not in HOLDABLE:
        raise CannotHold(f"{ref} cannot be held back: nothing of it is waiting to be sent.")
    p, d = t.operations, t.documents
    documents = sa.select(d.c.id).where(
        d.c.connection_id == turn.id, d.c.source_kind == ref.kind.value, d.c.source_id == ref.id
    )
    moving = sa.select(p.c.id).where(p.c.document_id.in_(documents), p.c.state.in_(["out", "uncertain"]))
    if turn.connection.execute(moving.limit(1)).first() is not None:
        raise CannotHold(f"{ref} is on its way to the books already. Wait for the answer, then look again.")
    turn.connection.execute(
        p.update()
        .where(p.c.document_id.in_(documents), p.c.state == "ready")
        .values(state="cancelled", closed_at=turn.now, reason="held back by a person")
    )
    move = Move(
        ref=ref,
        revision=newest.revision,
        state=State.HELD,
        hold=Hold.PERSON,
        reason=f"{ref} was held back by {name or actor}",
        remedy="Press Retry when it may be sent. A change in BlueOps sends it as well.",
    )
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
    turn.note("held back", str(ref), actor=actor)


def match(
    turn: Turn,
    ref: RecordRef | str,
    decision: str,
    *,
    books_id: str = "",
    actor: str,
    carry_out: bool = True,
) -> None:
    """Decide one row of the match plan; raises CannotMatch for a target that is not there or taken.

    Without `carry_out` it is only written down: the caller calls `matching.after_deciding` once for many.
    """
    _check_unlinked(turn, ref)
    if decision == "link":
        _check_target(turn, ref, books_id)
    try:
        matching.decide(turn, ref, decision, books_id=books_id, actor=actor, carry_out=carry_out)
    except ValueError as problem:
        raise CannotMatch(f"{ref}: {problem}") from problem


def _check_unlinked(turn: Turn, row: RecordRef | str) -> None:
    """What is linked stays so, whatever the plan would say now: the row alone would change, and not the link."""
    ours, _, id = str(row).partition(":")
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.books_kind, lk.c.books_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            d.c.source_kind == ours,
            d.c.source_id == id,
        )
        .limit(1)
    )
    found = turn.connection.execute(query).one_or_none()
    if found is not None:
        kind = found.books_kind.replace("_", " ")
        raise CannotMatch(
            f"{row} is linked with {kind} {found.books_id} already, and records follow that link. If that is the "
            f"wrong {kind}, merge the two in QuickBooks: BlueOps follows the merge."
        )


def _check_target(turn: Turn, row: RecordRef | str, books_id: str) -> None:
    ref = str(row)
    ours, _, id = ref.partition(":")
    kind = _BOOKS_KINDS.get(ours)
    if kind is None:
        raise CannotMatch(f"{ref} is no row of a match plan: those are of {', '.join(_BOOKS_KINDS)}.")
    m, x, lk = t.mirror, t.matches, t.links
    name = turn.connection.execute(
        sa.select(m.c.name).where(
            m.c.connection_id == turn.id,
            m.c.kind == kind.value,
            m.c.books_id == books_id,
            m.c.deleted.is_(False),
        )
    ).scalar_one_or_none()
    if name is None:
        raise CannotMatch(f"{ref}: there is no {kind.value} {books_id} in the books. Choose from the list.")
    if kind is BooksKind.ITEM:
        return  # several keys may lead to one item
    same_kind = x.c.ref_kind.in_([name for name, other in _BOOKS_KINDS.items() if other is kind])
    other = turn.connection.execute(
        sa.select(x.c.name)
        .where(
            x.c.connection_id == turn.id,
            same_kind,
            x.c.books_id == books_id,
            x.c.decision.in_(["link", "?link"]),
            sa.or_(x.c.ref_kind != ours, x.c.ref_id != id),
        )
        .limit(1)
    ).scalar_one_or_none()
    linked = turn.connection.execute(
        sa.select(lk.c.id).where(
            lk.c.connection_id == turn.id,
            lk.c.books_kind == kind.value,
            lk.c.books_id == books_id,
            lk.c.state == "live",
        )
    ).first()
    if other is not None or linked is not None:
        by = f"“{other}” in BlueOps" if other is not None else "another record in BlueOps"
        raise CannotMatch(
            f"{ref}: “{name}” in the books is matched with {by} already, and one record belongs to one only. "
            "Choose another one, or change the other row first."
        )
