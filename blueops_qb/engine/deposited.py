"""Deposited: a returned payment that is part of a bank deposit, which the books freeze (code 6540).

The deposit takes it out for a moment (its amount stays, as a plain line), the payment is applied to what came
back, and the deposit takes it in again. Each step is an event of the payout or the payment that waits for the
other, so that nothing is lost between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import BankDeposit
from blueops_qb.domain.posting.deposits import LET_GO
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef, record_of, ref_of_key
from blueops_qb.engine.known import Known, load_by_place, load_known
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t


def is_returned(record: object) -> TypeGuard[Payment]:
    """Whether the payment came back."""
    return isinstance(record, Payment) and any(
        back.by.kind is RecordKind.PAYMENT_RETURN for back in record.given_back
    )


def freed(turn: Turn, record: Payment, revision: int, mine: Sequence[Known]) -> Move | None:
    """Where the event of a returned payment goes while a deposit holds it; None when it may be written.

    One that settles what came back already has been let go and taken in again: no deposit lets it go once more.
    """
    ref = record.ref
    if _settles_return(record, mine):
        return None
    held_by = _payouts(turn, mine, holding=True)
    closed = _closed_deposit(turn, held_by)
    if closed is not None:
        return Move(
            ref=ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.REFUSED,
            reason=f"{ref} came back, but it is part of the bank deposit of {closed.date}, in a closed period",
            remedy="Apply it in QuickBooks: open the payment there, take it off its invoices and tick what came "
            "back; or move the closing date for a moment and retry.",
        )
    if held_by:
        for payout in held_by:
            plan_anew(turn, payout, only=State.DONE)
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
            reason=f"{ref} came back, but in QuickBooks it is part of {theirs}, which BlueOps did not make",
            remedy="Take it out of that deposit in QuickBooks, retry, and put it back there afterwards.",
        )
    return None


def _settles_return(record: Payment, mine: Sequence[Known]) -> bool:
    """Whether the payment in the books is applied to what came back, as both sides agreed last."""
    back = {given.by for given in record.given_back if given.by.kind is RecordKind.PAYMENT_RETURN}
    for known in mine:
        if not known.linked or known.kind is not BooksKind.PAYMENT or not known.base_ours:
            continue
        document = wire.load_document(known.kind, known.base_ours)
        if back & {record_of(ref) for ref in refs_of(document) if not isinstance(ref, BooksRef)}:
            return True
    return False


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


def take_in_again(turn: Turn, ref: RecordRef, mine: Sequence[Known]) -> None:
    """Payouts that have let the payment go are planned again once it is written."""
    for payout in _payouts(turn, mine, holding=False):
        plan_anew(turn, payout, only=State.DONE, waits_for=ref)


def _payouts(turn: Turn, mine: Sequence[Known], *, holding: bool) -> list[RecordRef]:
    """Payouts of these payments whose deposit in the books holds them, or has let them go."""
    names = {str(ref_of_key(known.key)) for known in mine if known.key.role == "main"}
    d, lk = t.documents, t.links
    words = {f'"{name}"' if holding else f'{LET_GO}{name}"' for name in names}
    if not words:
        return []
    query = (
        sa.select(d.c.source_id)
        .select_from(d.join(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
        .where(
            d.c.connection_id == turn.id,
            d.c.source_kind == RecordKind.PAYOUT.value,
            sa.or_(*(lk.c.base_ours.contains(word, autoescape=True) for word in sorted(words))),
        )
    )
    return [RecordRef(RecordKind.PAYOUT, id) for id in turn.connection.execute(query).scalars()]


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
