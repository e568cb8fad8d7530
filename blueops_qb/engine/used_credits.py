"""Used credits: what the books use of credits of ours beside the payment that applies one, noted on them in core.

Payments of ours use them beside their money, and refunds to a card that somebody entered in the books pay them out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of, unbind
from blueops_qb.domain.documents import CustomerPayment, RefundReceipt
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Credit
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.engine.known import load_known, sources_of
from blueops_qb.engine.mirroring import CAME
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import SaveCredit
from blueops_qb.store import tables as t


def used_up(turn: Turn, payment: Any, *, before: Any = None, key: str) -> None:
    """Note on credits of ours what a payment uses up of them beside its money, less what it did `before`.

    Both are unbound; a payment of 0.00 is `arrived_credits.applied_credit`'s.
    """
    sums: dict[RecordRef, Decimal] = {}
    for sign, document in ((-1, payment), (1, before)):
        for part in getattr(document, "allocations", ()):
            if isinstance(part.invoice, RecordRef) and part.invoice.kind is RecordKind.CREDIT:
                sums[part.invoice] = sums.get(part.invoice, ZERO) + sign * part.amount
    for ref, amount in sorted(sums.items()):
        _note(turn, ref, amount, key=f"{key}:{ref}")


def moved(turn: Turn, before: CustomerPayment, now: CustomerPayment | None, *, key: str) -> None:
    """Note on credits of ours what a payment of the books uses of them `now`, and did not `before`.

    Void, or None (it is gone), it uses nothing.
    """
    used_up(turn, _uses(turn, now), before=_uses(turn, before), key=key)


def now_ours(turn: Turn, places: Iterable[BooksRef]) -> None:
    """Note on credits that have become ours only now what payments of ours use of them already.

    Those were agreed on while nobody here had the credit: it counted as `elsewhere` of the payment alone.
    """
    credits = [place for place in places if place.kind is BooksKind.CREDIT_MEMO]
    names = sources_of(turn.connection, turn.id, credits) if credits else {}
    for place in dict.fromkeys(credits):
        name = names.get(place)
        if isinstance(name, RecordRef) and name.kind is RecordKind.CREDIT:
            _note(turn, name, _used(turn, place), key=f"{turn.id}:{place}:now ours:{name}")


def beside(turn: Turn, credit: RecordRef) -> Decimal:
    """What the books use of a credit beside the one payment of 0.00 that applies it."""
    known = load_known(turn.connection, turn.id, [credit]).values()
    places = [one.place for one in known if one.linked and one.kind is BooksKind.CREDIT_MEMO]
    return sum((_used(turn, place) for place in places), paid_out(turn, places))


def _used(turn: Turn, place: BooksRef) -> Decimal:
    """What payments of ours use of a credit memo of the books, as both sides agreed last."""
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.base_theirs)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            lk.c.books_kind == BooksKind.PAYMENT.value,
            lk.c.base_theirs.contains(f'"{place}"', autoescape=True),
            d.c.source_kind == RecordKind.PAYMENT.value,
        )
    )
    whole = ZERO
    for text in turn.connection.execute(query).scalars():
        payment = wire.load_document(BooksKind.PAYMENT, text)
        if isinstance(payment, CustomerPayment) and not payment.void:
            whole -= sum((part.amount for part in payment.allocations if part.invoice == place), ZERO)
    return whole


def paid_out(turn: Turn, places: Collection[BooksRef]) -> Decimal:
    """What refunds that somebody entered in the books pay out of credit memos; those that bear our mark are ours."""
    if not places:
        return ZERO
    m = t.mirror
    query = sa.select(m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind == BooksKind.REFUND_RECEIPT.value,
        m.c.deleted.is_(False),
        m.c.marker == "",
        m.c.origin.in_(sorted(CAME)),
        sa.or_(*(m.c.document.contains(f'"{place}"', autoescape=True) for place in places)),
    )
    whole = ZERO
    for text in turn.connection.execute(query).scalars():
        refund = wire.load_document(BooksKind.REFUND_RECEIPT, text)
        if isinstance(refund, RefundReceipt) and not refund.void:
            whole += sum((part.amount for part in refund.pays_out if part.credit in places), ZERO)
    return whole


def _note(turn: Turn, ref: RecordRef, amount: Decimal, *, key: str) -> None:
    snapshot = turn.tx.read(ref) if amount else None
    if snapshot is not None and isinstance(snapshot.record, Credit):
        # What BlueOps did not take, as it had used the credit itself, is not released either.
        elsewhere = max(ZERO, snapshot.record.elsewhere + amount)
        record = attrs.evolve(snapshot.record, elsewhere=elsewhere)
        turn.tx.apply(SaveCredit(record=record), expected_revision=snapshot.revision, key=key)


def _uses(turn: Turn, payment: CustomerPayment | None) -> Any:
    if payment is None or payment.void:
        return None
    places = [ref for ref in refs_of(payment) if isinstance(ref, BooksRef)]
    return unbind(payment, sources_of(turn.connection, turn.id, places))
