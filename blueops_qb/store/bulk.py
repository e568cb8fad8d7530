"""Bulk statements that SQLite and PostgreSQL both understand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


@cache
def _upsert_statement(
    dialect: str, table: sa.Table, columns: tuple[str, ...], keys: tuple[str, ...], keep: frozenset[str]
) -> Any:
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    changing = {c: insert.excluded[c] for c in columns if c not in keys and c not in keep}
    if not changing:
        return insert.on_conflict_do_nothing(index_elements=list(keys))
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changing)


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keep: Iterable[str] = (),
) -> None:
    """Insert rows, or update those whose primary key exists; columns in `keep` are only set on insert.

    All rows have the same columns and no key twice.
    """
    if not rows:
        return
    keys = tuple(column.name for column in table.primary_key)
    statement = _upsert_statement(connection.dialect.name, table, tuple(rows[0]), keys, frozenset(keep))
    connection.execute(statement, list(rows))


def insert_all(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with one statement; nothing for none."""
    if rows:
        connection.execute(table.insert(), list(rows))


@cache
def _adding_statement(dialect: str, table: sa.Table) -> Any:
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    sums = {c.name: c + insert.excluded[c.name] for c in table.columns if not c.primary_key}
    return insert.on_conflict_do_update(index_elements=keys, set_=sums)


def add_up(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert a row of figures, or add them to those of the row with its primary key."""
    connection.execute(_adding_statement(connection.dialect.name, table), dict(row))
