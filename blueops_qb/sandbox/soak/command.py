"""`blueops-qb soak`: plays, prints what was found, and ends with one JSON line of figures, seed and versions."""

from __future__ import annotations

import contextlib
import logging
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from blueops_qb.sandbox.bench.figures import Figures, rss_mib
from blueops_qb.sandbox.soak.driver import Played, SoakFailed, soak
from blueops_qb.sandbox.soak.settle import MOST_SECONDS
from blueops_qb.sandbox.soak.world import NotEmpty

#: Seconds of the processor that so many steps may take on SQLite; it is one thread, so alone they are as many by the
#: clock.
STEPS_TIMED, SECONDS_TIMED = 1500, 45.0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What a soak provokes on purpose is logged by the product as trouble; nobody needs to read it."""
    log = logging.getLogger("blueops_qb")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def run(*, steps: int, seed: int | None, books: str, db: str | None) -> int:
    """Play; answers the exit code: 1 where something was found or a limit is missed."""
    seed = secrets.randbelow(10**9) if seed is None else seed
    figures = Figures()
    with _quiet(), _database(db) as url:
        try:
            played, seconds = soak(
                url=url,
                seed=seed,
                steps=steps,
                books=books,
                replay=_again(steps, seed, books, db),
                tell=click.echo,
            )
        except SoakFailed as failure:
            if isinstance(failure.__cause__, NotEmpty):
                raise click.UsageError(str(failure.__cause__)) from None
            click.echo(str(failure))
            figures.values = {"steps": steps, "books": books}
            figures.limit(False, f"both sides did not agree; play it again: {_again(steps, seed, books, db)}")
            return figures.close(seed=seed)
    figures.values = {**_figures(played, seconds), "books": books, "db": url.partition(":")[0]}
    timed = steps <= STEPS_TIMED and db is None and books == "qbo"
    figures.limit(
        not timed or seconds <= SECONDS_TIMED,
        f"{steps} steps took {seconds:.1f} s of the processor, at most {SECONDS_TIMED:.0f}",
    )
    return figures.close(seed=seed)


def _again(steps: int, seed: int, books: str, db: str | None) -> str:
    where = f" --db {db}" if db else ""
    return f"blueops-qb soak --steps {steps} --seed {seed} --books {books}{where}"


def _figures(played: Played, seconds: float) -> dict[str, object]:
    return {
        "steps": played.steps,
        "cpu_seconds": round(seconds, 1),
        "checks": played.checks,
        "records_compared": played.compared,
        "apart_most": played.apart,
        "differences": 0,
        "exchanges": played.exchanges,
        "choices": played.chosen,
        "refused": played.refused,
        "without_object": played.idle,
        "settle_seconds_most": round(played.settle_seconds_most, 1),
        "settle_seconds_limit": MOST_SECONDS,
        "settle_exchanges_most": played.settle_exchanges_most,
        "log": played.digest,
        "rss_mib": rss_mib(),
    }


@contextlib.contextmanager
def _database(db: str | None) -> Iterator[str]:
    if db:
        yield db
        return
    with tempfile.TemporaryDirectory(prefix="blueops-qb-soak-") as folder:
        yield f"sqlite:///{Path(folder) / 'soak.db'}"
