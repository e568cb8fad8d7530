"""The same company in both kinds of books: the demo's day and some months more, through the whole engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Protocol
from xml.sax.saxutils import escape

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Expense
from blueops_qb.engine import census, rules_desk
from blueops_qb.engine.outbox import END_STATES
from blueops_qb.sandbox.demo.chart import Rules, rules_for
from blueops_qb.sandbox.demo.day import ADMIN, Day
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.desktop_chart import DESKTOP_RULES, LINE_DISCOUNT
from blueops_qb.sandbox.demo.house import TENANT, DemoHouse, demo_house
from blueops_qb.sandbox.demo.theirs import Online
from blueops_qb.sandbox.soak.chart import ITEMS, RULES
from tests.both_books_statement import Statement, desktop_statement, online_statement
from tests.both_books_stream import STOCKED, Months

#: A stage that takes longer is stuck.
SECONDS = 300.0
#: A cent or two that Desktop's own tax differs by is posted as rounding.
TAX_GAP = Decimal("0.05")
#: A stock item, bought twice at different prices before BlueOps comes: (quantity, price).
STOCK = "Shower Valve"
BOUGHT = ((10, "20.00"), (10, "30.00"))
STOCK_VENDOR = "Valve Wholesale"

ONLINE: Rules = {
    **RULES,
    (Family.FEE, "rounding"): ("item", "Rounding"),
    (Family.MATERIAL_SOLD, STOCKED): ("item", STOCK),
}
DESKTOP: Rules = {
    **{key: DESKTOP_RULES.get(key, target) for key, target in ONLINE.items() if key[0] is not Family.BRANCH},
    (Family.EXPENSE, "fuel"): ("account", "6050"),
    (Family.EXPENSE, "tools"): ("account", "6600"),
    (Family.FEE, "discount"): ("item", LINE_DISCOUNT),
    (Family.FEE, "nsf"): ("item", "Late Fee"),
    (Family.FEE, "cancellation"): ("item", "Late Fee"),
    # Four authorities, each of which rounds its own part.
    (Family.TAX, "ca_county"): ("tax_code", "District 8.25%"),
}


@attrs.frozen(kw_only=True)
class Ran:
    """One run: the books' statement, and what is not settled in BlueOps."""

    statement: Statement
    open_matters: tuple[str, ...]


class Books(Protocol):
    """One kind of books with somebody who works in them."""

    @property
    def theirs(self) -> Online | Desktop:
        """The twin."""

    @property
    def rules(self) -> Rules:
        """Where everything belongs in it."""

    def prepare(self, day: str) -> None:
        """Items and stock that the company has before BlueOps comes."""

    def pay_bill(self, bill: Expense) -> None:
        """Pay a bill of BlueOps by a check."""

    def take_credit(self, vendor: str, amount: Decimal, day: str) -> None:
        """A vendor credits something."""

    def statement(self, months: Months) -> Statement:
        """What the books come to now."""


@attrs.define
class OnlineBooks:
    """QuickBooks Online's twin, worked in over HTTP."""

    theirs: Online = attrs.field(factory=lambda: Online(seed="empty"))
    rules: Rules = attrs.field(default=ONLINE)

    def prepare(self, day: str) -> None:
        books = self.theirs.bookkeeper
        known = {str(raw["Name"]) for raw in books.find("Item")}
        for name, number in ITEMS.items():
            if name not in known:
                books.enter(
                    "Item", {"Name": name, "Type": "Service", "IncomeAccountRef": books.account(number)}
                )
        stock = books.enter(
            "Item",
            {
                "Name": STOCK,
                "Type": "Inventory",
                "TrackQtyOnHand": True,
                "QtyOnHand": 0,
                "InvStartDate": day,
                "IncomeAccountRef": books.account("4110"),
                "ExpenseAccountRef": books.account("5020"),
                "AssetAccountRef": books.account("1200"),
            },
        )
        vendor = books.enter("Vendor", {"DisplayName": STOCK_VENDOR})
        for quantity, price in BOUGHT:
            detail = {"ItemRef": {"value": stock["Id"]}, "Qty": quantity, "UnitPrice": Decimal(price)}
            line = {
                "DetailType": "ItemBasedExpenseLineDetail",
                "Amount": quantity * Decimal(price),
                "ItemBasedExpenseLineDetail": detail,
            }
            books.enter("Bill", {"VendorRef": {"value": vendor["Id"]}, "TxnDate": day, "Line": [line]})

    def pay_bill(self, bill: Expense) -> None:
        books = self.theirs.bookkeeper
        there = books.the("Bill", DocNumber=bill.vendor_invoice_number)
        books.enter(
            "BillPayment",
            {
                "VendorRef": there["VendorRef"],
                "PayType": "Check",
                "CheckPayment": {"BankAccountRef": books.account("1000")},
                "TotalAmt": bill.total,
                "Line": [{"Amount": bill.total, "LinkedTxn": [{"TxnId": there["Id"], "TxnType": "Bill"}]}],
            },
        )

    def take_credit(self, vendor: str, amount: Decimal, day: str) -> None:
        books = self.theirs.bookkeeper
        line = {
            "DetailType": "AccountBasedExpenseLineDetail",
            "Amount": amount,
            "AccountBasedExpenseLineDetail": {"AccountRef": books.account("5290")},
        }
        there = books.the("Vendor", DisplayName=vendor)
        books.enter("VendorCredit", {"VendorRef": {"value": there["Id"]}, "TxnDate": day, "Line": [line]})

    def statement(self, months: Months) -> Statement:
        return online_statement(self.theirs, today=months.today)


@attrs.define
class DesktopBooks:
    """QuickBooks Desktop's twin, worked in in its own window."""

    theirs: Desktop = attrs.field(factory=Desktop)
    rules: Rules = attrs.field(default=DESKTOP)

    def prepare(self, day: str) -> None:
        books = self.theirs
        for number, name in (("6050", "Truck Fuel"), ("6600", "Small Tools")):
            account = f"<Name>{name}</Name><AccountType>Expense</AccountType><AccountNumber>{number}</AccountNumber>"
            books.enter("Account", account)
        known = {raw.findtext("Name") for raw in books.all_of("Item").values()}
        for name, number in ITEMS.items():
            if name not in known:
                sold = f"<SalesOrPurchase>{self._account('Account', number)}</SalesOrPurchase>"
                code = "<SalesTaxCodeRef><FullName>Non</FullName></SalesTaxCodeRef>"
                books.enter("ItemOtherCharge", f"<Name>{name}</Name>{code}{sold}")
        stock = books.enter(
            "ItemInventory",
            f"<Name>{STOCK}</Name><SalesTaxCodeRef><FullName>Tax</FullName></SalesTaxCodeRef>"
            f"{self._account('IncomeAccount', '4110')}{self._account('COGSAccount', '5020')}"
            f"{self._account('AssetAccount', '1200')}",
        )
        vendor = books.enter("Vendor", f"<Name>{STOCK_VENDOR}</Name>")
        for quantity, price in BOUGHT:
            line = f"<ItemRef><ListID>{stock}</ListID></ItemRef><Quantity>{quantity}</Quantity><Cost>{price}</Cost>"
            books.enter(
                "Bill",
                f"<VendorRef><ListID>{vendor}</ListID></VendorRef><TxnDate>{day}</TxnDate>"
                f"<ItemLineAdd>{line}</ItemLineAdd>",
            )

    def pay_bill(self, bill: Expense) -> None:
        bills = self.theirs.all_of("Bill").items()
        (there,) = (raw for _, raw in bills if raw.findtext("RefNumber") == bill.vendor_invoice_number)
        self.theirs.enter(
            "BillPaymentCheck",
            f"<PayeeEntityRef><ListID>{there.findtext('VendorRef/ListID')}</ListID></PayeeEntityRef>"
            f"{self._account('BankAccount', '1000')}<RefNumber>101</RefNumber>"
            f"<AppliedToTxnAdd><TxnID>{there.findtext('TxnID')}</TxnID><PaymentAmount>{bill.total}</PaymentAmount></AppliedToTxnAdd>",
        )

    def take_credit(self, vendor: str, amount: Decimal, day: str) -> None:
        line = f"{self._account('Account', '5290')}<Amount>{amount}</Amount>"
        self.theirs.enter(
            "VendorCredit",
            f"<VendorRef><FullName>{escape(vendor)}</FullName></VendorRef><TxnDate>{day}</TxnDate>"
            f"<ExpenseLineAdd>{line}</ExpenseLineAdd>",
        )

    def statement(self, months: Months) -> Statement:
        return desktop_statement(self.theirs, today=months.today)

    def _account(self, name: str, number: str) -> str:
        accounts = self.theirs.all_of("Account").items()
        (id,) = (id for id, raw in accounts if raw.findtext("AccountNumber") == number)
        return f"<{name}Ref><ListID>{id}</ListID></{name}Ref>"


def ran(books: Books, url: str, *, seed: int) -> Ran:
    """The day, the months, and what the bookkeeper does meanwhile."""
    with _house(books, url) as house:
        day = Day(house, seed=seed, tell=_quietly)
        months = Months(house.core, TENANT, seed=seed)
        day.open_the_books()
        opening = books.statement(months)
        books.prepare(months.today.isoformat())
        day.open_the_office()
        day.play()
        _learn(house, books.rules)
        for stage in months.stages:
            house.give_up_at = time.monotonic() + SECONDS
            stage()
            house.settle(stage.__name__)
        _keep_books(house, books, months)
        statement = books.statement(months).since(opening)
        return Ran(statement=statement, open_matters=tuple(_open_matters(house)))


def _keep_books(house: DemoHouse, books: Books, months: Months) -> None:
    """The bookkeeper pays a bill and enters what a vendor credits; BlueOps may know of neither."""
    bill = months.expenses["cost 8"]
    names = {vendor.id: vendor.name for vendor in months.vendors}
    assert bill.vendor_id is not None
    books.pay_bill(bill)
    books.take_credit(names[bill.vendor_id], Decimal("31.40"), months.today.isoformat())
    house.settle("the bookkeeper's work")


@contextmanager
def _house(books: Books, url: str) -> Iterator[DemoHouse]:
    with (
        pytest.MonkeyPatch.context() as patch,
        demo_house(db_url=url, port=0, books="empty", seconds=SECONDS, theirs=books.theirs) as house,
    ):
        patch.delenv("BLUEOPS_QB_RUNNER", raising=False)
        yield house


def _learn(house: DemoHouse, rules: Rules) -> None:
    """The rest of the mapping, and what is done about a tax that the books round otherwise."""
    with house.turn() as turn:
        rules_desk.change_mapping(turn, rules_for(turn.catalog, rules, table=rules), actor=ADMIN)
        rules_desk.change_policy(turn, attrs.evolve(turn.policy, tax_gap=TAX_GAP), actor=ADMIN)


def _open_matters(house: DemoHouse) -> list[str]:
    with house.core.engine.connect() as connection:
        lines = [line for _, line in census.lines(connection, TENANT, limit=10_000)]
    return [f"{x.ref} {x.state.value}: {x.reason} {x.remedy}" for x in lines if x.state not in END_STATES]


def _quietly(_: str) -> None:
    """The day is told nobody."""
