"""Records: everything of BlueOps that reaches the books, as core shows it; one name for all of them.

The fields are those of accounting-treatments section 14. A record is a full snapshot; its revision and
the circumstances travel beside it (`blueops_qb.sdk.hooks.Event`). Each family has a room of its own.
"""

from __future__ import annotations

from blueops_qb.domain.application_records import ProgressApplication, SovLine
from blueops_qb.domain.cost_records import CostLine, Expense, ExpenseType, Receipt, SplitBasis
from blueops_qb.domain.list_entries import ListEntry
from blueops_qb.domain.money_records import (
    DepositPurpose,
    GivenBack,
    Payment,
    PaymentReturn,
    Payout,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.own_entries import Entry, EntryLine
from blueops_qb.domain.party_records import Address, Customer, Job, TaxExemption, Vendor
from blueops_qb.domain.permit_records import Permit, PermitPayer
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.refs import RecordKind
from blueops_qb.domain.sale_records import (
    Application,
    BundlePart,
    Credit,
    CreditReason,
    Invoice,
    InvoiceLine,
    Jurisdiction,
    LineKind,
    TaxRounding,
)
from blueops_qb.domain.subcontract_records import SubcontractBill

Record = (
    Customer
    | Job
    | Vendor
    | Invoice
    | Payment
    | Expense
    | Payout
    | Credit
    | Refund
    | PaymentReturn
    | Reclass
    | Entry
    | ListEntry
)
#: What can be taken back by voiding it.
Voidable = Invoice | Payment | Expense | Payout | Credit | Refund | PaymentReturn | Reclass | Entry

RECORD_TYPES: dict[RecordKind, type[Record]] = {
    RecordKind.CUSTOMER: Customer,
    RecordKind.JOB: Job,
    RecordKind.VENDOR: Vendor,
    RecordKind.INVOICE: Invoice,
    RecordKind.PAYMENT: Payment,
    RecordKind.EXPENSE: Expense,
    RecordKind.PAYOUT: Payout,
    RecordKind.RECLASS: Reclass,
    RecordKind.ENTRY: Entry,
    RecordKind.LIST_ENTRY: ListEntry,
    RecordKind.CREDIT: Credit,
    RecordKind.REFUND: Refund,
    RecordKind.PAYMENT_RETURN: PaymentReturn,
}

__all__ = [
    "RECORD_TYPES",
    "Address",
    "Application",
    "BundlePart",
    "CostLine",
    "Credit",
    "CreditReason",
    "Customer",
    "DepositPurpose",
    "Entry",
    "EntryLine",
    "Expense",
    "ExpenseType",
    "GivenBack",
    "Invoice",
    "InvoiceLine",
    "Job",
    "Jurisdiction",
    "LineKind",
    "ListEntry",
    "Payment",
    "PaymentReturn",
    "Payout",
    "Permit",
    "PermitPayer",
    "ProgressApplication",
    "Receipt",
    "Reclass",
    "Record",
    "Refund",
    "RefundPart",
    "ReturnReason",
    "SovLine",
    "SplitBasis",
    "SubcontractBill",
    "TaxExemption",
    "TaxRounding",
    "Vendor",
    "Voidable",
]
