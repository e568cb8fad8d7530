"""How python-quickbooks makes and changes a record of every entity: the rows of the twin's matrix."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import attrs
from quickbooks.objects.account import Account
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import BillPayment
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.department import Department
from quickbooks.objects.deposit import Deposit
from quickbooks.objects.employee import Employee
from quickbooks.objects.estimate import Estimate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import JournalEntry
from quickbooks.objects.payment import Payment
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.purchaseorder import PurchaseOrder
from quickbooks.objects.refundreceipt import RefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.vendor import Vendor
from quickbooks.objects.vendorcredit import VendorCredit

from blueops_qb.sandbox.qbo.currencies import CURRENCIES

Json = dict[str, Any]
#: where several currencies are on, every transaction says its own
IN_DOLLARS: Json = {"CurrencyRef": {"value": "USD"}}
_NUMBERS = itertools.count(1)
_CODES = iter(sorted(CURRENCIES.keys() - {"USD"}))


@attrs.frozen(kw_only=True)
class Books:
    """A client, and ids of the company it works in that bodies point to."""

    qb: Any
    customer: str
    vendor: str
    item: str
    goods: str
    accounts: dict[str, str]  #: account number -> id

    def account(self, number: str) -> Json:
        return {"value": self.accounts[number]}


@attrs.frozen(kw_only=True)
class Row:
    """One entity: how a record of it is made and changed, and which cells it has."""

    kind: Any
    body: Callable[[Books, str], Json]  #: a new body; the text is unique
    change: tuple[str, Any]
    named_by: str = ""  #: the member that must be unique
    taken: int = 6240  #: the code of a name or number that is taken
    listed: bool = False  #: made inactive, never deleted
    voidable: bool = False

    @property
    def name(self) -> str:
        return str(self.kind.qbo_object_name)


def ref(identity: str) -> Json:
    return {"value": identity}


def sale(books: Books, text: str) -> Json:
    detail = {"ItemRef": ref(books.item)}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": detail}
    return {"CustomerRef": ref(books.customer), "DocNumber": text, "Line": [line], **IN_DOLLARS}


def cost(books: Books, text: str) -> Json:
    detail = {"AccountRef": books.account("5010"), "BillableStatus": "NotBillable"}
    line = {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": 40.25,
        "AccountBasedExpenseLineDetail": detail,
    }
    return {"VendorRef": ref(books.vendor), "DocNumber": text, "Line": [line], **IN_DOLLARS}


def order(books: Books, text: str) -> Json:
    detail = {"ItemRef": ref(books.goods), "Qty": 2, "UnitPrice": 20}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": 40, "ItemBasedExpenseLineDetail": detail}
    return {**cost(books, text), "Line": [line]}


def refund(books: Books, text: str) -> Json:
    return {**sale(books, text), "DepositToAccountRef": books.account("1000")}


def purchase(books: Books, text: str) -> Json:
    body = cost(books, text)
    payee = {**body.pop("VendorRef"), "type": "Vendor"}
    return {**body, "PaymentType": "Check", "AccountRef": books.account("1000"), "EntityRef": payee}


def bill_payment(books: Books, text: str) -> Json:
    bill = Bill.from_json(cost(books, f"B{text}")).save(qb=books.qb)
    line = {"Amount": 40.25, "LinkedTxn": [{"TxnId": bill.Id, "TxnType": "Bill"}]}
    head = {
        "VendorRef": ref(books.vendor),
        "PayType": "Check",
        "TotalAmt": 40.25,
        "DocNumber": text,
        **IN_DOLLARS,
    }
    return {**head, "CheckPayment": {"BankAccountRef": books.account("1000")}, "Line": [line]}


def journal(books: Books, text: str) -> Json:
    lines = [
        {
            "Amount": 10,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": books.account(number)},
        }
        for side, number in (("Debit", "5010"), ("Credit", "1000"))
    ]
    return {"DocNumber": text, "Line": lines, **IN_DOLLARS}


def deposit(books: Books, text: str) -> Json:
    detail = {"AccountRef": books.account("4010"), "CheckNum": text}
    line = {"Amount": 12.5, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
    return {"DepositToAccountRef": books.account("1000"), "Line": [line], **IN_DOLLARS}


def payment(books: Books, text: str) -> Json:
    del text
    return {"CustomerRef": ref(books.customer), "TotalAmt": 25, "ProcessPayment": False, **IN_DOLLARS}


def currency(books: Books, text: str) -> Json:
    del books, text
    return {"Code": next(_CODES)}


def named(**members: Any) -> Callable[[Books, str], Json]:
    return lambda _books, text: {"Name": text, **members}


def shown(books: Books, text: str) -> Json:
    del books
    return {"DisplayName": text, "GivenName": text, "FamilyName": "Okafor"}


def service(books: Books, text: str) -> Json:
    return {"Name": text, "Type": "Service", "IncomeAccountRef": books.account("4010")}


NOTE = ("PrivateNote", "for the shop")
LISTS = [
    Row(kind=Customer, body=shown, change=("Notes", "Gate 17"), named_by="DisplayName", listed=True),
    Row(kind=Vendor, body=shown, change=("AcctNum", "V-9"), named_by="DisplayName", listed=True),
    Row(kind=Employee, body=shown, change=("EmployeeNumber", "9"), named_by="DisplayName", listed=True),
    Row(
        kind=Account,
        body=named(AccountType="Expense", AccountSubType="Travel"),
        change=("Description", "Trips"),
        named_by="Name",
        listed=True,
    ),
    Row(kind=Item, body=service, change=("Description", "Work"), named_by="Name", listed=True),
    Row(kind=Class, body=named(), change=("Name", ""), named_by="Name", listed=True),
    Row(kind=Department, body=named(), change=("Name", ""), named_by="Name", listed=True),
    Row(kind=Term, body=named(DueDays=21), change=("DueDays", 22), named_by="Name", listed=True),
    Row(kind=PaymentMethod, body=named(), change=("Type", "CREDIT_CARD"), named_by="Name", listed=True),
    Row(
        kind=CompanyCurrency, body=currency, change=("Name", "Money"), named_by="Code", taken=630, listed=True
    ),
]
TXNS = [
    Row(kind=Estimate, body=sale, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=Invoice, body=sale, change=NOTE, named_by="DocNumber", taken=6140, voidable=True),
    Row(kind=CreditMemo, body=sale, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=SalesReceipt, body=sale, change=NOTE, named_by="DocNumber", taken=6140, voidable=True),
    Row(kind=RefundReceipt, body=refund, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=Payment, body=payment, change=NOTE, voidable=True),
    Row(kind=Bill, body=cost, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=VendorCredit, body=cost, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=BillPayment, body=bill_payment, change=NOTE, named_by="DocNumber", taken=6140, voidable=True),
    Row(kind=Purchase, body=purchase, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=PurchaseOrder, body=order, change=("Memo", "Deliver to the yard")),
    Row(kind=JournalEntry, body=journal, change=NOTE, named_by="DocNumber", taken=6140),
    Row(kind=Deposit, body=deposit, change=NOTE),
]
NOTES = Row(kind=Attachable, body=lambda _books, text: {"Note": text}, change=("Note", "Changed"))
ROWS = [*LISTS, *TXNS, NOTES]


def fresh(row: Row, books: Books) -> Any:
    """A record that is not saved yet."""
    return row.kind.from_json(row.body(books, f"{row.name[:9]} {next(_NUMBERS)}"))
