"""Documents: what is written to the books, in neutral words.

Parties (customer, job, vendor) and other documents are named by `Ref`: a RecordRef while the document is
ours, a BooksRef once it is bound to a connection or was read from the books. Everything from the catalog
(account, item, class, location, tax code, terms, payment method) is a BooksRef, chosen by a person through
the mapping, never by name. Amounts are Decimals with two decimals, positive unless said otherwise.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref


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
    active: bool = True


@attrs.frozen(kw_only=True)
class SalesLine:
    """A line of a sale. Without an item it is text only. `amount` may be negative (line discount).

    `account` is the income account the item posts to, when known; it is for our sub-ledger only and
    never sent. `line_id` is ours; `books_line_id` the books' own once known.
    """

    line_id: str = ""
    books_line_id: str = ""
    item: BooksRef | None = None
    account: BooksRef | None = None
    description: str = ""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    amount: Decimal = ZERO
    taxable: bool = False
    class_: BooksRef | None = None
    service_date: dt.date | None = None


class TaxMode(enum.StrEnum):
    """Who computes sales tax (accounting-treatments 1.4)."""

    #: QuickBooks computes; its tax and total go back to core.
    BOOKS = "A"
    #: BlueOps computed and charged it; the amount is sent and must come back unchanged.
    OURS = "B"
    #: Sales tax is not used in the books: a plain line to the tax account.
    NONE = "C"


@attrs.frozen(kw_only=True)
class SalesInvoice:
    """An invoice. Invariant in modes B and C: sum(lines) - discount + tax = total (mode C: tax = 0.00)."""

    customer: Ref
    date: dt.date
    number: str = ""
    due_date: dt.date | None = None
    terms: BooksRef | None = None
    lines: tuple[SalesLine, ...] = ()
    discount: Decimal = ZERO
    discount_account: BooksRef | None = None
    discount_before_tax: bool = True
    tax_mode: TaxMode = TaxMode.OURS
    tax: Decimal | None = None
    tax_code: BooksRef | None = None
    total: Decimal | None = None
    location: BooksRef | None = None
    class_: BooksRef | None = None
    shipping: Address | None = None
    email: str = ""
    memo: str = ""
    currency: str = "USD"
    void: bool = False


@attrs.frozen(kw_only=True, order=True)
class Allocation:
    """The part of a payment that settles one invoice."""

    invoice: Ref
    amount: Decimal


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


@attrs.frozen(kw_only=True)
class PurchaseLine:
    """A line of a cost: an account or an item, never both; `customer` is the job that bears it."""

    line_id: str = ""
    books_line_id: str = ""
    account: BooksRef | None = None
    item: BooksRef | None = None
    description: str = ""
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    amount: Decimal = ZERO
    customer: Ref | None = None
    class_: BooksRef | None = None
    billable: bool = False


@attrs.frozen(kw_only=True)
class Bill:
    """What we owe a vendor."""

    vendor: Ref
    date: dt.date
    number: str = ""
    due_date: dt.date | None = None
    terms: BooksRef | None = None
    ap_account: BooksRef | None = None
    lines: tuple[PurchaseLine, ...] = ()
    total: Decimal
    location: BooksRef | None = None
    memo: str = ""
    currency: str = "USD"
    void: bool = False


class PaidBy(enum.StrEnum):
    """How an expense was paid."""

    CARD = "card"
    CHECK = "check"
    CASH = "cash"


@attrs.frozen(kw_only=True)
class ExpenseDocument:
    """Money that left at once by card, check or cash; `refund` = it came back (card only)."""

    paid_by: PaidBy
    account: BooksRef
    date: dt.date
    payee: Ref | None = None
    number: str = ""
    method: BooksRef | None = None
    lines: tuple[PurchaseLine, ...] = ()
    total: Decimal
    refund: bool = False
    location: BooksRef | None = None
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
    | CustomerPayment
    | Bill
    | ExpenseDocument
    | JournalEntry
    | BankDeposit
)

DOCUMENT_KINDS: dict[type[Document], BooksKind] = {
    CustomerRecord: BooksKind.CUSTOMER,
    VendorRecord: BooksKind.VENDOR,
    SalesInvoice: BooksKind.INVOICE,
    CustomerPayment: BooksKind.PAYMENT,
    Bill: BooksKind.BILL,
    ExpenseDocument: BooksKind.EXPENSE,
    JournalEntry: BooksKind.JOURNAL,
    BankDeposit: BooksKind.DEPOSIT,
}
DOCUMENT_TYPES: dict[BooksKind, type[Document]] = {kind: type for type, kind in DOCUMENT_KINDS.items()}


def kind_of(document: Document) -> BooksKind:
    """The books' kind that a document becomes."""
    return DOCUMENT_KINDS[type(document)]
