"""Resolve: a person's choice on a conflict, and what follows from it on both sides.

What is written is decided by `choices`, which the preview calls too. A choice is made on what was shown: if either
side has moved meanwhile nothing is done and the conflict is shown anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import loosely_bound, refs_of
from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import CustomerRecord, Document, VendorRecord, kind_of
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine import canary, choices, outbox, subledger, tombstones, whole_choices
from blueops_qb.engine.as_it_is import take_as_it_is
from blueops_qb.engine.choice_preview import ChoicePreview, preview_of
from blueops_qb.engine.choices import CannotResolve, MovedMeanwhile, Wish
from blueops_qb.engine.figures import cents_in
from blueops_qb.engine.known import Known, load_by_place, marker_of, places_of
from blueops_qb.engine.newest import newest
from blueops_qb.engine.newly_ours import now_ours
from blueops_qb.engine.outbox import State
from blueops_qb.engine.plan_anew import plan_again
from blueops_qb.engine.sides import agreed_beside
from blueops_qb.engine.to_core import StaleCore
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all, upsert
from blueops_qb.store.types import new_id

#: What a person may choose, by the cause of the conflict.
CHOICES: dict[str, tuple[str, ...]] = {
    "overlap": ("ours", "theirs", "fields"),
    "changed_there": ("ours", "theirs", "fields", "accept"),
    "variance": ("ours", "theirs"),
    "removed_there": ("again", "unlink", "theirs", "merge"),
    "incoming": ("close",),
    "twice": ("theirs", "again", "close"),
    "setting": ("close",),
}

#: Causes of conflicts about fields that both sides have.
ABOUT_FIELDS = ("overlap", "changed_there")


def resolve(
    turn: Turn, conflict_id: int, choice: str, actor: str, *, wish: Wish | None = None, shown: str = ""
) -> str:
    """Carry out one of CHOICES; raises CannotResolve (MovedMeanwhile among it) and changes nothing.

    Answers a sentence where there was nothing to carry out because the record is not linked any more: the conflict is
    off the list then, and nothing else was changed. Empty = it was carried out.
    `fields` needs a `wish`: a side for every field, lines one by one, keys for lines that were added over there.
    `shown` is `choices.mark` of the conflict as the person saw it; empty = as it is stored.
    """
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
    if shown and shown != choices.mark(row):
        raise MovedMeanwhile("it was shown anew meanwhile with other values; look at it again, then choose")
    if row["cause"] in choices.TOLD:
        choices.check_told(turn, row)
    place = BooksRef(BooksKind(row["books_kind"]), row["books_id"])
    known = load_by_place(turn.connection, turn.id, [place]).get(place)
    before = ""
    if choice == "close" and _doubtful(turn, row) is not None:
        raise CannotResolve("its record waits for the choice: link the one that is there, or create it again")
    if row["cause"] == "twice" and choice != "close":
        _settle_existence(turn, row, choice)
    elif known is None and choice != "close":
        return _let_go(turn, row, place, actor)
    elif known is not None and choice != "close":
        if known.busy:
            raise CannotResolve("a change of this record is on its way; try again in a moment")
        before = _carry_out(turn, row, known, choice, wish or Wish(), actor=actor)
    turn.connection.execute(
        c.update()
        .where(c.c.id == conflict_id)
        .values(state="resolved", choice=choice, decided_by=actor, closed_at=turn.now, before_json=before)
    )
    turn.note("conflict resolved", row["ref"], numbers=f"{place} {row['group']} {choice}", actor=actor)
    return ""


def _let_go(turn: Turn, row: Any, place: BooksRef, actor: str) -> str:
    """A conflict of which nothing is left to decide goes off the list."""
    c = t.conflicts
    turn.connection.execute(
        c.update()
        .where(c.c.id == row["id"])
        .values(state="closed", choice="it is not linked any more", decided_by=actor, closed_at=turn.now)
    )
    turn.note("conflict closed", row["ref"], numbers=f"{place} {row['group']}", actor=actor)
    ref = row["ref"] or "the record"
    return f"{ref} is not linked to {place} any more, so there was nothing to choose; the conflict is off the list"


def known_of(turn: Turn, row: Any) -> Known | None:
    """The linked document that a conflict is about."""
    place = BooksRef(BooksKind(row["books_kind"]), row["books_id"])
    return load_by_place(turn.connection, turn.id, [place]).get(place)


def offered(turn: Turn, row: Any) -> tuple[str, ...]:
    """Those of CHOICES that can be carried out for this very conflict."""
    known = known_of(turn, row)
    unfit: set[str] = set()
    if row["cause"] == "removed_there" and (known is None or not tombstones.can_merge_here(turn, known)):
        unfit.add("merge")
    if row["cause"] in ABOUT_FIELDS and (known is None or not choices.is_about_fields(row, known)):
        unfit.add("fields")
    if row["cause"] == "twice":
        unfit |= {"theirs", "again"} if _doubtful(turn, row) is None else {"close"}
    return tuple(choice for choice in CHOICES[row["cause"]] if choice not in unfit)


def resolve_record(
    turn: Turn,
    ref: RecordRef,
    choice: str,
    actor: str,
    *,
    wish: Wish | None = None,
    shown: Mapping[int, str] | None = None,
) -> int:
    """The same choice for the open conflicts about fields of a record; answers how many. Raises as `resolve`.

    `shown` are those that the person saw, with their marks, and no others are settled; None = all there are.
    """
    c = t.conflicts
    query = sa.select(c.c.id).where(
        c.c.connection_id == turn.id, c.c.ref == str(ref), c.c.state == "open", c.c.cause.in_(ABOUT_FIELDS)
    )
    ids = list(turn.connection.execute(query.order_by(c.c.id)).scalars())
    if shown is not None:
        if not shown.keys() <= set(ids):
            raise MovedMeanwhile("some of what was shown is settled already; look at the others again")
        ids = [id for id in ids if id in shown]
    if not ids:
        raise CannotResolve("there is nothing to choose; it is settled already")
    for id in ids:
        resolve(turn, id, choice, actor, wish=wish, shown="" if shown is None else shown[id])
    return len(ids)


def preview(turn: Turn, conflict_id: int, choice: str, *, wish: Wish | None = None) -> ChoicePreview:
    """What a choice about fields would write on each side; changes nothing. Raises as `resolve`."""
    c = t.conflicts
    query = sa.select(c).where(c.c.connection_id == turn.id, c.c.id == conflict_id, c.c.state == "open")
    row = turn.connection.execute(query).mappings().one_or_none()
    if row is None:
        raise CannotResolve("this conflict is settled already")
    known = known_of(turn, row)
    if known is None or not choices.is_about_fields(row, known):
        raise CannotResolve("this choice is about the whole record; its effect stands beside the button")
    try:
        plan = choices.plan_choice(turn, row, known, attrs.evolve(wish or Wish(), side=choice))
    except NoPlace as problem:
        raise CannotResolve(f"{known.key.source} {problem}") from None
    return preview_of(turn, plan)


def _carry_out(turn: Turn, row: Any, known: Known, choice: str, wish: Wish, *, actor: str) -> str:
    """Do it; answers what an undo needs, empty where it cannot be undone."""
    try:
        if row["cause"] == "removed_there" and (words := tombstones.moved_since(turn, row, known)):
            raise MovedMeanwhile(f"{words}; it is shown anew")
        match row["cause"], choice:
            case (("overlap" | "changed_there"), ("ours" | "theirs" | "fields")):
                if choices.is_about_fields(row, known):
                    return choices.carry_out(turn, row, known, attrs.evolve(wish, side=choice))
                if choice == "ours":
                    whole_choices.send_ours(turn, row, known)
                else:
                    whole_choices.accept(turn, row, known, actor)
            case "variance", "ours":
                whole_choices.send_ours(turn, row, known)
            case ("changed_there", "accept") | ("variance", "theirs"):
                whole_choices.accept(turn, row, known, actor)
            case "removed_there", "again":
                tombstones.again(turn, known)
            case "removed_there", "unlink":
                tombstones.leave_out(turn, known)
            case "removed_there", "theirs":
                tombstones.void_here(turn, known)
            case "removed_there", "merge":
                tombstones.merge_here(turn, known, row["id"])
    except tombstones.CannotDo as problem:
        raise CannotResolve(str(problem)) from None
    except NoPlace as problem:
        raise CannotResolve(f"{known.key.source} {problem}") from None
    except StaleCore:
        raise MovedMeanwhile(f"{known.key.source} moved in BlueOps meanwhile; look at it again") from None
    return ""


def _doubtful(turn: Turn, row: Any) -> Any:
    """The document that waits for a choice on its existence, which `row` puts to a person; None where it does not."""
    d = t.documents
    query = sa.select(d).where(d.c.id == row["document_id"], d.c.state == "doubtful")
    found = turn.connection.execute(query).mappings().one_or_none()
    return found if row["cause"] == "twice" and row["group"] == "existence" else None


def _settle_existence(turn: Turn, row: Any, choice: str) -> None:
    """A document of which nobody knew whether it is in the books: link the one that is there, or create anew."""
    d = t.documents
    document = _doubtful(turn, row)
    if document is None:
        raise CannotResolve("the record is linked; delete the copy in QuickBooks, then close this conflict")
    key = DocumentKey(
        RecordRef(RecordKind(document["source_kind"]), document["source_id"]),
        document["role"],
        document["part"],
    )
    if choice == "again":
        _check_not_void(turn, key.source, document)
        generation = document["generation"] + 1
        turn.connection.execute(
            d.update().where(d.c.id == document["id"]).values(state="open", generation=generation)
        )
    else:
        _link_existing(turn, document, row)
    plan_again(turn, key.source)
    outbox.wake(turn.connection, turn.tenant_id, [key.source], turn.now)


def _check_not_void(turn: Turn, source: RecordRef, document: Any) -> None:
    """What does not count in BlueOps is not created again beside the one that stands in the books."""
    snapshot = newest(turn, source)
    ends = snapshot is None or snapshot.deleted or getattr(snapshot.record, "void", False)
    if ends and _existing(turn, document):
        raise CannotResolve(
            f"{source} is void in BlueOps or gone, so it is not created again; link the one that is there, which is "
            "then taken out as well, or delete it in QuickBooks first"
        )


def _existing(turn: Turn, document: Any) -> list[Any]:
    """The records of the books that may be the document: parties of its name, documents that bear its mark."""
    m = t.mirror
    kind = BooksKind(document["books_kind"])
    ours = wire.load_document(kind, document["content"])
    source = RecordRef(RecordKind(document["source_kind"]), document["source_id"])
    key = DocumentKey(source, document["role"], document["part"])
    same = (
        m.c.name_key == name_key(ours.name)
        if isinstance(ours, CustomerRecord | VendorRecord)
        else m.c.marker == marker_of(key, document["generation"])
    )
    query = sa.select(m).where(
        m.c.connection_id == turn.id, m.c.kind == kind.value, m.c.deleted.is_(False), same
    )
    return list(turn.connection.execute(query).mappings())


def _link_existing(turn: Turn, document: Any, row: Any) -> None:
    kind = BooksKind(document["books_kind"])
    ours = wire.load_document(kind, document["content"])
    found = _existing(turn, document)
    if len(found) != 1:
        words = "none of them is" if not found else f"{len(found)} of them are"
        raise CannotResolve(
            f"{words} in the books as far as was read; leave exactly one there and try again in a minute"
        )
    theirs = found[0]
    choices.check_told(turn, row, theirs)
    agreed = _as_sent(turn, ours, theirs)
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
                "base_ours": document["content"] if agreed else None,
                "base_theirs": theirs["document"],
                "beside": agreed_beside(turn, ours, theirs["beside"], "", equal=True) if agreed else "",
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
    member = {
        "document_id": document["id"],
        "ref_kind": document["source_kind"],
        "ref_id": document["source_id"],
        "share_cents": cents_in(ours),
    }
    upsert(turn.connection, t.memberships, [member])
    if agreed:
        shown = wire.load_document(kind, theirs["document"])
        entry = subledger.Entry(document_id=document["id"], revision=document["revision"], document=shown)
        subledger.post(turn, [entry])
    now_ours(turn, [BooksRef(kind, theirs["books_id"])])


def _as_sent(turn: Turn, ours: Document, theirs: Any) -> bool:
    """The books show what was sent: both sides agree on it, and only what changed since is to be written.

    One of the same name that does not bear our mark may not have been told what is never compared.
    """
    if not theirs["document"]:
        return False
    refs = [ref for ref in refs_of(ours) if not isinstance(ref, BooksRef)]
    bound = loosely_bound(ours, places_of(turn.connection, turn.id, refs))
    if kind_of(ours) in NAMED_KINDS and any(turn.provider.one_way(bound).values()):
        return False
    operation = Operation(id="", verb=Verb.CREATE, kind=kind_of(ours), document=bound)
    sent = turn.provider.sent(operation, turn.profile)
    shown = wire.load_document(kind_of(ours), theirs["document"])
    return sent is not None and as_decided(sent, shown) == sent


def retry(turn: Turn, refs: list[RecordRef] | None, actor: str) -> int:
    """Plan held records again: these, or all of the tenant; answers how many events."""
    count = outbox.again(turn.connection, turn.tenant_id, turn.now, refs=refs, states=[State.HELD])
    turn.note("retry", " ".join(map(str, refs)) if refs else "all", numbers=str(count), actor=actor)
    return count


def resume(turn: Turn, actor: str) -> None:
    """Hand out again after a person mended what stopped the connection."""
    if turn.row["health"] == "stopped":
        take_as_it_is(turn)
    turn.set(health="ok", health_reason="", rest_until=None, guard_json="")
    canary.confirm(turn)
    turn.note("resumed", f"connection {turn.id}", actor=actor)


__all__ = [
    "ABOUT_FIELDS",
    "CHOICES",
    "CannotResolve",
    "ChoicePreview",
    "MovedMeanwhile",
    "Wish",
    "known_of",
    "offered",
    "preview",
    "resolve",
    "resolve_record",
    "resume",
    "retry",
]
