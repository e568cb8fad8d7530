"""`blueops-qb doctor`: looks for what keeps an installation from working, and says what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import click
import sqlalchemy as sa
from alembic import command
from alembic.util import CommandError

from blueops_qb import bootstrap, root
from blueops_qb.cli.opening import common, json_option, plain_engine, show, url_of
from blueops_qb.engine.heartbeat import heartbeat
from blueops_qb.engine.vault import MissingKey, Sealer
from blueops_qb.sandbox.core.core import open_core
from blueops_qb.sandbox.core.keys import host_keys
from blueops_qb.store import tables as t


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    said: str


@click.command()
@json_option
@common
def doctor(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Check Python, plugin files, providers, database, migrations, keys, clients; exit 1 when something is wrong."""
    checks: dict[str, Callable[[], str]] = {
        "python": _python,
        "plugin files": _files,
        "providers": _providers,
        "database": lambda: _database(db_url),
        "tables": lambda: _tables(db_url),
        "secret keys": lambda: _keys(db_url),
        "connections": lambda: _connections(db_url),
        "clients": lambda: _clients(db_url),
    }
    findings = [_look(what, check) for what, check in checks.items()]
    text = "\n".join(f"{'ok ' if f.ok else 'BAD'}  {f.what:<13} {f.said}" for f in findings)
    show([attrs.asdict(f) for f in findings], as_json=as_json, text=text)
    if not all(f.ok for f in findings):
        raise SystemExit(1)


@contextmanager
def _connected(db_url: str | None) -> Iterator[sa.Connection]:
    """A transaction on the database, and nothing left open behind it."""
    engine = plain_engine(db_url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _look(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, ok=True, said=check())
    except click.ClickException as problem:
        return Finding(what=what, ok=False, said=problem.format_message())
    except Exception as problem:
        return Finding(what=what, ok=False, said=f"{type(problem).__name__}: {problem}")


def _python() -> str:
    return sys.version.split()[0]


def _files() -> str:
    folder = root()
    missing = [n for n in ("plugin.toml", "hooks", "migrations/env.py") if not (folder / n).exists()]
    if missing:
        raise click.ClickException(f"{folder} lacks {', '.join(missing)}; install the package again.")
    return str(folder)


def _providers() -> str:
    listed = bootstrap.providers()
    unfit = [f"{one.name}: {one.reason}" for one in listed if one.provider is None]
    if unfit:
        raise click.ClickException("; ".join(unfit))
    return ", ".join(one.name for one in listed)


def _database(db_url: str | None) -> str:
    with _connected(db_url) as connection:
        connection.execute(sa.text("SELECT 1"))
        return connection.dialect.name


def _tables(db_url: str | None) -> str:
    with _connected(db_url) as connection:
        try:
            command.check(bootstrap.alembic_config(connection))
        except CommandError as problem:
            raise click.ClickException(f"{problem} Run `blueops-qb db upgrade`.") from problem
    return "as this version wants them"


def _keys(db_url: str | None) -> str:
    sealer = Sealer(lambda: host_keys(url_of(db_url), os.environ))
    opened = 0
    with _connected(db_url) as connection:
        for row in connection.execute(sa.select(t.secrets)).mappings():
            try:
                sealer.open(row["connection_id"], row["purpose"], row["sealed"])
            except MissingKey as problem:
                raise click.ClickException(str(problem)) from problem
            opened += 1
    return f"{opened} sealed secrets open"


def _clients(db_url: str | None) -> str:
    """When the clients of books that call us last came; one that has not come for long is a trouble."""
    url = url_of(db_url)
    reference = open_core(url, keys=host_keys(url, os.environ))
    try:
        engine = bootstrap.build(reference.for_plugin("quickbooks")).engine
        c = t.connections
        with reference.engine.connect() as connection:
            rows = connection.execute(sa.select(c).where(c.c.state != "retired")).mappings().all()
            now = engine.turns.clock(connection)
            beats = [
                (row["company_name"] or row["company_id"], beat)
                for row in rows
                if (
                    beat := heartbeat(
                        connection, dict(row), core=engine.core, providers=engine.providers, now=now
                    )
                )
            ]
    finally:
        reference.stop()
    quiet = [f"{company}: {beat.sentence} {beat.remedy}".strip() for company, beat in beats if beat.quiet]
    if quiet:
        raise click.ClickException("; ".join(quiet))
    return "; ".join(f"{company}: {beat.sentence}" for company, beat in beats) or "none calls us"


def _connections(db_url: str | None) -> str:
    c = t.connections
    with _connected(db_url) as connection:
        rows = connection.execute(sa.select(c).where(c.c.state != "retired")).mappings().all()
    bad = [f"{row['company_name']}: {row['health_reason']}" for row in rows if row["health"] != "ok"]
    if bad:
        raise click.ClickException("; ".join(bad))
    return f"{len(rows)} healthy"
