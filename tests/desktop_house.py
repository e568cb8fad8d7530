"""Core with the plugin, and a company file of QuickBooks Desktop that was connected and mapped, over real HTTP."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.engine import census, matching, rules_desk
from blueops_qb.engine.outbox import END_STATES, State
from blueops_qb.engine.turn import Turn
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.demo.chart import rules_for
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.house import TENANT, demo_house
from blueops_qb.sandbox.demo.office import Office
from blueops_qb.sandbox.qbd.connector import Connector, Mishaps, Outcome
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.store import tables as t

ADMIN = f"{TENANT}-admin"
_NUMBERS = itertools.count(1)


class House(Protocol):
    """Core, and the plugin where people decide."""

    @property
    def core(self) -> ReferenceCore: ...

    def turn(self) -> contextlib.AbstractContextManager[Turn]: ...


@attrs.define
class DesktopHouse:
    """The house; `session` is one visit of the Web Connector."""

    house: House
    desktop: Desktop
    office: Office
    #: Message sets that the newest session carried.
    sets: int = 0

    def session(self, mishaps: Mishaps | None = None, quickbooks: QuickBooks | None = None) -> Outcome:
        """One session; its message sets are counted from 1."""
        usual = self.desktop.connector
        assert usual is not None
        if quickbooks is not None:
            # Whatever happens to it, it shows our mark of the company to us.
            quickbooks.owner = usual.quickbooks.owner
        connector = Connector(
            service=usual.service,
            quickbooks=quickbooks or usual.quickbooks,
            user=usual.user,
            password=usual.password,
            mishaps=mishaps or Mishaps(),
            pause=0.05,
        )
        outcome = connector.run_session()
        self.sets = connector.sets
        return outcome

    def customers(self, count: int) -> list[Customer]:
        """New customers."""
        return [self.office.customer(f"Customer {next(_NUMBERS)}", street="1 Pump St") for _ in range(count)]

    def invoice(
        self, customer: Customer, what: str = "Supply lines replaced", job: str | None = None
    ) -> Invoice:
        """An invoice of one line."""
        line = self.office.service("repair", what, "129.00")
        return self.office.invoice(
            InvoiceDraft(customer_id=customer.id, job_id=job, lines=[line], issue_date=self.office.today)
        )

    def paid(self, invoice: Invoice) -> None:
        """A check for the invoice."""
        self.office.check_payment([invoice], f"C{next(_NUMBERS)}")

    def thirty_documents(self) -> None:
        """Ten customers, ten invoices, ten payments."""
        self.documents(10)

    def documents(self, count: int, *, unpaid: int = 0) -> None:
        """So many customers with an invoice each, and payments of all but so many of them."""
        for place, customer in enumerate(self.customers(count)):
            invoice = self.invoice(customer)
            if place >= unpaid:
                self.paid(invoice)

    def jobs(self, count: int) -> None:
        """Customers with a job of the same name each, and an invoice for it."""
        for customer in self.customers(count):
            job = self.office.job(customer, "Kitchen", street="1 Pump St", class_key="service")
            self.invoice(customer, job=job.id)

    def states(self) -> Counter[str]:
        """How many records are in which state, those that came to an end left out."""
        with self.house.core.engine.connect() as connection:
            counted = census.states(connection, TENANT)
        return Counter({s: n for s, n in counted.items() if n and State(s) not in END_STATES})

    def reasons(self) -> list[str]:
        """What is said of records that are not done."""
        with self.house.core.engine.connect() as connection:
            lines = [line for _, line in census.lines(connection, TENANT, limit=10_000)]
        return [f"{x.ref} {x.state.value}: {x.reason} {x.remedy}" for x in lines if x.state not in END_STATES]

    def asked(self) -> list[str]:
        """What people are asked to choose."""
        open_ = sa.select(t.conflicts.c.reason).where(t.conflicts.c.state == "open")
        with self.house.core.engine.connect() as connection:
            return list(connection.execute(open_).scalars())

    def held(self) -> dict[str, int]:
        """How many records of each kind the company file holds."""
        kinds = ("Customer", "Invoice", "ReceivePayment")
        return {kind: len(self.desktop.file.company.records[kind]) for kind in kinds}

    def twice(self) -> int:
        """How many documents the company file holds once too often."""
        return self.desktop.reader().duplicates()


@contextlib.contextmanager
def desktop_house(url: str, theirs: Desktop | None = None) -> Iterator[DesktopHouse]:
    """Connected, matched, mapped; nothing is pending. `theirs`: another company file than the usual one."""
    with (
        pytest.MonkeyPatch.context() as patch,
        demo_house(db_url=url, port=0, books="", theirs=theirs or Desktop()) as house,
    ):
        patch.delenv("BLUEOPS_QB_RUNNER", raising=False)
        desktop = house.theirs
        assert isinstance(desktop, Desktop)
        desktop.prepare()
        desktop.connect(house.base_url)
        desktop.come_by()
        with house.turn() as turn:
            matching.build(turn)
            matching.approve(turn, actor=ADMIN)
            rules_desk.change_mapping(
                turn, rules_for(turn.catalog, desktop.rules, table=desktop.rules), actor=ADMIN
            )
        yield DesktopHouse(house, desktop, Office(house.core, TENANT, random.Random(7)))


def sqlite_house(folder: Path) -> contextlib.AbstractContextManager[DesktopHouse]:
    """The same on a database of its own."""
    return desktop_house(f"sqlite:///{folder / 'desktop.db'}")
