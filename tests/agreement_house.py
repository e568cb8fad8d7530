"""A company with some months of business of every kind, written to the twin over HTTP, for tests of agreement."""

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import (
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Job,
    LineKind,
    Payment,
    Payout,
    Vendor,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import agreement, agreement_figures, connections, due, matching, rules_desk
from blueops_qb.engine.agreement import Run
from blueops_qb.engine.agreement_figures import Finding
from blueops_qb.engine.engine import Engine
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.demo.bookkeeper import Bookkeeper
from blueops_qb.sandbox.demo.chart import RULES, rules_for
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sandbox.reader import BooksAddress
from blueops_qb.store import tables as t
from tests.engine_house import PLUGIN, SETTINGS, TENANT, found_company, open_with_plugin

D = Decimal
TODAY = dt.date.today()
START = (TODAY - dt.timedelta(days=70)).replace(day=1)


@attrs.define(kw_only=True)
class Company:
    """Core, engine and twin, connected and live."""

    core: ReferenceCore
    twin: RunningTwin
    engine: Engine
    carrier: Carrier
    environment: dict[str, str]
    id: str = ""
    chance: random.Random = attrs.field(factory=lambda: random.Random(2026))
    customers: list[Customer] = attrs.field(factory=list)
    jobs: list[Job] = attrs.field(factory=list)
    vendors: list[Vendor] = attrs.field(factory=list)
    invoices: list[Invoice] = attrs.field(factory=list)
    payments: list[Payment] = attrs.field(factory=list)
    expenses: list[Expense] = attrs.field(factory=list)
    payouts: list[Payout] = attrs.field(factory=list)
    billed: list[Customer] = attrs.field(factory=list)
    #: Payments of a customer for several of his jobs.
    together: list[Payment] = attrs.field(factory=list)

    # -- work --------------------------------------------------------------------------------------
    def drain(self) -> None:
        for _ in range(400):
            if not self.carrier.drain(self.id, most=100):
                return

    def poll(self) -> None:
        with self.turn() as turn:
            due.hurry(turn)
        self.drain()
        self.drain()

    @contextmanager
    def turn(self) -> Iterator[Any]:
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            yield turn

    @contextmanager
    def work(self) -> Iterator[Any]:
        with self.core.begin(TENANT, actor="office") as tx:
            yield tx

    @contextmanager
    def bookkeeper(self) -> Iterator[Bookkeeper]:
        address = BooksAddress(
            base_url=self.twin.base_url, realm=self.twin.realm, token=self.twin.access_token
        )
        with closing(Bookkeeper(address)) as person:
            yield person

    def agree(self, start: dt.date = START, end: dt.date = TODAY, *, whole: bool = False) -> Run:
        """Compare a period, as the command does."""
        with self.turn() as turn:
            id = agreement.ask(turn, start, end, whole=whole)
        for _ in range(300):
            run = agreement.advance(self.engine, self.id, id)
            if not run.open:
                return run
            self.carrier.carry_one(self.id)
        raise AssertionError(f"the run never ended: {run}")

    def found(self, run: Run, sort: str = "difference") -> list[Finding]:
        with self.core.engine.connect() as connection:
            return list(agreement_figures.findings(connection, run.id, sort))

    def ledger_reads(self) -> int:
        with self.core.engine.connect() as connection:
            o = t.operations
            query = o.select().where(o.c.verb == "ledger", o.c.state == "done")
            return len(connection.execute(query).all())

    # -- business ----------------------------------------------------------------------------------
    def day(self) -> dt.date:
        return START + dt.timedelta(days=self.chance.randrange((TODAY - START).days))

    def parties(self, customers: int = 30) -> None:
        with self.work() as tx:
            for n in range(customers):
                ann = tx.create_customer(Customer(id="", name=f"Customer {n:03}", email="a@example.com"))
                self.customers.append(ann)
                for k in range(n % 3):
                    key = ("service", "install", "drain")[k]
                    job = Job(id="", customer_id=ann.id, name=f"Job {n:03}.{k}", class_key=key)
                    self.jobs.append(tx.create_job(attrs.evolve(job, branch=("north", "south")[n % 2])))
            for n in range(6):
                self.vendors.append(tx.create_vendor(Vendor(id="", name=f"Supplier {n}")))
        self.drain()
        # Some are billed for their jobs, so that one check may pay for several.
        self.billed = self.customers[2::6]
        with self.bookkeeper() as books:
            for job in self.jobs:
                if any(job.customer_id == ann.id for ann in self.billed):
                    books.change("Customer", self.place(job.ref).id, {"BillWithParent": True})
        self.poll()

    def invoice(self, **fields: Any) -> Invoice:
        """An invoice of one to four lines; taxed, discounted, classed by chance."""
        chance = self.chance
        job = chance.choice([None, *self.jobs])
        customer_id = job.customer_id if job else chance.choice(self.customers).id
        lines = [self._line() for _ in range(chance.randint(1, 4))]
        taxed = any(line.taxable for line in lines)
        values: dict[str, Any] = {
            "customer_id": customer_id,
            "job_id": job.id if job else None,
            "issue_date": self.day(),
            "lines": lines,
            "branch": chance.choice(["", "north", "south"]),
            "tax_key": "ca_county" if taxed else "",
            "tax_percent": D("8.25") if taxed else None,
            "discount_percent": chance.choice([D(0), D(0), D(5)]),
            "discount_before_tax": chance.random() < 0.5,
            **fields,
        }
        with self.work() as tx:
            made: Invoice = tx.raise_invoice(InvoiceDraft(**values))
        self.invoices.append(made)
        return made

    def _line(self) -> LineDraft:
        chance = self.chance
        price = D(chance.randint(500, 90_000)).scaleb(-2)
        discount = chance.choice([D(0), D(0), D(10)])
        if chance.random() < 0.5:
            return LineDraft(
                kind=LineKind.MATERIAL,
                material_category=chance.choice(["pipe_fittings", "fixtures", "general", "cartridge"]),
                description="Part",
                quantity=D(chance.randint(1, 3)),
                unit_price=price,
                discount_percent=discount,
                taxable=True,
                class_key=chance.choice(["service", "install"]),
            )
        return LineDraft(
            service_category=chance.choice(["repair", "install", "drain_cleaning", "inspection"]),
            description="Work",
            quantity=D(chance.randint(2, 14)) / 4,
            unit_price=price,
            discount_percent=discount,
            class_key=chance.choice(["service", "install", "drain", "maintenance"]),
        )

    def pay(
        self, invoices: list[Invoice], method: str = "check", *, more: str = "0", **fields: Any
    ) -> Payment:
        """Money for invoices of one customer; `more` stays unapplied."""
        parts = tuple(Application(invoice_id=one.id, amount=one.total) for one in invoices)
        amount = sum((one.total for one in invoices), D(0)) + D(more)
        fee = (amount * D("0.029")).quantize(D("0.01")) if method == "card" else D("0.00")
        values: dict[str, Any] = {
            "id": "",
            "customer_id": invoices[0].customer_id,
            "received_on": max(one.issue_date for one in invoices),
            "amount": amount,
            "method": method,
            "reference": f"R{len(self.payments) + 1:05}",
            "applications": parts,
            "fee": fee,
            **fields,
        }
        with self.work() as tx:
            made: Payment = tx.record_payment(Payment(**values))
        self.payments.append(made)
        return made

    def payout(self, payments: list[Payment]) -> Payout:
        """The payments reach the bank together."""
        fees = sum((one.fee for one in payments), D("0.00"))
        net = sum((one.amount for one in payments), D("0.00")) - fees
        with self.work() as tx:
            made: Payout = tx.settle_payout(
                Payout(
                    id="",
                    date=max(one.received_on for one in payments),
                    account_key="checking",
                    payment_ids=tuple(one.id for one in payments),
                    fees=fees,
                    net=net,
                )
            )
        self.payouts.append(made)
        return made

    def expense(self, type: ExpenseType, **fields: Any) -> Expense:
        """A cost of one to three lines, on jobs by chance."""
        chance = self.chance
        n = len(self.expenses) + 1
        lines = tuple(self._cost(k) for k in range(1, chance.randint(2, 4)))
        goods = sum((line.amount for line in lines), D(0))
        tax = (goods * D("0.0825")).quantize(D("0.01")) if type is not ExpenseType.USE_TAX else D("0.00")
        bill = type in (ExpenseType.BILL, ExpenseType.SUBCONTRACT)
        account = {ExpenseType.CARD: "company_card", ExpenseType.CHECK: "checking"}.get(type, "")
        values: dict[str, Any] = {
            "id": "",
            "type": type,
            "vendor_id": chance.choice(self.vendors).id if bill or chance.random() < 0.5 else None,
            "vendor_invoice_number": f"V{n:05}" if bill or type is ExpenseType.CARD else "",
            "date": self.day(),
            "payment_account_key": account,
            "lines": lines,
            "tax": tax,
            "total": goods + tax,
            "branch": chance.choice(["", "north", "south"]),
            "memo": f"cost {n}",
            **fields,
        }
        with self.work() as tx:
            made: Expense = tx.record_expense(Expense(**values))
        self.expenses.append(made)
        return made

    def _cost(self, n: int) -> CostLine:
        chance = self.chance
        amount = D(chance.randint(400, 60_000)).scaleb(-2)
        job = chance.choice([None, *self.jobs])
        kind = chance.choice(["materials", "subcontractor", "rental", "fuel"])
        code = chance.choice(["", "", "22-100"])
        return CostLine(
            line_id=str(n),
            amount=amount,
            unit_cost=amount,
            description="Cost",
            expense_category="" if code else kind,
            cost_code=code,
            job_id=job.id if job else None,
            class_key=chance.choice(["", "service", "install"]),
        )

    def months(self, documents: int) -> None:
        """About so many documents of every kind, some of them changed and voided afterwards."""
        self.parties()
        for n in range(documents // 2):
            self.invoice()
            if n % 2:
                open_one = self.invoices[-1]
                more = "12.34" if n % 10 == 1 else "0"
                self.pay([open_one], ("check", "card")[n // 2 % 2], more=more)
        cards = [one for one in self.payments if one.method == "card"]
        for n in range(0, len(cards) - 3, 4):
            self.payout(cards[n : n + 4])
        kinds = [ExpenseType.BILL, ExpenseType.CARD, ExpenseType.CHECK, ExpenseType.USE_TAX]
        for n in range(documents // 4):
            self.expense(kinds[n % 4])
        self._together()
        self.drain()
        for n, one in enumerate(self.invoices[::20]):
            if self._is_paid(one):
                continue
            with self.work() as tx:
                if n % 3:
                    draft = attrs.evolve(
                        draft_of(one), lines=[self._line()], tax_key="", tax=None, discount=D(0)
                    )
                    lines = [attrs.evolve(line, taxable=False) for line in draft.lines]
                    tx.update_invoice(one.id, attrs.evolve(draft, lines=lines))
                else:
                    tx.void_invoice(one.id, reason="entered twice")
        self.drain()

    def _is_paid(self, invoice: Invoice) -> bool:
        return any(a.invoice_id == invoice.id for p in self.payments for a in p.applications)

    def _together(self) -> None:
        """Checks for several invoices of one customer on different jobs, where the customer is billed for them."""
        for ann in self.billed:
            open_ones = [i for i in self.invoices if i.customer_id == ann.id and not self._is_paid(i)]
            jobs = {i.job_id: i for i in open_ones}
            if len(jobs) > 1:
                self.together.append(self.pay(list(jobs.values())))

    def place(self, ref: object) -> BooksRef:
        """Where a record is in the books."""
        kind, _, id = str(ref).partition(":")
        d, lk = t.documents, t.links
        query = (
            sa.select(lk.c.books_kind, lk.c.books_id)
            .select_from(lk.join(d, d.c.id == lk.c.document_id))
            .where(
                lk.c.connection_id == self.id,
                lk.c.state == "live",
                d.c.source_kind == kind,
                d.c.source_id == id,
                d.c.books_kind != BooksKind.ATTACHMENT.value,
            )
        )
        with self.core.engine.connect() as connection:
            found = connection.execute(query).one()
        return BooksRef(BooksKind(found.books_kind), found.books_id)


def sale(house: Company, day: dt.date, **fields: Any) -> Invoice:
    """An invoice of that day, in the books."""
    made = house.invoice(issue_date=day, **fields)
    house.drain()
    return made


@contextmanager
def company(url: str, patch: pytest.MonkeyPatch, *, seed: str = "names") -> Iterator[Company]:
    """A company that is connected to a twin of its own, matched, mapped and live."""
    patch.setenv("BLUEOPS_QB_RUNNER", "none")
    with running_twin(seed=seed) as twin:
        environment = {
            "BLUEOPS_QB_QBO_API_BASE": twin.base_url,
            "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{twin.base_url}/.well-known/openid_configuration",
            "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
            **NO_PACE,
        }
        core = open_with_plugin(url)
        found_company(core)
        # Nothing that somebody plants in the books is brought over before a test asks for it.
        settings = attrs.evolve(SETTINGS, time_scale=0.01, sweep_seconds=1_000_000.0)
        engine = bootstrap.build(core.for_plugin(PLUGIN), settings=settings, environment=environment).engine
        signed_in = connections.SignedIn(
            company_id=twin.realm,
            company_name="Sample",
            secrets={"access_token": twin.access_token.encode()},
        )
        made = Company(core=core, twin=twin, engine=engine, carrier=Carrier(engine), environment=environment)
        made.id = connections.bind(engine.core, TENANT, "qbo", signed_in, actor="admin", keys=engine.keys)
        made.drain()
        with made.turn() as turn:
            matching.build(turn)
            matching.approve(turn, actor="admin")
            rules_desk.change_mapping(turn, _rules(turn), actor="admin")
        try:
            yield made
        finally:
            made.carrier.close()
            core.stop()


def _rules(turn: Any) -> list[MapRule]:
    catalog = turn.catalog
    items = {e.name: e.ref for e in catalog.of(BooksKind.ITEM)}
    numbers = {e.facts.get("number"): e.ref for e in catalog.of(BooksKind.ACCOUNT)}
    return [
        *rules_for(catalog, RULES),
        MapRule(family=Family.MATERIAL_SOLD, key="cartridge", target=Target(item=items["Faucet Cartridge"])),
        MapRule(family=Family.COST_CODE, key="22-100", target=Target(item=items["Pipe & Fittings"])),
        MapRule(family=Family.ROLE, key="use_tax", target=Target(account=numbers["2210"])),
    ]
