"""The engine between core and QuickBooks Online's twin: the same promises as with the fakes, over real HTTP."""

import time
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import requests
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.domain.beside import Beside
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import (
    Address,
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Job,
    Payment,
)
from blueops_qb.domain.refs import BooksKind, RecordKind, RecordRef
from blueops_qb.engine import census, connections, due, matching, rules_desk
from blueops_qb.engine.engine import Engine
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sdk import wire
from blueops_qb.sdk.doors import Answered, Unknown
from blueops_qb.store import tables as t
from tests.engine_house import DAY, PLUGIN, SETTINGS, TENANT, D, found_company, open_with_plugin


@attrs.define(kw_only=True)
class QboHouse:
    """Core, engine and the twin, connected and live."""

    core: ReferenceCore
    twin: RunningTwin
    engine: Engine
    carrier: Carrier
    id: str = ""

    def drain(self) -> None:
        self.carrier.drain(self.id, most=200)

    def poll(self) -> None:
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            due.hurry(turn)
        self.drain()
        self.drain()

    def counted(self) -> dict[str, int]:
        with self.core.engine.connect() as connection:
            found = census.states(connection, TENANT)
            assert census.quiet(connection, TENANT, self.id)
        return {state: n for state, n in found.items() if n}

    def ask(self, question: str) -> list[dict[str, Any]]:
        """The twin's own answer to a query."""
        answer = requests.get(
            f"{self.twin.base_url}/v3/company/{self.twin.realm}/query",
            params={"query": question},
            headers=self._headers,
            timeout=60,
        )
        found = answer.json()["QueryResponse"]
        rows: list[dict[str, Any]] = next((v for v in found.values() if isinstance(v, list)), [])
        return rows

    def post(self, entity: str, body: dict[str, Any]) -> None:
        """What the bookkeeper does."""
        requests.post(
            f"{self.twin.base_url}/v3/company/{self.twin.realm}/{entity}",
            json=body,
            headers=self._headers,
            timeout=60,
        ).raise_for_status()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.twin.access_token}", "Accept": "application/json"}

    def customer(self, name: str = "Ada Hill") -> Customer:
        with self.core.begin(TENANT, actor="office") as tx:
            return tx.create_customer(Customer(id="", name=name, email="ada@example.com"))

    def invoice(self, customer: Customer, price: str = "100.00") -> Invoice:
        line = LineDraft(description="Repair", unit_price=D(price), service_category="repair")
        with self.core.begin(TENANT, actor="office") as tx:
            return tx.raise_invoice(InvoiceDraft(customer_id=customer.id, issue_date=DAY, lines=[line]))


@pytest.fixture
def running() -> Iterator[RunningTwin]:
    with running_twin(seed="sample") as twin:
        yield twin


@pytest.fixture
def qbo(running: RunningTwin, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[QboHouse]:
    monkeypatch.setenv("BLUEOPS_QB_RUNNER", "none")
    core = open_with_plugin(sqlite_url)
    found_company(core)
    environment = {
        "BLUEOPS_QB_QBO_API_BASE": running.base_url,
        "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{running.base_url}/.well-known/openid_configuration",
        "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
        **NO_PACE,
    }
    settings = attrs.evolve(SETTINGS, time_scale=0.01)
    engine = bootstrap.build(core.for_plugin(PLUGIN), settings=settings, environment=environment).engine
    signed_in = connections.SignedIn(
        company_id=running.realm,
        company_name="Sample",
        secrets={"access_token": running.access_token.encode()},
    )
    house = QboHouse(core=core, twin=running, engine=engine, carrier=Carrier(engine))
    house.id = connections.bind(engine.core, TENANT, "qbo", signed_in, actor="admin", keys=engine.keys)
    house.drain()
    with engine.turns.open(house.id) as turn:
        assert turn is not None
        matching.build(turn)
        matching.approve(turn, actor="admin")
        numbers = {e.facts.get("number"): e.ref for e in turn.catalog.of(BooksKind.ACCOUNT)}
        item = next(e for e in turn.catalog.of(BooksKind.ITEM) if e.facts.get("income_account"))
        rules = [
            MapRule(family=Family.SERVICE, key="repair", target=Target(item=item.ref)),
            MapRule(family=Family.ROLE, key="undeposited", target=Target(account=numbers["1090"])),
            MapRule(family=Family.ROLE, key="ar", target=Target(account=numbers["1100"])),
        ]
        rules_desk.change_mapping(turn, rules, actor="admin")
    try:
        yield house
    finally:
        house.carrier.close()
        core.stop()


def _lose(qbo: QboHouse, *, arrived: bool) -> None:
    """Nobody hears the answer to the next exchange, which arrived or did not; it is looked up."""
    outgoing = qbo.engine.next_exchange(qbo.id)
    assert outgoing is not None
    if arrived:
        provider = qbo.engine.turns.provider(qbo.id)
        transport = provider.transport(qbo.engine.vault(qbo.id), qbo.twin.realm)
        assert transport is not None
        assert isinstance(transport.send(outgoing.body), Answered)
        transport.close()
    qbo.engine.finish(outgoing.exchange_id, Unknown(why="the line broke"))
    _settle(qbo)


def _settle(qbo: QboHouse) -> None:
    """Carry until nothing is open; what waits for its time is waited for, however fast the machine is."""
    give_up = time.monotonic() + 60
    qbo.drain()
    while _open(qbo):
        assert time.monotonic() < give_up, qbo.counted()
        time.sleep(0.005)
        qbo.drain()


def test_out_and_in_again(qbo: QboHouse) -> None:
    ada = qbo.customer("Ada Hill")
    invoice = qbo.invoice(ada)
    qbo.drain()
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert float(there["TotalAmt"]) == 100.0
    line = {"Amount": 60, "LinkedTxn": [{"TxnId": there["Id"], "TxnType": "Invoice"}]}
    qbo.post("payment", {"CustomerRef": there["CustomerRef"], "TotalAmt": 60, "Line": [line]})
    (customer,) = qbo.ask("select * from Customer where DisplayName = 'Ada Hill'")
    address = {"Line1": "99 New St", "City": "Reno", "CountrySubDivisionCode": "NV", "PostalCode": "89501"}
    qbo.post(
        "customer",
        {"Id": customer["Id"], "SyncToken": customer["SyncToken"], "sparse": True, "BillAddr": address},
    )
    with qbo.core.begin(TENANT, actor="office") as tx:
        tx.update_customer(attrs.evolve(ada, phone="+1 415 555 0000"))
    qbo.poll()
    payment = next(iter(qbo.core.iterate(TENANT, kinds=[RecordKind.PAYMENT]))).record
    assert isinstance(payment, Payment)
    assert payment.applications == (Application(invoice_id=invoice.id, amount=D("60.00")),)
    here = qbo.core.read(TENANT, [ada.ref])[RecordRef(RecordKind.CUSTOMER, ada.id)].record
    assert isinstance(here, Customer)
    assert here.billing is not None
    assert (here.billing.line1, here.phone) == ("99 New St", "+1 415 555 0000")
    (customer,) = qbo.ask("select * from Customer where DisplayName = 'Ada Hill'")
    assert customer["PrimaryPhone"]["FreeFormNumber"] == "+1 415 555 0000"
    assert customer["BillAddr"]["Line1"] == "99 New St"
    assert set(qbo.counted()) <= {"done", "superseded"}


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_posts_nothing_twice(qbo: QboHouse, arrived: bool) -> None:
    ada = qbo.customer(f"Lost {arrived}")
    qbo.drain()
    invoice = qbo.invoice(ada, "77.00")
    _lose(qbo, arrived=arrived)
    found = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    ours = [row for row in found if float(row["TotalAmt"]) == 77.0]
    assert len(ours) == 1
    assert qbo.counted() == {"done": 2}


@pytest.mark.parametrize("arrived", [True, False])
def test_an_address_whose_answer_was_lost_is_there_in_the_end_and_was_written_once(
    qbo: QboHouse, arrived: bool
) -> None:
    """It is told and never compared: by what the invoice shows nobody could say whether the change arrived."""
    invoice = qbo.invoice(qbo.customer())
    qbo.drain()
    (before,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    with qbo.core.begin(TENANT, actor="office") as tx:
        tx.update_invoice(invoice.id, attrs.evolve(draft_of(invoice), email="new@example.com"))
    _lose(qbo, arrived=arrived)
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert there["BillEmail"]["Address"] == "new@example.com"
    assert int(there["SyncToken"]) == int(before["SyncToken"]) + 1
    assert set(qbo.counted()) <= {"done", "superseded"}


def test_an_address_that_did_not_arrive_is_told_although_the_books_are_at_another_version(
    qbo: QboHouse,
) -> None:
    invoice = qbo.invoice(qbo.customer())
    qbo.drain()
    (before,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    with qbo.core.begin(TENANT, actor="office") as tx:
        tx.update_invoice(invoice.id, attrs.evolve(draft_of(invoice), email="new@example.com"))
    outgoing = qbo.engine.next_exchange(qbo.id)
    assert outgoing is not None
    qbo.engine.finish(outgoing.exchange_id, Unknown(why="the line broke"))
    head = {member: before[member] for member in ("Id", "SyncToken")}
    qbo.post("invoice", {**head, "sparse": True, "PrintStatus": "NeedToPrint"})
    _settle(qbo)
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert there["BillEmail"]["Address"] == "new@example.com"
    assert set(qbo.counted()) <= {"done", "superseded"}


def test_an_invoice_that_was_looked_up_is_known_as_the_books_have_it(qbo: QboHouse) -> None:
    ada = qbo.customer("Ada Hill")
    qbo.drain()
    _give_address(qbo)
    invoice = qbo.invoice(ada)
    _lose(qbo, arrived=True)
    with qbo.core.engine.connect() as connection:
        m, lk = t.mirror, t.links
        query = sa.select(m.c.shown, m.c.beside, lk.c.beside.label("agreed")).join(
            lk, (lk.c.books_id == m.c.books_id) & (lk.c.books_kind == m.c.kind)
        )
        kept = connection.execute(query.where(m.c.kind == "invoice")).one()
    assert '"ShipAddr"' in kept.shown
    assert "52 Mill St" in kept.beside
    assert wire.load(Beside, kept.agreed, "the link").pairs == ((invoice.lines[0].line_id, "1"),)
    qbo.poll()
    with qbo.core.engine.connect() as connection:
        assert census.open_conflicts(connection, qbo.id) == []


def test_what_the_bookkeeper_set_on_a_line_survives_an_edit_of_the_memo(qbo: QboHouse) -> None:
    with qbo.engine.turns.open(qbo.id) as turn:
        assert turn is not None
        accounts = turn.catalog.of(BooksKind.ACCOUNT)
        card = next(e.ref for e in accounts if e.facts.get("account_type") == "Credit Card")
        cost = next(e.ref for e in accounts if e.facts.get("account_type") == "Cost of Goods Sold")
        rules = [
            *turn.mapping.rules,
            MapRule(family=Family.MONEY_ACCOUNT, key="company_card", target=Target(account=card)),
            MapRule(family=Family.EXPENSE, key="materials", target=Target(account=cost)),
        ]
        rules_desk.change_mapping(turn, rules, actor="admin")
    ada = qbo.customer("Ada Hill")
    with qbo.core.begin(TENANT, actor="office") as tx:
        job = tx.create_job(Job(id="", customer_id=ada.id, name="Kitchen"))
        line = CostLine(
            line_id="1", description="Pipe", amount=D("80.00"), expense_category="materials", job_id=job.id
        )
        expense = tx.record_expense(
            Expense(
                id="",
                type=ExpenseType.CARD,
                date=DAY,
                total=D("80.00"),
                payment_account_key="company_card",
                lines=(line,),
            )
        )
    qbo.drain()
    there = _our_purchase(qbo)
    detail = "AccountBasedExpenseLineDetail"
    assert there["Line"][0][detail]["BillableStatus"] == "NotBillable"
    there["Line"][0][detail]["BillableStatus"] = "Billable"
    head = {member: there[member] for member in ("Id", "SyncToken", "PaymentType", "Line")}
    qbo.post("purchase", {**head, "sparse": True})
    qbo.poll()
    marked = _our_purchase(qbo)
    with qbo.core.begin(TENANT, actor="office") as tx:
        tx.update_expense(attrs.evolve(expense, memo="For the kitchen"))
    qbo.drain()
    after = _our_purchase(qbo)
    assert after["PrivateNote"].startswith("For the kitchen [BO:expense:")
    assert after["Line"] == marked["Line"]
    assert after["Line"][0]["Id"] == there["Line"][0]["Id"]
    assert after["Line"][0][detail]["BillableStatus"] == "Billable"
    assert set(qbo.counted()) <= {"done", "superseded"}


def test_a_new_address_and_place_of_work_travel_both_ways(qbo: QboHouse) -> None:
    ada = qbo.customer("Ada Hill")
    invoice = qbo.invoice(ada)
    qbo.drain()
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    line = {**there["Line"][0], "Description": "Repair"}
    line["SalesItemLineDetail"]["ServiceDate"] = "2026-01-01"
    head = {member: there[member] for member in ("Id", "SyncToken")}
    qbo.post(
        "invoice", {**head, "sparse": True, "Line": [line], "BillEmail": {"Address": "desk@example.com"}}
    )
    qbo.poll()
    now = qbo.core.read(TENANT, [invoice.ref])[invoice.ref].record
    assert isinstance(now, Invoice)
    assert (now.email, now.lines[0].description) == ("desk@example.com", "Repair")
    site = Address(line1="9 Elm St", city="Sparks", state="NV", postal_code="89431")
    _edit(qbo, invoice, site=site)
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert (there["ShipAddr"]["Line1"], there["BillEmail"]["Address"]) == ("9 Elm St", "desk@example.com")
    _edit(qbo, invoice, site=site, email="new@example.com")
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert there["BillEmail"]["Address"] == "new@example.com"
    assert there["Line"][0]["SalesItemLineDetail"]["ServiceDate"] == "2026-01-01"
    before = there["SyncToken"]
    _edit(qbo, invoice, site=site, email="new@example.com")
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert there["SyncToken"] == before
    assert set(qbo.counted()) <= {"done", "superseded"}


def test_an_address_that_the_books_have_filled_in_is_not_written_once_more(qbo: QboHouse) -> None:
    ada = qbo.customer("Ada Hill")
    qbo.drain()
    _give_address(qbo)
    invoice = qbo.invoice(ada)
    qbo.drain()
    (before,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert before["ShipAddr"]["Line1"] == "52 Mill St"
    _edit(qbo, invoice, site=Address(line1="52 Mill St", city="Reno", state="NV", postal_code="89501"))
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert there["SyncToken"] == before["SyncToken"]
    _edit(qbo, invoice, site=Address(line1="9 Elm St", city="Reno", state="NV", postal_code="89501"))
    (there,) = qbo.ask(f"select * from Invoice where DocNumber = 'BO-{invoice.number}'")
    assert there["ShipAddr"]["Line1"] == "9 Elm St"


def _give_address(qbo: QboHouse) -> None:
    """The bookkeeper gives Ada Hill an address, which the books then give to every invoice that comes without one."""
    (there,) = qbo.ask("select * from Customer where DisplayName = 'Ada Hill'")
    street = {"Line1": "52 Mill St", "City": "Reno", "CountrySubDivisionCode": "NV", "PostalCode": "89501"}
    qbo.post("customer", {**there, "sparse": True, "ShipAddr": street})


def _edit(qbo: QboHouse, invoice: Invoice, **changes: Any) -> None:
    """Change the invoice as it is in BlueOps by now."""
    now = qbo.core.read(TENANT, [invoice.ref])[invoice.ref].record
    assert isinstance(now, Invoice)
    with qbo.core.begin(TENANT, actor="office") as tx:
        tx.update_invoice(invoice.id, attrs.evolve(draft_of(now), **changes))
    qbo.drain()


def _our_purchase(qbo: QboHouse) -> dict[str, Any]:
    rows = qbo.ask("select * from Purchase maxresults 1000")
    (ours,) = [row for row in rows if "[BO:expense:" in row.get("PrivateNote", "")]
    return ours


def _open(qbo: QboHouse) -> bool:
    with qbo.core.engine.connect() as connection:
        return not census.quiet(connection, TENANT, qbo.id)
