"""`blueops-qb bench`: figures that can be trusted; each ends with one JSON line and exits 1 past a limit."""

from __future__ import annotations

import click

from blueops_qb.cli.opening import Logged, common


@click.group(cls=Logged)
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
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(min=1))
@common
def desktop(db_url: str | None, tenant_id: str | None, invoices: int) -> None:
    """Carry invoices to QuickBooks Desktop in one session, many a trip and one a trip, and count the trips."""
    from blueops_qb.sandbox.bench.desktop import run

    raise SystemExit(run(invoices, db=db_url))


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


@bench.command()
@click.option("--invoices", default=10_000, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--singles",
    default=80,
    show_default=True,
    type=click.IntRange(min=1),
    help="Invoices of the other company.",
)
@click.option("--seed", default=1, show_default=True)
@common
def throttle(db_url: str | None, tenant_id: str | None, invoices: int, singles: int, seed: int) -> None:
    """Push invoices against limits as Intuit's, while a second company on the same worker goes on."""
    from blueops_qb.sandbox.bench.throttle import run

    raise SystemExit(run(invoices, singles=singles, db=db_url, seed=seed))


@bench.command()
@click.option(
    "--changes", default=100, show_default=True, type=click.IntRange(min=0), help="Changes an hour."
)
@click.option("--seed", default=1, show_default=True)
@common
def poll(db_url: str | None, tenant_id: str | None, changes: int, seed: int) -> None:
    """Count calls and metered reads of a company in an hour, at rest and busy, with webhooks and without."""
    from blueops_qb.sandbox.bench.poll import run

    raise SystemExit(run(changes=changes, db=db_url, seed=seed))


@bench.command()
@click.option("--documents", default=1000, show_default=True, type=click.IntRange(min=100))
@click.option("--changes", default=150, show_default=True, type=click.IntRange(min=0))
@click.option("--scale", default=1.0, show_default=True, help="Part of its time that everything takes.")
@click.option("--seed", default=1, show_default=True)
@common
def poison(
    db_url: str | None, tenant_id: str | None, documents: int, changes: int, scale: float, seed: int
) -> None:
    """Write through a network that loses, cuts, delays and stalls, and count what is lost or doubled."""
    from blueops_qb.sandbox.bench.poison import run

    raise SystemExit(run(documents=documents, changes=changes, scale=scale, seed=seed, db=db_url))


@bench.command()
@click.option("--answers", default=1000, show_default=True, type=click.IntRange(min=20))
@click.option(
    "--request-ids",
    "promises",
    multiple=True,
    type=click.Choice(["kept", "ignored"]),
    help="Whether the twin remembers them; both in turn when left out.",
)
@click.option("--seed", default=1, show_default=True)
@common
def lost(
    db_url: str | None, tenant_id: str | None, answers: int, promises: tuple[str, ...], seed: int
) -> None:
    """Lose the answer to every write, with and without request ids, and count what is there."""
    from blueops_qb.sandbox.bench.lost import run

    chosen = promises or ("kept", "ignored")
    if db_url and len(chosen) > 1:
        raise click.UsageError("one database serves one run: name one of --request-ids with --db")
    raise SystemExit(run(answers=answers, seed=seed, promises=chosen, db=db_url))


@bench.command()
@click.option(
    "--rate", default=50, show_default=True, type=click.IntRange(min=1), help="Messages per second."
)
@click.option("--seconds", default=10.0, show_default=True, help="For so long.")
@click.option("--postgres/--no-postgres", "with_postgres", default=True, help="Also on PostgreSQL, if found.")
@click.option("--seed", default=2026, show_default=True, help="The chance of what the messages name.")
@common
def webhook(
    db_url: str | None, tenant_id: str | None, rate: int, seconds: float, with_postgres: bool, seed: int
) -> None:
    """Send signed messages to the gate of core's server and time the answers."""
    from blueops_qb.sandbox.bench.webhook import run

    raise SystemExit(run(rate=rate, seconds=seconds, db=db_url, with_postgres=with_postgres, seed=seed))


@bench.command()
@click.option("--records", default=20_000, show_default=True, type=click.IntRange(min=20))
@click.option("--seed", default=1, show_default=True)
@common
def backfill(db_url: str | None, tenant_id: str | None, records: int, seed: int) -> None:
    """Bring older records to the books, kill the worker half way, start it again, and count."""
    from blueops_qb.sandbox.bench.backfill import run

    raise SystemExit(run(records, db=db_url, seed=seed))


@bench.command()
@click.option("--payments", default=40, show_default=True, type=click.IntRange(min=5))
@click.option(
    "--sweep", default=5.0, show_default=True, help="Seconds between two sweeps where no webhook tells."
)
@click.option("--seed", default=1, show_default=True, help="The chance of the moments.")
@common
def arrive(db_url: str | None, tenant_id: str | None, payments: int, sweep: float, seed: int) -> None:
    """Time from a payment recorded in QuickBooks until its invoice is paid in BlueOps and nobody is reminded."""
    from blueops_qb.sandbox.bench.arrive import run

    raise SystemExit(run(payments=payments, sweep=sweep, db=db_url, seed=seed))
