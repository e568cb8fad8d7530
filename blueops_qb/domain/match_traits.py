"""Match traits: by what an invoice or payment of the books is looked up, so that few have to be read for a comparison.

What two papers must share for `match_documents` to score them: the end of the number, or customer, amount and about the
day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.match_documents import NEAR, Paper, number_key

#: Characters of a root that are kept.
LENGTH = 64
_ROOT = re.compile(r"(\d+)(\D*)$")


@attrs.frozen(kw_only=True)
class Traits:
    """What a record of the books is looked up by; `party` of a customer or job is the one that it belongs to."""

    number: str = ""
    party: str = ""
    cents: int | None = None
    day: dt.date | None = None


def number_root(text: str, prefix: str = "") -> str:
    """The end of a number, from its last digits on without leading zeros; equal for numbers of equal `number_key`.

    Unless the prefix ends in a digit, which then stands before the digits of a number that bears it.
    """
    key = number_key(text, prefix)
    found = _ROOT.search(key)
    root = f"{found[1].lstrip('0') or '0'}{found[2]}" if found else key
    return root[-LENGTH:]


def traits_of(paper: Paper) -> Traits:
    """The traits of a paper of the books."""
    return Traits(
        number=number_root(paper.number),
        party=paper.party,
        cents=int(paper.amount.scaleb(2).to_integral_value()),
        day=paper.date,
    )


@attrs.frozen(kw_only=True)
class Wanted:
    """What the books are asked for, for some papers of ours: by number, or by customer, amount and day."""

    numbers: tuple[str, ...]
    #: The prefix of our numbers ends in a digit: theirs may end in ours.
    endings: bool
    cents: tuple[int, ...]
    first: dt.date
    last: dt.date


def wanted_by(ours: Sequence[Paper], *, prefix: str) -> Wanted:
    """What could be the same as one of these (at least one)."""
    roots = {number_root(one.number, prefix) for one in ours if one.number}
    roots |= {number_root(f"{prefix}{number_key(one.number, prefix)}") for one in ours if one.number}
    near = dt.timedelta(days=NEAR)
    known = [one for one in ours if one.party]
    days = [one.date for one in known] or [ours[0].date]
    return Wanted(
        numbers=tuple(sorted(roots - {""})),
        endings=number_key(prefix)[-1:].isdigit(),
        cents=tuple(sorted({int((one.amount * Decimal(100)).to_integral_value()) for one in known})),
        first=_shifted(min(days), -near),
        last=_shifted(max(days), near),
    )


def _shifted(day: dt.date, span: dt.timedelta) -> dt.date:
    """A day so much later, or the end of the calendar."""
    try:
        return day + span
    except OverflowError:
        return dt.date.max if span > dt.timedelta(0) else dt.date.min
