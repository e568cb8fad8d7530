"""Excerpts: what one operation was of a call that carried several, and of its answer, as it stood there."""

from __future__ import annotations

import json
from typing import Any

from blueops_qb.providers.qbo.exact_json import dumps, loads

#: Members that hold the items of a batch, on the way out and back.
_ITEMS = ("BatchItemRequest", "BatchItemResponse")


def excerpt_of(message: bytes, place: int) -> str:
    """The item that bears the number `place`, below the line of the call or the status; all of it where none does."""
    whole = message.decode("utf-8", "replace")
    try:
        frame = json.loads(whole)
        body = frame["body"] if "method" in frame else frame["text"]
        return f"{_head(frame)}\n{_item(body, place)}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return whole


def _head(frame: dict[str, Any]) -> str:
    if "method" in frame:
        return f"{frame['method']} {frame['path']}"
    reference = (frame.get("headers") or {}).get("intuit_tid", "")
    return f"HTTP {frame['status']}" + (f", intuit_tid {reference}" if reference else "")


def _item(body: str | None, place: int) -> str:
    """The item's own JSON, numbers as they were written; the whole body where it is no batch."""
    value = loads(body or "null")
    for member in _ITEMS:
        for item in (value or {}).get(member, ()) if isinstance(value, dict) else ():
            if str(item.get("bId")) == str(place):
                return dumps(item)
    return body or ""
