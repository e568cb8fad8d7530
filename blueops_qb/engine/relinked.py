"""Relinked: payments that settle something else in the books than they are to, and the deposits that let them go.

What the books freeze of a payment in a bank deposit is compared here, for the payment (`deposited`) and for its payout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import BankDeposit, CustomerPayment, Document
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.deposits import let_go, names_let_go, returns_of
from blueops_qb.domain.posting.payments import MAIN
from blueops_qb.domain.records import Payment, Payout, Record
from blueops_qb.domain.refs import (
    BooksKind,
    BooksRef,
    DocumentKey,
    OurRef,
    RecordKind,
    RecordRef,
    key_of,
    record_of,
    ref_of_key,
)
from blueops_qb.engine import parts
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot

_PARTIES = frozenset({RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR})


def relinked(turn: Turn, record: Record, result: Posted, mine: Sequence[Known]) -> frozenset[DocumentKey]:
    """The parts of a payment in the books of which a deposit must let go, as they settle something else than is wanted.

    What came back, or did not after all (a return recorded in error, a check that was presented again and paid), in all
    books; whatever else it settles where the books freeze what is deposited. Another amount is another deposit, and
    another customer may be the same one under another name; both are no matter of this. A deposit that is a sales
    receipt there settles nothing: a refund receipt gives it back.
    """
    if not isinstance(record, Payment) or record.void:
        return frozenset()
    there = _parts_there(mine)
    wanted = {key: doc for key, doc in result.documents.items() if isinstance(doc, CustomerPayment)}
    normal = turn.provider.normal
    moving = frozenset(
        key
        for key, doc in there.items()
        if key not in wanted or _settles(normal(doc)) != _settles(normal(wanted[key]))
    )
    if returns_of(record) != settled_returns(mine):
        return moving
    same_amount = _whole(there.values()) == _whole(wanted.values())
    return moving if turn.description.freezes_deposited and same_amount else frozenset()


def _parts_there(mine: Sequence[Known]) -> dict[DocumentKey, CustomerPayment]:
    """The parts of a payment in the books, as both sides agreed last."""
    found: dict[DocumentKey, CustomerPayment] = {}
    for known in mine:
        if known.linked and known.key.role == MAIN and known.kind is BooksKind.PAYMENT and known.base_ours:
            document = wire.load_document(known.kind, known.base_ours)
            if isinstance(document, CustomerPayment) and not document.void:
                found[known.key] = document
    return found


def _settles(part: Document) -> object:
    return getattr(part, "amount", None), getattr(part, "allocations", ())


def _whole(parts: Iterable[CustomerPayment]) -> Decimal:
    return sum((part.amount for part in parts), ZERO)


def settled_returns(mine: Sequence[Known]) -> frozenset[RecordRef]:
    """What the payment in the books settles of what came back, as both sides agreed last."""
    return frozenset(ref for ref in settled(mine) if ref.kind is RecordKind.PAYMENT_RETURN)


def settled(mine: Sequence[Known]) -> set[RecordRef]:
    """The records that the payment in the books settles, as both sides agreed last."""
    return {
        record_of(part.invoice)
        for document in _parts_there(mine).values()
        for part in document.allocations
        if not isinstance(part.invoice, BooksRef)
    }


def not_there(
    record: Payment,
    result: Posted,
    moving: Collection[DocumentKey],
    known: Mapping[RecordRef, Sequence[Known]],
) -> RecordRef | None:
    """What the payment is to settle and is not in the books: until then a deposit has no reason to let it go."""
    for key in sorted(moving):
        for name in refs_of(result.documents[key]) if key in result.documents else ():
            if (
                isinstance(name, BooksRef)
                or record_of(name).kind in _PARTIES
                or record_of(name) == record.ref
            ):
                continue
            if not any(one.linked and one.key == key_of(name) for one in known.get(record_of(name), ())):
                return record_of(name)
    return None


def to_let_go(
    turn: Turn, record: Record, mine: Sequence[Known], snapshots: dict[RecordRef, Snapshot]
) -> frozenset[OurRef] | None:
    """The payments that the deposit of a payout lets go: those that are `relinked`; None where it is not there.

    One about which something is in doubt stays as it is until that is settled.
    """
    if not isinstance(record, Payout) or record.void or not any(one.linked for one in mine):
        return None
    deposits = [agreed_on(one) for one in mine if one.linked]
    closed = closed_deposit(turn, [record.ref]) is not None
    held = set() if closed else {record_of(name) for one in deposits for name in taken_in(one)}
    apart = {ref for one in deposits for ref in let_go(one)}
    payments = [s.record for ref, s in snapshots.items() if ref in held | apart and not s.deleted]
    related = read_related(turn.read_all, payments)
    known = by_record(load_known(turn.connection, turn.id, [*(p.ref for p in payments), *related]))
    found: set[OurRef] = set()
    for payment in payments:
        own = known.get(payment.ref, [])
        if any(one.doubtful or one.undone for one in own):
            found |= {
                name for one in deposits for name in names_let_go(one) if record_of(name) == payment.ref
            }
            continue
        if not any(one.open for one in own) and parts.about_to_change(turn, [payment.ref]) is None:
            continue  # nothing is on its way, or a person must act first: it is taken in as it stands
        result = post_record(turn, payment, related, own, known=known)
        if not isinstance(result, Posted) or not isinstance(payment, Payment):
            continue
        moving = relinked(turn, payment, result, own)
        if payment.ref in apart or not_there(payment, result, moving, known) is None:
            found |= {ref_of_key(key) for key in moving}
    return frozenset(found)


def by_record(known: Mapping[DocumentKey, Known]) -> dict[RecordRef, list[Known]]:
    found: dict[RecordRef, list[Known]] = {}
    for one in known.values():
        found.setdefault(one.key.source, []).append(one)
    return found


def agreed_on(known: Known) -> Document:
    return wire.load_document(known.kind, known.base_ours or known.content)


def taken_in(document: Document) -> set[OurRef]:
    """The payments of ours that a deposit holds."""
    lines = document.lines if isinstance(document, BankDeposit) and not document.void else ()
    return {
        line.payment for line in lines if line.payment is not None and not isinstance(line.payment, BooksRef)
    }


def closed_deposit(turn: Turn, payouts: Sequence[RecordRef]) -> BankDeposit | None:
    """A deposit of these payouts that lies in the closed period."""
    closing = turn.profile.closing_date
    if closing is None or not payouts:
        return None
    for known in load_known(turn.connection, turn.id, payouts).values():
        document = wire.load_document(known.kind, known.content)
        if known.linked and isinstance(document, BankDeposit) and document.date <= closing:
            return document
    return None
