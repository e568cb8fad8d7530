"""Beside: what the books show of a document beside what is compared, and which of their lines is which of ours.

A lens folds away line ids and what the books fill in by themselves. Both are needed to tell who moved what: the
ids so that a line is never taken for another, the fields so that a person's change of them is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksRef

#: Fields that a lens may keep out of comparison (`Provider.one_way`) and that BlueOps has a place for.
FIELDS = ("terms", "shipping", "email")


@attrs.frozen(kw_only=True)
class Beside:
    """One version of a document. `told` names the fields of FIELDS that the lens keeps out.

    `lines` are the books' ids of the lines that the normal document has, in its order, empty where there is none.
    `pairs` (of a link only) are (our line id, the books' line id) as both sides agreed on them.
    """

    told: tuple[str, ...] = ()
    terms: BooksRef | None = None
    shipping: Address | None = None
    email: str = ""
    lines: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    def same(self, other: Beside) -> bool:
        """Nothing moved between two versions; a field that only one of them tells says nothing."""
        if self.lines and other.lines and self.lines != other.lines:
            return False
        told = set(self.told) & set(other.told)
        return all(getattr(self, field) == getattr(other, field) for field in told)


def beside(
    document: Document,
    normal: Callable[[Document], Document],
    one_way: Callable[[Document], Mapping[str, Any]],
) -> Beside:
    """What a document of the books, not normal yet, shows beside its normal form."""
    kept_out = one_way(document)
    told = tuple(field for field in FIELDS if field in kept_out)
    return Beside(
        told=told,
        lines=keys_of_lines(document, normal, "books_line_id"),
        **{field: kept_out[field] for field in told},
    )


def keys_of_lines(document: Document, normal: Callable[[Document], Document], key: str) -> tuple[str, ...]:
    """The ids (`line_id` or `books_line_id`) of the lines that the normal document has, in its order.

    Empty where the document has no lines, is void, or the lens does not look at lines one by one.
    """
    lines: Sequence[Any] = getattr(document, "lines", ())
    if not lines or not hasattr(lines[0], key) or getattr(document, "void", False):
        return ()
    kept: Sequence[Any] = getattr(normal(document), "lines", ())
    if len(kept) == len(lines):
        return tuple(getattr(line, key) for line in lines)
    evolving: Any = document
    found = [
        (line, one)
        for line in lines
        for one in getattr(normal(attrs.evolve(evolving, lines=(line,))), "lines", ())
    ]
    if len(found) != len(kept):
        return ()
    return tuple(getattr(line, key) for line, _ in found)


def widened(document: Document, beside: Beside, fields: Sequence[str]) -> Document:
    """The normal document with these one-way fields as `beside` has them."""
    evolving: Any = document
    wide: Document = attrs.evolve(evolving, **{f: getattr(beside, f) for f in fields if hasattr(document, f)})
    return wide


def pairs_of(ours: Sequence[str], theirs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Which line is which where both sides show equal lines in equal order; none where they do not."""
    if len(ours) != len(theirs):
        return ()
    return tuple((one, other) for one, other in zip(ours, theirs, strict=True) if one and other)
