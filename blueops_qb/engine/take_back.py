"""Take back: undoing a choice on a conflict while nobody has touched either side since.

What stood before is restored: core gets its record back, the bases are those of the conflict, and what was written
to the books is written back there; then both sides differ again and the conflict is open anew.
"""

from __future__ import annotations

import json
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.overrides import LineOverride
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import to_core, used_credits
from blueops_qb.engine.choices import CannotResolve
from blueops_qb.engine.known import Known, load_by_place, marker_of
from blueops_qb.engine.link_rows import mirror_row, set_link
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.overrides_desk import store
from blueops_qb.engine.sides import Bound, CannotPost, beside_of, ours_now
from blueops_qb.engine.to_core import StaleCore
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.unsettled import READING
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.sdk.provider import Lane, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id

#: Why nothing is planned for the record meanwhile.
UNDOING = "a choice about it is being undone"
#: The parameter of the operation that writes back what the books had.
PARAM = "undo"


@attrs.frozen(kw_only=True)
class Undo:
    """What an undo would do: core's record goes back, and what of the books does, as sentences."""

    row: Any
    before: dict[str, Any]
    known: Known
    snapshot: Snapshot
    mirror: Any
    #: `nothing` was written to the books, it `waits` to be, or it was `written`.
    books: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it does, for the person who presses the button."""
        core = self.before["record"] != wire.dump_record(self.snapshot.record)
        there = {
            "nothing": "In QuickBooks nothing changes.",
            "waits": "What waits to be written to QuickBooks is not written.",
            "written": "QuickBooks gets back what it had.",
        }
        here = "BlueOps gets back what it had." if core else "In BlueOps nothing changes."
        return (here, there[self.books], "Then both sides differ again, and the conflict is open.")


def undo_of(turn: Turn, conflict_id: int) -> Undo:
    """What an undo of the choice would do; raises CannotResolve with the reason why there is none."""
    c = t.conflicts
    query = sa.select(c).where(c.c.connection_id == turn.id, c.c.id == conflict_id)
    row = turn.connection.execute(query).mappings().one_or_none()
    if row is None or row["state"] != "resolved" or not row["before_json"]:
        raise CannotResolve("this choice cannot be undone; correct the record on either side instead")
    before = json.loads(row["before_json"])
    place = BooksRef(BooksKind(row["books_kind"]), row["books_id"])
    known = load_by_place(turn.connection, turn.id, [place]).get(place)
    if known is None or known.link_id != before["link"]:
        raise CannotResolve(f"{row['ref']} is not linked to {place} any more, so the choice stands")
    if known.busy:
        raise CannotResolve("a change of this record is on its way; try again in a moment")
    snapshot = turn.tx.read(known.key.source)
    mirror = mirror_row(turn, place)
    if snapshot is None or snapshot.deleted or mirror is None or mirror["deleted"]:
        raise CannotResolve(f"{row['ref']} was removed on one side since, so the choice stands")
    if snapshot.revision != before["revision"]:
        raise CannotResolve(f"{row['ref']} was changed in BlueOps since, so the choice stands")
    coded = [wire.dump(override) for override in known.overrides]
    if sorted(coded) != sorted(before["overrides_after"]):
        raise CannotResolve(f"{row['ref']} was coded anew in QuickBooks since, so the choice stands")
    return Undo(
        row=row,
        before=before,
        known=known,
        snapshot=snapshot,
        mirror=mirror,
        books=_books(turn, row["ref"], before, known, snapshot, mirror),
    )


def _books(
    turn: Turn, ref: str, before: dict[str, Any], known: Known, snapshot: Snapshot, mirror: Any
) -> str:
    """What became of the choice in the books; raises CannotResolve where somebody touched them since."""
    untouched = mirror["document"] == before["theirs"]
    if untouched and not before["writes"]:
        return "nothing"
    if untouched:
        return "waits"
    try:
        ours = ours_now(turn, known, snapshot)
    except CannotPost as problem:
        raise CannotResolve(f"{ref} cannot be posted as it is now: {problem}") from None
    theirs = wire.load_document(known.kind, mirror["document"])
    normal = Bound.of(turn, (ours,), ()).normal(ours)
    if not before["writes"] or as_decided(normal, theirs) != normal or mirror["dirty"]:
        raise CannotResolve(f"{ref} was changed in QuickBooks since, so the choice stands")
    return "written"


def undo(turn: Turn, conflict_id: int, actor: str) -> None:
    """Undo a choice; raises CannotResolve and changes nothing."""
    plan = undo_of(turn, conflict_id)
    before, known = plan.before, plan.known
    record = wire.load_record(known.key.source.kind, before["record"])
    if record != plan.snapshot.record:
        try:
            to_core.applied(turn, plan.snapshot, to_core.saving(record), f"{turn.id}:undo:{conflict_id}")
        except (NoPlace, StaleCore) as problem:
            words = str(problem) or "moved in BlueOps meanwhile"
            raise CannotResolve(f"{known.key.source} {words}; the choice stands") from None
    _take_credits_back(turn, plan, f"{turn.id}:undo:{conflict_id}")
    kept = tuple(wire.load(LineOverride, text) for text in before["overrides"])
    store(turn, known.id, kept, version=plan.mirror["version"])
    _cancel(turn, known)
    if plan.books == "written":
        set_link(turn, known, doubtful=UNDOING)
        _write_back(turn, plan)
    else:
        restore(turn, before, known.link_id)
        make_dirty(turn, [known.place])
    c = t.conflicts
    turn.connection.execute(c.update().where(c.c.id == conflict_id).values(state="undone"))
    turn.note("choice undone", plan.row["ref"], numbers=f"{known.place} {before['group']}", actor=actor)


def _take_credits_back(turn: Turn, plan: Undo, key: str) -> None:
    """Credits of ours say again what the payment used of them before the choice took it over from the books."""
    known, before = plan.known, plan.before
    taken = {"allocations", "void"} & set(before.get("taken", ()))
    if known.key.source.kind is not RecordKind.PAYMENT or not taken:
        return
    agreed, chosen = (wire.load_document(known.kind, before[name]) for name in ("base_theirs", "theirs"))
    if isinstance(agreed, CustomerPayment) and isinstance(chosen, CustomerPayment):
        used_credits.moved(turn, chosen, agreed, key=key)


def restore(turn: Turn, before: dict[str, Any], link_id: int | None, *, doubtful: str = "") -> None:
    """The bases are again those on which the conflict stood."""
    lk = t.links
    turn.connection.execute(
        lk.update()
        .where(lk.c.id == link_id)
        .values(
            base_ours=before["base_ours"],
            base_theirs=before["base_theirs"],
            beside=before["beside"],
            doubtful=doubtful,
        )
    )


def _cancel(turn: Turn, known: Known) -> None:
    o = t.operations
    turn.connection.execute(
        o.update()
        .where(o.c.document_id == known.id, o.c.state == "ready")
        .values(state="cancelled", reason=UNDOING, closed_at=turn.now)
    )


def _write_back(turn: Turn, plan: Undo) -> None:
    """An update that says what the books said; when it has landed, the bases are restored (`landed`)."""
    known, before = plan.known, plan.before
    turn.connection.execute(
        t.operations.insert(),
        {
            "id": new_id(),
            "connection_id": turn.id,
            "verb": Verb.UPDATE.value,
            "lane": int(Lane.LIVE),
            "kind": known.kind.value,
            "document_id": known.id,
            "revision": plan.snapshot.revision,
            "content": _with_ids(plan),
            "target_id": known.books_id,
            "version": plan.mirror["version"],
            "previous": plan.mirror["document"],
            "marker": marker_of(known.key, known.generation),
            "params_json": json.dumps({"groups": before["group"], PARAM: str(plan.row["id"])}),
            "touches": f"d{known.id}",
            "state": "ready",
            "attempts": 0,
            "created_at": turn.now,
        },
    )


def _with_ids(plan: Undo) -> str:
    """What the books had; lines that are still there bear their ids."""
    document: Any = wire.load_document(plan.known.kind, plan.before["theirs"])
    lines, ids = getattr(document, "lines", ()), plan.before["ids"]
    there = set(beside_of(plan.mirror["beside"]).lines)
    if not lines or len(lines) != len(ids):
        return str(plan.before["theirs"])
    named = tuple(
        attrs.evolve(line, books_line_id=id) if id in there else line
        for line, id in zip(lines, ids, strict=True)
    )
    return wire.dump_document(attrs.evolve(document, lines=named))


def undoes(row: Any) -> int | None:
    """The conflict whose choice an operation takes back; None for all others."""
    text = row.params_json if row.document_id is not None else ""
    return int(json.loads(text)[PARAM]) if text and f'"{PARAM}"' in text else None


def landed(turn: Turn, document_id: int, conflict_id: int) -> None:
    """The books have back what they had, or will not take it: the bases are restored, and both sides compared.

    Where the record moved there meanwhile it is being read first (`unsettled.READING`); the comparison waits for that.
    """
    c, lk = t.conflicts, t.links
    text = turn.connection.execute(sa.select(c.c.before_json).where(c.c.id == conflict_id)).scalar_one()
    if not text:
        return  # emptied meanwhile; both sides are compared on what they agreed on last
    before = json.loads(text)
    query = sa.select(lk.c.books_kind, lk.c.books_id, lk.c.doubtful).where(lk.c.id == before["link"])
    row = turn.connection.execute(query).one()
    reading = row.doubtful == READING
    restore(turn, before, before["link"], doubtful=READING if reading else "")
    turn.connection.execute(
        t.documents.update().where(t.documents.c.id == document_id).values(state="linked")
    )
    if not reading:
        make_dirty(turn, [BooksRef(BooksKind(row.books_kind), row.books_id)])


__all__ = ["PARAM", "UNDOING", "Undo", "landed", "restore", "undo", "undo_of", "undoes"]
