"""Unsettled: records of which one document has landed while another is still open or is read again."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind, RecordKind, RecordRef
from blueops_qb.engine import deposited
from blueops_qb.engine.outbox import Hold, Move, State, ref_condition
from blueops_qb.engine.sweep import row_of
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all

#: The doubt about a document whose version is out of date.
READING = "it is being read again from the books"
#: Why an operation was given up whose version was out of date.
OUT_OF_DATE = "it was changed in the books meanwhile; both sides are compared again"

#: Records of which an operation ended -> the revision that it was about, below 0 where it was about none.
Finished = Mapping[RecordRef, int]


#: Operations that may still write.
_OPEN = ("ready", "out", "uncertain")


def reread(turn: Turn, finished: Finished, *, moving: Container[RecordRef]) -> list[Move]:
    """Records that wait until a document of theirs has been read again."""
    refs = [ref for ref, revision in finished.items() if revision >= 0 and ref not in moving]
    return [
        Move(ref=ref, revision=finished[ref], state=State.WAITING, hold=Hold.BUSY, reason=READING)
        for ref in being_read(turn, refs)
    ]


def told(
    turn: Turn, finished: Finished, *, undone: Mapping[RecordRef, str], moving: Container[RecordRef]
) -> list[Move]:
    """What is said of records of which an operation ended: done, still on their way, or due again.

    A record of which another document was refused stays held, or is planned again once this one is there.
    """
    open_ = still_open(turn, list(finished))
    own = [ref for ref, revision in finished.items() if revision >= 0 and ref not in moving]
    due = left_undone(turn, [ref for ref in own if ref not in open_]) | deposited.lets_go(turn, own)

    def move(ref: RecordRef, state: State, reason: str | None = None) -> Move:
        return Move(ref=ref, revision=finished[ref], state=state, reason=reason, only_moving=True)

    moves = []
    for ref in own:
        if ref in open_:
            if waits := open_[ref]:
                moves.append(move(ref, State.WAITING, waits))
        elif ref in due:
            moves.append(move(ref, State.PENDING))
        elif ref in undone:
            moves.append(move(ref, State.NOT_POSTED, undone[ref]))
        else:
            moves.append(move(ref, State.DONE))
    return moves


def still_open(turn: Turn, refs: Sequence[RecordRef]) -> dict[RecordRef, str]:
    """Records of which operations are open -> what they wait for, in words; "" while one is on its way."""
    if not refs:
        return {}
    o, d, a = t.operations, t.documents, t.operation_after
    needed = t.documents.alias("needed")
    query = (
        sa.select(d.c.source_kind, d.c.source_id, o.c.state, needed.c.source_kind, needed.c.source_id)
        .select_from(
            o.join(d, d.c.id == o.c.document_id)
            .outerjoin(a, a.c.operation_id == o.c.id)
            .outerjoin(needed, needed.c.id == a.c.document_id)
        )
        .where(
            d.c.connection_id == turn.id,
            o.c.state.in_(_OPEN),
            ref_condition(d.c.source_kind, d.c.source_id, refs),
        )
    )
    waits: dict[RecordRef, set[str]] = {}
    under_way: set[RecordRef] = set()
    for kind, id, state, needed_kind, needed_id in turn.connection.execute(query):
        ref = RecordRef(RecordKind(kind), id)
        named = waits.setdefault(ref, set())
        if needed_id is not None:
            named.add(f"{needed_kind}:{needed_id}")
        if state != "ready":
            under_way.add(ref)
    return {
        ref: "" if ref in under_way else f"waits for {', '.join(sorted(named))}" if named else "queued"
        for ref, named in waits.items()
    }


def left_undone(turn: Turn, refs: Sequence[RecordRef]) -> set[RecordRef]:
    """Records of which the last write of some document was refused, as out of date or otherwise, or given up when the
    books were disconnected.

    It is still due although others have landed.
    """
    if not refs:
        return set()
    o, d = t.operations, t.documents
    refused = sa.and_(
        o.c.state.in_(["failed", "cancelled"]), sa.or_(o.c.state == "failed", o.c.reason == OUT_OF_DATE)
    )
    any_refused = sa.select(o.c.id).where(o.c.connection_id == turn.id, refused).limit(1)
    if turn.connection.execute(any_refused).first() is None:
        return set()
    later = t.operations.alias("later")
    query = sa.select(d.c.source_kind, d.c.source_id).where(
        d.c.connection_id == turn.id,
        d.c.state.in_(["open", "linked"]),
        ref_condition(d.c.source_kind, d.c.source_id, refs),
        sa.exists().where(
            o.c.document_id == d.c.id,
            refused,
            ~sa.exists().where(
                later.c.document_id == o.c.document_id, later.c.id > o.c.id, later.c.state != "cancelled"
            ),
        ),
    )
    return {RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)}


def party_under_way(turn: Turn, kind: BooksKind) -> bool:
    """A new record of the kind was sent and nobody knows yet which one of theirs it is, if it arrived.

    Any that has just appeared there may be it, whatever it is called meanwhile.
    """
    o = t.operations
    query = sa.select(sa.func.count()).where(
        o.c.connection_id == turn.id,
        o.c.kind == kind.value,
        o.c.verb == "create",
        o.c.state.in_(["out", "uncertain"]),
    )
    return bool(turn.connection.execute(query).scalar_one())


def being_read(turn: Turn, refs: Sequence[RecordRef]) -> list[RecordRef]:
    """Records of which a document is read again: they are planned once more after that."""
    if not refs:
        return []
    lk, d = t.links, t.documents
    query = (
        sa.select(d.c.source_kind, d.c.source_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            lk.c.doubtful == READING,
            ref_condition(d.c.source_kind, d.c.source_id, refs),
        )
        .distinct()
    )
    return [RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)]


def say_held(turn: Turn, ref: RecordRef, sentence: str, remedy: str, hold: Hold) -> None:
    """A record that was written only because another one needs it has no event; it gets one, held."""
    o = t.outbox
    held = sa.select(o.c.id).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.ref_kind == ref.kind.value,
        o.c.ref_id == ref.id,
        o.c.state == State.HELD.value,
    )
    snapshot = None if turn.connection.execute(held.limit(1)).first() else turn.tx.read(ref)
    if snapshot is not None:
        row = row_of(turn.tenant_id, snapshot, turn.now)
        row |= {"state": State.HELD.value, "reason": sentence, "remedy": remedy, "hold": hold.value}
        insert_all(turn.connection, o, [row])
