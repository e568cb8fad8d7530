"""Documents: what is written to the books, in neutral words.

Parties (customer, job, vendor) and other documents are named by `Ref`: a RecordRef while the document is
ours, a BooksRef once it is bound to a connection or was read from the books. Everything from the catalog
(account, item, class, location, tax code, terms, payment method) is a BooksRef, chosen by a person through
the mapping, never by name. Amounts are Decimals with two decimals, positive unless said otherwise.
Sales and purchase forms, tax codes and entries of lists have rooms of their own and are named here too.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.attachments import AttachedFile
from blueops_qb.domain.list_entries import AccountRecord, ClassRecord, ItemRecord
from blueops_qb.domain.purchase_forms import (
    Bill,
    BillPayment,
    ExpenseDocument,
    OrderStatus,
    PaidBy,
    PurchaseForm,
    PurchaseLine,
    PurchaseOrder,
    Settled,
    VendorCredit,
)
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref
from blueops_qb.domain.sales_forms import (
    CreditMemo,
    CustomValue,
    Estimate,
    EstimateStatus,
    PaidOut,
    RefundReceipt,
    SalesForm,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    TaxMode,
)
from blueops_qb.domain.tax_codes import TaxCodeRecord, TaxRate, TaxUse


@attrs.frozen(kw_only=True)
class CustomerRecord:
    """A customer, or a job when `parent` is set."""

    name: str
    parent: Ref | None = None
    company: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    terms: BooksRef | None = None
    taxable: bool | None = None
    exemption_reason: int | None = None
    certificate: str = ""
    #: Fixed for good once it is there; empty where the books keep one currency only.
    currency: str = ""
    active: bool = True


@attrs.frozen(kw_only=True)
class VendorRecord:
    """A vendor."""

    name: str
    company: str = ""
    email: str = ""
    phone: str = ""
    address: Address | None = None
    account_number: str = ""
    is_1099: bool = False
    terms: BooksRef | None = None
    currency: str = ""
    active: bool = True


@attrs.frozen(kw_only=True, order=True)
class Allocation:
    """The part of a payment that settles one invoice; negative for a credit that it uses up.

    Some books take a discount for paying early off inside the payment: it is a credit too, of no record, that is posted
    to `account` (and `class_`) with the payment itself.
    """

    invoice: Ref
    amount: Decimal
    account: BooksRef | None = None
    class_: BooksRef | None = None


@attrs.frozen(kw_only=True)
class CustomerPayment:
    """Money received; what is not allocated stays open as the customer's credit."""

    customer: Ref
    date: dt.date
    amount: Decimal
    allocations: tuple[Allocation, ...] = ()
    method: BooksRef | None = None
    reference: str = ""
    deposit_to: BooksRef | None = None
    memo: str = ""
    currency: str = "USD"
    void: bool = False


class Side(enum.StrEnum):
    """Which side of the ledger."""

    DEBIT = "debit"
    CREDIT = "credit"


@attrs.frozen(kw_only=True)
class JournalLine:
    """One posting of a journal entry; `customer` is the job it belongs to."""

    side: Side
    account: BooksRef
    amount: Decimal
    customer: Ref | None = None
    class_: BooksRef | None = None
    location: BooksRef | None = None
    description: str = ""
    books_line_id: str = ""


@attrs.frozen(kw_only=True)
class JournalEntry:
    """Debits and credits that sum to zero; never touches receivables or payables (treatments 0.1)."""

    date: dt.date
    lines: tuple[JournalLine, ...]
    number: str = ""
    memo: str = ""
    currency: str = "USD"
    void: bool = False


@attrs.frozen(kw_only=True)
class DepositLine:
    """Either a received payment, or a plain amount on an account (a fee is negative)."""

    payment: Ref | None = None
    account: BooksRef | None = None
    amount: Decimal
    description: str = ""
    books_line_id: str = ""


@attrs.frozen(kw_only=True)
class BankDeposit:
    """Payments that reach the bank together."""

    account: BooksRef
    date: dt.date
    lines: tuple[DepositLine, ...]
    total: Decimal
    memo: str = ""
    currency: str = "USD"
    void: bool = False


Document = (
    CustomerRecord
    | VendorRecord
    | SalesInvoice
    | Estimate
    | CreditMemo
    | SalesReceipt
    | RefundReceipt
    | CustomerPayment
    | Bill
    | BillPayment
    | VendorCredit
    | PurchaseOrder
    | ExpenseDocument
    | JournalEntry
    | BankDeposit
    | AttachedFile
    | TaxCodeRecord
    | AccountRecord
    | ItemRecord
    | ClassRecord
)
#: Entries of the books' lists: they are only ever created, found by their name, and have no marker.
Listed = TaxCodeRecord | AccountRecord | ItemRecord | ClassRecord
#: What bears no day and touches no account.
Undated = CustomerRecord | VendorRecord | AttachedFile | Listed

DOCUMENT_KINDS: dict[type[Document], BooksKind] = {
    CustomerRecord: BooksKind.CUSTOMER,
    VendorRecord: BooksKind.VENDOR,
    SalesInvoice: BooksKind.INVOICE,
    Estimate: BooksKind.ESTIMATE,
    CreditMemo: BooksKind.CREDIT_MEMO,
    SalesReceipt: BooksKind.SALES_RECEIPT,
    RefundReceipt: BooksKind.REFUND_RECEIPT,
    CustomerPayment: BooksKind.PAYMENT,
    Bill: BooksKind.BILL,
    BillPayment: BooksKind.BILL_PAYMENT,
    VendorCredit: BooksKind.VENDOR_CREDIT,
    PurchaseOrder: BooksKind.PURCHASE_ORDER,
    ExpenseDocument: BooksKind.EXPENSE,
    JournalEntry: BooksKind.JOURNAL,
    BankDeposit: BooksKind.DEPOSIT,
    AttachedFile: BooksKind.ATTACHMENT,
    TaxCodeRecord: BooksKind.TAX_CODE,
    AccountRecord: BooksKind.ACCOUNT,
    ItemRecord: BooksKind.ITEM,
    ClassRecord: BooksKind.CLASS,
}
DOCUMENT_TYPES: dict[BooksKind, type[Document]] = {kind: type for type, kind in DOCUMENT_KINDS.items()}


def kind_of(document: Document) -> BooksKind:
    """The books' kind that a document becomes."""
    return DOCUMENT_KINDS[type(document)]


__all__ = [
    "DOCUMENT_KINDS",
    "DOCUMENT_TYPES",
    "AccountRecord",
    "Allocation",
    "AttachedFile",
    "BankDeposit",
    "Bill",
    "BillPayment",
    "ClassRecord",
    "CreditMemo",
    "CustomValue",
    "CustomerPayment",
    "CustomerRecord",
    "DepositLine",
    "Document",
    "Estimate",
    "EstimateStatus",
    "ExpenseDocument",
    "ItemRecord",
    "JournalEntry",
    "JournalLine",
    "Listed",
    "OrderStatus",
    "PaidBy",
    "PaidOut",
    "PurchaseForm",
    "PurchaseLine",
    "PurchaseOrder",
    "RefundReceipt",
    "SalesForm",
    "SalesInvoice",
    "SalesLine",
    "SalesReceipt",
    "Settled",
    "Side",
    "TaxCodeRecord",
    "TaxMode",
    "TaxRate",
    "TaxUse",
    "Undated",
    "VendorCredit",
    "VendorRecord",
    "kind_of",
]
