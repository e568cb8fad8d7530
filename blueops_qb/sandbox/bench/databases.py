"""Databases that a bench measures on: the one that was named, else a fresh SQLite file and a private PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from blueops_qb.sandbox.bench.figures import Figures
from blueops_qb.sandbox.postgres import PostgresUnavailable, running_postgres


def databases(
    stack: ExitStack, db: str | None, with_postgres: bool, figures: Figures
) -> Iterator[tuple[str, str]]:
    """(name, URL) of each; a PostgreSQL that cannot be run is told in the figures."""
    if db:
        yield sa.make_url(db).get_backend_name(), db
        return
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="blueops-qb-bench-"))
    yield "sqlite", f"sqlite:///{Path(folder) / 'bench.db'}"
    if with_postgres:
        try:
            server = stack.enter_context(running_postgres())
        except PostgresUnavailable as problem:
            figures.values["postgresql"] = f"left out: {problem}"
            return
        yield "postgresql", server.create("bench")
