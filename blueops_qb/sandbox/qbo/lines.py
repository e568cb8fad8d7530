"""The line of a transaction and its detail types, as field tables (reference sections 4.10, 4.17, 4.20)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo.fields import (
    CUSTOM,
    LINKED,
    Field,
    choice,
    day,
    fixed,
    flag,
    loose,
    number,
    part,
    ref,
    rows,
    table,
    text,
)

BILLABLE = ("Billable", "NotBillable", "HasBeenBilled")
MARKUP = table(
    flag("PercentBased"),
    number("Value"),
    number("Percent"),
    ref("MarkUpIncomeAccountRef", "Account"),
    *loose("PriceLevelRef"),
)
_ITEM = (
    ref("ItemRef", "Item"),
    ref("ClassRef", "Class"),
    number("UnitPrice"),
    number("Qty"),
    ref("TaxCodeRef", "TaxCode"),
    part("MarkupInfo", MARKUP),
    *loose("TaxInclusiveAmt", "PriceLevelRef", "RatePercent", "UnitCostPrice", "UOMRef", "InventorySiteRef"),
    *loose("TaxClassificationRef"),
)
SALES_ITEM = table(
    *_ITEM,
    fixed(ref("ItemAccountRef", "Account")),
    day("ServiceDate"),
    number("DiscountRate"),
    number("DiscountAmt"),
    number("RetainageAmount"),
    *loose("DeferredRevenue"),
)
DISCOUNT = table(
    flag("PercentBased"),
    number("DiscountPercent"),
    ref("DiscountAccountRef", "Account"),
    ref("ClassRef", "Class"),
    ref("TaxCodeRef", "TaxCode"),
    day("ServiceDate"),
    *loose("Discount", "DiscountRef"),
)
DESCRIPTION = table(day("ServiceDate"), ref("TaxCodeRef", "TaxCode"))
SUBTOTAL = table(*loose("ItemRef", "ServiceDate"))
ACCOUNT_EXPENSE = table(
    ref("AccountRef", "Account"),
    ref("CustomerRef", "Customer"),
    ref("ClassRef", "Class"),
    choice("BillableStatus", *BILLABLE),
    part("MarkupInfo", MARKUP),
    ref("TaxCodeRef", "TaxCode"),
    *loose("TaxInclusiveAmt", "TaxAmount"),
)
ITEM_EXPENSE = table(
    *_ITEM,
    ref("CustomerRef", "Customer"),
    choice("BillableStatus", *BILLABLE),
    fixed(ref("ItemAccountRef", "Account")),
)
JOURNAL_ENTITY = table(choice("Type", "Customer", "Vendor", "Employee"), ref("EntityRef", ""))
JOURNAL = table(
    choice("PostingType", "Debit", "Credit"),
    part("Entity", JOURNAL_ENTITY),
    ref("AccountRef", "Account"),
    ref("ClassRef", "Class"),
    ref("DepartmentRef", "Department"),
    choice("BillableStatus", *BILLABLE),
    *loose("TaxCodeRef", "TaxRateRef", "TaxApplicableOn", "TaxAmount", "TaxInclusiveAmt", "JournalCodeRef"),
)
DEPOSIT = table(
    ref("Entity", ""),
    ref("AccountRef", "Account"),
    ref("ClassRef", "Class"),
    ref("PaymentMethodRef", "PaymentMethod"),
    text("CheckNum", 21),
    text("TxnType", 40),
    *loose("TaxCodeRef", "TaxApplicableOn"),
)
TAX_LINE = table(
    number("Amount"),
    text("DetailType", 40),
    part(
        "TaxLineDetail",
        table(
            ref("TaxRateRef", "TaxRate"),
            flag("PercentBased"),
            number("TaxPercent"),
            number("NetAmountTaxable"),
            number("OverrideDeltaAmount"),
            *loose("TaxInclusiveAmount", "ServiceDate"),
        ),
    ),
)
TAX_DETAIL = table(
    ref("TxnTaxCodeRef", "TaxCode"),
    number("TotalTax"),
    flag("UseAutomatedSalesTax"),
    fixed(choice("TaxReviewStatus", "NON_AST_TAX", "AST_TAX_OVERRIDE")),
    fixed(rows("TaxLine", TAX_LINE)),
    *loose("DefaultTaxCodeRef"),
)

#: detail type -> (the member that carries it, its table)
DETAILS: dict[str, tuple[str, dict[str, Field]]] = {
    "SalesItemLineDetail": ("SalesItemLineDetail", SALES_ITEM),
    "DescriptionOnly": ("DescriptionLineDetail", DESCRIPTION),
    "DiscountLineDetail": ("DiscountLineDetail", DISCOUNT),
    "SubTotalLineDetail": ("SubTotalLineDetail", SUBTOTAL),
    "AccountBasedExpenseLineDetail": ("AccountBasedExpenseLineDetail", ACCOUNT_EXPENSE),
    "ItemBasedExpenseLineDetail": ("ItemBasedExpenseLineDetail", ITEM_EXPENSE),
    "JournalEntryLineDetail": ("JournalEntryLineDetail", JOURNAL),
    "DepositLineDetail": ("DepositLineDetail", DEPOSIT),
}
SALES_DETAILS = (
    "SalesItemLineDetail",
    "DescriptionOnly",
    "DiscountLineDetail",
    "SubTotalLineDetail",
    "GroupLineDetail",
)
EXPENSE_DETAILS = ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "DescriptionOnly")


def _line(*details: str, inner: dict[str, Field] | None = None) -> dict[str, Field]:
    members = [part(*DETAILS[name]) for name in details if name in DETAILS]
    if inner is not None:
        group = table(ref("GroupItemRef", "Item"), number("Quantity"), rows("Line", inner))
        members.append(part("GroupLineDetail", group))
    return table(
        text("Id", 20),
        text("Description", 4000),
        number("Amount"),
        rows("LinkedTxn", LINKED),
        *([choice("DetailType", *details)] if details else []),
        *members,
        rows("CustomField", CUSTOM),
        *loose("LineNum", "LineEx", "ProjectRef", "Received", "CostAmount", "HomeCostAmount"),
        *loose("CustomExtensions"),
        *([] if details else loose("DetailType")),
    )


SALES_LINE = _line(*SALES_DETAILS, inner=_line("SalesItemLineDetail", "DescriptionOnly"))
EXPENSE_LINE = _line(*EXPENSE_DETAILS)
JOURNAL_LINE = _line("JournalEntryLineDetail", "DescriptionOnly")
DEPOSIT_LINE = _line("DepositLineDetail")
LINK_LINE = _line()
