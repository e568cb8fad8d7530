"""Planning: from the newest state of changed records to operations that are ready to go.

A record is compared with what its documents were when both sides last agreed; create, update, withdraw or
nothing follows. Records that a document names are planned with it when they have no place in the books yet.
"""

from __future__ import annotations

import logging
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.posting.context import Blocked, NotPosted, Posted
from blueops_qb.domain.records import Credit, Payment, Payout, Record
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import (
    arrived_deposits,
    card_refunds,
    deposited,
    from_before,
    incoming,
    left_over,
    match_links,
    outbox,
    parts,
    plain_deposits,
    prepaid,
    relinked,
    undo,
)
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.newest import newest as newest_of
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.related import named_there, read_related
from blueops_qb.engine.removed_here import removed
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.sweep import row_of
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.write_plan import WritePlan
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Action, Event
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)
KINDS = frozenset(kind.value for kind in RecordKind)


@attrs.frozen(kw_only=True)
class Changed:
    """The newest pending event of a record."""

    ref: RecordRef
    revision: int
    event: Event
    #: Queued by a backfill: it goes below live work.
    bulk: bool = False

    @property
    def record(self) -> Record | None:
        return self.event.record


def plan(turn: Turn, *, deposits: bool = True) -> int:
    """Plan pending events of the connection's tenant; answers how many records were looked at.

    With `deposits` those that are to let a payment go now are planned at once: a session may end with this round.
    """
    if turn.row["state"] not in ("live", "matching"):
        return 0
    # Before the books are live nothing goes out but what a person approved from a template.
    changed, moves = _newest(turn, only=None if turn.row["state"] == "live" else RecordKind.LIST_ENTRY)
    made: WritePlan | None = None
    ended: list[RecordRef] = []
    if changed:
        more, ended, made = _plan_changed(turn, changed)
        moves += more
        credits = {c.record: c.event.action for c in changed if isinstance(c.record, Credit)}
        card_refunds.moved_here(turn, credits)
        card_refunds.let_go(turn, [credit for credit, what in credits.items() if what is Action.UPDATED])
    outbox.move(turn.connection, turn.tenant_id, moves, turn.now)
    outbox.wake(turn.connection, turn.tenant_id, ended, turn.now)
    # A payout waits for what changes about its payments, not for a person, nor for a payment that waits for it.
    still = [m.ref for m in moves if deposited.lets_go_next(m) or m.state is State.HELD]
    payments = [ref for ref in still if ref.kind is RecordKind.PAYMENT]
    outbox.wake(turn.connection, turn.tenant_id, payments, turn.now, only=RecordKind.PAYOUT)
    if made is not None:
        parts.moved(turn, made.parted)
        left_over.look(turn, [c.ref for c in changed if c.ref.kind is RecordKind.JOB])
    if made is not None and made.anew:
        # Whoever opens the conflicts page now sees what has just moved.
        incoming.compare_dirty(turn)
    rest = plan(turn, deposits=False) if deposits and any(map(deposited.lets_go_next, moves)) else 0
    return len(changed) + len(moves) + rest


def _newest(turn: Turn, *, only: RecordKind | None = None) -> tuple[list[Changed], list[Move]]:
    o = t.outbox
    query = (
        sa.select(o.c.id, o.c.ref_kind, o.c.ref_id, o.c.revision, o.c.payload, o.c.backfill_id)
        .where(
            o.c.tenant_id == turn.tenant_id,
            o.c.state == State.PENDING.value,
            *([] if only is None else [o.c.ref_kind == only.value]),
        )
        .order_by(o.c.backfill_id.is_not(None), o.c.id)
        .limit(turn.settings.plan_batch)
    )
    newest: dict[RecordRef, tuple[int, str]] = {}
    older: set[RecordRef] = set()
    live: set[RecordRef] = set()
    for row in turn.connection.execute(query):
        if row.ref_kind not in KINDS:
            _unknown_kind(turn, row)
            continue
        ref = RecordRef(RecordKind(row.ref_kind), row.ref_id)
        if ref in newest:
            older.add(ref)
        if row.backfill_id is None:
            live.add(ref)
        if ref not in newest or row.revision >= newest[ref][0]:
            newest[ref] = (row.revision, row.payload) if row.payload else _as_it_is_now(turn, ref, row)
    changed: list[Changed] = []
    moves: list[Move] = []
    for ref, (revision, payload) in newest.items():
        try:
            event = wire.load_event(payload, f"the event of {ref}")
            if (event.ref, event.revision) != (ref, revision):
                raise wire.Malformed(
                    f"the event of {ref}", [f"$.ref: it is about {event.ref} r{event.revision}"]
                )
        except wire.Malformed as problem:
            moves.append(malformed(ref, revision, problem))
            continue
        changed.append(Changed(ref=ref, revision=revision, event=event, bulk=ref not in live))
    outbox.supersede(
        turn.connection, turn.tenant_id, [(c.ref, c.revision) for c in changed if c.ref in older], turn.now
    )
    return changed, moves


def _as_it_is_now(turn: Turn, ref: RecordRef, row: Any) -> tuple[int, str]:
    """The revision and the payload of an event that retention has emptied and that is planned again (`retention`)."""
    snapshot = newest_of(turn, ref)
    if snapshot is None:
        return row.revision, row.payload
    now = attrs.evolve(snapshot, revision=max(snapshot.revision, row.revision))
    return now.revision, str(row_of(turn.tenant_id, now, turn.now)["payload"])


def _unknown_kind(turn: Turn, row: Any) -> None:
    """A row of a kind that this release does not know stops nobody else."""
    o = t.outbox
    reason = f"{row.ref_kind}:{row.ref_id}: this release does not know records of the kind “{row.ref_kind}”"
    turn.connection.execute(
        o.update()
        .where(o.c.id == row.id)
        .values(
            state=State.HELD.value,
            hold=Hold.MALFORMED.value,
            reason=reason,
            remedy="Install the release that wrote it, then retry.",
            at=turn.now,
        )
    )


def malformed(ref: RecordRef, revision: int, problem: wire.Malformed) -> Move:
    """A payload that cannot be read is held with the list of problems."""
    return Move(
        ref=ref,
        revision=revision,
        state=State.HELD,
        hold=Hold.MALFORMED,
        reason=f"{ref}: core handed over an event that cannot be read: {'; '.join(problem.problems)}",
        remedy="Correct the record in BlueOps and save it again, or report the problem to BlueOps support.",
    )


def _plan_changed(turn: Turn, changed: list[Changed]) -> tuple[list[Move], list[RecordRef], WritePlan]:
    """Where the events go, what has come to an end, and what was planned."""
    records = [c.record for c in changed if c.record is not None]
    related = read_related(turn.read_all, records)
    decided = match_links.decided_papers(turn, [c.ref for c in changed])
    linked, blocked = match_links.link_papers(turn, decided)
    refs = [*(c.ref for c in changed), *(ref for ref in related if ref not in {c.ref for c in changed})]
    known = load_known(turn.connection, turn.id, refs)
    missing = named_there(records, known) - set(related)
    if missing:
        related |= read_related(turn.read_all, [], also=missing)
        known |= load_known(turn.connection, turn.id, missing)
    # Older events that were planned already are replaced as well, unless they are on their way.
    planned = {k.key.source for k in known.values()} - {k.key.source for k in known.values() if k.busy}
    outbox.supersede(
        turn.connection, turn.tenant_id, [(c.ref, c.revision) for c in changed if c.ref in planned], turn.now
    )
    plan = WritePlan(
        turn=turn,
        known=known,
        snapshots=related,
        refs=tuple(c.ref for c in changed),
        looked={*refs, *missing},
        from_before=from_before.among(turn, [c.record for c in changed if c.record is not None])
        - {r for r, row in decided.items() if row.chosen == "create"},
        decided={
            c.ref: move
            for c in changed
            if c.ref in decided
            and c.ref not in linked
            and (move := from_before.as_decided(c.ref, c.revision, decided[c.ref], blocked.get(c.ref)))
            is not None
        },
    )
    moves = [move for c in changed if (move := _plan_apart(turn, plan, c)) is not None]
    plan.write()
    return moves, _ended(plan, moves), plan


def _ended(plan: WritePlan, moves: list[Move]) -> list[RecordRef]:
    """Records that come to an end without being written, of which others may wait to hear.

    For a payment wait the bank deposit that let it go for a moment, and what takes it as a customer deposit; for what
    is not in the books any more, or is there as it was after all, wait those that it kept from being written. The
    payments that wait for a deposit to let them go hear of it once it has (`deposited`).
    """
    return [move.ref for move in moves if _ends(plan, move)]


def _ends(plan: WritePlan, move: Move) -> bool:
    if move.state not in (State.DONE, State.NOT_POSTED):
        return False
    known = plan.by_source.get(move.ref, ())
    return move.ref.kind is not RecordKind.PAYOUT or not any(one.linked for one in known)


def _plan_apart(turn: Turn, plan: WritePlan, change: Changed) -> Move | None:
    """Plan one record; a defect of ours in it holds this record and nobody else."""
    mark = plan.mark()
    try:
        return _plan_one(turn, plan, change)
    except Exception as problem:
        log_trouble(log, "%s could not be planned", change.ref, problem=problem)
        plan.back_to(mark)
        return Move(
            ref=change.ref,
            revision=change.revision,
            state=State.HELD,
            hold=Hold.DEFECT,
            reason=f"{change.ref} could not be planned: {type(problem).__name__}: {problem}",
            remedy="Report it to BlueOps support with this sentence; retry after the next update.",
        )


def _plan_one(turn: Turn, plan: WritePlan, change: Changed) -> Move | None:
    mine = [k for k in plan.known.values() if k.key.source == change.ref]

    def move(state: State, reason: str | None = None, **more: Any) -> Move:
        return Move(ref=change.ref, revision=change.revision, state=state, reason=reason, **more)

    if any(k.busy for k in mine):
        return move(State.WAITING, "its previous change is still on its way", hold=Hold.BUSY)
    if doubts := [k.doubtful for k in mine if k.doubtful]:
        plan.show_anew(mine)
        return move(State.WAITING, doubts[0], hold=Hold.BUSY)
    if undone := [k for k in mine if k.undone]:
        return _undone(plan.turn, change, undone)
    if any(k.state == "unlinked" for k in mine):
        return move(State.NOT_POSTED, "a person has unlinked it from the books")
    if any(k.state == "doubtful" for k in mine):
        return move(
            State.HELD,
            f"{change.ref}: it may be in the books already",
            remedy="Choose on the conflicts page: link the one that is there, or create it again.",
            hold=Hold.EXISTENCE,
        )
    gone = removed(plan, change.ref, change.event, change.revision, mine)
    if gone is not None:
        return gone
    assert change.record is not None
    if not mine and change.ref in plan.decided:
        return plan.decided[change.ref]
    plan.bulk = change.bulk
    if not mine and change.ref in plan.from_before:
        return move(
            State.HELD,
            f"{change.ref} is from before the books were connected and may be in them already",
            remedy="Leave it if it is there. To have older records written, set “post from” on the policy page, or "
            "start a backfill.",
            hold=Hold.MATCH,
        )
    waits = (
        prepaid.after_deposit(turn, change.record, change.revision, plan.by_source, plan.snapshots)
        or parts.first(turn, plan.by_source, change.record, change.revision)
        or deposited.let_go_first(turn, change.record, change.revision, mine)
    )
    if waits is not None:
        return waits
    if isinstance(change.record, Payout) and change.record.void:
        if (kept := arrived_deposits.not_deleted(turn, change.record, change.revision, mine)) is not None:
            return kept
        arrived_deposits.look_again(turn, change.record)
    let_go = relinked.to_let_go(turn, change.record, mine, plan.snapshots)
    result = post_record(turn, change.record, plan.snapshots, mine, known=plan.by_source, let_go=let_go)
    match result:
        case Blocked() if waits := deposited.blocked(
            turn, change.record, change.revision, plan.snapshots, plan.by_source
        ):
            return waits
        case Blocked():
            hold = Hold.MAPPING if result.missing else Hold.REFUSED
            return move(State.HELD, _named(change.ref, result.reason), remedy=result.remedy, hold=hold)
        case NotPosted():
            return move(State.NOT_POSTED, result.reason)
        case Posted():
            waits = parts.moves_after(
                plan.by_source, change.record, change.revision, result
            ) or deposited.freed(turn, change.record, change.revision, result, plan.by_source)
            if waits is not None:
                return waits
            if isinstance(change.record, Payout) and not change.record.void:
                here = plain_deposits.there_already(turn, change.record, change.revision, result, mine)
                if here is not None:
                    return here
                waits = deposited.moved_there(turn, change.record, change.revision, result, plan.by_source)
                if waits is not None:
                    return waits
            before = parts.of(mine)
            added = plan.add(change.ref, change.revision, result, mine, echo=change.event.cause is not None)
            if isinstance(change.record, Payment) and before and before != parts.of(plan.of(change.ref)):
                plan.parted.append(change.record)
            return deposited.waits_to_take_in(added, result)


def _undone(turn: Turn, change: Changed, undone: list[Known]) -> Move:
    """A record that a person had taken out of the books is written again when a person says so, not before."""
    asked = [k for k in undone if k.undone == "asked"]
    why = "" if any("ready" in k.open for k in asked) or not asked else undo.go_on(turn, change.ref)
    if asked and not why:
        reason = "queued: it is taken out of the books, as a person asked"
        return Move(ref=change.ref, revision=change.revision, state=State.WAITING, reason=reason)
    if asked:
        return Move(
            ref=change.ref,
            revision=change.revision,
            state=State.HELD,
            hold=Hold.PERSON,
            reason=f"{change.ref}: its undo did not go through: {why}",
            remedy=f"Run `blueops-qb undo {change.ref}` again, or take the undo back.",
        )
    return Move(
        ref=change.ref,
        revision=change.revision,
        state=State.NOT_POSTED,
        reason="taken out of the books by undo; it is written again when somebody takes the undo back",
    )


def _named(ref: RecordRef, reason: str) -> str:
    return reason if str(ref.id) in reason else f"{ref}: {reason}"
