"""Runs a plugin's Alembic migrations on core's database: up when it is loaded, down to nothing when it goes.

One transaction holds a whole run, so that a failing migration leaves nothing behind; a second process waits.
"""

from __future__ import annotations

import threading

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from blueops_qb.sandbox.core.database import writing
from blueops_qb.sandbox.core.manifest import Manifest, Unfit

#: Alembic keeps what runs in one place per process.
_ALONE = threading.Lock()
#: The key of PostgreSQL's lock under which migrations run.
_LOCK = 0x626C7565


def upgrade(engine: sa.Engine, manifest: Manifest) -> None:
    """Bring the plugin's tables to its newest revision; where it raises Unfit nothing changed."""
    if manifest.migrations is None:
        return
    try:
        with _ALONE, writing(engine).begin() as connection:
            _lock(connection)
            command.upgrade(_config(manifest, connection), "head")
            if not sa.inspect(connection).has_table(manifest.version_table):
                raise Unfit(
                    f"its migrations do not keep their revision in {manifest.version_table}, as plugin.toml"
                    " says;"
                    " its env.py must configure that version_table"
                )
    except Unfit:
        raise
    except Exception as problem:
        raise Unfit(
            f"its migrations failed and were taken back: {type(problem).__name__}: {problem}"
        ) from problem


def downgrade(engine: sa.Engine, manifest: Manifest) -> None:
    """Drop the plugin's tables and the table of its revisions."""
    if manifest.migrations is None:
        return
    with _ALONE, writing(engine).begin() as connection:
        _lock(connection)
        if sa.inspect(connection).has_table(manifest.version_table):
            command.downgrade(_config(manifest, connection), "base")
            sa.Table(manifest.version_table, sa.MetaData()).drop(connection)


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _config(manifest: Manifest, connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(manifest.migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = manifest.version_table
    return config
