"""Months, the parts of a period, and how old is what makes up a balance."""

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.engine.agreement_figures import day_in
from blueops_qb.engine.agreement_marks import slices
from blueops_qb.engine.close_check import aged, month

END = dt.date(2026, 3, 31)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2050, 12, 31))


def test_a_month_is_its_days() -> None:
    assert month("2026-02") == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert month("2028-02")[1] == dt.date(2028, 2, 29)
    for wrong in ("2026", "2026-13", "march", "2026-03-01"):
        with pytest.raises(ValueError, match="write it as 2026-03"):
            month(wrong)


@given(DAYS, st.integers(0, 2000))
def test_the_parts_of_a_period_are_its_months_without_gap_or_overlap(start: dt.date, more: int) -> None:
    end = start + dt.timedelta(days=more)
    found = slices(start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    assert all((one.start.year, one.start.month) == (one.end.year, one.end.month) for one in found)
    for one, following in pairwise(found):
        assert one.end + dt.timedelta(days=1) == following.start


def test_the_end_of_the_calendar_is_no_end_of_the_program() -> None:
    assert slices(dt.date(9999, 11, 15), dt.date.max)[-1].end == dt.date.max


def test_what_came_first_has_left_first() -> None:
    came = [(END, 300), (dt.date(2026, 3, 20), 500), (dt.date(2026, 1, 2), 10_000)]
    assert aged(600, came, END) == {"up to 7 days": Decimal("3.00"), "8 to 30 days": Decimal("3.00")}
    assert aged(900, came, END)["over 60 days"] == Decimal("1.00")
    assert aged(0, came, END) == {}


def test_what_nothing_of_ours_makes_up_is_unknown() -> None:
    assert aged(500, [(END, 300)], END) == {"up to 7 days": Decimal("3.00"), "unknown": Decimal("2.00")}
    assert aged(-500, [(END, 300)], END) == {"unknown": Decimal("-5.00")}


@given(st.integers(-(10**9), 10**9), st.lists(st.tuples(st.dates(max_value=END), st.integers(1, 10**8))))
def test_the_ages_come_to_the_balance(cents: int, came: list[tuple[dt.date, int]]) -> None:
    came.sort(reverse=True)
    assert sum(aged(cents, came, END).values(), Decimal(0)) == Decimal(cents).scaleb(-2)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ('{"record": {"issue_date": "2026-03-02"}}', dt.date(2026, 3, 2)),
        ('{"date": "2026-03-03", "due_date": "2026-04-01"}', dt.date(2026, 3, 3)),
        ('{"record": {"name": "Ann"}}', None),
        ("", None),
        ("[]", None),
        ("no JSON", None),
        ('{"date": "soon"}', None),
    ],
)
def test_the_day_that_a_record_belongs_to(text: str, day: dt.date | None) -> None:
    assert day_in(text) == day
