"""Pairs what both sides have and compares it field by field; every difference becomes a sentence."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

from blueops_qb.sandbox.reader.books_tables import Known
from blueops_qb.sandbox.reader.core import CoreReader
from blueops_qb.sandbox.reader.credits import settled
from blueops_qb.sandbox.reader.parts import joined
from blueops_qb.sandbox.reader.values import (
    Banked,
    Charged,
    Cost,
    Credited,
    Found,
    PaidBack,
    Party,
    Prepaid,
    Receipt,
    Sale,
)

R = TypeVar("R", Party, Sale, Receipt, Cost, Banked, Credited, PaidBack, Prepaid, Charged)
#: Fields that are no fact of the record itself.
NOT_COMPARED = frozenset({"label", "id", "under", "uses", "back", "of", "words"})
#: What still counts once a document is void.
OF_VOID = frozenset({"number", "payer", "date", "total", "amount", "balance", "void", "effect"})
WORDS = {
    "class_name": "class",
    "settles": "invoices it settles",
    "beside": "what it settles beside invoices",
    "left": "what is left of it",
    "sources": "where the money came from",
    "payments": "payments it banks",
    "parts": "accounts the money came from",
    "effect": "effect on the ledger",
    "price": "unit price",
    "payer": "customer or job",
    "due": "due date",
    "account": "account number",
}


@dataclass(frozen=True)
class Comparison:
    """What the reader found: how many pairs it compared, and each difference in words."""

    compared: int
    differences: tuple[str, ...]
    duplicates: int
    trial_balance: Decimal
    reminders_after_payment: int

    @property
    def agree(self) -> bool:
        """Both sides say the same, once, and the books balance."""
        clean = not self.differences and not self.duplicates and not self.trial_balance
        return clean and not self.reminders_after_payment


class TheirReader(Protocol):
    """Reads one company's books, of whatever kind they are."""

    def everything(self) -> Known:
        """(kind, id) of every party and document, inactive ones included."""

    def read(self) -> Found:
        """Everything that is there now and was not before; parties all."""

    def new_parties(self) -> frozenset[str]:
        """Names of customers, jobs and vendors that were not there before; after `read`."""

    def other_documents(self) -> list[str]:
        """Documents of kinds that the day does not make, in words; after `read`."""

    def duplicates(self) -> int:
        """How many documents are there once too often."""

    def trial_balance(self) -> Decimal:
        """Debits less credits of the trial balance."""

    def close(self) -> None:
        """Let go of the books."""


def compare(core: CoreReader, books: TheirReader) -> Comparison:
    """Compare one company with its books."""
    ours, theirs = core.read(), joined(settled(books.read()))
    compared, differences = differ(ours, theirs, books.new_parties())
    return Comparison(
        compared=compared,
        differences=(*differences, *_others(books)),
        duplicates=books.duplicates(),
        trial_balance=books.trial_balance(),
        reminders_after_payment=core.reminders_after_payment(),
    )


def differ(ours: Found, theirs: Found, new: frozenset[str]) -> tuple[int, list[str]]:
    """How many pairs were compared, and each difference in words; `new` are names that the books lacked before."""
    told = _Told()
    _parties(told, ours, theirs, new)
    told.pair(ours.sales, theirs.sales, [lambda s: s.number])
    told.pair(ours.receipts, theirs.receipts, [_reference, _who_when_how_much, lambda r: (r.payer, r.date)])
    told.pair(
        ours.costs, theirs.costs, [_cost_exactly, lambda c: (c.vendor, c.date, c.number), _cost_loosely]
    )
    told.pair(
        ours.banked, theirs.banked, [lambda b: (b.date, b.account, b.total), lambda b: (b.date, b.account)]
    )
    told.pair(
        ours.credits, theirs.credits, [lambda c: c.number or None, lambda c: (c.payer, c.date, c.total)]
    )
    told.pair(
        ours.prepaid, theirs.prepaid, [lambda p: p.reference or None, lambda p: (p.payer, p.date, p.amount)]
    )
    told.pair(
        ours.back, theirs.back, [lambda b: (b.payer, b.words, b.date), lambda b: (b.payer, b.date, b.amount)]
    )
    told.pair(ours.charged, theirs.charged, [_fee_exactly, lambda c: (c.account, c.amount)])
    return told.compared, told.differences


def _others(books: TheirReader) -> list[str]:
    return [f"QuickBooks has {what}, which BlueOps does not have." for what in books.other_documents()]


def _parties(told: _Told, ours: Found, theirs: Found, new: frozenset[str]) -> None:
    """What was in the books before the day and is nobody of ours is no difference."""
    for mine, other in (
        (ours.customers, theirs.customers),
        (ours.jobs, theirs.jobs),
        (ours.vendors, theirs.vendors),
    ):
        known = {party.name for party in mine}
        told.pair(mine, [party for party in other if party.name in known | new], [lambda p: p.name])


def _reference(receipt: Receipt) -> Hashable:
    return (receipt.payer, receipt.reference) if receipt.reference else None


def _who_when_how_much(receipt: Receipt) -> Hashable:
    return receipt.payer, receipt.date, receipt.amount


def _cost_exactly(cost: Cost) -> Hashable:
    return cost.vendor, cost.date, cost.total, cost.number


def _cost_loosely(cost: Cost) -> Hashable:
    return cost.vendor, cost.kind


def _fee_exactly(charged: Charged) -> Hashable:
    return charged.date, charged.account, charged.paid_from, charged.amount


class _Told:
    """Gathers pairs and sentences."""

    def __init__(self) -> None:
        self.compared = 0
        self.differences: list[str] = []

    def pair(self, ours: Sequence[R], theirs: Sequence[R], keys: Sequence[Callable[[R], Hashable]]) -> None:
        """Pair by the first key; what is left by the next one where it leaves no doubt; tell the rest."""
        left, right = list(ours), list(theirs)
        for key in keys:
            left, right = self._by_key(left, right, key)
        self.differences += [f"{one.label} is in BlueOps but not in QuickBooks." for one in left]
        self.differences += [
            f"{one.label} is in QuickBooks but not, or not this often, in BlueOps." for one in right
        ]

    def _by_key(self, left: list[R], right: list[R], key: Callable[[R], Hashable]) -> tuple[list[R], list[R]]:
        mine, other = _grouped(left, key), _grouped(right, key)
        paired: list[tuple[R, R]] = []
        for value, group in mine.items():
            # Twice on one side: the first ones belong together, the surplus stays and is told.
            if value is not None and value in other:
                paired += zip(group, other[value], strict=False)
        for one, two in paired:
            self._compare(one, two)
        gone = {id(one) for pair in paired for one in pair}
        return [one for one in left if id(one) not in gone], [one for one in right if id(one) not in gone]

    def _compare(self, ours: R, theirs: R) -> None:
        self.compared += 1
        name = ours.label
        void = getattr(ours, "void", False)
        for field in fields(ours):
            if field.name in NOT_COMPARED or (void and field.name not in OF_VOID):
                continue
            one, two = getattr(ours, field.name), getattr(theirs, field.name)
            if field.name == "lines":
                self.differences += _lines(name, one, two)
            elif one != two:
                self.differences.append(_sentence(name, field.name, one, two))


def _grouped(records: Sequence[R], key: Callable[[R], Hashable]) -> dict[Hashable, list[R]]:
    groups: dict[Hashable, list[R]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return groups


def _lines(name: str, ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    for number, (one, two) in enumerate(zip_longest(ours, theirs), start=1):
        where = f"{name}, line {number}"
        if one is None or two is None:
            side, line = ("QuickBooks", two) if one is None else ("BlueOps", one)
            yield f"{where} “{line.description}” over {line.amount} is in {side} only."
            continue
        for field in fields(one):
            left, right = getattr(one, field.name), getattr(two, field.name)
            if left != right:
                yield _sentence(where, field.name, left, right)


def _sentence(name: str, field: str, ours: object, theirs: object) -> str:
    return f"{name}: {WORDS.get(field, field)} is {_text(ours)} in BlueOps, {_text(theirs)} in QuickBooks."


def _text(value: object) -> str:
    match value:
        case "" | None:
            return "empty"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            parts = [f"{_key(key)} {amount}" for key, amount in sorted(value.items(), key=str)]
            return "; ".join(parts) or "nothing"
        case tuple():
            return ", ".join(str(part) for part in value) or "empty"
        case Decimal() | dt.date() | str():
            return str(value)
        case _ if hasattr(value, "__dataclass_fields__"):
            return ", ".join(str(part) for part in vars(value).values() if part) or "empty"
    return str(value)


def _key(key: object) -> str:
    return " ".join(part for part in key if part) if isinstance(key, tuple) else str(key)
