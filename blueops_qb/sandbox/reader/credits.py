"""Credits: what payments of the books use up and settle beside invoices is told of those credits and refunds.

In the books a credit is applied by a payment of 0.00, and money that went back is settled by the payment it came from
or by such a payment. BlueOps keeps both on the credit and on the refund.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal

from blueops_qb.sandbox.reader.values import ZERO, Found, Receipt

#: id of a document -> what is told of it: amount by name.
_Told = dict[str, dict[str, Decimal]]


def settled(found: Found, *, payments: Collection[str] = ()) -> Found:
    """One side with payments that only apply credits told of their credits and refunds.

    `payments` are ids of such that the other side has as payments themselves, because it did not have the credit when
    they came; they stay what they are.
    """
    numbers = {credit.id: credit.number for credit in found.credits}
    settles: _Told = defaultdict(lambda: defaultdict(lambda: ZERO))
    sources: _Told = defaultdict(lambda: defaultdict(lambda: ZERO))
    receipts = []
    for receipt in found.receipts:
        for back, amount in receipt.back.items():
            for name, part in _sources(receipt, amount, numbers).items():
                sources[back][name] += part
        if receipt.id not in payments and _only_applies(receipt):
            for credit in receipt.uses:
                for invoice, amount in receipt.settles.items():
                    settles[credit][invoice] += amount
        else:
            receipts.append(_with_what_is_beside(receipt))
    return replace(
        found,
        receipts=tuple(receipts),
        credits=tuple(replace(c, settles={**c.settles, **settles.get(c.id, {})}) for c in found.credits),
        back=tuple(replace(b, sources={**b.sources, **sources.get(b.id, {})}) for b in found.back),
    )


def _only_applies(receipt: Receipt) -> bool:
    """No money moved: one credit settles invoices, or credits settle what went back or is not of BlueOps."""
    if receipt.amount or not receipt.uses:
        return False
    return len(receipt.uses) == 1 or not receipt.settles


def _sources(receipt: Receipt, amount: Decimal, numbers: Mapping[str, str]) -> dict[str, Decimal]:
    if receipt.amount:
        return {f"payment {receipt.reference}": amount}
    return {f"credit {numbers.get(id, id)}": part for id, part in receipt.uses.items()}


def _with_what_is_beside(receipt: Receipt) -> Receipt:
    used, back = sum(receipt.uses.values(), ZERO), sum(receipt.back.values(), ZERO)
    return replace(receipt, beside=receipt.beside + back - used, uses={}, back={})
