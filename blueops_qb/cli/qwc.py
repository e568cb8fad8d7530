"""`blueops-qb qwc`: let QuickBooks Desktop's Web Connector in: the connection, its .qwc file, its password."""

from __future__ import annotations

from pathlib import Path

import click

from blueops_qb.cli.opening import Opened, common, json_option, opened, show
from blueops_qb.engine import callers
from blueops_qb.engine.connections import ConnectRefused
from blueops_qb.sdk.calling import Caller


@click.group()
def qwc() -> None:
    """The Web Connector of QuickBooks Desktop: let it in, its .qwc file, its password."""


@qwc.command()
@click.option(
    "--returning", is_flag=True, help="It is the company file that was connected before; it keeps its links."
)
@json_option
@common
def connect(db_url: str | None, tenant_id: str | None, returning: bool, as_json: bool) -> None:
    """Bind the tenant to a company file and print user name and password, this once."""
    with opened(db_url, tenant_id) as house:
        try:
            invited = callers.invite(
                house.core,
                house.tenant_id,
                _provider(house),
                company_name=house.core.tenant(house.tenant_id).name,
                actor="command line",
                keys=house.engine.keys,
                returning=returning,
            )
        except ConnectRefused as refused:
            raise click.ClickException(str(refused)) from refused
    _show(invited, as_json=as_json)


@qwc.command()
@json_option
@common
def password(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Make another password and print it, this once; the one before is void."""
    with opened(db_url, tenant_id) as house:
        found = _caller(house)
        invited = callers.new_password(
            house.core,
            house.tenant_id,
            found.connection_id,
            actor="command line",
            keys=house.engine.keys,
        )
    _show(invited, as_json=as_json)


@qwc.command()
@click.option(
    "--gates",
    required=True,
    metavar="URL",
    help="Where core mounts the gates, such as https://ops.example.com/gates/quickbooks.",
)
@click.option("--every", "every_minutes", type=int, help="Minutes between runs. Default: 15.")
@click.option("--read-only", is_flag=True, help="The Web Connector keeps everything that writes away.")
@click.option(
    "--personal-data",
    type=click.Choice(["not_needed", "optional", "required"]),
    help="Whether personal data may be seen. Default: not_needed.",
)
@click.option(
    "--unattended",
    type=click.Choice(["optional", "required"]),
    help="Whether it runs while QuickBooks is closed. Default: optional.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write it there. Default: the file's own name, in this folder.",
)
@common
def file(
    db_url: str | None,
    tenant_id: str | None,
    gates: str,
    every_minutes: int | None,
    read_only: bool,
    personal_data: str | None,
    unattended: str | None,
    out: Path | None,
) -> None:
    """Write the .qwc file of the connection; it holds no password and is the same every time."""
    choices = {
        "every_minutes": "" if every_minutes is None else str(every_minutes),
        "read_only": "yes" if read_only else "",
        "personal_data": personal_data or "",
        "unattended": unattended or "",
    }
    base = gates.rstrip("/")
    with opened(db_url, tenant_id) as house:
        found = _caller(house)
        name = str(house.connection_row()["provider"])
        try:
            made = house.engine.providers[name].set_up_file(
                found,
                gate_url=f"{base}/{name}",
                support_url=f"{base}/status",
                choices={key: value for key, value in choices.items() if value},
            )
        except ValueError as problem:
            raise click.ClickException(str(problem)) from problem
    if made is None:
        raise click.ClickException(f"The provider {name} has no set-up file.")
    target = out or Path(made.name)
    target.write_bytes(made.content)
    click.echo(f"{target}: open it on the computer with QuickBooks, then enter the password there.")


def _provider(house: Opened) -> str:
    names = [name for name in sorted(house.engine.providers) if house.engine.turns.describe(name).calls]
    if len(names) != 1:
        raise click.ClickException(
            f"Several providers have a client that calls ({', '.join(names)}); connect on the settings page."
            if names
            else "No provider is installed whose own client calls; see `blueops-qb doctor`."
        )
    return names[0]


def _caller(house: Opened) -> Caller:
    row = house.connection_row()
    with house.core.engine.connect() as connection:
        found = callers.of(connection, row["id"])
    if found is None:
        raise click.ClickException(
            f"“{row['company_name']}” has no client that calls; this is for QuickBooks Desktop only."
        )
    return found


def _show(invited: callers.Invited, *, as_json: bool) -> None:
    caller = invited.caller
    value = {
        "user": caller.user,
        "password": invited.password,
        "connection": caller.connection_id,
        "company": caller.company_id,
    }
    text = (
        f"user name  {caller.user}\npassword   {invited.password}\n"
        "Copy the password now: it is not shown again. Then write the file: blueops-qb qwc file --gates URL"
    )
    show(value, as_json=as_json, text=text)
