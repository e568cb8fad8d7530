"""Fixtures for tests of the engine: a company that is live, copied from one that was made once per run."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.postgres import PostgresServer
from tests.engine_house import (
    EngineHouse,
    carrier_for,
    connect,
    copied_sqlite,
    engine_for,
    found_company,
    go_live,
    move_in,
    open_with_plugin,
)
from tests.fake_books import FakeBooks
from tests.fakes import CalledFake

#: Both fakes and both databases run every test; the pairs cost half of what the square would.
PAIRS = [("called", "sqlite"), ("calling", "postgres")]


def _prepare(url: str) -> None:
    """A company that is connected, matched and mapped; nothing has been sent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLUEOPS_QB_RUNNER", "none")
        core = open_with_plugin(url)
        found_company(core)
        provider = CalledFake(FakeBooks())
        engine = engine_for(core, provider)
        id = connect(engine, provider.books, provider.name)
        carrier = carrier_for(engine, provider)
        go_live(
            EngineHouse(
                core=core, books=provider.books, provider=provider, engine=engine, carrier=carrier, id=id
            )
        )
        core.stop()


@pytest.fixture(scope="session")
def live_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the company."""
    path = tmp_path_factory.mktemp("live") / "live.sqlite3"
    _prepare(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def live_postgres(postgres_server: PostgresServer) -> str:
    """The address of a PostgreSQL database with the company; a copy of its rows lies in schema `saved`."""
    url = postgres_server.create(f"live{uuid.uuid4().hex[:12]}")
    _prepare(url)
    _run(url, _SAVE)
    return url


#: Copying rows is several times faster than copying a database.
_SAVE = """
DO $$ DECLARE name text; BEGIN
  CREATE SCHEMA saved;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE saved.%I AS SELECT * FROM public.%I', name, name);
  END LOOP;
END $$
"""
_RESTORE = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL lock_timeout = '60s';
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', name);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM saved.%I', name, name);
  END LOOP;
END $$
"""


def _run(url: str, statement: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(statement)  # without parameters, so that % is no placeholder


@contextmanager
def database_with_company(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    """The address of a database of the kind in which the company has just gone live."""
    if kind == "sqlite":
        yield copied_sqlite(request.getfixturevalue("live_sqlite"))
    else:
        url: str = request.getfixturevalue("live_postgres")
        _run(url, _RESTORE)
        yield url


@pytest.fixture(
    params=[
        pytest.param(pair, id="-".join(pair), marks=[pytest.mark.postgres] if "postgres" in pair else [])
        for pair in PAIRS
    ]
)
def house(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHouse]:
    """The engine between core and one of the fakes."""
    kind, database = request.param
    yield from _moved_in(request, monkeypatch, kind, database)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def asking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHouse]:
    """The engine between core and books that can be asked what became of an exchange."""
    yield from _moved_in(request, monkeypatch, "asked", request.param)


def _moved_in(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str, database: str
) -> Iterator[EngineHouse]:
    monkeypatch.setenv("BLUEOPS_QB_RUNNER", "none")
    with database_with_company(request, database) as url:
        core = open_with_plugin(url)
        try:
            yield move_in(core, kind)
        finally:
            core.stop()
