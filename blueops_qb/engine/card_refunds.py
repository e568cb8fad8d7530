"""Card refunds: what the books pay out of credits of ours by a refund to a card, noted on the credits in core.

Such a refund names the credits itself and is no record of ours: what it pays out counts as `elsewhere` of each credit,
as with a check that a payment of 0.00 settles. Changed, void or gone it may name a credit no more; so every credit that
it was ever linked with is counted anew from what all of them say now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import unbind
from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.credits import APPLIED
from blueops_qb.domain.records import Credit
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.domain.reverse_credits import credit_applied
from blueops_qb.engine import used_credits
from blueops_qb.engine.conflicts import conflict_row, settled_itself, their_mover, write_conflicts
from blueops_qb.engine.known import Known, load_by_place, load_known, sources_of
from blueops_qb.engine.link_rows import mirror_row
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, SaveCredit
from blueops_qb.store import tables as t

#: The group of what is put to a person about a credit of which the books pay out more than BlueOps can take.
GROUP = "card_refund"


def recounted(turn: Turn, row: Any) -> bool:
    """Count anew what is used of each credit of ours that a refund names, or ever did; False = look at it again."""
    named = (wire.parse_ref(name) for name in row["linked"].split())
    memos = [place for place in named if isinstance(place, BooksRef) and place.kind is BooksKind.CREDIT_MEMO]
    known = load_by_place(turn.connection, turn.id, memos)
    for place in memos:
        if place not in known:
            settled_itself(turn, place, GROUP, "the credit is not linked any more")
    counted = [_counted(turn, one) for _, one in sorted(known.items())]
    return all(counted)


def look_again(turn: Turn, known: Known) -> bool:
    """A credit of ours moved: what BlueOps did not take of it before it may take now; False = look at it again."""
    source = known.key.source
    if source.kind is not RecordKind.CREDIT:
        return True
    return not (_asked(turn, [source]) or _is_short(turn, source)) or _counted(turn, known)


def moved_here(turn: Turn, credits: Iterable[Credit]) -> None:
    """Credits were changed in BlueOps: those of which it did not take what is paid out are compared once more."""
    void = {credit.ref: credit.void for credit in credits}
    asked = _asked(turn, void) if void else []
    for known in load_known(turn.connection, turn.id, asked).values() if asked else ():
        if not known.linked or known.kind is not BooksKind.CREDIT_MEMO:
            continue
        if void[known.key.source]:
            settled_itself(turn, known.place, GROUP, "the credit is void")
        else:
            make_dirty(turn, [known.place])


def let_go(turn: Turn, credits: Iterable[Credit]) -> None:
    """Credits were changed in BlueOps: those of which the books use what it could not take are compared once more."""
    short = [credit.ref for credit in credits if _is_short(turn, credit.ref)]
    for known in load_known(turn.connection, turn.id, short).values() if short else ():
        if known.linked and known.kind is BooksKind.CREDIT_MEMO:
            make_dirty(turn, [known.place])


def _is_short(turn: Turn, ref: RecordRef) -> bool:
    """Something of the credit is free in BlueOps that the books use beside its own application."""
    snapshot = turn.tx.read(ref)
    credit = snapshot.record if snapshot is not None else None
    if not isinstance(credit, Credit) or credit.void or credit.unapplied <= 0:
        return False
    return ZERO < _elsewhere(turn, credit) - credit.elsewhere <= credit.unapplied


def _asked(turn: Turn, credits: Collection[RecordRef]) -> list[RecordRef]:
    """Those of the credits about which a person is asked."""
    c = t.conflicts
    query = sa.select(c.c.ref).where(
        c.c.connection_id == turn.id, c.c.group == GROUP, c.c.state == "open", c.c.ref != ""
    )
    found = {RecordRef.parse(ref) for ref in turn.connection.execute(query).scalars()}
    return sorted(found.intersection(credits))


def _counted(turn: Turn, known: Known) -> bool:
    """Note on the credit what is used of it, or put it to a person; False where it moved meanwhile."""
    if known.key != DocumentKey(known.key.source) or known.key.source.kind is not RecordKind.CREDIT:
        return True
    why = _noted(turn, known.key.source)
    if why is None:
        return False
    if why:
        _put_to_a_person(turn, known, why)
    else:
        settled_itself(turn, known.place, GROUP, "BlueOps has taken it")
    return True


def _noted(turn: Turn, ref: RecordRef) -> str | None:
    """Why core did not take it, empty where it did; None where it moved meanwhile."""
    snapshot = turn.tx.read(ref)
    if (
        snapshot is None
        or snapshot.deleted
        or not isinstance(snapshot.record, Credit)
        or snapshot.record.void
    ):
        return ""
    elsewhere = _elsewhere(turn, snapshot.record)
    if elsewhere == snapshot.record.elsewhere:
        return ""
    record = attrs.evolve(snapshot.record, elsewhere=elsewhere)
    key = f"{turn.id}:{ref}:{snapshot.revision}:elsewhere {elsewhere}"
    answer = turn.tx.apply(SaveCredit(record=record), expected_revision=snapshot.revision, key=key)
    return "" if isinstance(answer, Applied) else getattr(answer, "why", None)


def _put_to_a_person(turn: Turn, known: Known, why: str) -> None:
    of, out = known.key.source, used_credits.paid_out(turn, [known.place])
    row = conflict_row(
        turn,
        cause="incoming",
        place=known.place,
        ref=of,
        document_id=None,
        group=GROUP,
        movers=their_mover(mirror_row(turn, known.place)),
        reason=f"refunds to a card in QuickBooks pay {out} of {of} out, which BlueOps did not take: {why}",
        remedy="Correct the credit in BlueOps, or the refund in QuickBooks; it is tried again when either changes.",
    )
    write_conflicts(turn, [row])


def _elsewhere(turn: Turn, record: Credit) -> Decimal:
    """What the payment of 0.00 that applies it settles beside our invoices, and what others use of it."""
    beside = used_credits.beside(turn, record.ref)
    known = load_known(turn.connection, turn.id, [record.ref]).get(DocumentKey(record.ref, APPLIED))
    if known is None or not known.linked or not known.base_theirs:
        return beside
    payment = wire.load_document(BooksKind.PAYMENT, known.base_theirs)
    assert isinstance(payment, CustomerPayment)
    places = [part.invoice for part in payment.allocations if isinstance(part.invoice, BooksRef)]
    shown: Any = unbind(payment, sources_of(turn.connection, turn.id, places))
    return credit_applied(record, shown, beside=beside).elsewhere
