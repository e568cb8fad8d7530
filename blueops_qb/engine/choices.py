"""Choices: what a person's choice between two sides would do, and doing it; the preview stops half-way.

A choice is a side for every field of a conflict. Fields that belong together are chosen together, lines as a whole;
only a person may pick them one by one. Core is told first, then the bases are set so that exactly what was chosen
from BlueOps counts as moved there, and planning writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs

from blueops_qb.domain.beside import FIELDS
from blueops_qb.domain.compare import GROUPS, choosable, with_fields
from blueops_qb.domain.documents import DOCUMENT_TYPES, BankDeposit, CustomerPayment, Document
from blueops_qb.domain.line_merge import LineStep, Unpaired, token
from blueops_qb.domain.pulling import LineOption, NoPlace
from blueops_qb.domain.records import Expense, Invoice
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.domain.reverse_keys import Key
from blueops_qb.engine import elsewhere
from blueops_qb.engine.known import Known, sources_of
from blueops_qb.engine.link_rows import mirror_row, set_link
from blueops_qb.engine.mirroring import make_dirty
from blueops_qb.engine.newest import newest, why_gone
from blueops_qb.engine.plan_anew import plan_again
from blueops_qb.engine.pull import Draft, draft, tell_core
from blueops_qb.engine.pull_proof import of_ours
from blueops_qb.engine.sides import Bound, CannotPost, Sides, sides_of
from blueops_qb.engine.subledger import repost
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

OURS, THEIRS = "ours", "theirs"
#: The side of `lines` where each line is chosen by itself.
EACH = "each"


class CannotResolve(ValueError):
    """The choice cannot be carried out; the sentence says why and what to do instead."""


class MovedMeanwhile(CannotResolve):
    """A side is not any more what was shown; nothing was changed and the conflict is shown anew."""


@attrs.frozen(kw_only=True)
class Wish:
    """What a person chose: one side for all, or `fields` (field -> `ours` or `theirs`).

    `lines` (`line_merge.token` -> side) counts where the field `lines` has the side `each`. `picks` are keys for
    lines that were added over there, by the books' line id.
    """

    side: str = "fields"
    fields: Mapping[str, str] = attrs.field(factory=dict)
    lines: Mapping[str, str] = attrs.field(factory=dict)
    picks: Mapping[str, Key] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Plan:
    """What a choice comes to: `draft` for core (None = core keeps what it has), `ours` as it is posted then.

    `theirs` and `mine` are the fields that are taken from the books and from BlueOps.
    """

    sides: Sides
    group: str
    draft: Draft | None
    ours: Document
    theirs: frozenset[str]
    mine: frozenset[str]
    #: Something is written to the books.
    writes: bool


#: Causes of conflicts that are told by their sentence, and have no sides.
TOLD = ("incoming", "twice", "setting")


def mark(row: Any) -> str:
    """What a conflict was shown on: core's revision, the books' version, and its sentence where it has no sides."""
    stands = f"{row['revision']}:{row['version']}"
    if row["cause"] not in TOLD:
        return stands
    return f"{stands}:{hashlib.sha256(str(row['reason']).encode()).hexdigest()[:12]}"


def check_told(turn: Turn, row: Any, now: Any = None) -> None:
    """Compare and set of a conflict that has no sides: the books show of it (`now`) what they did when it was told.

    What was deleted there is left to the choice: deleting it is what such a conflict asks for. Raises MovedMeanwhile.
    """
    place = BooksRef(BooksKind(row["books_kind"]), row["books_id"])
    now = mirror_row(turn, place) if now is None else now
    if not row["version"] or now is None or now["deleted"] or now["version"] == row["version"]:
        return
    if row["theirs"] is None or row["theirs"] != now["document"]:
        raise MovedMeanwhile(f"{place} moved in QuickBooks meanwhile; it is shown anew")


def is_about_fields(row: Any, known: Known) -> bool:
    """The conflict is about fields that both sides have; others are about the whole record."""
    both = known.base_ours is not None and known.base_theirs is not None
    return both and row["group"] in GROUPS[DOCUMENT_TYPES[BooksKind(row["books_kind"])]]


def plan_choice(turn: Turn, row: Any, known: Known, wish: Wish) -> Plan:
    """What the choice would do; changes nothing. Raises CannotResolve, MovedMeanwhile or NoPlace."""
    sides = sides_as_shown(turn, row, known)
    group = row["group"]
    moved = sides.moved((group,))
    by_field = _side_of_fields(type(sides.ours), group, wish, moved)
    each = dict(wish.lines) if by_field.get("lines") == EACH else {}
    theirs = frozenset(f for f in moved if by_field[f] in (THEIRS, EACH))
    found = None
    if theirs:
        if each:
            _check_each(turn, sides, each)
            theirs = theirs & {"lines"}
        found = draft(turn, sides, theirs, picks=wish.picks, by_person=True, each=each)
    elif "allocations" in moved:
        found = elsewhere.as_theirs(turn, sides)
    ours = sides.ours if found is None else found.ours
    mine = moved if each else moved - theirs
    shown = Bound.of(turn, (ours,), sides.fields).normal(ours)
    return Plan(
        sides=sides,
        group=group,
        draft=found,
        ours=ours,
        theirs=frozenset() if each else theirs,
        mine=mine,
        writes=any(getattr(shown, f) != getattr(sides.theirs, f) for f in mine),
    )


def sides_as_shown(turn: Turn, row: Any, known: Known) -> Sides:
    """Both sides of a conflict about fields, as they are now; raises CannotResolve, MovedMeanwhile among it."""
    source = known.key.source
    snapshot = newest(turn, source)
    mirror = mirror_row(turn, known.place)
    if snapshot is None or snapshot.deleted:
        raise CannotResolve(f"{why_gone(source)}; unlink it instead")
    if mirror is None or mirror["deleted"]:
        raise MovedMeanwhile(f"{known.place} was deleted in QuickBooks meanwhile")
    try:
        sides = sides_of(turn, known, snapshot, mirror)
    except CannotPost as problem:
        raise CannotResolve(f"{source} cannot be posted as it is now: {problem}") from None
    _check_shown(row, sides)
    return sides


def _check_shown(row: Any, sides: Sides) -> None:
    """Compare and set: what the person saw is what there is. A version that moved without substance is none."""
    if (row["revision"], row["version"]) == (sides.snapshot.revision, sides.version):
        return
    fields = GROUPS[type(sides.ours)][row["group"]]
    for text, now, where in (
        (row["ours"], sides.normal_ours, "BlueOps"),
        (row["theirs"], sides.theirs, "QuickBooks"),
    ):
        shown = wire.load_document(sides.known.kind, text) if text else None
        if shown is None or any(getattr(shown, f) != getattr(now, f) for f in fields):
            raise MovedMeanwhile(
                f"{sides.known.key.source} moved in {where} meanwhile; both sides are shown anew"
            )


def _side_of_fields(type_: type[Document], group: str, wish: Wish, moved: frozenset[str]) -> dict[str, str]:
    """The side of every field; what nobody moved needs no choice."""
    if wish.side in (OURS, THEIRS):
        return dict.fromkeys(GROUPS[type_][group], wish.side)
    found: dict[str, str] = {}
    for atom in choosable(type_, group):
        said = {wish.fields[f] for f in atom if f in wish.fields}
        if not moved & set(atom):
            found |= dict.fromkeys(atom, OURS)
        elif "lines" in atom and wish.fields.get("lines") == EACH:
            found |= dict.fromkeys(atom, EACH)
        elif len(said) == 1 and said <= {OURS, THEIRS}:
            found |= dict.fromkeys(atom, said.pop())
        else:
            names = ", ".join(f.rstrip("_").replace("_", " ") for f in atom)
            raise CannotResolve(
                f"choose one side for {names}; they belong together" if said else f"choose a side for {names}"
            )
    return found


def _check_each(turn: Turn, sides: Sides, each: Mapping[str, str]) -> None:
    missing = [step for step in sides.steps(turn) if each.get(token(step)) not in (OURS, THEIRS)]
    if missing:
        raise CannotResolve(f"choose a side for every line; {len(missing)} have none")


def steps_of(turn: Turn, row: Any, known: Known) -> tuple[LineStep, ...]:
    """The lines of both sides as a person may choose them one by one; none where they cannot be matched."""
    if "lines" not in GROUPS[DOCUMENT_TYPES[BooksKind(row["books_kind"])]].get(row["group"], ()):
        return ()
    try:
        sides = sides_as_shown(turn, row, known)
        return sides.steps(turn) if isinstance(sides.snapshot.record, Invoice | Expense) else ()
    except (Unpaired, CannotResolve):
        return ()


def options_of(row: Any) -> tuple[LineOption, ...]:
    """Lines of a conflict that wait for a key, and the keys there are."""
    text = row["options_json"]
    return wire.load(tuple[LineOption, ...], text, "the options of a conflict") if text else ()


# -- doing it ------------------------------------------------------------------------------------------
def carry_out(turn: Turn, row: Any, known: Known, wish: Wish) -> str:
    """Do it; answers, as JSON, what stood before. Raises as `plan_choice`, and StaleCore."""
    plan = plan_choice(turn, row, known, wish)
    sides, revision, ours = plan.sides, plan.sides.snapshot.revision, plan.ours
    before = _before(plan)
    if plan.draft is not None:
        revision, ours = tell_core(turn, sides, plan.draft, f"{turn.id}:conflict:{row['id']}")
    if "allocations" in plan.mine:
        elsewhere.note_credits(turn, sides, f"{turn.id}:conflict:{row['id']}")
    if plan.draft is not None and plan.draft.fields:
        repost(turn, known.id, ours, revision, shown=sides.theirs)
        _keep(turn, known, ours)
    _rebase(turn, plan, ours)
    make_dirty(turn, [known.place])
    plan_again(turn, known.key.source)
    return json.dumps({**before, "revision": revision, "writes": plan.writes})


def _keep(turn: Turn, known: Known, ours: Document) -> None:
    """A deposit is posted again on the lines that stand in the books beside ours."""
    if isinstance(ours, BankDeposit):
        d = t.documents
        text = wire.dump_document(ours)
        turn.connection.execute(d.update().where(d.c.id == known.id).values(content=text))


def _before(plan: Plan) -> dict[str, Any]:
    sides, known = plan.sides, plan.sides.known
    return {
        "record": wire.dump_record(sides.snapshot.record),
        "base_ours": known.base_ours,
        "base_theirs": known.base_theirs,
        "beside": known.beside,
        "theirs": sides.text,
        "ids": list(sides.now.lines),
        "version": sides.version,
        "overrides": [wire.dump(o) for o in known.overrides],
        "overrides_after": [wire.dump(o) for o in (plan.draft.overrides if plan.draft else known.overrides)],
        "group": plan.group,
        "taken": sorted(
            (set() if plan.draft is None else set(plan.draft.fields)) | plan.mine & {"allocations"}
        ),
        "link": known.link_id,
    }


def _rebase(turn: Turn, plan: Plan, ours: Document) -> None:
    """Set the bases of the group: what was chosen from BlueOps has moved there, and nothing else has moved."""
    sides, known = plan.sides, plan.sides.known
    names = set(GROUPS[type(sides.ours)][plan.group])
    assert known.base_theirs is not None
    theirs = wire.load_document(known.kind, sides.text)
    base = with_fields(wire.load_document(known.kind, known.base_theirs), theirs, names - set(sides.fields))
    mine = with_fields(with_fields(sides.base, ours, plan.theirs), _as_ours(turn, sides), plan.mine)
    values: dict[str, Any] = {"base_ours": wire.dump_document(mine), "base_theirs": wire.dump_document(base)}
    if known.beside:
        hidden = {f: getattr(sides.now, f) for f in FIELDS if f in names and f in sides.fields}
        beside = attrs.evolve(sides.then, **hidden)
        if "lines" in names:
            pairs = plan.draft.pairs if plan.draft is not None and plan.draft.pairs is not None else None
            here = set(sides.now.lines)
            kept = tuple(p for p in sides.then.pairs if p[1] in here) if pairs is None else pairs
            beside = attrs.evolve(beside, lines=sides.now.lines, pairs=kept)
        values["beside"] = wire.dump(beside)
    set_link(turn, known, **values)


def _as_ours(turn: Turn, sides: Sides) -> Document:
    """Their document with our line ids, so that it can stand as what our side said last.

    What a payment settles bears our names: by theirs it would count as newly ours. Whom it names does not: posting
    leaves a payment with whom it was, and ours was chosen.
    """
    theirs = of_ours(turn, sides)
    if isinstance(theirs, CustomerPayment):
        places = [a.invoice for a in theirs.allocations if isinstance(a.invoice, BooksRef)]
        names = sources_of(turn.connection, turn.id, places)
        named = tuple(attrs.evolve(a, invoice=names.get(a.invoice, a.invoice)) for a in theirs.allocations)
        theirs = attrs.evolve(theirs, allocations=named)
    lines: tuple[Any, ...] = getattr(theirs, "lines", ())
    if not lines or not hasattr(lines[0], "line_id") or len(sides.now.lines) != len(lines):
        return theirs
    ours_of = {books: mine for mine, books in sides.then.pairs}
    with_ids = tuple(
        attrs.evolve(line, line_id=ours_of.get(id, ""))
        for line, id in zip(lines, sides.now.lines, strict=True)
    )
    evolving: Any = theirs
    document: Document = attrs.evolve(evolving, lines=with_ids)
    return document


__all__ = [
    "EACH",
    "OURS",
    "THEIRS",
    "CannotResolve",
    "MovedMeanwhile",
    "NoPlace",
    "Plan",
    "Wish",
    "carry_out",
    "check_told",
    "is_about_fields",
    "mark",
    "options_of",
    "plan_choice",
    "sides_as_shown",
    "steps_of",
]
