"""Sales forms: what is sold, offered, credited or refunded to a customer.

They share their lines, discount, tax and addresses; what each adds is its own class.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksRef, Ref


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


@attrs.frozen(kw_only=True, order=True)
class CustomValue:
    """A field that the company defined for its forms, by the name it has there."""

    name: str
    value: str


@attrs.frozen(kw_only=True)
class SalesForm:
    """What all sales forms share. Invariant in modes B and C: sum(lines) - discount + tax = total (C: tax = 0.00).

    `customer` may only be missing where the books allow it (sales and refund receipts). `custom` holds values
    for fields that the company defined; a name that it does not define is left out.
    """

    customer: Ref | None = None
    date: dt.date
    number: str = ""
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
    custom: tuple[CustomValue, ...] = ()
    currency: str = "USD"
    void: bool = False


@attrs.frozen(kw_only=True)
class SalesInvoice(SalesForm):
    """An invoice. `deposit` is money taken on the form itself: it is no payment and lowers the balance.

    `estimate` is the estimate that it bills; billing closes it.
    """

    customer: Ref
    due_date: dt.date | None = None
    terms: BooksRef | None = None
    deposit: Decimal = ZERO
    deposit_to: BooksRef | None = None
    estimate: Ref | None = None


class EstimateStatus(enum.StrEnum):
    """What became of an estimate."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    #: Billed as a whole, or no longer offered.
    CLOSED = "closed"
    REJECTED = "rejected"
    CONVERTED = "converted"


@attrs.frozen(kw_only=True)
class Estimate(SalesForm):
    """An offer; it posts nothing."""

    customer: Ref
    expires: dt.date | None = None
    status: EstimateStatus = EstimateStatus.PENDING
    accepted_by: str = ""
    accepted_on: dt.date | None = None


@attrs.frozen(kw_only=True)
class CreditMemo(SalesForm):
    """A credit that the customer keeps until a payment applies it."""

    customer: Ref


@attrs.frozen(kw_only=True)
class SalesReceipt(SalesForm):
    """A sale that was paid at once; `deposit_to` received the money."""

    method: BooksRef | None = None
    reference: str = ""
    deposit_to: BooksRef | None = None


@attrs.frozen(kw_only=True, order=True)
class PaidOut:
    """The part of a credit (a credit memo, or what is left of a payment) that a refund pays out."""

    credit: Ref
    amount: Decimal


@attrs.frozen(kw_only=True)
class RefundReceipt(SalesForm):
    """Money given back at once; `paid_from` is the account that it left.

    In books where it has no lines it pays out what the customer has to his credit: sum(pays_out) = total, less where
    one of those credits was taken out of the books since.
    """

    method: BooksRef | None = None
    reference: str = ""
    paid_from: BooksRef
    pays_out: tuple[PaidOut, ...] = ()
