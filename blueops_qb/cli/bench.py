"""`blueops-qb bench`: figures that can be trusted; each ends with one JSON line and exits 1 past a limit."""

from __future__ import annotations

import click

from blueops_qb.cli.opening import common


@click.group()
def bench() -> None:
    """Measure hooks, pushing and crash safety."""


@bench.command()
@click.option("--events", default=2000, show_default=True, help="Events per run.")
@click.option("--postgres/--no-postgres", "with_postgres", default=True, help="Also on PostgreSQL, if found.")
@common
def hook(db_url: str | None, tenant_id: str | None, events: int, with_postgres: bool) -> None:
    """What an event adds to core's transaction, beside a bare INSERT of equal size."""
    from blueops_qb.sandbox.bench.hook import run

    raise SystemExit(run(db=db_url, events=events, with_postgres=with_postgres))


@bench.command()
@click.argument("base_url")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--realm", default="9130000000000000", show_default=True)
@click.option("--token", default="bench", show_default=True)
@common
def push(
    db_url: str | None, tenant_id: str | None, base_url: str, number: int, realm: str, token: str
) -> None:
    """Raise NUMBER invoices through the hook and drain them to the server at BASE_URL."""
    from blueops_qb.sandbox.bench.push import run

    raise SystemExit(run(base_url, number, realm=realm, token=token, db=db_url))


@bench.command()
@click.option("--every", default=1, show_default=True, help="How many points each worker gets further.")
@click.option(
    "--places",
    default=0,
    help="Take each distinct place so many times; 0 = cut every exchange at each point.",
)
@click.option("--documents", default=200, show_default=True)
@click.option("--changes", default=100, show_default=True)
@click.option("--seconds", default=0.0, help="Stop taking points after this long; 0 = no limit.")
@click.option("--switch", "switches", multiple=True, help="Twin switches, e.g. requestid_ignored.")
@common
def kill(
    db_url: str | None,
    tenant_id: str | None,
    every: int,
    places: int,
    documents: int,
    changes: int,
    seconds: float,
    switches: tuple[str, ...],
) -> None:
    """Kill the worker before and after every commit and call, restart, and count what is lost or doubled."""
    from blueops_qb.sandbox.bench.kill import run

    raise SystemExit(
        run(
            db=db_url,
            every=every,
            places=places,
            documents=documents,
            changes=changes,
            seconds=seconds,
            switches=switches,
        )
    )
