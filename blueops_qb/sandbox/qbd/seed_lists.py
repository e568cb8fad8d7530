"""The lists of a new company file: a field-service company that plumbs, installs and repairs."""

from __future__ import annotations

from collections.abc import Iterator

from blueops_qb.sandbox.qbd.values import Obj

HOST: Obj = {
    "ProductName": "QuickBooks Enterprise Solutions (BlueOps practice)",
    "MajorVersion": "34",
    "MinorVersion": "0",
    "Country": "US",
    "IsAutomaticLogin": "false",
    "QBFileMode": "SingleUser",
}
COMPANY: Obj = {
    "IsSampleCompany": "true",
    "CompanyName": "BlueOps Practice Plumbing",
    "LegalCompanyName": "BlueOps Practice Plumbing LLC",
    "Address": {"Addr1": "12 Water Street", "City": "Springfield", "State": "IL", "PostalCode": "62701"},
    "FirstMonthFiscalYear": "January",
    "FirstMonthIncomeTaxYear": "January",
    "TaxForm": "OtherOrNone",
    "AccountantCopy": {"AccountantCopyExists": "false"},
}
PREFERENCES: Obj = {
    "AccountingPreferences": {
        "IsUsingAccountNumbers": "true",
        "IsRequiringAccounts": "true",
        "IsUsingClassTracking": "true",
        "AssignClassesTo": "None",
        "IsUsingAuditTrail": "true",
        "IsAssigningJournalEntryNumbers": "true",
    },
    "FinanceChargePreferences": {
        "AnnualInterestRate": "0",
        "GracePeriod": "0",
        "IsAssessingForOverdueCharges": "false",
        "CalculateChargesFrom": "DueDate",
        "IsMarkedToBePrinted": "false",
    },
    "JobsAndEstimatesPreferences": {
        "IsUsingEstimates": "true",
        "IsUsingProgressInvoicing": "false",
        "IsPrintingItemsWithZeroAmounts": "false",
    },
    "MultiCurrencyPreferences": {"IsMultiCurrencyOn": "false"},
    "PurchasesAndVendorsPreferences": {
        "IsUsingInventory": "true",
        "DaysBillsAreDue": "10",
        "IsAutomaticallyUsingDiscounts": "false",
    },
    "ReportsPreferences": {"AgingReportBasis": "AgeFromDueDate", "SummaryReportBasis": "Accrual"},
    "SalesAndCustomersPreferences": {
        "IsTrackingReimbursedExpensesAsIncome": "false",
        "IsAutoApplyingPayments": "false",
    },
    "SalesTaxPreferences": {
        "DefaultItemSalesTaxRef": "@ItemSalesTax/No Tax",
        "PaySalesTax": "Monthly",
        "DefaultTaxableSalesTaxCodeRef": "@SalesTaxCode/Tax",
        "DefaultNonTaxableSalesTaxCodeRef": "@SalesTaxCode/Non",
    },
    "TimeTrackingPreferences": {"FirstDayOfWeek": "Monday"},
    "CurrentAppAccessRights": {"IsAutomaticLoginAllowed": "false", "IsPersonalDataAccessAllowed": "false"},
}

_ASSET, _DEBT, _COST = "OtherCurrentAsset", "OtherCurrentLiability", "CostOfGoodsSold"
#: number, name, type, special type
_ACCOUNTS: tuple[tuple[str, str, str, str], ...] = (
    ("1000", "Operating Checking", "Bank", ""),
    ("1010", "Savings", "Bank", ""),
    ("1050", "Processor Clearing", _ASSET, ""),
    ("1090", "Undeposited Funds", _ASSET, "UndepositedFunds"),
    ("1100", "Accounts Receivable", "AccountsReceivable", "AccountsReceivable"),
    ("1150", "Retainage Receivable", _ASSET, ""),
    ("1160", "Insurance Holdback Receivable", _ASSET, ""),
    ("1200", "Inventory Asset", _ASSET, "InventoryAssets"),
    ("1205", "Truck & Shop Stock", _ASSET, ""),
    ("1250", "Reimbursable Costs Advanced", _ASSET, ""),
    ("1260", "Costs in Excess of Billings", _ASSET, ""),
    ("1270", "Warranty Claims Receivable", _ASSET, ""),
    ("2000", "Accounts Payable", "AccountsPayable", "AccountsPayable"),
    ("2100", "Company Credit Card", "CreditCard", ""),
    ("2150", "Retainage Payable", _DEBT, ""),
    ("2200", "Sales Tax Payable", _DEBT, "SalesTaxPayable"),
    ("2210", "Use Tax Payable", _DEBT, ""),
    ("2300", "Customer Deposits", _DEBT, ""),
    ("2350", "Deferred Agreements", _DEBT, ""),
    ("2355", "Deferred Extended Warranty", _DEBT, ""),
    ("2360", "Billings in Excess of Costs", _DEBT, ""),
    ("2370", "Warranty Reserve", _DEBT, ""),
    ("2380", "Permit & Fee Funds Held", _DEBT, ""),
    ("2390", "Refunds Payable", _DEBT, ""),
    ("3000", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("3900", "Retained Earnings", "Equity", "RetainedEarnings"),
    ("4010", "Repair & Service Labor", "Income", ""),
    ("4020", "Installation Labor", "Income", ""),
    ("4030", "Drain Cleaning", "Income", ""),
    ("4040", "Inspections", "Income", ""),
    ("4050", "Maintenance Agreements", "Income", ""),
    ("4055", "Agreement Breakage", "Income", ""),
    ("4060", "Service Call Fees", "Income", ""),
    ("4100", "Equipment Sales", "Income", ""),
    ("4110", "Parts & Materials Sales", "Income", ""),
    ("4120", "Extended Warranty Revenue", "Income", ""),
    ("4200", "Electrical - Residential", "Income", ""),
    ("4210", "Electrical - Commercial", "Income", ""),
    ("4220", "Maintenance Contracts", "Income", ""),
    ("4300", "Contract Revenue - Original", "Income", ""),
    ("4310", "Change Orders", "Income", ""),
    ("4390", "WIP Revenue Adjustment", "Income", ""),
    ("4400", "Roofing - Retail", "Income", ""),
    ("4410", "Insurance Restoration", "Income", ""),
    ("4420", "Insurance Supplements", "Income", ""),
    ("4700", "Reimbursed Expense Income", "Income", ""),
    ("4710", "Markup Income", "Income", ""),
    ("4800", "Fee Income", "Income", ""),
    ("4900", "Discounts Given", "Income", ""),
    ("4910", "Refunds & Allowances", "Income", ""),
    ("5000", "Cost of Goods Sold", _COST, "CostOfGoodsSold"),
    ("5010", "COGS Pipe & Fittings", _COST, ""),
    ("5020", "COGS Fixtures", _COST, ""),
    ("5030", "COGS Water Heaters", _COST, ""),
    ("5100", "COGS HVAC Equipment", _COST, ""),
    ("5110", "COGS HVAC Parts", _COST, ""),
    ("5150", "COGS Electrical Materials", _COST, ""),
    ("5200", "COGS Roofing Materials", _COST, ""),
    ("5290", "Job Materials", _COST, ""),
    ("5300", "Subcontractors", _COST, ""),
    ("5400", "Direct Labor", _COST, ""),
    ("5490", "Labor Applied", _COST, ""),
    ("5500", "Equipment Rental", _COST, ""),
    ("5600", "Permits, Bonds & Fees", _COST, ""),
    ("5700", "Freight", _COST, ""),
    ("5800", "Purchase Price Variance", _COST, ""),
    ("5805", "Purchase Quantity Variance", _COST, ""),
    ("5820", "Restocking & Returns", _COST, ""),
    ("5900", "Warranty Parts", _COST, ""),
    ("5910", "Warranty Labor", _COST, ""),
    ("5920", "Warranty Provision", _COST, ""),
    ("6100", "Merchant Fees", "Expense", ""),
    ("6110", "Bank Charges", "Expense", ""),
    ("6200", "Bad Debt", "Expense", ""),
    ("6300", "Fuel", "Expense", ""),
    ("6310", "Tools", "Expense", ""),
    ("6400", "Office Overhead", "Expense", ""),
    ("6950", "Rounding Over/Short", "Expense", ""),
    ("8000", "Estimates", "NonPosting", "Estimates"),
    ("8010", "Purchase Orders", "NonPosting", "PurchaseOrders"),
)

#: kind of item, name, income or only account, cost account (empty: sold or bought on one account), code, price
_ITEMS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("ItemService", "Repair", "Repair & Service Labor", "", "Non", "129.00"),
    ("ItemService", "Install", "Installation Labor", "", "Non", "110.00"),
    ("ItemService", "Drain", "Drain Cleaning", "", "Non", "149.00"),
    ("ItemService", "Inspection", "Inspections", "", "Non", "89.00"),
    ("ItemService", "Service Call", "Service Call Fees", "", "Non", "59.00"),
    ("ItemService", "Agreement", "Deferred Agreements", "", "Non", ""),
    ("ItemService", "Agreement Earned", "Maintenance Agreements", "", "Non", ""),
    ("ItemService", "SOV Work", "Contract Revenue - Original", "", "Non", ""),
    ("ItemService", "CO Work", "Change Orders", "", "Non", ""),
    ("ItemService", "Retail Roof", "Roofing - Retail", "", "Non", ""),
    ("ItemService", "Insurance Roof", "Insurance Restoration", "", "Non", ""),
    ("ItemService", "Subcontract", "Contract Revenue - Original", "Subcontractors", "Non", ""),
    (
        "ItemNonInventory",
        "Pipe & Fittings",
        "Parts & Materials Sales",
        "COGS Pipe & Fittings",
        "Tax",
        "18.95",
    ),
    ("ItemNonInventory", "Fixtures", "Parts & Materials Sales", "COGS Fixtures", "Tax", ""),
    ("ItemNonInventory", "Water Heater", "Equipment Sales", "COGS Water Heaters", "Tax", ""),
    ("ItemNonInventory", "HVAC Equipment", "Equipment Sales", "COGS HVAC Equipment", "Tax", ""),
    ("ItemNonInventory", "HVAC Parts", "Parts & Materials Sales", "COGS HVAC Parts", "Tax", ""),
    ("ItemNonInventory", "Materials", "Parts & Materials Sales", "Job Materials", "Tax", ""),
    ("ItemOtherCharge", "Customer Deposit", "Customer Deposits", "", "Non", ""),
    ("ItemOtherCharge", "Retainage", "Retainage Receivable", "Retainage Payable", "Non", ""),
    ("ItemOtherCharge", "Insurance Holdback", "Insurance Holdback Receivable", "", "Non", ""),
    ("ItemOtherCharge", "Allowance", "Refunds & Allowances", "", "Non", ""),
    ("ItemOtherCharge", "Bad Debt", "Bad Debt", "", "Non", ""),
    ("ItemOtherCharge", "Late Fee", "Fee Income", "", "Non", ""),
    ("ItemOtherCharge", "Permit", "Reimbursed Expense Income", "Permits, Bonds & Fees", "Non", ""),
    ("ItemOtherCharge", "Rental", "Reimbursed Expense Income", "Equipment Rental", "Non", ""),
    ("ItemOtherCharge", "Freight", "Reimbursed Expense Income", "Freight", "Non", ""),
    ("ItemOtherCharge", "Rounding", "Rounding Over/Short", "", "Non", ""),
)
#: name, percentage; the district's members add up to 8.25 %
_TAXES = (
    ("No Tax", "0"),
    ("County 7%", "7"),
    ("City", "1"),
    ("Transit", "0.5"),
    ("Crime District", "0.5"),
    ("State", "6.25"),
)


def _lists() -> Iterator[tuple[str, Obj]]:
    for number, name, kind, special in _ACCOUNTS:
        account = {"Name": name, "AccountNumber": number, "AccountType": kind}
        yield "Account", {**account, "SpecialAccountType": special} if special else account
    yield "SalesTaxCode", {"Name": "Tax", "IsTaxable": "true", "Desc": "Taxable Sales"}
    yield "SalesTaxCode", {"Name": "Non", "IsTaxable": "false", "Desc": "Non-Taxable Sales"}
    yield "StandardTerms", {"Name": "Due on receipt", "StdDueDays": "0"}
    yield "StandardTerms", {"Name": "Net 15", "StdDueDays": "15"}
    yield "StandardTerms", {"Name": "Net 30", "StdDueDays": "30"}
    yield (
        "StandardTerms",
        {"Name": "2% 10 Net 30", "StdDueDays": "30", "StdDiscountDays": "10", "DiscountPct": "2"},
    )
    yield "DateDrivenTerms", {"Name": "10th of month", "DayOfMonthDue": "10", "DueNextMonthDays": "5"}
    for name in ("Cash", "Check", "Visa", "MasterCard", "American Express", "E-Check"):
        word = {"American Express": "AmericanExpress", "E-Check": "ECheck"}.get(name, name)
        yield "PaymentMethod", {"Name": name, "PaymentMethodType": word}
    for name in ("Service", "Install", "Drain", "Inspection", "Maintenance", "Commercial"):
        yield "Class", {"Name": name}
    for name in ("Residential", "Business"):
        yield "CustomerType", {"Name": name}
    for name in ("Supplier", "Subcontractor", "Tax agency"):
        yield "VendorType", {"Name": name}
    for name in ("Service", "Project"):
        yield "JobType", {"Name": name}
    for name in ("Delivery", "Pickup"):
        yield "ShipMethod", {"Name": name}
    yield "CustomerMsg", {"Name": "Thank you for your business."}
    yield "Vendor", {"Name": "Department of Revenue", "VendorTypeRef": "@VendorType/Tax agency"}
    for name, rate in _TAXES:
        yield (
            "ItemSalesTax",
            {
                "Name": name,
                "TaxRate": rate,
                "ItemDesc": name,
                "TaxVendorRef": "@Vendor/Department of Revenue",
            },
        )
    members = [f"@ItemSalesTax/{name}" for name in ("City", "Transit", "Crime District", "State")]
    yield "ItemSalesTaxGroup", {"Name": "District 8.25%", "ItemDesc": "Sales tax", "ItemSalesTaxRef": members}
    yield from _items()


def _items() -> Iterator[tuple[str, Obj]]:
    for kind, name, account, cost, code, price in _ITEMS:
        side: Obj = {"IncomeAccountRef": f"@Account/{account}", "ExpenseAccountRef": f"@Account/{cost}"}
        if price:
            side["SalesPrice"] = price
        if not cost:
            side = {"AccountRef": f"@Account/{account}", **({"Price": price} if price else {})}
        yield (
            kind,
            {
                "Name": name,
                "SalesTaxCodeRef": f"@SalesTaxCode/{code}",
                "SalesAndPurchase" if cost else "SalesOrPurchase": side,
            },
        )
    yield (
        "ItemInventory",
        {
            "Name": "Valve Kit",
            "SalesTaxCodeRef": "@SalesTaxCode/Tax",
            "SalesDesc": "Valve kit",
            "SalesPrice": "18.95",
            "IncomeAccountRef": "@Account/Parts & Materials Sales",
            "PurchaseCost": "9.40",
            "COGSAccountRef": "@Account/COGS Pipe & Fittings",
            "AssetAccountRef": "@Account/Inventory Asset",
        },
    )
    for name in ("Discount", "Member Discount"):
        yield (
            "ItemDiscount",
            {
                "Name": name,
                "SalesTaxCodeRef": "@SalesTaxCode/Non",
                "DiscountRate": "0.00",
                "AccountRef": "@Account/Discounts Given",
            },
        )
    yield "ItemSubtotal", {"Name": "Subtotal", "ItemDesc": "Subtotal"}
    yield (
        "ItemPayment",
        {
            "Name": "Payment",
            "ItemDesc": "Payment received",
            "DepositToAccountRef": "@Account/Undeposited Funds",
        },
    )
    members = [
        {"ItemRef": "@ItemService/Service Call", "Quantity": "1"},
        {"ItemRef": "@ItemNonInventory/Pipe & Fittings", "Quantity": "2"},
    ]
    yield (
        "ItemGroup",
        {
            "Name": "Tap Repair",
            "ItemDesc": "Tap repair, all in",
            "IsPrintItemsInGroup": "false",
            "ItemGroupLine": members,
        },
    )


LISTS: tuple[tuple[str, Obj], ...] = tuple(_lists())

NAMES: tuple[tuple[str, Obj], ...] = (
    (
        "Customer",
        {
            "Name": "Ashby, Nora",
            "FirstName": "Nora",
            "LastName": "Ashby",
            "Phone": "217-555-0101",
            "Email": "nora.ashby@example.com",
            "BillAddress": {
                "Addr1": "Nora Ashby",
                "Addr2": "4 Elm Road",
                "City": "Springfield",
                "State": "IL",
            },
            "TermsRef": "@StandardTerms/Net 15",
            "SalesTaxCodeRef": "@SalesTaxCode/Tax",
            "ItemSalesTaxRef": "@ItemSalesTax/County 7%",
        },
    ),
    ("Customer", {"Name": "Kitchen", "ParentRef": "@Customer/Ashby, Nora", "JobStatus": "InProgress"}),
    (
        "Customer",
        {
            "Name": "Larkin Offices",
            "CompanyName": "Larkin Offices LLC",
            "TermsRef": "@StandardTerms/Net 30",
            "SalesTaxCodeRef": "@SalesTaxCode/Tax",
            "ItemSalesTaxRef": "@ItemSalesTaxGroup/District 8.25%",
        },
    ),
    (
        "Customer",
        {"Name": "St. Mark's Church", "SalesTaxCodeRef": "@SalesTaxCode/Non", "ResaleNumber": "E-1180"},
    ),
    (
        "Vendor",
        {"Name": "Pipe Depot", "TermsRef": "@StandardTerms/Net 30", "VendorTypeRef": "@VendorType/Supplier"},
    ),
    ("Vendor", {"Name": "Ditch Diggers", "IsVendorEligibleFor1099": "true"}),
    ("Employee", {"Name": "Omar Reyes", "FirstName": "Omar", "LastName": "Reyes"}),
    ("OtherName", {"Name": "Owner's Draw"}),
)
