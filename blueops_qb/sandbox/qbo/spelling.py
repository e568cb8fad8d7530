"""The older spelling of enumerations: NEED_TO_PRINT, SALES_ITEM_LINE_DETAIL (reference section 2.4)."""

from __future__ import annotations

from typing import Any

_ENUMERATIONS = (
    "PrintStatus",
    "EmailStatus",
    "DetailType",
    "BillableStatus",
    "PostingType",
    "PreferredDeliveryMethod",
)


def shouted(value: Any, name: str = "") -> Any:
    """The same answer with its enumerations in capitals and underscores."""
    if isinstance(value, dict):
        return {key: shouted(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [shouted(row, name) for row in value]
    if name in _ENUMERATIONS and isinstance(value, str) and not value.isupper():
        words = "".join(f"_{letter}" if letter.isupper() else letter for letter in value).lstrip("_")
        return words.upper()
    return value
