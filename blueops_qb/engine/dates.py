"""Dates: the day a record counts for."""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.records import Expense, Invoice, Payment, Payout, Record


def date_of(record: Record) -> dt.date:
    """The day of a document; the last day there is for what has none."""
    match record:
        case Invoice():
            return record.issue_date
        case Payment():
            return record.received_on
        case Expense() | Payout():
            return record.date
        case _:
            return dt.date.max
