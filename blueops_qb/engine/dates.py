"""Dates: the day a record counts for."""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.posting.rules import dated
from blueops_qb.domain.records import Record


def date_of(record: Record) -> dt.date:
    """The day of a document; the last day there is for what has none."""
    return dated(record) or dt.date.max
