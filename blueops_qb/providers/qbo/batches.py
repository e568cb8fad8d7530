"""Batches: up to 30 items in one call, matched by their ids (reference/quickbooks-online.md section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from blueops_qb.providers.qbo.codec import Obj
from blueops_qb.providers.qbo.fault_text import Fault, fault_in, fault_of
from blueops_qb.providers.qbo.framing import Answer, Request, post
from blueops_qb.sdk.provider import Exchange

#: Most items that Intuit takes in one batch.
MOST = 30


def batch(exchange: Exchange, items: Sequence[Obj], *, minorversion: str) -> Request:
    """The call; `requestid` is the exchange's id, so that the same bytes are only carried out once."""
    if len(items) > MOST:
        raise ValueError(f"a batch takes {MOST} items, not {len(items)}")
    parameters = {"requestid": exchange.id, "minorversion": minorversion}
    return post(exchange.company_id, "batch", parameters, {"BatchItemRequest": list(items)})


@attrs.frozen(kw_only=True)
class BatchAnswer:
    """The items by id; `fault` is set instead when the call as a whole was refused or cannot be read."""

    items: dict[str, Obj] = attrs.field(factory=dict)
    fault: Fault | None = None
    time: str = ""

    def item(self, bid: str) -> tuple[Obj | None, Fault | None]:
        """(item, its fault); (None, None) when the answer lacks it."""
        item = self.items.get(bid)
        return item, fault_in(item)


def batch_answer(answer: Answer) -> BatchAnswer:
    """Read the answer to a batch."""
    value = answer.json()
    fault = fault_of(answer, value)
    if fault is not None or value is None:
        return BatchAnswer(fault=fault)
    rows: Any = value.get("BatchItemResponse")
    if not isinstance(rows, list):
        return BatchAnswer(
            fault=Fault(type=f"HTTP {answer.status}", detail="no BatchItemResponse in the answer")
        )
    items = {str(row.get("bId")): row for row in rows if isinstance(row, dict)}
    return BatchAnswer(items=items, time=str(value.get("time") or ""))


def rows_of(item: Obj) -> list[tuple[str, list[Obj]]]:
    """(entity name, objects) pairs of a query answer, wherever they stand."""
    inner = item.get("QueryResponse")
    blocks = inner if isinstance(inner, list) else [inner]
    return [
        (name, [row for row in rows if isinstance(row, dict)])
        for block in blocks
        if isinstance(block, dict)
        for name, rows in block.items()
        if isinstance(rows, list)
    ]


def captured(value: Obj) -> list[tuple[str, list[Obj]]]:
    """(entity name, objects) pairs of a change data capture answer, alone or inside a batch item."""
    responses = value.get("CDCResponse")
    found: list[tuple[str, list[Obj]]] = []
    for response in responses if isinstance(responses, list) else [responses]:
        if isinstance(response, dict):
            found += rows_of(response)
    return found
