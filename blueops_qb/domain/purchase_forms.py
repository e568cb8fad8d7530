"""Purchase forms: what is ordered from, owed to, credited by or paid to a vendor."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksRef, Ref


@attrs.frozen(kw_only=True)
class PurchaseLine:
    """A line of a cost: an account or an item, never both; `customer` is the job that bears it.

    `billable` costs wait to be charged to the customer, with `markup` percent on top; `billed` ones have been,
    which only the books can say. `order` and `order_line` name the purchase order's line that it receives.
    """

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
    billed: bool = False
    markup: Decimal | None = None
    order: Ref | None = None
    order_line: str = ""


@attrs.frozen(kw_only=True)
class PurchaseForm:
    """What bills, expenses, vendor credits and purchase orders share; sum(lines) = total."""

    date: dt.date
    number: str = ""
    lines: tuple[PurchaseLine, ...] = ()
    total: Decimal
    location: BooksRef | None = None
    memo: str = ""
    currency: str = "USD"
    void: bool = False


@attrs.frozen(kw_only=True)
class Bill(PurchaseForm):
    """What we owe a vendor."""

    vendor: Ref
    due_date: dt.date | None = None
    terms: BooksRef | None = None
    ap_account: BooksRef | None = None


@attrs.frozen(kw_only=True)
class VendorCredit(PurchaseForm):
    """What a vendor owes us; a bill payment applies it."""

    vendor: Ref
    ap_account: BooksRef | None = None


class OrderStatus(enum.StrEnum):
    """Whether a purchase order is still waited for."""

    OPEN = "open"
    CLOSED = "closed"


@attrs.frozen(kw_only=True)
class PurchaseOrder(PurchaseForm):
    """What was ordered from a vendor; it posts nothing."""

    vendor: Ref
    ap_account: BooksRef | None = None
    status: OrderStatus = OrderStatus.OPEN
    shipping: Address | None = None
    email: str = ""


class PaidBy(enum.StrEnum):
    """How an expense was paid."""

    CARD = "card"
    CHECK = "check"
    CASH = "cash"


@attrs.frozen(kw_only=True)
class ExpenseDocument(PurchaseForm):
    """Money that left at once by card, check or cash; `refund` = it came back (card only)."""

    paid_by: PaidBy
    account: BooksRef
    payee: Ref | None = None
    method: BooksRef | None = None
    refund: bool = False


@attrs.frozen(kw_only=True, order=True)
class Settled:
    """The part of a bill payment that settles one document; negative for a vendor credit that it uses up.

    Some books take a vendor's discount for paying early off inside the payment: it is a credit too, of no record, that
    is posted to `account` (and `class_`) with the payment itself.
    """

    document: Ref
    amount: Decimal
    account: BooksRef | None = None
    class_: BooksRef | None = None


@attrs.frozen(kw_only=True)
class BillPayment:
    """Money paid to a vendor, by check or card; what it settles adds up to `amount`, which may be 0.00.

    `account` is the bank or card account; it is only missing where no money moved.
    """

    vendor: Ref
    date: dt.date
    number: str = ""
    amount: Decimal
    settles: tuple[Settled, ...] = ()
    paid_by: PaidBy = PaidBy.CHECK
    account: BooksRef | None = None
    ap_account: BooksRef | None = None
    location: BooksRef | None = None
    memo: str = ""
    currency: str = "USD"
    void: bool = False
