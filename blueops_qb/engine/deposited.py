"""Deposited: a payment that came back, or did not after all, in a bank deposit, which the books freeze (code 6540).

The deposit takes it out for a moment (its amount stays, as a plain line), the payment is applied to what came
back, and the deposit takes it in again. Each step is an event of the payout or the payment that waits for the
other, so that nothing is lost between them: a payout whose deposit has let a payment go is never done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import BankDeposit, Document
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.deposits import LET_GO, let_go, returns_of
from blueops_qb.domain.records import Payment, PaymentReturn, Payout
from blueops_qb.domain.refs import BooksKind, BooksRef, OurRef, RecordKind, RecordRef, record_of, ref_of_key
from blueops_qb.engine.figures import total_in
from blueops_qb.engine.known import Known, load_by_place, load_known
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t


def relinks(record: object, mine: Sequence[Known]) -> TypeGuard[Payment]:
    """Whether the payment in the books has to settle another return than it does: it came back, or not after all.

    A return that was recorded in error, or whose check was presented again and paid, is settled no more; the payment
    may come back a second time then. A deposit that is a sales receipt there settles nothing: a refund receipt gives
    it back.
    """
    if not isinstance(record, Payment) or any(k.linked and k.kind is BooksKind.SALES_RECEIPT for k in mine):
        return False
    return returns_of(record) != _settled_returns(mine)


def freed(turn: Turn, record: Payment, revision: int, mine: Sequence[Known]) -> Move | None:
    """Where the event of a payment that `relinks` goes while a deposit holds it; None when it may be written."""
    ref = record.ref
    what = "came back" if returns_of(record) else "did not come back after all"
    held_by = _payouts(turn, mine, holding=True)
    closed = _closed_deposit(turn, held_by)
    if closed is not None:
        return Move(
            ref=ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.REFUSED,
            reason=f"{ref} {what}, but it is part of the bank deposit of {closed.date}, in a closed period",
            remedy="Apply it in QuickBooks: open the payment there and tick what came back instead of its invoices, or "
            "the other way round; or move the closing date for a moment and retry.",
        )
    if held_by:
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
    theirs = _their_deposit(turn, mine)
    if theirs is not None:
        return Move(
            ref=ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.REFUSED,
            reason=f"{ref} {what}, but in QuickBooks it is part of {theirs}, which BlueOps did not make",
            remedy="Take it out of that deposit in QuickBooks, retry, and put it back there afterwards.",
        )
    return None


def still_moving(known: Mapping[RecordRef, Sequence[Known]], record: object) -> RecordRef | None:
    """A payment of a payout that is being written: what the payout comes to is not known yet."""
    ids = record.payment_ids if isinstance(record, Payout) else ()
    refs = (RecordRef(RecordKind.PAYMENT, id) for id in ids)
    return next((ref for ref in refs if any(one.open for one in known.get(ref, ()))), None)


def moved_there(
    turn: Turn,
    record: Payout,
    revision: int,
    result: Posted,
    known: Mapping[RecordRef, Sequence[Known]],
) -> Move | None:
    """Where a payout goes that takes in a payment which the books show with other money than both agreed on.

    A deposit takes a payment in as it stands there, whatever it is sent with, so it would come to something else. Which
    amount is right is settled first; all else that differs of a payment is no matter of its deposit.
    """
    held = {name for one in known.get(record.ref, ()) if one.linked for name in _taken_in(_agreed(one))}
    names = {name for document in result.documents.values() for name in _taken_in(document)} - held
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


def _agreed(known: Known) -> Document:
    return wire.load_document(known.kind, known.base_ours or known.content)


def _taken_in(document: Document) -> set[OurRef]:
    """The payments of ours that a deposit holds."""
    lines = document.lines if isinstance(document, BankDeposit) and not document.void else ()
    return {
        line.payment for line in lines if line.payment is not None and not isinstance(line.payment, BooksRef)
    }


def _money_of(document: Document) -> str:
    return "nothing" if getattr(document, "void", False) else total_in(document)


def let_go_first(turn: Turn, back: PaymentReturn, revision: int) -> Move | None:
    """A return that is taken back waits until a payment in a deposit settles its invoices again; None: it need not."""
    payment = RecordRef(RecordKind.PAYMENT, back.payment_id)
    mine = list(load_known(turn.connection, turn.id, [payment]).values())
    if back.ref not in _settled_returns(mine):
        return None
    if not (_payouts(turn, mine, holding=True) or _payouts(turn, mine, holding=False)):
        return None
    return _waiting(back, revision, payment, "settles it in the books still")


def _waiting(back: PaymentReturn, revision: int, payment: RecordRef, why: str) -> Move:
    return Move(
        ref=back.ref,
        revision=revision,
        state=State.WAITING,
        hold=Hold.BUSY,
        reason=f"waits for {payment}, which {why}",
        waits_for=str(payment),
    )


def _settled_returns(mine: Sequence[Known]) -> frozenset[RecordRef]:
    """What the payment in the books settles of what came back, as both sides agreed last."""
    found: set[RecordRef] = set()
    for known in mine:
        if not known.linked or known.kind is not BooksKind.PAYMENT or _RETURN not in (known.base_ours or ""):
            continue
        document = wire.load_document(known.kind, known.base_ours or "")
        found |= {record_of(ref) for ref in refs_of(document) if not isinstance(ref, BooksRef)}
    return frozenset(ref for ref in found if ref.kind is RecordKind.PAYMENT_RETURN)


#: How a document's text names a returned payment.
_RETURN = f'"{RecordKind.PAYMENT_RETURN.value}:'


def _closed_deposit(turn: Turn, payouts: Sequence[RecordRef]) -> BankDeposit | None:
    """A deposit of these payouts that lies in the closed period."""
    closing = turn.profile.closing_date
    if closing is None or not payouts:
        return None
    for known in load_known(turn.connection, turn.id, payouts).values():
        document = wire.load_document(known.kind, known.content)
        if known.linked and isinstance(document, BankDeposit) and document.date <= closing:
            return document
    return None


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
