"""`bench push`: invoices raised as events through the hook and drained to a QuickBooks Online server.

Whole path: outbox row in core's transaction, plan, operations, batches, answers, mirror, links, postings, audit.
Time and CPU are without imports, migrations and core's own tables.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
import uuid
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import Customer, Invoice, InvoiceLine, LineKind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rulebook
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench.figures import Figures, rss_mib
from blueops_qb.sandbox.bench.house import (
    TENANT,
    BenchHouse,
    bench_house,
    connect,
    link_customer,
    qbo_environment,
)
from blueops_qb.sdk.hooks import Action, Event, Switch
from blueops_qb.store import tables as t

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
    customer = _customer(house)
    connection_id = connect(house, realm=realm, token=token)
    link_customer(house, connection_id, customer, "1")
    _map(house, connection_id)
    base = _next_number()
    events = [_event(customer, base + n) for n in range(number)]
    switches = {"quickbooks": Switch.ON}
    carrier = Carrier(house.engine)
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, number, PER_TRANSACTION):
        with house.reference.begin(TENANT) as tx:
            for event in events[start : start + PER_TRANSACTION]:
                house.reference.announce("invoice_created", event, tx.connection, switches)
    calls = carrier.drain(connection_id)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    carrier.close()
    created, held = _created(house, connection_id)
    figures = Figures()
    figures.values = {
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "created": created,
        "calls": calls,
        "rss_mib": rss_mib(),
    }
    figures.limit(created == number, f"{created} of {number} invoices were created: {held}")
    most = max(2, int(number * CALLS_PER_INVOICE))
    figures.limit(calls <= most, f"{calls} calls for {number} invoices, at most {most}")
    return figures.close()


def _customer(house: BenchHouse) -> Customer:
    with house.reference.begin(TENANT) as tx:
        return tx.create_customer(Customer(id="", name=f"Bench customer {uuid.uuid4().hex[:6]}"))


def _map(house: BenchHouse, connection_id: str) -> None:
    rule = MapRule(family=Family.SERVICE, key="repair", target=Target(item=BooksRef(BooksKind.ITEM, "1")))
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        rulebook.save_mapping(turn.connection, turn.id, [rule], version=1, actor="bench", now=turn.now)
        turn.set(mapping_version=1)
        # Nothing but the invoices is measured.
        turn.connection.execute(t.outbox.delete().where(t.outbox.c.tenant_id == TENANT))


def _next_number() -> int:
    """Numbers that no earlier run against the same server has used."""
    return int(time.time()) % 100_000_000 * 10_000


def _event(customer: Customer, number: int) -> Event:
    lines = tuple(
        InvoiceLine(
            line_id=str(n),
            kind=LineKind.SERVICE,
            description=description,
            quantity=Decimal(2),
            unit_price=price,
            amount=2 * price,
            service_category="repair",
        )
        for n, (description, price) in enumerate(
            (("Repair", Decimal("129.00")), ("Second visit", Decimal("59.00")), ("Parts", Decimal("18.95"))),
            start=1,
        )
    )
    invoice = Invoice(
        id=str(number),
        number=str(number),
        customer_id=customer.id,
        issue_date=dt.date.today(),
        lines=lines,
        total=sum((line.amount for line in lines), Decimal("0.00")),
    )
    return Event(
        id=uuid.uuid4().hex,
        tenant_id=TENANT,
        ref=invoice.ref,
        action=Action.CREATED,
        revision=number,
        occurred_at=dt.datetime.now(dt.UTC),
        record=invoice,
        actor="bench",
    )


def _created(house: BenchHouse, connection_id: str) -> tuple[int, str]:
    lk, o = t.links, t.outbox
    with house.core.engine.connect() as connection:
        created = connection.execute(
            sa.select(sa.func.count()).where(
                lk.c.connection_id == connection_id, lk.c.books_kind == "invoice", lk.c.state == "live"
            )
        ).scalar_one()
        reason = connection.execute(
            sa.select(o.c.state, o.c.reason).where(o.c.tenant_id == TENANT, o.c.state != "done").limit(1)
        ).one_or_none()
    return int(created), str(tuple(reason)) if reason else ""
