"""The two records of which a company has one each: CompanyInfo and Preferences, as field tables."""

from __future__ import annotations

from blueops_qb.sandbox.qbo import fields as f
from blueops_qb.sandbox.qbo.fields import (
    Field,
    Table,
    choice,
    fixed,
    flag,
    loose,
    number,
    part,
    ref,
    rows,
    text,
)

COMPANY_INFO: tuple[Field, ...] = (
    text("CompanyName", 1024, required=True, filterable=True),
    text("LegalName", 1024),
    f.address("CompanyAddr"),
    f.address("LegalAddr"),
    f.address("CustomerCommunicationAddr"),
    text("Country", 3),
    f.email("Email"),
    part("WebAddr", f.WEB),
    f.phone("PrimaryPhone"),
    text("FiscalYearStartMonth", 20),
    text("SupportedLanguages", 100),
    fixed(f.day("CompanyStartDate")),
    fixed(rows("NameValue", f.NAME_VALUE)),
    *loose(
        "CompanyEmailAddr",
        "CompanyURL",
        "EmployerId",
        "TaxYearStartMonth",
        "DefaultTimeZone",
        "Mobile",
        "Fax",
    ),
    *loose("CustomerCommunicationEmailAddr", "CompanyFileName", "QBVersion", "ShipAddr", "OtherAddr"),
)


def _prefs(name: str, *members: Field) -> Field:
    return part(name, f.table(*members))


_MESSAGE: Table = f.table(text("Subject"), text("Message"))

PREFERENCES: tuple[Field, ...] = (
    _prefs(
        "AccountingInfoPrefs",
        fixed(flag("UseAccountNumbers")),
        fixed(ref("DefaultARAccount", "Account")),
        fixed(ref("DefaultAPAccount", "Account")),
        flag("TrackDepartments"),
        text("DepartmentTerminology"),
        flag("ClassTrackingPerTxn"),
        flag("ClassTrackingPerTxnLine"),
        fixed(text("FirstMonthOfFiscalYear")),
        fixed(text("TaxYearMonth")),
        fixed(text("TaxForm")),
        fixed(f.day("BookCloseDate")),
        text("CustomerTerminology"),
    ),
    _prefs(
        "ProductAndServicesPrefs",
        flag("ForSales"),
        flag("ForPurchase"),
        flag("QuantityWithPriceAndRate"),
        flag("QuantityOnHand"),
        flag("RevenueRecognition"),
        *loose("RevenueRecognitionFrequency"),
    ),
    _prefs(
        "SalesFormsPrefs",
        *(Field(name="CustomField", shape=f.Shape.LOOSE),),
        flag("CustomTxnNumbers"),
        f.email("SalesEmailCc"),
        f.email("SalesEmailBcc"),
        flag("EmailCopyToCompany"),
        flag("AllowDeposit"),
        flag("AllowDiscount"),
        text("DefaultDiscountAccount"),
        flag("AllowEstimates"),
        text("EstimateMessage"),
        flag("ETransactionPaymentEnabled"),
        flag("ETransactionAttachPDF"),
        text("ETransactionEnabledStatus"),
        flag("IPNSupportEnabled"),
        flag("AllowServiceDate"),
        flag("AllowShipping"),
        *loose("DefaultShippingAccount"),
        ref("DefaultTerms", "Term"),
        fixed(flag("AutoApplyCredit")),
        fixed(flag("AutoApplyPayments")),
        fixed(flag("UsingProgressInvoicing")),
        flag("UsingPriceLevels"),
        text("DefaultCustomerMessage"),
    ),
    _prefs(
        "EmailMessagesPrefs",
        *(part(f"{kind}Message", _MESSAGE) for kind in ("Invoice", "Estimate", "SalesReceipt", "Statement")),
    ),
    _prefs(
        "VendorAndPurchasesPrefs",
        flag("TrackingByCustomer"),
        flag("BillableExpenseTracking"),
        ref("DefaultTerms", "Term"),
        number("DefaultMarkup"),
        ref("DefaultMarkupAccount", "Account"),
        flag("TPAREnabled"),
        *loose("POCustomField", "MsgToVendors"),
    ),
    _prefs(
        "TimeTrackingPrefs",
        flag("UseServices"),
        flag("BillCustomers"),
        flag("ShowBillRateToAll"),
        text("WorkWeekStartDate"),
        flag("MarkTimeEntriesBillable"),
    ),
    _prefs(
        "TaxPrefs",
        fixed(flag("UsingSalesTax")),
        fixed(flag("PartnerTaxEnabled")),
        fixed(ref("TaxGroupCodeRef", "TaxCode")),
    ),
    _prefs("CurrencyPrefs", fixed(flag("MultiCurrencyEnabled")), fixed(ref("HomeCurrency", ""))),
    _prefs(
        "ReportPrefs", choice("ReportBasis", "Accrual", "Cash"), fixed(flag("CalcAgingReportFromTxnDate"))
    ),
    _prefs("OtherPrefs", rows("NameValue", f.NAME_VALUE)),
)
