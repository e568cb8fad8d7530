"""Records: BlueOps' customers, jobs, vendors, invoices, payments and expenses as core shows them.

The fields are those of accounting-treatments section 14. A record is a full snapshot; its revision and
the circumstances travel beside it (`blueops_qb.sdk.hooks.Event`).
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.refs import RecordKind, RecordRef


@attrs.frozen(kw_only=True)
class Address:
    """A postal address; `state` is the two-letter code in the US, `country` ISO or empty for home."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@attrs.frozen(kw_only=True)
class TaxExemption:
    """Why a customer pays no sales tax; `reason` is the number of accounting-treatments 1.5."""

    reason: int
    certificate: str = ""
    states: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@attrs.frozen(kw_only=True)
class Customer:
    """Somebody who is invoiced. `terms` is a BlueOps key; `sites` are the places where work is done."""

    id: str
    name: str
    company: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    billing: Address | None = None
    sites: tuple[Address, ...] = ()
    segment: str = ""
    terms: str = ""
    exemption: TaxExemption | None = None
    currency: str = "USD"
    active: bool = True

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.CUSTOMER, self.id)


@attrs.frozen(kw_only=True)
class Job:
    """Work for a customer at one site; costs and income are collected under it."""

    id: str
    customer_id: str
    name: str
    site: Address | None = None
    industry: str = ""
    segment: str = ""
    job_type: str = ""
    contract_type: str = ""
    branch: str = ""
    class_key: str = ""
    status: str = "open"
    active: bool = True

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.JOB, self.id)


@attrs.frozen(kw_only=True)
class Vendor:
    """Somebody who is paid: supplier, subcontractor, employee, authority or manufacturer."""

    id: str
    name: str
    company: str = ""
    email: str = ""
    phone: str = ""
    address: Address | None = None
    account_number: str = ""
    vendor_type: str = "supplier"
    is_1099: bool = False
    terms: str = ""
    currency: str = "USD"
    active: bool = True

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.VENDOR, self.id)


class LineKind(enum.StrEnum):
    """What an invoice line is; it decides in which family of keys its mapping is looked up."""

    SERVICE = "service"
    MATERIAL = "material"
    EQUIPMENT = "equipment"
    FEE = "fee"
    #: A whole-line discount shown as a line of its own: `amount` is negative.
    DISCOUNT = "discount"
    #: Words only; no amount.
    TEXT = "text"


@attrs.frozen(kw_only=True)
class InvoiceLine:
    """One line of an invoice; `amount` is net of nothing and rounded to the cent by core.

    `discount` is a positive amount taken off this line (the line itself stays gross).
    """

    line_id: str
    kind: LineKind
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    amount: Decimal = ZERO
    service_category: str = ""
    material_category: str = ""
    fee_type: str = ""
    sku: str = ""
    class_key: str = ""
    cost_code: str = ""
    taxable: bool = False
    discount: Decimal = ZERO
    service_date: dt.date | None = None


@attrs.frozen(kw_only=True)
class Invoice:
    """What a customer owes. Invariant: sum(amount - discount) - discount + tax = total.

    `discount` is the document-level discount, positive. `tax_key` names the jurisdiction of the site.
    """

    id: str
    number: str
    customer_id: str
    issue_date: dt.date
    due_date: dt.date | None = None
    terms: str = ""
    job_id: str | None = None
    site: Address | None = None
    branch: str = ""
    lines: tuple[InvoiceLine, ...] = ()
    discount: Decimal = ZERO
    discount_before_tax: bool = True
    tax: Decimal = ZERO
    tax_key: str = ""
    total: Decimal
    memo: str = ""
    email: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.INVOICE, self.id)


@attrs.frozen(kw_only=True)
class Application:
    """The part of a payment that settles one invoice."""

    invoice_id: str
    amount: Decimal


@attrs.frozen(kw_only=True)
class Payment:
    """Money from a customer: `amount` = sum of applications + unapplied rest + `elsewhere`.

    `elsewhere` is what QuickBooks applies to documents that BlueOps does not have.
    """

    id: str
    customer_id: str
    received_on: dt.date
    amount: Decimal
    method: str = ""
    reference: str = ""
    applications: tuple[Application, ...] = ()
    elsewhere: Decimal = ZERO
    job_id: str | None = None
    fee: Decimal = ZERO
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.PAYMENT, self.id)

    @property
    def unapplied(self) -> Decimal:
        return self.amount - self.elsewhere - sum((a.amount for a in self.applications), ZERO)


class ExpenseType(enum.StrEnum):
    """How a cost reached the company; it decides which document is written."""

    BILL = "bill"
    CARD = "card"
    CASH = "cash"
    CHECK = "check"
    #: A technician paid himself: a bill to him as a vendor.
    EMPLOYEE = "employee"
    SUBCONTRACT = "subcontract"
    #: Use tax owed on something bought untaxed: a journal entry.
    USE_TAX = "use_tax"
    #: Own labour at burdened cost (opt-in): a journal entry.
    LABOR = "labor"


@attrs.frozen(kw_only=True)
class CostLine:
    """One line of a cost; `job_id` None = overhead. `percent` counts when the split basis is percent."""

    line_id: str
    amount: Decimal
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_cost: Decimal = ZERO
    expense_category: str = ""
    material_category: str = ""
    cost_code: str = ""
    job_id: str | None = None
    class_key: str = ""
    billable: bool = False


class SplitBasis(enum.StrEnum):
    """By what purchase tax and freight are spread over the lines (accounting-treatments 3.1)."""

    AMOUNT = "amount"
    QUANTITY = "quantity"
    PERCENT = "percent"
    EQUAL = "equal"


@attrs.frozen(kw_only=True)
class Receipt:
    """A picture or file of a cost; opened by id through core."""

    id: str
    filename: str
    content_type: str


@attrs.frozen(kw_only=True)
class Expense:
    """A cost of any type. Invariant: sum of lines + tax + freight = total; a card refund has `refund` set."""

    id: str
    type: ExpenseType
    date: dt.date
    total: Decimal
    vendor_id: str | None = None
    vendor_invoice_number: str = ""
    due_date: dt.date | None = None
    terms: str = ""
    payment_account_key: str = ""
    lines: tuple[CostLine, ...] = ()
    tax: Decimal = ZERO
    tax_split: SplitBasis = SplitBasis.AMOUNT
    freight: Decimal = ZERO
    freight_split: SplitBasis = SplitBasis.AMOUNT
    split_percents: tuple[Decimal, ...] = ()
    branch: str = ""
    memo: str = ""
    refund: bool = False
    receipts: tuple[Receipt, ...] = ()
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.EXPENSE, self.id)


@attrs.frozen(kw_only=True)
class Payout:
    """Payments that reached the bank as one deposit. Invariant: sum of payments - fees = net."""

    id: str
    date: dt.date
    account_key: str
    payment_ids: tuple[str, ...]
    fees: Decimal = ZERO
    net: Decimal
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.PAYOUT, self.id)


Record = Customer | Job | Vendor | Invoice | Payment | Expense | Payout | Reclass

RECORD_TYPES: dict[RecordKind, type[Record]] = {
    RecordKind.CUSTOMER: Customer,
    RecordKind.JOB: Job,
    RecordKind.VENDOR: Vendor,
    RecordKind.INVOICE: Invoice,
    RecordKind.PAYMENT: Payment,
    RecordKind.EXPENSE: Expense,
    RecordKind.PAYOUT: Payout,
    RecordKind.RECLASS: Reclass,
}
