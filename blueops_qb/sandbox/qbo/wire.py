"""JSON in and out with money as Decimal: no binary fraction is ever computed with."""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeVar, cast

from blueops_qb.sandbox.ledger import CENT, ZERO

#: A decoded JSON object; the twin's stored records and answers are of this shape.
Obj = dict[str, Any]
Tree = TypeVar("Tree")


def _number(value: object) -> float:
    # A number of at most 15 digits survives the way through a double unchanged, and its shortest spelling is
    # exact; the field tables refuse longer ones.
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} has no JSON form")


#: a JSON escape that may be half of a character beyond the first 65,536
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

_encode = json.JSONEncoder(default=_number, ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda name: Decimal(name)).decode


def copied(value: Tree) -> Tree:
    """A deep copy of a JSON tree: objects and lists anew, their leaves never change."""
    fresh: Any = value
    if isinstance(value, dict):
        fresh = {name: copied(member) for name, member in value.items()}
    elif isinstance(value, list):
        fresh = [copied(row) for row in value]
    return cast(Tree, fresh)


def dumps(value: object) -> bytes:
    """Compact UTF-8 JSON; Decimals become JSON numbers."""
    return _encode(value).encode()


def loads(data: bytes) -> Any:
    """Decode UTF-8 JSON, numbers with a fraction as Decimal; raises ValueError.

    An escaped half of a character (``\\ud800``) is refused: no answer and no file could ever carry it again.
    """
    value = _decode(data.decode("utf-8-sig").strip())
    if _HALF.search(data):
        try:
            _encode(value).encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"half of a character, \\u{ord(error.object[error.start]):04x}") from None
    return value


def cents(amount: Decimal) -> Decimal:
    """Round half up to whole cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def money(value: object) -> Decimal:
    """An amount of a stored record; absent counts as 0.00."""
    return value if isinstance(value, Decimal) else ZERO


def ref_id(obj: Obj, name: str) -> str:
    """The id inside a reference member, or an empty string."""
    ref = obj.get(name)
    return str(ref["value"]) if isinstance(ref, dict) and ref.get("value") else ""
