"""Parts: a payment that books keep as several documents, one per job, is laid beside BlueOps' one payment as a whole.

Parts carry the record's mark in their note (`[BO:payment:7.0]`, `[BO:payment:7/main/2.0]`), and say the same of payer,
day, method, account and reference. Whatever does not is left by itself, and so is told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.reader.values import ZERO, Found, Receipt, added

_MARK = re.compile(r"\[BO:(payment:\d+)(?:/main/\d+)?\.\d+\]\s*$")


def payment_named(raw: Mapping[str, Any]) -> str:
    """The payment of BlueOps that a document's note names as its own; empty where it names none."""
    found = _MARK.search(str(raw.get("PrivateNote", "")))
    return found.group(1) if found else ""


def joined(found: Found) -> Found:
    """One side with the parts of each payment as one receipt; void parts count for nothing beside live ones."""
    groups: dict[Hashable, list[Receipt]] = defaultdict(list)
    live = {receipt.mark for receipt in found.receipts if receipt.mark and not receipt.void}
    for receipt in found.receipts:
        if receipt.void and receipt.mark in live:
            continue
        groups[_whole(receipt)].append(receipt)
    return replace(found, receipts=tuple(_one(group) for group in groups.values()))


def _whole(receipt: Receipt) -> Hashable:
    if not receipt.mark:
        return receipt.id
    return (
        receipt.mark,
        receipt.payer,
        receipt.date,
        receipt.method,
        receipt.account,
        receipt.reference,
        receipt.void,
    )


def _one(parts: Sequence[Receipt]) -> Receipt:
    if len(parts) == 1:
        return parts[0]
    settles: dict[str, Decimal] = {}
    for part in parts:
        for number, amount in part.settles.items():
            settles[number] = settles.get(number, ZERO) + amount
    return replace(
        parts[0],
        amount=sum((part.amount for part in parts), ZERO),
        settles=settles,
        effect=added(*(posting for part in parts for posting in part.effect.items())),
        label=f"{parts[0].label} and {len(parts) - 1} more of {parts[0].mark}",
    )
