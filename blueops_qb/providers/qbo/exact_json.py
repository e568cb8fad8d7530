"""Exact JSON: decimals are written and read digit by digit, never through a binary fraction."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring as _quote
from typing import Any

_decode = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda name: _no_number(name)).decode


def dumps(value: Any) -> str:
    """Compact JSON of dicts, lists, strings, booleans, integers, Decimals and None.

    Keys keep their order; a Decimal is written with exactly its own digits (`21.00`). Raises TypeError for
    anything else, floats above all, and ValueError for a Decimal that is not finite.
    """
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def loads(text: str) -> Any:
    """The value of a JSON text; numbers with a fraction or exponent are Decimals. Raises ValueError."""
    return _decode(text)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _write(value: Any, out: Callable[[str], None]) -> None:
    kind = type(value)
    if kind is str:
        out(_quote(value))
    elif kind is dict:
        lead = "{"
        for key, member in value.items():
            out(f'{lead}"{key}":')
            lead = ","
            _write(member, out)
        out("}" if value else "{}")
    elif kind is Decimal:
        if not value.is_finite():
            raise ValueError(f"{value} has no JSON form")
        out(format(value, "f"))
    elif kind is list:
        lead = "["
        for member in value:
            out(lead)
            lead = ","
            _write(member, out)
        out("]" if value else "[]")
    elif value is True or value is False:
        out("true" if value else "false")
    elif kind is int:
        out(str(value))
    elif value is None:
        out("null")
    else:
        raise TypeError(f"{value!r} has no exact JSON form")
