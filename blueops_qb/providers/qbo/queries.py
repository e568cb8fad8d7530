"""Statements of the v3 query language (reference/quickbooks-online.md section 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.entities import ENTITIES

#: Most rows that one page may have.
PAGE = 1000
#: Lists show only active rows unless they are asked for.
ALL_ROWS = "Active in (true, false)"


def quoted(value: str) -> str:
    """A string literal: backslash first, then the quote, both escaped with a backslash."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def is_safe(value: str) -> bool:
    """Whether a value can stand in a statement at all.

    Typographic quotes and the like break the service's lexer, control characters are refused; such values are
    compared here instead.
    """
    return all(" " <= mark <= "\u00ff" and mark != "\x7f" for mark in value)


def safe_start(value: str) -> str:
    """The longest beginning that can stand in a statement."""
    end = next((n for n, mark in enumerate(value) if not is_safe(mark)), len(value))
    return value[:end]


def select(kind: BooksKind, *conditions: str, page: int = 1, size: int = PAGE) -> str:
    """One page of a kind, by id; `page` counts from 1."""
    where = f" where {' and '.join(conditions)}" if conditions else ""
    start = (page - 1) * size + 1
    return f"select * from {ENTITIES[kind].name}{where} orderby Id startposition {start} maxresults {size}"


def any_of(member: str, values: Iterable[str]) -> str:
    """The member equals one of the values."""
    return f"{member} in ({', '.join(quoted(value) for value in values)})"


def since(member: str, moment: dt.datetime) -> str:
    """`MetaData.<member>` at or after the moment."""
    return f"MetaData.{member} >= {quoted(moment.isoformat(timespec='seconds'))}"
