"""Line merge: the lines of both sides and of the moment they agreed, matched by line id, side by side.

A line is known by the pair of ids (ours, the books'). Where the books give no ids, equal lines are the same line
and one changed line among equal ones is that line; more than that nobody can tell, so nothing is matched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

Line = Any
#: Amount, quantity and price are one thing: half of a product from each side is an amount nobody meant.
PRODUCT = ("quantity", "unit_price", "unit_cost", "amount")


class Unpaired(Exception):
    """Nobody can tell which line is which; the sentence says why."""


@attrs.frozen(kw_only=True)
class Lines:
    """The normal lines of a document with the id of each; an id may be empty."""

    lines: tuple[Line, ...] = ()
    ids: tuple[str, ...] = ()

    def by_id(self) -> dict[str, Line]:
        """The lines that have an id."""
        return {id: line for id, line in zip(self.ids, self.lines, strict=True) if id}


@attrs.frozen(kw_only=True)
class LineStep:
    """One line on both sides, then and now; None where it is not (yet, or any more)."""

    #: Our line id, empty for a line that was added over there.
    ours_id: str = ""
    books_id: str = ""
    base_ours: Line = None
    ours: Line = None
    base_theirs: Line = None
    theirs: Line = None

    def moved(self, *fields: str) -> bool:
        """Whether either side moved one of the fields since both agreed."""
        return self._moved_here(fields) or self._moved_there(fields)

    def _moved_there(self, fields: Sequence[str]) -> bool:
        return _differ(self.base_theirs, self.theirs, fields)

    def _moved_here(self, fields: Sequence[str]) -> bool:
        return _differ(self.base_ours, self.ours, fields)


def _differ(one: Line, other: Line, fields: Sequence[str]) -> bool:
    if one is None or other is None:
        return one is not other
    return any(getattr(one, f, None) != getattr(other, f, None) for f in fields)


def line_steps(
    *,
    base_ours: Lines,
    ours: Lines,
    base_theirs: Lines,
    theirs: Lines,
    pairs: Sequence[tuple[str, str]],
) -> tuple[LineStep, ...]:
    """Every line once, in the order of `theirs`; lines that only our side has come last.

    Raises Unpaired where the books give no ids and more than one line moved.
    """
    base_theirs, theirs = _with_ids(base_theirs, theirs)
    ours_of = {books: mine for mine, books in pairs} or _by_place(base_ours, base_theirs)
    then, now = base_theirs.by_id(), theirs.by_id()
    mine_then, mine_now = base_ours.by_id(), ours.by_id()
    found = list(_theirs_steps(theirs, then, ours_of, mine_then, mine_now))
    seen = {step.ours_id for step in found}
    gone = {ours_of[books]: books for books in then if books not in now and books in ours_of}
    for id in ours.ids:
        if id and id not in seen:
            books = gone.get(id, "")
            found.append(
                LineStep(
                    ours_id=id,
                    books_id=books,
                    base_ours=mine_then.get(id),
                    ours=mine_now[id],
                    base_theirs=then.get(books),
                )
            )
    return tuple(found)


def _theirs_steps(
    theirs: Lines,
    then: Mapping[str, Line],
    ours_of: Mapping[str, str],
    mine_then: Mapping[str, Line],
    mine_now: Mapping[str, Line],
) -> Iterator[LineStep]:
    for books, line in zip(theirs.ids, theirs.lines, strict=True):
        mine = ours_of.get(books, "")
        yield LineStep(
            # A line that we have taken away meanwhile is a line of theirs alone.
            ours_id=mine if mine in mine_now else "",
            books_id=books,
            base_ours=mine_then.get(mine),
            ours=mine_now.get(mine),
            base_theirs=then.get(books),
            theirs=line,
        )


def token(step: LineStep) -> str:
    """How a form names a line: by the books' id where it has one, else by ours."""
    return f"b{step.books_id}" if step.theirs is not None else f"o{step.ours_id}"


def chosen(steps: Sequence[LineStep], sides: Mapping[str, str]) -> tuple[LineStep, ...]:
    """The lines with those for which a person chose `ours` as if the books had them so; all else stays theirs."""
    found = []
    for step in steps:
        if sides.get(token(step)) != "ours":
            found.append(step)
        elif step.ours is not None:
            same = attrs.evolve(step, theirs=step.ours, base_theirs=step.ours, base_ours=step.ours)
            found.append(same)
    return tuple(found)


def _by_place(ours: Lines, theirs: Lines) -> dict[str, str]:
    """Linked before pairs were kept: both agreed on the lines in this order."""
    if len(ours.lines) != len(theirs.lines):
        return {}
    return {books: mine for mine, books in zip(ours.ids, theirs.ids, strict=True) if mine and books}


def _with_ids(base: Lines, now: Lines) -> tuple[Lines, Lines]:
    if all(base.ids) and all(now.ids) and len(base.ids) == len(base.lines) and len(now.ids) == len(now.lines):
        return base, now
    return _named(base, now)


def _named(base: Lines, now: Lines) -> tuple[Lines, Lines]:
    """Ids by content: equal lines in order, then the only one that is left on each side."""
    names = [f"#{n}" for n in range(len(base.lines))]
    free = list(range(len(base.lines)))
    found: list[str] = []
    for line in now.lines:
        at = next((n for n in free if base.lines[n] == line), None)
        if at is not None:
            free.remove(at)
        found.append("" if at is None else names[at])
    new = [n for n, name in enumerate(found) if not name]
    if len(new) == 1 and len(free) == 1:
        found[new[0]] = names[free[0]]
    elif new and free:
        raise Unpaired(
            f"{len(new)} lines were changed or added and {len(free)} changed or taken away, and QuickBooks gives "
            "the lines no numbers by which each could be known again"
        )
    fresh = iter(range(len(base.lines), len(base.lines) + len(new)))
    ids = tuple(name or f"#{next(fresh)}" for name in found)
    return Lines(lines=base.lines, ids=tuple(names)), Lines(lines=now.lines, ids=ids)
