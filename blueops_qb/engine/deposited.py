"""Deposited: a payment in a bank deposit, which the books freeze (code 6540), settles something else from now on.

It came back, or did not after all; part of it was refunded; its rest is applied to a later invoice. The deposit takes
it out for a moment (its amount stays, as a plain line), the payment is applied as it is to be, and the deposit takes it
in again. Each step is an event of the payout or the payment that waits for the other, so that nothing is lost between
them: a payout whose deposit has let a payment go is never done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import Document
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.deposits import LET_GO, let_go, returns_of
from blueops_qb.domain.records import Invoice, Payment, PaymentReturn, Payout, Record, Refund
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef, record_of, ref_of_key
from blueops_qb.engine import parts
from blueops_qb.engine.figures import total_in
from blueops_qb.engine.known import Known, load_by_place, load_known
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.engine.relinked import (
    agreed_on,
    by_record,
    closed_deposit,
    not_there,
    relinked,
    settled,
    settled_returns,
    taken_in,
)
from blueops_qb.engine.rule_room import post_as_open
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t


def freed(
    turn: Turn,
    record: Record,
    revision: int,
    result: Posted,
    known: Mapping[RecordRef, Sequence[Known]],
) -> Move | None:
    """Where the event of a payment goes that is `relinked` while a deposit holds it; None when it may be written."""
    mine = known.get(record.ref, ())
    moving = relinked(turn, record, result, mine)
    if not moving:
        return None
    assert isinstance(record, Payment)
    ref, what = record.ref, _what(record, mine)
    frozen = [one for one in mine if one.key in moving]
    held_by = _payouts(turn, frozen, holding=True)
    closed = closed_deposit(turn, held_by)
    if closed is not None:
        return Move(
            ref=ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.REFUSED,
            reason=f"{ref} {what}, but it is part of the bank deposit of {closed.date}, in a closed period",
            remedy="Apply it in QuickBooks: open the payment there and tick what it settles in BlueOps, or move the "
            "closing date for a moment and retry.",
        )
    theirs = None if held_by else _their_deposit(turn, frozen)
    if theirs is not None:
        return Move(
            ref=ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.REFUSED,
            reason=f"{ref} {what}, but in QuickBooks it is part of {theirs}, which BlueOps did not make",
            remedy="Take it out of that deposit in QuickBooks, retry, and put it back there afterwards.",
        )
    if not held_by:
        return None
    if (awaited := not_there(record, result, moving, known)) is not None:
        return _waiting(ref, revision, awaited, "is not in the books yet")
    for payout in held_by:
        plan_anew(turn, payout, only=(State.DONE, State.WAITING))
    return Move(
        ref=ref,
        revision=revision,
        state=State.WAITING,
        hold=Hold.BUSY,
        reason=f"waits for {held_by[0]}: its bank deposit lets it go for a moment",
        waits_for=str(held_by[0]),
    )


def lets_go_next(move: Move) -> bool:
    """A payment that waits for its deposit to let it go, which is planned anew."""
    payout = f"{RecordKind.PAYOUT.value}:"
    return move.ref.kind is RecordKind.PAYMENT and (move.waits_for or "").startswith(payout)


def blocked(
    turn: Turn,
    record: Record,
    revision: int,
    snapshots: dict[RecordRef, Snapshot],
    known: Mapping[RecordRef, Sequence[Known]],
) -> Move | None:
    """Where the event of a payment or payout goes that the rules block only for its deposit; None: they say why.

    A payment that settles something else now, in the deposit of a closed period; a payout of payments that move.
    """
    moving = _still_moving(turn, known, record)
    if moving is not None:
        return _waiting(record.ref, revision, moving, "is on its way")
    if not isinstance(record, Payment) or turn.profile.closing_date is None:
        return None
    result = post_as_open(turn, record, snapshots, list(known.get(record.ref, ())), known=known)
    if not isinstance(result, Posted):
        return None
    move = freed(turn, record, revision, result, known)
    return move if move is not None and move.state is State.HELD else None


def _what(record: Payment, mine: Sequence[Known]) -> str:
    """What became of a payment, in words that follow its name."""
    wanted, there = returns_of(record), settled_returns(mine)
    if wanted != there:
        return "came back" if wanted else "did not come back after all"
    return "settles something else now"


def _still_moving(turn: Turn, known: Mapping[RecordRef, Sequence[Known]], record: object) -> RecordRef | None:
    """A payment of a payout that changes in the books, or is about to: what the payout comes to is not known yet.

    One that waits for that payout itself is none of them.
    """
    if not isinstance(record, Payout):
        return None
    refs = [RecordRef(RecordKind.PAYMENT, id) for id in record.payment_ids]
    writing = (ref for ref in refs if any(one.open or one.doubtful for one in known.get(ref, ())))
    return next(writing, None) or parts.about_to_change(turn, refs, but_for=record.ref)


def moved_there(
    turn: Turn,
    record: Payout,
    revision: int,
    result: Posted,
    known: Mapping[RecordRef, Sequence[Known]],
) -> Move | None:
    """Where a payout goes that takes in a payment which the books show with other money than both agreed on.

    A deposit takes a payment in as it stands there, whatever it is sent with, so it would come to something else, or
    does already where both have not agreed on it: a person chose to send ours. Which amount is right is settled first;
    all else that differs of a payment is no matter of its deposit.
    """
    there = [one for one in known.get(record.ref, ()) if one.linked and one.base_ours is not None]
    held = {name for one in there for name in taken_in(agreed_on(one))}
    names = {name for document in result.documents.values() for name in taken_in(document)} - held
    sources = {record_of(name) for name in names}
    by_place = {
        one.place: one
        for source in sources
        for one in known.get(source, ())
        if one.linked and one.base_theirs and not one.open and ref_of_key(one.key) in names
    }
    m = t.mirror
    query = sa.select(m.c.kind, m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.books_id.in_([place.id for place in by_place]),
        m.c.document.is_not(None),
    )
    for row in turn.connection.execute(query) if by_place else ():
        place = BooksRef(BooksKind(row.kind), row.books_id)
        payment = by_place.get(place)
        if payment is None or row.document == payment.base_theirs:
            continue
        agreed, shown = (
            _money_of(wire.load_document(place.kind, text))
            for text in (payment.base_theirs or "", row.document)
        )
        if agreed != shown:
            ref = payment.key.source
            return Move(
                ref=record.ref,
                revision=revision,
                state=State.WAITING,
                hold=Hold.BUSY,
                reason=f"waits for {ref}, which was changed in QuickBooks ({agreed} before, {shown} now)",
                waits_for=str(ref),
            )
    return None


def _money_of(document: Document) -> str:
    return "nothing" if getattr(document, "void", False) else total_in(document)


def let_go_first(turn: Turn, record: Record, revision: int, mine: Sequence[Known]) -> Move | None:
    """What was taken back waits until a payment in a deposit settles it no more; None: it need not.

    A return in all books; a refund or an invoice where they freeze what is deposited.
    """
    frozen = turn.description.freezes_deposited
    match record:
        case PaymentReturn(void=True):
            payments = [RecordRef(RecordKind.PAYMENT, record.payment_id)]
        case Refund(void=True) if frozen:
            payments = [part.of for part in record.parts if part.of.kind is RecordKind.PAYMENT]
        case Invoice(void=True) if frozen and any(one.linked for one in mine):
            payments = _settling(turn, record)
        case _:
            return None
    for payment, its in by_record(load_known(turn.connection, turn.id, payments)).items():
        if record.ref not in settled(its):
            continue
        if _payouts(turn, its, holding=True) or _payouts(turn, its, holding=False):
            return _waiting(record.ref, revision, payment, "settles it in the books still")
    return None


def _settling(turn: Turn, invoice: Invoice) -> list[RecordRef]:
    """The payments that settle an invoice in the books."""
    d, lk = t.documents, t.links
    query = (
        sa.select(d.c.source_id)
        .select_from(d.join(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
        .where(
            d.c.connection_id == turn.id,
            d.c.source_kind == RecordKind.PAYMENT.value,
            sa.or_(*(lk.c.base_ours.contains(f'"{invoice.ref}{end}', autoescape=True) for end in ('"', "/"))),
        )
        .distinct()
    )
    return [RecordRef(RecordKind.PAYMENT, id) for id in turn.connection.execute(query).scalars()]


def _waiting(ref: RecordRef, revision: int, awaited: RecordRef, why: str) -> Move:
    return Move(
        ref=ref,
        revision=revision,
        state=State.WAITING,
        hold=Hold.BUSY,
        reason=f"waits for {awaited}, which {why}",
        waits_for=str(awaited),
    )


def waits_to_take_in(move: Move, result: Posted) -> Move:
    """Where the event of a payout goes that is as wanted for now: one that has let a payment go waits for that one."""
    apart = [ref for document in result.documents.values() for ref in let_go(document)]
    if move.state is not State.DONE or not apart:
        return move
    reason = f"waits for {apart[0]}, which its bank deposit has let go for a moment"
    return attrs.evolve(move, state=State.WAITING, reason=reason, waits_for=str(apart[0]))


def lets_go(turn: Turn, refs: Iterable[RecordRef]) -> set[RecordRef]:
    """Those payouts of `refs` whose deposit in the books has let a payment go: they are looked at again at once.

    That payment may have been written before them, or beside them.
    """
    ids = [ref.id for ref in refs if ref.kind is RecordKind.PAYOUT]
    if not ids:
        return set()
    query = _deposits().where(
        t.documents.c.connection_id == turn.id,
        t.documents.c.source_id.in_(ids),
        t.links.c.base_ours.contains(LET_GO, autoescape=True),
    )
    return {RecordRef(RecordKind.PAYOUT, id) for id in turn.connection.execute(query).scalars()}


def _payouts(turn: Turn, mine: Sequence[Known], *, holding: bool) -> list[RecordRef]:
    """Payouts of these payments whose deposit in the books holds them, or has let them go."""
    names = {str(ref_of_key(known.key)) for known in mine if known.key.role == "main"}
    words = {f'"{name}"' if holding else f'{LET_GO}{name}"' for name in names}
    if not words:
        return []
    query = _deposits().where(
        t.documents.c.connection_id == turn.id,
        sa.or_(*(t.links.c.base_ours.contains(word, autoescape=True) for word in sorted(words))),
    )
    return [RecordRef(RecordKind.PAYOUT, id) for id in turn.connection.execute(query).scalars()]


def _deposits() -> sa.Select[str]:
    """Ids of payouts that are in the books."""
    d, lk = t.documents, t.links
    return (
        sa.select(d.c.source_id)
        .select_from(d.join(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
        .where(d.c.source_kind == RecordKind.PAYOUT.value)
    )


def _their_deposit(turn: Turn, mine: Sequence[Known]) -> BooksRef | None:
    """A deposit that holds one of the payments and is none of ours."""
    m = t.mirror
    ids = [known.books_id for known in mine if known.linked and known.kind is BooksKind.PAYMENT]
    query = sa.select(m.c.linked).where(
        m.c.connection_id == turn.id, m.c.kind == BooksKind.PAYMENT.value, m.c.books_id.in_(ids)
    )
    prefix = f"{BooksKind.DEPOSIT.value}#"
    named: list[Any] = [
        BooksRef(BooksKind.DEPOSIT, word.removeprefix(prefix))
        for linked in turn.connection.execute(query).scalars()
        for word in (linked or "").split()
        if word.startswith(prefix)
    ]
    ours = load_by_place(turn.connection, turn.id, named)
    return next((place for place in named if place not in ours), None)
