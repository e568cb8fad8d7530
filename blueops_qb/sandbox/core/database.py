"""Opens core's database so that SQLite and PostgreSQL keep the same promises.

On SQLite transactions begin explicitly (the driver's own habit of starting them late would break savepoints
and schema changes); readers begin deferred, a writer asks for the lock at once with `WRITING`, so that no
transaction fails half-way because another one wrote meanwhile.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa

from blueops_qb.sandbox.core.tables import metadata

BUSY_SECONDS = 30
#: Execution option of a connection or engine: how SQLite begins, `DEFERRED` (default) or `IMMEDIATE`.
SQLITE_BEGIN = "sqlite_begin"
WRITING = {SQLITE_BEGIN: "IMMEDIATE"}


def make_engine(url: str, *, durable: bool = True) -> sa.Engine:
    """An engine on `sqlite:///FILE` or `postgresql://...` (psycopg 3).

    Its errors and logs show statements without their parameters, which are business data.
    `durable=False` lets SQLite skip the wait for the disk at each commit: for tests and benches only.
    Raises ValueError for another kind of database and for SQLite in memory, which threads cannot share.
    """
    address = sa.make_url(url)
    backend = address.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return sa.create_engine(
            address.set(drivername="postgresql+psycopg"), pool_size=10, max_overflow=20, hide_parameters=True
        )
    if backend != "sqlite":
        raise ValueError(
            f"core keeps its data in SQLite or PostgreSQL, not in {backend!r}: change the database URL"
        )
    if address.database in (None, "", ":memory:"):
        raise ValueError("core needs a SQLite file, because several threads share it: use sqlite:///FILE")
    engine = sa.create_engine(address, pool_size=10, max_overflow=20, hide_parameters=True)
    sa.event.listen(engine, "connect", lambda raw, _: _prepare(raw, durable=durable))
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: sqlite3.Connection, *, durable: bool) -> None:
    raw.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        f"synchronous = {'FULL' if durable else 'OFF'}",
        "foreign_keys = ON",
    ):
        raw.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    mode: Any = connection.get_execution_options().get(SQLITE_BEGIN, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def writing(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(**WRITING)


def create_tables(engine: sa.Engine) -> None:
    """Make core's own tables where they are missing; the plugins' tables are their migrations' business."""
    with writing(engine).begin() as connection:
        metadata.create_all(connection)
