"""Money is exact: amounts, rounding, splitting, spreading (invariant I7)."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.money import CENT, ZERO, Money, allocate, amount, half_up, schedule

D = Decimal
totals = st.integers(-10_000_000, 10_000_000).map(lambda cents: Decimal(cents) / 100)
weights = st.lists(
    st.integers(0, 1_000_000).map(lambda thousandths: Decimal(thousandths) / 1000), min_size=1, max_size=12
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", "1.00"), (7, "7.00"), (D("2.50"), "2.50"), ("-0.10", "-0.10"), ("1e2", "100.00")],
)
def test_an_amount_has_two_decimals(value: str | int | Decimal, expected: str) -> None:
    assert str(amount(value)) == expected


@pytest.mark.parametrize("value", [1.5, True, None, "x", "NaN", "Infinity", "0.001", D("1.005"), ""])
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"amount|fraction of a cent"):
        amount(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("4.690125", "4.69"), ("43.835", "43.84"), ("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68")],
)
def test_halves_are_rounded_away_from_zero(value: str, expected: str) -> None:
    assert half_up(D(value)) == D(expected)


@pytest.mark.parametrize(
    ("total", "by", "parts"),
    [
        ("43.84", ["322.50", "56.85", "59.00"], ["32.25", "5.69", "5.90"]),
        ("82.50", ["500", "300", "200"], ["41.25", "24.75", "16.50"]),
        ("35.00", ["1", "1", "1"], ["11.67", "11.67", "11.66"]),
        ("9800.00", ["6000", "4000", "850"], ["5419.36", "3612.90", "767.74"]),
        ("0.01", ["1", "5"], ["0.00", "0.01"]),
        ("0.01", ["2", "2"], ["0.01", "0.00"]),
        ("5.00", ["0", "0"], ["5.00", "0.00"]),
        ("5.00", ["0", "1", "0"], ["0.00", "5.00", "0.00"]),
        ("-35.00", ["1", "1", "1"], ["-11.67", "-11.67", "-11.66"]),
    ],
)
def test_allocation_by_example(total: str, by: list[str], parts: list[str]) -> None:
    assert [str(part) for part in allocate(D(total), [D(weight) for weight in by])] == parts


@given(total=totals, by=weights)
def test_parts_sum_exactly(total: Decimal, by: list[Decimal]) -> None:
    assert sum(allocate(total, by), ZERO) == total


@given(total=totals, by=weights)
def test_each_part_is_within_a_cent_of_its_share(total: Decimal, by: list[Decimal]) -> None:
    whole = sum(by)
    if whole:
        for part, weight in zip(allocate(total, by), by, strict=True):
            assert abs(part * whole - total * weight) < CENT * whole
            assert weight or not part


@given(total=totals.filter(lambda total: total >= 0), by=weights)
def test_a_larger_weight_never_gets_less(total: Decimal, by: list[Decimal]) -> None:
    if any(by):
        pairs = sorted(zip(by, allocate(total, by), strict=True))
        for (less, smaller), (more, larger) in itertools.pairwise(pairs):
            assert smaller <= larger or less == more


@given(total=totals, by=weights)
def test_the_sign_does_not_matter(total: Decimal, by: list[Decimal]) -> None:
    assert allocate(-total, by) == [-part for part in allocate(total, by)]


@given(total=totals, by=weights, at=st.integers(0, 12))
def test_a_line_of_weight_zero_changes_nothing_for_the_others(
    total: Decimal, by: list[Decimal], at: int
) -> None:
    if any(by):
        parts = allocate(total, [*by[:at], ZERO, *by[at:]])
        place = min(at, len(by))
        assert parts[place] == 0
        assert parts[:place] + parts[place + 1 :] == allocate(total, by)


@given(total=totals, by=st.lists(st.integers(1, 10_000), min_size=1, max_size=8, unique=True), data=st.data())
def test_the_order_of_different_lines_does_not_matter(
    total: Decimal, by: list[int], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(by))))
    parts = allocate(total, [D(weight) for weight in by])
    assert allocate(total, [D(by[n]) for n in order]) == [parts[n] for n in order]


@pytest.mark.parametrize("by", [[], [D(1), D(-1)]])
def test_nothing_to_split_over_is_refused(by: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="at least one weight"):
        allocate(D("1.00"), by)


def test_a_schedule_by_example() -> None:
    expected = "16.58 16.59 16.58 16.58 16.59 16.58 16.58 16.59 16.58 16.58 16.59 16.58"
    assert [str(part) for part in schedule(D("199.00"), 12)] == expected.split()


@given(total=totals, periods=st.integers(1, 120))
def test_a_schedule_sums_exactly_and_never_drifts(total: Decimal, periods: int) -> None:
    parts = schedule(total, periods)
    assert len(parts) == periods
    assert sum(parts, ZERO) == total
    paid = ZERO
    for n, part in enumerate(parts, start=1):
        paid += part
        assert abs(part * periods - total) <= CENT * periods
        assert abs(paid * periods - total * n) <= CENT / 2 * periods


def test_a_schedule_has_at_least_one_period() -> None:
    with pytest.raises(ValueError, match="at least one period"):
        schedule(D("1.00"), 0)


def test_money_adds_within_a_currency_only() -> None:
    five, two = Money("5.00", "USD"), Money("2", "USD")
    assert five + two == Money("7.00", "USD")
    assert five - two == -Money("-3.00", "USD")
    assert str(five) == "5.00 USD"
    with pytest.raises(ValueError, match="different currencies"):
        five + Money("1.00", "CAD")
