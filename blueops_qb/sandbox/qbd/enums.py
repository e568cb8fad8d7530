"""The sets of values that elements of qbXML may take (reference/quickbooks-desktop.md section 4)."""

from __future__ import annotations

_TXN_VOID = (
    "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard Charge Check CreditCardCharge CreditCardCredit "
    "CreditMemo Deposit InventoryAdjustment Invoice ItemReceipt JournalEntry SalesReceipt VendorCredit"
)
_TXN_DEL = (
    f"{_TXN_VOID} BuildAssembly Estimate PurchaseOrder ReceivePayment SalesOrder SalesTaxPaymentCheck TimeTracking "
    "TransferInventory VehicleMileage"
)
_LIST_DEL = (
    "Account BillingRate Class Currency Customer CustomerMsg CustomerType DateDrivenTerms Employee InventorySite "
    "ItemDiscount ItemFixedAsset ItemGroup ItemInventory ItemInventoryAssembly ItemNonInventory ItemOtherCharge "
    "ItemPayment ItemSalesTax ItemSalesTaxGroup ItemService ItemSubtotal JobType OtherName PaymentMethod PriceLevel "
    "SalesRep SalesTaxCode ShipMethod StandardTerms ToDo UnitOfMeasureSet Vehicle Vendor VendorType WorkersCompCode"
)
_TXN_WITH_DATA = (
    "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard BuildAssembly Charge Check CreditCardCharge "
    "CreditCardCredit CreditMemo Deposit Estimate InventoryAdjustment Invoice ItemReceipt JournalEntry PurchaseOrder "
    "ReceivePayment SalesOrder SalesReceipt SalesTaxPaymentCheck VendorCredit"
)
_PERIODS = ("Week", "Month", "CalendarQuarter", "CalendarYear", "FiscalQuarter", "FiscalYear")

ENUMS: dict[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "ActiveStatus": "ActiveOnly InactiveOnly All",
        "PaidStatus": "All PaidOnly NotPaidOnly",
        "MatchCriterion": "StartsWith Contains EndsWith",
        "BillableStatus": "Billable NotBillable HasBeenBilled",
        "JobStatus": "Awarded Closed InProgress None NotAwarded Pending",
        "AccountType": (
            "AccountsPayable AccountsReceivable Bank CostOfGoodsSold CreditCard Equity Expense FixedAsset Income "
            "LongTermLiability NonPosting OtherAsset OtherCurrentAsset OtherCurrentLiability OtherExpense OtherIncome"
        ),
        "TxnVoidType": _TXN_VOID,
        "TxnDelType": _TXN_DEL,
        "ListDelType": _LIST_DEL,
        "ListDataExtType": "Account Customer Employee Item OtherName Vendor",
        "TxnDataExtType": _TXN_WITH_DATA,
        "OtherDataExtType": "Company",
        "AssignToObject": f"Account Company Customer Employee Item OtherName Vendor {_TXN_WITH_DATA}",
        "DataExtType": ("AMTTYPE DATETIMETYPE INTTYPE PERCENTTYPE PRICETYPE QUANTYPE STR1024TYPE STR255TYPE"),
        "Operator": "LessThan LessThanEqual Equal GreaterThan GreaterThanEqual",
        "PaymentMethodType": (
            "AmericanExpress Cash Check DebitCard Discover ECheck GiftCard MasterCard Other OtherCreditCard Visa"
        ),
        "JournalLineType": "Debit Credit",
        "PreferredDeliveryMethod": "None Email Fax Mail",
        "OptionForPriceRuleConflict": "Zero BasePrice",
        "EntityType": "Customer Employee OtherName Vendor",
        "ItemTypeFilter": (
            "AllExceptFixedAsset Assembly Discount FixedAsset Inventory InventoryAndAssembly NonInventory OtherCharge "
            "Payment Sales SalesTax Service"
        ),
        "AccountTypeFilter": (
            "AccountsPayable AccountsReceivable AllowedFor1099 APAndSalesTax APOrCreditCard ARAndAP Asset BalanceSheet "
            "Bank BankAndARAndAPAndUF BankAndUF CostOfSales CreditCard CurrentAsset CurrentAssetAndExpense "
            "CurrentLiability Equity EquityAndIncomeAndExpense ExpenseAndOtherExpense FixedAsset IncomeAndExpense "
            "IncomeAndOtherIncome Liability LiabilityAndEquity LongTermLiability NonPosting OrdinaryExpense "
            "OrdinaryIncome OrdinaryIncomeAndCOGS OrdinaryIncomeAndExpense OtherAsset OtherCurrentAsset "
            "OtherCurrentLiability OtherExpense OtherIncome OtherIncomeOrExpense"
        ),
        "TxnTypeFilter": (
            f"All {_TXN_WITH_DATA} LiabilityAdjustment Paycheck PayrollLiabilityCheck Transfer YTDAdjustment"
        ),
        "DetailLevel": "All SummaryOnly AllExceptSummary",
        "PostingStatus": "Either NonPosting Posting",
        "OpenStatus": "Either Closed Open",
        "EmployeeType": "Officer Owner Regular Statutory",
        "DateMacro": " ".join(
            [
                *("All", "Today", "Yesterday", "NextFourWeeks"),
                *(f"{word}{period}" for word in ("This", "Last") for period in _PERIODS),
                *(f"{word}{period}ToDate" for word in ("This", "Last") for period in _PERIODS),
                *(f"Next{period}" for period in _PERIODS),
            ]
        ),
    }.items()
}
