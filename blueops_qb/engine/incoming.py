"""Incoming: compares what moved in the books with our side, record by record, and brings it to core.

What core is told, the link, its bases and the audit entry commit in one transaction. Overlaps become conflicts;
nothing is ever overwritten without a decision or a policy.
"""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.engine import arrivals, card_refunds, guard
from blueops_qb.engine.conflicts import their_mover
from blueops_qb.engine.known import Known, load_by_place
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.three_ways import compare
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)


def compare_dirty(turn: Turn) -> int:
    """Compare records that moved in the books; answers how many were looked at."""
    if turn.row["state"] != "live":
        return 0
    m = t.mirror
    query = (
        sa.select(m)
        .where(m.c.connection_id == turn.id, m.c.dirty.is_(True))
        # Parties before documents, invoices before payments.
        .order_by(_rank(m.c.kind), m.c.seen_at, m.c.books_id)
        # Some may have to wait; they must not starve the others.
        .limit(turn.settings.compare_batch * 10)
    )
    rows = sorted(turn.connection.execute(query).mappings().all(), key=_order)
    if not rows:
        return 0
    known = load_by_place(turn.connection, turn.id, [_place(row) for row in rows])
    settled = 0
    for row in rows:
        if settled >= turn.settings.compare_batch:
            break
        if not guard.passes(turn, incoming=_brought(turn) + 1, count=False):
            break
        place = _place(row)
        mine = known.get(place)
        if mine is None and place.kind in NAMED_KINDS:
            # A party of ours may have followed a merge to this one just now.
            mine = load_by_place(turn.connection, turn.id, [place]).get(place)
        clean = _compare_apart(turn, row, mine)
        if clean:
            _clean(turn, place)
            settled += 1
    if brought := _brought(turn):
        guard.passes(turn, incoming=brought)
    return settled


def _brought(turn: Turn) -> int:
    """Changes that core has taken in this turn."""
    return sum(entry.action in ("brought in", "arrived") for entry in turn.entries)


def _compare_apart(turn: Turn, row: Any, known: Known | None) -> bool:
    """Compare one record; a defect of ours in it is put to a person and stops nobody else."""
    entries = len(turn.entries)
    try:
        with turn.connection.begin_nested():
            if known is None:
                return arrivals.arrived(turn, row)
            return compare(turn, row, known) and card_refunds.look_again(turn, known)
    except Exception as problem:
        del turn.entries[entries:]
        place = _place(row)
        log_trouble(log, "%s could not be compared", place, problem=problem)
        landing = Landing(turn=turn)
        landing.conflict(
            cause="incoming",
            place=place,
            ref=known.key.source if known else None,
            document_id=known.id if known else None,
            group="defect",
            theirs=row["document"],
            revision=known.revision if known else None,
            version=row["version"],
            movers=their_mover(row),
            reason=f"{place} could not be compared: {type(problem).__name__}: {problem}",
            remedy="Report it to BlueOps support with this sentence; it is tried again when it changes.",
        )
        landing.write()
        return True


def _order(row: Any) -> tuple[int, bool, int, str]:
    """Parties before documents, parents before their jobs, invoices before payments, then by number."""
    kinds = [kind.value for kind in (*_FIRST, *_THEN)]
    rank = kinds.index(row["kind"]) if row["kind"] in kinds else len(kinds)
    return rank, '"parent"' in (row["document"] or ""), len(row["books_id"]), row["books_id"]


def _rank(column: Any) -> Any:
    order = [*_FIRST, *_THEN]
    return sa.case({kind.value: n for n, kind in enumerate(order)}, value=column, else_=len(order))


#: What others name comes first: parties, then invoices and credits, which payments settle and use up.
_FIRST = (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.INVOICE, BooksKind.CREDIT_MEMO)
#: Then payments, which deposits take to the bank.
_THEN = (BooksKind.PAYMENT, BooksKind.SALES_RECEIPT)


def _place(row: Any) -> BooksRef:
    return BooksRef(BooksKind(row["kind"]), row["books_id"])


def _clean(turn: Turn, place: BooksRef) -> None:
    m = t.mirror
    turn.connection.execute(
        m.update()
        .where(m.c.connection_id == turn.id, m.c.kind == place.kind.value, m.c.books_id == place.id)
        .values(dirty=False)
    )


def look_again(turn: Turn, conflict_id: int) -> None:
    """Show a conflict anew, on what both sides have now."""
    c = t.conflicts
    query = sa.select(c.c.books_kind, c.c.books_id).where(c.c.connection_id == turn.id, c.c.id == conflict_id)
    row = turn.connection.execute(query).one_or_none()
    if row is not None:
        kind = BooksKind(row.books_kind)
        m = t.mirror
        # Of what may be ours the conflict names the mark, as nobody knows yet which one it is.
        marked = sa.select(m.c.books_id).where(
            m.c.connection_id == turn.id, m.c.kind == kind.value, m.c.marker == row.books_id
        )
        ids = {row.books_id, *turn.connection.execute(marked).scalars()}
        make_dirty(turn, [BooksRef(kind, id) for id in sorted(ids)])
        compare_dirty(turn)
