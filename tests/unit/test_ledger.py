"""The ledger under the twins: always balanced, whatever is posted, replaced, voided or removed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.sandbox.ledger import Entry, Ledger, Txn, UnbalancedError

D = Decimal
DAY = date(2026, 1, 15)
SALE = Txn(kind="Invoice", id="1")
AMOUNTS = st.integers(-10_000_000, 10_000_000).map(lambda cents: D(cents) / 100)
ACCOUNTS = st.sampled_from(["1000", "1100", "2000", "4000", "5000"])
NAMES = st.sampled_from(["", "c1", "c2"])
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@st.composite
def balanced(draw: st.DrawFn) -> list[Entry]:
    entries = [
        Entry(account=draw(ACCOUNTS), amount=draw(AMOUNTS), customer=draw(NAMES), vendor=draw(NAMES))
        for _ in range(draw(st.integers(0, 5)))
    ]
    rest = -sum((entry.amount for entry in entries), D(0))
    return [*entries, Entry(account="3000", amount=rest)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["post", "cost", "remove", "zero"]), st.integers(1, 4).map(str), DAYS, balanced()
    ),
    max_size=25,
)


def played(steps: list[tuple[str, str, date, list[Entry]]]) -> Ledger:
    ledger = Ledger()
    for action, identity, day, entries in steps:
        txn = Txn(kind="Any", id=identity)
        if action == "remove":
            ledger.remove(txn)
        elif action == "zero":
            ledger.zero(txn)
        else:
            ledger.post(txn, day=day, entries=entries, part="cost" if action == "cost" else "")
    return ledger


@given(steps=STEPS, until=DAYS)
def test_debits_equal_credits_at_every_day(
    steps: list[tuple[str, str, date, list[Entry]]], until: date
) -> None:
    ledger = played(steps)
    assert ledger.trial_balance().difference == 0
    assert ledger.trial_balance(until=until).difference == 0


@given(steps=STEPS)
def test_running_balances_equal_the_sum_of_the_lines(
    steps: list[tuple[str, str, date, list[Entry]]],
) -> None:
    ledger = played(steps)
    lines = list(ledger.lines())
    for account in {line.entry.account for line in lines} | {"9999"}:
        own = [line.entry for line in lines if line.entry.account == account]
        assert ledger.balance(account) == sum((entry.amount for entry in own), D(0))
        assert ledger.balance(account, until=date.max) == ledger.balance(account)
        for name in ("c1", "c2"):
            owed = sum((entry.amount for entry in own if entry.customer == name), D(0))
            due = sum((entry.amount for entry in own if entry.vendor == name), D(0))
            assert ledger.customer_balance(account, name) == owed
            assert ledger.vendor_balance(account, name) == due


@given(entries=balanced(), cents=st.integers(1, 99))
def test_an_unbalanced_part_is_refused_and_changes_nothing(entries: list[Entry], cents: int) -> None:
    ledger = Ledger()
    ledger.post(SALE, day=DAY, entries=entries)
    before = ledger.of(SALE)
    with pytest.raises(UnbalancedError, match="Invoice 1"):
        ledger.post(SALE, day=DAY, entries=[*entries, Entry(account="1000", amount=D(cents) / 100)])
    assert ledger.of(SALE) == before


def test_a_fraction_of_a_cent_is_refused() -> None:
    halves = [Entry(account="1", amount=D("0.005")), Entry(account="2", amount=D("-0.005"))]
    with pytest.raises(UnbalancedError, match="whole cents"):
        Ledger().post(SALE, day=DAY, entries=halves)


def test_posting_again_replaces_a_part_and_leaves_the_others() -> None:
    ledger = Ledger()
    sides = [Entry(account="1100", amount=D("10.00")), Entry(account="4000", amount=D("-10.00"))]
    costs = [Entry(account="5000", amount=D("4.00")), Entry(account="1200", amount=D("-4.00"))]
    ledger.post(SALE, day=DAY, entries=sides)
    ledger.post(SALE, day=DAY, entries=costs, part="cost")
    ledger.post(SALE, day=DAY, entries=[Entry(account="1100", amount=D(0))])
    assert ledger.balance("1100") == 0
    assert ledger.balance("5000") == 4
    ledger.remove(SALE, part="cost")
    assert [line.part for line in ledger.of(SALE)] == [""]
    ledger.remove(SALE)
    assert ledger.of(SALE) == []
    assert list(ledger.lines()) == []


def test_voiding_keeps_the_entries_at_zero() -> None:
    ledger = Ledger()
    ledger.post(
        SALE,
        day=DAY,
        entries=[
            Entry(account="1100", amount=D("10.00"), customer="c1", memo="pump"),
            Entry(account="4000", amount=D("-10.00")),
        ],
    )
    ledger.zero(SALE)
    assert [(line.entry.account, line.entry.amount) for line in ledger.of(SALE)] == [
        ("1100", D(0)),
        ("4000", D(0)),
    ]
    assert ledger.of(SALE)[0].entry.memo == "pump"
    assert ledger.balances() == {}
    assert ledger.customer_balance("1100", "c1") == 0


def test_lines_by_account_and_period() -> None:
    ledger = Ledger()
    for month in (1, 2, 3):
        ledger.post(
            Txn(kind="Invoice", id=str(month)),
            day=date(2026, month, 1),
            entries=[Entry(account="1100", amount=D(month)), Entry(account="4000", amount=D(-month))],
        )
    found = ledger.lines(account="1100", since=date(2026, 2, 1), until=date(2026, 2, 28))
    assert [line.txn.id for line in found] == ["2"]
    assert ledger.balances(since=date(2026, 2, 1)) == {"1100": D(5), "4000": D(-5)}
    assert ledger.trial_balance(until=date(2026, 2, 1)).debits == 3
