"""Linking: documents of ours and records of the books that were found to be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import loosely_bound, refs_of
from blueops_qb.domain.documents import Document
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordRef
from blueops_qb.engine import outbox, subledger
from blueops_qb.engine.known import Known, load_known, places_of
from blueops_qb.engine.newly_ours import now_ours
from blueops_qb.engine.sides import agreed_beside
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all, upsert
from blueops_qb.store.types import new_id


@attrs.frozen(kw_only=True)
class Pair:
    """A document of ours and the record of the books that it is, agreed on `ours` and `theirs`."""

    key: DocumentKey
    revision: int
    ours: str
    place: BooksRef
    version: str
    theirs: str | None


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
    pair = Pair(key=key, revision=revision, ours=ours, place=place, version=version, theirs=theirs)
    return link_documents(turn, [pair])[0]


def link_documents(
    turn: Turn, pairs: Sequence[Pair], *, known: Mapping[DocumentKey, Known] | None = None
) -> list[int]:
    """Documents and their links, in a handful of statements for any number; answers the documents' ids.

    `known` are the documents of their records, where they were loaded already.
    Raises `ValueError` for a pair whose two sides are not of one kind, before anything is stored.
    """
    if not pairs:
        return []
    for pair in pairs:
        _check_kind(pair)
    if known is None:
        known = load_known(turn.connection, turn.id, [pair.key.source for pair in pairs])
    beside = _beside(turn, pairs)
    new: list[dict[str, object]] = []
    links: list[dict[str, object]] = []
    ids: list[int] = []
    settled: list[RecordRef] = []
    for pair in pairs:
        before = known.get(pair.key)
        if before is not None:
            # A create that was refused, or a record that was unlinked: its document is taken up again.
            id, generation = before.id, before.generation + 1
            _take_up(turn, before, pair, generation)
            if before.ready_operation is not None:
                settled.append(pair.key.source)
        else:
            id, generation = new_id(), 1
            new.append(_document_row(turn, pair, id))
        ids.append(id)
        links.append(
            {**_link_row(turn, pair, id, generation), "beside": beside.get((pair.key, pair.place), "")}
        )
    insert_all(turn.connection, t.documents, new)
    insert_all(turn.connection, t.links, links)
    subledger.post(
        turn,
        [
            subledger.Entry(
                document_id=id,
                revision=pair.revision,
                document=wire.load_document(pair.place.kind, pair.theirs or pair.ours),
            )
            for id, pair in zip(ids, pairs, strict=True)
            if pair.place.kind in subledger.POSTING_KINDS
        ],
    )
    members = [
        {
            "document_id": id,
            "ref_kind": pair.key.source.kind.value,
            "ref_id": pair.key.source.id,
            "share_cents": None,
        }
        for id, pair in zip(ids, pairs, strict=True)
    ]
    upsert(turn.connection, t.memberships, members)
    outbox.wake(turn.connection, turn.tenant_id, [pair.key.source for pair in pairs], turn.now)
    if settled:
        # What was queued of them is not sent any more, so no answer will say that they are done.
        outbox.again(turn.connection, turn.tenant_id, turn.now, refs=settled, states=[outbox.State.WAITING])
    now_ours(turn, [pair.place for pair in pairs])
    return ids


def _check_kind(pair: Pair) -> None:
    """A document stored under another kind could never be read again, and stops whatever looks at its record."""
    try:
        if pair.ours:
            wire.load_document(pair.place.kind, pair.ours)
    except wire.Malformed as problem:
        raise ValueError(
            f"{pair.key} cannot be linked with {pair.place}: what BlueOps writes of it is no "
            f"{pair.place.kind.value} ({'; '.join(problem.problems)})"
        ) from problem


def _shown(turn: Turn, places: Sequence[BooksRef]) -> dict[BooksRef, str]:
    """What the books show beside these records, as the mirror has it."""
    m = t.mirror
    found: dict[BooksRef, str] = {}
    for kind in {place.kind for place in places}:
        ids = [place.id for place in places if place.kind is kind]
        for start in range(0, len(ids), 500):
            query = sa.select(m.c.books_id, m.c.beside).where(
                m.c.connection_id == turn.id,
                m.c.kind == kind.value,
                m.c.books_id.in_(ids[start : start + 500]),
            )
            found |= {BooksRef(kind, row.books_id): row.beside for row in turn.connection.execute(query)}
    return found


def _beside(turn: Turn, pairs: Sequence[Pair]) -> dict[tuple[DocumentKey, BooksRef], str]:
    """What the books show beside the documents, with pairs of line ids where both sides show equal lines."""
    shown = _shown(turn, [pair.place for pair in pairs])
    sides = {
        (pair.key, pair.place): (
            wire.load_document(pair.place.kind, pair.ours),
            wire.load_document(pair.place.kind, pair.theirs),
        )
        for pair in pairs
        if shown.get(pair.place) and pair.theirs and pair.ours
    }
    named = {ref for sides_ in sides.values() if _lined(*sides_) for ref in refs_of(sides_[0])}
    places = places_of(turn.connection, turn.id, [ref for ref in named if not isinstance(ref, BooksRef)])
    found = {}
    for which, (ours, theirs) in sides.items():
        equal = True
        if _lined(ours, theirs):
            mine = turn.provider.normal(loosely_bound(ours, places))
            equal = getattr(mine, "lines", ()) == getattr(theirs, "lines", ())
        found[which] = agreed_beside(turn, ours, shown[which[1]], "", equal=equal)
    return found


def _lined(*sides: Document) -> bool:
    return any(getattr(document, "lines", ()) for document in sides)


def _take_up(turn: Turn, known: Known, pair: Pair, generation: int) -> None:
    d, o, a = t.documents, t.operations, t.operation_after
    turn.connection.execute(
        d.update()
        .where(d.c.id == known.id)
        .values(
            content=pair.ours,
            revision=pair.revision,
            state="linked",
            books_kind=pair.place.kind.value,
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


def _document_row(turn: Turn, pair: Pair, id: int) -> dict[str, object]:
    return {
        "id": id,
        "connection_id": turn.id,
        "source_kind": pair.key.source.kind.value,
        "source_id": pair.key.source.id,
        "role": pair.key.role,
        "part": pair.key.part,
        "books_kind": pair.place.kind.value,
        "generation": 1,
        "revision": pair.revision,
        "content": pair.ours,
        "state": "linked",
        "mapping_version": turn.row["mapping_version"],
        "policy_version": turn.row["policy_version"],
    }


def _link_row(turn: Turn, pair: Pair, id: int, generation: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "connection_id": turn.id,
        "document_id": id,
        "generation": generation,
        "books_kind": pair.place.kind.value,
        "books_id": pair.place.id,
        "version": pair.version,
        "base_ours": pair.ours,
        "base_theirs": pair.theirs,
        "state": "live",
        "linked_at": turn.now,
    }
