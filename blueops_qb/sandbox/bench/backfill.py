"""`bench backfill`: older records brought to the books, with the worker killed half way and started again.

The twin, the company's own work and each worker run in processes of their own, without limits; a worker says its peak
memory itself. At the end both sides are counted by core's tables and the twin's own answers, and compared by
agreement, once as they are and once with planted differences. With more than a small number the run is made with the
small number first: memory must not grow with what there is.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine import backfill
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench import agreed
from blueops_qb.sandbox.bench.backfill_work import connection_of, count, open_house, set_up
from blueops_qb.sandbox.bench.figures import Figures, rss_mib
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse
from blueops_qb.sandbox.bench.kill import in_child
from blueops_qb.sandbox.bench.twins import stats, twin_process
from blueops_qb.store import tables as t

#: Memory is compared between this number and the one that was asked for.
SMALL = 2000
#: A worker's peak in MiB, and how much more of it many records may take than few.
MOST_MIB, GROWS = 200.0, 1.10
_DEADLINE = 3600.0


def run(records: int, *, db: str | None, seed: int) -> int:
    """Measure, print the figures; answers the exit code."""
    figures = Figures()
    sizes = [SMALL, records] if records > SMALL and db is None else [records]
    found = [_Run(records=size, seed=seed).go(db) for size in sizes]
    figures.values = dict(found[-1])
    figures.values["rss_mib_at"] = {str(one["records"]): one["rss_mib"] for one in found}
    for one in found:
        size = one["records"]
        figures.limit(one["resumed"], f"{size}: the worker ended before it could be killed")
        for what in ("lost", "doubled", "held"):
            figures.limit(not one[what], f"{size}: {what}: {one[what]}")
        for what in ("differences", "missed", "not_planted"):
            figures.limit(not one["agreement"][what], f"{size}: agreement, {what}: {one['agreement'][what]}")
        figures.limit(
            one["rss_mib"] < MOST_MIB, f"{size}: the worker took {one['rss_mib']} MiB, at most {MOST_MIB}"
        )
    most = GROWS * found[0]["rss_mib"]
    figures.limit(
        found[-1]["rss_mib"] <= most,
        f"the worker took {found[-1]['rss_mib']} MiB, at most {most:.1f} as with few",
    )
    return figures.close(seed=seed)


@attrs.frozen(kw_only=True)
class _Run:
    """One run with so many documents."""

    records: int
    seed: int

    def go(self, db: str | None) -> dict[str, Any]:
        """Set up, kill once, finish, count."""
        with (
            tempfile.TemporaryDirectory(prefix="blueops-qb-backfill-") as folder,
            twin_process() as ready,
        ):
            url = db or f"sqlite:///{Path(folder) / 'bench.db'}"
            in_child(partial(set_up, url, ready, self.records))
            before = _calls(ready)
            started = time.monotonic()
            killed, first_peak, resumed = self._kill_half_way(url, ready)
            last = self._finish(url, ready)
            wall = time.monotonic() - started
            counted: dict[str, Any] = in_child(partial(count, url, ready))
            agreement: dict[str, Any] = in_child(partial(agreed.agree, url, ready))
            return {
                "records": self.records,
                "wall_s": round(wall, 1),
                "per_minute": round(60 * self.records / wall),
                "calls": _calls(ready) - before,
                "killed_after": killed,
                "resumed": resumed,
                "rss_mib": max(first_peak, last["rss_mib"]),
                "said": last["said"],
                **counted,
                "agreement": agreement,
            }

    def _kill_half_way(self, url: str, ready: Mapping[str, str]) -> tuple[int, float, bool]:
        """How many documents were there when it was killed, its peak in MiB, and whether it still ran."""
        with _worker(url, ready) as process:
            there = 0
            while process.poll() is None and there < self.records // 2:
                time.sleep(0.2)
                there = _written(url)
            peak = _peak_of(process.pid)
            ran = process.poll() is None
            if ran:
                os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
        return _written(url), peak, ran

    def _finish(self, url: str, ready: Mapping[str, str]) -> dict[str, Any]:
        with _worker(url, ready) as process:
            out, _ = process.communicate(timeout=_DEADLINE)
        if process.returncode != 0:
            raise RuntimeError(f"the second worker ended with {process.returncode}")
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found


# -- the worker, in a process of its own -----------------------------------------------------------------
@contextlib.contextmanager
def _worker(url: str, ready: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    asked = json.dumps({"url": url, "ready": dict(ready)})
    code = f"from {__name__} import work; work()"
    with subprocess.Popen([sys.executable, "-c", code, asked], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def work() -> None:
    """Carry until the backfill has ended; prints the peak of this process."""
    asked = json.loads(sys.argv[1])
    with open_house(asked["url"], asked["ready"]) as house:
        connection_id = connection_of(house)
        carrier = Carrier(house.engine)
        give_up = time.monotonic() + _DEADLINE
        while (found := _progress(house, connection_id)).state in backfill.UNDER_WAY:
            if time.monotonic() > give_up:
                raise RuntimeError(f"it did not end: {found.sentence}")
            if not carrier.drain(connection_id, most=50, patiently=True):
                time.sleep(0.02)
        carrier.close()
    print(json.dumps({"rss_mib": rss_mib(), "said": found.sentence}), flush=True)


def _progress(house: BenchHouse, connection_id: str) -> backfill.Progress:
    with house.core.engine.connect() as connection:
        found = backfill.progress(connection, connection_id, TENANT, dt.datetime.now(dt.UTC))
    assert found is not None
    return found


def _peak_of(pid: int) -> float:
    """The peak of a living process in MiB, as the system tells it."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return round(found[0] / 1024, 1) if found else 0.0


def _written(url: str) -> int:
    """Documents with a live link."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    lk = t.links
    query = sa.select(sa.func.count()).where(
        lk.c.state == "live", lk.c.books_kind.in_(["invoice", "payment"])
    )
    try:
        with engine.connect() as connection:
            return int(connection.execute(query).scalar_one())
    except sa.exc.OperationalError:
        return 0  # the database is busy just now
    finally:
        engine.dispose()


def _calls(ready: Mapping[str, str]) -> int:
    return int(sum(stats(dict(ready))["statuses"].values()))
