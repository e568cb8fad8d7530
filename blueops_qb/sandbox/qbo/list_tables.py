"""The members of names and other lists, as field tables (reference sections 4.4 to 4.8)."""

from __future__ import annotations

import attrs

from blueops_qb.sandbox.qbo import fields as f
from blueops_qb.sandbox.qbo.fields import day, fixed, flag, loose, number, part, ref, rows, text

_NAME_PARTS = (text("Title", 16), *(text(n, 100) for n in ("GivenName", "MiddleName", "FamilyName")))
_PERSON = (
    *(attrs.evolve(p, filterable=p.name != "Title") for p in _NAME_PARTS),
    text("Suffix", 16),
    text("DisplayName", 500, filterable=True),
    text("PrintOnCheckName", 110, filterable=True),
    flag("Active", filterable=True),
    f.email("PrimaryEmailAddr", filterable=True),
    f.phone("PrimaryPhone"),
    f.phone("Mobile"),
    *loose("IntuitId", "Organization", "UserId", "V4IDPseudonym", "OtherContactInfo", "OtherAddr", "Source"),
)
_CONTACT = (
    text("CompanyName", 100, filterable=True),
    f.phone("AlternatePhone"),
    f.phone("Fax"),
    part("WebAddr", f.WEB),
    f.address("BillAddr"),
    text("Notes", 2000),
    ref("CurrencyRef", ""),
    fixed(number("Balance", filterable=True)),
    *loose("OpenBalanceDate", "ContactName", "AltContactName", "GSTIN", "GSTRegistrationType", "TDSEnabled"),
)
CUSTOMER = (
    *_PERSON,
    *_CONTACT,
    fixed(text("FullyQualifiedName", filterable=True)),
    f.address("ShipAddr"),
    flag("Job", filterable=True),
    ref("ParentRef", "Customer"),
    flag("BillWithParent"),
    fixed(flag("IsProject")),
    fixed(f.whole("Level")),
    flag("Taxable"),
    ref("DefaultTaxCodeRef", "TaxCode"),
    text("TaxExemptionReasonId", 5),
    text("ResaleNum", 16),
    ref("SalesTermRef", "Term"),
    ref("PaymentMethodRef", "PaymentMethod"),
    f.choice("PreferredDeliveryMethod", "Print", "Email", "None"),
    fixed(number("BalanceWithJobs")),
    text("PrimaryTaxIdentifier", 30),
    *loose(
        "CustomerTypeRef", "ARAccountRef", "RootCustomerRef", "SalesRepRef", "TaxGroupCodeRef", "CCDetail"
    ),
    *loose("PriceLevelRef", "CreditLimit", "AcctNum", "OverDueBalance", "TotalRevenue", "TotalExpense"),
    *loose(
        "JobInfo", "CustomerEx", "SecondaryTaxIdentifier", "BusinessNumber", "ClientEntityId", "TaxRateRef"
    ),
)
VENDOR = (
    *_PERSON,
    *_CONTACT,
    text("AcctNum", 100),
    text("TaxIdentifier", 20),
    flag("Vendor1099"),
    ref("TermRef", "Term"),
    number("BillRate"),
    number("CostRate"),
    *loose(
        "FullyQualifiedName", "TaxReportingBasis", "APAccountRef", "ShipAddr", "ParentRef", "VendorTypeRef"
    ),
    *loose("PrefillAccountRef", "CreditLimit", "VendorEx", "T4AEligible", "T5018Eligible", "HasTPAR"),
    *loose(
        "TaxCountry", "TaxIdEffectiveDate", "BusinessNumber", "DefaultTaxCodeRef", "VendorPaymentBankDetail"
    ),
)
EMPLOYEE = (
    *_PERSON,
    text("EmployeeNumber", 100),
    f.address("PrimaryAddr"),
    day("HiredDate"),
    day("ReleasedDate"),
    flag("BillableTime"),
    number("BillRate"),
    *loose(
        "SSN",
        "BirthDate",
        "Gender",
        "CostRate",
        "EmployeeType",
        "CompanyName",
        "EmployeeEx",
        "Fax",
        "WebAddr",
    ),
    *loose("AlternatePhone", "DefaultTaxCodeRef", "FullyQualifiedName", "UseTimeEntry", "Notes"),
)
ACCOUNT = (
    text("Name", 100, required=True, filterable=True),
    text("AcctNum", 7, filterable=True),
    text("AccountType", 50, filterable=True),
    text("AccountSubType", 80, filterable=True),
    fixed(text("Classification", filterable=True)),
    ref("ParentRef", "Account"),
    fixed(flag("SubAccount")),
    fixed(text("FullyQualifiedName", filterable=True)),
    text("Description", 100),
    flag("Active", filterable=True),
    fixed(number("CurrentBalance")),
    fixed(number("CurrentBalanceWithSubAccounts")),
    ref("CurrencyRef", ""),
    *loose(
        "TaxCodeRef", "AccountAlias", "TxnLocationType", "BankNum", "OpeningBalance", "OpeningBalanceDate"
    ),
    *loose("AcctNumExtn", "OnlineBankingEnabled", "FIName", "JournalCodeRef", "AccountEx", "AccountPurposes"),
)
ITEM_TYPES = ("Service", "NonInventory", "Inventory", "Category", "Group")
_COMPONENT = f.table(ref("ItemRef", "Item"), number("Qty"), *loose("UOMRef"))
ITEM = (
    text("Name", 100, required=True, filterable=True),
    f.choice("Type", *ITEM_TYPES, required=True, filterable=True),
    part("ItemGroupDetail", f.table(rows("ItemGroupLine", _COMPONENT))),
    flag("PrintGroupedItems"),
    ref("IncomeAccountRef", "Account"),
    ref("ExpenseAccountRef", "Account"),
    ref("AssetAccountRef", "Account"),
    number("QtyOnHand"),
    day("InvStartDate"),
    flag("TrackQtyOnHand"),
    text("Sku", 100, filterable=True),
    text("Description", 4000),
    text("PurchaseDesc", 1000),
    number("UnitPrice"),
    number("PurchaseCost"),
    flag("Taxable"),
    ref("SalesTaxCodeRef", "TaxCode"),
    ref("PurchaseTaxCodeRef", "TaxCode"),
    ref("ParentRef", "Item"),
    flag("SubItem"),
    ref("ClassRef", "Class"),
    ref("PrefVendorRef", "Vendor"),
    flag("Active", filterable=True),
    fixed(text("FullyQualifiedName", filterable=True)),
    fixed(f.whole("Level")),
    *loose("TaxClassificationRef", "SalesTaxIncluded", "PurchaseTaxIncluded", "AbatementRate", "ServiceType"),
    *loose(
        "ReverseChargeRate", "ItemCategoryType", "ReorderPoint", "ManPartNum", "ItemEx", "CustomExtensions"
    ),
    *loose("PercentBased", "RatePercent", "COGSAccountRef", "AvgCost", "DeferredRevenue", "Source", "UQCId"),
)
TREE = (
    text("Name", 100, required=True, filterable=True),
    fixed(text("FullyQualifiedName", filterable=True)),
    flag("Active", filterable=True),
)
TERM = (
    text("Name", 31, required=True, filterable=True),
    flag("Active", filterable=True),
    f.whole("DueDays"),
    f.whole("DayOfMonthDue"),
    f.whole("DueNextMonthDays"),
    number("DiscountPercent"),
    f.whole("DiscountDays"),
    f.whole("DiscountDayOfMonth"),
    fixed(text("Type", filterable=True)),
    *loose("SalesTermEx"),
)
METHOD = (
    text("Name", 31, required=True, filterable=True),
    f.choice("Type", "CREDIT_CARD", "NON_CREDIT_CARD", filterable=True),
    flag("Active", filterable=True),
    *loose("PaymentMethodEx"),
)
CURRENCY = (
    text("Code", 3, required=True, filterable=True),
    text("Name", 100, filterable=True),
    flag("Active", filterable=True),
    *loose("CustomField", "CompanyCurrencyEx"),
)
_RATE_ROW = f.table(ref("TaxRateRef", "TaxRate"), text("TaxTypeApplicable"), f.whole("TaxOrder"))
_RATE_LIST = f.table(rows("TaxRateDetail", _RATE_ROW))
TAX_CODE = (
    text("Name", 100, filterable=True),
    text("Description", 100),
    flag("Active", filterable=True),
    flag("Hidden"),
    flag("Taxable"),
    flag("TaxGroup"),
    part("SalesTaxRateList", _RATE_LIST),
    part("PurchaseTaxRateList", _RATE_LIST),
    text("TaxCodeConfigType"),
)
_EFFECTIVE = f.table(number("RateValue"), text("EffectiveDate"), text("EndDate"))
TAX_RATE = (
    text("Name", 100, filterable=True),
    text("Description", 100),
    flag("Active", filterable=True),
    number("RateValue"),
    ref("AgencyRef", "TaxAgency"),
    rows("EffectiveTaxRate", _EFFECTIVE),
    text("SpecialTaxType"),
    text("DisplayType"),
)
AGENCY = (
    text("DisplayName", 100, required=True, filterable=True),
    fixed(flag("TaxTrackedOnSales")),
    fixed(flag("TaxTrackedOnPurchases")),
    text("TaxRegistrationNumber", 30),
    fixed(day("LastFileDate")),
    fixed(text("TaxAgencyConfig")),
    fixed(flag("Active", filterable=True)),
)
