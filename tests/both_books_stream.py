"""Some months of a plumbing company as core sees them: one stream of events, drawn from a seed, for any books."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.records import (
    Application,
    CostLine,
    Credit,
    CreditReason,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Job,
    LineKind,
    Payment,
    PaymentReturn,
    Refund,
    RefundPart,
    ReturnReason,
    Vendor,
)
from blueops_qb.domain.refs import RecordRef
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.crediting import credit_amount, credit_in_full, credit_of_lines
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.demo.office import Office

D = Decimal
ZERO, CENT = D("0.00"), D("0.01")
SERVICES = ("repair", "install", "drain_cleaning", "inspection", "service_call")
MATERIALS = ("pipe_fittings", "fixtures", "water_heater", "general")
CLASSES = ("", "service", "install", "drain")
#: A material that is kept in stock.
STOCKED = "valve"
BOUGHT = ("materials", "subcontractor", "rental", "fuel", "tools")


class Months:
    """The stream; each method is a stage, after which the books have time to follow."""

    def __init__(self, core: ReferenceCore, tenant_id: str, *, seed: int) -> None:
        self._core = core
        self._tenant = tenant_id
        self._chance = random.Random(seed)
        self.office = Office(core, tenant_id, self._chance)
        self.today = self.office.today
        self.jobs: list[Job] = []
        self.customers: list[Customer] = []
        self.vendors: list[Vendor] = []
        self.invoices: list[Invoice] = []
        self.payments: dict[str, Payment] = {}
        self.expenses: dict[str, Expense] = {}
        self.credits: dict[str, Credit] = {}
        self._count = 0

    @property
    def stages(self) -> Sequence[Callable[[], None]]:
        """In this order."""
        return (
            self.parties,
            self.sales,
            self.deposits,
            self.money,
            self.second_thoughts,
            self.crediting,
            self.applying,
            self.money_back,
            self.costs,
            self.costs_again,
            self.banking,
            self.bounces,
            self.stock,
        )

    # -- parties -----------------------------------------------------------------------------------
    def parties(self) -> None:
        """Customers with two jobs each, and vendors."""
        for n in range(1, 7):
            customer = self.office.customer(f"Account {n:02}", street=f"{n} Pump St")
            self.customers.append(customer)
            for m in (1, 2):
                job = self.office.job(
                    customer,
                    f"Site {n:02}-{m}",
                    street=f"{n} Pump St",
                    class_key=CLASSES[(n + m) % 4] or "service",
                    branch=("north", "south")[m - 1],
                )
                self.jobs.append(job)
        self.vendors = [self.office.vendor(f"Supply House {n}", street=f"{n} Depot St") for n in (1, 2, 3)]

    # -- sales -------------------------------------------------------------------------------------
    def sales(self) -> None:
        """Three invoices for each job, over the last four months."""
        for job in self.jobs:
            for _ in range(3):
                self.invoices.append(self._invoice(job, [self._line() for _ in range(self._draw(1, 4))]))

    def _invoice(self, job: Job, lines: list[LineDraft], **more: Any) -> Invoice:
        draft = InvoiceDraft(
            customer_id=job.customer_id,
            job_id=job.id,
            lines=lines,
            branch=job.branch,
            **{
                "issue_date": self.today - dt.timedelta(days=self._draw(0, 120)),
                "terms": self._chance.choice(("net_15", "net_30", "due_on_receipt")),
                "tax_key": self._chance.choice(("ca_county", "ca_county", "")),
                "discount": self._chance.choice((ZERO, ZERO, D("5.00"))),
                **more,
            },
        )
        with self._work() as tx:
            return tx.raise_invoice(draft)

    def _line(self) -> LineDraft:
        draw = self._chance.random()
        if draw < 0.45:
            return LineDraft(
                kind=LineKind.SERVICE,
                service_category=self._chance.choice(SERVICES),
                description=f"Work {self._next()}",
                quantity=D(self._draw(2, 14)) / 4,
                unit_price=self._amount(4_000, 20_000),
                class_key=self._chance.choice(CLASSES),
            )
        if draw < 0.9:
            return LineDraft(
                kind=LineKind.MATERIAL,
                material_category=self._chance.choice(MATERIALS),
                description=f"Goods {self._next()}",
                quantity=D(self._draw(1, 6)),
                unit_price=self._amount(100, 9_000),
                discount_percent=D(self._chance.choice((0, 0, 10))),
                taxable=self._chance.random() < 0.75,
                class_key=self._chance.choice(CLASSES),
            )
        return LineDraft(
            kind=LineKind.FEE,
            fee_type=self._chance.choice(("trip", "late")),
            description=f"Fee {self._next()}",
            unit_price=self._amount(500, 9_000),
        )

    def stock(self) -> None:
        """Goods that are kept in stock: their cost is the books' to say."""
        line = LineDraft(
            kind=LineKind.MATERIAL,
            material_category=STOCKED,
            description="Shower valves",
            quantity=D(12),
            unit_price=D("45.00"),
        )
        self.invoices.append(
            self._invoice(self.jobs[4], [line], discount=ZERO, tax_key="", issue_date=self.today)
        )

    # -- deposits before the work --------------------------------------------------------------------
    def deposits(self) -> None:
        """Two deposits; one is used up by two invoices, one in part, and the rest is kept for later."""
        for n, job in enumerate(self.jobs[:2]):
            self.payments[f"deposit {n}"] = self._pay(
                job, D("600.00"), method=("check", "card")[n], deposit_for_job=job.id
            )
        for n, share in ((0, "350.00"), (0, "250.00"), (1, "400.00")):
            deposit = self.payments[f"deposit {n}"]
            uses = LineDraft(
                kind=LineKind.DEPOSIT_APPLIED,
                description=f"Deposit {deposit.reference}",
                unit_price=D(share),
                deposit_id=deposit.id,
            )
            work = self.office.service("install", f"Installed {self._next()}", "480.00")
            self.invoices.append(self._invoice(self.jobs[n], [work, uses], discount=ZERO))

    # -- money -------------------------------------------------------------------------------------
    def money(self) -> None:
        """Whole, partial and over-long payments, one over several invoices of a job, one over several jobs."""
        pick = self.invoices
        self._paid("whole", [(pick[0], None)], method="check")
        self._paid("part", [(pick[3], D("0.40"))], method="ach")
        self._paid("rest of it in part", [(pick[3], D("0.30"))], method="cash")
        self._paid("several", [(pick[6], None), (pick[7], None), (pick[8], D("0.50"))], method="check")
        self._paid("over jobs", [(pick[12], None), (pick[15], None), (pick[16], D("0.25"))], method="check")
        self._paid("too much", [(pick[18], None)], method="check", over=D("39.21"))
        self._paid("card", [(pick[21], None)], method="card")
        self._paid("card back", [(pick[22], None)], method="card")
        self._paid("bounces", [(pick[24], None)], method="check")
        self._paid("bounces later", [(pick[25], None)], method="check")
        self._paid("taken back", [(pick[26], None)], method="check")
        self.payments["ahead"] = self._pay(self.jobs[10], D("120.00"), method="check")
        early = self._balance(pick[27])
        discount = (early / 50).quantize(CENT)
        part = Application(invoice_id=pick[27].id, amount=early - discount, discount=discount)
        self.payments["early"] = self._pay(self.jobs[9], part.amount, method="check", applications=(part,))

    def _paid(
        self, name: str, parts: Sequence[tuple[Invoice, Decimal | None]], *, method: str, over: Decimal = ZERO
    ) -> None:
        applied = []
        for invoice, share in parts:
            open_ = self._balance(invoice)
            applied.append(
                Application(
                    invoice_id=invoice.id, amount=open_ if share is None else (open_ * share).quantize(CENT)
                )
            )
        total = sum((part.amount for part in applied), over)
        (job,) = (job for job in self.jobs if job.id == parts[0][0].job_id)
        self.payments[name] = self._pay(job, total, method=method, applications=tuple(applied))

    def _pay(self, job: Job, amount: Decimal, *, method: str, **more: Any) -> Payment:
        fee = (amount * D("0.029")).quantize(CENT) if method == "card" else ZERO
        record = Payment(
            id="",
            customer_id=job.customer_id,
            received_on=self.today - dt.timedelta(days=self._draw(0, 5)),
            amount=amount,
            method=method,
            reference=f"R{self._next()}",
            fee=fee,
            **more,
        )
        with self._work() as tx:
            return tx.record_payment(record)

    # -- second thoughts ---------------------------------------------------------------------------
    def second_thoughts(self) -> None:
        """Invoices and payments are corrected and taken back."""
        for n in (28, 29, 30):
            draft = draft_of(self.invoices[n])
            self.invoices[n] = self.office.corrected(
                self.invoices[n], attrs.evolve(draft, lines=[*draft.lines, self._line()])
            )
        draft = draft_of(self.invoices[31])
        first = attrs.evolve(draft.lines[0], unit_price=D("77.70"), discount=ZERO)
        self.invoices[31] = self.office.corrected(
            self.invoices[31], attrs.evolve(draft, lines=[first, *draft.lines[1:]])
        )
        self.invoices[32] = self.office.voided(self.invoices[32], "raised twice")
        ahead = self.payments["ahead"]
        invoice = self.invoices[33]
        part = Application(invoice_id=invoice.id, amount=min(ahead.amount, self._balance(invoice)))
        with self._work() as tx:
            if invoice.customer_id == ahead.customer_id:
                self.payments["ahead"] = tx.update_payment(attrs.evolve(ahead, applications=(part,)))
            tx.void_payment(self.payments["taken back"].id)
            several = self.payments["several"]
            tx.update_payment(attrs.evolve(several, reference=f"R{self._next()}"))

    # -- credits -----------------------------------------------------------------------------------
    def crediting(self) -> None:
        """Credits in full, of a line, for goodwill; rests are written off."""
        pick, on = self.invoices, self.today
        full = credit_in_full(pick[1], on=on)
        self._credit("full", full, applied=((pick[1], full.total),))
        line = next(line for line in pick[4].lines if line.amount > line.discount)
        back = credit_of_lines(pick[4], {line.line_id: line.amount - line.discount}, on=on)
        self._credit("line", back)
        for name, n, reason in (("goodwill", 10, CreditReason.GOODWILL), ("price", 13, CreditReason.PRICE)):
            self._credit(name, credit_amount(pick[n], D("12.34"), on=on, reason=reason))
        self._credit(
            "to go back",
            credit_amount(pick[0], D("9.50"), on=on, reason=CreditReason.GOODWILL, applied=ZERO),
        )
        for name, n, reason in (
            ("write-off", 3, CreditReason.WRITE_OFF),
            ("bad debt", 16, CreditReason.BAD_DEBT),
        ):
            self._credit(name, credit_amount(pick[n], self._balance(pick[n]), on=on, reason=reason))
        self._credit("taken back", credit_amount(pick[11], D("5.00"), on=on, reason=CreditReason.PRICE))

    def _credit(
        self, name: str, credit: Credit, *, applied: Sequence[tuple[Invoice, Decimal]] | None = None
    ) -> None:
        if applied is not None:
            parts = tuple(Application(invoice_id=invoice.id, amount=amount) for invoice, amount in applied)
            credit = attrs.evolve(credit, applications=parts)
        with self._work() as tx:
            self.credits[name] = tx.issue_credit(credit)

    def applying(self) -> None:
        """A credit settles another invoice of its job, in part; one is released, one taken back."""
        credit, other = self.credits["line"], self.invoices[5]
        amount = min(credit.total / 2, self._balance(other)).quantize(CENT)
        with self._work() as tx:
            self.credits["line"] = tx.update_credit(
                attrs.evolve(credit, applications=(Application(invoice_id=other.id, amount=amount),))
            )
            self.credits["price"] = tx.update_credit(attrs.evolve(self.credits["price"], applications=()))
            tx.void_credit(self.credits["taken back"].id)

    # -- money back --------------------------------------------------------------------------------
    def money_back(self) -> None:
        """What was paid too much goes back by check, a credit by the processor, the rest of a deposit in part."""
        self._refund(self.payments["too much"], D("39.21"), account_key="checking")
        self._refund(self.credits["to go back"], D("9.50"), account_key="")
        deposit = self.payments["deposit 1"]
        self._refund(
            deposit,
            D("200.00"),
            kept=D("40.00"),
            account_key="checking",
            deposit_for_job=deposit.deposit_for_job,
        )

    def _refund(self, of: Payment | Credit, amount: Decimal, *, kept: Decimal = ZERO, **more: Any) -> None:
        record = Refund(
            id="",
            customer_id=of.customer_id,
            date=self.today,
            amount=amount - kept,
            kept_amount=kept,
            parts=(RefundPart(of=of.ref, amount=amount),),
            reference=f"F{self._next()}",
            **more,
        )
        with self._work() as tx:
            tx.issue_refund(record)

    # -- costs -------------------------------------------------------------------------------------
    def costs(self) -> None:
        """Bills, card and check purchases over jobs and overhead, with tax and freight; a refund to the card."""
        kinds = (ExpenseType.BILL, ExpenseType.SUBCONTRACT, ExpenseType.CARD, ExpenseType.CHECK)
        for n in range(20):
            self.expenses[f"cost {n}"] = self._spend(kinds[n % 4], self._draw(1, 4))
        self.expenses["card credit"] = self._spend(ExpenseType.CARD, 1, refund=True)

    def _spend(self, type: ExpenseType, count: int, *, refund: bool = False) -> Expense:
        owed = type in (ExpenseType.BILL, ExpenseType.SUBCONTRACT)
        day = self.today - dt.timedelta(days=self._draw(0, 40))
        lines = tuple(self._cost(n) for n in range(1, count + 1))
        tax = ZERO if refund else self._chance.choice((ZERO, self._amount(1, 3_000)))
        freight = ZERO if refund else self._chance.choice((ZERO, ZERO, self._amount(1, 2_000)))
        record = Expense(
            id="",
            type=type,
            vendor_id=self._chance.choice(self.vendors).id,
            vendor_invoice_number=f"V{self._next()}",
            date=day,
            due_date=day + dt.timedelta(days=30) if owed and not refund else None,
            payment_account_key={ExpenseType.CARD: "company_card", ExpenseType.CHECK: "checking"}.get(
                type, ""
            ),
            lines=lines,
            tax=tax,
            freight=freight,
            total=sum((line.amount for line in lines), tax + freight),
            branch=self._chance.choice(("", "north")),
            refund=refund,
        )
        with self._work() as tx:
            return tx.record_expense(record)

    def _cost(self, n: int) -> CostLine:
        amount, material = self._amount(1_000, 60_000), self._chance.random() < 0.5
        return CostLine(
            line_id=str(n),
            amount=amount,
            unit_cost=amount,
            description=f"Bought {self._next()}",
            material_category=self._chance.choice(MATERIALS) if material else "",
            expense_category="" if material else self._chance.choice(BOUGHT),
            job_id=self._chance.choice((None, *(job.id for job in self.jobs))),
            class_key=self._chance.choice(CLASSES),
        )

    def costs_again(self) -> None:
        """Costs are corrected, coded otherwise, and taken back."""
        for n, changed in ((0, {"amount": D("99.99"), "unit_cost": ZERO}), (2, {"job_id": self.jobs[0].id})):
            old = self.expenses[f"cost {n}"]
            lines = (attrs.evolve(old.lines[0], **changed), *old.lines[1:])
            total = sum((line.amount for line in lines), old.tax + old.freight)
            with self._work() as tx:
                tx.update_expense(attrs.evolve(old, lines=lines, total=total))
        with self._work() as tx:
            for n in (4, 6, 7):
                tx.void_expense(self.expenses[f"cost {n}"].id)

    # -- the bank ----------------------------------------------------------------------------------
    def banking(self) -> None:
        """Checks go to the bank, cards come from the processor less his fees."""
        self.office.payout(
            [self.payments[name] for name in ("whole", "several", "over jobs", "bounces later")]
        )
        self.office.payout([self.payments[name] for name in ("card", "card back")])

    def bounces(self) -> None:
        """A check bounces at the bank, one before it got there; a card payment is charged back."""
        self._came_back("bounces", ReturnReason.BOUNCED, customer_fee=D("25.00"))
        self._came_back("bounces later", ReturnReason.BOUNCED, account_key="checking", bank_fee=D("12.00"))
        self._came_back("card back", ReturnReason.CHARGEBACK, bank_fee=D("15.00"))

    def _came_back(self, name: str, reason: ReturnReason, **more: Any) -> None:
        payment = self.payments[name]
        record = PaymentReturn(
            id="",
            payment_id=payment.id,
            customer_id=payment.customer_id,
            date=self.today,
            reason=reason,
            amount=payment.amount,
            **more,
        )
        with self._work() as tx:
            tx.return_payment(record)

    # -- steps -------------------------------------------------------------------------------------
    @contextmanager
    def _work(self) -> Iterator[Transaction]:
        with self._core.begin(self._tenant, actor=f"{self._tenant}-bookkeeper") as tx:
            yield tx

    def _balance(self, invoice: Invoice) -> Decimal:
        balance = self.office.row(invoice.ref).balance
        assert balance is not None
        return balance

    def row(self, ref: RecordRef) -> Any:
        """A record as core has it now."""
        return self.office.row(ref)

    def _draw(self, low: int, high: int) -> int:
        return self._chance.randint(low, high)

    def _amount(self, low: int, high: int) -> Decimal:
        return D(self._draw(low, high)).scaleb(-2)

    def _next(self) -> int:
        self._count += 1
        return self._count
