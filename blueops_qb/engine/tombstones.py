"""Tombstones: what was deleted or merged away in the books, and what a person makes of it.

Never automatic, with one exception: a customer or vendor that was merged there into one that nobody of ours has is
the same one under another id, so its record follows. Its documents name the record and bind to the new id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.engine import merge_proof, outbox, reclass_back, to_core, used_credits
from blueops_qb.engine.conflicts import Shown, open_conflict
from blueops_qb.engine.known import Known, load_by_place
from blueops_qb.engine.link_rows import close_conflicts, mirror_row, set_link, unlink
from blueops_qb.engine.linking import link_document
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.moves import BACK
from blueops_qb.engine.newest import OF_OUR_OWN, newest
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_anew import plan_again
from blueops_qb.engine.several import check_only_one
from blueops_qb.engine.sides import CannotPost, now_of, ours_now
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.unsettled import party_under_way
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, MergeParty, Snapshot
from blueops_qb.store import tables as t

DOUBT = "it was removed in the books and waits for a choice"


class CannotDo(ValueError):
    """The choice cannot be carried out; the sentence says why and what to do instead."""


def removed_there(turn: Turn, known: Known) -> bool:
    """A linked record is gone in the books: it follows a merge, or waits for a choice.

    False when it must be looked at again: what it was merged into may be one of ours whose answer is still to come.
    """
    snapshot = newest(turn, known.key.source)
    if snapshot is not None and snapshot.merged_into is not None and known.kind in NAMED_KINDS:
        _merged_on_both_sides(turn, known, snapshot.merged_into)
        return True
    survivor = merged_into(turn, known)
    if survivor is None and known.kind in NAMED_KINDS and merge_proof.read_again(turn, known):
        return False
    if survivor is not None and not load_by_place(turn.connection, turn.id, [survivor]):
        if party_under_way(turn, survivor.kind):
            return False
        row = mirror_row(turn, survivor)
        if row is None:
            merge_proof.read_one(turn, survivor)
            return False
        if row["deleted"]:
            survivor = None
        else:
            relink(turn, known, survivor, row)
            return True
    set_link(turn, known, doubtful=DOUBT)
    _plan_naming_again(turn, known)
    if known.kind in NAMED_KINDS:
        merge_proof.read_rest(turn, known)
        merge_proof.read_not_taken(turn, known)
    merged = f" and merged into {survivor}" if survivor is not None else ""
    open_conflict(
        turn,
        known,
        mirror_row(turn, known.place),
        group="existence",
        cause="removed_there",
        reason=f"{known.key.source}: {known.place} was deleted{merged} in QuickBooks",
        shown=Shown(
            base=known.base_theirs,
            ours=_ours_text(turn, known, snapshot),
            revision=None if snapshot is None else snapshot.revision,
        ),
    )
    return True


def _merged_on_both_sides(turn: Turn, known: Known, into: str) -> None:
    """Whom BlueOps has merged away is gone from the books too, as the office was told to: nothing is left to ask."""
    unlink(turn, known, "gone", "withdrawn")
    _plan_naming_again(turn, known)
    merge_proof.read_not_taken(turn, known)
    source = known.key.source
    move = Move(
        ref=source, revision=2**62, state=State.NOT_POSTED, reason=f"merged into {into} on both sides"
    )
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
    turn.note("merged there too", str(source), numbers=str(known.place))


def _ours_text(turn: Turn, known: Known, snapshot: Snapshot | None) -> str | None:
    """Our side as it would be written now; None where it cannot be."""
    if snapshot is None or snapshot.deleted:
        return None
    try:
        return wire.dump_document(now_of(turn, known, snapshot)[1])
    except CannotPost:
        return None


def moved_since(turn: Turn, row: Any, known: Known) -> str:
    """Which side is not any more what the conflict `row` of a removed record shows, in words; empty = neither."""
    source = known.key.source
    there = mirror_row(turn, known.place)
    if there is not None and not there["deleted"]:
        return f"{known.place} is in QuickBooks again"
    snapshot = newest(turn, source)
    if (None if snapshot is None else snapshot.revision) == row["revision"]:
        return ""
    shown = row["ours"] or None
    if shown is None or _ours_text(turn, known, snapshot) not in (shown, None):
        return f"{source} moved in BlueOps meanwhile"
    return ""


# -- merges --------------------------------------------------------------------------------------------
def merged_into(turn: Turn, known: Known) -> BooksRef | None:
    """The record of the books that a lost customer or vendor was merged into, where that can be told.

    A webhook may have said it; else its own documents do, which name another one now.
    """
    if known.kind not in NAMED_KINDS:
        return None
    told = {BooksRef(known.kind, id) for id in _told_by_hints(turn, known)}
    found = told or set(_named_by_documents(turn, known))
    found.discard(known.place)
    return found.pop() if len(found) == 1 else None


def _told_by_hints(turn: Turn, known: Known) -> Iterator[str]:
    h = t.hints
    query = sa.select(h.c.payload).where(
        h.c.provider == turn.row["provider"],
        h.c.company_id == turn.row["company_id"],
        h.c.payload.contains('"merge"', autoescape=True),
    )
    for payload in turn.connection.execute(query).scalars():
        hint = json.loads(payload)
        kind = str(hint.get("entity", "")).lower()
        if kind == known.kind.value and hint.get("deleted") == known.books_id and hint.get("id"):
            yield str(hint["id"])


def _named_by_documents(turn: Turn, known: Known) -> Iterator[BooksRef]:
    """Whom documents name now that named the lost one when both sides agreed."""
    lk, m = t.links, t.mirror
    named = f'"{known.place}"'
    query = (
        sa.select(m.c.kind, m.c.document, lk.c.base_theirs)
        .select_from(
            lk.join(
                m,
                sa.and_(
                    m.c.connection_id == lk.c.connection_id,
                    m.c.kind == lk.c.books_kind,
                    m.c.books_id == lk.c.books_id,
                ),
            )
        )
        .where(
            lk.c.connection_id == turn.id,
            lk.c.state == "live",
            m.c.deleted.is_(False),
            lk.c.base_theirs.contains(named, autoescape=True),
            ~m.c.document.contains(named, autoescape=True),
        )
    )
    for row in turn.connection.execute(query):
        kind = BooksKind(row.kind)
        before = set(refs_of(wire.load_document(kind, row.base_theirs)))
        for ref in refs_of(wire.load_document(kind, row.document)):
            if isinstance(ref, BooksRef) and ref.kind is known.kind and ref not in before:
                yield ref


def relink(turn: Turn, known: Known, survivor: BooksRef, row: Any) -> None:
    """The record follows to the survivor: nothing is written, what names the record binds to the new id."""
    source = known.key.source
    snapshot = turn.tx.read(source)
    try:
        ours = None if snapshot is None else ours_now(turn, known, snapshot)
    except CannotPost:
        ours = None
    set_link(turn, known, state="gone", doubtful="")
    close_conflicts(turn, known, f"follows the merge into {survivor}")
    link_document(
        turn,
        key=known.key,
        revision=known.revision,
        ours=known.content if ours is None else wire.dump_document(ours),
        place=survivor,
        version=row["version"],
        theirs=row["document"],
    )
    make_dirty(turn, _places_naming(turn, survivor))
    _plan_naming_again(turn, known)
    merge_proof.read_not_taken(turn, known)
    outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[source], states=[State.WAITING, State.HELD])
    turn.note("merged there", str(source), numbers=f"{known.place} {survivor}")


def _plan_naming_again(turn: Turn, known: Known) -> None:
    """What was refused for naming the lost one hears what became of it, or goes to the one that it was merged into."""
    if known.kind not in NAMED_KINDS:
        return
    d = t.documents
    query = sa.select(d.c.source_kind, d.c.source_id).where(
        d.c.connection_id == turn.id,
        d.c.state == "open",
        d.c.content.contains(f'"{known.key.source}"', autoescape=True),
    )
    refs = [RecordRef(RecordKind(row.source_kind), row.source_id) for row in turn.connection.execute(query)]
    if refs:
        holds = [Hold.REFUSED, Hold.MATCH]
        outbox.again(turn.connection, turn.tenant_id, turn.now, refs=refs, holds=holds)


def can_merge_here(turn: Turn, known: Known) -> bool:
    """It was merged there into one that another record of ours is linked to."""
    return _holder(turn, known)[1] is not None


def _holder(turn: Turn, known: Known) -> tuple[BooksRef | None, Known | None]:
    survivor = merged_into(turn, known)
    if survivor is None:
        return None, None
    return survivor, load_by_place(turn.connection, turn.id, [survivor]).get(survivor)


def merge_here(turn: Turn, known: Known, conflict_id: int) -> None:
    """Merge the record in BlueOps as well, into the one that is linked to the survivor; raises CannotDo."""
    survivor, holder = _holder(turn, known)
    if survivor is None or holder is None:
        raise CannotDo("QuickBooks does not tell into which one it was merged; link it on the matching page")
    source, into = known.key.source, holder.key.source
    if source.kind is not into.kind:
        raise CannotDo(f"{source} and {into} are not of one kind; leave it out, or void it in BlueOps")
    change = MergeParty(kind=source.kind, loser_id=source.id, survivor_id=into.id)
    answer = turn.tx.apply(change, expected_revision=None, key=f"{turn.id}:merge:{conflict_id}")
    if not isinstance(answer, Applied):
        raise CannotDo(
            f"BlueOps does not merge {source} into {into}: {getattr(answer, 'why', 'it moved meanwhile')}"
        )
    unlink(turn, known, "gone", "withdrawn")
    make_dirty(turn, _places_naming(turn, survivor))
    turn.note("merged here", str(source), numbers=str(into))


def _places_naming(turn: Turn, ref: BooksRef) -> list[BooksRef]:
    m = t.mirror
    query = sa.select(m.c.kind, m.c.books_id).where(
        m.c.connection_id == turn.id,
        m.c.deleted.is_(False),
        m.c.document.contains(f'"{ref}"', autoescape=True),
    )
    return [BooksRef(BooksKind(row.kind), row.books_id) for row in turn.connection.execute(query)]


# -- choices -------------------------------------------------------------------------------------------
def again(turn: Turn, known: Known) -> None:
    """Create it anew under the next generation, so that the two are never taken for one another.

    Raises CannotDo where it settled more than its own money, by credits that are free again now.
    """
    _without_credits(turn, known)
    unlink(turn, known, "gone", "open", generation=1)
    plan_again(turn, known.key.source)


def _without_credits(turn: Turn, known: Known) -> None:
    """A payment that is created anew is its own money alone: what it used beside that is free, here too."""
    snapshot = turn.tx.read(known.key.source)
    record = snapshot.record if snapshot is not None else None
    if snapshot is None or not isinstance(record, Payment) or record.void:
        return
    own = attrs.evolve(record, elsewhere=ZERO)
    if own.unapplied < 0 or not own.amount:
        raise CannotDo(
            f"{record.ref} settles {-own.unapplied} more than its {own.amount}, by credits beside it that are free "
            "again since it was deleted in QuickBooks; void it in BlueOps and apply the credits there, or leave it out"
        )
    key = f"{turn.id}:{known.place}:again"
    if own != record:
        try:
            to_core.applied(turn, snapshot, to_core.saving(own), key)
        except to_core.StaleCore:
            raise CannotDo(f"{record.ref} moved in BlueOps meanwhile; look at it again") from None
        except NoPlace as problem:
            raise CannotDo(f"{record.ref} {problem}") from None
    _release_credits(turn, known, key)


def leave_out(turn: Turn, known: Known) -> None:
    """It stays in BlueOps only."""
    _release_credits(turn, known, f"{turn.id}:{known.place}:unlinked")
    unlink(turn, known, "unlinked", "unlinked")
    reclass_back.take_back(turn, [known.id])
    source = known.key.source
    move = Move(ref=source, revision=2**62, state=State.NOT_POSTED, reason="unlinked by a person")
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
    if source.kind is RecordKind.RECLASS and BACK not in source.id:
        reclass_back.left_out(turn, source)
    # What waited for this choice is told what became of it.
    outbox.wake(turn.connection, turn.tenant_id, [source], turn.now)


def void_here(turn: Turn, known: Known) -> None:
    """Take it back in BlueOps as well; a customer, job or vendor is set inactive. Raises CannotDo."""
    source = known.key.source
    if source.kind in OF_OUR_OWN:
        raise CannotDo(
            f"{source} is a move between accounts that was made here, so BlueOps has nothing of it to void; create it "
            "again, or leave it out instead: its amounts then stay on the accounts they were moved from"
        )
    snapshot = turn.tx.read(source)
    if snapshot is None or snapshot.deleted:
        raise CannotDo(f"{source} no longer exists in BlueOps; leave it out instead")
    try:
        check_only_one(turn, known, "deleted")
        change = to_core.voiding(snapshot.record, "deleted in QuickBooks")
        key = f"{turn.id}:{known.place}:removed"
        to_core.applied(turn, snapshot, change, key)
    except to_core.StaleCore:
        raise CannotDo(f"{source} moved in BlueOps meanwhile; look at it again") from None
    except NoPlace as problem:
        raise CannotDo(f"{source} {problem}") from None
    _release_credits(turn, known, key)
    if source.kind in (RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR):
        leave_out(turn, known)
        return
    unlink(turn, known, "gone", "withdrawn")
    reclass_back.take_back(turn, [known.id])
    plan_again(turn, source)
    outbox.wake(turn.connection, turn.tenant_id, [source], turn.now)


def _release_credits(turn: Turn, known: Known, key: str) -> None:
    """Credits of ours that a removed payment used beside its money can be used again."""
    if known.key.source.kind is not RecordKind.PAYMENT or known.base_theirs is None:
        return
    before = wire.load_document(known.kind, known.base_theirs)
    if isinstance(before, CustomerPayment):
        used_credits.moved(turn, before, None, key=key)


__all__ = ["CannotDo", "again", "leave_out", "merge_here", "removed_there", "void_here"]
