"""Our tables come, go and come again, with data in every one, and nobody else's are touched."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config, main
from alembic.script import ScriptDirectory

from blueops_qb import bootstrap
from blueops_qb.sandbox.core.core import open_core
from blueops_qb.sandbox.core.database import make_engine
from blueops_qb.sdk.hooks import RemovalPlan
from blueops_qb.store.tables import PREFIX, VERSION_TABLE, metadata
from blueops_qb.store.types import UtcTime
from tests.engine_house import KEY, ROOT

PLUGINS = Path(__file__).resolve().parent.parent / "fixtures" / "plugins"
NOON = dt.datetime(2026, 3, 20, 19, 0, 0, 123456, tzinfo=dt.UTC)
OURS = {table.name for table in metadata.sorted_tables}


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A host's database: a table of its own, its own Alembic revision, another plugin's table."""
    engine = make_engine(database_url, durable=False)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
            "INSERT INTO alembic_version VALUES ('host42')",
            "CREATE TABLE invoices (id INTEGER PRIMARY KEY, total TEXT)",
            "INSERT INTO invoices VALUES (1, '100.00')",
            "CREATE TABLE other_plugin_things (id INTEGER PRIMARY KEY)",
            "INSERT INTO other_plugin_things VALUES (7)",
        ):
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


HOSTS = {"alembic_version", "invoices", "other_plugin_things"}


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def the_host_is_as_it_was(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        for table, row in (
            ("alembic_version", ("host42",)),
            ("invoices", (1, "100.00")),
            ("other_plugin_things", (7,)),
        ):
            assert [tuple(r) for r in connection.execute(sa.text(f"SELECT * FROM {table}"))] == [row]


def value(column: sa.Column[Any], n: int) -> Any:
    """A value that fits the column, another one in every row."""
    kind = dt.datetime if isinstance(column.type, UtcTime) else column.type.python_type
    length = getattr(column.type, "length", None)
    values: dict[type, Any] = {
        str: f"{column.name} {n} “ä”"[:length],
        int: 2**50 + n if isinstance(column.type, sa.BigInteger) else n,
        bool: bool(n % 2),
        float: n + 0.5,
        bytes: b"\x00\xff" + bytes([n]),
        dt.date: dt.date(2026, 3, n),
        dt.datetime: NOON + dt.timedelta(seconds=n),
    }
    return values[kind]


def fill(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        rows = [{column.name: value(column, n) for column in table.columns} for n in (1, 2)]
        connection.execute(table.insert(), rows)


def is_filled(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        found = [
            dict(r) for r in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
        ]
        wanted = [{column.name: value(column, n) for column in table.columns} for n in (1, 2)]
        assert sorted(map(str, found)) == sorted(map(str, wanted)), table.name


def test_up_down_and_up_again_with_data_in_every_table(engine: sa.Engine) -> None:
    for _ in range(2):
        bootstrap.migrate(engine)
        assert tables(engine) == HOSTS | OURS | {VERSION_TABLE}
        with engine.begin() as connection:
            fill(connection)
        with engine.connect() as connection:
            is_filled(connection)
        bootstrap.migrate(engine)  # nothing to do, nothing lost
        with engine.connect() as connection:
            is_filled(connection)
        the_host_is_as_it_was(engine)
        bootstrap.migrate(engine, to="base")
        assert tables(engine) == HOSTS | {VERSION_TABLE}
        the_host_is_as_it_was(engine)


def test_every_single_step_goes_up_and_down(engine: sa.Engine) -> None:
    config = bootstrap.alembic_config()
    steps = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert steps[0] == "qb0001"
    assert all(step.startswith("qb") for step in steps)
    for step in steps:
        before = tables(engine)
        with engine.begin() as connection:
            command.upgrade(bootstrap.alembic_config(connection), step)
        with engine.begin() as connection:
            command.downgrade(bootstrap.alembic_config(connection), "-1")
        assert tables(engine) - {VERSION_TABLE} == before - {VERSION_TABLE}
        with engine.begin() as connection:
            command.upgrade(bootstrap.alembic_config(connection), step)
    assert tables(engine) >= OURS


def test_what_the_migrations_make_is_what_the_code_says(engine: sa.Engine) -> None:
    bootstrap.migrate(engine)
    with engine.begin() as connection:
        command.check(bootstrap.alembic_config(connection))
    inspector = sa.inspect(engine)
    for table in metadata.sorted_tables:
        assert {c["name"] for c in inspector.get_columns(table.name)} == set(table.columns.keys())
        found = {index["name"] for index in inspector.get_indexes(table.name)}
        assert found >= {index.name for index in table.indexes}, table.name


def test_a_failing_migration_leaves_nothing_half_done(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {PREFIX}tenants (id INTEGER)")
    with pytest.raises(sa.exc.DBAPIError):
        bootstrap.migrate(engine)
    assert tables(engine) == HOSTS | {f"{PREFIX}tenants"}
    the_host_is_as_it_was(engine)


# -- the command line ----------------------------------------------------------------------------------
def alembic(monkeypatch: pytest.MonkeyPatch, url: str, *words: str) -> None:
    """The command line of alembic, with the settings in pyproject.toml."""
    monkeypatch.chdir(ROOT)
    main(argv=["-x", f"db={url}", *words], prog="alembic")


def test_alembics_command_line_works_from_the_checkout(
    engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alembic(monkeypatch, database_url, "upgrade", "head")
    assert tables(engine) == HOSTS | OURS | {VERSION_TABLE}
    alembic(monkeypatch, database_url, "check")
    alembic(monkeypatch, database_url, "current")
    the_host_is_as_it_was(engine)
    alembic(monkeypatch, database_url, "downgrade", "base")
    assert tables(engine) == HOSTS | {VERSION_TABLE}
    the_host_is_as_it_was(engine)


def test_the_command_line_takes_the_database_from_the_environment_too(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("BLUEOPS_QB_DB", sqlite_url)
    main(argv=["upgrade", "head"], prog="alembic")
    engine = make_engine(sqlite_url)
    assert tables(engine) >= OURS
    engine.dispose()
    monkeypatch.delenv("BLUEOPS_QB_DB")
    with pytest.raises(SystemExit, match="set BLUEOPS_QB_DB, or pass -x db=URL"):
        main(argv=["upgrade", "head"], prog="alembic")


def test_python_m_alembic_works_in_a_process_of_its_own(sqlite_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", f"db={sqlite_url}", "upgrade", "head"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    engine = make_engine(sqlite_url)
    assert tables(engine) == OURS | {VERSION_TABLE}
    engine.dispose()


# -- inside the host -----------------------------------------------------------------------------------
def test_uninstalling_drops_our_tables_and_nothing_else(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEOPS_QB_RUNNER", "none")
    core = open_core(database_url, keys=[KEY], durable=False)
    try:
        before = tables(core.engine)
        core.load_plugins([PLUGINS / "good"], entry_points=[])
        with_good = tables(core.engine)
        assert with_good > before
        core.load_plugins([ROOT], entry_points=[])
        assert tables(core.engine) == with_good | OURS | {VERSION_TABLE}
        with core.engine.begin() as connection:
            fill(connection)
        plan = core.removal_plan("quickbooks")
        assert isinstance(plan, RemovalPlan)
        assert {name: rows for name, rows in plan.tables.items() if name in OURS} == dict.fromkeys(OURS, 2)
        assert set(plan.tables) <= OURS | {VERSION_TABLE}
        with core.engine.connect() as connection:
            is_filled(connection)  # a dry run changes nothing
        core.uninstall("quickbooks")
        assert tables(core.engine) == with_good
        core.install("quickbooks")
        assert core.world.get("quickbooks").ready
        assert tables(core.engine) == with_good | OURS | {VERSION_TABLE}
    finally:
        core.stop()


def test_two_plugins_keep_their_revisions_apart(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEOPS_QB_RUNNER", "none")
    core = open_core(database_url, keys=[KEY], durable=False)
    try:
        core.load_plugins([ROOT, PLUGINS / "good"], entry_points=[])
        assert [plugin.reason for plugin in core.world.plugins] == ["", ""]
        with core.engine.connect() as connection:
            ours = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()
            theirs = connection.execute(sa.text("SELECT version_num FROM good_alembic_version")).scalar_one()
        assert ours.startswith("qb")
        assert theirs != ours
        assert "alembic_version" not in tables(core.engine)
    finally:
        core.stop()


def test_the_configuration_names_no_database() -> None:
    assert Config(toml_file=str(ROOT / "pyproject.toml")).get_main_option("sqlalchemy.url") is None
