"""`blueops-qb db`: the plugin's tables."""

from __future__ import annotations

import click
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from blueops_qb import bootstrap
from blueops_qb.cli.opening import common, plain_engine
from blueops_qb.store.tables import VERSION_TABLE


@click.group()
def db() -> None:
    """Create, change, check and remove the plugin's tables."""


@db.command()
@click.argument("revision", default="head")
@common
def upgrade(db_url: str | None, tenant_id: str | None, revision: str) -> None:
    """Bring the tables to REVISION (default: the newest)."""
    with plain_engine(db_url).begin() as connection:
        command.upgrade(bootstrap.alembic_config(connection), revision)
    click.echo(f"upgraded to {revision}")


@db.command()
@click.argument("revision", default="base")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def downgrade(db_url: str | None, tenant_id: str | None, revision: str, yes: bool) -> None:
    """Take the tables back to REVISION (default: base = drop them all, with their contents)."""
    if not yes:
        click.confirm("This drops tables of the integration with everything in them. Go on?", abort=True)
    with plain_engine(db_url).begin() as connection:
        command.downgrade(bootstrap.alembic_config(connection), revision)
    click.echo(f"downgraded to {revision}")


@db.command()
@common
def current(db_url: str | None, tenant_id: str | None) -> None:
    """Print the revision the tables have, and the newest one."""
    with plain_engine(db_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = context.get_current_revision()
    head = ScriptDirectory.from_config(bootstrap.alembic_config()).get_current_head()
    click.echo(f"{found or 'none'} (newest: {head})")


@db.command()
@common
def check(db_url: str | None, tenant_id: str | None) -> None:
    """Exit 1 when the tables are not as this version wants them."""
    with plain_engine(db_url).begin() as connection:
        try:
            command.check(bootstrap.alembic_config(connection))
        except CommandError as problem:
            raise click.ClickException(f"{problem} Run `blueops-qb db upgrade`.") from problem
    click.echo("the tables are as this version wants them")
