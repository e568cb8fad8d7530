"""Documents of a plumbing company whose references exist in the seeded twin of QuickBooks Online."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    Bill,
    CustomerPayment,
    CustomerRecord,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    Side,
    VendorRecord,
)
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef

TODAY = dt.date.today()  # the seeded company has no closing date and the tests look at no date


def ref(kind: BooksKind, id: str) -> BooksRef:
    return BooksRef(kind, id)


def account(id: str) -> BooksRef:
    return BooksRef(BooksKind.ACCOUNT, id)


CUSTOMER, JOB, VENDOR = (
    ref(BooksKind.CUSTOMER, "2"),
    ref(BooksKind.CUSTOMER, "26"),
    ref(BooksKind.VENDOR, "34"),
)
REPAIR, PIPE, CLASS = ref(BooksKind.ITEM, "1"), ref(BooksKind.ITEM, "6"), ref(BooksKind.CLASS, "1")
INVOICE = SalesInvoice(
    customer=JOB,
    date=TODAY,
    number="BO-1",
    lines=(
        SalesLine(
            item=REPAIR, description="Repair", quantity=D("2.5"), unit_price=D(129), amount=D("322.50")
        ),
        SalesLine(
            item=PIPE,
            description="Kit",
            quantity=D(3),
            unit_price=D("18.95"),
            amount=D("56.85"),
            taxable=True,
            class_=CLASS,
        ),
        SalesLine(item=REPAIR, description="Discount", amount=D("-32.25")),
        SalesLine(description="Thank you"),
    ),
    tax=D("4.69"),
    tax_code=ref(BooksKind.TAX_CODE, "1"),
    total=D("351.79"),
    location=ref(BooksKind.LOCATION, "1"),
    shipping=Address(line1="1 Pump St", city="Reno", state="NV", postal_code="89501"),
    memo="Leak under the sink",
)
COST = PurchaseLine(
    account=account("48"), description="Copper pipe", amount=D("64.20"), customer=JOB, class_=CLASS
)
ITEM_COST = PurchaseLine(item=PIPE, description="Kits", quantity=D(3), unit_cost=D("9.40"), amount=D("28.20"))
DOCUMENTS: dict[str, Any] = {
    "customer": CustomerRecord(
        name="Hill, Ada",
        given_name="Ada",
        family_name="Hill",
        email="ada@example.com",
        phone="775-555-0101",
        billing=Address(line1="1 Pump St", city="Reno", state="NV", postal_code="89501"),
    ),
    "job": CustomerRecord(name="Hill Boiler", parent=CUSTOMER),
    "vendor": VendorRecord(name="Peak Supply", account_number="A-17", is_1099=True),
    "invoice": INVOICE,
    "discounted": attrs.evolve(
        INVOICE, number="BO-2", discount=D("10.00"), discount_account=account("41"), total=D("341.79")
    ),
    "payment": CustomerPayment(
        customer=CUSTOMER,
        date=TODAY,
        amount=D("39.21"),
        method=ref(BooksKind.PAYMENT_METHOD, "2"),
        reference="pi_3NabcdefghijklmnopqrstuvwX",
        deposit_to=account("4"),
        memo="Advance",
    ),
    "bill": Bill(
        vendor=VENDOR,
        date=TODAY,
        number="INV-77",
        ap_account=account("15"),
        lines=(COST, ITEM_COST),
        total=D("92.40"),
        location=ref(BooksKind.LOCATION, "2"),
    ),
    "card": ExpenseDocument(
        paid_by=PaidBy.CARD, account=account("16"), date=TODAY, payee=VENDOR, lines=(COST,), total=D("64.20")
    ),
    "refund": ExpenseDocument(
        paid_by=PaidBy.CARD, account=account("16"), date=TODAY, lines=(COST,), total=D("64.20"), refund=True
    ),
    "check": ExpenseDocument(
        paid_by=PaidBy.CHECK,
        account=account("1"),
        date=TODAY,
        number="4711",
        lines=(ITEM_COST,),
        total=D("28.20"),
    ),
    "journal": JournalEntry(
        date=TODAY,
        lines=(
            JournalLine(
                side=Side.DEBIT, account=account("48"), amount=D("33.00"), customer=JOB, class_=CLASS
            ),
            JournalLine(side=Side.CREDIT, account=account("19"), amount=D("33.00"), description="Use tax"),
        ),
        memo="Use tax on 400.00",
    ),
}
