"""What may differ between both kinds of books: one row each of the table in docs/explain/both-books.md.

Every row says to the cent what Desktop shows more or less than Online, reckoned from one side's own documents; what no
row explains is a fault, and so is a row that explains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import attrs

from tests.both_books_statement import ZERO, Statement, Sums

VIEWS: Mapping[str, Callable[[Statement], Sums]] = {
    "balances": lambda statement: statement.balances,
    "ageing": lambda statement: statement.ageing,
    "profit": lambda statement: statement.profit,
    "classes": lambda statement: statement.classes,
    "locations": lambda statement: statement.locations,
}
#: (view, *key) -> Desktop less Online.
Gaps = Mapping[tuple[str, ...], Decimal]
#: At most this much of rounding on one document: half a cent for each of four authorities, and for our own tax.
MOST_ROUNDING = Decimal("0.02")
ROUNDING, TAX = "6950", "2200"
STOCK, COST = "1200", "5020"
#: 12 of 10 at 20.00 and 10 at 30.00: the oldest first, and at their average.
FIRST_IN, AVERAGE = Decimal("260.00"), Decimal("300.00")


def gaps(online: Statement, desktop: Statement) -> Gaps:
    """Every figure in which both books differ."""
    found: dict[tuple[str, ...], Decimal] = {}
    for name, view in VIEWS.items():
        ours, theirs = view(desktop), view(online)
        for key in ours.keys() | theirs.keys():
            if difference := ours.get(key, ZERO) - theirs.get(key, ZERO):
                found[(name, *key)] = difference
    return found


def unexplained(found: Gaps, rows: Mapping[str, Gaps]) -> Gaps:
    """What the rows leave over; empty where they explain all of it."""
    left: defaultdict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO, found)
    for row in rows.values():
        for key, amount in row.items():
            left[key] -= amount
    return {key: amount for key, amount in sorted(left.items()) if amount}


def explained(online: Statement, desktop: Statement) -> Mapping[str, Gaps]:
    """The rows, by the words of the table."""
    return {
        "Tax is rounded per authority": _moved(_rounding(online, desktop)),
        "Cost of stock": _moved(_stock(online, desktop)),
        "Locations": _locations(online),
    }


@attrs.frozen(kw_only=True)
class _Shift:
    """A line that one side has and the other has not, or has otherwise."""

    account: str
    amount: Decimal
    customer: str
    class_name: str


def _moved(shifts: Iterator[_Shift]) -> Gaps:
    """Shifts in every view in which they show."""
    found: defaultdict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
    for shift in shifts:
        found["balances", shift.account] += shift.amount
        if shift.account[0] in "456":
            found["classes", shift.class_name, shift.account] += shift.amount
            found["locations", "", shift.account] += shift.amount
            if ":" in shift.customer:
                found["profit", shift.customer, shift.account] += shift.amount
    return {key: amount for key, amount in found.items() if amount}


def _rounding(online: Statement, desktop: Statement) -> Iterator[_Shift]:
    assert not [line for line in online.lines if line.account == ROUNDING]
    for line in desktop.lines:
        if line.account == ROUNDING:
            assert abs(line.amount) <= MOST_ROUNDING, line
            yield _Shift(
                account=ROUNDING, amount=line.amount, customer=line.customer, class_name=line.class_name
            )
            yield _Shift(account=TAX, amount=-line.amount, customer="", class_name="")


def _stock(online: Statement, desktop: Statement) -> Iterator[_Shift]:
    """The sale of goods in stock, as Online has it: Desktop takes more out of stock and into cost."""
    taken = [line for line in online.lines if line.account == STOCK and line.amount < 0]
    assert sum((line.amount for line in taken), ZERO) == -FIRST_IN
    assert sum(line.amount for line in desktop.lines if line.account == STOCK and line.amount < 0) == -AVERAGE
    documents = {line.document for line in taken}
    (cost,) = {
        (line.customer, line.class_name)
        for line in online.lines
        if line.document in documents and line.account == COST
    }
    more = AVERAGE - FIRST_IN
    yield _Shift(account=COST, amount=more, customer=cost[0], class_name=cost[1])
    yield _Shift(account=STOCK, amount=-more, customer="", class_name="")


def _locations(online: Statement) -> Gaps:
    """What Online has under a location stands under none in Desktop."""
    found: defaultdict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
    for (place, account), amount in online.locations.items():
        if place:
            found["locations", place, account] -= amount
            found["locations", "", account] += amount
    return {key: amount for key, amount in found.items() if amount}
