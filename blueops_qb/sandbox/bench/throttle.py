"""`bench throttle`: many invoices pushed against limits as Intuit's, while a second company goes on with its day.

Two twins in processes of their own, with the limits of the real service, and one worker (the thread runner, with
the default paces) for both companies. First the second company raises invoices one by one alone; then the first
one raises all of its own through the hook, and the second goes on meanwhile. A call that the twin answers with 429
counts for the share of throttled calls, whichever company made it.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import requests
import sqlalchemy as sa

from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbo.provider import make_provider
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sandbox.bench import invoices
from blueops_qb.sandbox.bench.figures import Figures, median, percentile, rss_mib
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house, connect, qbo_environment
from blueops_qb.store import tables as t

SECOND, SECOND_PROVIDER = "second", "qbo_second"
#: So many invoices may take so many seconds; fewer may take as much less.
PROOF = (10_000, 540.0)
#: What the first batches and the settling take, whatever the number.
START = 10.0
#: Share of calls that may be answered 429.
THROTTLED = 0.01
#: How much longer the second company may wait at p95.
WORSE = 0.10
#: Seconds between two invoices of the second company, so that its own pace never makes it wait.
BETWEEN = (1.5, 2.1)
LOOK = 0.005


def run(number: int, *, singles: int, db: str | None, seed: int) -> int:
    """Measure, print the figures; answers the exit code."""
    figures = Figures()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="blueops-qb-bench-"))
        first, second = (
            stack.enter_context(twin("9130000000000001")),
            stack.enter_context(twin("9130000000000002")),
        )
        house = stack.enter_context(
            bench_house(
                db or f"sqlite:///{Path(folder) / 'bench.db'}",
                environment=_environment(first),
                settings=EngineSettings(core_sweep_seconds=1e9),
                tenants=(TENANT, SECOND),
                extra=lambda: {SECOND_PROVIDER: make_provider(_environment(second))},
            )
        )
        _measure(house, first, second, number, singles, random.Random(seed), figures)
    return figures.close(seed=seed)


@contextmanager
def twin(realm: str) -> Iterator[dict[str, str]]:
    """A twin with limits in a process of its own."""
    command = [sys.executable, "-c", "from blueops_qb.cli import main; main()", "sandbox", "qbo"]
    arguments = [*command, "--seed", "names", "--realm", realm, "--limits"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready: dict[str, str] = json.loads(process.stdout.readline().removeprefix("READY "))
            yield ready
        finally:
            process.terminate()
            process.wait(10)


def _environment(ready: Mapping[str, str]) -> dict[str, str]:
    """The host configuration with the default paces."""
    unpaced = qbo_environment(ready["base_url"])
    return {key: "" if key in NO_PACE else value for key, value in unpaced.items()}


def _measure(
    house: BenchHouse,
    first: Mapping[str, str],
    second: Mapping[str, str],
    number: int,
    singles: int,
    chance: random.Random,
    figures: Figures,
) -> None:
    company = _Company.of(house, first, TENANT, "qbo")
    other = _Company.of(house, second, SECOND, SECOND_PROVIDER)
    runner = ThreadRunner(house.engine)
    runner.start()
    try:
        other.rest()
        company.rest()
        alone = [other.single(chance) for _ in range(singles)]
        started = time.monotonic()
        events = [invoices.raised(company.customer, company.base + n) for n in range(number)]
        invoices.announce(house, events, per_transaction=10)
        meanwhile: list[float] = []
        give_up = started + 3 * PROOF[1]
        while (
            left := number - invoices.created(house, company.connection_id)
        ) and time.monotonic() < give_up:
            if left > 60 or not meanwhile:
                meanwhile.append(other.single(chance))
            else:
                time.sleep(LOOK)
        total = time.monotonic() - started
    finally:
        runner.stop()
    answers = {name: _statuses(ready) for name, ready in (("first", first), ("second", second))}
    calls = sum(sum(found.values()) for found in answers.values())
    throttled = sum(found.get("429", 0) for found in answers.values())
    p95 = percentile(alone, 0.95), percentile(meanwhile, 0.95)
    worse = p95[1] / p95[0] - 1
    made = invoices.created(house, company.connection_id)
    figures.values = {
        "invoices": made,
        "seconds": round(total, 1),
        "per_minute": round(60 * made / total),
        "calls": calls,
        "throttled": throttled,
        "throttled_share": round(throttled / calls, 5),
        "singles_alone": len(alone),
        "singles_meanwhile": len(meanwhile),
        "alone_p50_ms": _ms(median(alone)),
        "alone_p95_ms": _ms(p95[0]),
        "meanwhile_p50_ms": _ms(median(meanwhile)),
        "meanwhile_p95_ms": _ms(p95[1]),
        "p95_worse": round(worse, 3),
        "database": house.core.engine.dialect.name,
        "rss_mib": rss_mib(),
    }
    most = START + PROOF[1] * number / PROOF[0] if number < PROOF[0] else PROOF[1] * number / PROOF[0]
    figures.limit(made == number, f"{made} of {number} invoices were created: {invoices.still_open(house)}")
    figures.limit(total <= most, f"{number} invoices took {total:.0f} s, at most {most:.0f}")
    figures.limit(throttled < THROTTLED * calls, f"{throttled} of {calls} calls were answered 429")
    figures.limit(
        worse <= WORSE, f"the second company's p95 is {worse:.0%} worse meanwhile, at most {WORSE:.0%}"
    )


@attrs.frozen(kw_only=True)
class _Company:
    """One company of the run, live, with a linked customer."""

    house: BenchHouse
    tenant_id: str
    connection_id: str
    customer: Any
    base: int
    _raised: list[int] = attrs.field(factory=list)

    @classmethod
    def of(cls, house: BenchHouse, ready: Mapping[str, str], tenant_id: str, provider: str) -> _Company:
        """Connected to the twin by its everlasting token."""
        connection_id = connect(
            house, realm=ready["realm"], token=ready["access_token"], tenant_id=tenant_id, provider=provider
        )
        return cls(
            house=house,
            tenant_id=tenant_id,
            connection_id=connection_id,
            customer=invoices.ready_customer(house, connection_id, tenant_id),
            base=invoices.next_number(),
        )

    def rest(self) -> None:
        """Wait until company, lists and the change feed have been read."""
        f = t.feeds
        query = sa.select(sa.func.count()).where(f.c.connection_id == self.connection_id)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with self.house.core.engine.connect() as connection:
                if connection.execute(query).scalar_one() >= 2:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the company of {self.tenant_id} was not read within a minute")

    def single(self, chance: random.Random) -> float:
        """Raise one invoice; answers the seconds until it is in the books. Then a pause of chance."""
        self._raised.append(1)
        event = invoices.raised(self.customer, self.base + len(self._raised), self.tenant_id)
        invoices.announce(self.house, [event], per_transaction=1)
        started = time.perf_counter()
        while not self._is_done(event.ref.id):
            if time.perf_counter() - started > 60:
                raise RuntimeError(f"an invoice of {self.tenant_id} was not in the books after a minute")
            time.sleep(LOOK)
        took = time.perf_counter() - started
        time.sleep(chance.uniform(*BETWEEN))
        return took

    def _is_done(self, id: str) -> bool:
        o = t.outbox
        query = sa.select(o.c.state).where(
            o.c.tenant_id == self.tenant_id, o.c.ref_kind == "invoice", o.c.ref_id == id
        )
        with self.house.core.engine.connect() as connection:
            return str(connection.execute(query).scalar_one()) == "done"


def _statuses(ready: Mapping[str, str]) -> dict[str, int]:
    with contextlib.closing(requests.get(f"{ready['base_url']}/twin/stats", timeout=10)) as answer:
        answer.raise_for_status()
        found: dict[str, int] = answer.json()["statuses"]
    return found


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
