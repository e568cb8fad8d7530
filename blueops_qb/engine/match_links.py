"""Match links: carries out what was decided: links parties first, then invoices, then payments, and maps items."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.documents import AttachedFile, kind_of
from blueops_qb.domain.posting.context import Blocked, Posted
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine.built_on import built_on
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.linking import Pair, link_documents
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.match_rows import ITEM, Row, rows
from blueops_qb.engine.match_sides import KINDS
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)

#: Rows linked at once.
CHUNK = 300
#: What depends on what: parties before what names them.
ORDER = (RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR, RecordKind.INVOICE, RecordKind.PAYMENT)
PAPERS = frozenset({RecordKind.INVOICE, RecordKind.PAYMENT})


def link_decided(turn: Turn, actor: str, *, keys: Sequence[str] | None = None) -> int:
    """Link every row, or of these rows, that was decided and is not linked; answers how many.

    Those that cannot be linked yet, because the mapping lacks something, are linked when they are planned.
    """
    few = keys if keys is not None and len(keys) <= CHUNK else None
    wanted = rows(turn.connection, turn.id, decision="link", kinds=[kind.value for kind in ORDER], keys=few)
    order = {kind.value: n for n, kind in enumerate(ORDER)}
    wanted.sort(key=lambda row: order[row.kind])
    linked = 0
    for start in range(0, len(wanted), CHUNK):
        linked += len(_link_rows(turn, wanted[start : start + CHUNK], actor)[0])
    return linked


def gone_targets(turn: Turn) -> list[Row]:
    """Rows that are to be linked with something that was deleted or merged away in the books since."""
    x, m, d = t.matches, t.mirror, t.documents
    books = {**{kind.value: books for kind, books in KINDS.items()}, ITEM: BooksKind.ITEM}
    there = sa.exists().where(
        m.c.connection_id == x.c.connection_id,
        m.c.kind == sa.case({ours: theirs.value for ours, theirs in books.items()}, value=x.c.ref_kind),
        m.c.books_id == x.c.books_id,
        m.c.deleted.is_(False),
    )
    # What was linked before has a document; its removal is put to a person as a conflict.
    known = sa.exists().where(
        d.c.connection_id == x.c.connection_id, d.c.source_kind == x.c.ref_kind, d.c.source_id == x.c.ref_id
    )
    query = sa.select(x.c.ref_kind, x.c.ref_id).where(
        x.c.connection_id == turn.id, x.c.decision.in_(["link", "?link"]), ~there, ~known
    )
    keys = [f"{row.ref_kind}:{row.ref_id}" for row in turn.connection.execute(query)]
    return rows(turn.connection, turn.id, keys=keys) if keys else []


def _link_rows(
    turn: Turn, wanted: Sequence[Row], actor: str, *, again: bool = True
) -> tuple[set[RecordRef], dict[RecordRef, Blocked]]:
    known = load_known(turn.connection, turn.id, [row.ref for row in wanted])
    todo = [row for row in wanted if _may_link(known.get(DocumentKey(row.ref)), again=again)]
    if not todo:
        return set(), {}
    snapshots = turn.read_all([row.ref for row in todo])
    related = {
        **read_related(turn.read_all, [s.record for s in snapshots.values()]),
        **snapshots,
    }
    named = {ref for snapshot in snapshots.values() for ref in built_on(snapshot.record)}
    others = load_known(turn.connection, turn.id, named - {row.ref for row in wanted})
    theirs = _mirror_rows(turn, [BooksRef(KINDS[row.ref.kind], row.books_id) for row in todo])
    taken = _linked_places(turn, theirs)
    by_source = _by_source([*known.values(), *others.values()])
    pairs: list[Pair] = []
    blocked: dict[RecordRef, Blocked] = {}
    for row in todo:
        place = BooksRef(KINDS[row.ref.kind], row.books_id)
        if row.ref not in snapshots or place not in theirs or place in taken:
            continue
        result = _pair_apart(turn, snapshots[row.ref], related, by_source, place=place, row=theirs[place])
        if isinstance(result, Pair):
            pairs.append(result)
            taken.add(place)
        elif isinstance(result, Blocked):
            blocked[row.ref] = result
    link_documents(turn, pairs, known=known)
    for pair in pairs:
        turn.note("linked", str(pair.key.source), numbers=str(pair.place), actor=actor)
    return {pair.key.source for pair in pairs}, blocked


def _by_source(documents: Iterable[Known]) -> dict[RecordRef, list[Known]]:
    found: dict[RecordRef, list[Known]] = {}
    for document in documents:
        found.setdefault(document.key.source, []).append(document)
    return found


def _may_link(known: Known | None, *, again: bool) -> bool:
    """Not linked and not on its way; what a person has unlinked since only `again`, when he decides anew."""
    if known is None:
        return True
    return not known.linked and not known.busy and (again or known.state not in ("unlinked", "doubtful"))


def _pair_apart(
    turn: Turn,
    snapshot: Snapshot,
    related: dict[RecordRef, Snapshot],
    known: Mapping[RecordRef, Sequence[Known]],
    *,
    place: BooksRef,
    row: Any,
) -> Pair | Blocked | None:
    """A defect of ours in one record keeps this record from its link and nobody else."""
    try:
        return _pair(turn, snapshot, related, known, place=place, row=row)
    except sa.exc.SQLAlchemyError:
        raise  # of the database, not of a record
    except Exception as problem:
        log_trouble(log, "%s could not be compared with %s", snapshot.ref, place, problem=problem)
        return Blocked(
            reason=f"{snapshot.ref} could not be compared: {type(problem).__name__}: {problem}",
            remedy="Report it to BlueOps support with this sentence; retry after the next update.",
        )


def _pair(
    turn: Turn,
    snapshot: Snapshot,
    related: dict[RecordRef, Snapshot],
    known: Mapping[RecordRef, Sequence[Known]],
    *,
    place: BooksRef,
    row: Any,
) -> Pair | Blocked | None:
    """What differs today stays as it is on both sides; later changes travel.

    A link says that one record of the books is all of ours. Where ours would be several documents there, or one of
    another kind, planning would write the others beside what stands there: a person decides then.
    """
    key = DocumentKey(snapshot.ref)
    result = post_record(turn, snapshot.record, related, [], known=known)
    if isinstance(result, Posted) and _kind_in(result, key) not in (None, place.kind):
        # What stands there says which form it has, as a deposit that waits there as a payment.
        there = _as_there(snapshot, place, row)
        result = post_record(turn, snapshot.record, related, [there], known=known)
    if isinstance(result, Blocked):
        return result
    if not isinstance(result, Posted) or key not in result.documents:
        return None
    if kind_of(result.documents[key]) is not place.kind:
        return _not_one(f"BlueOps writes it as {_words(kind_of(result.documents[key]))}", place)
    others = [d for k, d in result.documents.items() if k != key and not isinstance(d, AttachedFile)]
    if others:
        kinds = " and ".join(sorted({_words(kind_of(document)) for document in others}))
        return _not_one(f"BlueOps writes it as {len(others) + 1} documents, beside it {kinds}", place)
    return Pair(
        key=key,
        revision=snapshot.revision,
        ours=wire.dump_document(result.documents[key]),
        place=place,
        version=row["version"],
        theirs=row["document"],
    )


def _kind_in(result: Posted, key: DocumentKey) -> BooksKind | None:
    document = result.documents.get(key)
    return None if document is None else kind_of(document)


def _as_there(snapshot: Snapshot, place: BooksRef, row: Any) -> Known:
    """The record as if it had been posted as what stands there."""
    return Known(
        id=0,
        key=DocumentKey(snapshot.ref),
        kind=place.kind,
        generation=1,
        revision=snapshot.revision,
        content=row["document"],
        state="open",
    )


def _not_one(ours: str, place: BooksRef) -> Blocked:
    return Blocked(
        reason=f"{ours}, but {place} is one {_words(place.kind)}",
        remedy="Skip it on the matching page if QuickBooks has all of it already; if not, take it out there and "
        "choose “create”.",
    )


def _words(kind: BooksKind) -> str:
    return kind.value.replace("_", " ")


def _mirror_rows(turn: Turn, places: Iterable[BooksRef]) -> dict[BooksRef, sa.RowMapping]:
    m = t.mirror
    by_kind: dict[BooksKind, list[str]] = {}
    for place in places:
        by_kind.setdefault(place.kind, []).append(place.id)
    found: dict[BooksRef, sa.RowMapping] = {}
    for kind, ids in by_kind.items():
        query = sa.select(m.c.books_id, m.c.version, m.c.document).where(
            m.c.connection_id == turn.id,
            m.c.kind == kind.value,
            m.c.books_id.in_(ids),
            m.c.deleted.is_(False),
        )
        for row in turn.connection.execute(query).mappings():
            found[BooksRef(kind, row["books_id"])] = row
    return found


def _linked_places(turn: Turn, places: Iterable[BooksRef]) -> set[BooksRef]:
    """Which of them belong to a record of ours already."""
    lk = t.links
    by_kind: dict[str, list[str]] = {}
    for place in places:
        by_kind.setdefault(place.kind.value, []).append(place.id)
    arms = [sa.and_(lk.c.books_kind == kind, lk.c.books_id.in_(ids)) for kind, ids in by_kind.items()]
    if not arms:
        return set()
    query = sa.select(lk.c.books_kind, lk.c.books_id).where(
        lk.c.connection_id == turn.id, lk.c.state == "live", sa.or_(*arms)
    )
    return {BooksRef(BooksKind(row.books_kind), row.books_id) for row in turn.connection.execute(query)}


# -- invoices and payments that are planned --------------------------------------------------------------
def decided_papers(turn: Turn, refs: Iterable[RecordRef]) -> dict[RecordRef, Row]:
    """The rows of those invoices and payments among `refs` that the match plan has."""
    wanted = [str(ref) for ref in refs if ref.kind in PAPERS]
    if not wanted:
        return {}
    return {row.ref: row for row in rows(turn.connection, turn.id, keys=wanted)}


def link_papers(
    turn: Turn, decided: Mapping[RecordRef, Row]
) -> tuple[set[RecordRef], dict[RecordRef, Blocked]]:
    """Link those that were decided so before anything is planned for them: what stands there is never created.

    Answers which are linked now, and what keeps others from it.
    """
    wanted = [row for row in decided.values() if row.decision == "link"]
    return _link_rows(turn, wanted, "engine", again=False) if wanted else (set(), {})
