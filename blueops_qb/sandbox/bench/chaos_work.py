"""Chaos work: documents of every kind, entered, changed and taken back through core's own actions."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import (
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Job,
    LineKind,
    Payment,
    Payout,
    Vendor,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rulebook
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse
from blueops_qb.sandbox.bench.kill_work import TwinBooks
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.core.pricing import LineDraft

#: The kinds of a round of twenty documents; what needs another one comes after it.
ROUND = (
    *(
        "customer",
        "invoice",
        "invoice",
        "bill",
        "payment",
        "check",
        "invoice",
        "vendor",
        "payment",
        "journal",
    ),
    *("invoice", "job", "payment", "check", "bill", "invoice", "payout", "invoice", "journal", "payment"),
)
_TODAY = dt.date.today()


def prepare(house: BenchHouse, connection_id: str, books: TwinBooks) -> None:
    """Map what the work needs; accounts by number."""
    number = {
        a["AcctNum"]: BooksRef(BooksKind.ACCOUNT, a["Id"]) for a in books.all("Account") if a.get("AcctNum")
    }
    rules = [
        MapRule(family=Family.SERVICE, key="repair", target=Target(item=BooksRef(BooksKind.ITEM, "1"))),
        MapRule(family=Family.ROLE, key="undeposited", target=Target(account=number["1090"])),
        MapRule(family=Family.ROLE, key="use_tax", target=Target(account=number["2210"])),
        MapRule(family=Family.EXPENSE, key="materials", target=Target(account=number["5290"])),
        MapRule(family=Family.MONEY_ACCOUNT, key="checking", target=Target(account=number["1000"])),
    ]
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        rulebook.save_mapping(turn.connection, turn.id, rules, version=1, actor="bench", now=turn.now)
        turn.set(mapping_version=1, state="live", live_since=turn.now)


@attrs.define(kw_only=True)
class Office:
    """Enters documents; each carries a word of its own (`C1`, `C2` ...), by which it is found in the books."""

    house: BenchHouse
    seed: int
    _chance: random.Random = attrs.field(init=False, repr=False)
    _made: dict[str, list[Any]] = attrs.field(factory=dict)
    _waiting: list[Payment] = attrs.field(factory=list)
    _count: int = 0

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def enter(self, number: int, *, kinds: tuple[str, ...] = ROUND) -> None:
        """So many documents, each in a transaction of its own as people enter them."""
        for _ in range(number):
            kind = kinds[self._count % len(kinds)]
            self._count += 1
            with self.house.reference.begin(TENANT, actor="bench") as tx:
                record = _ENTER[kind](self, tx)
            self._made.setdefault(kind, []).append(record)

    def change(self, number: int) -> int:
        """Change or take back so many of what was entered, at random; answers how many."""
        changed = 0
        for _ in range(number):
            kind = self._chance.choice(("customer", "invoice", "check", "vendor", "bill"))
            position = self._chance.randrange(len(self._made[kind]))
            with self.house.reference.begin(TENANT, actor="bench") as tx:
                old = self._made[kind][position]
                if getattr(old, "void", False):
                    continue
                self._made[kind][position] = _CHANGE[kind](self, tx, old)
            changed += 1
        return changed

    def word(self) -> str:
        """The word of the document that is being entered."""
        return f"C{self._count}"

    def customer(self, tx: Any) -> Customer:
        """A customer."""
        found: Customer = tx.create_customer(Customer(id="", name=f"Chaos customer {self.word()}"))
        return found

    def some(self, kind: str) -> Any:
        """One of the kind that was entered before."""
        return self._chance.choice(self._made[kind])

    def job(self, tx: Any) -> Job:
        """A job of a customer."""
        found: Job = tx.create_job(
            Job(id="", customer_id=self.some("customer").id, name=f"Chaos job {self.word()}")
        )
        return found

    def vendor(self, tx: Any) -> Vendor:
        """A vendor."""
        found: Vendor = tx.create_vendor(Vendor(id="", name=f"Chaos vendor {self.word()}"))
        return found

    def invoice(self, tx: Any) -> Any:
        """An invoice of one to three lines."""
        lines = [
            LineDraft(
                kind=LineKind.SERVICE,
                service_category="repair",
                description=f"Repair {n}",
                unit_price=self.amount(),
            )
            for n in range(self._chance.randint(1, 3))
        ]
        draft = InvoiceDraft(customer_id=self.some("customer").id, issue_date=_TODAY, lines=lines)
        return tx.raise_invoice(draft)

    def payment(self, tx: Any) -> Payment:
        """A check for an invoice, or an advance where it is paid or void."""
        invoice = self.some("invoice")
        row = sa.text(
            "SELECT balance FROM core_records WHERE tenant_id = :t AND kind = 'invoice' AND id = :i"
        )
        owed = tx.connection.execute(row, {"t": TENANT, "i": int(invoice.id)}).scalar_one()
        amount = Decimal("1.00")
        parts = (Application(invoice_id=invoice.id, amount=amount),) if owed >= 100 * amount else ()
        payment = Payment(
            id="",
            customer_id=invoice.customer_id,
            received_on=_TODAY,
            amount=amount,
            method="check",
            reference=self.word(),
            applications=parts,
        )
        found: Payment = tx.record_payment(payment)
        self._waiting.append(found)
        return found

    def payout(self, tx: Any) -> Payout:
        """What was received since the last one reaches the bank."""
        payments, self._waiting = self._waiting[:5], self._waiting[5:]
        payout = Payout(
            id="",
            date=_TODAY,
            account_key="checking",
            payment_ids=tuple(p.id for p in payments),
            net=sum((p.amount for p in payments), Decimal("0.00")),
            memo=self.word(),
        )
        found: Payout = tx.settle_payout(payout)
        return found

    def expense(self, tx: Any, type: ExpenseType) -> Expense:
        """A cost of one line."""
        amount = self.amount()
        bill = type is ExpenseType.BILL
        if bill and "vendor" not in self._made:
            self._made["vendor"] = [self.vendor(tx)]
        expense = Expense(
            id="",
            type=type,
            date=_TODAY,
            lines=(CostLine(line_id="1", amount=amount, expense_category="materials"),),
            total=amount,
            memo=self.word(),
            vendor_id=self.some("vendor").id if bill else None,
            vendor_invoice_number=f"V-{self.word()}" if bill else "",
            payment_account_key="checking" if type is ExpenseType.CHECK else "",
        )
        found: Expense = tx.record_expense(expense)
        return found

    def amount(self) -> Decimal:
        """From 10.00 to 500.00."""
        return Decimal(self._chance.randint(1000, 50000)) / 100

    def recost(self, tx: Any, old: Expense) -> Expense:
        """Another amount, or taken back."""
        if self._chance.random() < 0.3:
            found: Expense = tx.void_expense(old.id)
            return found
        amount = self.amount()
        line = attrs.evolve(old.lines[0], amount=amount)
        found = tx.update_expense(attrs.evolve(old, lines=(line,), total=amount))
        return found

    def reprice(self, tx: Any, old: Any) -> Any:
        """One line more; what is paid stays below what is owed."""
        draft = draft_of(old)
        more = LineDraft(
            kind=LineKind.SERVICE, service_category="repair", description="More", unit_price=self.amount()
        )
        return tx.update_invoice(old.id, attrs.evolve(draft, lines=[*draft.lines, more]))

    def rephone(self, tx: Any, old: Any) -> Any:
        """Another phone number."""
        update = tx.update_customer if isinstance(old, Customer) else tx.update_vendor
        return update(attrs.evolve(old, phone=f"775-555-{self._chance.randint(0, 9999):04d}"))


_ENTER: Mapping[str, Callable[[Office, Any], Any]] = {
    "customer": Office.customer,
    "job": Office.job,
    "vendor": Office.vendor,
    "invoice": Office.invoice,
    "payment": Office.payment,
    "payout": Office.payout,
    "bill": lambda office, tx: office.expense(tx, ExpenseType.BILL),
    "check": lambda office, tx: office.expense(tx, ExpenseType.CHECK),
    "journal": lambda office, tx: office.expense(tx, ExpenseType.USE_TAX),
}
_CHANGE: Mapping[str, Callable[[Office, Any, Any], Any]] = {
    "customer": Office.rephone,
    "vendor": Office.rephone,
    "invoice": Office.reprice,
    "bill": Office.recost,
    "check": Office.recost,
}
