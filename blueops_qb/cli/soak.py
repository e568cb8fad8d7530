"""`blueops-qb soak`: random work on both sides at once, judged by an independent reader and ledger."""

from __future__ import annotations

import click

from blueops_qb.cli.opening import wire_log_option


@click.command()
@click.option("--steps", default=1500, show_default=True, type=click.IntRange(min=1), help="Actions to take.")
@click.option("--seed", type=int, help="The chance of everything that happens; without it a fresh one.")
@click.option(
    "--books",
    default="qbo",
    show_default=True,
    type=click.Choice(["qbo", "qbd"]),
    help="The books on the other side.",
)
@click.option("--db", "db_url", metavar="URL", help="An empty database. Without it a fresh SQLite file.")
@wire_log_option
def soak(steps: int, seed: int | None, books: str, db_url: str | None) -> None:
    """Play random work, failures and restarts on both sides and prove that both agree afterwards.

    Exit 1, with the command that plays it again, when they do not.
    """
    from blueops_qb.sandbox.soak.command import run

    raise SystemExit(run(steps=steps, seed=seed, books=books, db=db_url))
