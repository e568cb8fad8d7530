"""References: everything that a document names in the books, for books that do not look after that themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from blueops_qb.domain.refs import BooksRef


def references(value: Any) -> Iterator[BooksRef]:
    """Every record and list entry that a bound document names, those of its lines too, as often as it names them."""
    if isinstance(value, BooksRef):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from references(part)
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from references(getattr(value, field.name))
