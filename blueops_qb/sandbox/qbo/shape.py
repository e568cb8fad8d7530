"""Checks a request body against the field tables and turns it into typed values.

What a service this old forgives is forgiven: numbers in strings, booleans in words, empty strings for unset
members, read-only members (dropped).  What it refuses is refused: unknown members (2010), bad dates, numbers,
enumerations and over-long strings.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.fields import EMAIL, WEB, Field, Shape, Table
from blueops_qb.sandbox.qbo.lines import DETAILS
from blueops_qb.sandbox.qbo.wire import Obj

_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_DIGITS = 15
_YEARS = (1900, 2999)  #: own choice; due dates, fiscal years and aging are worked out from these days


def _is_blank(value: Any) -> bool:
    """An empty string, or a group of members (not a reference) that are all empty strings."""
    if isinstance(value, dict):
        return bool(value) and "value" not in value and all(leaf == "" for leaf in value.values())
    return isinstance(value, str) and value == ""


@attrs.frozen(kw_only=True)
class Shaped:
    """A request that passed: typed values, and the members that were sent as an empty string."""

    values: Obj
    cleared: frozenset[str]


def shaped(body: Obj, table: Table, *, latin: bool = False) -> Shaped:
    """Type the members of a body; raises Fault.

    ``latin``: keep only the characters of ISO-8859-1, as US companies are said to store (reference section 2.2).
    """
    cleared = frozenset(name for name, value in body.items() if _is_blank(value))
    values = _members(body, table, path="")
    return Shaped(values=_in_latin(values) if latin else values, cleared=cleared)


def _in_latin(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_latin(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_in_latin(row) for row in value]
    return value.encode("latin-1", "replace").decode("latin-1") if isinstance(value, str) else value


def _members(body: Any, table: Table, *, path: str) -> Obj:
    if not isinstance(body, dict):
        raise Fault("2010", f"Property {path or 'body'} must be an object", path)
    values: Obj = {}
    for name, value in body.items():
        field = table.get(name)
        if field is None:
            if _is_extension(name):
                continue
            where = f" in {path}" if path else ""
            raise Fault("2010", f"Property Name:{name} specified{where} is unsupported or invalid", name)
        if field.read_only or field.shape is Shape.LOOSE or value is None or value == "":
            continue
        typed = _value(value, field, path=f"{path}.{name}" if path else name)
        if typed is not None:
            values[name] = typed
    return values


def _is_extension(name: str) -> bool:
    # Blocks that answers carry for internal use ("PurchaseEx", "LineEx") come back in echoed objects.
    return name.endswith("Ex")


def _value(value: Any, field: Field, *, path: str) -> Any:
    match field.shape:
        case Shape.TEXT:
            return _text(value, field.limit, path=path)
        case Shape.FLAG:
            return _flag(value, path=path)
        case Shape.DAY | Shape.MOMENT:
            return _day(value, path=path)
        case Shape.NUMBER:
            return _number(value, path=path)
        case Shape.WHOLE:
            return _whole(value, path=path)
        case Shape.REF:
            return _ref(value, path=path, typed=not field.target)
        case Shape.CHOICE:
            return _choice(value, field.values, path=path)
        case Shape.PART:
            members = _members(value, field.table, path=path)
            if field.table is EMAIL:
                _check_email(members, path=path)
            elif field.table is WEB:
                _check_web(members, path=path)
            return members or None
        case Shape.ROWS:
            return _rows(value, field, path=path)
    return None


def _check_email(members: Obj, *, path: str) -> None:
    # Several addresses stand in one member, separated by commas.
    for address in str(members.get("Address", "a@b.c")).split(","):
        name, _, host = address.strip().partition("@")
        if not name or "." not in host or " " in address.strip():
            raise Fault("2210", f"Invalid Email Address : {address.strip()!r} in {path}", path)


def _check_web(members: Obj, *, path: str) -> None:
    address = str(members.get("URI", "a.b"))
    host = address.partition("://")[2] or address
    if any(mark.isspace() for mark in address) or "." not in host.partition("/")[0].strip("."):
        raise Fault("2200", f"Malformed URL : {address!r} in {path}", path)


def _text(value: Any, limit: int, *, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Fault("2040", f"Property {path} must be a string", path)
    text = str(value)
    if limit and len(text) > limit:
        raise Fault("2050", f"{path}: Min:0 Max:{limit} supported. Supplied length:{len(text)}", path)
    return text


def _flag(value: Any, *, path: str) -> bool:
    if isinstance(value, bool):
        return value
    known = _FLAGS.get(str(value).lower())
    if known is None:
        raise Fault("2120", f"Property {path} must be true or false, not {value!r}", path)
    return known


def _day(value: Any, *, path: str) -> str:
    text = str(value)[:10]
    try:
        if text[4:8:3] != "--":  # a week date or a date without hyphens
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise Fault("2060", f"Property {path}: {value!r} is not a date (YYYY-MM-DD)", path) from None
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise Fault(
            "2060", f"Property {path}: the year of {text} is not within {_YEARS[0]}-{_YEARS[1]}", path
        )
    return day.isoformat()


def _number(value: Any, *, path: str) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise InvalidOperation
        number = Decimal(value)
    except InvalidOperation:
        raise Fault("2080", f"Property {path}: {value!r} is not a decimal number", path) from None
    if not number.is_finite() or len(number.as_tuple().digits) > _DIGITS or number.adjusted() > _DIGITS:
        raise Fault("2080", f"Property {path}: {value} has more than {_DIGITS} digits", path)
    return number


def _whole(value: Any, *, path: str) -> int:
    try:
        if isinstance(value, bool):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise Fault("2070", f"Property {path}: {value!r} is not a whole number", path) from None


def _ref(value: Any, *, path: str, typed: bool) -> Obj | None:
    if not isinstance(value, dict):
        raise Fault("2010", f"Property {path} must be a reference such as {{'value': '5'}}", path)
    unknown = value.keys() - {"value", "name", "type"}
    if unknown:
        raise Fault("2010", f"Property Name:{sorted(unknown)[0]} specified in {path} is unsupported", path)
    identity = value.get("value")
    if identity is None or identity == "":
        return None
    ref: Obj = {"value": str(identity)}
    if typed and value.get("type"):
        ref["type"] = str(value["type"])
    return ref


def _choice(value: Any, values: tuple[str, ...], *, path: str) -> str:
    folded = str(value).replace("_", "").lower()
    for known in values:
        if known.replace("_", "").lower() == folded:
            return known
    raise Fault("2170", f"Property {path}: {value!r} is not one of {', '.join(values)}", path)


def _rows(value: Any, field: Field, *, path: str) -> list[Obj]:
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise Fault("2010", f"Property {path} must be a list", path)
    return [_row(row, field.table, path=path) for row in rows]


def _row(row: Any, table: Table, *, path: str) -> Obj:
    typed = _members(row, table, path=path)
    kind = typed.get("DetailType")
    if "DetailType" in table and isinstance(kind, str):
        own = DETAILS[kind][0] if kind in DETAILS else kind
        return {
            name: value
            for name, value in typed.items()
            if name == own or not (name.endswith("LineDetail") and table[name].shape is Shape.PART)
        }
    return typed
