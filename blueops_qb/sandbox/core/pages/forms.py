"""Reads forms: texts to amounts, days and lines, with a sentence where something does not fit."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from werkzeug.datastructures import MultiDict

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Address
from blueops_qb.sandbox.core.work import Refused

Form = MultiDict[str, str]
LARGEST = Decimal(10) ** 10


def text(form: Form, name: str) -> str:
    """A field without the spaces around it; lines of a text area end as usual."""
    return form.get(name, "").strip().replace("\r\n", "\n").replace("\x00", "")


def decimal(value: str, label: str, *, empty: Decimal = ZERO) -> Decimal:
    """A number as people write it (1,234.50 or $20); Refused for what is none."""
    plain = value.strip().replace(",", "").replace("$", "").replace("%", "")
    if not plain:
        return empty
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise Refused(f"{label}: {value!r} is not a number; write it like 1234.50") from None
    if not number.is_finite() or abs(number) >= LARGEST:
        raise Refused(f"{label}: {value!r} is too large; correct it")
    return number


def money(value: str, label: str) -> Decimal:
    """An amount in whole cents, 0.00 for an empty field; Refused for a fraction of a cent."""
    number = decimal(value, label)
    if number != number.quantize(ZERO):
        raise Refused(f"{label}: {value!r} has a fraction of a cent; round it")
    return number.quantize(ZERO)


def day(value: str, label: str) -> dt.date | None:
    """A day, None for an empty field; Refused for what is none."""
    if not value.strip():
        return None
    try:
        return dt.date.fromisoformat(value.strip())
    except ValueError:
        raise Refused(f"{label}: {value!r} is not a day; write it like 2026-03-31") from None


def needed_day(value: str, label: str) -> dt.date:
    """A day that must be there."""
    found = day(value, label)
    if found is None:
        raise Refused(f"{label} is missing; choose a day")
    return found


def address(form: Form, prefix: str) -> Address | None:
    """An address of five fields, None where all are empty."""
    names = ("line1", "line2", "city", "state", "postal_code")
    parts = {name: text(form, f"{prefix}_{name}") for name in names}
    return Address(**parts) if any(parts.values()) else None


def table(form: Form, *names: str) -> Iterator[dict[str, str]]:
    """The rows of a table of fields: each name comes once per row, in order. Rows left empty are skipped.

    A field that always holds something (a choice, a quantity) does not fill a row: the first two names do.
    """
    columns = [form.getlist(name) for name in names]
    for values in itertools.zip_longest(*columns, fillvalue=""):
        row = {name: value.strip().replace("\x00", "") for name, value in zip(names, values, strict=True)}
        if any(row[name] for name in names[:2]):
            yield row
