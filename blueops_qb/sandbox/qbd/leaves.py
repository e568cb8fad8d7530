"""The leaf types of qbXML: what a text must look like, and the form in which the file keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from blueops_qb.sandbox.qbd.faults import Refusal
from blueops_qb.sandbox.qbd.values import amount_text, fine_text, price_text

_AMOUNT = re.compile(r"[+-]?\d{1,13}(\.\d\d)?$")
_FINE = re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?$")
_REAL = re.compile(r"[+-]?\d+(\.\d+)?$")
_WHOLE = re.compile(r"[+-]?\d{1,9}$")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$")
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(T.*)?$")
_GUID = re.compile(r"0$|\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}$")
_FIRST, _LAST = datetime(1970, 1, 1), datetime(2038, 1, 19, 3, 14, 7)
_FLAGS = {"true": "true", "1": "true", "false": "false", "0": "false"}


def _amount(text: str) -> str:
    _must(_AMOUNT.match(text))
    return amount_text(Decimal(text))


def _price(text: str) -> str:
    _must(_FINE.match(text))
    return price_text(Decimal(text))


def _fine(text: str) -> str:
    _must(_FINE.match(text))
    return fine_text(Decimal(text))


def _real(text: str) -> str:
    _must(_REAL.match(text))
    return text


def _whole(text: str) -> str:
    _must(_WHOLE.match(text))
    return str(int(text))


def _flag(text: str) -> str:
    return _FLAGS[text]


def _day(text: str) -> str:
    _must(_DAY.match(text))
    return date.fromisoformat(text).isoformat()


def _moment(text: str) -> str:
    found = _MOMENT.match(text)
    _must(found)
    _must(_FIRST <= datetime.fromisoformat(text[:19]) <= _LAST)
    if found and found[4]:
        datetime.fromisoformat(text)
    return text


def _guid(text: str) -> str:
    _must(_GUID.match(text))
    return text


def _must(fits: object) -> None:
    if not fits:
        raise ValueError


#: leaf type -> how it is read, the status of a text that does not fit, what it is called
_TYPES: dict[str, tuple[Callable[[str], str], int, str]] = {
    "$": (_amount, 3040, "amount"),
    "p": (_price, 3045, "price"),
    "%": (_fine, 3050, "percentage"),
    "q": (_fine, 3060, "quantity"),
    "g": (_guid, 3065, "GUID"),
    "b": (_flag, 3010, "boolean"),
    "d": (_day, 3020, "date"),
    "dt": (_moment, 3020, "date and time"),
    "i": (_whole, 3210, "integer"),
    "f": (_real, 3210, "number"),
}
_ID_LENGTH = 36


def canonical(name: str, kind: str, text: str, *, limit: int) -> str:
    """The text in the form the file keeps; raises Refusal with the status of its type (reference section 6)."""
    if kind == "id":
        if len(text) > _ID_LENGTH:
            raise Refusal(3000, f'The given object ID "{text}" in the field "{name}" is invalid.')
        return text
    if kind not in _TYPES:
        if limit and len(text) > limit:
            raise Refusal(
                3070, f'The string "{text}" in the field "{name}" is too long. The maximum length is {limit}.'
            )
        return text
    if not text:
        return text
    read, code, what = _TYPES[kind]
    try:
        return read(text)
    except (ValueError, KeyError):
        raise Refusal(
            code, f'There was an error when converting the {what} value "{text}" in the field "{name}".'
        ) from None
