"""Parts: a payment may be several documents in the books, and what names them (returns, refunds, payouts) follows them.

What is not in the books yet waits for parts that are on their way or about to change, and is planned anew when a
change of the payment gives it other parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import Allocation, CustomerPayment, Document
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.payments import MAIN
from blueops_qb.domain.records import Payment, PaymentReturn, Payout, Record, Refund
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef, record_of, ref_of_key
from blueops_qb.engine import outbox
from blueops_qb.engine.known import Known
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: Whose part it is, what it comes to and what it settles beside what was refunded of it.
Parts = dict[DocumentKey, tuple[Any, ...]]


def first(
    turn: Turn, known: Mapping[RecordRef, Sequence[Known]], record: Record, revision: int
) -> Move | None:
    """What a record has to wait for that names parts which move, or a payment whose refund is on its way; else None."""
    if isinstance(record, Payment):
        return _refund_out(known, record, revision)
    if getattr(record, "void", False) or any(one.linked or one.open for one in known.get(record.ref, ())):
        return None
    match record:
        case PaymentReturn() | Refund():
            return _on_their_way(known, record, revision)
        case Payout():
            return _about_to_change(turn, known, record, revision)
        case _:
            return None


def _on_their_way(
    known: Mapping[RecordRef, Sequence[Known]], back: PaymentReturn | Refund, revision: int
) -> Move | None:
    """Each part of a payment gets a return or refund of its own; a part that waits for it is waited for by nobody.

    A return is of the one part that there is, a refund may be of another customer or job than what is on its way.
    What is to settle it cannot be written before it is there, and what was not sent yet is planned anew with it.
    """
    fewest = 2 if isinstance(back, PaymentReturn) else 1
    for payment in _payments_of(back):
        parts = [one for one in _main(known.get(payment, ())) if one.state != "withdrawn"]
        coming = [one for one in parts if not one.linked and one.busy and not _settles(one, back.ref)]
        if coming and len(parts) >= fewest:
            words = f"in {len(parts)} parts" if len(parts) > 1 else "to the books"
            return _waiting(back.ref, revision, payment, f"is on its way {words}")
    return None


def _refund_out(known: Mapping[RecordRef, Sequence[Known]], payment: Payment, revision: int) -> Move | None:
    """Of which part a refund is shows once it is there: the payment settles it with that one."""
    refunds = (back.by for back in payment.given_back if back.by.kind is RecordKind.REFUND)
    for refund in () if payment.void else refunds:
        if any(one.busy and not one.linked for one in known.get(refund, ())):
            return _waiting(payment.ref, revision, refund, "is on its way")
    return None


def _settles(part: Known, back: RecordRef) -> bool:
    """Whether a payment that is to be written settles that return or refund."""
    document = wire.load_document(part.kind, part.content)
    named = (ref for ref in refs_of(document) if not isinstance(ref, BooksRef))
    return any(record_of(ref) == back for ref in named)


def moves_after(
    known: Mapping[RecordRef, Sequence[Known]], record: Record, revision: int, result: Posted
) -> Move | None:
    """Where a return goes that is of another customer now while its payment settles it in the books as it was.

    The books link no two of different customers: the payment moves first, or a person moves both there.
    """
    if not isinstance(record, PaymentReturn) or record.void:
        return None
    (payment,) = _payments_of(record)
    settling = [_as_agreed(part) for part in known.get(payment, ()) if part.linked]
    for one in known.get(record.ref, ()):
        before, after = _whose(_as_agreed(one)), _whose(result.documents.get(one.key))
        if not one.linked or after is None or before == after:
            continue
        for document in settling:
            named = refs_of(document) if isinstance(document, CustomerPayment) else ()
            whose = _whose(document)
            if ref_of_key(one.key) in named and whose not in (None, after):
                return _waiting(record.ref, revision, payment, f"settles it as {whose}'s in the books")
    return None


def _as_agreed(known: Known) -> Document | None:
    return wire.load_document(known.kind, known.base_ours) if known.base_ours else None


def _whose(document: Document | None) -> RecordRef | None:
    """Whose money it is, where that is one of ours."""
    party = getattr(document, "payee", None) or getattr(document, "customer", None)
    return party if isinstance(party, RecordRef) else None


def _about_to_change(
    turn: Turn, known: Mapping[RecordRef, Sequence[Known]], payout: Payout, revision: int
) -> Move | None:
    """The books freeze a payment once it is deposited: what is to change about it goes first."""
    there = [ref for ref in _payments_of(payout) if any(one.linked or one.busy for one in known.get(ref, ()))]
    changing = about_to_change(turn, there)
    return _waiting(payout.ref, revision, changing, "changes in the books first") if changing else None


def about_to_change(
    turn: Turn, payments: Sequence[RecordRef], *, but_for: RecordRef | None = None
) -> RecordRef | None:
    """One of the payments with an event that is not planned yet or waits, for another record than `but_for`."""
    if not payments:
        return None
    o = t.outbox
    query = (
        sa.select(o.c.ref_id)
        .where(
            o.c.tenant_id == turn.tenant_id,
            outbox.ref_condition(o.c.ref_kind, o.c.ref_id, payments),
            o.c.state.in_([State.PENDING.value, State.WAITING.value]),
            sa.or_(o.c.waits_for.is_(None), o.c.waits_for != str(but_for)),
        )
        .order_by(o.c.id)
        .limit(1)
    )
    id = turn.connection.execute(query).scalar()
    return None if id is None else RecordRef(RecordKind.PAYMENT, id)


def _payments_of(record: PaymentReturn | Refund | Payout) -> list[RecordRef]:
    match record:
        case PaymentReturn():
            return [RecordRef(RecordKind.PAYMENT, record.payment_id)]
        case Payout():
            return [RecordRef(RecordKind.PAYMENT, id) for id in record.payment_ids]
        case Refund():
            return [part.of for part in record.parts if part.of.kind is RecordKind.PAYMENT]


def _waiting(ref: RecordRef, revision: int, awaited: RecordRef, why: str) -> Move:
    return Move(
        ref=ref,
        revision=revision,
        state=State.WAITING,
        hold=Hold.BUSY,
        reason=f"waits for {awaited}, which {why}",
        waits_for=str(awaited),
    )


def _main(documents: Iterable[Known]) -> list[Known]:
    return [one for one in documents if one.key.role == MAIN]


# -- other parts than before ---------------------------------------------------------------------------
def of(documents: Iterable[Known]) -> Parts:
    """The parts of a payment as they are, or are to be, in the books."""
    found: Parts = {}
    for one in _main(documents):
        document = wire.load_document(one.kind, one.content) if one.state != "withdrawn" else None
        if isinstance(document, CustomerPayment):
            settled = tuple(part for part in document.allocations if not _is_refund(part))
            found[one.key] = (document.customer, document.amount, settled)
    return found


def _is_refund(part: Allocation) -> bool:
    return not isinstance(part.invoice, BooksRef) and record_of(part.invoice).kind is RecordKind.REFUND


def moved(turn: Turn, payments: Sequence[Payment]) -> None:
    """These have other parts than before: payouts and refunds that wait to be written are planned on the new ones."""
    if not payments:
        return
    d, lk, o = t.documents, t.links, t.operations
    names = [f'"{payment.ref}{end}' for payment in payments for end in ('"', "/")]
    refunds = [back.by for p in payments for back in p.given_back if back.by.kind is RecordKind.REFUND]
    holds = sa.or_(*(d.c.content.contains(name, autoescape=True) for name in names))
    payouts = sa.and_(d.c.source_kind == RecordKind.PAYOUT.value, holds)
    linked = sa.exists().where(lk.c.document_id == d.c.id, lk.c.state == "live")
    query = (
        sa.select(o.c.id, d.c.source_kind, d.c.source_id)
        .select_from(o.join(d, d.c.id == o.c.document_id))
        .where(
            o.c.connection_id == turn.id,
            o.c.state == "ready",
            sa.or_(payouts, outbox.ref_condition(d.c.source_kind, d.c.source_id, refunds)),
            ~linked,
        )
    )
    waiting = {
        row.id: RecordRef(RecordKind(row.source_kind), row.source_id)
        for row in turn.connection.execute(query)
    }
    if not waiting:
        return
    turn.connection.execute(
        o.update()
        .where(o.c.id.in_(sorted(waiting)))
        .values(state="cancelled", reason="a payment that it names has other parts now", closed_at=turn.now)
    )
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=sorted(set(waiting.values())),
        states=[State.WAITING],
    )
