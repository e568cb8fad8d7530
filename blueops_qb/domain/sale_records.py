"""Sales: invoices and credits with their lines, as core shows them."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.application_records import ProgressApplication
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.party_records import Address
from blueops_qb.domain.permit_records import PermitPayer
from blueops_qb.domain.refs import RecordKind, RecordRef


class LineKind(enum.StrEnum):
    """What an invoice line is; it decides in which family of keys its mapping is looked up."""

    SERVICE = "service"
    MATERIAL = "material"
    EQUIPMENT = "equipment"
    FEE = "fee"
    #: What a permit cost, billed to the customer; how follows from the role in which the company paid it.
    PERMIT = "permit"
    #: A whole-line discount shown as a line of its own: `amount` is negative.
    DISCOUNT = "discount"
    #: A deposit that was taken before the work and is used up here: `amount` is negative.
    DEPOSIT_APPLIED = "deposit_applied"
    #: Several things for one price; what it stands for is in its `parts`.
    BUNDLE = "bundle"
    #: Words only; no amount.
    TEXT = "text"


@attrs.frozen(kw_only=True)
class Jurisdiction:
    """One authority's part of the sales tax on a line: `rate` in percent, `tax` in dollars."""

    id: str
    rate: Decimal = ZERO
    base: Decimal = ZERO
    tax: Decimal = ZERO


@attrs.frozen(kw_only=True)
class BundlePart:
    """One thing within a bundle: work, material, equipment or a fee, with the key of its kind.

    `ssp` is its stand-alone selling price, by which the price of the bundle is split; `part_id` is its own within
    the bundle and stays when the bundle is changed.
    """

    part_id: str
    kind: LineKind
    ssp: Decimal
    description: str = ""
    service_category: str = ""
    material_category: str = ""
    fee_type: str = ""
    sku: str = ""
    class_key: str = ""
    cost_code: str = ""
    taxable: bool = False


@attrs.frozen(kw_only=True)
class InvoiceLine:
    """One line of an invoice or credit; `amount` is net of nothing and rounded to the cent by core.

    `discount` is a positive amount taken off this line (the line itself stays gross). `tax_key` is only set
    where the line is taxed by another place than the document; `deposit_id` names the payment whose deposit a
    line of kind `deposit_applied` uses up; `parts` are those of a bundle, which say what of it is taxable;
    `permit_payer` is the role in which the billed permit was paid (None = as the policy says).
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
    tax_key: str = ""
    jurisdictions: tuple[Jurisdiction, ...] = ()
    deposit_id: str = ""
    permit_payer: PermitPayer | None = None
    parts: tuple[BundlePart, ...] = ()


class TaxRounding(enum.StrEnum):
    """What sales tax is rounded on, each to the cent (accounting-treatments 1.4)."""

    DOCUMENT = "document"
    LINE = "line"
    JURISDICTION = "jurisdiction"


@attrs.frozen(kw_only=True)
class Invoice:
    """What a customer owes. Invariant: sum(amount - discount) - discount + tax = total.

    Lines of kind `deposit_applied` are not part of that sum: `total` is before them, `amount_due` after.
    `discount` is the document-level discount, positive. `tax_key` names the jurisdiction of the site. Where
    `prices_include_tax` is set the amounts of taxable lines hold the tax of `tax_percent` (and the sum is
    without `tax`). With `application` it bills a progress application, whose lines it has (`domain.applications`).
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
    tax_percent: Decimal | None = None
    tax_rounding: TaxRounding = TaxRounding.DOCUMENT
    prices_include_tax: bool = False
    total: Decimal
    memo: str = ""
    email: str = ""
    application: ProgressApplication | None = None
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.INVOICE, self.id)

    @property
    def deposits(self) -> tuple[InvoiceLine, ...]:
        return tuple(line for line in self.lines if line.kind is LineKind.DEPOSIT_APPLIED)

    @property
    def amount_due(self) -> Decimal:
        """What is left to pay once the deposits are taken off."""
        return self.total + sum((line.amount for line in self.deposits), ZERO)


class CreditReason(enum.StrEnum):
    """Why a customer is credited; it decides on which item the credit goes where it names no lines."""

    #: Goods came back: the original lines, so that income is reversed.
    RETURN = "return"
    GOODWILL = "goodwill"
    #: The price was wrong.
    PRICE = "price"
    #: Tax was charged that was not due.
    TAX = "tax"
    #: Work that was invoiced was called off.
    CANCEL = "cancel"
    #: A small rest that nobody will pay.
    WRITE_OFF = "write_off"
    BAD_DEBT = "bad_debt"
    EARLY_PAYMENT = "early_payment"


@attrs.frozen(kw_only=True)
class Application:
    """The part of a payment or credit that settles one invoice.

    `discount` (payments only) is what the customer kept for paying early: the invoice is settled by
    `amount` + `discount`.
    """

    invoice_id: str
    amount: Decimal
    discount: Decimal = ZERO


@attrs.frozen(kw_only=True)
class Credit:
    """What a customer is owed back. Invariant: sum(amount - discount) - discount + tax = total, all positive.

    `invoice_id` is the invoice that is credited; lines with the `line_id` of one of its lines mirror it (item,
    class, tax). `applications` say which invoices the credit settles; the rest stays the customer's, less
    `given_back` by refunds. `elsewhere` is what QuickBooks applies to documents that BlueOps does not have.
    """

    id: str
    number: str
    customer_id: str
    issue_date: dt.date
    reason: CreditReason
    job_id: str | None = None
    invoice_id: str | None = None
    site: Address | None = None
    branch: str = ""
    lines: tuple[InvoiceLine, ...] = ()
    discount: Decimal = ZERO
    discount_before_tax: bool = True
    tax: Decimal = ZERO
    tax_key: str = ""
    total: Decimal
    applications: tuple[Application, ...] = ()
    given_back: Decimal = ZERO
    elsewhere: Decimal = ZERO
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.CREDIT, self.id)

    @property
    def unapplied(self) -> Decimal:
        """What of it the customer still has."""
        applied = sum((part.amount for part in self.applications), ZERO)
        return self.total - applied - self.given_back - self.elsewhere
