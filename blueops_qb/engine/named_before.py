"""Named before: what the customer of a job was called earlier, as far as our own events still tell it."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord, Document
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef
from blueops_qb.engine.known import sources_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t


def names_above(turn: Turn, theirs: Document, base_theirs: Document) -> tuple[str, ...]:
    """The names that the customer of a job has borne, where its address moved in the books; else none.

    Events whose payload retention has emptied tell no name any more.
    """
    if not isinstance(theirs, CustomerRecord) or not isinstance(base_theirs, CustomerRecord):
        return ()
    parent = theirs.parent
    still = (theirs.billing, theirs.shipping) == (base_theirs.billing, base_theirs.shipping)
    if not isinstance(parent, BooksRef) or still:
        return ()
    source = sources_of(turn.connection, turn.id, [parent]).get(parent)
    if not isinstance(source, RecordRef) or source.kind is not RecordKind.CUSTOMER:
        return ()
    o = t.outbox
    query = sa.select(o.c.payload).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.ref_kind == source.kind.value,
        o.c.ref_id == source.id,
        o.c.payload != "",
    )
    said = (wire.load_event(text, f"the event of {source}").record for text in turn.connection.scalars(query))
    names = (
        name
        for one in said
        if isinstance(one, Customer)
        for name in (one.name, one.company, f"{one.given_name} {one.family_name}".strip())
    )
    return tuple(dict.fromkeys(filter(None, names)))
