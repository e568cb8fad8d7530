"""Rules of purchase orders, which post nothing, and of the bills that fill and so close them.

Facts: reference/quickbooks-online.md sections 4.17 and 4.18.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft, due_day, linked
from blueops_qb.sandbox.qbo.expense_lines import prepare_expense_lines, set_payable
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

ORDER, OPEN, CLOSED = "PurchaseOrder", "Open", "Closed"
#: a TxnLineId that names no line
_NO_LINE = ("", "0")


def prepare_order(draft: Draft) -> None:
    """Complete a purchase order; raises Fault."""
    new, company, old = draft.new, draft.company, draft.old
    if "VendorRef" not in draft.sent:
        raise missing("VendorRef")
    vendor = company.get("Vendor", ref_id(new, "VendorRef"))
    if old is not None and ref_id(old, "VendorRef") != vendor["Id"] and company.links.get((ORDER, old["Id"])):
        raise business("the vendor of a purchase order that a bill fills cannot change", "VendorRef")
    prepare_expense_lines(draft)
    set_payable(draft)
    term = ref_id(new, "SalesTermRef")
    if term:
        due = due_day(company, term, date.fromisoformat(new["TxnDate"]))
        draft.default("DueDate", due.isoformat())
    draft.default("VendorAddr", vendor.get("BillAddr"))
    draft.default("POEmail", vendor.get("PrimaryEmailAddr"))
    draft.default("ShipAddr", _destination(draft))
    draft.default("EmailStatus", "NotSet")
    if new["EmailStatus"] == "NeedToSend" and not new.get("POEmail", {}).get("Address"):
        raise missing("POEmail")
    by_hand = draft.sent.get("POStatus") or (old or {}).get("_by_hand") or OPEN
    new["_by_hand"] = new["POStatus"] = by_hand
    numbering.number_order(draft)


def follow_bills(company: Company, order: Obj) -> None:
    """An order that bills fill is closed; once they are gone it has the status that was set by hand."""
    filled = _filled(company, order)
    order["POStatus"] = CLOSED if filled else order.get("_by_hand", OPEN)


def check_orders(draft: Draft) -> None:
    """The links of a bill must name open purchase orders of its vendor, and lines of them (610, 620)."""
    before = {link["TxnId"] for link in _links(draft.old)} if draft.old is not None else set()
    vendor = ref_id(draft.new, "VendorRef")
    for link in _links(draft.new):
        order = linked(draft.company, ORDER, str(link.get("TxnId", "")))
        if ref_id(order, "VendorRef") != vendor:
            raise Fault("620", f"Purchase order {order['Id']} belongs to another vendor.", "LinkedTxn")
        if order["POStatus"] == CLOSED and order["Id"] not in before:
            raise Fault("620", f"Purchase order {order['Id']} is closed.", "LinkedTxn")
        if link.get("TxnLineId", "") in _NO_LINE:
            link.pop("TxnLineId", None)
        elif link["TxnLineId"] not in {line["Id"] for line in order["Line"]}:
            raise Fault("620", f"Purchase order {order['Id']} has no line {link['TxnLineId']}.", "TxnLineId")


def show_orders(company: Company, bill: Obj) -> None:
    """The orders that a bill fills stand among its LinkedTxn, those that only its lines name included."""
    del company
    orders = dict.fromkeys(link["TxnId"] for link in _links(bill))
    others = [link for link in bill["LinkedTxn"] if link["TxnType"] != ORDER]
    bill["LinkedTxn"] = [*({"TxnId": identity, "TxnType": ORDER} for identity in orders), *others]


def _links(bill: Obj) -> Iterator[Obj]:
    yield from (link for link in bill.get("_written_links", []) if link.get("TxnType") == ORDER)
    for line in bill["Line"]:
        yield from (link for link in line.get("LinkedTxn", []) if link.get("TxnType") == ORDER)


def _filled(company: Company, order: Obj) -> bool:
    bills = [
        company.records["Bill"][identity]
        for kind, identity in company.links.get((ORDER, order["Id"]), {})
        if kind == "Bill" and identity in company.records["Bill"]
    ]
    if not bills:
        return False
    if not all(_filling(bill, order["Id"]) for bill in bills):
        return True  # a bill that names the order, but no line of it, fills it as a whole
    rows = [row for bill in bills for row in _filling(bill, order["Id"])]
    if sum((line["Amount"] for line, _ in rows), ZERO) >= order["TotalAmt"]:
        return True
    wanted = [line for line in order["Line"] if line["DetailType"] != "DescriptionOnly"]
    return all(_line_filled(line, rows) for line in wanted)


def _filling(bill: Obj, order_id: str) -> list[tuple[Obj, Obj]]:
    return [
        (line, link)
        for line in bill["Line"]
        for link in line.get("LinkedTxn", [])
        if link.get("TxnType") == ORDER and link.get("TxnId") == order_id
    ]


def _line_filled(wanted: Obj, rows: list[tuple[Obj, Obj]]) -> bool:
    own = [line for line, link in rows if link.get("TxnLineId") == wanted["Id"]]
    amount = sum((line["Amount"] for line in own), ZERO)
    ordered = _quantity(wanted)
    received = sum((_quantity(line) for line in own), ZERO)
    return bool(own) and (amount >= wanted["Amount"] or (bool(ordered) and received >= ordered))


def _quantity(line: Obj) -> Decimal:
    detail = line.get("ItemBasedExpenseLineDetail", {})
    return Decimal(detail.get("Qty", 0))


def _destination(draft: Draft) -> Obj | None:
    receiver = draft.company.find("Customer", ref_id(draft.new, "ShipTo")) or {}
    place: Obj | None = receiver.get("ShipAddr") or draft.company.info.get("CompanyAddr")
    return place
