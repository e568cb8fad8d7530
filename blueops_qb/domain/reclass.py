"""Reclass: amounts moved from the accounts they were posted to, to those of a later mapping; a record of our own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef, Ref


@attrs.frozen(kw_only=True)
class ReclassLine:
    """One account's part of a move: debits positive; `customer` is the customer or job it belongs to."""

    account: BooksRef
    amount: Decimal
    customer: Ref | None = None
    class_: BooksRef | None = None
    location: BooksRef | None = None


@attrs.frozen(kw_only=True)
class Reclass:
    """A move between accounts of one month, approved by a person. Invariant: the lines sum to 0.00.

    `id` says the version of the mapping that it brings the past to, and the month; it is carried out once.
    """

    id: str
    date: dt.date
    lines: tuple[ReclassLine, ...]
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.RECLASS, self.id)
