"""Parts: a payment that books keep as several documents, one per job, is laid beside BlueOps' one payment as a whole.

Parts say the same of payer, day, method, account and reference, and each stands under another customer or job. What
stands twice under the same one is no part but a copy, and is told as such; so is what bears no reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from decimal import Decimal

from blueops_qb.sandbox.reader.values import ZERO, Found, Receipt, added


def joined(found: Found) -> Found:
    """One side with the parts of each payment as one receipt; void parts count for nothing beside live ones."""
    groups: dict[Hashable, list[Receipt]] = defaultdict(list)
    live = {(receipt.payer, receipt.reference) for receipt in found.receipts if not receipt.void}
    for receipt in found.receipts:
        if receipt.void and receipt.reference and (receipt.payer, receipt.reference) in live:
            continue
        groups[_whole(receipt)].append(receipt)
    receipts: list[Receipt] = []
    for group in groups.values():
        receipts += [_one(group)] if len({part.under for part in group}) == len(group) else group
    return replace(found, receipts=tuple(receipts))


def _whole(receipt: Receipt) -> Hashable:
    if not receipt.reference:
        return receipt.id
    return (
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
        label=f"{parts[0].label} and {len(parts) - 1} more parts of it",
    )
