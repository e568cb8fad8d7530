"""Documents made from the twin's own table of structure: as full or as bare as the table allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from blueops_qb.sandbox.qbd import messages
from blueops_qb.sandbox.qbd.enums import ENUMS
from blueops_qb.sandbox.qbd.notation import Choice, Leaf, Lines, Node, Part, Ref

_TEXTS = {
    "$": "1.00",
    "p": "1.5",
    "%": "8.25",
    "q": "2",
    "i": "1",
    "d": "2026-03-04",
    "dt": "2026-03-04T10:00:00",
    "b": "true",
    "g": "{00000000-0000-4000-8000-0000000000aa}",
    "f": "1",
    "id": "80000001-1700000000",
    "text": "x",
}
#: elements whose set of values the table leaves open, because only the file itself writes them
_WRITTEN = {
    "TxnType": "Invoice",
    "LinkType": "AMTTYPE",
    "SpecialAccountType": "UndepositedFunds",
    "CashFlowClassification": "Operating",
    "SpecialItemType": "FinanceCharge",
    "QBFileMode": "SingleUser",
    "FirstMonthFiscalYear": "January",
    "FirstMonthIncomeTaxYear": "January",
    "TaxForm": "Form1120",
    "AssignClassesTo": "None",
    "CalculateChargesFrom": "DueDate",
    "AgingReportBasis": "AgeFromDueDate",
    "SummaryReportBasis": "Accrual",
    "PaySalesTax": "Monthly",
    "FirstDayOfWeek": "Monday",
    "TxnDelType": "Invoice",
    "ListDelType": "Customer",
    "TxnVoidType": "Invoice",
    "DataExtType": "STR255TYPE",
    "AssignToObject": "Customer",
    "ListDataExtType": "Customer",
    "TxnDataExtType": "Invoice",
    "OtherDataExtType": "Company",
    "TransactionMode": "CardPresent",
    "CreditCardTxnType": "Charge",
    "AVSStreet": "Pass",
    "AVSZip": "Pass",
    "CardSecurityCodeMatch": "Pass",
    "PaymentStatus": "Completed",
    "IncludeRetElement": "ListID",
}


#: Says the id that a reference to a member of a list is to hold, by the name and the target of the reference.
Pick = Callable[[str, str], str]


def nobody(*_: str) -> str:
    """An id that no file has."""
    return "80000001-1700000000"


def fill(
    parent: etree._Element,
    nodes: tuple[Node, ...],
    *,
    branch: int,
    bare: bool = False,
    pick: Pick = nobody,
) -> None:
    """Append members: all of them, or only the required ones; of each choice the branch of that number."""
    for node in nodes:
        match node:
            case Choice(branches=branches, required=required):
                if required or not bare:
                    fill(
                        parent,
                        branches[branch % len(branches)],
                        branch=branch,
                        bare=bare and required,
                        pick=pick,
                    )
            case Lines(parts=parts, required=required):
                if required or not bare:
                    fill(parent, (parts[branch % len(parts)],), branch=branch, pick=pick)
            case Leaf() | Ref() | Part() if bare and not node.required:
                continue
            case Leaf():
                text = min(ENUMS[node.values]) if node.kind == "enum" else _TEXTS[node.kind]
                etree.SubElement(parent, node.name).text = _WRITTEN.get(node.name, text)
            case Ref():
                element = etree.SubElement(parent, node.name)
                etree.SubElement(element, "ListID").text = pick(node.name, node.target)
                if not bare:
                    etree.SubElement(element, "FullName").text = "x"
            case Part():
                fill(etree.SubElement(parent, node.name), node.nodes, branch=branch, bare=bare, pick=pick)


def requests(name: str, *, bare: bool = False, pick: Pick = nobody) -> Iterator[etree._Element]:
    """A message set with this request, once per branch."""
    message = messages.message(name)
    assert message is not None
    for branch in range(5):
        root = etree.Element("QBXML")
        rq = etree.SubElement(etree.SubElement(root, "QBXMLMsgsRq", onError="continueOnError"), f"{name}Rq")
        fill(rq, message.nodes, branch=branch, bare=bare, pick=pick)
        yield root


def answers(name: str, kind: str) -> Iterator[etree._Element]:
    """An answer to this message with one record of the kind, once per branch."""
    for branch in range(3):
        root = etree.Element("QBXML")
        rs = etree.SubElement(
            etree.SubElement(root, "QBXMLMsgsRs"), f"{name}Rs", statusCode="0", statusSeverity="Info"
        )
        fill(etree.SubElement(rs, f"{kind}Ret"), messages.ret(kind), branch=branch)
        yield root
