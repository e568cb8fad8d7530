"""Linking: a document of ours and a record of the books that were found to be the same."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.binding import loosely_bound, refs_of
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordRef
from blueops_qb.engine import outbox, subledger
from blueops_qb.engine.known import Known, load_known, places_of
from blueops_qb.engine.mirroring import settled_by_payments, waiting_for_link
from blueops_qb.engine.sides import agreed_beside
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all, upsert
from blueops_qb.store.types import new_id


def _take_up(turn: Turn, known: Known, ours: str, revision: int, place: BooksRef, generation: int) -> None:
    d, o, a = t.documents, t.operations, t.operation_after
    turn.connection.execute(
        d.update()
        .where(d.c.id == known.id)
        .values(
            content=ours,
            revision=revision,
            state="linked",
            books_kind=place.kind.value,
            generation=generation,
            mapping_version=turn.row["mapping_version"],
            policy_version=turn.row["policy_version"],
        )
    )
    turn.connection.execute(
        o.update()
        .where(o.c.document_id == known.id, o.c.state == "ready")
        .values(state="cancelled", reason="linked by a person", closed_at=turn.now)
    )
    turn.connection.execute(a.delete().where(a.c.document_id == known.id))


def _beside(turn: Turn, place: BooksRef, ours: str, theirs: str | None) -> str:
    """What the books show beside the document, with pairs of line ids where both sides show equal lines."""
    m = t.mirror
    query = sa.select(m.c.beside).where(
        m.c.connection_id == turn.id, m.c.kind == place.kind.value, m.c.books_id == place.id
    )
    shown = turn.connection.execute(query).scalar_one_or_none()
    if not shown or not theirs or not ours:
        return ""
    document = wire.load_document(place.kind, ours)
    places = places_of(turn.connection, turn.id, [r for r in refs_of(document) if isinstance(r, RecordRef)])
    mine: Any = turn.provider.normal(loosely_bound(document, places))
    lines: Any = wire.load_document(place.kind, theirs)
    equal = getattr(mine, "lines", ()) == getattr(lines, "lines", ())
    return agreed_beside(turn, document, shown, "", equal=equal)


def link_document(
    turn: Turn,
    *,
    key: DocumentKey,
    revision: int,
    ours: str,
    place: BooksRef,
    version: str,
    theirs: str | None,
) -> int:
    """A document and its link at once, agreed on `ours` and `theirs`; answers the document's id."""
    known = load_known(turn.connection, turn.id, [key.source]).get(key)
    generation = 1
    if known is not None:
        # A create that was refused, or a record that was unlinked: its document is taken up again.
        document_id, generation = known.id, known.generation + 1
        _take_up(turn, known, ours, revision, place, generation)
    else:
        document_id = new_id()
        insert_all(
            turn.connection,
            t.documents,
            [
                {
                    "id": document_id,
                    "connection_id": turn.id,
                    "source_kind": key.source.kind.value,
                    "source_id": key.source.id,
                    "role": key.role,
                    "part": key.part,
                    "books_kind": place.kind.value,
                    "generation": 1,
                    "revision": revision,
                    "content": ours,
                    "state": "linked",
                    "mapping_version": turn.row["mapping_version"],
                    "policy_version": turn.row["policy_version"],
                }
            ],
        )
    insert_all(
        turn.connection,
        t.links,
        [
            {
                "id": new_id(),
                "connection_id": turn.id,
                "document_id": document_id,
                "generation": generation,
                "books_kind": place.kind.value,
                "books_id": place.id,
                "version": version,
                "base_ours": ours,
                "base_theirs": theirs,
                "beside": _beside(turn, place, ours, theirs),
                "state": "live",
                "linked_at": turn.now,
            }
        ],
    )
    agreed = wire.load_document(place.kind, theirs or ours)
    subledger.post(turn, [subledger.Entry(document_id=document_id, revision=revision, document=agreed)])
    member = {
        "document_id": document_id,
        "ref_kind": key.source.kind.value,
        "ref_id": key.source.id,
        "share_cents": None,
    }
    upsert(turn.connection, t.memberships, [member])
    outbox.wake(turn.connection, turn.tenant_id, [key.source], turn.now)
    waiting_for_link(turn, [place])
    if place.kind is BooksKind.INVOICE:
        settled_by_payments(turn, place)
    return document_id
