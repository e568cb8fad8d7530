"""Rules of bills and purchases (reference/quickbooks-online.md sections 4.17 to 4.19)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft, due_day, positive
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.sales import check_product, drop_line_classes, number_lines
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

ACCOUNT, ITEM = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
PAYING_TYPES = ("Bank", "Credit Card", "Other Current Liability")


def prepare_bill(draft: Draft) -> None:
    """Complete a bill; raises Fault."""
    new, company = draft.new, draft.company
    if "VendorRef" not in draft.sent:
        raise missing("VendorRef")
    vendor = company.get("Vendor", ref_id(new, "VendorRef"))
    _prepare_lines(draft)
    payable = ref_id(new, "APAccountRef") or company.account_of_type("Accounts Payable")
    if company.get("Account", payable)["AccountType"] != "Accounts Payable":
        raise Fault(
            "6430", f"Invalid account type: {payable} is no Accounts Payable account.", "APAccountRef"
        )
    new["APAccountRef"] = {"value": payable}
    term = ref_id(new, "SalesTermRef") or ref_id(vendor, "TermRef")
    if term:
        draft.default("SalesTermRef", {"value": term})
    if "DueDate" not in draft.sent and (draft.created or {"TxnDate", "SalesTermRef"} & draft.sent.keys()):
        new.pop("DueDate", None)
    draft.default("DueDate", due_day(company, term, date.fromisoformat(new["TxnDate"])).isoformat())
    draft.default("VendorAddr", vendor.get("BillAddr"))
    new["Balance"] = new["TotalAmt"]
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
    payee = new.get("EntityRef")
    if payee is not None:
        payee["type"] = str(payee.get("type") or company.name_kind(payee["value"])).capitalize()
    _prepare_lines(draft)
    numbering.number_purchase(draft)
    new["PurchaseEx"] = {"any": [_name_value("TxnType", "3" if new["PaymentType"] == "Check" else "54")]}


def bill_entries(company: Company, bill: Obj) -> list[Entry]:
    """Costs against the payable of the vendor."""
    vendor, department = ref_id(bill, "VendorRef"), ref_id(bill, "DepartmentRef")
    payable = Entry(
        account=ref_id(bill, "APAccountRef"), amount=-bill["TotalAmt"], vendor=vendor, department=department
    )
    return [payable, *_costs(company, bill, sign=1, vendor=vendor)]


def purchase_entries(company: Company, purchase: Obj) -> list[Entry]:
    """Costs against the account the money left; the other way round for a card refund."""
    sign = -1 if purchase.get("Credit") else 1
    payee = purchase.get("EntityRef", {})
    vendor = str(payee.get("value", "")) if payee.get("type") == "Vendor" else ""
    paid = Entry(
        account=ref_id(purchase, "AccountRef"),
        amount=-sign * purchase["TotalAmt"],
        vendor=vendor,
        department=ref_id(purchase, "DepartmentRef"),
    )
    return [paid, *_costs(company, purchase, sign=sign, vendor=vendor)]


def cost_account(company: Company, line: Obj) -> str:
    """The account an expense line posts to: its own, or its item's (asset for inventory, else expense)."""
    if line["DetailType"] == ACCOUNT:
        return ref_id(line[ACCOUNT], "AccountRef")
    item = company.get("Item", ref_id(line[ITEM], "ItemRef"))
    name = "AssetAccountRef" if item["Type"] == "Inventory" else "ExpenseAccountRef"
    account = ref_id(item, name)
    if not account:
        raise business(f"item {item['Name']!r} is not purchased: it has no expense account", "ItemRef")
    return account


def _prepare_lines(draft: Draft) -> None:
    new, company = draft.new, draft.company
    lines = new["Line"]
    if not lines:
        raise missing("Line")
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    drop_line_classes(company, lines)
    for line in lines:
        _prepare_line(company, line)
    number_lines(draft, lines)
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    new.pop("TxnTaxDetail", None)
    total = sum((money(line.get("Amount")) for line in lines), ZERO)
    new["TotalAmt"] = positive(total, "The transaction amount")


def _prepare_line(company: Company, line: Obj) -> None:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    if kind == "DescriptionOnly":
        line.pop("Amount", None)
        return
    if "Amount" not in line:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])
    detail = line.get(kind)
    needed = "AccountRef" if kind == ACCOUNT else "ItemRef"
    if detail is None or not ref_id(detail, needed):
        raise Fault("6440", f"A line of type {kind} needs {needed} inside its detail.", needed)
    if kind == ITEM:
        if not company.preference("ProductAndServicesPrefs.ForPurchase"):
            raise Fault("5020", "Items on purchases are switched off in this company.", "ItemRef")
        check_product(line, detail)
        detail["ItemAccountRef"] = {"value": cost_account(company, line)}
    detail["TaxCodeRef"] = {"value": "NON"}
    _prepare_billable(company, detail)


def _prepare_billable(company: Company, detail: Obj) -> None:
    status = detail.get("BillableStatus")
    if status == "HasBeenBilled":
        raise Fault("2170", "BillableStatus HasBeenBilled is set by the service only.", "BillableStatus")
    job = ref_id(detail, "CustomerRef")
    if status == "Billable" and not job:
        raise Fault("6310", "A billable line needs a CustomerRef.", "CustomerRef")
    if status is None:
        # A job without a word about billing is queued for re-invoicing where the company tracks that.
        tracked = bool(company.preference("VendorAndPurchasesPrefs.BillableExpenseTracking"))
        detail["BillableStatus"] = "Billable" if job and tracked else "NotBillable"


def _costs(company: Company, record: Obj, *, sign: int, vendor: str) -> list[Entry]:
    department = ref_id(record, "DepartmentRef")
    entries = []
    for line in record["Line"]:
        detail = line.get(line["DetailType"])
        if not detail:
            continue
        amount: Decimal = line["Amount"] * sign
        entries.append(
            Entry(
                account=cost_account(company, line),
                amount=amount,
                customer=ref_id(detail, "CustomerRef"),
                vendor=vendor,
                class_id=ref_id(detail, "ClassRef"),
                department=department,
                memo=str(line.get("Description", "")),
            )
        )
    return entries


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
