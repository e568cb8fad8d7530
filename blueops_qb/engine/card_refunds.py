"""Card refunds: what the books pay out of credits of ours by a refund to a card, noted on the credits in core.

Such a refund names the credits itself and is no record of ours: what it pays out counts as `elsewhere` of each credit,
as with a check that a payment of 0.00 settles. Changed, void or gone it may name a credit no more; so every credit that
it was ever linked with is counted anew from what all of them say now.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.binding import unbind
from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.posting.credits import APPLIED
from blueops_qb.domain.records import Credit
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.domain.reverse_credits import credit_applied
from blueops_qb.engine import used_credits
from blueops_qb.engine.known import load_known, sources_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, SaveCredit


def named_in(row: Any) -> list[BooksRef]:
    """What a refund pays out, or ever did, as its row of the mirror has it."""
    found = (wire.parse_ref(name) for name in row["linked"].split())
    return [place for place in found if isinstance(place, BooksRef)]


def recounted(turn: Turn, row: Any) -> str | None:
    """Count anew what is used of each credit of ours that a refund names, or named.

    Answers why core did not take it, empty where it did; None where it must be looked at again.
    """
    names = sources_of(turn.connection, turn.id, named_in(row))
    credits = {n for n in names.values() if isinstance(n, RecordRef) and n.kind is RecordKind.CREDIT}
    reasons = [_count(turn, ref, f"{turn.id}:{row['books_id']}:{row['version']}") for ref in sorted(credits)]
    return None if None in reasons else next(filter(None, reasons), "")


def _count(turn: Turn, ref: RecordRef, key: str) -> str | None:
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
    key = f"{key}:{ref}:{snapshot.revision}"
    answer = turn.tx.apply(SaveCredit(record=record), expected_revision=snapshot.revision, key=key)
    return "" if isinstance(answer, Applied) else getattr(answer, "why", None)


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
