"""Line updates: the Line array of an update, laid over what the books show where that is known."""

from __future__ import annotations

from typing import Any, Self

import attrs

from blueops_qb.domain.documents import BankDeposit, Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.codec.forms import FORMS, Form, members_of
from blueops_qb.providers.qbo.codec.members import Obj, Unfit
from blueops_qb.providers.qbo.codec.overlay import DISCOUNT, Place, Told, discounts, overlaid
from blueops_qb.providers.qbo.codec.pairing import line_key, paired

#: Cash kept back from a deposit: a member of its own, read as a line.
CASH_BACK = "CashBack"


@attrs.frozen(kw_only=True)
class AsShown:
    """A record as the books show it: the object, and what it says, with the books' line ids."""

    raw: Obj
    document: Document

    @classmethod
    def of(cls, raw: Obj, type_: type[Document], profile: BooksProfile) -> Self | None:
        """Read the object; None when it cannot be understood."""
        try:
            return cls(raw=raw, document=FORMS[type_].read(raw, profile))
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
            return None


def lines_over(shown: AsShown, document: Document, told: Document | None, profile: BooksProfile) -> Obj:
    """The members of `document` with its lines laid over the books' own; raises Unfit.

    `told` is the document as it was sent before. A CASH_BACK of False says that a deposit's is to go.
    """
    form = FORMS[type(document)]
    assert form.flat is not None
    ours, theirs, before = (_written(d, form) for d in (document, shown.document, told))
    body = members_of(_with_lines(document, ours), profile, "")
    was, earlier = _bodies(shown.document, theirs, profile), _bodies(told, before, profile)
    flat = form.flat(shown.raw)
    every: tuple[Any, ...] = getattr(shown.document, "lines", ())
    kept = [n for n, line in enumerate(every) if form.is_written(line)]
    # Cash kept back is read as a last line, which has no object among the lines.
    places = [
        Place(shown=flat[n][0], was=was[at] if was else None, bundle=flat[n][1])
        for at, n in enumerate(kept)
        if n < len(flat)
    ]
    pairs = paired(ours, theirs, before)
    by_key = {line_key(line): row for line, row in zip(before, earlier or (), strict=False) if line_key(line)}
    rows = body["Line"]
    said = [
        Told(now=row, at=at, before=by_key.get(line_key(line)))
        for line, row, at in zip(ours, rows, pairs, strict=False)
        if at is None or at < len(places)
    ]
    raw_lines = shown.raw.get("Line") or []
    laid = overlaid(raw_lines, places, said)
    off = [row for row in rows if DISCOUNT in row]
    body["Line"] = [*laid, *discounts(raw_lines, off, laid)]
    if isinstance(document, BankDeposit) and len(places) < len(theirs):
        body[CASH_BACK] = len(places) in pairs
    return body


def with_line_ids(document: Document, previous: Document) -> Document:
    """The document with the books' line ids taken over from `previous` where it has none."""
    ours: tuple[Any, ...] = getattr(document, "lines", ())
    theirs: tuple[Any, ...] = getattr(previous, "lines", ())
    if any(line.books_line_id for line in ours) or not any(line.books_line_id for line in theirs):
        return document
    lines = tuple(
        line if at is None else attrs.evolve(line, books_line_id=theirs[at].books_line_id)
        for line, at in zip(ours, paired(ours, theirs), strict=True)
    )
    return _with_lines(document, lines)


def _written(document: Document | None, form: Form) -> tuple[Any, ...]:
    lines: tuple[Any, ...] = getattr(document, "lines", ())
    return tuple(line for line in lines if form.is_written(line))


def _with_lines(document: Document, lines: tuple[Any, ...]) -> Document:
    evolving: Any = document
    changed: Document = attrs.evolve(evolving, lines=lines)
    return changed


def _bodies(document: Document | None, lines: tuple[Any, ...], profile: BooksProfile) -> list[Obj] | None:
    """How we would write the lines; None when we could not, which is then known of none."""
    if document is None:
        return None
    try:
        rows: list[Obj] = members_of(_with_lines(document, lines), profile, "")["Line"]
    except Unfit:
        return None
    return rows
