"""Amounts and small values as the company file keeps them: text in its canonical form, reckoned as Decimal."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from blueops_qb.sandbox.ledger import CENT, ZERO

#: A record of the company file, or a part of one: element name -> text, part, or list of either.
Obj = dict[str, Any]

#: the smallest step of a price, a quantity or a percentage
FINE = Decimal("0.00001")
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to whole cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def money(text: str | None) -> Decimal:
    """The amount a text says; 0.00 where there is none."""
    return Decimal(text) if text else ZERO


def amount_text(amount: Decimal) -> str:
    """An amount on the wire: always two decimals, never a negative zero."""
    return f"{cents(amount) + ZERO:.2f}"


def fine_text(number: Decimal) -> str:
    """A price, quantity or percentage on the wire: up to five decimals, no trailing zeros beyond a price's two."""
    text = f"{number.quantize(FINE, rounding=ROUND_HALF_UP) + 0:f}"
    whole, _, parts = text.partition(".")
    return f"{whole}.{parts.rstrip('0')}".rstrip(".")


def price_text(number: Decimal) -> str:
    """A price on the wire: two to five decimals."""
    whole, _, parts = fine_text(number).partition(".")
    return f"{whole}.{parts:0<2}"


def is_true(record: Obj, name: str, *, default: bool = False) -> bool:
    """A yes-or-no member of a record."""
    text = record.get(name)
    return default if not text else bool(text == "true")


def ref_id(record: Obj, name: str) -> str:
    """The id a reference of a record points to; empty where it is not set."""
    ref = record.get(name)
    return str(ref["ListID"]) if ref else ""
