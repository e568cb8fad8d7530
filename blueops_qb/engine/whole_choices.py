"""Whole choices: send ours again or leave both as they are, on what the person was shown and on nothing else."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.compare import GROUPS, as_decided
from blueops_qb.domain.documents import Document
from blueops_qb.engine import agreement_here, choices, outbox, subledger, variances
from blueops_qb.engine.agreeing import agree_on
from blueops_qb.engine.choices import CannotResolve, MovedMeanwhile
from blueops_qb.engine.known import Known
from blueops_qb.engine.link_rows import close_conflicts, mirror_row, set_link
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.newest import newest, why_gone
from blueops_qb.engine.outbox import Move, State
from blueops_qb.engine.plan_anew import plan_again
from blueops_qb.engine.several import documents_of
from blueops_qb.engine.sides import Bound, CannotPost, agreed_beside, is_shown, ours_now
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t


@attrs.frozen(kw_only=True)
class Now:
    """Both sides as they are, which is as they were shown."""

    snapshot: Snapshot
    ours: Document
    mirror: Any


def as_shown(turn: Turn, row: Any, known: Known) -> Now:
    """Compare and set: both sides of a conflict about a whole record, as they are now.

    Raises MovedMeanwhile where that is not what `row`, the conflict, shows, and CannotResolve where there is nothing
    to send or to leave. A version or revision that moved without substance is none.
    """
    source = known.key.source
    mirror = mirror_row(turn, known.place)
    if mirror is None or mirror["deleted"] or not mirror["document"]:
        raise MovedMeanwhile(f"{known.place} was deleted in QuickBooks meanwhile")
    snapshot = newest(turn, source)
    if snapshot is None or snapshot.deleted:
        raise CannotResolve(f"{why_gone(source)}; void or delete it in QuickBooks as well")
    if row["version"] != mirror["version"] or row["version"] == "":
        _check(row, known, "theirs", wire.load_document(known.kind, mirror["document"]))
    try:
        ours = ours_now(turn, known, snapshot)
    except CannotPost as problem:
        raise CannotResolve(f"{source} cannot be posted as it is now: {problem}") from None
    if known.base_ours is not None and known.base_theirs is not None:
        # It could not be told field by field when it was shown, so what both had agreed on stood for it.
        agreed = wire.load_document(known.kind, known.base_ours)
        bound = Bound.of(turn, (ours, agreed), ())
        if bound.normal(ours) != bound.normal(agreed):
            raise MovedMeanwhile(f"{source} can be posted again; both sides are shown anew")
    elif row["revision"] != snapshot.revision and wire.dump_document(ours) != known.content:
        _check(row, known, "ours", Bound.of(turn, (ours,), ()).normal(ours))
    return Now(snapshot=snapshot, ours=ours, mirror=mirror)


def _check(row: Any, known: Known, side: str, now: Document) -> None:
    shown = wire.load_document(known.kind, row[side]) if row[side] else None
    sent = wire.load_document(known.kind, row["base"]) if row["base"] else None
    decided = now if sent is None or side == "ours" else as_decided(sent, now)
    if shown is None or shown not in (now, decided):
        where = "BlueOps" if side == "ours" else "QuickBooks"
        raise MovedMeanwhile(f"{known.key.source} moved in {where} meanwhile; both sides are shown anew")


def send_ours(turn: Turn, row: Any, known: Known) -> None:
    """Ours is written on what the books show; should that move first, a person is asked once more.

    Where the books show all of it already nothing is written, and both sides agree.
    """
    now = as_shown(turn, row, known)
    if is_shown(turn, known, now.ours, now.mirror):
        variances.is_over(turn, now.mirror, known, now.ours)
        return
    set_link(
        turn,
        known,
        base_ours=None,
        base_theirs=now.mirror["document"],
        beside=now.mirror["beside"],
        version=now.mirror["version"],
        doubtful="",
    )
    plan_again(turn, known.key.source)


def accept(turn: Turn, row: Any, known: Known, actor: str) -> None:
    """What both show counts as agreed, as it was shown."""
    if choices.is_about_fields(row, known):
        _leave(turn, row, known, actor)
        return
    now = as_shown(turn, row, known)
    source, mirror = known.key.source, now.mirror
    close_conflicts(turn, known, "accepted with another field")
    set_link(
        turn,
        known,
        base_ours=wire.dump_document(now.ours),
        base_theirs=mirror["document"],
        beside=agreed_beside(turn, now.ours, mirror["beside"], known.beside),
        version=mirror["version"],
        doubtful="",
    )
    turn.connection.execute(t.documents.update().where(t.documents.c.id == known.id).values(state="linked"))
    _post(turn, known, now.ours, mirror["document"], actor)
    if len(documents_of(turn, known)) > 1:
        # Nothing is said of its other documents, which may have moved as well.
        plan_again(turn, source)
    else:
        revision = max(known.revision, now.snapshot.revision)
        move = Move(ref=source, revision=revision, state=State.DONE, reason="accepted as the books show it")
        outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
    variances.go_on(turn, known)


def _leave(turn: Turn, row: Any, known: Known, actor: str) -> None:
    """The fields of the conflict stay as they are on both sides; what else has moved goes its own way."""
    sides = choices.sides_as_shown(turn, row, known)
    here = set(sides.now.lines)
    agree_on(
        turn,
        sides,
        GROUPS[type(sides.ours)][row["group"]],
        ours=sides.ours,
        pairs=tuple(pair for pair in sides.then.pairs if pair[1] in here),
    )
    assert known.base_theirs is not None
    _post(turn, known, sides.ours, known.base_theirs, actor)
    make_dirty(turn, [known.place])
    plan_again(turn, known.key.source)


def _post(turn: Turn, known: Known, ours: Document, agreed: str, actor: str) -> None:
    """The books should hold what they show; that BlueOps says something else is told as accepted from now on."""
    document = wire.load_document(known.kind, agreed)
    subledger.post(turn, [subledger.Entry(document_id=known.id, revision=known.revision, document=document)])
    agreement_here.accept(turn, known, ours, document, actor)
