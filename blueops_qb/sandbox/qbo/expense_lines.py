"""The lines of bills, purchases, vendor credits and purchase orders: account or item, job, billing, markup.

Facts: reference/quickbooks-online.md section 4.17.
"""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft, positive
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.sales import check_product, drop_line_classes, number_lines
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

ACCOUNT, ITEM = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
BILLED = "HasBeenBilled"
#: kind -> what its lines may be linked to; the charges of billable lines are echoed only
_LINKABLE = {"Bill": ("PurchaseOrder", "ReimburseCharge")}
#: account types that only a payee of their own kind may stand on
RECEIVABLE, PAYABLE = "Accounts Receivable", "Accounts Payable"


def prepare_expense_lines(draft: Draft) -> None:
    """Complete the lines of the draft and set its TotalAmt; raises Fault."""
    new, company = draft.new, draft.company
    lines = new["Line"]
    if not lines:
        raise missing("Line")
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    if not company.preference("AccountingInfoPrefs.ClassTrackingPerTxn"):
        new.pop("ClassRef", None)
    drop_line_classes(company, lines)
    before = _by_id((draft.old or {}).get("Line", []))
    for line in lines:
        _prepare_line(draft, line, before.get(str(line.get("Id")), {}))
    number_lines(draft, lines)
    _keep_billed(draft, before)
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    new.pop("TxnTaxDetail", None)
    total = sum((money(line.get("Amount")) for line in lines), ZERO)
    new["TotalAmt"] = positive(total, "The transaction amount")


def cost_account(company: Company, line: Obj) -> str:
    """The account an expense line posts to: its own, or its item's (asset for inventory, else expense)."""
    if line["DetailType"] == ACCOUNT:
        return ref_id(line[ACCOUNT], "AccountRef")
    item = company.get("Item", ref_id(line[ITEM], "ItemRef"))
    if item["Type"] in ("Category", "Group"):
        raise Fault(
            "2500", f"Invalid Reference Id : item {item['Id']} is a {str(item['Type']).lower()}.", "ItemRef"
        )
    name = "AssetAccountRef" if item["Type"] == "Inventory" else "ExpenseAccountRef"
    account = ref_id(item, name)
    if not account:
        raise business(f"item {item['Name']!r} is not purchased: it has no expense account", "ItemRef")
    return account


def cost_entries(company: Company, record: Obj, *, sign: int, payee: str = "") -> list[Entry]:
    """One entry per line, with its job, its class and the payee's id; ``sign`` -1 turns a cost into a credit."""
    department, kind = ref_id(record, "DepartmentRef"), company.name_kind(payee)
    entries = []
    for line in record["Line"]:
        detail = line.get(line["DetailType"])
        if not detail:
            continue
        account = cost_account(company, line)
        customer = ref_id(detail, "CustomerRef")
        if kind == "Customer" and _type_of(company, account) == RECEIVABLE:
            customer = customer or payee
        amount: Decimal = line["Amount"] * sign
        entries.append(
            Entry(
                account=account,
                amount=amount,
                customer=customer,
                vendor=payee if kind == "Vendor" else "",
                employee=payee if kind == "Employee" else "",
                class_id=ref_id(detail, "ClassRef") or ref_id(record, "ClassRef"),
                department=department,
                memo=str(line.get("Description", "")),
            )
        )
    return entries


def set_payable(draft: Draft) -> None:
    """Check the APAccountRef of the draft, or fill it with the first payable account; raises Fault 6430."""
    company, new = draft.company, draft.new
    payable = ref_id(new, "APAccountRef") or company.account_of_type(PAYABLE)
    if _type_of(company, payable) != PAYABLE:
        raise Fault(
            "6430", f"Invalid account type: {payable} is no Accounts Payable account.", "APAccountRef"
        )
    new["APAccountRef"] = {"value": payable}


def _prepare_line(draft: Draft, line: Obj, before: Obj) -> None:
    company, kind = draft.company, line.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    for link in line.get("LinkedTxn", []):
        if link.get("TxnType") not in _LINKABLE.get(draft.kind, ("ReimburseCharge",)):
            raise Fault(
                "620", f"A {draft.kind} line cannot be linked to a {link.get('TxnType')!r}.", "LinkedTxn"
            )
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
    if not company.preference("VendorAndPurchasesPrefs.TrackingByCustomer"):
        detail.pop("CustomerRef", None)
    _check_account(draft, cost_account(company, line), detail)
    detail["TaxCodeRef"] = {"value": _tax_code(company, detail)}
    _prepare_billable(company, detail, before.get(kind, {}))


def _check_account(draft: Draft, account: str, detail: Obj) -> None:
    company, kind = draft.company, _type_of(draft.company, account)
    if kind not in (RECEIVABLE, PAYABLE):
        return
    payee = company.name_kind(str(draft.new.get("EntityRef", {}).get("value", "")))
    if draft.kind != "Purchase":
        raise Fault("6430", f"Invalid account type: a {draft.kind} line cannot post to {kind}.", "AccountRef")
    if kind == PAYABLE and payee != "Vendor":
        raise business(f"a line on {kind} needs a vendor as payee (EntityRef)", "EntityRef")
    if kind == RECEIVABLE and payee != "Customer" and not ref_id(detail, "CustomerRef"):
        raise business(f"a line on {kind} needs a customer", "CustomerRef")


def _tax_code(company: Company, detail: Obj) -> str:
    # Purchases are not taxed in the US; the code only says how a billable cost is taxed when it is invoiced.
    code = ref_id(detail, "TaxCodeRef")
    if company.hidden.tax_mode == "off" or not code:
        return "NON"
    if code not in ("TAX", "NON"):
        raise Fault("6100", f"The tax code of a line must be TAX or NON, not {code!r}.", "TaxCodeRef")
    return code


def _prepare_billable(company: Company, detail: Obj, before: Obj) -> None:
    status, job = detail.get("BillableStatus"), ref_id(detail, "CustomerRef")
    tracked = bool(company.preference("VendorAndPurchasesPrefs.BillableExpenseTracking"))
    if before.get("BillableStatus") == BILLED:
        # Once on an invoice the line stays billed, whatever the request says.
        if job != ref_id(before, "CustomerRef"):
            raise Fault("6400", "The customer of a line that is on an invoice cannot change.", "CustomerRef")
        detail["BillableStatus"] = BILLED
        return
    if status == BILLED:
        raise Fault("2170", f"BillableStatus {BILLED} is set by the service only.", "BillableStatus")
    if status == "Billable" and not job:
        raise Fault("6310", "A billable line needs a CustomerRef.", "CustomerRef")
    if status == "Billable" and not tracked:
        raise Fault("6320", "Billable expenses are not tracked in this company.", "BillableStatus")
    if status is None:
        # A job without a word about billing is queued for re-invoicing where the company tracks that.
        detail["BillableStatus"] = "Billable" if job and tracked else "NotBillable"
    _prepare_markup(company, detail)


def _prepare_markup(company: Company, detail: Obj) -> None:
    markup = detail.get("MarkupInfo")
    if markup is None:
        standard = company.preference("VendorAndPurchasesPrefs.DefaultMarkup")
        if detail["BillableStatus"] == "Billable" and standard:
            detail["MarkupInfo"] = {"PercentBased": True, "Percent": standard}
        return
    for name in ("Percent", "Value"):
        if markup.get(name, ZERO) < 0:
            raise business(f"the markup of a line must be 0 or greater, not {markup[name]}", "MarkupInfo")
    income = ref_id(markup, "MarkUpIncomeAccountRef")
    if income and company.get("Account", income)["Classification"] != "Revenue":
        raise Fault("6430", f"Invalid account type: markup cannot post to account {income}.", "MarkupInfo")


def _keep_billed(draft: Draft, before: dict[str, Obj]) -> None:
    kept = {str(line["Id"]) for line in draft.new["Line"]}
    for identity, line in before.items():
        detail = line.get(str(line.get("DetailType")), {})
        if detail.get("BillableStatus") == BILLED and identity not in kept:
            raise Fault("6400", f"Line {identity} is on an invoice and cannot be removed.", "Line")


def _by_id(lines: list[Obj]) -> dict[str, Obj]:
    return {str(line["Id"]): line for line in lines if "Id" in line}


def _type_of(company: Company, account: str) -> str:
    return str(company.get("Account", account)["AccountType"])
