"""Opening: the database, tenant and wired house that a command works on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.engine import connections
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.turn import Turn
from blueops_qb.providers.qbo.settings import PREFIX
from blueops_qb.providers.qbo.wire_log import WireLog, WireLogUnusable
from blueops_qb.sandbox import last_demo
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.database import make_engine
from blueops_qb.sandbox.core.keys import host_keys
from blueops_qb.sdk.core import Core

WIRE_LOG = f"{PREFIX}WIRE_LOG"
F = TypeVar("F", bound=Callable[..., Any])

db_option = click.option(
    "--db",
    "db_url",
    envvar="BLUEOPS_QB_DB",
    metavar="URL",
    help="The database (SQLAlchemy URL). Default: BLUEOPS_QB_DB, else the last demo's SQLite file.",
)
tenant_option = click.option(
    "--tenant", "tenant_id", metavar="ID", help="The tenant. Default: the only one there is."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def _log_wire(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    del parameter
    if value is None:
        return
    path = Path(value).resolve()
    try:
        WireLog(path).check()
    except WireLogUnusable as problem:
        raise click.UsageError(str(problem)) from None
    before = os.environ.get(WIRE_LOG)
    # Workers that a command starts as processes of their own write to the same file.
    os.environ[WIRE_LOG] = str(path)
    context.call_on_close(lambda: _restore(before))


def _restore(value: str | None) -> None:
    if value is None:
        os.environ.pop(WIRE_LOG, None)
    else:
        os.environ[WIRE_LOG] = value


wire_log_option = click.option(
    "--wire-log",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    expose_value=False,
    callback=_log_wire,
    help="Append every call to the books and its answer to FILE, one JSON object a line; owner-only, without secrets.",
)


class Logged(click.Group):
    """A group in which every command takes `--wire-log`."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add the command with that option."""
        super().add_command(wire_log_option(cmd), name)


def common(command: F) -> F:
    """`--db` and `--tenant`."""
    return tenant_option(db_option(command))


def url_of(db_url: str | None) -> str:
    """The database's URL; raises UsageError when there is none."""
    if db_url:
        return db_url
    recalled = last_demo.recall()
    if recalled is None:
        raise click.UsageError(
            "No database: give --db URL, set BLUEOPS_QB_DB, or run `blueops-qb demo` once."
        )
    url, environment = recalled
    for key, value in environment.items():
        os.environ.setdefault(key, value)
    return str(url)


def plain_engine(db_url: str | None) -> sa.Engine:
    """The database alone, without core or plugin."""
    return make_engine(url_of(db_url))


@attrs.frozen(kw_only=True)
class Opened:
    """What a command works with."""

    reference: ReferenceCore
    core: Core
    engine: Engine
    tenant_id: str

    def connection_row(self) -> dict[str, Any]:
        """The tenant's connection; raises ClickException when there is none."""
        with self.core.engine.connect() as connection:
            row = connections.live(connection, self.tenant_id)
        if row is None:
            raise click.ClickException(
                f"Tenant {self.tenant_id} is not connected to any books; connect it on the settings page."
            )
        return row

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn on the tenant's connection."""
        with self.engine.turns.open(self.connection_row()["id"]) as turn:
            assert turn is not None
            yield turn


@contextmanager
def opened(
    db_url: str | None, tenant_id: str | None, *, settings: EngineSettings | None = None
) -> Iterator[Opened]:
    """Core on the database and the house on it, nothing started."""
    url = url_of(db_url)
    reference = open_core(url, keys=host_keys(url, os.environ))
    try:
        bootstrap.migrate(reference.engine)
        core = reference.for_plugin("quickbooks")
        house = bootstrap.build(core, settings=settings)
        bootstrap.keep_in_step(core)
        yield Opened(reference=reference, core=core, engine=house.engine, tenant_id=_tenant(core, tenant_id))
    finally:
        reference.stop()


def _tenant(core: Core, tenant_id: str | None) -> str:
    ids = [tenant.id for tenant in core.tenants()]
    if tenant_id is not None:
        if tenant_id not in ids:
            raise click.UsageError(f"There is no tenant {tenant_id}; there are: {', '.join(ids) or 'none'}.")
        return tenant_id
    if len(ids) != 1:
        raise click.UsageError(
            f"There are {len(ids)} tenants ({', '.join(ids)}); choose one with --tenant ID."
            if ids
            else "The database has no tenant yet; run `blueops-qb demo` or `blueops-qb sandbox core`."
        )
    return ids[0]


def show(value: Any, *, as_json: bool, text: str) -> None:
    """Print one or the other."""
    click.echo(json.dumps(value, default=str, indent=None) if as_json else text)
