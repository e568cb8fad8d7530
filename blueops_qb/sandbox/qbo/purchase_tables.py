"""The members of bill payments, vendor credits and purchase orders, as field tables (reference section 4.18)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo import fields as f
from blueops_qb.sandbox.qbo import lines
from blueops_qb.sandbox.qbo.fields import day, fixed, flag, loose, number, part, ref, rows, text
from blueops_qb.sandbox.qbo.txn_tables import TXN

_PRINT = ("NotSet", "NeedToPrint", "PrintComplete")
_CHECK = f.table(
    ref("BankAccountRef", "Account"),
    f.choice("PrintStatus", *_PRINT),
    *loose("CheckDetail", "PayeeAddr", "BillPaymentCheckEx"),
)
_CARD = f.table(ref("CCAccountRef", "Account"), *loose("CCDetail", "BillPaymentCreditCardEx"))
BILL_PAYMENT = (
    *(member for member in TXN if member.name not in ("TotalAmt", "TxnTaxDetail", "LinkedTxn")),
    *loose("LinkedTxn", "TxnTaxDetail"),
    ref("VendorRef", "Vendor", required=True, filterable=True),
    f.choice("PayType", "Check", "CreditCard", required=True),
    part("CheckPayment", _CHECK),
    part("CreditCardPayment", _CARD),
    number("TotalAmt", required=True, filterable=True),
    rows("Line", lines.LINK_LINE, required=True),
    ref("APAccountRef", "Account"),
    f.address("VendorAddr"),
    flag("ProcessBillPayment"),
    *loose("BillPaymentEx"),
)
VENDOR_CREDIT = (
    *TXN,
    rows("Line", lines.EXPENSE_LINE, required=True),
    ref("VendorRef", "Vendor", required=True, filterable=True),
    ref("APAccountRef", "Account"),
    f.address("VendorAddr"),
    fixed(number("Balance", filterable=True)),
    *loose("BillEmail", "ReplyEmail", "Memo", "VendorCreditEx", "FromAccountRef", "ToAccountRef"),
)
PURCHASE_ORDER = (
    *TXN,
    rows("Line", lines.EXPENSE_LINE, required=True),
    ref("VendorRef", "Vendor", required=True, filterable=True),
    ref("APAccountRef", "Account"),
    ref("ClassRef", "Class"),
    ref("SalesTermRef", "Term"),
    ref("ShipTo", "Customer"),
    day("DueDate", filterable=True),
    day("ExpectedDate"),
    f.address("VendorAddr"),
    f.address("ShipAddr"),
    f.email("POEmail"),
    f.choice("EmailStatus", "NotSet", "NeedToSend", "EmailSent"),
    f.choice("POStatus", "Open", "Closed"),
    text("Memo", 4000),
    part("ShipMethodRef", f.table(text("value", 100), text("name", 100), *loose("type"))),
    *loose("TaxCodeRef", "PrintStatus", "FOB", "ManuallyClosed", "DropShipToEntity", "TemplateRef"),
    *loose("ReimbursableInfoRef", "InventorySiteRef", "BillEmail", "ReplyEmail", "PurchaseOrderEx"),
)
