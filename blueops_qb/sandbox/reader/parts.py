"""Parts: a payment that books keep as several documents, one per job, is laid beside BlueOps' one payment as a whole.

Parts say the same of payer, day, method, account and reference, and each stands under another customer or job. What
stands twice under the same one is no part but a copy, and is told as such; so is what bears no reference. Where a merge
has put parts under one customer, only who knows what they are parts of can tell them from copies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from blueops_qb.sandbox.reader.values import ZERO, Found, PaidBack, Receipt, added


def joined(found: Found, records: Mapping[str, str] | None = None) -> Found:
    """One side with the parts of each payment as one receipt; void parts count for nothing beside live ones.

    `records` are what documents are known to be parts of, by their ids: those of one record are no copies.
    Whom a void part names matters no more: a merge need not be carried to it. One that should live is still told, as
    the other side's has no counterpart then.
    """
    groups: dict[Hashable, list[Receipt]] = defaultdict(list)
    live = {receipt.reference for receipt in found.receipts if not receipt.void}
    for receipt in found.receipts:
        if receipt.void and receipt.reference and receipt.reference in live:
            continue
        groups[_whole(receipt)].append(receipt)
    receipts: list[Receipt] = []
    for group in groups.values():
        receipts += [_one(group)] if _are_parts(group, records or {}) else group
    return replace(found, receipts=tuple(receipts), back=tuple(_back(found, records or {})))


def _are_parts(group: Sequence[Receipt] | Sequence[PaidBack], records: Mapping[str, str]) -> bool:
    if len({part.under for part in group}) == len(group):
        return True
    return all(part.id in records for part in group) and len({records[part.id] for part in group}) == 1


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
    return replace(
        parts[0],
        amount=sum((part.amount for part in parts), ZERO),
        settles=_sums(part.settles for part in parts),
        uses=_sums(part.uses for part in parts),
        back=_sums(part.back for part in parts),
        beside=sum((part.beside for part in parts), ZERO),
        effect=added(*(posting for part in parts for posting in part.effect.items())),
        label=f"{parts[0].label} and {len(parts) - 1} more parts of it",
    )


def _sums(parts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            sums[name] = sums.get(name, ZERO) + amount
    return sums


def _back(found: Found, records: Mapping[str, str]) -> Iterator[PaidBack]:
    """A payment of several parts comes back in as many: together they are the payment that came back."""
    groups: dict[Hashable, list[PaidBack]] = defaultdict(list)
    for back in found.back:
        groups[back.payer, back.date, back.account, back.words].append(back)
    for group in groups.values():
        if len(group) == 1 or not _are_parts(group, records):
            yield from group
        else:
            yield replace(
                group[0],
                amount=sum((back.amount for back in group), ZERO),
                sources=_sums(back.sources for back in group),
                effect=added(*(posting for back in group for posting in back.effect.items())),
                label=f"{group[0].label} and {len(group) - 1} more parts of it",
            )
