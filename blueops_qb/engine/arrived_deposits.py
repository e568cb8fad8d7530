"""Arrived deposits: bank deposits that a bookkeeper enters in the books over payments of ours become payouts.

The payments of a deposit have reached the bank then, once: one that BlueOps has a payout of already is that payout, if
it says the same to the cent, or waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of, unbind
from blueops_qb.domain.documents import BankDeposit, Document
from blueops_qb.domain.mapping import Mapping
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Payment, PaymentReturn, Payout, Refund
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.domain.reverse_deposits import payments_in, payout_from
from blueops_qb.engine import outbox, plain_deposits
from blueops_qb.engine.arrived_credits import Answer, NotTaken, link
from blueops_qb.engine.known import Known, load_known, sources_of
from blueops_qb.engine.link_rows import live_link
from blueops_qb.engine.mirroring import CAME, make_dirty
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, SavePayout
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t


def deposit(turn: Turn, row: Any) -> Answer:
    """A bank deposit of payments of ours becomes a payout; what it holds beside them is one sum of it."""
    document = _unbound(turn, row)
    payments = payments_in(document)
    if document.void:
        return True
    if not payments:
        return plain_deposits.arrived(turn, row, document)
    if _one_is_pending(turn):
        return False
    place = BooksRef(BooksKind.DEPOSIT, row["books_id"])
    what = f"bank deposit {place.id} of {document.total}"
    for known in _holding(turn, payments):
        if known.busy:
            return False
        payout = _payout(turn, known)
        if payout is not None:
            return _same_or_not(turn, row, document, known, payout)
    try:
        record = _payout_from(turn, document, None, turn.mapping)
    except NoPlace as problem:
        return NotTaken(what, f"it {problem}")
    answer = turn.tx.apply(SavePayout(record=record), expected_revision=None, key=f"{turn.id}:{place}:new")
    if not isinstance(answer, Applied):
        return NotTaken(what, getattr(answer, "why", "it moved meanwhile"))
    link(turn, row, DocumentKey(answer.ref), answer.revision, like=document)
    _opens_now(turn, payments)
    return True


def _opens_now(turn: Turn, payments: Iterable[RecordRef]) -> None:
    """A deposit that is a payout of ours lets payments go that were held as it was none (`deposited.freed`)."""
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=list(payments),
        states=[State.HELD],
        holds=[Hold.REFUSED],
    )


def _same_or_not(turn: Turn, row: Any, document: BankDeposit, known: Known, payout: Payout) -> Answer:
    """BlueOps has a payout of these payments already: this is it, to the cent, or a person looks at both."""
    what = f"bank deposit {row['books_id']} of {document.total}"
    if known.linked:
        where = "which was removed there" if known.doubtful else f"which is {known.place} there"
        return NotTaken(
            what,
            f"its payments are in {payout.ref} already, {where}; they reach the bank once, so settle that first",
        )
    try:
        shown = _payout_from(turn, document, payout, turn.mapping)
    except NoPlace as problem:
        return NotTaken(what, f"it {problem}")
    apart = [
        f"{name.replace('_', ' ')} {getattr(payout, name)} (QuickBooks: {getattr(shown, name)})"
        for name in ("date", "account_key", "payment_ids", "fees", "elsewhere", "net")
        if getattr(shown, name) != getattr(payout, name)
    ]
    if apart:
        return NotTaken(
            what,
            f"its payments are in {payout.ref} of BlueOps, which differs: {', '.join(apart)}; correct the deposit in "
            "QuickBooks, or void that payout, then this is taken in by itself",
        )
    snapshot = turn.tx.read(payout.ref)
    assert snapshot is not None
    link(turn, row, known.key, snapshot.revision, like=document)
    states = [State.HELD, State.WAITING, State.NOT_POSTED]
    outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[payout.ref], states=states)
    _opens_now(turn, payments_in(document))
    return True


def changed(turn: Turn, record: Payout, theirs: BankDeposit, mapping: Mapping) -> Payout:
    """The payout as its deposit in the books means it now (`theirs` unbound); raises NoPlace."""
    return _payout_from(turn, theirs, record, mapping)


def not_deleted(turn: Turn, payout: Payout, revision: int, mine: Iterable[Known]) -> Move | None:
    """A deposit that was made in the books is not deleted from here (only what is ours is); None: there is none."""
    there = [known for known in mine if known.linked and known.kind is BooksKind.DEPOSIT]
    made_there = next((known.books_id for known in there if not _created_here(turn, known)), None)
    if made_there is None:
        return None
    return Move(
        ref=payout.ref,
        revision=revision,
        state=State.HELD,
        hold=Hold.REFUSED,
        reason=f"{payout.ref} is void in BlueOps, but deposit {made_there} was made in QuickBooks and is not deleted "
        "from here",
        remedy="Delete the deposit in QuickBooks, then choose on the conflicts page; until then its payments stay "
        "deposited there.",
    )


def _created_here(turn: Turn, known: Known) -> bool:
    o = t.operations
    query = sa.select(sa.func.count()).where(
        o.c.document_id == known.id,
        o.c.verb == Verb.CREATE.value,
        o.c.state == "done",
        o.c.marker == known.marker,
    )
    return bool(turn.connection.execute(query).scalar_one())


def look_again(turn: Turn, payout: Payout) -> None:
    """A payout was taken back: deposits over its payments that had no place beside it are looked at again."""
    refs = [RecordRef(RecordKind.PAYMENT, id) for id in payout.payment_ids]
    places = [known.place for known in load_known(turn.connection, turn.id, refs).values() if known.linked]
    if not places:
        return
    m = t.mirror
    query = sa.select(m.c.books_id).where(
        m.c.connection_id == turn.id,
        m.c.kind == BooksKind.DEPOSIT.value,
        m.c.origin.in_(sorted(CAME)),
        m.c.deleted.is_(False),
        sa.or_(*(m.c.document.contains(f'"{place}"', autoescape=True) for place in places)),
        ~live_link(),
    )
    make_dirty(turn, [BooksRef(BooksKind.DEPOSIT, id) for id in turn.connection.execute(query).scalars()])


# -- what we have of it --------------------------------------------------------------------------------
def _payout_from(turn: Turn, document: BankDeposit, current: Payout | None, mapping: Mapping) -> Payout:
    named = [*payments_in(document), *(RecordRef(RecordKind.PAYMENT, id) for id in _payment_ids(current))]
    payments = {
        ref: snapshot.record
        for ref in dict.fromkeys(named)
        if (snapshot := turn.tx.read(ref)) is not None and isinstance(snapshot.record, Payment)
    }
    taken_out = ZERO if current is None else _taken_out(turn, current)
    return payout_from(document, payments=payments, mapping=mapping, current=current, taken_out=taken_out)


def _payment_ids(payout: Payout | None) -> tuple[str, ...]:
    return () if payout is None else payout.payment_ids


def _taken_out(turn: Turn, payout: Payout) -> Decimal:
    """What went back to customers out of a payout: refunds, and returned payments with their fees."""
    whole = ZERO
    for kind, ids in (
        (RecordKind.REFUND, payout.refund_ids),
        (RecordKind.PAYMENT_RETURN, payout.return_ids),
    ):
        for id in ids:
            snapshot = turn.tx.read(RecordRef(kind, id))
            match snapshot.record if snapshot is not None else None:
                case Refund() as refund:
                    whole += refund.amount
                case PaymentReturn() as back:
                    whole += back.amount + back.bank_fee
    return whole


def _unbound(turn: Turn, row: Any) -> BankDeposit:
    document: Document = wire.load_document(BooksKind.DEPOSIT, row["document"])
    places = [ref for ref in refs_of(document) if isinstance(ref, BooksRef)]
    unbound = unbind(document, sources_of(turn.connection, turn.id, places))
    assert isinstance(unbound, BankDeposit)
    return unbound


def _one_is_pending(turn: Turn) -> bool:
    """A payout of ours is not planned yet: nobody knows yet which payments it holds."""
    o = t.outbox
    query = sa.select(sa.func.count()).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.ref_kind == RecordKind.PAYOUT.value,
        o.c.state == State.PENDING.value,
    )
    return bool(turn.connection.execute(query).scalar_one())


def _holding(turn: Turn, payments: Iterable[RecordRef]) -> list[Known]:
    """Documents of payouts that name one of the payments, and are not taken back."""
    d = t.documents
    names = [f'"{payment}"' for payment in payments] + [f'"{payment}/' for payment in payments]
    query = sa.select(d.c.source_id).where(
        d.c.connection_id == turn.id,
        d.c.source_kind == RecordKind.PAYOUT.value,
        d.c.state != "withdrawn",
        sa.or_(*(d.c.content.contains(name, autoescape=True) for name in names)),
    )
    refs = [RecordRef(RecordKind.PAYOUT, id) for id in turn.connection.execute(query).scalars()]
    found = load_known(turn.connection, turn.id, refs).values()
    return sorted((known for known in found if known.key.role == "main"), key=lambda known: known.key)


def _payout(turn: Turn, known: Known) -> Payout | None:
    """The payout as core has it, where it still counts."""
    snapshot = turn.tx.read(known.key.source)
    if snapshot is None or snapshot.deleted or not isinstance(snapshot.record, Payout):
        return None
    return None if snapshot.record.void else snapshot.record


__all__ = ["changed", "deposit", "look_again"]
