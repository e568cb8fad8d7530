"""One request as it was read, and its answer as it is written."""

from __future__ import annotations

import attrs
from lxml import etree

from blueops_qb.sandbox.qbd import messages
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Status, parse_error
from blueops_qb.sandbox.qbd.messages import Message
from blueops_qb.sandbox.qbd.reading import Reader
from blueops_qb.sandbox.qbd.sessions import MacroTable, Session
from blueops_qb.sandbox.qbd.values import Obj
from blueops_qb.sandbox.qbd.writing import write

#: Queries that can be read page by page (reference section 3.4).
ITERABLE = frozenset(
    [
        "Customer",
        "Vendor",
        "Entity",
        "Item",
        "ItemService",
        "ItemNonInventory",
        "ItemOtherCharge",
        "ItemInventory",
        "ItemDiscount",
        "ItemPayment",
        "ItemSubtotal",
        "ItemSalesTax",
        "ItemSalesTaxGroup",
        "ItemGroup",
        "Invoice",
        "CreditMemo",
        "ReceivePayment",
        "Bill",
        "Check",
        "CreditCardCharge",
        "CreditCardCredit",
        "VendorCredit",
        "BillPaymentCheck",
        "BillPaymentCreditCard",
        "ARRefundCreditCard",
        "JournalEntry",
        "Deposit",
        "Estimate",
        "PurchaseOrder",
        "SalesReceipt",
        "Transaction",
    ]
)
_META = frozenset({"NoMetaData", "MetaDataOnly", "MetaDataAndResponseData"})
_WORDS = frozenset({"Start", "Continue", "Stop"})


@attrs.define(kw_only=True)
class Request:
    """A request that was read: what it asks, and what was wrong with its values."""

    message: Message
    element: etree._Element
    sent: Obj
    reader: Reader


@attrs.frozen(kw_only=True)
class Call:
    """A request on its way: where it runs, what it asks, with a copy of its members that a rule may change."""

    company: Company
    session: Session
    request: Request
    sent: Obj


@attrs.define(kw_only=True)
class Answer:
    """What goes back: the status, attributes, records with their kind, or members standing directly in it."""

    status: Status = attrs.field(factory=Status)
    attributes: dict[str, str] = attrs.field(factory=dict)
    records: list[tuple[str, Obj]] = attrs.field(factory=list)
    direct: Obj | None = None
    recovery: Obj | None = None


def read_request(element: etree._Element, macros: MacroTable) -> Request:
    """Read a request; raises ProcessorError (0x80040400) where it does not fit the structure."""
    tag = element.tag if isinstance(element.tag, str) else ""
    message = messages.message(tag.removesuffix("Rq")) if tag.endswith("Rq") else None
    if message is None:
        raise parse_error(f"{tag} is no request")
    _check_attributes(element, message)
    reader = Reader(macros=macros)
    return Request(message=message, element=element, sent=reader.read(element, message.nodes), reader=reader)


def _check_attributes(element: etree._Element, message: Message) -> None:
    allowed = {"requestID"}
    if message.name.endswith("Query"):
        allowed.add("metaData")
        if message.name.removesuffix("Query") in ITERABLE:
            allowed |= {"iterator", "iteratorID"}
    for name, value in element.attrib.items():
        if name not in allowed:
            raise parse_error(f"the attribute {name!r} is not allowed on {message.name}Rq")
        if (name == "metaData" and value not in _META) or (name == "iterator" and value not in _WORDS):
            raise parse_error(f"{value!r} is no value of {name}")


def write_answer(
    company: Company,
    parent: etree._Element,
    request: Request,
    answer: Answer,
    *,
    with_data: bool,
    recoverable: bool,
) -> None:
    """Append the answer to a request; ``with_data`` False: the status alone."""
    element = etree.SubElement(parent, f"{request.message.name}Rs")
    if "requestID" in request.element.attrib:
        element.set("requestID", request.element.attrib["requestID"])
    element.set("statusCode", str(answer.status.code))
    element.set("statusSeverity", answer.status.severity)
    element.set("statusMessage", answer.status.message)
    for name, value in answer.attributes.items():
        element.set(name, value)

    if with_data:
        only = frozenset(request.sent.get("IncludeRetElement", ()))
        for kind, record in answer.records:
            shown = etree.SubElement(element, f"{kind}Ret")
            write(shown, messages.ret(kind), record, name_of=company.full_name, only=only)
        if answer.direct is not None:
            write(element, messages.direct(request.message.name), answer.direct, name_of=company.full_name)
    if recoverable and answer.recovery:
        write(element, messages.recovery(), {"ErrorRecovery": answer.recovery}, name_of=company.full_name)
