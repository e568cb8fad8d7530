"""Merge proof: what of a lost customer or vendor is read again to tell whether he was merged into another one.

Books need not say so, nor show documents as changed that bear another party since (reference/quickbooks-desktop.md
section 4.10: the losing id merely shows among the deleted). Who has documents cannot be deleted, so what they name now
tells it.
"""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.due import operation_row
from blueops_qb.engine.known import Known
from blueops_qb.engine.mirroring import CAME
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import Lane, Verb
from blueops_qb.store import tables as t

#: So many documents tell it: all of them bear the same party now.
_ENOUGH = 2
#: Documents of a customer that BlueOps takes in when a bookkeeper has entered them.
_ARRIVING = (BooksKind.PAYMENT, BooksKind.CREDIT_MEMO, BooksKind.REFUND_RECEIPT)


def read_again(turn: Turn, known: Known) -> bool:
    """Ask for documents that named him when he was last seen there; False when nothing is to be waited for."""
    found = _not_seen_since(turn, known, most=_ENOUGH)
    for place in found:
        read_one(turn, place)
    return bool(found)


def read_not_taken(turn: Turn, known: Known) -> None:
    """Ask for every document of his that came and that BlueOps did not take: whose it is by now decides that anew."""
    m = t.mirror
    arriving = m.c.kind.in_([kind.value for kind in _ARRIVING])
    query = _named(turn, known).where(arriving, m.c.origin.in_(CAME), ~_is_linked()).order_by(m.c.seen_at)
    for row in turn.connection.execute(query):
        read_one(turn, BooksRef(BooksKind(row.kind), row.books_id))


def read_rest(turn: Turn, known: Known) -> None:
    """Ask for every document that named him then: it names another one there by now, and nothing else shows that.

    Where the record follows the merge they bind to the new id by themselves. Where it does not, they are compared as
    they are, so that none goes on naming somebody over there of whom nobody is told.
    """
    for place in _not_seen_since(turn, known, most=None):
        read_one(turn, place)


def _not_seen_since(turn: Turn, known: Known, *, most: int | None) -> list[BooksRef]:
    """Linked documents that name him and were not read since he was lost, the newest first."""
    query = _named(turn, known).where(_is_linked()).order_by(t.mirror.c.seen_at.desc()).limit(most)
    return [BooksRef(BooksKind(row.kind), row.books_id) for row in turn.connection.execute(query)]


def _is_linked() -> sa.Exists:
    lk, m = t.links, t.mirror
    return sa.exists().where(
        lk.c.connection_id == m.c.connection_id,
        lk.c.books_kind == m.c.kind,
        lk.c.books_id == m.c.books_id,
        lk.c.state == "live",
    )


def _named(turn: Turn, known: Known) -> sa.Select[tuple[str, str]]:
    """Kind and id of what named him when it was seen last, which was before he was lost."""
    m, lost = t.mirror, t.mirror.alias("lost")
    return (
        sa.select(m.c.kind, m.c.books_id)
        .join(
            lost,
            sa.and_(
                lost.c.connection_id == m.c.connection_id,
                lost.c.kind == known.kind.value,
                lost.c.books_id == known.books_id,
            ),
        )
        .where(
            m.c.connection_id == turn.id,
            m.c.deleted.is_(False),
            m.c.document.contains(f'"{known.place}"', autoescape=True),
            m.c.seen_at < lost.c.seen_at,
        )
    )


def read_one(turn: Turn, place: BooksRef) -> None:
    """Ask for a record, once."""
    o = t.operations
    asked = sa.select(o.c.id).where(
        o.c.connection_id == turn.id,
        o.c.verb == Verb.READ.value,
        o.c.kind == place.kind.value,
        o.c.target_id == place.id,
        o.c.state.in_(["ready", "out", "uncertain"]),
    )
    if turn.connection.execute(asked.limit(1)).first() is None:
        row = operation_row(turn, Verb.READ, kind=place.kind, target_id=place.id, lane=Lane.LIVE)
        turn.connection.execute(o.insert(), [row])
