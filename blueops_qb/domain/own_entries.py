"""Own entries: journal entries that follow from what was posted before, made by the plugin itself and not by core."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef, Ref


@attrs.frozen(kw_only=True)
class EntryLine:
    """One posting: debits positive. The account is what `family` and `key` lead to; one that is named goes before."""

    amount: Decimal
    family: Family | None = None
    key: str = ""
    account: BooksRef | None = None
    customer: Ref | None = None
    class_key: str = ""
    class_: BooksRef | None = None
    location: BooksRef | None = None


@attrs.frozen(kw_only=True)
class Entry:
    """A journal entry of the plugin. Invariant: the lines sum to 0.00.

    `id` says what it is of, as in `permits-12`: what is left of the permits of job 12.
    """

    id: str
    date: dt.date
    lines: tuple[EntryLine, ...]
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.ENTRY, self.id)
