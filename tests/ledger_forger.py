"""A transport that forges a ledger on its way: what comes back no longer adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.provider import Transport


@attrs.define
class Forger:
    """Adds a cent to an amount of every ledger that has one, after so many that it lets through."""

    inner: Transport
    lets_through: int = 0

    def send(self, body: bytes) -> Reply:
        reply = self.inner.send(body)
        if b"/reports/" not in body or not isinstance(reply, Answered):
            return reply
        frame = json.loads(reply.body)
        report = json.loads(frame["text"])
        debited = [row["ColData"][10] for row in _leaves(report["Rows"].get("Row", []))]
        amounts = [cell for cell in debited if cell["value"]]
        if amounts and self.lets_through:
            self.lets_through -= 1
        elif amounts:
            amounts[0]["value"] = str(Decimal(amounts[0]["value"]) + Decimal("0.01"))
        return Answered(body=json.dumps({**frame, "text": json.dumps(report)}).encode())

    def close(self) -> None:
        """The inner one is closed by who made it."""


def _leaves(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if "ColData" in row:
            yield row
        yield from _leaves(row.get("Rows", {}).get("Row", []))
