"""Costs: what the company owes or paid, as core shows it."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.permit_records import Permit
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.domain.subcontract_records import SubcontractBill


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
    #: A visit under our warranty: parts off the truck and own hours: a journal entry.
    WARRANTY = "warranty"
    #: What a manufacturer owes us for the hours of such a visit: a journal entry the other way round.
    WARRANTY_ALLOWANCE = "warranty_allowance"


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
    #: The change order that the cost is for.
    change_order_id: str = ""


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
    """A cost of any type. Invariant: sum of lines + tax + freight = total; a card refund, or a vendor's credit in
    place of a bill, has `refund` set.

    `permit` is set where an authority was paid for a permit; each of its lines is then for a job. With `subcontract`
    the total is less by what is held back of it, and more by what is released.
    """

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
    permit: Permit | None = None
    subcontract: SubcontractBill | None = None
    receipts: tuple[Receipt, ...] = ()
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.EXPENSE, self.id)
