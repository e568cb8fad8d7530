"""Money: exact amounts, one way to round and one way to split (accounting-treatments 0.3)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import pairwise

import attrs

ZERO = Decimal("0.00")
CENT = Decimal("0.01")


def amount(value: str | int | Decimal) -> Decimal:
    """An amount with exactly two decimals; raises ValueError for floats, NaN and fractions of a cent."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(f"{value!r} is not an amount: give a string, an integer or a Decimal")
    try:
        exact = Decimal(value)
        rounded = exact.quantize(CENT)
    except ArithmeticError:
        raise ValueError(f"{value!r} is not an amount") from None
    if rounded != exact:
        raise ValueError(f"{value!r} has a fraction of a cent")
    return rounded


def half_up(value: Decimal) -> Decimal:
    """Round to the cent, halves away from zero."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split `total` over `weights` so that the parts sum exactly (ALLOCATE).

    Every part is its exact share cut to the cent; the cents left over go one by one to the largest
    cut-off remainders, on a tie to the larger weight, then to the earlier line. A negative total is split
    as its opposite and negated. Lines of weight zero get nothing; when all weights are zero the first line takes all.
    Raises ValueError for no weights or a negative weight.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("allocate needs at least one weight, none of them negative")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    whole = sum(weights, Decimal(0))
    if whole == 0:
        return [total, *(ZERO for _ in weights[1:])]
    exact = [total * weight / whole for weight in weights]
    parts = [share.quantize(CENT, rounding=ROUND_DOWN) for share in exact]
    missing = int((total - sum(parts, ZERO)) / CENT)
    order = sorted(
        (n for n, weight in enumerate(weights) if weight),
        key=lambda n: (parts[n] - exact[n], -weights[n], n),
    )
    for n in order[:missing]:
        parts[n] += CENT
    return parts


def schedule(total: Decimal, periods: int) -> list[Decimal]:
    """Spread `total` over equal periods without drift (SCHEDULE); raises ValueError below one period."""
    if periods < 1:
        raise ValueError("a schedule has at least one period")
    marks = [half_up(total * k / periods) for k in range(periods + 1)]
    return [after - before for before, after in pairwise(marks)]


@attrs.frozen
class Money:
    """An amount with its currency; arithmetic between currencies raises ValueError."""

    value: Decimal = attrs.field(converter=amount)
    currency: str

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"{self} and {other} are different currencies")
        return other

    def __add__(self, other: Money) -> Money:
        return Money(self.value + self._same(other).value, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.value - self._same(other).value, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.value, self.currency)

    def __str__(self) -> str:
        return f"{self.value} {self.currency}"
