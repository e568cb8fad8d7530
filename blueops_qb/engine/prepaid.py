"""Prepaid: what uses up or gives back a customer deposit goes to the books after the deposit, never before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from blueops_qb.domain.policy import Prepaid
from blueops_qb.domain.records import Invoice, Payment, PaymentReturn, Record, Refund
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.known import Known
from blueops_qb.engine.outbox import OPEN_STATES, Hold, Move, State, ref_condition
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

#: A deposit that is held for one of these may stand in the books already, under a hand of its own.
_MAYBE_THERE = (Hold.MATCH.value, Hold.EXISTENCE.value)


def after_deposit(
    turn: Turn,
    record: Record,
    revision: int,
    known: Mapping[RecordRef, Sequence[Known]],
    snapshots: Mapping[RecordRef, Snapshot],
) -> Move | None:
    """Where the event of what takes a deposit goes while that is on its way or held; None: nowhere.

    Invoices, refunds and returns take the money out of the liability for deposits, which would be overdrawn without it.
    """
    if turn.policy.prepaid is not Prepaid.LIABILITY:
        return None
    missing = [ref for ref in _taken(record, snapshots) if not _has_been_there(known.get(ref, ()))]
    awaited = _awaited(turn, missing)
    if awaited is None:
        return None
    return Move(
        ref=record.ref,
        revision=revision,
        state=State.WAITING,
        hold=Hold.BUSY,
        reason=f"waits for {awaited}, the deposit that it takes, which is not in the books yet",
        waits_for=str(awaited),
    )


def _taken(record: Record, snapshots: Mapping[RecordRef, Snapshot]) -> list[RecordRef]:
    """The deposits that it uses up or gives back."""
    match record:
        case Invoice(void=False):
            ids = [line.deposit_id for line in record.deposits]
        case Refund(void=False) if record.deposit_for_job:
            ids = [part.of.id for part in record.parts if part.of.kind is RecordKind.PAYMENT]
        case PaymentReturn(void=False) if _is_deposit(record, snapshots):
            ids = [record.payment_id]
        case _:
            ids = []
    return [RecordRef(RecordKind.PAYMENT, id) for id in dict.fromkeys(ids) if id]


def _is_deposit(back: PaymentReturn, snapshots: Mapping[RecordRef, Snapshot]) -> bool:
    snapshot = snapshots.get(RecordRef(RecordKind.PAYMENT, back.payment_id))
    payment = None if snapshot is None else snapshot.record
    return isinstance(payment, Payment) and bool(payment.deposit_for_job) and not payment.void


def _has_been_there(documents: Sequence[Known]) -> bool:
    """It is in the books, or what became of it there is a person's matter."""
    return any(known.linked or known.state in ("doubtful", "unlinked") for known in documents)


def _awaited(turn: Turn, refs: Sequence[RecordRef]) -> RecordRef | None:
    if not refs:
        return None
    o = t.outbox
    query = (
        sa.select(o.c.ref_id)
        .where(
            o.c.tenant_id == turn.tenant_id,
            o.c.state.in_([state.value for state in OPEN_STATES]),
            sa.or_(o.c.hold.is_(None), o.c.hold.not_in(_MAYBE_THERE)),
            ref_condition(o.c.ref_kind, o.c.ref_id, refs),
        )
        .order_by(o.c.id)
        .limit(1)
    )
    id = turn.connection.execute(query).scalar()
    return None if id is None else RecordRef(RecordKind.PAYMENT, id)
