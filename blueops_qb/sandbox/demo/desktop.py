"""The Desktop twin in the demo: a company file, the person at it, and the Web Connector that comes by."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from blueops_qb.domain.records import Address
from blueops_qb.sandbox.core.seed import PASSWORD
from blueops_qb.sandbox.demo.bookkeeper import NotDone
from blueops_qb.sandbox.demo.desktop_chart import (
    DESKTOP_CHART,
    DESKTOP_RULES,
    LINE_DISCOUNT,
    TAX_ITEM,
    TAX_RATE,
)
from blueops_qb.sandbox.demo.theirs import PAGES, Shown
from blueops_qb.sandbox.demo.visitor import PageFailed, Visitor
from blueops_qb.sandbox.qbd import custom_data
from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from blueops_qb.sandbox.qbd.company_file import CompanyFile, open_file
from blueops_qb.sandbox.qbd.connector import Connector, Ended
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.qwc import read_qwc
from blueops_qb.sandbox.qbd.soap import Service
from blueops_qb.sandbox.reader import DesktopReader, FileAddress, Posted, TheirReader
from blueops_qb.sandbox.reader.books import Known

#: Our word for a kind of the books -> (the message that lists it, the members that name a record and its amount).
_WORDS = {
    "customer": ("Customer", "FullName", ""),
    "vendor": ("Vendor", "Name", ""),
    "invoice": ("Invoice", "RefNumber", "Subtotal"),
    "payment": ("ReceivePayment", "RefNumber", "TotalAmount"),
    "expense": ("CreditCardCharge", "RefNumber", "Amount"),
    "bill": ("Bill", "RefNumber", "AmountDue"),
    "deposit": ("Deposit", "TxnDate", "DepositTotal"),
}
_PASSWORD = re.compile(r"<dt>Password</dt><dd><code>([^<]+)</code>")
#: The Web Connector takes no address by number.
_HOST = "localhost"
#: Sessions that ended so are worth telling; every other one is repeated.
_FAILED = frozenset({Ended.BROKEN, Ended.REFUSED, Ended.OUTDATED})


class Desktop:
    """The twin of QuickBooks Desktop; nobody but its Web Connector reaches the file from outside.

    `lists_by_name`: members of its lists are named so, as if other files had to be written too.
    """

    provider = "qbd"
    chart = DESKTOP_CHART
    rules = DESKTOP_RULES

    def __init__(self, *, lists_by_name: bool = False) -> None:
        self.file: CompanyFile = open_file()
        self._lists_by_name = lists_by_name
        self.connector: Connector | None = None

    @property
    def address(self) -> FileAddress:
        return FileAddress(ask=self._ask, ledger=self._ledger)

    @property
    def place(self) -> str:
        return ""

    def apps(self) -> Mapping[str, Any]:
        return {}

    def environment(self, base_url: str) -> dict[str, str]:
        del base_url
        # What is made ready before the file was seen waits for no answer of it.
        unseen = self._lists_by_name
        return {
            "BLUEOPS_QB_QBD_LISTS_BY_NAME": "yes" if unseen else "no",
            "BLUEOPS_QB_QBD_ASK_NUMBERS": "no" if unseen else "yes",
        }

    def end(self) -> None:
        self.file.close()

    # -- the Web Connector -------------------------------------------------------------------------
    def connect(self, base_url: str) -> str:
        visitor = Visitor(base_url.replace("127.0.0.1", _HOST))
        try:
            visitor.sign_in("admin", PASSWORD)
            visitor.open(f"{PAGES}/connect")
            page = visitor.submit(f"/invite/{self.provider}")
            password = _PASSWORD.search(page)
            if password is None:
                raise PageFailed("the page does not show the password of the Web Connector")
            qwc = visitor.open(f"{PAGES}/client/file")
        finally:
            visitor.close()
        self.add_application(qwc, password[1])
        return "by its Web Connector"

    def add_application(self, qwc: str, password: str) -> None:
        """Add the application of a .qwc file to the Web Connector, which marks the company file with it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "blueops.qwc"
            path.write_text(qwc, encoding="utf-8")
            application = read_qwc(path)
        custom_data.set_file_id(self.file.company, owner=application.owner_id, file_id=application.file_id)
        self.file.company.commit()
        self.connector = Connector(
            service=Service(url=application.url),
            quickbooks=QuickBooks(file=self.file, owner=application.owner_id),
            user=application.user,
            password=password,
            pause=0.1,
        )

    def come_by(self) -> None:
        """One session of the Web Connector, once the application was added; raises NotDone where it failed."""
        if self.connector is None:
            return
        outcome = self.connector.run_session()
        if outcome.ended in _FAILED:
            raise NotDone(f"the Web Connector's session ended {outcome.ended.value}: {outcome.error}")

    # -- what the bookkeeper does ------------------------------------------------------------------
    @property
    def bookkeeper(self) -> Bookkeeper:
        """The person in the window of QuickBooks."""
        return Bookkeeper(company=self.file.company)

    def prepare(self) -> None:
        """An item for the discount of a line, and the sales tax of the place."""
        self.enter(
            "ItemOtherCharge",
            f"<Name>{LINE_DISCOUNT}</Name><SalesTaxCodeRef><FullName>Non</FullName></SalesTaxCodeRef>"
            "<SalesOrPurchase><AccountRef><FullName>Discounts Given</FullName></AccountRef></SalesOrPurchase>",
        )
        company = self.file.company
        like = next(iter(company.records["ItemSalesTax"].values()))
        id = company.new_list_id()
        tax = {**like, "ListID": id, "Name": TAX_ITEM, "TaxRate": TAX_RATE, "ItemDesc": TAX_ITEM}
        company.stamp(tax)
        company.put("ItemSalesTax", id, tax)
        company.note_name(id)
        company.commit()

    def enter_customer(self, name: str, *, email: str, phone: str, street: str) -> str:
        return self.enter(
            "Customer", _party(name, email=email, phone=phone, street=street, block="BillAddress")
        )

    def enter_vendor(self, name: str, *, phone: str, street: str) -> None:
        self.enter("Vendor", _party(name, email="", phone=phone, street=street, block="VendorAddress"))

    def rename(self, id: str, name: str) -> None:
        self.bookkeeper.rename("Customer", id, name)

    def move(self, name: str, place: Address) -> None:
        (id,) = (id for id, raw in self.all_of("Customer").items() if raw.findtext("FullName") == name)
        block = {
            "Addr1": name,
            "Addr2": place.line1,
            "City": place.city,
            "State": place.state,
            "PostalCode": place.postal_code,
        }
        self.bookkeeper.edit("Customer", id, {"BillAddress": block})

    def receive_check(self, *, invoice: str, amount: Decimal, number: str, day: str) -> None:
        found = [raw for raw in self.all_of("Invoice").values() if raw.findtext("RefNumber") == invoice]
        if len(found) != 1:
            raise NotDone(f"the file has {len(found)} invoices with the number {invoice}")
        self.enter(
            "ReceivePayment",
            f"<CustomerRef><ListID>{found[0].findtext('CustomerRef/ListID')}</ListID></CustomerRef>"
            f"<TxnDate>{day}</TxnDate><RefNumber>{number}</RefNumber><TotalAmount>{amount}</TotalAmount>"
            "<PaymentMethodRef><FullName>Check</FullName></PaymentMethodRef>"
            f"<AppliedToTxnAdd><TxnID>{found[0].findtext('TxnID')}</TxnID>"
            f"<PaymentAmount>{amount}</PaymentAmount></AppliedToTxnAdd>",
        )

    # -- looking -----------------------------------------------------------------------------------
    def shown(self, kind: str) -> Mapping[str, Shown]:
        message, named_by, amount = _WORDS[kind]
        return {id: _shown(raw, named_by, amount) for id, raw in self.all_of(message).items()}

    def word(self, kind: str) -> str:
        return _WORDS[kind][0]

    def reader(self, before: Known = frozenset()) -> TheirReader:
        return DesktopReader(self.address, prefix=self.chart.prefix, before=before)

    # -- steps -------------------------------------------------------------------------------------
    def _ask(self, text: str) -> str:
        return self.file.processor.process(self.file.session(), text)

    def _do(self, request: str) -> ElementTree.Element:
        head = '<?xml version="1.0"?><?qbxml version="13.0"?>'
        told = self._ask(f'{head}<QBXML><QBXMLMsgsRq onError="stopOnError">{request}</QBXMLMsgsRq></QBXML>')
        (answer,) = ElementTree.fromstring(told)[0]
        if answer.get("statusCode") not in ("0", "1"):
            raise NotDone(f"QuickBooks: {answer.get('statusCode')} {answer.get('statusMessage')}")
        return answer

    def enter(self, kind: str, members: str) -> str:
        """Enter a new record by its members in qbXML; answers the id. Raises NotDone."""
        (record,) = self._do(f"<{kind}AddRq><{kind}Add>{members}</{kind}Add></{kind}AddRq>")
        return _id(record)

    def change(self, kind: str, members: str) -> None:
        """Change a record by the members of a Mod in qbXML. Raises NotDone."""
        self._do(f"<{kind}ModRq><{kind}Mod>{members}</{kind}Mod></{kind}ModRq>")

    def all_of(self, message: str) -> dict[str, ElementTree.Element]:
        """Everything that the file lists of a kind, by id."""
        return {_id(raw): raw for raw in self._do(f"<{message}QueryRq/>")}

    def _ledger(self) -> Iterator[Posted]:
        company = self.file.company
        for line in company.ledger.lines():
            entry = line.entry
            yield Posted(
                kind=line.txn.kind,
                id=line.txn.id,
                account=entry.account,
                class_name=company.full_name(entry.class_id) if entry.class_id else "",
                amount=entry.amount,
            )


def _id(record: ElementTree.Element) -> str:
    return record.findtext("ListID") or record.findtext("TxnID") or ""


def _shown(raw: ElementTree.Element, named_by: str, amount: str) -> Shown:
    text = raw.findtext(amount) if amount else None
    worth = None if text is None else Decimal(text) + Decimal(raw.findtext("SalesTaxTotal") or 0)
    return Shown(title=raw.findtext(named_by) or "", amount=worth)


def _party(name: str, *, email: str, phone: str, street: str, block: str) -> str:
    parts = [f"<Name>{escape(name)}</Name>"]
    if street:
        # QuickBooks itself puts the name of a customer above the address.
        lines = [name, street] if block == "BillAddress" else [street]
        told = "".join(f"<Addr{n}>{escape(line)}</Addr{n}>" for n, line in enumerate(lines, 1))
        parts.append(
            f"<{block}>{told}<City>Reno</City><State>NV</State><PostalCode>89501</PostalCode></{block}>"
        )
    parts += [f"<Phone>{phone}</Phone>"] if phone else []
    parts += [f"<Email>{email}</Email>"] if email else []
    return "".join(parts)
