"""The soak's own ledger of a company file: what documents do to accounts, read from the file's answers in qbXML.

It shares nothing with the product's effects nor with the twin's posting: each answer is interpreted anew
(reference/quickbooks-desktop.md section 4). `invariants` lays it beside what the twin has posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import ClassVar
from xml.etree import ElementTree

import attrs

from blueops_qb.sandbox.ledger import Ledger
from blueops_qb.sandbox.reader import FileAddress
from blueops_qb.sandbox.reader.desktop_tables import money, text_of
from blueops_qb.sandbox.soak.any_books import ZERO, AnyBooks, Effect, clean
from blueops_qb.sandbox.soak.chart import CHART

Raw = ElementTree.Element
LISTS = ("Account", "Item", "Customer", "Vendor")
#: Where a form that sells stands with its total.
SOLD = {"Invoice": "ARAccountRef", "CreditMemo": "ARAccountRef", "SalesReceipt": "DepositToAccountRef"}
#: Costs: the account that is owed on or paid from, and the member with the total.
COSTS = {
    "Bill": ("APAccountRef", "AmountDue"),
    "Check": ("AccountRef", "Amount"),
    "CreditCardCharge": ("AccountRef", "Amount"),
    "CreditCardCredit": ("AccountRef", "Amount"),
}
DOCUMENTS = (*SOLD, *COSTS, "ReceivePayment", "Deposit", "JournalEntry", "ARRefundCreditCard")
_LINKED = frozenset({"Invoice", "Bill", "CreditMemo"})
#: Forms that take back what their like gives.
_BACK = frozenset({"CreditMemo", "CreditCardCredit"})
_INCOME = ("SalesAndPurchase/IncomeAccountRef", "SalesOrPurchase/AccountRef", "AccountRef")
_SPENT = ("SalesAndPurchase/ExpenseAccountRef", "SalesOrPurchase/AccountRef", "COGSAccountRef")


@attrs.define
class Books(AnyBooks[Raw]):
    """The answers of a company file and what the twin has posted."""

    forms: ClassVar[tuple[str, ...]] = DOCUMENTS

    kept: dict[str, dict[str, Raw]]
    #: (kind, id) -> what the twin posted.
    posted: dict[tuple[str, str], Effect]
    #: (account, customer) and (account, vendor) -> what the twin posted there under that name.
    of_customer: dict[tuple[str, str], Decimal]
    of_vendor: dict[tuple[str, str], Decimal]

    @classmethod
    def of(cls, address: FileAddress, ledger: Ledger) -> Books:
        """Everything there is now."""
        kept = {kind: _asked(address, kind) for kind in (*LISTS, *DOCUMENTS)}
        posted: dict[tuple[str, str], Effect] = defaultdict(lambda: defaultdict(lambda: ZERO))
        of_customer: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        of_vendor: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for line in ledger.lines():
            entry = line.entry
            posted[line.txn.kind, line.txn.id][entry.account] += entry.amount
            of_customer[entry.account, entry.customer] += entry.amount
            of_vendor[entry.account, entry.vendor] += entry.amount
        said = {key: clean(effect) for key, effect in posted.items()}
        return cls(kept, said, dict(of_customer), dict(of_vendor))

    def documents(self) -> Iterator[tuple[str, str, Raw]]:
        """(kind, id, answer) of every document."""
        for kind in DOCUMENTS:
            for id, raw in self.kept[kind].items():
                yield kind, id, raw

    def account(self, number: str) -> str:
        """Id of an account by number; empty where there is none."""
        found = (id for id, raw in self.kept["Account"].items() if text_of(raw, "AccountNumber") == number)
        return next(found, "")

    def number(self, id: str) -> str:
        """Number of an account."""
        raw = self.kept["Account"].get(id)
        return "" if raw is None else text_of(raw, "AccountNumber")

    def find(self, kind: str, id: str) -> Raw | None:
        """A record of any kind; None where it is not there."""
        return self.kept.get(kind, {}).get(id)

    def customer(self, raw: Raw) -> str:
        """The customer or job whom a document names."""
        return _first(raw, ("CustomerRef", "PayeeEntityRef", "JournalDebitLine/EntityRef"))

    def parent(self, customer: str) -> str:
        """The customer of whom this one is a job; empty where it is none's."""
        raw = self.kept["Customer"].get(customer)
        return "" if raw is None else text_of(raw, "ParentRef/ListID")

    def received(self, kind: str, raw: Raw) -> tuple[Decimal, Decimal] | None:
        """What a payment of a customer comes to, and what of it is unapplied; None for what is none."""
        if kind != "ReceivePayment":
            return None
        return money(raw, "TotalAmount"), money(raw, "UnusedPayment")

    def foreign(self, raw: Raw) -> str:
        """The currency of a document; empty for the company's own."""
        return text_of(raw, "CurrencyRef/FullName")

    # -- interpreting --------------------------------------------------------------------------------
    def effect(self, kind: str, raw: Raw) -> Effect:
        """What the document does, by the rules of its form."""
        found: Effect = defaultdict(lambda: ZERO)
        for account, amount in _PARTS[kind](self, kind, raw):
            found[account] += -amount if kind in _BACK else amount
        return clean(found)

    def _sold(self, kind: str, raw: Raw) -> Iterator[tuple[str, Decimal]]:
        tax = money(raw, "SalesTaxTotal")
        yield text_of(raw, f"{SOLD[kind]}/ListID"), money(raw, "Subtotal") + tax
        for line in raw.iter(f"{kind}LineRet"):
            item = self.kept["Item"].get(text_of(line, "ItemRef/ListID"))
            if item is not None and item.tag != "ItemSubtotalRet":
                yield _first(item, _INCOME), -money(line, "Amount")
        yield self.account(CHART.sales_tax), -tax

    def _cost(self, kind: str, raw: Raw) -> Iterator[tuple[str, Decimal]]:
        account, total = COSTS[kind]
        yield text_of(raw, f"{account}/ListID"), -money(raw, total)
        for line in raw.iter("ExpenseLineRet"):
            yield text_of(line, "AccountRef/ListID"), money(line, "Amount")
        for line in raw.iter("ItemLineRet"):
            item = self.kept["Item"][text_of(line, "ItemRef/ListID")]
            yield _first(item, _SPENT), money(line, "Amount")

    def _payment(self, _: str, raw: Raw) -> Iterator[tuple[str, Decimal]]:
        yield text_of(raw, "DepositToAccountRef/ListID"), money(raw, "TotalAmount")
        yield text_of(raw, "ARAccountRef/ListID"), -money(raw, "TotalAmount")
        for part in raw.iter("AppliedToTxnRet"):
            yield text_of(part, "DiscountAccountRef/ListID"), money(part, "DiscountAmount")
            yield text_of(raw, "ARAccountRef/ListID"), -money(part, "DiscountAmount")

    def _refund(self, _: str, raw: Raw) -> Iterator[tuple[str, Decimal]]:
        yield text_of(raw, "RefundFromAccountRef/ListID"), -money(raw, "TotalAmount")
        yield text_of(raw, "ARAccountRef/ListID"), money(raw, "TotalAmount")

    def _deposit(self, _: str, raw: Raw) -> Iterator[tuple[str, Decimal]]:
        yield text_of(raw, "DepositToAccountRef/ListID"), money(raw, "DepositTotal")
        yield text_of(raw, "CashBackInfoRet/AccountRef/ListID"), money(raw, "CashBackInfoRet/Amount")
        for line in raw.iter("DepositLineRet"):
            paid = self.find(text_of(line, "TxnType"), text_of(line, "TxnID"))
            account = "AccountRef/ListID" if paid is None else "DepositToAccountRef/ListID"
            yield text_of(line if paid is None else paid, account), -money(line, "Amount")

    def _journal(self, _: str, raw: Raw) -> Iterator[tuple[str, Decimal]]:
        for tag, sign in (("JournalDebitLine", 1), ("JournalCreditLine", -1)):
            for line in raw.iter(tag):
                yield text_of(line, "AccountRef/ListID"), sign * money(line, "Amount")


_Parts = Callable[[Books, str, Raw], Iterator[tuple[str, Decimal]]]
_PARTS: Mapping[str, _Parts] = {
    **dict.fromkeys(SOLD, Books._sold),
    **dict.fromkeys(COSTS, Books._cost),
    "ReceivePayment": Books._payment,
    "ARRefundCreditCard": Books._refund,
    "Deposit": Books._deposit,
    "JournalEntry": Books._journal,
}


def _asked(address: FileAddress, kind: str) -> dict[str, Raw]:
    inner = "<ActiveStatus>All</ActiveStatus>"
    if kind not in LISTS:
        inner = "<IncludeLineItems>true</IncludeLineItems>"
        inner += "<IncludeLinkedTxns>true</IncludeLinkedTxns>" if kind in _LINKED else ""
    request = f"<{kind}QueryRq>{inner}</{kind}QueryRq>"
    told = address.ask(
        '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
        f"{request}</QBXMLMsgsRq></QBXML>"
    )
    (answer,) = ElementTree.fromstring(told)[0]
    if answer.get("statusCode") not in ("0", "1"):
        raise AssertionError(f"{kind}: {answer.get('statusCode')} {answer.get('statusMessage')}")
    return {text_of(raw, "ListID") or text_of(raw, "TxnID"): raw for raw in answer}


def _first(item: Raw, places: tuple[str, ...]) -> str:
    return next((id for place in places if (id := text_of(item, f"{place}/ListID"))), "")
