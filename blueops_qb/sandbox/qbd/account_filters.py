"""Groups of account types and of items that the filters of TransactionQuery name."""

from __future__ import annotations

from blueops_qb.sandbox.qbd.enums import ENUMS

_ONE = {kind: kind for kind in ENUMS["AccountType"]}
_ASSETS = "Bank AccountsReceivable OtherCurrentAsset FixedAsset OtherAsset"
_DEBTS = "AccountsPayable CreditCard OtherCurrentLiability LongTermLiability"

ACCOUNT_GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(kinds.split())
    for name, kinds in {
        **_ONE,
        "AllowedFor1099": "Expense CostOfGoodsSold OtherExpense OtherCurrentAsset FixedAsset",
        "APAndSalesTax": "AccountsPayable OtherCurrentLiability",
        "APOrCreditCard": "AccountsPayable CreditCard",
        "ARAndAP": "AccountsReceivable AccountsPayable",
        "Asset": _ASSETS,
        "BalanceSheet": f"{_ASSETS} {_DEBTS} Equity",
        "BankAndARAndAPAndUF": "Bank AccountsReceivable AccountsPayable OtherCurrentAsset",
        "BankAndUF": "Bank OtherCurrentAsset",
        "CostOfSales": "CostOfGoodsSold",
        "CurrentAsset": "Bank AccountsReceivable OtherCurrentAsset",
        "CurrentAssetAndExpense": "Bank AccountsReceivable OtherCurrentAsset Expense OtherExpense CostOfGoodsSold",
        "CurrentLiability": "AccountsPayable CreditCard OtherCurrentLiability",
        "EquityAndIncomeAndExpense": "Equity Income OtherIncome Expense OtherExpense CostOfGoodsSold",
        "ExpenseAndOtherExpense": "Expense OtherExpense",
        "IncomeAndExpense": "Income OtherIncome Expense OtherExpense CostOfGoodsSold",
        "IncomeAndOtherIncome": "Income OtherIncome",
        "Liability": _DEBTS,
        "LiabilityAndEquity": f"{_DEBTS} Equity",
        "OrdinaryExpense": "Expense",
        "OrdinaryIncome": "Income",
        "OrdinaryIncomeAndCOGS": "Income CostOfGoodsSold",
        "OrdinaryIncomeAndExpense": "Income Expense CostOfGoodsSold",
        "OtherIncomeOrExpense": "OtherIncome OtherExpense",
    }.items()
}

_SALES = "ItemService ItemNonInventory ItemOtherCharge ItemInventory ItemGroup ItemDiscount ItemSubtotal ItemPayment"
ITEM_GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(kinds.split())
    for name, kinds in {
        "AllExceptFixedAsset": f"{_SALES} ItemSalesTax ItemSalesTaxGroup",
        "Assembly": "",
        "Discount": "ItemDiscount",
        "FixedAsset": "",
        "Inventory": "ItemInventory",
        "InventoryAndAssembly": "ItemInventory",
        "NonInventory": "ItemNonInventory",
        "OtherCharge": "ItemOtherCharge",
        "Payment": "ItemPayment",
        "Sales": _SALES,
        "SalesTax": "ItemSalesTax ItemSalesTaxGroup",
        "Service": "ItemService",
    }.items()
}
