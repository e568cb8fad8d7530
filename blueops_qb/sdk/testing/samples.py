"""Samples: one document of every kind, on accounts and items of the books that are tried."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    Allocation,
    AttachedFile,
    BankDeposit,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    Document,
    Estimate,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    PurchaseOrder,
    RefundReceipt,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    Settled,
    Side,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import BooksRecord

DAY = dt.date(2026, 3, 2)
PRICE = Decimal("129.50")
#: The content of an attachment; not a picture that anybody could open.
PICTURE = b"\x89PNG\r\n\x1a\n kit"


@attrs.frozen(kw_only=True)
class Places:
    """What the samples post to: an item for sale, an expense, a bank account, and where checks wait."""

    item: BooksRef
    expense: BooksRef
    bank: BooksRef
    undeposited: BooksRef
    #: What an order to a vendor is for, in books that order items only; None = orders name the expense account.
    bought: BooksRef | None = None

    @classmethod
    def anywhere(cls) -> Places:
        """Made-up ids, for what never reaches the books."""
        account, item = BooksKind.ACCOUNT, BooksRef(BooksKind.ITEM, "1")
        return cls(
            item=item,
            expense=BooksRef(account, "2"),
            bank=BooksRef(account, "3"),
            undeposited=BooksRef(account, "4"),
        )

    @classmethod
    def among(cls, catalog: Iterable[BooksRecord]) -> Places:
        """Fitting ones in a catalog, by `account_type` and name; raises LookupError that names what lacks."""
        active = [record for record in catalog if record.active]
        accounts = [record for record in active if record.kind is BooksKind.ACCOUNT]
        items = [record for record in active if record.kind is BooksKind.ITEM]
        waiting = [record for record in accounts if "undeposited" in record.name.casefold()]
        sold = [item for item in items if item.facts.get("income_account")]
        plain = [item for item in sold if item.facts.get("item_type", "").casefold() != "inventory"]
        return cls(
            item=_first(plain or sold, "an item with an income account"),
            expense=_first(_typed(accounts, "expense"), "an account of the type expense"),
            bank=_first(
                [account for account in _typed(accounts, "bank") if account not in waiting],
                "an account of the type bank",
            ),
            undeposited=_first(waiting, "an account named undeposited funds"),
        )


def _typed(accounts: Iterable[BooksRecord], type_: str) -> list[BooksRecord]:
    return [account for account in accounts if account.facts.get("account_type", "").casefold() == type_]


def _first(records: list[BooksRecord], what: str) -> BooksRef:
    if not records:
        raise LookupError(f"the catalog has no {what}; give the kit `places` of these books")
    return records[0].ref


@attrs.frozen(kw_only=True)
class World:
    """What a sample may name: places, and the records that were written before it. `tag` is in every name."""

    places: Places
    tag: str
    there: Mapping[Feature, BooksRef] = attrs.field(factory=dict)

    def ref(self, feature: Feature, kind: BooksKind) -> BooksRef:
        """A record that was written before, else a made-up one."""
        return self.there.get(feature, BooksRef(kind, "9"))

    @property
    def customer(self) -> BooksRef:
        return self.ref(Feature.CUSTOMERS, BooksKind.CUSTOMER)


def _address(street: str) -> Address:
    return Address(line1=street, city="Reno", state="NV", postal_code="89501")


def customer(world: World) -> CustomerRecord:
    """A customer with everything that is common."""
    return CustomerRecord(
        name=f"Ada Hill {world.tag}",
        company="Hill & Daughters",
        given_name="Ada",
        family_name="Hill",
        email="ada@example.com",
        phone="(415) 555-2671",
        billing=_address("1 Pump St"),
    )


def job(world: World) -> CustomerRecord:
    """A job of the customer."""
    return CustomerRecord(name=f"Kitchen {world.tag}", parent=world.customer, shipping=_address("2 Site Rd"))


def vendor(world: World) -> VendorRecord:
    """A supplier."""
    return VendorRecord(
        name=f"Copper Supply {world.tag}",
        company="Copper Supply Inc",
        email="sales@example.com",
        phone="(415) 555-0101",
        address=_address("3 Pipe Ave"),
    )


def _sold(world: World) -> tuple[SalesLine, ...]:
    return (
        SalesLine(
            item=world.places.item,
            description="Repair",
            quantity=Decimal("2.5"),
            unit_price=PRICE,
            amount=Decimal("323.75"),
        ),
        SalesLine(
            item=world.places.item,
            description="Service call",
            quantity=Decimal(1),
            unit_price=Decimal("59.00"),
            amount=Decimal("59.00"),
        ),
    )


def invoice(world: World) -> SalesInvoice:
    """Two lines, one of them with a quantity, without tax."""
    return SalesInvoice(
        customer=world.customer,
        date=DAY,
        due_date=DAY + dt.timedelta(days=30),
        number=f"K-{world.tag}",
        lines=_sold(world),
        tax=ZERO,
        total=Decimal("382.75"),
        memo="Thank you.",
    )


def payment(world: World) -> CustomerPayment:
    """A check for a part of the invoice, and a rest that stays open."""
    part = Allocation(invoice=world.ref(Feature.INVOICES, BooksKind.INVOICE), amount=Decimal("100.00"))
    return CustomerPayment(
        customer=world.customer,
        date=DAY,
        amount=Decimal("120.00"),
        allocations=(part,),
        reference="4711",
        deposit_to=world.places.undeposited,
    )


def _cost(world: World, amount: str) -> PurchaseLine:
    return PurchaseLine(
        account=world.places.expense,
        description="Pipe",
        amount=Decimal(amount),
        customer=world.there.get(Feature.JOBS) or world.there.get(Feature.CUSTOMERS),
    )


def bill(world: World) -> Bill:
    """A bill over two lines."""
    return Bill(
        vendor=world.ref(Feature.VENDORS, BooksKind.VENDOR),
        date=DAY,
        due_date=DAY + dt.timedelta(days=30),
        number=f"B-{world.tag}",
        lines=(_cost(world, "80.10"), _cost(world, "19.90")),
        total=Decimal("100.00"),
    )


def expense(world: World) -> ExpenseDocument:
    """Money from the bank account."""
    return ExpenseDocument(
        paid_by=PaidBy.CASH,
        account=world.places.bank,
        date=DAY,
        payee=world.there.get(Feature.VENDORS),
        lines=(_cost(world, "86.40"),),
        total=Decimal("86.40"),
    )


def journal(world: World) -> JournalEntry:
    """An entry of two lines."""
    amount = Decimal("42.00")
    return JournalEntry(
        date=DAY,
        number=f"J-{world.tag}",
        lines=(
            JournalLine(side=Side.DEBIT, account=world.places.expense, amount=amount),
            JournalLine(side=Side.CREDIT, account=world.places.bank, amount=amount),
        ),
    )


def deposit(world: World) -> BankDeposit:
    """The check reaches the bank."""
    line = DepositLine(payment=world.ref(Feature.PAYMENTS, BooksKind.PAYMENT), amount=Decimal("120.00"))
    return BankDeposit(account=world.places.bank, date=DAY, lines=(line,), total=Decimal("120.00"))


def estimate(world: World) -> Estimate:
    """What the invoice would be, offered for a month."""
    return Estimate(
        customer=world.customer,
        date=DAY,
        expires=DAY + dt.timedelta(days=30),
        number=f"E-{world.tag}",
        lines=_sold(world),
        tax=ZERO,
        total=Decimal("382.75"),
    )


def credit_memo(world: World) -> CreditMemo:
    """The service call, given back as a credit."""
    line = _sold(world)[1]
    return CreditMemo(
        customer=world.customer,
        date=DAY,
        number=f"C-{world.tag}",
        lines=(line,),
        tax=ZERO,
        total=line.amount,
    )


def sales_receipt(world: World) -> SalesReceipt:
    """The same sale, paid at once."""
    return SalesReceipt(
        customer=world.customer,
        date=DAY,
        number=f"S-{world.tag}",
        lines=_sold(world),
        tax=ZERO,
        total=Decimal("382.75"),
        reference="4712",
        deposit_to=world.places.undeposited,
    )


def refund_receipt(world: World) -> RefundReceipt:
    """The service call, paid back from the bank."""
    line = _sold(world)[1]
    return RefundReceipt(
        customer=world.customer,
        date=DAY,
        number=f"R-{world.tag}",
        lines=(line,),
        tax=ZERO,
        total=line.amount,
        paid_from=world.places.bank,
    )


def vendor_credit(world: World) -> VendorCredit:
    """A part of the bill, credited."""
    return VendorCredit(
        vendor=world.ref(Feature.VENDORS, BooksKind.VENDOR),
        date=DAY,
        number=f"VC-{world.tag}",
        lines=(_cost(world, "19.90"),),
        total=Decimal("19.90"),
    )


def _ordered(world: World, amount: str) -> PurchaseLine:
    line = _cost(world, amount)
    bought = world.places.bought
    return line if bought is None else attrs.evolve(line, account=None, item=bought)


def purchase_order(world: World) -> PurchaseOrder:
    """What the bill will be for."""
    return PurchaseOrder(
        vendor=world.ref(Feature.VENDORS, BooksKind.VENDOR),
        date=DAY,
        number=f"PO-{world.tag}",
        lines=(_ordered(world, "80.10"), _ordered(world, "19.90")),
        total=Decimal("100.00"),
    )


def bill_payment(world: World) -> BillPayment:
    """A check for a part of the bill."""
    part = Settled(document=world.ref(Feature.BILLS, BooksKind.BILL), amount=Decimal("60.00"))
    return BillPayment(
        vendor=world.ref(Feature.VENDORS, BooksKind.VENDOR),
        date=DAY,
        number=world.tag[:8],
        amount=Decimal("60.00"),
        settles=(part,),
        paid_by=PaidBy.CHECK,
        account=world.places.bank,
    )


#: Samples in an order in which each finds what it names.
def attachment(world: World) -> AttachedFile:
    """The receipt of the expense; its bytes are `PICTURE`."""
    return AttachedFile(
        to=world.ref(Feature.EXPENSES, BooksKind.EXPENSE),
        file_id="kit",
        filename=f"receipt-{world.tag}.png",
        content_type="image/png",
    )


def content_of(document: Document) -> bytes | None:
    """What is uploaded with a sample."""
    return PICTURE if isinstance(document, AttachedFile) else None


SAMPLES: Mapping[Feature, Callable[[World], Document]] = {
    Feature.CUSTOMERS: customer,
    Feature.JOBS: job,
    Feature.VENDORS: vendor,
    Feature.INVOICES: invoice,
    Feature.PAYMENTS: payment,
    Feature.BILLS: bill,
    Feature.EXPENSES: expense,
    Feature.JOURNALS: journal,
    Feature.DEPOSITS: deposit,
    Feature.ESTIMATES: estimate,
    Feature.CREDIT_MEMOS: credit_memo,
    Feature.SALES_RECEIPTS: sales_receipt,
    Feature.REFUND_RECEIPTS: refund_receipt,
    Feature.VENDOR_CREDITS: vendor_credit,
    Feature.PURCHASE_ORDERS: purchase_order,
    Feature.BILL_PAYMENTS: bill_payment,
    Feature.ATTACHMENTS: attachment,
}
#: What a sample names, and so what is written before it.
NEEDS: Mapping[Feature, tuple[Feature, ...]] = {
    Feature.JOBS: (Feature.CUSTOMERS,),
    Feature.INVOICES: (Feature.CUSTOMERS,),
    Feature.PAYMENTS: (Feature.CUSTOMERS, Feature.INVOICES),
    Feature.BILLS: (Feature.CUSTOMERS, Feature.JOBS, Feature.VENDORS),
    Feature.EXPENSES: (Feature.CUSTOMERS, Feature.JOBS, Feature.VENDORS),
    Feature.DEPOSITS: (Feature.CUSTOMERS, Feature.INVOICES, Feature.PAYMENTS),
    Feature.ESTIMATES: (Feature.CUSTOMERS,),
    Feature.CREDIT_MEMOS: (Feature.CUSTOMERS,),
    Feature.SALES_RECEIPTS: (Feature.CUSTOMERS,),
    Feature.REFUND_RECEIPTS: (Feature.CUSTOMERS,),
    Feature.VENDOR_CREDITS: (Feature.CUSTOMERS, Feature.JOBS, Feature.VENDORS),
    Feature.PURCHASE_ORDERS: (Feature.CUSTOMERS, Feature.JOBS, Feature.VENDORS),
    Feature.BILL_PAYMENTS: (Feature.CUSTOMERS, Feature.JOBS, Feature.VENDORS, Feature.BILLS),
    Feature.ATTACHMENTS: (Feature.CUSTOMERS, Feature.JOBS, Feature.VENDORS, Feature.EXPENSES),
}
