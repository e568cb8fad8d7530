"""No request that fits the structure gets anything but an answer: every message, full and bare, with real names."""

from __future__ import annotations

import re
from itertools import count

from lxml import etree

from blueops_qb.sandbox.qbd import messages
from blueops_qb.sandbox.qbd.kinds import TARGETS
from tests.qbd_twin import HEAD, Desk, new_desk, ref, text
from tests.qbd_twin_samples import Pick, requests

#: reference -> the member that fits it best
FITTING = {
    "ARAccountRef": "Accounts Receivable",
    "APAccountRef": "Accounts Payable",
    "BankAccountRef": "Operating Checking",
    "CreditCardAccountRef": "Company Credit Card",
    "DepositToAccountRef": "Undeposited Funds",
    "RefundFromAccountRef": "Operating Checking",
    "AssetAccountRef": "Inventory Asset",
    "AccountRef": "Fuel",
    "ParentRef": "",
}
#: elements that name what this file does not keep, or switch a feature on that it has not
UNKNOWN = re.compile(
    r"Site|Currency|ExchangeRate|UnitOfMeasure|PriceLevel|Template|OpenBalance|ParentRef|SalesRepRef"
)


def picker(desk: Desk) -> Pick:
    """For each reference and target an id that is there."""
    company = desk.file.company
    found = {}
    for target, kinds in TARGETS.items():
        ids = [identity for kind in kinds for identity in company.records[kind]]
        found["", target] = ids[0] if ids else "80000001-1700000000"
    found["", "Entity"] = company.named("Vendor", "Pipe Depot")
    for name, member in FITTING.items():
        if member:
            found[name, "Account"] = company.named("Account", member)
    return lambda name, target: found.get((name, target)) or found["", target]


def prune(element: etree._Element) -> None:
    """Take out what this file does not keep, and full names beside ids."""
    for child in list(element):
        if (
            not isinstance(child.tag, str)
            or UNKNOWN.search(child.tag)
            or (child.tag == "TxnID" and element.tag in ("LinkToTxn", "SetCredit"))
        ):
            element.remove(child)
        else:
            prune(child)


def test_every_message_gets_an_answer() -> None:
    """One file takes them all: what is added is there to be changed."""
    desk = new_desk()
    pick = picker(desk)
    codes: dict[str, set[str]] = {}
    numbers = count(1)
    for name in sorted(messages.MESSAGES, key=lambda name: (name.endswith("Mod"), name)):
        for bare in (False, True):
            for pruned in (False, True):
                for document in requests(name, bare=bare, pick=pick):
                    if pruned:
                        prune(document)
                    rename(document, f"{next(numbers):x}")
                    if name.endswith("Mod"):
                        aim(desk, document)
                    answer = process(desk, document)
                    codes.setdefault(name, set()).add(answer.get("statusCode", ""))
                    assert desk.file.company.ledger.trial_balance().difference == 0
    done = {name for name, found in codes.items() if found & {"0", "1", "500", "530"}}
    assert {name for name in codes if name not in done} == {
        # These need a document to settle, a balance or a definition; they have tests of their own.
        *("ARRefundCreditCardAdd", "BillPaymentCheckAdd", "BillPaymentCheckMod", "BillPaymentCreditCardAdd"),
        *("CheckAdd", "CheckMod", "CreditCardChargeAdd", "CreditCardChargeMod", "CreditCardCreditAdd"),
        *(
            "CreditCardCreditMod",
            "JournalEntryAdd",
            "JournalEntryMod",
            "DataExtAdd",
            "DataExtDel",
        ),
        *("ListDel", "TxnDel", "TxnVoid"),
    }


def rename(document: etree._Element, name: str) -> None:
    """Give what a request adds or changes a name that nothing else has."""
    for child in document[0][0].iterfind("*/*"):
        if child.tag in ("Name", "Initial", "LastName"):
            child.text = name


def aim(desk: Desk, document: etree._Element) -> None:
    """Point a Mod at a record that is there, and make all its lines new."""
    block = document[0][0][0]
    kind = str(block.tag).removesuffix("Mod")
    for identity, record in reversed(list(desk.file.company.records[kind].items())):
        for name, value in (
            ("ListID", identity),
            ("TxnID", identity),
            ("EditSequence", record.get("EditSequence", "")),
        ):
            child = block.find(name)
            if child is not None:
                child.text = value
        break
    for line in block.iter("TxnLineID"):
        line.text = "-1"


def process(desk: Desk, document: etree._Element) -> etree._Element:
    """The answer to the one request of a document; what does not fit the structure any more counts as answered."""
    # A record cut down to one element need not fit the schema any more.
    etree.strip_elements(document, "IncludeRetElement")
    try:
        answer = desk.process(HEAD + etree.tostring(document, encoding="unicode"))
    except Exception as error:
        if "0x80040400" in str(error):
            return etree.Element("None", statusCode="parse")
        raise AssertionError(etree.tostring(document).decode()) from error
    return etree.fromstring(answer.encode())[0][0]


def test_a_record_of_each_kind_can_be_sent_back_as_a_mod() -> None:
    """The members that a Mod shares with the answer are taken back as they were given."""
    desk = new_desk()
    line = f"<InvoiceLineAdd>{ref('ItemRef', 'Repair')}<Quantity>2</Quantity></InvoiceLineAdd>"
    record = desk.add("Invoice", f"{ref('CustomerRef', 'Ashby, Nora')}<Memo>m</Memo>{line}")
    shared = "".join(
        etree.tostring(child, encoding="unicode")
        for name in ("CustomerRef", "TxnDate", "RefNumber", "TermsRef", "DueDate", "ItemSalesTaxRef", "Memo")
        if (child := record.find(name)) is not None
    )
    shown = record.find("InvoiceLineRet")
    assert shown is not None
    members = "".join(
        etree.tostring(child, encoding="unicode")
        for child in shown
        if child.tag in ("TxnLineID", "ItemRef", "Desc", "Quantity", "Rate", "Amount", "SalesTaxCodeRef")
    )
    changed = desk.mod(record, f"{shared}<InvoiceLineMod>{members}</InvoiceLineMod>")
    for name in ("Subtotal", "SalesTaxTotal", "BalanceRemaining", "Memo", "DueDate", "RefNumber"):
        assert text(changed, name) == text(record, name)
