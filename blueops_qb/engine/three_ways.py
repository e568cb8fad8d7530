"""Three ways: one linked record of the books compared with our side, and what travels, agrees or waits for a person.

One-sided changes travel, whatever else of the record is in conflict; the same change on both sides closes
silently. What core is told, the link and its bases commit in one transaction.
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.compare import (
    CONTACT_TYPES,
    Step,
    decide,
    with_fields,
)
from blueops_qb.domain.documents import BankDeposit, CustomerPayment, Document
from blueops_qb.domain.pulling import NeedsKey, NoPlace
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import NAMED_KINDS, BooksRef, RecordKind, Ref, record_of
from blueops_qb.domain.reverse import settles_elsewhere
from blueops_qb.engine import one_sided, outbox, reclass_back, tombstones, variances
from blueops_qb.engine.agreeing import agree, agree_on
from blueops_qb.engine.coming import names_what_comes, uses_unseen_credit
from blueops_qb.engine.conflicts import Shown, open_conflict, whole_shown
from blueops_qb.engine.known import Known, sources_of
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.newest import newest, why_gone
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.plan_anew import no_longer_busy
from blueops_qb.engine.pull import Draft, draft, tell_core
from blueops_qb.engine.sides import Bound, CannotPost, Sides, beside_of, sides_of
from blueops_qb.engine.subledger import repost
from blueops_qb.engine.to_core import StaleCore
from blueops_qb.engine.told import as_told
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

Groups = tuple[str, ...]


def compare(turn: Turn, row: Any, known: Known) -> bool:
    """Compare one linked record; False when it must stay dirty for now."""
    compared = _compared(turn, row, known)
    if compared and row["active"] and not row["deleted"]:
        _stands_again(turn, known)
    return compared


def _compared(turn: Turn, row: Any, known: Known) -> bool:
    if known.busy:
        return False
    if known.undone == "done" and known.state == "withdrawn":
        # Out of the books, as a person wanted: what becomes of the remains there is no change of ours.
        if not row["deleted"]:
            agree(turn, known, row)
        return True
    if row["deleted"]:
        return tombstones.removed_there(turn, known)
    if known.base_theirs is None:
        variances.look(turn, row, known)
        return True
    if known.base_ours is None:
        # A person has decided that ours is right: it is written on what they were shown then.
        (agree if row["document"] == known.base_theirs else variances.reopen)(turn, known=known, row=row)
        return True
    theirs = wire.load_document(known.kind, row["document"])
    newly_ours = _holds_newly_ours(turn, known, theirs)
    if row["document"] == known.base_theirs and not newly_ours and not _moved_beside(row, known):
        agree(turn, known, row)
        return True
    newly, seen_at = _newly_named(known, theirs), row["seen_at"]
    if names_what_comes(turn, newly, seen_at=seen_at) or uses_unseen_credit(turn, newly, seen_at=seen_at):
        return False
    snapshot = newest(turn, known.key.source)
    if snapshot is None or snapshot.deleted:
        reason = why_gone(known.key.source)
        shown = whole_shown(known, row, snapshot)
        open_conflict(turn, known, row, group="record", reason=reason, shown=shown)
        return True
    try:
        sides = sides_of(turn, known, snapshot, row)
    except CannotPost:
        reason = "our side cannot be posted as it is now"
        shown = whole_shown(known, row, snapshot)
        open_conflict(turn, known, row, group="record", reason=reason, shown=shown)
        return True
    return _three_ways(turn, row, sides, newly_ours=newly_ours)


def _stands_again(turn: Turn, known: Known) -> None:
    """One that was merged away here, and was inactive there as well, is active again: it waits for a person anew."""
    refs, states, holds = [known.key.source], [State.NOT_POSTED], [Hold.MERGE]
    if known.kind in NAMED_KINDS:
        outbox.again(turn.connection, turn.tenant_id, turn.now, refs=refs, states=states, holds=holds)


def _moved_beside(row: Any, known: Known) -> bool:
    """Something moved that the document itself does not tell; of what was linked before that was kept nobody knows."""
    return bool(known.beside) and not beside_of(row["beside"]).same(beside_of(known.beside))


def _newly_named(known: Known, theirs: Document) -> set[BooksRef]:
    """What their side names that it did not name when both agreed."""
    assert known.base_theirs is not None
    before = set(refs_of(wire.load_document(known.kind, known.base_theirs)))
    return {ref for ref in refs_of(theirs) if isinstance(ref, BooksRef) and ref not in before}


def _holds_newly_ours(turn: Turn, known: Known, theirs: Document) -> bool:
    """The payment settles, or the deposit holds, a document that was not ours yet when both sides agreed."""
    if not isinstance(theirs, CustomerPayment | BankDeposit) or theirs.void or known.base_ours is None:
        return False
    base = wire.load_document(known.kind, known.base_ours)
    named = [ref for ref in _held(theirs) if isinstance(ref, BooksRef)]
    newly = set(sources_of(turn.connection, turn.id, named).values()) - set(_held(base))
    if isinstance(theirs, BankDeposit):
        return any(record_of(name).kind is RecordKind.PAYMENT for name in newly)
    source = known.key.source
    snapshot = turn.tx.read(source) if newly else None
    record = None if snapshot is None else snapshot.record
    back = {part.by for part in record.given_back} if isinstance(record, Payment) else set()
    return any(not settles_elsewhere(name, source, back) for name in newly)


def _held(document: Document) -> list[Ref]:
    """What a payment settles, or a deposit takes to the bank."""
    match document:
        case CustomerPayment():
            return [part.invoice for part in document.allocations]
        case BankDeposit():
            return [line.payment for line in document.lines if line.payment is not None]
        case _:
            return []


# -- the comparison ------------------------------------------------------------------------------------
@attrs.define(kw_only=True)
class Outcome:
    """What became of a comparison: groups in conflict, groups that could not be taken, and what was taken."""

    clash: Groups = ()
    unfit: dict[str, NoPlace] = attrs.field(factory=dict)
    taken: frozenset[str] = frozenset()
    ours: Document | None = None
    pairs: tuple[tuple[str, str], ...] | None = None
    revision: int = 0


def _three_ways(turn: Turn, row: Any, sides: Sides, *, newly_ours: bool) -> bool:
    clash, pull, push = _groups(turn, sides, newly_ours=newly_ours)
    outcome = Outcome(clash=clash, revision=sides.snapshot.revision)
    try:
        _take(turn, sides, pull, outcome)
    except StaleCore:
        return False
    if outcome.clash or outcome.unfit:
        _wait_for_person(turn, row, sides, outcome)
        waiting = outcome.clash or (tuple(outcome.unfit) if push else ())
        if waiting and not one_sided.was_refused(turn, row, sides, push):
            one_sided.travels(turn, row, sides, push)
            _hold_in_conflict(turn, sides.known, outcome.revision, waiting)
        return True
    if push and not pull:
        agree(turn, sides.known, row)
        no_longer_busy(turn, sides.known.key.source)
        return True
    base, now = sides.base, outcome.ours or sides.ours
    agreed = base if push else as_told(turn, base, now)
    agreed = with_fields(agreed, now, outcome.taken & _fields_of(now))
    agreed = with_fields(agreed, base, _moved_with_it(turn, sides, outcome))
    equal = _lines(sides.normal_ours) == _lines(sides.theirs)
    agree(turn, sides.known, row, ours=agreed, pairs=outcome.pairs, equal=equal)
    return True


def _moved_with_it(turn: Turn, sides: Sides, outcome: Outcome) -> frozenset[str]:
    """Fields of ours that moved only because of what was brought in, and that the books show otherwise.

    A job that changed hands brings its class along, say: nobody has told the books, so it is written.
    """
    now = outcome.ours
    if now is None or not outcome.taken or type(now) is not type(sides.ours):
        return frozenset()
    shown = Bound.of(turn, (now,), sides.fields).normal(now)
    return frozenset(
        f
        for f in _fields_of(now) - outcome.taken
        if getattr(now, f) != getattr(sides.ours, f) and getattr(shown, f) != getattr(sides.theirs, f)
    )


def _lines(document: Document) -> tuple[Any, ...]:
    found: tuple[Any, ...] = getattr(document, "lines", ())
    return found


def _fields_of(document: Document) -> frozenset[str]:
    return frozenset(field.name for field in attrs.fields(type(document)))


def _groups(turn: Turn, sides: Sides, *, newly_ours: bool) -> tuple[Groups, Groups, Groups]:
    """The groups in conflict, to pull and to push."""
    contacts = isinstance(sides.ours, CONTACT_TYPES)
    decision = decide(
        base_ours=sides.normal_base,
        ours=sides.normal_ours,
        base_theirs=sides.base_theirs,
        theirs=sides.theirs,
        policy=lambda group: turn.policy.overlap(group, contacts=contacts),
    )
    clash, pull, push = (decision.groups(step) for step in (Step.CONFLICT, Step.PULL, Step.PUSH))
    void_here, void_there = (getattr(d, "void", False) for d in (sides.normal_ours, sides.theirs))
    if void_here != void_there:
        # What was noted on either side goes with the document; only its money could matter.
        clash = tuple(group for group in clash if group == "money")
        pull = tuple(group for group in pull if group == "money")
        # Void there already when both agreed: then a person chose ours, and it is written in full again.
        newly_void = void_there and not getattr(sides.base_theirs, "void", False)
        push = () if newly_void and not clash else push
    if newly_ours and "money" in push:
        # Written now, our side would take the money off that document again.
        clash, push = (*clash, "money"), tuple(group for group in push if group != "money")
    elif newly_ours and "money" not in (*clash, *pull):
        pull = (*pull, "money")
    return clash, pull, push


def _take(turn: Turn, sides: Sides, pull: Groups, outcome: Outcome) -> None:
    """Bring groups to core: all in one change, or, where that cannot be, those that can be by themselves."""
    if not pull:
        return
    try:
        _bring(turn, sides, pull, outcome)
    except NoPlace as problem:
        if len(pull) == 1:
            outcome.unfit[pull[0]] = problem
            return
        for group in pull:
            snapshot = turn.tx.read(sides.known.key.source)
            assert snapshot is not None
            try:
                _bring(turn, attrs.evolve(sides, snapshot=snapshot), (group,), outcome)
            except NoPlace as one:
                outcome.unfit[group] = one


def _bring(turn: Turn, sides: Sides, groups: Groups, outcome: Outcome) -> None:
    known = sides.known
    found: Draft = draft(turn, sides, sides.moved(groups))
    # One version may be brought more than once: what it names became ours meanwhile, or was merged there.
    key = f"{turn.id}:{known.place}:{sides.version}:r{sides.snapshot.revision}:{'+'.join(groups)}"
    revision, ours = tell_core(turn, sides, found, key[:200])
    if found.change is not None:
        turn.note(
            "brought in",
            str(known.key.source),
            numbers=f"{known.place} v{sides.version} r{revision}",
            groups=list(groups),
        )
    known.overrides = found.overrides
    repost(turn, known.id, ours, revision, shown=sides.theirs)
    if getattr(ours, "void", False):
        reclass_back.take_back(turn, [known.id])
    outcome.taken |= found.fields
    outcome.ours, outcome.revision = ours, revision
    outcome.pairs = found.pairs if found.pairs is not None else outcome.pairs
    _look_at_invoices_again(turn, sides)


def _look_at_invoices_again(turn: Turn, sides: Sides) -> None:
    """An invoice that could not be voided here while it was paid may be now."""
    if isinstance(sides.base_theirs, CustomerPayment) and isinstance(sides.theirs, CustomerPayment):
        still = {a.invoice for a in sides.theirs.allocations}
        before = dict.fromkeys(a.invoice for a in sides.base_theirs.allocations)
        make_dirty(turn, [ref for ref in before if ref not in still and isinstance(ref, BooksRef)])


# -- waiting for a person ------------------------------------------------------------------------------
def _wait_for_person(turn: Turn, row: Any, sides: Sides, outcome: Outcome) -> None:
    """Open the conflicts; what was taken counts as agreed already."""
    known = sides.known
    if outcome.taken:
        assert outcome.ours is not None
        agree_on(turn, sides, outcome.taken, ours=outcome.ours, pairs=outcome.pairs)
    source = known.key.source
    for group in outcome.clash:
        reason = f"{source}: {group} was changed in BlueOps and in QuickBooks"
        open_conflict(turn, known, row, group=group, reason=reason, shown=_shown(sides, outcome))
    for group, problem in outcome.unfit.items():
        open_conflict(
            turn,
            known,
            row,
            group=group,
            cause="changed_there",
            reason=f"{source}: {group} was changed in QuickBooks: it {_in_words(turn, problem)}",
            shown=_shown(sides, outcome),
            options=problem.options if isinstance(problem, NeedsKey) else (),
        )
    _close_others(turn, known, {*outcome.clash, *outcome.unfit})


def _in_words(turn: Turn, problem: NoPlace) -> str:
    """The problem with entries of the catalog by name."""
    words = str(problem)
    options = problem.options if isinstance(problem, NeedsKey) else ()
    for option in options:
        entry = turn.catalog.entries.get(option.leads_to)
        if entry is not None:
            words = words.replace(str(option.leads_to), f"“{entry.name}”")
    return words


def _shown(sides: Sides, outcome: Outcome) -> Shown:
    return Shown(
        base=wire.dump_document(sides.base_theirs),
        ours=wire.dump_document(sides.normal_ours),
        theirs=wire.dump_document(sides.theirs),
        revision=outcome.revision,
    )


def _close_others(turn: Turn, known: Known, groups: set[str]) -> None:
    """Conflicts of groups on which both sides agree again are closed."""
    c = t.conflicts
    turn.connection.execute(
        c.update()
        .where(
            c.c.connection_id == turn.id,
            c.c.document_id == known.id,
            c.c.state == "open",
            c.c.cause.in_(["overlap", "changed_there"]),
            c.c.group.not_in(sorted(groups)),
        )
        .values(state="closed", closed_at=turn.now, choice="both sides agree again")
    )


def _hold_in_conflict(turn: Turn, known: Known, revision: int, groups: Groups) -> None:
    move = Move(
        ref=known.key.source,
        revision=revision,
        state=State.CONFLICT,
        reason=f"{', '.join(groups)} of it waits for a choice",
        remedy="Choose on the conflicts page which side is right.",
        hold=Hold.BUSY,
    )
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
    # What waits for its next change would wait for the choice: it goes on as both sides are.
    outbox.wake(turn.connection, turn.tenant_id, [known.key.source], turn.now)
