"""Rules of sales forms: lines, discount, subtotal, tax, totals, postings (reference sections 4.9 to 4.12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import numbering, tax
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft, due_day, positive
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

ITEM, TEXT, DISCOUNT = "SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail"
SUBTOTAL, GROUP = "SubTotalLineDetail", "GroupLineDetail"


def prepare_invoice(draft: Draft) -> None:
    """Complete an invoice; raises Fault."""
    new = draft.new
    _prepare_form(draft)
    deposit = money(new.get("Deposit"))
    if not deposit:
        new.pop("Deposit", None)
    elif not draft.company.preference("SalesFormsPrefs.AllowDeposit"):
        raise business("this company does not allow deposits on sales forms", "Deposit")
    if deposit > new["TotalAmt"]:
        raise business(f"the deposit {deposit} exceeds the total {new['TotalAmt']}", "Deposit")
    term = ref_id(new, "SalesTermRef") or ref_id(_customer(draft), "SalesTermRef")
    if term:
        draft.default("SalesTermRef", {"value": term})
    if "DueDate" not in draft.sent and (draft.created or {"TxnDate", "SalesTermRef"} & draft.sent.keys()):
        new.pop("DueDate", None)
    draft.default("DueDate", due_day(draft.company, term, date.fromisoformat(new["TxnDate"])).isoformat())
    for name in ("AllowIPNPayment", "AllowOnlinePayment"):
        new.pop(name, None)
    draft.default("AllowOnlineCreditCardPayment", False)
    draft.default("AllowOnlineACHPayment", False)
    new["Balance"] = new["TotalAmt"] - deposit
    numbering.number_sales_form(draft)


def _prepare_form(draft: Draft) -> None:
    new, company = draft.new, draft.company
    customer = _customer(draft)
    if (
        draft.old is not None
        and ref_id(draft.old, "CustomerRef") != customer["Id"]
        and draft.old["LinkedTxn"]
    ):
        raise business("the customer of a form with linked transactions cannot change", "CustomerRef")
    for name in ("BillAddr", "ShipAddr"):
        draft.default(name, customer.get(name))
    draft.default("BillEmail", customer.get("PrimaryEmailAddr"))
    draft.default("EmailStatus", "NotSet")
    draft.default("PrintStatus", "NeedToPrint")
    draft.default("ApplyTaxAfterDiscount", False)
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    if new["EmailStatus"] == "NeedToSend" and not new.get("BillEmail", {}).get("Address"):
        raise missing("BillEmail")
    _tags_by_preference(draft)
    lines = [line for line in new["Line"] if line.get("DetailType") != SUBTOTAL]
    if not lines:
        raise missing("Line")
    for line in lines:
        _prepare_line(company, line)
    items = [line for line in lines if line["DetailType"] != DISCOUNT]
    discounts = [line for line in lines if line["DetailType"] == DISCOUNT]
    _fill_inline_subtotals(items)
    subtotal = sum((money(line.get("Amount")) for line in items if line["DetailType"] != TEXT), ZERO)
    discount = sum((_prepare_discount(company, line, subtotal) for line in discounts), ZERO)
    taxable = _taxable(lines)
    if new["ApplyTaxAfterDiscount"] and subtotal:
        taxable -= discount * taxable / subtotal
    total_tax = tax.apply_tax(draft, taxable=cents(max(taxable, ZERO)))
    new["TotalAmt"] = positive(subtotal - discount + total_tax, "The transaction amount")
    number_lines(draft, items + discounts)
    shown = {"Amount": subtotal, "DetailType": SUBTOTAL, SUBTOTAL: {}}
    new["Line"] = [*items, shown, *discounts]


def number_lines(draft: Draft, lines: list[Obj]) -> None:
    """Known line ids stay, new lines get the next ones; lines are counted from 1."""
    known = {line["Id"] for line in (draft.old or {}).get("Line", ()) if "Id" in line}
    used: set[str] = set()
    highest = max((int(identity) for identity in known), default=0)
    for position, line in enumerate(lines, start=1):
        if line.get("Id") not in known or line["Id"] in used:
            highest += 1
            line["Id"] = str(highest)
        used.add(line["Id"])
        line["LineNum"] = position


def check_product(line: Obj, detail: Obj) -> None:
    """Amount must equal Qty times UnitPrice, rounded half up to cents (6070); both 0 counts as not sent."""
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    if not quantity and not price:
        detail.pop("Qty", None)
        detail.pop("UnitPrice", None)
        return
    if quantity is None or price is None:
        return
    if cents(quantity * price) != line["Amount"]:
        raise Fault(
            "6070",
            f"Amount calculation incorrect in the request. Amount {line['Amount']} is not equal to "
            f"UnitPrice {price} * Qty {quantity} = {cents(quantity * price)}.",
            "Line.Amount",
        )


def invoice_entries(company: Company, invoice: Obj) -> list[Entry]:
    """Receivable and deposit on the debit side, income and tax on the credit side."""
    customer, department = ref_id(invoice, "CustomerRef"), ref_id(invoice, "DepartmentRef")
    header_class = ref_id(invoice, "ClassRef")
    deposit = money(invoice.get("Deposit"))

    def entry(account: str, amount: Decimal, line: Obj | None = None, detail: Obj | None = None) -> Entry:
        return Entry(
            account=account,
            amount=amount,
            customer=customer,
            class_id=ref_id(detail or {}, "ClassRef") or header_class,
            department=department,
            memo=str((line or {}).get("Description", "")),
        )

    receivable = company.account_of_type("Accounts Receivable")
    entries = [entry(receivable, invoice["TotalAmt"] - deposit)]
    if deposit:
        held = ref_id(invoice, "DepositToAccountRef") or company.account_of_subtype("UndepositedFunds")
        entries.append(entry(held, deposit))
    for line in item_lines(invoice["Line"]):
        detail = line[ITEM]
        entries.append(entry(ref_id(detail, "ItemAccountRef"), -line["Amount"], line, detail))
    for line in invoice["Line"]:
        if line["DetailType"] == DISCOUNT:
            account = ref_id(line[DISCOUNT], "DiscountAccountRef")
            entries.append(entry(account, line["Amount"], line, line[DISCOUNT]))
    total_tax = money(invoice["TxnTaxDetail"].get("TotalTax"))
    if total_tax:
        entries.append(entry(company.hidden.tax_account, -total_tax))
    return entries


def item_lines(lines: list[Obj]) -> Iterator[Obj]:
    """The lines that sell an item, those inside bundles included."""
    for line in lines:
        if line["DetailType"] == ITEM:
            yield line
        elif line["DetailType"] == GROUP:
            yield from item_lines(line[GROUP].get("Line", []))


def _customer(draft: Draft) -> Obj:
    return draft.company.get("Customer", ref_id(draft.new, "CustomerRef"))


def _tags_by_preference(draft: Draft) -> None:
    # What is switched off in the preferences is dropped without a word, as the service does.
    new, company = draft.new, draft.company
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    if not company.preference("AccountingInfoPrefs.ClassTrackingPerTxn"):
        new.pop("ClassRef", None)
    drop_line_classes(company, new["Line"])


def drop_line_classes(company: Company, lines: list[Obj]) -> None:
    """Without class tracking per line, classes on lines are dropped."""
    if company.preference("AccountingInfoPrefs.ClassTrackingPerTxnLine"):
        return
    for line in lines:
        for detail in line.values():
            if isinstance(detail, dict):
                detail.pop("ClassRef", None)


def _prepare_line(company: Company, line: Obj) -> None:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    if kind == TEXT:
        line.setdefault("DescriptionLineDetail", {})
    elif kind == ITEM:
        _prepare_item_line(company, line)
    elif kind == GROUP:
        for inner in line.get(GROUP, {}).get("Line", []):
            _prepare_line(company, inner)
        line["Amount"] = sum((money(inner.get("Amount")) for inner in line[GROUP]["Line"]), ZERO)


def _prepare_item_line(company: Company, line: Obj) -> None:
    if "Amount" not in line:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])
    detail = line.setdefault(ITEM, {})
    check_product(line, detail)
    item_id = ref_id(detail, "ItemRef") or company.hidden.default_item
    item = company.get("Item", item_id)
    if item["Type"] == "Category":
        raise Fault("2500", f"Invalid Reference Id : item {item_id} is a category.", "ItemRef")
    detail["ItemRef"] = {"value": item_id}
    detail["ItemAccountRef"] = {"value": _income_account(item)}
    detail["TaxCodeRef"] = {"value": tax.line_code(company, detail)}
    if not company.preference("SalesFormsPrefs.AllowServiceDate"):
        detail.pop("ServiceDate", None)
    line.setdefault("Description", item.get("Description"))
    if not line["Description"]:
        del line["Description"]


def _income_account(item: Obj) -> str:
    account = ref_id(item, "IncomeAccountRef")
    if not account:
        raise business(f"item {item['Name']!r} is not sold: it has no income account", "ItemRef")
    return account


def _prepare_discount(company: Company, line: Obj, subtotal: Decimal) -> Decimal:
    if not company.preference("SalesFormsPrefs.AllowDiscount"):
        raise business("this company does not allow discounts on sales forms", "Line")
    detail = line.setdefault(DISCOUNT, {})
    percent = detail.get("DiscountPercent")
    if detail.get("PercentBased") and percent:
        line["Amount"] = cents(subtotal * percent / 100)
    elif "Amount" not in line:
        raise Fault("6090", "A discount line needs an Amount or a DiscountPercent.", "Line")
    else:
        detail["PercentBased"] = False
        detail.pop("DiscountPercent", None)
        line["Amount"] = cents(abs(line["Amount"]))
    if not ref_id(detail, "DiscountAccountRef"):
        standard = company.preference("SalesFormsPrefs.DefaultDiscountAccount")
        if not standard:
            raise missing("DiscountAccountRef")
        detail["DiscountAccountRef"] = {"value": str(standard)}
    return Decimal(line["Amount"])


def _fill_inline_subtotals(lines: list[Obj]) -> None:
    running = ZERO
    for line in lines:
        if line["DetailType"] != TEXT:
            running += money(line.get("Amount"))
        elif str(line.get("Description", "")).startswith("Subtotal:"):
            line["Description"] = f"Subtotal: {running}"
            running = ZERO


def _taxable(lines: list[Obj]) -> Decimal:
    return sum(
        (line["Amount"] for line in item_lines(lines) if ref_id(line[ITEM], "TaxCodeRef") == tax.TAXED), ZERO
    )
