"""`bench arrive`: how long until a payment recorded in QuickBooks has paid its invoice in BlueOps; no reminder follows.

The twin and core run in this process with the thread runner at its usual pace; the webhook goes over HTTP to the
plugin's own gate. Each payment comes at a moment of chance, so that sweeps are met at any point of their span.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import matching, rules_desk
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sandbox.bench.databases import databases
from blueops_qb.sandbox.bench.figures import Figures, median, percentile
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house, connect, qbo_environment
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.reminders import send_reminders
from blueops_qb.sandbox.qbo import people
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sandbox.qbo.seed import account_ids
from blueops_qb.sandbox.qbo.server import Server
from blueops_qb.sandbox.qbo.webhooks import Hook
from blueops_qb.web.gates import Gates

#: Most seconds by webhook, 95 of 100 times.
BY_WEBHOOK = 5.0
#: What a sweep's own work may take beyond its span.
WORK = 2.0
#: Nothing is waited for longer than this.
PATIENCE = 120.0
TOKEN = "arrive-verifier"


def run(*, payments: int, sweep: float, db: str | None, seed: int) -> int:
    """Measure both ways; answers the exit code."""
    figures = Figures()
    chance = random.Random(seed)
    with ExitStack() as stack:
        for name, url in databases(stack, db, False, figures):
            with _company(url, sweep) as company:
                hooked = company.measure(payments, chance, pause=0.3)
                company.twin.app.webhooks.configure(None)
                swept = company.measure(max(5, payments // 4), chance, pause=sweep)
                reminded = company.reminders()
            figures.values[name] = {"webhook": _told(hooked), "sweep": _told(swept), "reminders": reminded}
            p95 = percentile(hooked, 0.95)
            figures.limit(p95 < BY_WEBHOOK, f"by webhook p95 is {p95:.2f} s, at most {BY_WEBHOOK:.0f}")
            most = max(swept)
            figures.limit(
                most <= sweep + WORK,
                f"without webhook {most:.2f} s, at most one sweep of {sweep} s and {WORK} s",
            )
            figures.limit(not reminded, f"{reminded} reminders went out for paid invoices")
    figures.values |= {"payments": payments, "sweep_seconds": sweep}
    return figures.close(seed=seed)


def _told(seconds: list[float]) -> dict[str, float]:
    return {
        "p50_s": round(median(seconds), 3),
        "p95_s": round(percentile(seconds, 0.95), 3),
        "max_s": round(max(seconds), 3),
    }


@attrs.frozen(kw_only=True)
class _Company:
    """One company that is live, its runner at work."""

    house: BenchHouse
    twin: RunningTwin
    customer: Customer

    def measure(self, number: int, chance: random.Random, *, pause: float) -> list[float]:
        """Seconds from the bookkeeper's payment until its invoice is paid here, one after the other."""
        found = []
        for _ in range(number):
            invoice_id, books_id = self._invoice()
            time.sleep(chance.uniform(0, pause))
            began = time.perf_counter()
            raw = self.twin.company.get("Invoice", books_id)
            payer = raw["CustomerRef"]["value"]
            people.receive_payment(self.twin.company, customer=payer, invoices={books_id: Decimal("40.00")})
            self._until(partial(self._is_paid, invoice_id), f"invoice {invoice_id} to be paid")
            found.append(time.perf_counter() - began)
        return found

    def reminders(self) -> int:
        """All invoices are overdue by far; the paid ones must not be reminded of."""
        later = dt.date.today() + dt.timedelta(days=60)
        return len(send_reminders(self.house.reference, TENANT, later).sent)

    def _invoice(self) -> tuple[str, str]:
        """An overdue invoice that is in the books: its ids on both sides."""
        line = LineDraft(service_category="repair", description="Repair", unit_price=Decimal("40.00"))
        day = dt.date.today() - dt.timedelta(days=40)
        draft = InvoiceDraft(customer_id=self.customer.id, issue_date=day, lines=[line])
        with self.house.reference.begin(TENANT, actor="bench") as tx:
            invoice = tx.raise_invoice(draft)
        number = f"BO-{invoice.number}"

        def place() -> str:
            rows = list(self.twin.company.records["Invoice"].values())
            return next((str(raw["Id"]) for raw in rows if raw.get("DocNumber") == number), "")

        self._until(lambda: bool(place()), f"{number} to be in the books")
        return str(invoice.id), place()

    def _is_paid(self, invoice_id: str) -> bool:
        question = sa.text("SELECT status FROM core_records WHERE kind = 'invoice' AND id = :id")
        with self.house.reference.engine.connect() as connection:
            return bool(connection.execute(question, {"id": int(invoice_id)}).scalar_one() == "paid")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > give_up:
                raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
            time.sleep(0.01)


@contextmanager
def _company(url: str, sweep: float) -> Iterator[_Company]:
    with ExitStack() as stack:
        twin = stack.enter_context(running_twin(seed="names"))
        environment = qbo_environment(twin.base_url) | {"BLUEOPS_QB_QBO_WEBHOOK_TOKENS": TOKEN}
        # So that the second half is swept at this pace although hints came in the first.
        settings = EngineSettings(sweep_seconds=sweep, sweep_with_hints_seconds=sweep)
        house = stack.enter_context(bench_house(url, environment=environment, settings=settings))
        connection_id = connect(house, realm=twin.realm, token=twin.access_token)
        with house.engine.turns.open(connection_id) as turn:
            assert turn is not None
            turn.set(state="matching", live_since=None)
        carrier = Carrier(house.engine)
        carrier.drain(connection_id)
        with house.engine.turns.open(connection_id) as turn:
            assert turn is not None
            matching.build(turn)
            matching.approve(turn, actor="bench")
        _map(house, connection_id, twin)
        carrier.drain(connection_id)
        carrier.close()
        base_url = stack.enter_context(_served(house))
        twin.app.webhooks.configure(Hook(url=f"{base_url}/qbo/webhook", token=TOKEN))
        runner = ThreadRunner(house.engine)
        runner.start()
        stack.callback(runner.stop)
        with house.reference.begin(TENANT, actor="bench") as tx:
            customer = tx.create_customer(Customer(id="", name="Arrive", email="arrive@example.com"))
        yield _Company(house=house, twin=twin, customer=customer)


def _map(house: BenchHouse, connection_id: str, twin: RunningTwin) -> None:
    account = BooksRef(BooksKind.ACCOUNT, account_ids(twin.company)["1090"])
    rules = [
        MapRule(family=Family.SERVICE, key="repair", target=Target(item=BooksRef(BooksKind.ITEM, "1"))),
        MapRule(family=Family.ROLE, key="undeposited", target=Target(account=account)),
    ]
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        rules_desk.change_mapping(turn, rules, actor="bench")


@contextmanager
def _served(house: BenchHouse) -> Iterator[str]:
    server = Server(Gates(house.engine))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.base_url
    finally:
        server.stop()
        thread.join(10)
