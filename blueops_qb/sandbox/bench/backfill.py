"""`bench backfill`: older records brought to the books, with the worker killed half way and started again.

The twin, the company's own work and each worker run in processes of their own, without limits; a worker says its peak
memory itself. At the end both sides are counted by core's tables and the twin's own answers. With more than a small
number the run is made with the small number first: memory must not grow with what there is.
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
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.records import Application, Customer, LineKind, Payment
from blueops_qb.engine import backfill, connections, matching
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench.figures import Figures, rss_mib
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house, qbo_environment
from blueops_qb.sandbox.bench.kill import KEY, in_child
from blueops_qb.sandbox.bench.kill_work import TwinBooks, prepare
from blueops_qb.sandbox.bench.twins import stats, twin_process
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.store import tables as t

#: Memory is compared between this number and the one that was asked for.
SMALL = 2000
#: A worker's peak in MiB, and how much more of it many records may take than few.
MOST_MIB, GROWS = 200.0, 1.10
#: Of the documents: three of four are invoices, the rest payments of them; one customer for twenty.
INVOICES, PER_CUSTOMER = 0.75, 20
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
#: Documents raised in one transaction of core.
_AT_ONCE = 100
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
            in_child(partial(_set_up, url, ready, self.records))
            before = _calls(ready)
            started = time.monotonic()
            killed, first_peak, resumed = self._kill_half_way(url, ready)
            last = self._finish(url, ready)
            wall = time.monotonic() - started
            counted: dict[str, Any] = in_child(partial(_count, url, ready))
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
    with _house(asked["url"], asked["ready"]) as house:
        connection_id = _connection_id(house)
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


@contextlib.contextmanager
def _house(url: str, ready: Mapping[str, str]) -> Iterator[BenchHouse]:
    environment = qbo_environment(ready["base_url"]) | {"BLUEOPS_CORE_KEYS": KEY}
    settings = EngineSettings(
        sweep_seconds=1e6,
        core_sweep_seconds=1e9,
        guard_creates_per_hour=10**9,
        guard_amount_per_hour=Decimal(10**12),
    )
    with bench_house(url, environment=environment, settings=settings, keys=[KEY.encode()]) as house:
        yield house


def _connection_id(house: BenchHouse) -> str:
    with house.core.engine.connect() as connection:
        row = connections.live(connection, TENANT)
    assert row is not None
    return str(row["id"])


# -- setting up, and counting ----------------------------------------------------------------------------
def _set_up(url: str, ready: Mapping[str, str], records: int) -> None:
    with _house(url, ready) as house:
        _raise_documents(house, records)
        signed_in = connections.SignedIn(
            company_id=ready["realm"],
            company_name="Backfill",
            secrets={"access_token": ready["access_token"].encode()},
        )
        connection_id = connections.bind(
            house.core, TENANT, "qbo", signed_in, actor="bench", keys=house.engine.keys
        )
        Carrier(house.engine).drain(connection_id)
        accounts = {a["AcctNum"]: a["Id"] for a in TwinBooks(ready).all("Account") if a.get("AcctNum")}
        prepare(house, connection_id, accounts)
        with house.engine.turns.open(connection_id) as turn:
            assert turn is not None
            matching.build(turn)
            matching.approve(turn, actor="bench", leave_open=True)
        while house.engine.work_pending(connection_id):
            pass  # what is from before is held, as it is when a company goes live
        with house.engine.turns.open(connection_id) as turn:
            assert turn is not None
            backfill.start(turn, FIRST, LAST, actor="bench")


def _raise_documents(house: BenchHouse, records: int) -> None:
    invoices = int(records * INVOICES)
    with house.reference.begin(TENANT, actor="bench") as tx:
        customers = [
            tx.create_customer(Customer(id="", name=f"Backfill customer {n}"))
            for n in range(max(1, records // PER_CUSTOMER))
        ]
    raised: list[Any] = []
    for start in range(0, invoices, _AT_ONCE):
        with house.reference.begin(TENANT, actor="bench") as tx:
            raised += [
                tx.raise_invoice(_draft(n, customers[n % len(customers)].id))
                for n in range(start, min(invoices, start + _AT_ONCE))
            ]
    for start in range(0, records - invoices, _AT_ONCE):
        with house.reference.begin(TENANT, actor="bench") as tx:
            for n in range(start, min(records - invoices, start + _AT_ONCE)):
                tx.record_payment(_payment(n, raised[n]))


def _draft(n: int, customer_id: str) -> InvoiceDraft:
    line = LineDraft(
        kind=LineKind.SERVICE,
        service_category="repair",
        description="Repair",
        unit_price=Decimal(50 + n % 500),
    )
    return InvoiceDraft(customer_id=customer_id, issue_date=_day(n), lines=[line])


def _payment(n: int, invoice: Any) -> Payment:
    part = Application(invoice_id=invoice.id, amount=Decimal("10.00"))
    return Payment(
        id="",
        customer_id=invoice.customer_id,
        received_on=_day(n),
        amount=Decimal("10.00"),
        method="check",
        reference=f"B{n}",
        applications=(part,),
    )


def _day(n: int) -> dt.date:
    return FIRST + dt.timedelta(days=n % ((LAST - FIRST).days + 1))


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


def _count(url: str, ready: Mapping[str, str]) -> dict[str, int]:
    """What is lost or doubled, by core's tables and the twin's own answers, and what waits for a person."""
    books = TwinBooks(ready)
    with _house(url, ready) as house, house.core.engine.connect() as connection:
        query = sa.text(
            "SELECT kind, record FROM core_records WHERE tenant_id = :t AND kind IN ('invoice', 'payment')"
        )
        ours: dict[str, list[dict[str, Any]]] = {"invoice": [], "payment": []}
        for row in connection.execute(query, {"t": TENANT}):
            ours[row.kind].append(json.loads(row.record))
        o = t.outbox
        held = connection.execute(
            sa.select(sa.func.count()).where(o.c.state.not_in(["done", "superseded", "not_posted"]))
        ).scalar_one()
    wanted = Counter((f"BO-{i['number']}", Decimal(i["total"])) for i in ours["invoice"])
    wanted += Counter((p["reference"], Decimal(p["amount"])) for p in ours["payment"])
    there = Counter(
        (i["DocNumber"], Decimal(str(i["TotalAmt"])))
        for i in books.all("Invoice")
        if i.get("DocNumber", "").startswith("BO-")
    )
    there += Counter(
        (p["PaymentRefNum"], Decimal(str(p["TotalAmt"])))
        for p in books.all("Payment")
        if p.get("PaymentRefNum", "").startswith("B")
    )
    customers = Counter(
        c["DisplayName"] for c in books.all("Customer") if c["DisplayName"].startswith("Backfill customer")
    )
    twice = sum((there - wanted).values()) + sum(n - 1 for n in customers.values() if n > 1)
    return {
        "written": sum(there.values()),
        "customers": len(customers),
        "lost": sum((wanted - there).values()),
        "doubled": twice,
        "held": int(held),
    }
