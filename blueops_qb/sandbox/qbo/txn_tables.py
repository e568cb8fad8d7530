"""The members of transactions, as field tables (reference sections 4.9 to 4.20)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo import fields as f
from blueops_qb.sandbox.qbo import lines
from blueops_qb.sandbox.qbo.fields import day, fixed, flag, loose, number, part, ref, rows, text

TXN = (
    text("DocNumber", 21, filterable=True),
    day("TxnDate", filterable=True),
    text("PrivateNote", 4000),
    ref("DepartmentRef", "Department"),
    ref("CurrencyRef", ""),
    fixed(number("ExchangeRate")),
    rows("LinkedTxn", f.LINKED),
    rows("CustomField", f.CUSTOM),
    fixed(number("TotalAmt")),
    part("TxnTaxDetail", lines.TAX_DETAIL),
    *loose(
        "GlobalTaxCalculation", "TxnSource", "TransactionLocationType", "TxnStatus", "RecurDataRef", "Tag"
    ),
    *loose("ProjectRef", "HomeTotalAmt", "TaxFormType", "TaxFormNum", "TxnSubType", "TxnApprovalInfo"),
    *loose("RecurringInfo", "TotalCostAmount", "HomeTotalCostAmount"),
)
SALES_FORM = (
    *TXN,
    rows("Line", lines.SALES_LINE, required=True),
    ref("CustomerRef", "Customer", required=True, filterable=True),
    ref("ClassRef", "Class"),
    f.email("BillEmail"),
    f.email("BillEmailCc"),
    f.email("BillEmailBcc"),
    f.choice("EmailStatus", "NotSet", "NeedToSend", "EmailSent"),
    f.choice("PrintStatus", "NotSet", "NeedToPrint", "PrintComplete"),
    f.address("BillAddr"),
    f.address("ShipAddr"),
    f.address("ShipFromAddr"),
    part("CustomerMemo", f.MEMO),
    flag("ApplyTaxAfterDiscount"),
    day("ShipDate"),
    part("ShipMethodRef", f.table(text("value", 31), text("name", 31), *loose("type"))),
    text("TrackingNum", 31),
    text("FOB", 31),
    *loose("FreeFormAddress", "HomeBalance", "TaxExemptionRef", "DeliveryInfo", "TemplateRef"),
    *loose("AutoDocNumber", "ARAccountRef", "RemitToRef", "SalesRepRef", "PONumber", "PaymentMethodRef"),
)
INVOICE = (
    *SALES_FORM,
    day("DueDate", filterable=True),
    ref("SalesTermRef", "Term", filterable=True),
    number("Deposit"),
    ref("DepositToAccountRef", "Account"),
    flag("AllowOnlineCreditCardPayment"),
    flag("AllowOnlineACHPayment"),
    flag("AllowIPNPayment"),
    flag("AllowOnlinePayment"),
    fixed(number("Balance", filterable=True)),
    *loose("InvoiceLink", "EInvoiceStatus", "ECloudStatusTimeStamp", "FinanceCharge", "PaymentRefNum"),
    *loose("PaymentType", "CheckPayment", "CreditCardPayment", "DiscountRate", "DiscountAmt", "InvoiceEx"),
    *loose("AllowOnlinePayPalPayment", "TxnRetainageDetail", "GratuityEnabled", "PaymentDetailsMessage"),
)
PAYMENT = (
    *(m for m in TXN if m.name not in ("TotalAmt", "DocNumber", "TxnTaxDetail")),
    *loose("DocNumber", "TxnTaxDetail"),
    ref("CustomerRef", "Customer", required=True, filterable=True),
    number("TotalAmt", filterable=True),
    rows("Line", lines.LINK_LINE),
    fixed(number("UnappliedAmt")),
    ref("DepositToAccountRef", "Account"),
    ref("PaymentMethodRef", "PaymentMethod"),
    text("PaymentRefNum", 21),
    flag("ProcessPayment"),
    ref("ARAccountRef", "Account"),
    *loose("CreditCardPayment", "CheckPayment", "PaymentType", "RemitToRef", "TaxExemptionRef", "PaymentEx"),
    *loose("PaymentExtendedType"),
)
_EXPENSE = (*TXN, rows("Line", lines.EXPENSE_LINE, required=True))
BILL = (
    *_EXPENSE,
    ref("VendorRef", "Vendor", required=True, filterable=True),
    ref("APAccountRef", "Account"),
    day("DueDate", filterable=True),
    ref("SalesTermRef", "Term"),
    f.address("VendorAddr"),
    fixed(number("Balance", filterable=True)),
    *loose("BillEmail", "ReplyEmail", "Memo", "PayerRef", "RemitToAddr", "ShipAddr", "HomeBalance", "BillEx"),
)
PURCHASE = (
    *_EXPENSE,
    f.choice("PaymentType", "Cash", "Check", "CreditCard", required=True, filterable=True),
    ref("AccountRef", "Account", required=True),
    ref("EntityRef", ""),
    ref("PaymentMethodRef", "PaymentMethod"),
    flag("Credit"),
    f.choice("PrintStatus", "NotSet", "NeedToPrint", "PrintComplete"),
    f.address("RemitToAddr"),
    *loose("PurchaseEx", "PaymentRefNum", "CheckPayment", "CreditCardPayment", "Memo"),
)
JOURNAL = (
    *TXN,
    rows("Line", lines.JOURNAL_LINE, required=True),
    flag("Adjustment"),
    *loose("HomeCurrencyAdjustment", "EnteredInHomeCurrency", "JournalEntryEx"),
)
DEPOSIT = (
    *TXN,
    rows("Line", lines.DEPOSIT_LINE, required=True),
    ref("DepositToAccountRef", "Account", required=True),
    part("CashBack", f.table(ref("AccountRef", "Account"), number("Amount"), text("Memo"))),
    *loose("DepositEx"),
)
