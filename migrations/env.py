"""Alembic's entry: our tables only, in our own version table, from the command line or inside the host."""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from alembic import context

from blueops_qb.store.tables import PREFIX, VERSION_TABLE, metadata


def ours(name: str | None, type_: str, _parents: Any) -> bool:
    """Whether a thing found in the database belongs to us."""
    if type_ == "table":
        return name is not None and name.startswith(PREFIX) and name != VERSION_TABLE
    return True


def run(connection: sa.Connection) -> None:
    """Run on an open connection; on the host's connection its transaction decides."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        include_name=ours,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def url() -> str:
    """The database: `-x db=URL`, the URL of the configuration, or BLUEOPS_QB_DB."""
    given = context.get_x_argument(as_dictionary=True).get("db")
    file = context.config.config_file_name
    written = context.config.get_main_option("sqlalchemy.url") if file and os.path.exists(file) else None
    found = given or written or os.environ.get("BLUEOPS_QB_DB")
    if not found:
        raise SystemExit("No database given: set BLUEOPS_QB_DB, or pass -x db=URL to alembic.")
    return str(found)


def main() -> None:
    """Use the host's connection when there is one, else open one."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        run(connection)
        return
    engine = sa.create_engine(url(), poolclass=sa.pool.NullPool)
    with engine.begin() as opened:
        run(opened)


main()
