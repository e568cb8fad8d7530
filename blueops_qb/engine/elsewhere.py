"""Elsewhere: what a payment settles of documents that BlueOps does not have, where BlueOps' money is chosen."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import to_core
from blueops_qb.engine.known import sources_of
from blueops_qb.engine.pull import Draft
from blueops_qb.engine.sides import Sides
from blueops_qb.engine.turn import Turn


def as_theirs(turn: Turn, sides: Sides) -> Draft | None:
    """BlueOps' payment with the sum that the books settle elsewhere; None where it says so already.

    An update leaves those allocations as the books have them (`as_operations`); what is void settles nothing.
    """
    record, theirs = sides.snapshot.record, sides.theirs
    if not isinstance(record, Payment) or not isinstance(theirs, CustomerPayment) or record.void:
        return None
    settled = () if theirs.void else theirs.allocations
    ours = sources_of(
        turn.connection, turn.id, [a.invoice for a in settled if isinstance(a.invoice, BooksRef)]
    )
    apart = (a.amount for a in settled if isinstance(a.invoice, BooksRef) and a.invoice not in ours)
    changed = attrs.evolve(record, elsewhere=sum(apart, ZERO))
    if changed == record:
        return None
    return Draft(
        change=to_core.saving(changed),
        record=changed,
        ours=sides.ours,
        fields=frozenset(),
        overrides=sides.known.overrides,
    )
