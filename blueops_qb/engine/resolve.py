"""Resolve: a person's choice on a conflict, and what follows from it on both sides."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.compare import GROUPS, merged
from blueops_qb.domain.documents import CustomerRecord, Document, VendorRecord
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine import canary, outbox
from blueops_qb.engine.free_names import kept_name
from blueops_qb.engine.known import Known, load_by_place, marker_of
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.sweep import row_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, VoidPayment
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id

#: What a person may choose, by the cause of the conflict.
CHOICES: dict[str, tuple[str, ...]] = {
    "overlap": ("ours", "theirs"),
    "changed_there": ("ours", "theirs"),
    "variance": ("ours", "theirs"),
    "removed_there": ("again", "unlink", "theirs"),
    "incoming": ("close",),
    "twice": ("theirs", "again", "close"),
    "setting": ("close",),
}


class CannotResolve(ValueError):
    """The choice cannot be carried out; the sentence says why and what to do instead."""


def resolve(turn: Turn, conflict_id: int, choice: str, actor: str) -> None:
    """Carry out `ours`, `theirs`, `again`, `unlink` or `close`; raises CannotResolve and changes nothing."""
    c = t.conflicts
    row = (
        turn.connection.execute(sa.select(c).where(c.c.connection_id == turn.id, c.c.id == conflict_id))
        .mappings()
        .one_or_none()
    )
    if row is None or row["state"] != "open":
        raise CannotResolve("this conflict is settled already; nothing was changed")
    if choice not in CHOICES[row["cause"]]:
        raise CannotResolve(
            f"a conflict of this kind is settled by one of: {', '.join(CHOICES[row['cause']])}"
        )
    place = BooksRef(BooksKind(row["books_kind"]), row["books_id"])
    known = load_by_place(turn.connection, turn.id, [place]).get(place)
    if row["cause"] == "twice" and choice != "close":
        _settle_existence(turn, row, choice)
    elif known is not None:
        if known.busy:
            raise CannotResolve("a change of this record is on its way; try again in a moment")
        _carry_out(turn, row, known, choice)
    turn.connection.execute(
        c.update()
        .where(c.c.id == conflict_id)
        .values(state="resolved", choice=choice, decided_by=actor, closed_at=turn.now)
    )
    turn.note("conflict resolved", row["ref"], numbers=f"{place} {row['group']} {choice}", actor=actor)


def _carry_out(turn: Turn, row: Any, known: Known, choice: str) -> None:
    match row["cause"], choice:
        case "overlap", "ours":
            _rebase(turn, known, row["group"], keep="ours")
        case "overlap", "theirs":
            _rebase(turn, known, row["group"], keep="theirs")
        case ("changed_there", "ours") | ("variance", "ours"):
            _send_ours(turn, known)
        case ("changed_there", "theirs") | ("variance", "theirs"):
            _accept(turn, known)
        case "removed_there", "again":
            _again(turn, known)
        case "removed_there", "unlink":
            _unlink(turn, known, "unlinked", "unlinked")
            _end(turn, known.key.source, "unlinked by a person")
        case "removed_there", "theirs":
            _void_here(turn, known)


def _mirror(turn: Turn, known: Known) -> Any:
    m = t.mirror
    return (
        turn.connection.execute(
            sa.select(m).where(
                m.c.connection_id == turn.id, m.c.kind == known.kind.value, m.c.books_id == known.books_id
            )
        )
        .mappings()
        .one()
    )


def _set_link(turn: Turn, known: Known, **values: Any) -> None:
    turn.connection.execute(t.links.update().where(t.links.c.id == known.link_id).values(**values))


def _make_dirty(turn: Turn, known: Known) -> None:
    m = t.mirror
    turn.connection.execute(
        m.update()
        .where(m.c.connection_id == turn.id, m.c.kind == known.kind.value, m.c.books_id == known.books_id)
        .values(dirty=True)
    )


def _plan_again(turn: Turn, known: Known) -> None:
    """Let the newest state of the record pass through planning again."""
    source = known.key.source
    states = [State.CONFLICT, State.HELD, State.WAITING]
    if outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[source], states=states):
        return
    snapshot = turn.tx.read(source)
    if snapshot is not None:
        insert_all(turn.connection, t.outbox, [row_of(turn.tenant_id, snapshot, turn.now)])


def _rebase(turn: Turn, known: Known, group: str, *, keep: str) -> None:
    """Let the losing side's movement of one group count as agreed, so that only the winner has moved."""
    if known.base_ours is None or known.base_theirs is None:
        raise CannotResolve("both sides have never agreed on this record; settle its variance first")
    if group not in GROUPS[type(wire.load_document(known.kind, known.base_ours))]:
        _send_ours(turn, known) if keep == "ours" else _accept(turn, known)
        return
    if keep == "ours":
        theirs = wire.load_document(known.kind, _mirror(turn, known)["document"])
        base = merged(wire.load_document(known.kind, known.base_theirs), theirs, (group,))
        _set_link(turn, known, base_theirs=wire.dump_document(base))
    else:
        base = merged(wire.load_document(known.kind, known.base_ours), _ours_now(turn, known), (group,))
        _set_link(turn, known, base_ours=wire.dump_document(base))
    _make_dirty(turn, known)
    _plan_again(turn, known)


def _ours_now(turn: Turn, known: Known) -> Document:
    snapshot = turn.tx.read(known.key.source)
    if snapshot is None:
        raise CannotResolve(f"{known.key.source} no longer exists in BlueOps; unlink it instead")
    related = read_related(turn.core, turn.tenant_id, [snapshot.record])
    result = post_record(turn, snapshot.record, related, [known])
    if not isinstance(result, Posted) or known.key not in result.documents:
        raise CannotResolve(
            f"{known.key.source} cannot be posted as it is now: {getattr(result, 'reason', '')}"
        )
    return kept_name(turn, known.key.source, result.documents[known.key])


def _send_ours(turn: Turn, known: Known) -> None:
    row = _mirror(turn, known)
    _set_link(turn, known, base_ours=None, base_theirs=row["document"], version=row["version"], doubtful="")
    _plan_again(turn, known)


def _accept(turn: Turn, known: Known) -> None:
    """What the books show is right; both sides count as agreed as they are."""
    row = _mirror(turn, known)
    _set_link(
        turn,
        known,
        base_ours=wire.dump_document(_ours_now(turn, known)),
        base_theirs=row["document"],
        version=row["version"],
        doubtful="",
    )
    turn.connection.execute(t.documents.update().where(t.documents.c.id == known.id).values(state="linked"))
    a = t.operation_after
    turn.connection.execute(a.delete().where(a.c.document_id == known.id))
    source = known.key.source
    move = Move(ref=source, revision=known.revision, state=State.DONE, reason="accepted as the books show it")
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
    outbox.wake(turn.connection, turn.tenant_id, [source], turn.now)
    outbox.again(
        turn.connection, turn.tenant_id, turn.now, refs=[source], states=[State.WAITING], holds=[Hold.BUSY]
    )


def _unlink(turn: Turn, known: Known, link_state: str, document_state: str, *, generation: int = 0) -> None:
    _set_link(turn, known, state=link_state, doubtful="")
    turn.connection.execute(
        t.documents.update()
        .where(t.documents.c.id == known.id)
        .values(state=document_state, generation=known.generation + generation)
    )


def _again(turn: Turn, known: Known) -> None:
    """Create it anew under the next generation, so that the two are never taken for one another."""
    _unlink(turn, known, "gone", "open", generation=1)
    _plan_again(turn, known)


def _void_here(turn: Turn, known: Known) -> None:
    source = known.key.source
    if source.kind is not RecordKind.PAYMENT:
        raise CannotResolve(f"{source} is voided in BlueOps itself; open it there, or unlink it here")
    key = f"{turn.id}:{known.place}:removed"
    change = VoidPayment(payment_id=source.id, reason="deleted in QuickBooks")
    answer = turn.tx.apply(change, expected_revision=None, key=key)
    if not isinstance(answer, Applied):
        raise CannotResolve(f"BlueOps does not void {source}: {getattr(answer, 'why', 'it moved meanwhile')}")
    _unlink(turn, known, "gone", "withdrawn")
    _plan_again(turn, known)


def _end(turn: Turn, source: RecordRef, reason: str) -> None:
    """All open events of the record end here."""
    move = Move(ref=source, revision=2**62, state=State.NOT_POSTED, reason=reason)
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)


def _settle_existence(turn: Turn, row: Any, choice: str) -> None:
    """A document of which nobody knew whether it is in the books: link the one that is there, or create anew."""
    d = t.documents
    document = (
        turn.connection.execute(sa.select(d).where(d.c.id == row["document_id"], d.c.state == "doubtful"))
        .mappings()
        .one_or_none()
    )
    if document is None:
        raise CannotResolve("the record is linked; delete the copy in QuickBooks, then close this conflict")
    key = DocumentKey(
        RecordRef(RecordKind(document["source_kind"]), document["source_id"]),
        document["role"],
        document["part"],
    )
    if choice == "again":
        generation = document["generation"] + 1
        turn.connection.execute(
            d.update().where(d.c.id == document["id"]).values(state="open", generation=generation)
        )
    else:
        _link_existing(turn, document, marker_of(key, document["generation"]))
    states = [State.HELD, State.WAITING]
    outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[key.source], states=states)
    outbox.wake(turn.connection, turn.tenant_id, [key.source], turn.now)


def _link_existing(turn: Turn, document: Any, marker: str) -> None:
    m = t.mirror
    kind = BooksKind(document["books_kind"])
    ours = wire.load_document(kind, document["content"])
    same = (
        m.c.name_key == name_key(ours.name)
        if isinstance(ours, CustomerRecord | VendorRecord)
        else m.c.marker == marker
    )
    found = (
        turn.connection.execute(
            sa.select(m).where(
                m.c.connection_id == turn.id, m.c.kind == kind.value, m.c.deleted.is_(False), same
            )
        )
        .mappings()
        .all()
    )
    if len(found) != 1:
        words = "none of them is" if not found else f"{len(found)} of them are"
        raise CannotResolve(
            f"{words} in the books as far as was read; leave exactly one there and try again in a minute"
        )
    theirs = found[0]
    insert_all(
        turn.connection,
        t.links,
        [
            {
                "id": new_id(),
                "connection_id": turn.id,
                "document_id": document["id"],
                "generation": document["generation"],
                "books_kind": kind.value,
                "books_id": theirs["books_id"],
                "version": theirs["version"],
                "base_ours": None,
                "base_theirs": theirs["document"],
                "state": "live",
                "linked_at": turn.now,
            }
        ],
    )
    turn.connection.execute(
        t.documents.update().where(t.documents.c.id == document["id"]).values(state="linked")
    )
    after = t.operation_after
    turn.connection.execute(after.delete().where(after.c.document_id == document["id"]))


def retry(turn: Turn, refs: list[RecordRef] | None, actor: str) -> int:
    """Plan held records again: these, or all of the tenant; answers how many events."""
    count = outbox.again(turn.connection, turn.tenant_id, turn.now, refs=refs, states=[State.HELD])
    turn.note("retry", " ".join(map(str, refs)) if refs else "all", numbers=str(count), actor=actor)
    return count


def resume(turn: Turn, actor: str) -> None:
    """Hand out again after a person mended what stopped the connection."""
    turn.set(health="ok", health_reason="", rest_until=None, guard_json="")
    canary.confirm(turn)
    turn.note("resumed", f"connection {turn.id}", actor=actor)
