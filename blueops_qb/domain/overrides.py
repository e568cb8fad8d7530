"""Overrides: what a bookkeeper coded a line to, which posting keeps from then on (accounting-treatments 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from blueops_qb.domain.documents import Document, PurchaseLine, SalesLine
from blueops_qb.domain.refs import BooksKind, BooksRef

#: Fields of a line, and of the head of a document, that are coding: where it is booked, never how much.
LINE_CODING = ("item", "account", "class_")
HEAD_CODING = ("location", "class_", "discount_account", "account", "ap_account", "method", "deposit_to")


@attrs.frozen(kw_only=True)
class LineOverride:
    """The coding of one line (`line_id` empty = of the head): field -> what the books have, None = nothing."""

    line_id: str
    fields: Mapping[str, BooksRef | None]


def overridden(
    document: Document, overrides: Iterable[LineOverride], item_accounts: Mapping[str, str]
) -> Document:
    """The document as posting rules made it, coded as the bookkeeper did; `item_accounts` are for our sub-ledger.

    A line that is not there any more has no coding to keep.
    """
    by_line = {override.line_id: override.fields for override in overrides}
    if not by_line or getattr(document, "void", False):
        return document
    changed: Any = document
    head = {name: value for name, value in by_line.get("", {}).items() if hasattr(document, name)}
    if head:
        changed = attrs.evolve(changed, **head)
    lines = getattr(document, "lines", ())
    if any(getattr(line, "line_id", "") in by_line for line in lines):
        coded = tuple(
            _coded(line, by_line[line.line_id], item_accounts) if line.line_id in by_line else line
            for line in lines
        )
        changed = attrs.evolve(changed, lines=coded)
    result: Document = changed
    return result


def _coded(line: Any, fields: Mapping[str, BooksRef | None], item_accounts: Mapping[str, str]) -> Any:
    match line:
        case SalesLine():
            sold: dict[str, Any] = {f: v for f, v in fields.items() if f in ("item", "class_")}
            line = attrs.evolve(line, **sold)
            account = item_accounts.get(line.item.id) if line.item is not None else None
            return attrs.evolve(line, account=BooksRef(BooksKind.ACCOUNT, account) if account else None)
        case PurchaseLine():
            coded: dict[str, Any] = dict(fields)
            return attrs.evolve(line, **coded)
        case _:
            return line


def coding_of(line: Any) -> dict[str, BooksRef | None]:
    """How a line is coded; the account behind a sold item is the item's own and not coded apart."""
    names = ("item", "class_") if isinstance(line, SalesLine) else LINE_CODING
    return {name: getattr(line, name) for name in names if hasattr(line, name)}


def head_coding(posted: Document, theirs: Document) -> tuple[LineOverride, ...]:
    """How the head of a document that came from the books is coded otherwise than posting would code it."""
    coded = {name: getattr(theirs, name, None) for name in HEAD_CODING}
    fields: dict[str, BooksRef | None] = {
        name: value
        for name, value in coded.items()
        if value is not None and value != getattr(posted, name, None)
    }
    return (LineOverride(line_id="", fields=fields),) if fields else ()


def line_coding(posted: Document, theirs: Document) -> tuple[LineOverride, ...]:
    """How the one line of a document that came from the books is coded otherwise than posting would code it."""
    mine: tuple[Any, ...] = getattr(posted, "lines", ())
    there: tuple[Any, ...] = getattr(theirs, "lines", ())
    if len(mine) != 1 or len(there) != 1 or not mine[0].line_id:
        return ()
    ours = coding_of(mine[0])
    fields = {
        name: value
        for name, value in coding_of(there[0]).items()
        if value is not None and value != ours.get(name)
    }
    return (LineOverride(line_id=mine[0].line_id, fields=fields),) if fields else ()
