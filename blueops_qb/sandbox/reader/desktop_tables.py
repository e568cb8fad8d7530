"""Asks a company file of QuickBooks Desktop in qbXML, with questions of its own, and keeps the answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree

from blueops_qb.sandbox.reader.books_tables import BooksUnreadable, Known
from blueops_qb.sandbox.reader.values import ZERO, Effect, Place, SoldLine, added

LISTS = ("Account", "Item", "PaymentMethod")
PARTIES = ("Customer", "Vendor")
#: Documents that the day makes, by the name of their messages.
DOCUMENTS = (
    *("Invoice", "ReceivePayment", "Bill", "Check", "CreditCardCharge", "Deposit"),
    *("CreditMemo", "SalesReceipt", "JournalEntry"),
)
#: Documents that it does not make; one that is new is told.
OTHERS = (
    "VendorCredit",
    "CreditCardCredit",
    "BillPaymentCheck",
    "BillPaymentCreditCard",
    "ARRefundCreditCard",
)
#: Where a document says what it comes to.
TOTALS = ("TotalAmount", "AmountDue", "CreditAmount", "DepositTotal", "Amount")
PARTY_REFS = ("CustomerRef", "VendorRef", "PayeeEntityRef")
_LINKED = frozenset({"Invoice", "Bill", "CreditMemo"})
_PLAIN = frozenset({"ReceivePayment", "BillPaymentCheck", "BillPaymentCreditCard", "ARRefundCreditCard"})
_HEAD = '<?xml version="1.0"?><?qbxml version="13.0"?>'
Raw = ElementTree.Element


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One line of the books' ledger; a debit is positive. `account` and `class_name` are as the file names them."""

    kind: str
    id: str
    account: str
    class_name: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class FileAddress:
    """How a company file is asked: a message set there and back, and the lines of its ledger."""

    ask: Callable[[str], str]
    ledger: Callable[[], Iterable[Posted]]


class DesktopTables:
    """One company file. `before` are records that were there before the day and are left out.

    `waiting` are the accounts in which money waits for the bank; what takes it out of there went back to a customer.
    """

    def __init__(
        self,
        address: FileAddress,
        *,
        prefix: str = "BO-",
        before: Known = frozenset(),
        waiting: frozenset[str] = frozenset(),
    ) -> None:
        self._address = address
        self._waiting = waiting
        self._prefix = prefix
        self._before = before
        self._kept: dict[str, dict[str, Raw]] = {}
        self._posted: dict[tuple[str, str], list[Posted]] = {}

    def close(self) -> None:
        """Nothing is held open."""

    # -- questions -----------------------------------------------------------------------------------
    def everything(self) -> Known:
        """(kind, id) of every party and document, inactive ones included."""
        kinds = (*PARTIES, *DOCUMENTS, *OTHERS)
        return frozenset((kind, id) for kind in kinds for id in self._query(kind))

    def _query(self, kind: str) -> dict[str, Raw]:
        inner = "<ActiveStatus>All</ActiveStatus>"
        if kind not in (*LISTS, *PARTIES):
            inner = "<IncludeLineItems>true</IncludeLineItems>"
            if kind in _LINKED:
                inner += "<IncludeLinkedTxns>true</IncludeLinkedTxns>"
        text = (
            f'{_HEAD}<QBXML><QBXMLMsgsRq onError="continueOnError"><{kind}QueryRq>{inner}</{kind}QueryRq>'
            "</QBXMLMsgsRq></QBXML>"
        )
        (answer,) = ElementTree.fromstring(self._address.ask(text))[0]
        if answer.get("statusCode") not in ("0", "1"):
            raise BooksUnreadable(f"{kind}QueryRq: {answer.get('statusCode')} {answer.get('statusMessage')}")
        return {text_of(raw, "ListID") or text_of(raw, "TxnID"): raw for raw in answer}

    def _load(self) -> None:
        self._kept = {kind: self._query(kind) for kind in (*LISTS, *PARTIES, *DOCUMENTS, *OTHERS)}
        self._posted = {}
        for line in self._address.ledger():
            self._posted.setdefault((line.kind, line.id), []).append(line)

    def _new(self, *kinds: str) -> Iterator[tuple[str, str, Raw]]:
        for kind in kinds:
            for id, raw in self._kept[kind].items():
                if (kind, id) not in self._before:
                    yield kind, id, raw

    # -- names ---------------------------------------------------------------------------------------
    def _account(self, id: str) -> str:
        raw = self._kept["Account"].get(id)
        return id if raw is None else text_of(raw, "AccountNumber") or text_of(raw, "FullName")

    def _income(self, item: str) -> str:
        raw = self._kept["Item"].get(item)
        places = ("SalesAndPurchase/IncomeAccountRef", "SalesOrPurchase/AccountRef", "AccountRef")
        found = ("" if raw is None else text_of(raw, f"{place}/ListID") for place in places)
        return self._account(next((id for id in found if id), ""))

    def _bought_on(self, item: str) -> str:
        raw = self._kept["Item"].get(item)
        places = ("SalesAndPurchase/ExpenseAccountRef", "SalesOrPurchase/AccountRef", "COGSAccountRef")
        found = ("" if raw is None else text_of(raw, f"{place}/ListID") for place in places)
        return self._account(next((id for id in found if id), ""))

    def _is_discount(self, line: Raw) -> bool:
        raw = self._kept["Item"].get(text_of(line, "ItemRef/ListID"))
        return raw is not None and raw.tag == "ItemDiscountRet"

    def _effect(self, kind: str, id: str) -> Effect:
        """What the document did to the ledger, as the ledger itself tells it."""
        lines = self._posted.get((kind, id), [])
        return added(*(((self._account(line.account), line.class_name, ""), line.amount) for line in lines))

    def _sold(self, line: Raw) -> SoldLine:
        amount = money(line, "Amount")
        return SoldLine(
            description=text_of(line, "Desc"),
            quantity=Decimal(text_of(line, "Quantity") or 1),
            price=Decimal(text_of(line, "Rate") or amount),
            amount=amount,
            account=self._income(text_of(line, "ItemRef/ListID")),
            class_name=text_of(line, "ClassRef/FullName"),
            taxable=text_of(line, "SalesTaxCodeRef/FullName") == "Tax",
        )


def text_of(raw: Raw, path: str) -> str:
    return (raw.findtext(path) or "").strip()


def money(raw: Raw, path: str) -> Decimal:
    return Decimal(text_of(raw, path) or ZERO).quantize(ZERO)


def total_of(raw: Raw) -> Decimal:
    """What a document comes to; one that sells says its subtotal and its tax."""
    if raw.find("Subtotal") is not None and raw.find("TotalAmount") is None:
        return money(raw, "Subtotal") + money(raw, "SalesTaxTotal")
    return next((money(raw, name) for name in TOTALS if raw.find(name) is not None), ZERO)


def day_of(raw: Raw, path: str) -> dt.date:
    return dt.date.fromisoformat(text_of(raw, path))


def is_void(raw: Raw) -> bool:
    """A void document keeps nothing but its memo, which begins with that word."""
    return text_of(raw, "Memo").upper().startswith("VOID") and not total_of(raw)


def place_of(raw: Raw, name: str, *, labels: tuple[str, ...] = ()) -> Place:
    """An address; its first line may repeat who lives there, or the company, also with the words turned round."""
    block = raw.find(name)
    if block is None:
        return Place()
    lines = [line for n in range(1, 6) if (line := text_of(block, f"Addr{n}"))]
    if lines and _words(lines[0]) in [_words(label) for label in labels if label]:
        del lines[0]
    return Place(
        street=" ".join(lines),
        city=text_of(block, "City"),
        state=text_of(block, "State"),
        postal_code=text_of(block, "PostalCode"),
    )


def _words(text: str) -> list[str]:
    return sorted(text.replace(",", " ").split())
