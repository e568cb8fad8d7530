"""Elsewhere: what a payment settles of which posting says nothing, where BlueOps' money of it is chosen.

An update leaves those allocations as the books have them (`as_operations`); what is void settles nothing.
"""

from __future__ import annotations

import attrs

from blueops_qb.domain.binding import unbind
from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import BooksRef
from blueops_qb.domain.reverse import settles_elsewhere
from blueops_qb.engine import to_core, used_credits
from blueops_qb.engine.known import sources_of
from blueops_qb.engine.pull import Draft
from blueops_qb.engine.sides import Sides
from blueops_qb.engine.turn import Turn


def as_theirs(turn: Turn, sides: Sides) -> Draft | None:
    """BlueOps' payment with the sum that the books settle elsewhere; None where it says so already."""
    record, theirs = sides.snapshot.record, sides.theirs
    if not isinstance(record, Payment) or not isinstance(theirs, CustomerPayment) or record.void:
        return None
    places = [a.invoice for a in theirs.allocations if isinstance(a.invoice, BooksRef)]
    shown = unbind(theirs, sources_of(turn.connection, turn.id, places))
    assert isinstance(shown, CustomerPayment)
    back = {part.by for part in record.given_back}
    apart = (a.amount for a in shown.allocations if settles_elsewhere(a.invoice, record.ref, back))
    changed = attrs.evolve(record, elsewhere=ZERO if theirs.void else sum(apart, ZERO))
    if changed == record:
        return None
    return Draft(
        change=to_core.saving(changed),
        record=changed,
        ours=sides.ours,
        fields=frozenset(),
        overrides=sides.known.overrides,
    )


def note_credits(turn: Turn, sides: Sides, key: str) -> None:
    """Credits of ours say what such a payment uses of them there."""
    before, now = sides.base_theirs, sides.theirs
    ours = isinstance(sides.snapshot.record, Payment)
    if ours and isinstance(before, CustomerPayment) and isinstance(now, CustomerPayment):
        used_credits.moved(turn, before, now, key=key)
