"""Accounts, classes and items that approved templates create (sections 4.3, 4.4)."""

from __future__ import annotations

_ONE_WAY = "SalesOrPurchase*{ Desc(4095) ( Price(p) | PricePercent(%) ) AccountRef[159] }"
_TWO_WAYS = (
    "SalesAndPurchase*{ SalesDesc(4095) SalesPrice(p) IncomeAccountRef[159] PurchaseDesc(4095) PurchaseCost(p)"
    " ExpenseAccountRef[159] PrefVendorRef[41] }"
)
_PRICED = f"( {_ONE_WAY} | {_TWO_WAYS} )*"

MESSAGES: dict[str, str] = {
    "AccountAdd": "Name*(31) IsActive(b) ParentRef[s] AccountType*(e:AccountsPayable|AccountsReceivable|Bank"
    "|CostOfGoodsSold|CreditCard|Equity|Expense|FixedAsset|Income|LongTermLiability|OtherAsset|OtherCurrentAsset"
    "|OtherCurrentLiability|OtherExpense|OtherIncome) AccountNumber(7) BankNumber(25) Desc(200) TaxLineID(i)"
    " CurrencyRef[64]",
    "ClassAdd": "Name*(31) IsActive(b) ParentRef[s]",
    "ItemServiceAdd": f"Name*(31) IsActive(b) ClassRef[159] ParentRef[s] UnitOfMeasureSetRef[31] SalesTaxCodeRef[3]"
    f" {_PRICED} ExternalGUID(g)",
    "ItemNonInventoryAdd": "Name*(31) IsActive(b) ParentRef[s] ClassRef[159] ManufacturerPartNumber(31)"
    f" UnitOfMeasureSetRef[31] SalesTaxCodeRef[3] {_PRICED} ExternalGUID(g)",
    "ItemOtherChargeAdd": f"Name*(31) IsActive(b) ClassRef[159] ParentRef[s] SalesTaxCodeRef[3] {_PRICED}"
    " ExternalGUID(g)",
    "ItemDiscountAdd": "Name*(31) IsActive(b) ClassRef[159] ParentRef[s] ItemDesc(4095) SalesTaxCodeRef[3]"
    " ( DiscountRate(p) | DiscountRatePercent(%) ) AccountRef[159] ExternalGUID(g)",
    "ItemSubtotalAdd": "Name*(31) IsActive(b) ItemDesc(4095) ExternalGUID(g)",
}
