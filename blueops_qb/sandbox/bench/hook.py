"""`bench hook`: what an event adds to core's transaction, beside a bare INSERT of equal size in the same run.

The two take turns inside open transactions of core, so that the machine's noise meets both. The statements of one
event are counted on the driver itself.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.records import Invoice, InvoiceLine, LineKind
from blueops_qb.sandbox.bench.databases import databases
from blueops_qb.sandbox.bench.figures import Figures, median, percentile
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Action, Event
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id

#: The median may be at most this many times that of a bare INSERT.
MOST = 2.0
PER_TRANSACTION = 20
WARM_UP = 100


def run(*, db: str | None, events: int, with_postgres: bool) -> int:
    """Measure on SQLite and PostgreSQL (or on `db` alone), print the figures; answers the exit code."""
    figures = Figures()
    with ExitStack() as stack:
        for name, url in databases(stack, db, with_postgres, figures):
            with bench_house(url) as house:
                figures.values[name] = _measure(house, events, figures, name)
    return figures.close()


def _measure(house: BenchHouse, events: int, figures: Figures, name: str) -> dict[str, Any]:
    hook = _hook()
    connection: sa.Connection
    bare_table = _bare_table(house)
    with house.reference.begin(TENANT) as tx:
        # Core has always written before it calls; its own BEGIN is not the event's.
        tx.connection.exec_driver_sql("SELECT 1")
        statements = _statements(tx.connection, lambda: hook(event=_event(0), connection=tx.connection))
    added: list[float] = []
    bare: list[float] = []
    done = 0
    while done < events + WARM_UP:
        with house.reference.begin(TENANT) as tx:
            connection = tx.connection
            for _ in range(PER_TRANSACTION):
                done += 1
                event = _event(done)
                row = _row(event)
                start = time.perf_counter()
                hook(event=event, connection=connection)
                middle = time.perf_counter()
                connection.execute(bare_table.insert(), row)
                end = time.perf_counter()
                if done > WARM_UP:
                    added.append(middle - start)
                    bare.append(end - middle)
    kept = _kept(house)
    ratio = median(added) / median(bare)
    figures.limit(kept == done + 1, f"{name}: {kept} of {done + 1} events were kept")
    figures.limit(ratio <= MOST, f"{name}: the median is {ratio:.2f} times a bare INSERT, at most {MOST}")
    kinds = [re.split(r"\s+", s.strip())[0].upper() for s in statements]
    figures.limit(
        kinds.count("INSERT") == 1 and not set(kinds) - {"INSERT", "SAVEPOINT", "RELEASE"},
        f"{name}: one event made {kinds}",
    )
    return {
        "events": len(added),
        "median_us": _us(median(added)),
        "bare_median_us": _us(median(bare)),
        "ratio": round(ratio, 2),
        "p99_us": _us(percentile(added, 0.99)),
        "bare_p99_us": _us(percentile(bare, 0.99)),
        "payload_bytes": len(_row(_event(0))["payload"]),
        "statements": kinds,
    }


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 1)


def _hook() -> Callable[..., None]:
    """The hook as core's plugin manager found it."""
    module = importlib.import_module("blueops_plugins.quickbooks.invoices")
    hook: Callable[..., None] = module.invoice_created
    return hook


def _bare_table(house: BenchHouse) -> sa.Table:
    """A table like the outbox, of core's own, with the same indexes."""
    metadata = sa.MetaData()
    columns = [
        sa.Column(c.name, c.type, primary_key=c.primary_key, autoincrement=False) for c in t.outbox.columns
    ]
    table = sa.Table("bench_bare_insert", metadata, *columns)
    for index in t.outbox.indexes:
        sa.Index(f"bench_{index.name}", *(table.c[c.name] for c in index.columns))
    metadata.create_all(house.core.engine)
    return table


def _event(number: int) -> Event:
    line = InvoiceLine(
        line_id="1",
        kind=LineKind.SERVICE,
        description="Repair of a kitchen drain",
        quantity=Decimal(2),
        unit_price=Decimal("129.00"),
        amount=Decimal("258.00"),
        service_category="repair",
    )
    invoice = Invoice(
        id=str(number),
        number=str(number),
        customer_id="1",
        issue_date=dt.date(2026, 1, 2),
        lines=(line, line, line),
        total=Decimal("774.00"),
    )
    return Event(
        id=uuid.uuid4().hex,
        tenant_id=TENANT,
        ref=invoice.ref,
        action=Action.CREATED,
        revision=number,
        occurred_at=dt.datetime.now(dt.UTC),
        record=invoice,
    )


def _row(event: Event) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": event.tenant_id,
        "ref_kind": event.ref.kind.value,
        "ref_id": event.ref.id,
        "action": event.action.value,
        "revision": event.revision,
        "payload": wire.dump(event),
        "occurred_at": event.occurred_at,
        "cause": event.cause,
        "state": "pending",
        "at": event.occurred_at,
    }


def _kept(house: BenchHouse) -> int:
    with house.core.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(t.outbox)).scalar_one())


def _statements(connection: sa.Connection, act: Callable[[], None]) -> list[str]:
    """The statements that `act` sends to the database, as the driver sends them."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        seen: list[str] = []
        driver.set_trace_callback(seen.append)
        try:
            act()
        finally:
            driver.set_trace_callback(None)
        return seen
    with _protocol(driver) as trace:
        act()
    return re.findall(r'\t(?:Parse|Query)\t(?:\s*\d*\s*"[^"]*")?\s*"([^"]+)"', trace())


@contextmanager
def _protocol(driver: Any) -> Iterator[Callable[[], str]]:
    """What goes over the wire to PostgreSQL, in libpq's own words."""
    with tempfile.TemporaryFile() as file:
        text: list[str] = []

        def read() -> str:
            return text[0]

        driver.pgconn.trace(file.fileno())
        try:
            yield read
        finally:
            driver.pgconn.untrace()
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            text.append(file.read().decode())
