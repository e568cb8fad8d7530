"""`bench push`: invoices raised as events through the hook and drained to a QuickBooks Online server.

Whole path: outbox row in core's transaction, plan, operations, batches, answers, mirror, links, postings, audit.
Time and CPU are without imports, migrations and core's own tables.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench import invoices
from blueops_qb.sandbox.bench.figures import Figures, rss_mib
from blueops_qb.sandbox.bench.house import BenchHouse, bench_house, connect, qbo_environment

#: At most this many calls per invoice.
CALLS_PER_INVOICE = 0.05
#: Events per transaction of core; a real core commits each, which is core's own cost.
PER_TRANSACTION = 50


def run(base_url: str, number: int, *, realm: str, token: str, db: str | None) -> int:
    """Raise, drain, print the figures; answers the exit code."""
    with tempfile.TemporaryDirectory(prefix="blueops-qb-bench-") as folder:
        url = db or f"sqlite:///{Path(folder) / 'bench.db'}"
        settings = EngineSettings(poll=False, core_sweep_seconds=1e9)
        with bench_house(url, environment=qbo_environment(base_url.rstrip("/")), settings=settings) as house:
            return _run(house, number, realm=realm, token=token)


def _run(house: BenchHouse, number: int, *, realm: str, token: str) -> int:
    connection_id = connect(house, realm=realm, token=token)
    customer = invoices.ready_customer(house, connection_id)
    base = invoices.next_number()
    events = [invoices.raised(customer, base + n) for n in range(number)]
    carrier = Carrier(house.engine)
    wall, cpu = time.perf_counter(), time.process_time()
    invoices.announce(house, events, per_transaction=PER_TRANSACTION)
    calls = carrier.drain(connection_id)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    carrier.close()
    created = invoices.created(house, connection_id)
    figures = Figures()
    figures.values = {
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "created": created,
        "calls": calls,
        "rss_mib": rss_mib(),
    }
    held = invoices.still_open(house)
    figures.limit(created == number, f"{created} of {number} invoices were created: {held}")
    most = max(2, int(number * CALLS_PER_INVOICE))
    figures.limit(calls <= most, f"{calls} calls for {number} invoices, at most {most}")
    return figures.close()
