"""Newest: the newest state of a record, from core, or from our own events for the kinds that core does not have."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.documents import JournalEntry
from blueops_qb.domain.posting import list_entries
from blueops_qb.domain.posting.entries import entry_of
from blueops_qb.domain.posting.reclasses import reclass_of
from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import DocumentKey, RecordKind, RecordRef
from blueops_qb.engine.known import load_known
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

#: Records that the plugin itself makes: they are in its outbox only.
OF_OUR_OWN = frozenset({RecordKind.RECLASS, RecordKind.ENTRY, RecordKind.LIST_ENTRY})
_WORDS = {
    RecordKind.RECLASS: "a journal entry that was made here",
    RecordKind.ENTRY: "a journal entry that was made here",
    RecordKind.LIST_ENTRY: "an entry that was approved here for the books' lists",
}


def newest(turn: Turn, source: RecordRef) -> Snapshot | None:
    """The record as it is now; None where it was deleted for good, or where nothing is kept of one of our own.

    Of our own it is what its newest event says; once retention has emptied that, what its document says, which is kept.
    """
    if source.kind not in OF_OUR_OWN:
        return turn.tx.read(source)
    o = t.outbox
    query = (
        sa.select(o.c.revision, o.c.payload)
        .where(o.c.tenant_id == turn.tenant_id, o.c.ref_kind == source.kind.value, o.c.ref_id == source.id)
        .order_by(o.c.revision.desc(), o.c.id.desc())
        .limit(1)
    )
    row = turn.connection.execute(query).one_or_none()
    if row is None:
        return None
    said = row.payload and wire.load_event(row.payload, f"the event of {source}").record
    record = said or _as_posted(turn, source)
    return None if record is None else Snapshot(record=record, revision=row.revision)


def why_gone(source: RecordRef) -> str:
    """What to say of a record that `newest` does not find."""
    if source.kind in OF_OUR_OWN:
        return f"nothing is kept any more of what {source} said, {_WORDS[source.kind]}"
    return f"{source} no longer exists in BlueOps"


def _as_posted(turn: Turn, source: RecordRef) -> Record | None:
    known = load_known(turn.connection, turn.id, [source]).get(DocumentKey(source))
    if known is None or not known.content:
        return None
    document = wire.load_document(known.kind, known.content)
    if source.kind is RecordKind.LIST_ENTRY:
        return list_entries.entry_of(document, source.id, turn.profile.company_id)
    if not isinstance(document, JournalEntry):
        return None
    of = reclass_of if source.kind is RecordKind.RECLASS else entry_of
    return of(document, source.id)
