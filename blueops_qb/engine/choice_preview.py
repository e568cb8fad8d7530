"""Choice preview: what a choice would write on each side, in core's fields and in the books' own words."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.binding import loosely_bound
from blueops_qb.domain.compare import merged
from blueops_qb.domain.documents import Document
from blueops_qb.domain.records import Record
from blueops_qb.engine.choices import Plan
from blueops_qb.engine.known import Shown, shown_of
from blueops_qb.engine.sides import Bound
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb


@attrs.frozen(kw_only=True)
class CoreRow:
    """One field of the record in core, as it is and as it would be, as short texts."""

    field: str
    before: str
    after: str


@attrs.frozen(kw_only=True)
class ChoicePreview:
    """`core` are the fields that would change in BlueOps; `message` is what would be sent to the books.

    Either is empty where nothing is written on that side. `coding` says that lines stay coded as in the books.
    """

    core: tuple[CoreRow, ...] = ()
    message: str = ""
    coding: bool = False


def preview_of(turn: Turn, plan: Plan) -> ChoicePreview:
    """Plan and encode only."""
    found = plan.draft
    core = () if found is None or found.change is None else rows(plan.sides.snapshot.record, found.record)
    return ChoicePreview(
        core=core,
        message=_message(turn, plan) if plan.writes else "",
        coding=found is not None and found.overrides != plan.sides.known.overrides,
    )


def rows(before: Record, after: Record) -> tuple[CoreRow, ...]:
    """The fields in which two states of a record differ."""
    one, other = (wire.converter().unstructure(record) for record in (before, after))
    names = [field.name for field in attrs.fields(type(before))]
    return tuple(
        CoreRow(field=name, before=_text(one.get(name)), after=_text(other.get(name)))
        for name in names
        if one.get(name) != other.get(name)
    )


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case dict():
            return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
        case list() | tuple():
            return "; ".join(_text(part) for part in value)
        case _:
            return str(value)


def _message(turn: Turn, plan: Plan) -> str:
    known, sides = plan.sides.known, plan.sides
    theirs = wire.load_document(known.kind, sides.text)
    places = Bound.of(turn, (plan.ours, sides.base), ()).places
    document: Document = merged(theirs, loosely_bound(plan.ours, places), (plan.group,))
    operation = Operation(
        id="1",
        verb=Verb.UPDATE,
        kind=known.kind,
        document=document,
        target_id=known.books_id,
        version=sides.version,
        previous=theirs,
        shown=shown_of(turn.connection, turn.id, {known.place: sides.version}).get(known.place, Shown()).text,
        told=loosely_bound(sides.base, places),
        marker=known.marker,
        params={"groups": plan.group},
    )
    exchange = Exchange(
        id="preview",
        connection_id=turn.id,
        company_id=turn.row["company_id"],
        operations=(operation,),
        created_at=turn.now,
    )
    try:
        return turn.provider.encode(exchange, turn.profile).decode("utf-8", "replace")
    except Unencodable as problem:
        return f"cannot be written: {problem}"
