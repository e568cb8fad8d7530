"""Rules of the lines of sales forms: items, bundles, text, discount, shipping, markup (reference section 4.10)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo import tax
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import SHIPPING, Draft
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

ITEM, TEXT, DISCOUNT = "SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail"
SUBTOTAL, GROUP = "SubTotalLineDetail", "GroupLineDetail"
HUNDRED = Decimal(100)


def prepare_lines(company: Company, lines: list[Obj]) -> None:
    """Complete item, text, bundle, markup and shipping lines in their order; raises Fault."""
    before = ZERO
    for line in lines:
        if line.get("DetailType") == DISCOUNT:
            continue
        _prepare_line(company, line, before=before)
        before += money(line.get("Amount"))


def prepare_discount(company: Company, line: Obj, subtotal: Decimal) -> Decimal:
    """Complete a discount line and answer what it takes off; raises Fault 6000 or 6090."""
    if not company.preference("SalesFormsPrefs.AllowDiscount"):
        raise business("this company does not allow discounts on sales forms", "Line")
    detail = line.setdefault(DISCOUNT, {})
    percent = detail.get("DiscountPercent")
    if detail.get("PercentBased") and percent:
        line["Amount"] = cents(subtotal * percent / HUNDRED)
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


def fill_inline_subtotals(lines: list[Obj]) -> None:
    """A text line ``Subtotal:`` shows the sum of the lines since the one before it."""
    running = ZERO
    for line in lines:
        if line["DetailType"] != TEXT:
            running += money(line.get("Amount"))
        elif str(line.get("Description", "")).startswith("Subtotal:"):
            line["Description"] = f"Subtotal: {running}"
            running = ZERO


def taxable(lines: list[Obj]) -> Decimal:
    """What the taxed lines sell, before any discount."""
    return sum(
        (line["Amount"] for line in item_lines(lines) if ref_id(line[ITEM], "TaxCodeRef") == tax.TAXED), ZERO
    )


def item_lines(lines: list[Obj]) -> Iterator[Obj]:
    """The lines that sell an item, those inside bundles included."""
    for line in lines:
        if line["DetailType"] == ITEM:
            yield line
        elif line["DetailType"] == GROUP:
            yield from item_lines(line[GROUP].get("Line", []))


def is_shipping(line: Obj) -> bool:
    """Is this the shipping charge of the form, which stands below the subtotal?"""
    return ref_id(line.get(ITEM) or {}, "ItemRef") == SHIPPING


def posting_account(detail: Obj) -> str:
    """The income account of a prepared item line."""
    return ref_id(detail, "ItemAccountRef") or str(detail.get("_account", ""))


def number_lines(draft: Draft, lines: list[Obj]) -> None:
    """Known line ids stay, new lines get the next ones; lines are counted from 1, inside bundles too."""
    known = {line["Id"] for line in _flat((draft.old or {}).get("Line", ())) if "Id" in line}
    used: set[str] = set()
    highest = max((int(identity) for identity in known), default=0)
    for position, line in enumerate(_flat(lines), start=1):
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


def drop_line_classes(company: Company, lines: list[Obj]) -> None:
    """Without class tracking per line, classes on lines are dropped."""
    if company.preference("AccountingInfoPrefs.ClassTrackingPerTxnLine"):
        return
    for line in _flat(lines):
        for detail in line.values():
            if isinstance(detail, dict):
                detail.pop("ClassRef", None)


def _flat(lines: list[Obj]) -> Iterator[Obj]:
    for line in lines:
        yield line
        group = line.get(GROUP)
        if isinstance(group, dict):
            yield from _flat(group.get("Line", []))


def _prepare_line(company: Company, line: Obj, *, before: Decimal) -> None:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    if kind == TEXT:
        line.setdefault("DescriptionLineDetail", {})
        line.pop("Amount", None)
    elif kind == GROUP:
        _prepare_group(company, line)
    elif is_shipping(line):
        _prepare_shipping(company, line)
    elif not ref_id(line.get(ITEM) or {}, "ItemRef") and (line.get(ITEM) or {}).get("MarkupInfo"):
        _prepare_markup(company, line, before=before)
    else:
        _prepare_item(company, line)


def _prepare_item(company: Company, line: Obj) -> None:
    _need_amount(line)
    detail = line.setdefault(ITEM, {})
    check_product(line, detail)
    item_id = ref_id(detail, "ItemRef") or company.hidden.default_item
    item = company.get("Item", item_id)
    if item["Type"] in ("Category", "Group"):
        kind = "a category" if item["Type"] == "Category" else "a bundle; it stands in a GroupLineDetail"
        raise Fault("2500", f"Invalid Reference Id : item {item_id} is {kind}.", "ItemRef")
    detail["ItemRef"] = {"value": item_id}
    detail["ItemAccountRef"] = {"value": _income_account(item)}
    _finish_detail(company, detail)
    line.setdefault("Description", item.get("Description"))
    if not line["Description"]:
        del line["Description"]


def _prepare_shipping(company: Company, line: Obj) -> None:
    if not company.preference("SalesFormsPrefs.AllowShipping"):
        raise business("this company does not charge shipping on sales forms", "Line")
    _need_amount(line)
    detail = line[ITEM]
    check_product(line, detail)
    detail["_account"] = str(
        company.preference("SalesFormsPrefs.DefaultShippingAccount")
        or company.account_of_subtype("SalesOfProductIncome")
    )
    _finish_detail(company, detail)
    line.pop("Id", None)


def _prepare_markup(company: Company, line: Obj, *, before: Decimal) -> None:
    # A line of markup alone: an amount, or a percentage of what stands above it.
    detail = line[ITEM]
    markup = detail["MarkupInfo"]
    percent = markup.get("Percent")
    markup.setdefault("PercentBased", percent is not None)
    if "Amount" not in line:
        part = cents(before * percent / HUNDRED) if markup["PercentBased"] and percent else None
        line["Amount"] = part if part is not None else markup.get("Value")
    if line["Amount"] is None:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])
    check_product(line, detail)
    account = (
        ref_id(markup, "MarkUpIncomeAccountRef")
        or ref_id(company.preferences.get("VendorAndPurchasesPrefs", {}), "DefaultMarkupAccount")
        or _income_account(company.get("Item", company.hidden.default_item))
    )
    detail["ItemAccountRef"] = {"value": account}
    _finish_detail(company, detail)


def _prepare_group(company: Company, line: Obj) -> None:
    detail = line.setdefault(GROUP, {})
    bundle_id = ref_id(detail, "GroupItemRef")
    if not bundle_id:
        raise missing("GroupItemRef")
    bundle = company.get("Item", bundle_id)
    if bundle["Type"] != "Group":
        raise Fault("2500", f"Invalid Reference Id : item {bundle_id} is no bundle.", "GroupItemRef")
    quantity = detail.setdefault("Quantity", Decimal(1))
    if not detail.get("Line"):
        parts = bundle.get("ItemGroupDetail", {}).get("ItemGroupLine", [])
        detail["Line"] = [_component(company, part, quantity) for part in parts]
    for inner in detail["Line"]:
        _prepare_line(company, inner, before=ZERO)
    line["Amount"] = sum((money(inner.get("Amount")) for inner in detail["Line"]), ZERO)
    if bundle.get("Description"):
        line.setdefault("Description", bundle["Description"])


def _component(company: Company, part: Obj, bundles: Decimal) -> Obj:
    item = company.get("Item", ref_id(part, "ItemRef"))
    quantity = Decimal(part.get("Qty", 1)) * bundles
    price = Decimal(item.get("UnitPrice") or 0)
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": quantity, "UnitPrice": price}
    return {"DetailType": ITEM, "Amount": cents(quantity * price), ITEM: detail}


def _finish_detail(company: Company, detail: Obj) -> None:
    detail["TaxCodeRef"] = {"value": tax.line_code(company, detail)}
    if not company.preference("SalesFormsPrefs.AllowServiceDate"):
        detail.pop("ServiceDate", None)
    if "DiscountRate" in detail:  # of the two forms of a line discount the rate wins
        detail.pop("DiscountAmt", None)


def _need_amount(line: Obj) -> None:
    if "Amount" not in line:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])


def _income_account(item: Obj) -> str:
    account = ref_id(item, "IncomeAccountRef")
    if not account:
        raise business(f"item {item['Name']!r} is not sold: it has no income account", "ItemRef")
    return account
