"""Removed here: what becomes in the books of a record that was merged or deleted in BlueOps."""

from __future__ import annotations

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine.known import Known
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.write_plan import Moved, WritePlan
from blueops_qb.sdk.hooks import Action, Event


def removed(plan: WritePlan, ref: RecordRef, event: Event, revision: int, mine: list[Known]) -> Move | None:
    """What to do with a merged or deleted record; None when it is neither."""
    if event.action is Action.MERGED:
        if not any(k.linked for k in mine):
            plan.cancel(mine)
            return Move(
                ref=ref,
                revision=revision,
                state=State.NOT_POSTED,
                reason=f"merged into {event.merged_into} before it reached the books",
            )
        if all(plan.is_gone(k) for k in mine if k.linked):
            return Move(
                ref=ref,
                revision=revision,
                state=State.NOT_POSTED,
                # One that becomes active there again is looked at once more (`three_ways`).
                hold=Hold.MERGE,
                reason=f"merged into {event.merged_into} on both sides",
            )
        return Move(
            ref=ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.MERGE,
            reason=f"{ref} was merged into {event.merged_into} in BlueOps; the books still show both",
            remedy="Merge the two in QuickBooks as well (open one and give it the other's name), then retry.",
        )
    if event.record is not None:
        return None
    linked = [k for k in mine if k.linked]
    if not linked:
        plan.cancel(mine)
        return Move(
            ref=ref,
            revision=revision,
            state=State.NOT_POSTED,
            reason="deleted in BlueOps before it reached the books",
        )
    there = [k for k in linked if not plan.is_inactive(k)]
    if not there:
        return Move(ref=ref, revision=revision, state=State.DONE, reason="taken out on both sides")
    try:
        plan.withdraw(there, revision)
    except Moved as moved:
        return Move(ref=ref, revision=revision, state=State.WAITING, hold=Hold.BUSY, reason=str(moved))
    return Move(ref=ref, revision=revision, state=State.WAITING, reason="queued: taken out of the books")
