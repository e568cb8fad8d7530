"""The members of sales forms beside the invoice, as field tables (reference sections 4.13, 4.15 and 4.20)."""

from __future__ import annotations

import attrs

from blueops_qb.sandbox.qbo.fields import choice, day, fixed, loose, number, part, ref, table, text
from blueops_qb.sandbox.qbo.txn_tables import SALES_FORM

#: receipts may be written for nobody in particular
_ANYBODY = tuple(
    attrs.evolve(member, required=False) if member.name == "CustomerRef" else member for member in SALES_FORM
)
_CHECK = table(*(text(name, 100) for name in ("CheckNum", "Status", "NameOnAcct", "AcctNum", "BankName")))

# A member that stands again after the common ones replaces them.
ESTIMATE = (
    *SALES_FORM,
    choice("TxnStatus", "Pending", "Accepted", "Closed", "Rejected", "Converted"),
    day("ExpirationDate"),
    text("AcceptedBy", 100),
    day("AcceptedDate"),
    day("DueDate"),
    ref("SalesTermRef", "Term"),
    *loose("EstimateEx"),
)
CREDIT_MEMO = (
    *SALES_FORM,
    ref("SalesTermRef", "Term"),
    fixed(ref("PaymentMethodRef", "PaymentMethod")),
    fixed(number("RemainingCredit")),
    fixed(number("Balance", filterable=True)),
    *loose("InvoiceRef", "DepositToAccountRef", "CreditMemoEx"),
)
_MONEY = (
    ref("DepositToAccountRef", "Account"),
    ref("PaymentMethodRef", "PaymentMethod"),
    part("CheckPayment", _CHECK),
    fixed(number("Balance", filterable=True)),
    *loose("CreditCardPayment", "PaymentType", "ProcessPayment"),
)
SALES_RECEIPT = (*_ANYBODY, *_MONEY, text("PaymentRefNum", 21), *loose("SalesReceiptEx", "LessCIS"))
REFUND_RECEIPT = (
    *_ANYBODY,
    *_MONEY,
    ref("DepositToAccountRef", "Account", required=True),
    text("PaymentRefNum", 100),
    *loose("RemainingCredit", "RefundReceiptEx"),
)
