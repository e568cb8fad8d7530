"""Values of the reader: the form in which records of both sides are laid beside each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Where every key of the company belongs in the books: account numbers, and names of lists.

    It is written down beside the day that is played, not read from the product's mapping.
    """

    receivable: str
    payable: str
    sales_tax: str
    #: Where received payments wait until a deposit names them.
    undeposited: str
    discounts: str
    fees: str
    services: Mapping[str, str]
    materials_sold: Mapping[str, str]
    fees_charged: Mapping[str, str]
    materials_bought: Mapping[str, str]
    expenses: Mapping[str, str]
    #: Where money of a method waits for the bank.
    received_in: Mapping[str, str]
    #: Bank and card accounts by key.
    money: Mapping[str, str]
    methods: Mapping[str, str]
    branches: Mapping[str, str]
    classes: Mapping[str, str]
    terms: Mapping[str, str]
    #: What the bank takes for a payment that came back; what a card processor takes is in `fees`.
    bank_charges: str = ""
    #: Invoice numbers carry this in the books.
    prefix: str = "BO-"
    #: Whether the books keep files that hang on a document.
    files: bool = True

    @property
    def waiting(self) -> frozenset[str]:
        """The accounts in which money waits for the bank."""
        return frozenset(self.received_in.values())


@dataclass(frozen=True, kw_only=True)
class Place:
    """A postal address."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Party:
    """A customer, job or vendor. `name` of a job is `customer:job`; `phone` is its last ten digits."""

    name: str
    email: str = ""
    phone: str = ""
    address: Place = Place()
    active: bool = True
    label: str = ""
    #: Which record it is on its own side: `customer:17`, `Customer:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class SoldLine:
    """A line of an invoice; `account` is the number of the income account."""

    description: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    account: str
    class_name: str = ""
    taxable: bool = False


#: (account number, class, location) -> amount, debit positive; what comes to nothing is left out.
Effect = Mapping[tuple[str, str, str], Decimal]


@dataclass(frozen=True, kw_only=True)
class Sale:
    """An invoice; `balance` is what is still open, `payer` the customer or `customer:job`."""

    number: str
    payer: str
    date: dt.date
    due: dt.date | None
    terms: str
    lines: tuple[SoldLine, ...]
    discount: Decimal
    tax: Decimal
    total: Decimal
    balance: Decimal
    location: str
    effect: Effect
    void: bool = False
    label: str = ""
    #: Which record it is on its own side: `customer:17`, `Customer:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Money from a customer; `settles` is amount by invoice number."""

    payer: str
    date: dt.date
    amount: Decimal
    reference: str
    method: str
    account: str
    settles: Mapping[str, Decimal]
    effect: Effect
    void: bool = False
    #: What it settles beside invoices, less the credits that it uses up.
    beside: Decimal = ZERO
    #: The customer or job that it stands under in the books; several documents may be parts of one payment.
    under: str = ""
    #: Before `credits.settled` has looked at it: credit memos that it uses, and documents by which money went back
    #: that it settles; amount by the document's id (`CreditMemo:12`).
    uses: Mapping[str, Decimal] = field(default_factory=dict)
    back: Mapping[str, Decimal] = field(default_factory=dict)
    label: str = ""
    #: Which record it is on its own side: `customer:17`, `Customer:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Credited:
    """A credit; `settles` is amount by invoice number, `left` what the customer still has of it.

    One that a payment raised for being early has no number.
    """

    number: str
    payer: str
    date: dt.date
    lines: tuple[SoldLine, ...]
    discount: Decimal
    tax: Decimal
    total: Decimal
    left: Decimal
    settles: Mapping[str, Decimal]
    location: str
    effect: Effect
    #: The invoice of BlueOps that it credits: its lines are coded as that one's are.
    of: str = ""
    #: The customer or job that it stands under in the books.
    under: str = ""
    label: str = ""
    #: Which record it is on its own side: `credit:17`, `CreditMemo:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class PaidBack:
    """Money that left and that the customer owes again, or had as a deposit: a refund or a returned payment.

    `sources` is amount by what it came from: `payment R7`, `credit CR-12`; nothing for a deposit. `words` is how it is
    told from others: the reference of the refund, or of the payment that came back.
    """

    payer: str
    date: dt.date
    amount: Decimal
    account: str
    words: str
    sources: Mapping[str, Decimal]
    effect: Effect
    #: The customer or job that it stands under in the books; a payment of several parts comes back in as many.
    under: str = ""
    label: str = ""
    #: Which record it is on its own side: `refund:17`, `Purchase:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Prepaid:
    """A deposit before the work that is owed to the customer until an invoice uses it up."""

    payer: str
    date: dt.date
    amount: Decimal
    reference: str
    method: str
    account: str
    effect: Effect
    void: bool = False
    #: The customer or job that it stands under in the books.
    under: str = ""
    label: str = ""
    #: Which record it is on its own side: `payment:17`, `SalesReceipt:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Charged:
    """What a bank or processor took for a payment that came back, on the expense account `account`."""

    date: dt.date
    amount: Decimal
    account: str
    paid_from: str
    effect: Effect
    label: str = ""
    #: Which record it is on its own side: `payment_return:17`, `JournalEntry:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """A line of a bill or purchase."""

    description: str
    amount: Decimal
    account: str
    job: str
    class_name: str


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A bill or a purchase; `kind` is bill, card, cash or check, `account` where it was paid from or owed on."""

    kind: str
    vendor: str
    date: dt.date
    number: str
    due: dt.date | None
    terms: str
    account: str
    lines: tuple[CostLine, ...]
    total: Decimal
    location: str
    effect: Effect
    #: Names and sizes of the files that hang on it, sorted.
    files: tuple[str, ...] = ()
    label: str = ""
    #: Which record it is on its own side: `customer:17`, `Customer:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Banked:
    """Money that reached the bank; `parts` are amounts by account they came out of (fees are negative)."""

    date: dt.date
    account: str
    total: Decimal
    parts: Mapping[str, Decimal]
    #: References of the payments and deposits that waited as undeposited funds.
    payments: tuple[str, ...]
    effect: Effect
    label: str = ""
    #: Which record it is on its own side: `customer:17`, `Customer:58`.
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything that one side has, in the order in which it has it."""

    customers: tuple[Party, ...] = ()
    jobs: tuple[Party, ...] = ()
    vendors: tuple[Party, ...] = ()
    sales: tuple[Sale, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    costs: tuple[Cost, ...] = ()
    banked: tuple[Banked, ...] = ()
    credits: tuple[Credited, ...] = ()
    back: tuple[PaidBack, ...] = ()
    prepaid: tuple[Prepaid, ...] = ()
    charged: tuple[Charged, ...] = ()


def file_label(name: str, size: int) -> str:
    """How both sides name a file: by its name and its bytes."""
    return f"{name} ({size} bytes)"


def last_digits(phone: str) -> str:
    """The last ten digits of a phone number."""
    return "".join(sign for sign in phone if sign.isdecimal())[-10:]


def added(*parts: tuple[tuple[str, str, str], Decimal]) -> Effect:
    """Postings summed per account, class and location."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for key, amount in parts:
        sums[key] = sums.get(key, ZERO) + amount
    return {key: amount for key, amount in sums.items() if amount}
