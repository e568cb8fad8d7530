"""The whole path: core's own actions, its hooks, the engine, the provider, and QuickBooks Online's twin over HTTP.

What a step did is read from the twin's ledger, by account number: the difference that the step made. Nothing here
looks at our documents, links or sub-ledger.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs
import pytest
import requests

from blueops_qb import bootstrap
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.records import Address, Customer, Invoice, Job, LineKind, Vendor
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import census, connections, due, matching, rules_desk
from blueops_qb.engine.engine import Engine
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t
from tests.engine_house import PLUGIN, SETTINGS, TENANT, open_with_plugin
from tests.treatments import Entry, WorkedPosting, blocks, by_account

D = Decimal
DAY = dt.date(2026, 3, 2)
SITE = Address(line1="1 Pump St", city="Reno", state="NV", postal_code="89501")

#: Accounts of the template (accounting-treatments 15) that the practice company lacks: number -> name, type, detail.
MORE_ACCOUNTS = {
    "4200": ("Electrical - Residential", "Income", "ServiceFeeIncome"),
    "4210": ("Electrical - Commercial", "Income", "ServiceFeeIncome"),
    "4300": ("Contract Revenue - Original", "Income", "OtherPrimaryIncome"),
    "4310": ("Contract Revenue - Change Orders", "Income", "OtherPrimaryIncome"),
    "5100": ("COGS HVAC Equipment", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "5110": ("COGS HVAC Parts", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "1270": ("Warranty Claims Receivable", "Other Current Asset", "OtherCurrentAssets"),
    "5200": ("COGS Roofing Materials", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "5820": ("Restocking & Returns", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "5900": ("Warranty Parts", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "5910": ("Warranty Labor", "Cost of Goods Sold", "CostOfLaborCos"),
    "5150": ("COGS Electrical Materials", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
}
#: What is sold, by key: the income account of its item.
SOLD: dict[tuple[Family, str], str] = {
    (Family.SERVICE, "repair"): "4010",
    (Family.SERVICE, "install"): "4020",
    (Family.SERVICE, "drain_cleaning"): "4030",
    (Family.SERVICE, "service_call"): "4060",
    (Family.SERVICE, "residential_service"): "4200",
    (Family.SERVICE, "commercial_project"): "4210",
    (Family.SERVICE, "sov_original"): "4300",
    (Family.SERVICE, "change_order"): "4310",
    (Family.FEE, "retainage"): "1150",
    (Family.MATERIAL_SOLD, "pipe_fittings"): "4110",
    (Family.MATERIAL_SOLD, "electrical_material"): "4110",
    (Family.MATERIAL_SOLD, "water_heater"): "4100",
    (Family.MATERIAL_SOLD, "hvac_equipment"): "4100",
    (Family.MATERIAL_SOLD, "hvac_parts"): "4110",
    (Family.FEE, "disposal"): "4800",
    (Family.FEE, "nsf"): "4800",
    (Family.FEE, "cancellation"): "4800",
    (Family.FEE, "card_surcharge"): "4800",
    (Family.FEE, "reimbursed"): "4700",
    (Family.FEE, "markup"): "4710",
    (Family.FEE, "rounding"): "6950",
    (Family.FEE, "discount"): "4900",
    (Family.FEE, "early_payment"): "4900",
    (Family.FEE, "allowance"): "4910",
    (Family.FEE, "write_off"): "6200",
    (Family.FEE, "bad_debt"): "6200",
    (Family.FEE, "deposit"): "2300",
    (Family.FEE, "permit"): "4700",
    (Family.FEE, "permit_handling"): "4800",
    (Family.FEE, "permit_pass_through"): "1250",
    (Family.FEE, "permit_funds"): "2380",
    (Family.FEE, "sales_tax"): "2200",
    (Family.FEE, "back_from_clearing"): "1050",
    (Family.FEE, "back_from_undeposited"): "1090",
}
#: Cost codes: the cost account of their item.
CODES = {"03-300": "5300", "22-100": "5010", "16-200": "5300", "16-100": "5400"}
ACCOUNTS: dict[tuple[Family, str], str] = {
    (Family.MATERIAL_COST, "pipe_fittings"): "5010",
    (Family.MATERIAL_COST, "water_heater"): "5030",
    (Family.MATERIAL_COST, "hvac_equipment"): "5100",
    (Family.MATERIAL_COST, "hvac_parts"): "5110",
    (Family.MATERIAL_COST, "electrical_material"): "5150",
    (Family.MATERIAL_COST, "general"): "5290",
    (Family.EXPENSE, "rental"): "5500",
    (Family.EXPENSE, "freight"): "5700",
    (Family.EXPENSE, "permit"): "5600",
    (Family.EXPENSE, "warranty"): "5900",
    (Family.EXPENSE, "warranty_labor"): "5910",
    (Family.EXPENSE, "restocking"): "5820",
    (Family.MATERIAL_COST, "shingles"): "5200",
    (Family.ROLE, "truck_stock"): "1205",
    (Family.ROLE, "warranty_claims"): "1270",
    (Family.EXPENSE, "merchant_fees"): "6100",
    (Family.ROLE, "ar"): "1100",
    (Family.ROLE, "ap"): "2000",
    (Family.ROLE, "undeposited"): "1090",
    (Family.ROLE, "clearing"): "1050",
    (Family.ROLE, "reimbursable_asset"): "1250",
    (Family.ROLE, "retainage_payable"): "2150",
    (Family.ROLE, "permit_funds"): "2380",
    (Family.ROLE, "discounts"): "4900",
    (Family.ROLE, "tax_payable"): "2200",
    (Family.ROLE, "use_tax"): "2210",
    (Family.ROLE, "labor_applied"): "5490",
    (Family.ROLE, "merchant_fees"): "6100",
    (Family.ROLE, "bank_charges"): "6110",
    (Family.MONEY_ACCOUNT, "checking"): "1000",
    (Family.MONEY_ACCOUNT, "visa"): "2100",
}
CLASSES = {"service": "Service", "install": "Install", "commercial": "Maintenance"}


@attrs.define(kw_only=True)
class WholePath:
    """Everything that runs between somebody's click in core and the books' ledger."""

    core: ReferenceCore
    twin: RunningTwin
    engine: Engine
    carrier: Carrier
    id: str
    _names: int = 0

    # -- running -----------------------------------------------------------------------------------
    def drain(self) -> None:
        """Let everything travel that is due."""
        for _ in range(3):
            self.carrier.drain(self.id, most=400)

    def poll(self) -> None:
        """Read what moved in the books, and let what follows travel."""
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            due.hurry(turn)
        self.drain()
        self.drain()

    def reread(self) -> None:
        """Read the lists and preferences of the books anew, as they are read now and then."""
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            f = t.feeds
            turn.connection.execute(f.delete().where(f.c.connection_id == self.id, f.c.feed == due.CATALOG))
        self.drain()

    def close_books(self, until: dt.date | None) -> None:
        """The bookkeeper closes the books."""
        self.admin("closing", date=until.isoformat() if until else None)
        self.reread()

    def open_matters(self) -> list[str]:
        """Events that are not settled, with their reasons."""
        with self.core.engine.connect() as connection:
            lines = [line for _, line in census.lines(connection, TENANT)]
        settled = ("done", "superseded", "not_posted")
        return [f"{x.ref} {x.state.value}: {x.reason}" for x in lines if x.state.value not in settled]

    def conflicts(self) -> list[str]:
        """Open conflicts in words."""
        query = t.conflicts.select().where(t.conflicts.c.state == "open")
        with self.core.engine.connect() as connection:
            return [row.reason for row in connection.execute(query)]

    def map(self, family: Family, key: str, **target: Any) -> None:
        """Map one more key."""
        self.reread()
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            rules = (*turn.mapping.rules, _rule(family, key, **target))
            rules_desk.change_mapping(turn, rules, actor="admin")

    def map_account(self, family: Family, key: str, id: str) -> None:
        """Map one more key to an account."""
        self.map(family, key, account=BooksRef(BooksKind.ACCOUNT, id))

    def forget_conflicts(self) -> None:
        """Close what a test has left open on purpose; the next one shares the company."""
        with self.core.engine.begin() as connection:
            connection.execute(t.conflicts.update().values(state="closed"))

    def policy(self, **changes: Any) -> None:
        """Change switches of behaviour."""
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            rules_desk.change_policy(turn, attrs.evolve(turn.policy, **changes), actor="admin")

    @contextmanager
    def work(self) -> Iterator[Any]:
        """A transaction of core, as its pages would open it."""
        with self.core.begin(TENANT, actor="office") as tx:
            yield tx

    # -- the books ---------------------------------------------------------------------------------
    def lines(self) -> list[dict[str, Any]]:
        """The twin's ledger."""
        found = requests.get(f"{self.twin.base_url}/twin/ledger", timeout=60).json()
        assert found["difference"] == "0.00"
        lines: list[dict[str, Any]] = found["lines"]
        return lines

    @contextmanager
    def step(self, *, settled: bool = True) -> Iterator[list[dict[str, Any]]]:
        """What the block changes in the ledger: lines with `amount`, made by everything it set going.

        A line that went counts with the opposite amount. At the end nothing may be open on our side.
        """
        before = self.lines()
        changed: list[dict[str, Any]] = []
        yield changed
        self.drain()
        if settled:
            assert not self.open_matters(), self.open_matters()
            assert not self.conflicts(), self.conflicts()
        sums: Counter[tuple[str, ...]] = Counter()
        for sign, lines in ((1, self.lines()), (-1, before)):
            for line in lines:
                key = tuple(line[name] for name in ("account_number", "customer", "class", "department"))
                sums[key] += sign * D(line["amount"])  # type: ignore[assignment]
        changed += [
            {"account": account, "customer": customer, "class": class_, "amount": amount}
            for (account, customer, class_, _), amount in sums.items()
            if amount
        ]

    def api(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """A call of QuickBooks' own API."""
        answer = requests.request(
            method,
            f"{self.twin.base_url}/v3/company/{self.twin.realm}/{path}",
            headers={
                "Authorization": f"Bearer {self.twin.access_token}",
                "Accept": "application/json",
            },
            timeout=60,
            **more,
        )
        found: dict[str, Any] = answer.json()
        assert answer.ok, found
        return found

    def ask(self, question: str) -> list[dict[str, Any]]:
        """A query of the books."""
        found = self.api("GET", "query", params={"query": question})["QueryResponse"]
        rows: list[dict[str, Any]] = next((v for v in found.values() if isinstance(v, list)), [])
        return rows

    def post(self, entity: str, body: dict[str, Any], **params: str) -> dict[str, Any]:
        """What the bookkeeper enters."""
        found = self.api("POST", entity, json=body, params=params)
        record: dict[str, Any] = next(v for v in found.values() if isinstance(v, dict))
        return record

    def admin(self, path: str, **body: Any) -> None:
        """A turn of the twin's own switches."""
        requests.post(f"{self.twin.base_url}/twin/{path}", json=body, timeout=60).raise_for_status()

    def there(self, ref: RecordRef, role: str = "main", part: int = 1) -> dict[str, Any]:
        """The record of the books that bears our marker."""
        mark = f"{ref}.1" if (role, part) == ("main", 1) else f"{ref}/{role}/{part}.1"
        dump = requests.get(f"{self.twin.base_url}/twin/dump", timeout=60).json()["records"]
        found = [
            {**record, "kind": kind}
            for kind, records in dump.items()
            for record in (records.values() if isinstance(records, dict) else records)
            if f"[BO:{mark}]" in str(record.get("PrivateNote", ""))
        ]
        assert len(found) == 1, (mark, found)
        return found[0]

    # -- our side ----------------------------------------------------------------------------------
    def party(self, **fields: Any) -> tuple[Customer, Job]:
        """A new customer with one job in Reno."""
        self._names += 1
        with self.work() as tx:
            customer = tx.create_customer(
                Customer(id="", name=f"Ada Hill {self._names}", email="ada@example.com", **fields)
            )
            return customer, self._job(tx, customer)

    def job(self, customer: Customer) -> Job:
        """One more job of a customer."""
        self._names += 1
        with self.work() as tx:
            return self._job(tx, customer)

    def _job(self, tx: Any, customer: Customer) -> Job:
        found: Job = tx.create_job(
            Job(id="", customer_id=customer.id, name=f"Kitchen {self._names}", site=SITE)
        )
        return found

    def vendor(self, **fields: Any) -> Vendor:
        """A new vendor."""
        self._names += 1
        with self.work() as tx:
            found: Vendor = tx.create_vendor(Vendor(id="", name=f"Copper Supply {self._names}", **fields))
        return found

    def invoice(self, job: Job, *lines: LineDraft, **fields: Any) -> Invoice:
        """An invoice of a job."""
        draft = InvoiceDraft(
            **{
                "customer_id": job.customer_id,
                "job_id": job.id,
                "issue_date": DAY,
                "lines": list(lines),
                **fields,
            }
        )
        with self.work() as tx:
            found: Invoice = tx.raise_invoice(draft)
        return found

    def simple(self, job: Job, price: str, **fields: Any) -> Invoice:
        """An invoice of one untaxed service."""
        return self.invoice(job, service("repair", price), **fields)

    def balance(self, invoice: Invoice) -> Decimal:
        """What core shows as open."""
        with self.work() as tx:
            row = tx.row(invoice.ref)
        assert row is not None
        assert row.balance is not None
        return Decimal(row.balance)


def service(key: str, price: str, **more: Any) -> LineDraft:
    """A line of a service."""
    return LineDraft(
        kind=LineKind.SERVICE, description=key, unit_price=D(price), service_category=key, **more
    )


def material(key: str, price: str, **more: Any) -> LineDraft:
    """A line of material."""
    return LineDraft(
        kind=LineKind.MATERIAL, description=key, unit_price=D(price), material_category=key, **more
    )


def fee(key: str, price: str, **more: Any) -> LineDraft:
    """A line of a fee."""
    return LineDraft(kind=LineKind.FEE, description=key, unit_price=D(price), fee_type=key, **more)


# -- comparing -----------------------------------------------------------------------------------------
def entry(lines: list[dict[str, Any]]) -> Entry:
    """What a step did, one sum per account."""
    return [(a, s) for a, s in by_account((line["account"], line["amount"]) for line in lines) if s]


def tagged(block: str, step: int) -> list[WorkedPosting]:
    """The postings of a worked entry that carry tags."""
    return [posting for posting in blocks()[block][step - 1][1] if posting.tags]


def bears(lines: list[dict[str, Any]], posting: WorkedPosting, customer: str, class_: str = "") -> bool:
    """Whether the ledger shows that posting under the customer or job (and class)."""
    same = (
        line["amount"]
        for line in lines
        if line["account"] == posting.account
        and line["customer"] == customer
        and (not class_ or line["class"] == class_)
    )
    return sum(same, D("0.00")) == posting.amount


# -- raising it ----------------------------------------------------------------------------------------
@contextmanager
def whole_path(db_url: str, *, tax: str = "ast", **policy: Any) -> Iterator[WholePath]:
    """A company that is connected, live and mapped by account number; only customer 1 is in its books."""
    with running_twin(seed="empty") as twin, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLUEOPS_QB_RUNNER", "none")
        core = open_with_plugin(db_url)
        core.create_tenant(TENANT, "Acme Plumbing")
        core.set_switch(TENANT, PLUGIN, Switch.ON, actor="admin")
        environment = {
            "BLUEOPS_QB_QBO_API_BASE": twin.base_url,
            "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{twin.base_url}/.well-known/openid_configuration",
            "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
            **NO_PACE,
        }
        settings = attrs.evolve(SETTINGS, time_scale=0.01)
        engine = bootstrap.build(core.for_plugin(PLUGIN), settings=settings, environment=environment).engine
        house = WholePath(core=core, twin=twin, engine=engine, carrier=Carrier(engine), id="")
        try:
            _furnish(house, tax)
            signed_in = connections.SignedIn(
                company_id=twin.realm,
                company_name="Practice",
                secrets={"access_token": twin.access_token.encode()},
            )
            house.id = connections.bind(
                engine.core, TENANT, "qbo", signed_in, actor="admin", keys=engine.keys
            )
            _go_live(house, policy)
            yield house
        finally:
            house.carrier.close()
            core.stop()


def _furnish(house: WholePath, tax: str) -> None:
    """What an administrator sets up in the books beforehand: accounts, items, preferences."""
    house.admin("tax", mode=tax)
    house.admin(
        "preferences",
        **{
            "AccountingInfoPrefs.ClassTrackingPerTxnLine": True,
            "AccountingInfoPrefs.ClassTrackingPerTxn": False,
        },
    )
    for number, (name, kind, detail) in MORE_ACCOUNTS.items():
        house.post(
            "account", {"Name": name, "AcctNum": number, "AccountType": kind, "AccountSubType": detail}
        )
    ids = {row["AcctNum"]: row["Id"] for row in _accounts(house)}
    for (family, key), number in SOLD.items():
        house.post("item", _item(f"{family.value} {key}", IncomeAccountRef={"value": ids[number]}))
    for code, number in CODES.items():
        house.post("item", _item(f"code {code}", ExpenseAccountRef={"value": ids[number]}))


def _item(name: str, **accounts: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "NonInventory" if "Expense" in str(accounts) else "Service", **accounts}


def _accounts(house: WholePath) -> list[dict[str, Any]]:
    rows = house.ask("select * from Account maxresults 1000")
    return [row for row in rows if row.get("AcctNum")]


def _go_live(house: WholePath, policy: dict[str, Any]) -> None:
    house.drain()
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        matching.build(turn)
        matching.approve(turn, actor="admin")
        numbers = {e.facts.get("number"): e.ref for e in turn.catalog.of(BooksKind.ACCOUNT)}
        items = {e.name: e.ref for e in turn.catalog.of(BooksKind.ITEM)}
        classes = {e.name: e.ref for e in turn.catalog.of(BooksKind.CLASS)}
        rules = [
            *(_rule(f, key, item=items[f"{f.value} {key}"]) for f, key in SOLD),
            *(_rule(Family.COST_CODE, code, item=items[f"code {code}"]) for code in CODES),
            *(_rule(f, key, account=numbers[number]) for (f, key), number in ACCOUNTS.items()),
            *(_rule(Family.CLASS, key, class_=classes[name]) for key, name in CLASSES.items()),
        ]
        rules_desk.change_mapping(turn, rules, actor="admin")
        rules_desk.change_policy(turn, attrs.evolve(Policy(), **policy), actor="admin")
    house.drain()


def _rule(family: Family, key: str, **target: Any) -> MapRule:
    return MapRule(family=family, key=key, target=Target(**target))
