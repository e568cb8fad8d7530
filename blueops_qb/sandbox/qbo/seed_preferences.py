"""The preferences of a new company, member by member as Intuit's US sample company has them (section 4.3)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.wire import Obj

#: form -> the sentences of the mail that goes with it
_MAILS = {
    "Invoice": "Your invoice is attached. Please pay at your convenience.",
    "Estimate": "Here is the estimate that you asked for. Call us with any question.",
    "SalesReceipt": "Your receipt is attached.",
    "Statement": "Your statement is attached. Please pay what is open.",
}
_TRUE, _FALSE = "true", "false"


def preferences(company: Company, accounts: dict[str, str], *, name: str) -> Obj:
    """The record; ``accounts`` is account number -> id."""
    return {
        **company.preferences,
        "AccountingInfoPrefs": {
            "UseAccountNumbers": True,
            "DefaultARAccount": {"value": accounts["1100"]},
            "DefaultAPAccount": {"value": accounts["2000"]},
            "TrackDepartments": True,
            "DepartmentTerminology": "Location",
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True,
            "FirstMonthOfFiscalYear": "January",
            "TaxYearMonth": "January",
            "TaxForm": "6",
            "CustomerTerminology": "Customers",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
        },
        "SalesFormsPrefs": _sales_forms(accounts),
        "EmailMessagesPrefs": {
            f"{form}Message": {"Subject": f"{_spaced(form)} from {name}", "Message": f"{text}\n\n{name}"}
            for form, text in _MAILS.items()
        },
        "VendorAndPurchasesPrefs": {
            "TrackingByCustomer": True,
            "BillableExpenseTracking": True,
            "POCustomField": _custom_fields("PurchasePrefs", "Purchase", ("Crew #", "Sales Rep")),
        },
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Monday",
            "MarkTimeEntriesBillable": True,
        },
        "TaxPrefs": {
            "UsingSalesTax": True,
            "TaxGroupCodeRef": {"value": company.hidden.tax_codes_by_state["NV"]},
        },
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": False,
            "HomeCurrency": {"value": "USD", "name": "United States Dollar"},
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": key, "Value": value} for key, value in _others(accounts)]},
    }


def _sales_forms(accounts: dict[str, str]) -> Obj:
    return {
        "CustomField": _custom_fields("SalesFormsPrefs", "Sales", ("Crew #",)),
        "CustomTxnNumbers": True,
        "AllowDeposit": True,
        "AllowDiscount": True,
        "DefaultDiscountAccount": accounts["4900"],
        "AllowEstimates": True,
        "EmailCopyToCompany": False,
        "ETransactionPaymentEnabled": False,
        "ETransactionEnabledStatus": "NotApplicable",
        "ETransactionAttachPDF": False,
        "IPNSupportEnabled": False,
        "AllowServiceDate": True,
        "AllowShipping": True,
        "DefaultTerms": {"value": "3"},
        "AutoApplyCredit": False,
        "AutoApplyPayments": False,
        "UsingProgressInvoicing": False,
        "UsingPriceLevels": False,
        "DefaultCustomerMessage": "Thank you for your business.",
    }


def _custom_fields(group: str, word: str, names: tuple[str, ...]) -> list[Obj]:
    # Two entries: which of the three fields are in use, and what they are called.
    use: list[Obj] = [
        {"Name": f"{group}.Use{word}Custom{n}", "Type": "BooleanType", "BooleanValue": n <= len(names)}
        for n in (1, 2, 3)
    ]
    called: list[Obj] = [
        {"Name": f"{group}.{word}CustomName{n}", "Type": "StringType", "StringValue": name}
        for n, name in enumerate(names, start=1)
    ]
    return [{"CustomField": use}, {"CustomField": called}]


def _others(accounts: dict[str, str]) -> list[tuple[str, str]]:
    return [
        ("SalesFormsPrefs.DefaultCustomerMessage", "Thank you for your business."),
        ("SalesFormsPrefs.DefaultItem", "1"),
        ("DTXCopyMemo", _FALSE),
        ("UncategorizedAssetAccountId", accounts["1990"]),
        ("UncategorizedIncomeAccountId", accounts["4995"]),
        ("UncategorizedExpenseAccountId", accounts["6990"]),
        ("SFCEnabled", _TRUE),
        ("DataPartner", _FALSE),
        ("Vendor1099Enabled", _TRUE),
        ("TimeTrackingFeatureEnabled", _TRUE),
        ("FDPEnabled", _FALSE),
        ("ProjectsEnabled", _FALSE),
        ("DateFormat", "Month Date Year separated by a slash"),
        ("DateFormatMnemonic", "MMDDYYYY_SEP_SLASH"),
        ("NumberFormat", "US Number Format"),
        ("NumberFormatMnemonic", "US_NB"),
        ("VendorAndPurchasesPrefs.UseCustomTxnNumbers", _TRUE),
        ("WarnDuplicateCheckNumber", _TRUE),
        ("WarnDuplicateBillNumber", _FALSE),
        ("WarnDuplicateJournalNumber", _TRUE),
        ("SignoutInactiveMinutes", "60"),
        ("AccountingInfoPrefs.ShowAccountNumbers", _TRUE),
    ]


def _spaced(form: str) -> str:
    return "Sales Receipt" if form == "SalesReceipt" else form
