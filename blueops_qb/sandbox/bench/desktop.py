"""`bench desktop`: invoices through one session of the Web Connector, many documents a trip and one document a trip.

The twin's Web Connector and its company file run in a process of their own. CPU is that of this process, which is the
service: planning, encoding, the gate, reading the answers, links, sub-ledger, audit. Core's own work is not in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Customer
from blueops_qb.engine import callers
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbd.provider import QbdProvider, make_qbd
from blueops_qb.sandbox.bench import invoices
from blueops_qb.sandbox.bench.figures import Figures, rss_mib
from blueops_qb.sandbox.bench.house import BenchHouse, bench_house
from blueops_qb.sandbox.demo.chart import Rules, rules_for
from blueops_qb.sandbox.qbo.server import Server
from blueops_qb.sdk.provider import Description
from blueops_qb.web.app import make_gates

#: At least so many documents a trip.
DOCUMENTS_PER_TRIP = 20
PER_TRANSACTION = 50
#: Numbers of invoices begin here; a number has eleven characters in Desktop, our prefix among them.
FIRST = 10_001
_RULES: Rules = {(Family.SERVICE, "repair"): ("item", "Repair")}


@attrs.frozen(eq=False)
class OneByOne(QbdProvider):
    """The provider with one document per message set."""

    def describe(self) -> Description:
        usual = super().describe()
        return attrs.evolve(usual, limits=attrs.evolve(usual.limits, operations_per_exchange=1))


def run(number: int, *, db: str | None) -> int:
    """Both ways, print the figures; answers the exit code."""
    figures = Figures()
    usual = make_qbd()
    single = OneByOne(settings=usual.settings, names=usual.names, version=usual.version)
    figures.values["invoices"] = number
    with tempfile.TemporaryDirectory(prefix="blueops-qb-bench-") as folder:
        for name, provider in (("sets", usual), ("singly", single)):
            url = db or f"sqlite:///{Path(folder) / f'{name}.db'}"
            file = Path(folder) / f"{name}.qbw"
            figures.values[name] = _measured(figures, name, url, file, provider, number)
    sets, singly = figures.values["sets"], figures.values["singly"]
    figures.values["cpu_saved"] = round(1 - sets["cpu_ms"] / singly["cpu_ms"], 3)
    figures.values["rss_mib"] = rss_mib()
    per_trip = sets["documents_per_trip"]
    figures.limit(
        per_trip >= DOCUMENTS_PER_TRIP, f"{per_trip} documents a trip, at least {DOCUMENTS_PER_TRIP}"
    )
    return figures.close()


def _measured(
    figures: Figures, name: str, url: str, file: Path, provider: QbdProvider, number: int
) -> dict[str, Any]:
    # How often changes are looked for meanwhile depends on the machine, not on the product.
    settings = EngineSettings(core_sweep_seconds=1e9, sweep_seconds=1e6)
    tenant = f"bench-{name}"
    with (
        bench_house(url, settings=settings, tenants=(tenant,), extra=lambda: {"qbd": provider}) as house,
        _gate(house) as base,
    ):
        client = _Client(address=f"{base}/qbd", file=file)
        connection_id = _connected(house, tenant, client)
        customer = _ready(house, tenant, connection_id, client)
        events = [invoices.raised(customer, FIRST + n, tenant) for n in range(number)]
        invoices.announce(house, events, per_transaction=PER_TRANSACTION)
        wall, cpu = time.perf_counter(), time.process_time()
        while house.engine.work_pending(connection_id):
            pass
        told = client.session()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        created = invoices.created(house, connection_id)
        held = invoices.still_open(house, tenant)
    there = int(told["objects"].get("Invoice", 0))
    figures.limit(
        told["ended"] == {"done": 1}, f"{name}: the session ended {told['ended']}: {told['errors']}"
    )
    figures.limit(
        created == there == number,
        f"{name}: {created} of {number} invoices are linked and {there} in the company file: {held}",
    )
    trips = int(told["message_sets"])
    return {
        "created": created,
        "sessions": told["sessions"],
        "trips": trips,
        "documents_per_trip": round(created / trips, 1) if trips else 0.0,
        "cpu_ms": round(1000 * cpu / max(1, created), 2),
        "wall_s": round(wall, 2),
    }


@attrs.frozen(kw_only=True)
class _Client:
    """The twin's Web Connector with its company file, in a process of its own."""

    address: str
    file: Path
    told: dict[str, str] = attrs.field(factory=dict)

    def session(self) -> dict[str, Any]:
        """One session; answers its summary."""
        command = [sys.executable, "-c", "from blueops_qb.cli import main; main()", "sandbox", "qbd"]
        command += ["--service-url", self.address, "--company", str(self.file), "--pause", "0.05"]
        command += ["--username", self.told["user"], "--password", self.told["password"]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.stdout:
            raise RuntimeError(f"the Web Connector did not run: {done.stderr.strip()[-400:]}")
        summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return summary


@contextmanager
def _gate(house: BenchHouse) -> Iterator[str]:
    """The gates of the plugin on a loopback port of this process."""
    server = Server(make_gates(house.engine), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, name="bench-gate", daemon=True)
    thread.start()
    try:
        yield server.base_url.replace("127.0.0.1", "localhost")
    finally:
        server.stop()
        thread.join(10)


def _connected(house: BenchHouse, tenant: str, client: _Client) -> str:
    """The company file is let in, and its lists are read."""
    invited = callers.invite(
        house.core, tenant, "qbd", company_name="Bench", actor="bench", keys=house.engine.keys
    )
    client.told.update(user=invited.caller.user, password=invited.password)
    client.session()
    return invited.caller.connection_id


def _ready(house: BenchHouse, tenant: str, connection_id: str, client: _Client) -> Customer:
    """A customer that is in the file already, and the one category mapped; nothing else is to be done."""
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        rules = rules_for(turn.catalog, _RULES, table=_RULES)
        invoices.map_only(turn, rules)
        turn.set(state="live", live_since=turn.now)
    with house.reference.begin(tenant) as tx:
        customer = tx.create_customer(Customer(id="", name="Bench customer"))
    while house.engine.work_pending(connection_id):
        pass
    client.session()
    return customer
