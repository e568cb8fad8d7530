"""Values of the reader: the form in which records of both sides are laid beside each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
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
    #: Invoice numbers carry this in the books.
    prefix: str = "BO-"


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
    #: The customer or job that it stands under in the books; several documents may be parts of one payment.
    under: str = ""
    label: str = ""
    #: Which record it is on its own side: `customer:17`, `Customer:58`.
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
    #: References of the payments that waited as undeposited funds.
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
