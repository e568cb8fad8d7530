"""Rules of bills, vendor credits and purchases (reference/quickbooks-online.md sections 4.17 to 4.19)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft, due_day
from blueops_qb.sandbox.qbo.expense_lines import cost_entries, prepare_expense_lines, set_payable
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.purchase_orders import ORDER, check_orders
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

PAYING_TYPES = ("Bank", "Credit Card", "Other Current Liability")
#: PurchaseEx names the form of the screens: 3 a check, 54 any other expense
_CHECK_FORM, _EXPENSE_FORM = "3", "54"


def prepare_bill(draft: Draft) -> None:
    """Complete a bill; raises Fault."""
    new, company = draft.new, draft.company
    vendor = _vendor(draft)
    prepare_expense_lines(draft)
    _keep_parties(draft)
    term = ref_id(new, "SalesTermRef") or ref_id(vendor, "TermRef")
    if term:
        draft.default("SalesTermRef", {"value": term})
    if "DueDate" not in draft.sent and (draft.created or {"TxnDate", "SalesTermRef"} & draft.sent.keys()):
        new.pop("DueDate", None)
    draft.default("DueDate", due_day(company, term, date.fromisoformat(new["TxnDate"])).isoformat())
    draft.default("VendorAddr", vendor.get("BillAddr"))
    check_orders(draft)
    new["Balance"] = new["TotalAmt"]
    numbering.number_bill(draft)


def prepare_credit(draft: Draft) -> None:
    """Complete a vendor credit: what a vendor owes us, open until bill payments use it; raises Fault."""
    vendor = _vendor(draft)
    prepare_expense_lines(draft)
    _keep_parties(draft)
    draft.default("VendorAddr", vendor.get("BillAddr"))
    draft.new["Balance"] = draft.new["TotalAmt"]
    numbering.number_bill(draft)


def prepare_purchase(draft: Draft) -> None:
    """Complete a check, cash or card expense; raises Fault."""
    new, company = draft.new, draft.company
    if "PaymentType" not in draft.sent:
        raise missing("PaymentType")
    if draft.old is not None and draft.old["PaymentType"] != new["PaymentType"]:
        raise business("the payment type of an expense cannot change", "PaymentType")
    paying = company.get("Account", ref_id(new, "AccountRef"))
    if paying["AccountType"] not in PAYING_TYPES:
        raise Fault(
            "6430",
            f"Invalid account type: {paying['Name']!r} is {paying['AccountType']}; an expense is paid from "
            f"{', '.join(PAYING_TYPES)}.",
            "AccountRef",
        )
    draft.default("Credit", False)
    if new["Credit"] and new["PaymentType"] != "CreditCard":
        raise business("only a credit card expense can be a refund", "Credit")
    if new["PaymentType"] == "Check":
        draft.default("PrintStatus", "NeedToPrint")
    else:
        new.pop("PrintStatus", None)
        new.pop("RemitToAddr", None)
    payee = new.get("EntityRef")
    if payee is not None:
        payee["type"] = str(payee.get("type") or company.name_kind(payee["value"])).capitalize()
    prepare_expense_lines(draft)
    numbering.number_purchase(draft)
    form = _CHECK_FORM if new["PaymentType"] == "Check" else _EXPENSE_FORM
    new["PurchaseEx"] = {"any": [_name_value("TxnType", form)]}


def bill_entries(company: Company, bill: Obj) -> list[Entry]:
    """Costs against the payable of the vendor."""
    return [_payable(bill, sign=1), *cost_entries(company, bill, sign=1, payee=ref_id(bill, "VendorRef"))]


def credit_entries(company: Company, credit: Obj) -> list[Entry]:
    """A bill the other way round."""
    return [
        _payable(credit, sign=-1),
        *cost_entries(company, credit, sign=-1, payee=ref_id(credit, "VendorRef")),
    ]


def purchase_entries(company: Company, purchase: Obj) -> list[Entry]:
    """Costs against the account the money left; the other way round for a card refund."""
    sign = -1 if purchase.get("Credit") else 1
    payee = str(purchase.get("EntityRef", {}).get("value", ""))
    paid = Entry(
        account=ref_id(purchase, "AccountRef"),
        amount=-sign * purchase["TotalAmt"],
        vendor=payee if company.name_kind(payee) == "Vendor" else "",
        department=ref_id(purchase, "DepartmentRef"),
    )
    return [paid, *cost_entries(company, purchase, sign=sign, payee=payee)]


def bill_links(bill: Obj) -> dict[Key, Decimal]:
    """The purchase orders that the bill fills, with the amount of its lines for each."""
    links: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for link in bill.get("_written_links", []):
        if link.get("TxnType") == ORDER:
            links[ORDER, link["TxnId"]] += ZERO
    for line in bill["Line"]:
        for link in line.get("LinkedTxn", []):
            if link.get("TxnType") == ORDER:
                links[ORDER, link["TxnId"]] += line["Amount"]
    return dict(links)


def _vendor(draft: Draft) -> Obj:
    if "VendorRef" not in draft.sent:
        raise missing("VendorRef")
    return draft.company.get("Vendor", ref_id(draft.new, "VendorRef"))


def _keep_parties(draft: Draft) -> None:
    # What a payment has been applied to stays with its vendor and its payable account.
    set_payable(draft)
    old, new = draft.old, draft.new
    if old is None or not draft.company.links.get((draft.kind, old["Id"])):
        return
    for name in ("VendorRef", "APAccountRef"):
        if ref_id(old, name) != ref_id(new, name):
            raise business(f"the {name} of a {draft.kind} that is paid or applied cannot change", name)


def _payable(record: Obj, *, sign: int) -> Entry:
    return Entry(
        account=ref_id(record, "APAccountRef"),
        amount=-sign * record["TotalAmt"],
        vendor=ref_id(record, "VendorRef"),
        department=ref_id(record, "DepartmentRef"),
    )


def _name_value(name: str, value: str) -> Obj:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
