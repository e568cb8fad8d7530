"""Newly ours: records of the books that are ours only now, and what was entered there about them before.

An answer that was never heard, a person who links what was in doubt, a customer who is matched late: what the books
say of such a record was taken in without it, or not at all, and is looked at again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import used_credits
from blueops_qb.engine.link_rows import live_link
from blueops_qb.engine.mirroring import CAME, make_dirty
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: How far back an arrival may have waited for the link of what it names.
_RECENT = dt.timedelta(days=7)


def now_ours(turn: Turn, places: Collection[BooksRef]) -> None:
    """What was entered in the books about records that have become ours only now is looked at again."""
    waiting_for_link(turn, places)
    _named_by_ours(turn, places)
    used_credits.now_ours(turn, places)


#: What is taken into BlueOps when it is entered in the books and names a record of ours.
_TAKEN_IN = (
    BooksKind.PAYMENT,
    BooksKind.CUSTOMER,
    BooksKind.CREDIT_MEMO,
    BooksKind.REFUND_RECEIPT,
    BooksKind.DEPOSIT,
)


def waiting_for_link(turn: Turn, places: Collection[BooksRef], *, just_written: bool = False) -> None:
    """What arrived before that which it names was linked (payments, jobs, credits, deposits) is looked at again.

    However long ago it came: a person may have settled only now whose it is. On what we have `just_written` nothing
    can have been entered long ago, but for what is put to a person.
    """
    if not places:
        return
    m, c = t.mirror, t.conflicts
    shown = sa.exists().where(
        c.c.connection_id == m.c.connection_id,
        c.c.books_kind == m.c.kind,
        c.c.books_id == m.c.books_id,
        c.c.group == "arrival",
        c.c.state == "open",
    )
    query = sa.select(m.c.kind, m.c.books_id, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([kind.value for kind in _TAKEN_IN]),
        m.c.origin.in_(sorted(CAME)),
        m.c.deleted.is_(False),
        m.c.dirty.is_(False),
        ~live_link(),
    )
    if just_written:
        query = query.where(sa.or_(m.c.seen_at > turn.now - _RECENT, shown))
    if len(places) == 1:
        query = query.where(m.c.document.contains(f'"{next(iter(places))}"', autoescape=True))
    names = {str(place) for place in places}
    make_dirty(
        turn,
        [
            BooksRef(BooksKind(row.kind), row.books_id)
            for row in turn.connection.execute(query)
            if names & set(_QUOTED.findall(row.document or ""))
        ],
    )


#: What names others that it settles, or takes to the bank: kind -> which kind of ours may name it.
_NAMED_BY = {
    BooksKind.INVOICE: BooksKind.PAYMENT,
    BooksKind.PAYMENT: BooksKind.DEPOSIT,
    BooksKind.SALES_RECEIPT: BooksKind.DEPOSIT,
}


def _named_by_ours(turn: Turn, places: Iterable[BooksRef]) -> None:
    """What is linked and names documents which have just become ours is looked at again.

    Payments that settle these invoices, deposits that hold these payments.
    """
    by_kind: dict[BooksKind, list[BooksRef]] = {}
    for place in places:
        if place.kind in _NAMED_BY:
            by_kind.setdefault(_NAMED_BY[place.kind], []).append(place)
    m = t.mirror
    for kind, named in sorted(by_kind.items()):
        query = sa.select(m.c.books_id, m.c.document).where(
            m.c.connection_id == turn.id, m.c.kind == kind.value, m.c.deleted.is_(False), live_link()
        )
        if len(named) == 1:
            query = query.where(m.c.document.contains(f'"{named[0]}"', autoescape=True))
        names = {str(place) for place in named}
        rows = turn.connection.execute(query.execution_options(yield_per=500))
        naming = [row.books_id for row in rows if names & set(_QUOTED.findall(row.document or ""))]
        make_dirty(turn, [BooksRef(kind, id) for id in naming])


#: References of records of the books within a document.
_QUOTED = re.compile(r'"([a-z_]+#[^"]+)"')
