"""Freed credits: what a payment that was taken out of the books from here used of credits beside its money."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.posting.payments import MAIN
from blueops_qb.domain.refs import BooksKind, DocumentKey, RecordKind
from blueops_qb.engine import used_credits
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire


@attrs.frozen(kw_only=True)
class Freed:
    """A payment as it stood before it was taken out; `key` lets its credits be released once."""

    payment: CustomerPayment
    key: str


def note_freed(turn: Turn, freed: Iterable[Freed]) -> None:
    """The credits of ours say in core that nothing uses them there any more."""
    for one in freed:
        used_credits.moved(turn, one.payment, None, key=one.key)


def freed_credits(turn: Turn, ready: Ready) -> list[Freed]:
    """What the removal of a payment of ours frees; nothing for other documents, and where it used no credit."""
    before = ready.row.previous or ""
    if ready.source is None or ready.source.kind is not RecordKind.PAYMENT or '"credit_memo#' not in before:
        return []
    if DocumentKey.parse(ready.row.marker.rpartition(".")[0]).role != MAIN:
        return []
    payment = wire.load_document(BooksKind.PAYMENT, before)
    if not isinstance(payment, CustomerPayment) or payment.void:
        return []
    return [Freed(payment=payment, key=f"{turn.id}:{ready.id}:taken out")]
