"""The company of `bench backfill`: set up with its older documents, and counted at the end on both sides."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.records import Application, Customer, LineKind, Payment
from blueops_qb.engine import backfill, connections, matching
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house, qbo_environment
from blueops_qb.sandbox.bench.kill import KEY
from blueops_qb.sandbox.bench.kill_work import TwinBooks, prepare
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.store import tables as t

#: Of the documents: three of four are invoices, the rest payments of them; one customer for twenty.
INVOICES, PER_CUSTOMER = 0.75, 20
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
#: Documents raised in one transaction of core.
_AT_ONCE = 100


@contextlib.contextmanager
def open_house(url: str, ready: Mapping[str, str]) -> Iterator[BenchHouse]:
    environment = qbo_environment(ready["base_url"]) | {"BLUEOPS_CORE_KEYS": KEY}
    settings = EngineSettings(
        sweep_seconds=1e6,
        core_sweep_seconds=1e9,
        guard_creates_per_hour=10**9,
        guard_amount_per_hour=Decimal(10**12),
    )
    with bench_house(url, environment=environment, settings=settings, keys=[KEY.encode()]) as house:
        yield house


def connection_of(house: BenchHouse) -> str:
    with house.core.engine.connect() as connection:
        row = connections.live(connection, TENANT)
    assert row is not None
    return str(row["id"])


# -- setting up, and counting ------------------------------------------------------------------------
def set_up(url: str, ready: Mapping[str, str], records: int) -> None:
    with open_house(url, ready) as house:
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


def count(url: str, ready: Mapping[str, str]) -> dict[str, int]:
    """What is lost or doubled, by core's tables and the twin's own answers, and what waits for a person."""
    books = TwinBooks(ready)
    with open_house(url, ready) as house, house.core.engine.connect() as connection:
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


def numbers(house: BenchHouse) -> dict[tuple[str, str], str]:
    """(kind, what the books show as number) -> core's own id, of all invoices and payments."""
    query = sa.text(
        "SELECT kind, id, record FROM core_records WHERE tenant_id = :t AND kind IN ('invoice', 'payment')"
    )
    found: dict[tuple[str, str], str] = {}
    with house.core.engine.connect() as connection:
        for kind, id, text in connection.execute(query, {"t": TENANT}):
            record = json.loads(text)
            shown = f"BO-{record['number']}" if kind == "invoice" else record["reference"]
            found[kind, shown] = str(id)
    return found
