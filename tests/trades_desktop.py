"""The company of `whole_path` beside QuickBooks Desktop: the same actions of core, read from the file's own ledger.

The mapping is that of `whole_path`, so that a worked entry is the same accounts in both books. Two things are
Desktop's own: sales tax needs an item of its rate, and a job stands in the ledger as `customer:job`.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Customer, Invoice, Job, Vendor
from blueops_qb.engine import due
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.demo.chart import Rules
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.house import TENANT
from tests.both_books_statement import Line, desktop_statement
from tests.desktop_house import ADMIN, DesktopHouse, desktop_house
from tests.whole_path import ACCOUNTS, CODES, DAY, SITE, SOLD

#: Seconds within which everything has travelled, session after session.
PATIENCE = 120.0
#: Whose rate the invoices of the trades are taxed by, and the sales tax item of the file that has it.
TAX_KEY, TAX_ITEM = "reno", "County 7%"
CLASSES = {
    "service": "Service",
    "install": "Install",
    "commercial": "Commercial",
    "residential": "Residential",
}
#: Items: family and key -> name, no longer than 31 characters.
_WORDS = {Family.SERVICE: "Work", Family.MATERIAL_SOLD: "Goods", Family.FEE: "Fee", Family.COST_CODE: "Code"}
ITEMS = {
    (family, key): f"{_WORDS[family]} {key}"
    for family, key in (*SOLD, *((Family.COST_CODE, code) for code in CODES))
}
RULES: Rules = {
    **{key: ("item", name) for key, name in ITEMS.items()},
    **{key: ("account", number) for key, number in ACCOUNTS.items()},
    **{(Family.CLASS, key): ("class_", name) for key, name in CLASSES.items()},
    (Family.TAX, TAX_KEY): ("tax_code", TAX_ITEM),
}


class TradesFile(Desktop):
    """A company file with an item for each thing that is sold and for each cost code."""

    rules = RULES

    def prepare(self) -> None:
        accounts = {**SOLD, **{(Family.COST_CODE, code): number for code, number in CODES.items()}}
        for key, number in accounts.items():
            self.enter(
                "ItemService",
                f"<Name>{ITEMS[key]}</Name><SalesTaxCodeRef><FullName>Non</FullName></SalesTaxCodeRef>"
                f"<SalesOrPurchase><AccountRef><ListID>{self.account(number)}</ListID></AccountRef></SalesOrPurchase>",
            )
        self.enter("Class", "<Name>Residential</Name>")

    def account(self, number: str) -> str:
        """The id of an account."""
        found = self.all_of("Account").items()
        (id,) = (id for id, raw in found if raw.findtext("AccountNumber") == number)
        return id


@attrs.define(kw_only=True)
class TradesDesktop:
    """Everything that runs between somebody's click in core and the ledger of the company file."""

    house: DesktopHouse
    file: TradesFile
    _names: int = 0

    @contextlib.contextmanager
    def work(self) -> Iterator[Any]:
        """A transaction of core, as its pages would open it."""
        with self.house.house.core.begin(TENANT, actor=ADMIN) as tx:
            yield tx

    # -- running -----------------------------------------------------------------------------------
    def settle(self) -> None:
        """One session after the other until everything has travelled; nobody may be asked anything."""
        give_up_at = time.monotonic() + PATIENCE
        self.house.session()
        while states := self.house.states():
            waits = time.monotonic() < give_up_at and not states.keys() & {
                "held",
                "needs_decision",
                "conflict",
            }
            assert waits, self.house.reasons()
            self.house.session()
        assert not self.house.asked(), self.house.asked()

    def look(self) -> None:
        """Read what moved in the books, and let what follows travel."""
        with self.house.house.turn() as turn:
            due.hurry(turn)
        self.house.session()
        self.settle()

    @contextlib.contextmanager
    def step(self) -> Iterator[list[dict[str, Any]]]:
        """What the block and everything that it set going changed in the ledger, as `WholePath.step` tells it.

        `customer` is the full name of the customer or job, `class` the name of the class.
        """
        before = self.lines()
        changed: list[dict[str, Any]] = []
        yield changed
        self.settle()
        sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for sign, lines in ((1, self.lines()), (-1, before)):
            for line in lines:
                sums[line.account, line.customer, line.class_name] += sign * line.amount
        changed += [
            {"account": account, "customer": customer, "class": class_, "amount": amount}
            for (account, customer, class_), amount in sums.items()
            if amount
        ]

    def lines(self) -> tuple[Line, ...]:
        """The ledger of the company file; it balances."""
        lines = desktop_statement(self.file, today=self.house.office.today).lines
        assert not sum(line.amount for line in lines)
        return lines

    # -- our side ----------------------------------------------------------------------------------
    def party(self) -> tuple[Customer, Job]:
        """A new customer with one job in Reno."""
        self._names += 1
        with self.work() as tx:
            customer: Customer = tx.create_customer(Customer(id="", name=f"Ada Hill {self._names}"))
        return customer, self.job(customer)

    def job(self, customer: Customer, **fields: Any) -> Job:
        """One more job of a customer."""
        self._names += 1
        with self.work() as tx:
            found: Job = tx.create_job(
                Job(id="", customer_id=customer.id, name=f"Kitchen {self._names}", site=SITE, **fields)
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
            customer_id=job.customer_id, job_id=job.id, issue_date=DAY, lines=list(lines), **fields
        )
        with self.work() as tx:
            found: Invoice = tx.raise_invoice(draft)
        return found


def place(customer: Customer, job: Job) -> str:
    """Where a job stands in the ledger."""
    return f"{customer.name}:{job.name}"


@contextlib.contextmanager
def trades_desktop(folder: Path) -> Iterator[TradesDesktop]:
    """Connected, mapped, nothing pending; one in a process at a time."""
    file = TradesFile()
    with desktop_house(f"sqlite:///{folder / 'trades.db'}", file) as house:
        found = TradesDesktop(house=house, file=file)
        found.settle()
        yield found
