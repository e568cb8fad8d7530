"""Pull proof: a record that took over what the books show is posted again and must show the same, to the cent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import BankDeposit, CustomerPayment, Document
from blueops_qb.domain.line_merge import LineStep, Unpaired
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Payment, Record
from blueops_qb.domain.refs import BooksRef, RecordRef
from blueops_qb.domain.reverse import settles_elsewhere
from blueops_qb.engine.known import sources_of
from blueops_qb.engine.sides import Bound, Sides
from blueops_qb.engine.turn import Turn

#: What a sentence can name.
_SHORT = (BooksRef, RecordRef, str, bool, int, Decimal, dt.date)


def prove(
    turn: Turn, sides: Sides, fields: Collection[str], ours: Document, ids: Collection[str] | None
) -> None:
    """Raises NoPlace unless `ours` shows what the books show in every field that was taken.

    A field in which both differed from the beginning, and that neither moved, differs still.
    """
    normal = Bound.of(turn, (ours,), sides.fields).normal(ours)
    if getattr(normal, "void", False) and getattr(sides.theirs, "void", False):
        return
    shown = as_decided(normal, of_ours(turn, sides))
    wrong = [
        _difference(name, getattr(normal, name), getattr(shown, name))
        for name in sorted(
            frozenset(fields) - (frozenset() if isinstance(normal, BankDeposit) else {"lines"})
        )
        if getattr(normal, name) != getattr(shown, name)
        and (getattr(normal, name), getattr(sides.theirs, name))
        != (getattr(sides.normal_base, name), getattr(sides.base_theirs, name))
    ]
    if ids is not None:
        wrong += _wrong_lines(turn, sides, ours, normal, ids)
    if wrong:
        differences = ", ".join(dict.fromkeys(wrong))
        raise NoPlace(f"would still differ if BlueOps took the change over: {differences}")


def _difference(name: str, ours: Any, theirs: Any) -> str:
    """One field in words: `the method payment_method#3 (QuickBooks: payment_method#5)`."""
    words = name.rstrip("_").replace("_", " ")
    if not all(value is None or isinstance(value, _SHORT) for value in (ours, theirs)):
        return f"the {words}"
    return f"the {words} {ours or '(none)'} (QuickBooks: {theirs or '(none)'})"


def of_ours(turn: Turn, sides: Sides) -> Document:
    """A payment without what it settles elsewhere, as with credits; in BlueOps that is one sum."""
    return without_elsewhere(turn, sides.snapshot.record, sides.theirs)


def without_elsewhere(turn: Turn, record: Record, theirs: Document) -> Document:
    """A document of the books, bound or not, without what posting says nothing of (`settles_elsewhere`)."""
    if not isinstance(theirs, CustomerPayment):
        return theirs
    ours = sources_of(
        turn.connection, turn.id, [a.invoice for a in theirs.allocations if isinstance(a.invoice, BooksRef)]
    )
    back = {part.by for part in record.given_back} if isinstance(record, Payment) else set()
    kept = (
        a
        for a in theirs.allocations
        if not settles_elsewhere(ours.get(a.invoice, a.invoice), record.ref, back)
    )
    return attrs.evolve(theirs, allocations=tuple(kept))


def _wrong_lines(
    turn: Turn, sides: Sides, ours: Document, normal: Document, ids: Collection[str]
) -> list[str]:
    try:
        steps = {step.ours_id: step for step in sides.steps(turn, ours, normal) if step.theirs is not None}
    except Unpaired:
        return ["the lines"]
    mine: tuple[Any, ...] = getattr(normal, "lines", ())
    theirs: tuple[Any, ...] = getattr(sides.theirs, "lines", ())
    posted: tuple[Any, ...] = tuple(line for line in getattr(ours, "lines", ()) if line.line_id in set(ids))
    if len(mine) != len(theirs) or len(posted) != len(mine):
        return ["the number of lines"]
    by_id = dict(zip((line.line_id for line in posted), mine, strict=True))
    wrong: list[str] = []
    for id, line in zip(ids, theirs, strict=True):
        if id not in by_id:
            return ["the lines"]
        step = steps.get(id, LineStep())
        for field in attrs.fields(type(line)):
            one, other = getattr(by_id[id], field.name), getattr(line, field.name)
            if one != other and not _may_differ(field.name, id, by_id[id], step, (one, other)):
                wrong.append(_difference(f"{field.name} of line {id}", one, other))
    return wrong


def _may_differ(name: str, id: str, ours: Any, step: LineStep, now: tuple[Any, Any]) -> bool:
    if name == "description" and (not ours.description or "/" in id):
        # The books take the item's where we say none; the words of lines that posting makes are its own.
        return True
    if step.base_ours is None or step.base_theirs is None:
        return False
    return now == (getattr(step.base_ours, name), getattr(step.base_theirs, name))


# -- core ----------------------------------------------------------------------------------------------
