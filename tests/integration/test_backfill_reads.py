"""What a backfill looks up in the books grows with its records, and not with their square."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import SalesInvoice, SalesLine
from blueops_qb.domain.match_documents import Paper, match_papers, number_key
from blueops_qb.domain.match_traits import number_root, traits_of, wanted_by
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import backfill_match, rules_desk
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.traps import REPAIR, check

pytest_plugins = ["tests.engine_fixtures"]
ON_BOTH = pytest.mark.parametrize(
    "house",
    [pytest.param(("called", name), id=name) for name in ("sqlite", "postgres")],
    indirect=True,
)
PAGE = 20


def typed(house: EngineHouse, count: int, start: int) -> None:
    """So many invoices on both sides, typed twice, one a day; each of its own amount."""
    customers: list[tuple[Customer, BooksRef]] = []
    for number in range(start, start + count):
        if number % 10 == 0 or not customers:
            ann = house.customer(f"Customer {number}", email="")
            house.drain()
            customers.append((ann, house.place(ann)))
        ann, place = customers[-1]
        day, price = DAY + dt.timedelta(days=number), f"{100 + number}.00"
        line = SalesLine(item=REPAIR, amount=D(price))
        house.books.enter(
            SalesInvoice(
                customer=place,
                date=day,
                number=str(5000 + number),
                lines=(line,),
                tax=D("0.00"),
                total=D(price),
            )
        )
    house.poll()
    for number in range(start, start + count):
        ann = customers[min((number - start) // 10, len(customers) - 1)][0]
        house.invoice(
            ann, f"{100 + number}.00", number=str(5000 + number), issue_date=DAY + dt.timedelta(days=number)
        )


def looked_up(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Statements, documents of the books that were read, and on SQLite steps of the database, of all pages."""
    counts: Counter[str] = Counter()
    plain = wire.load_document

    def load(*args: Any) -> Any:
        counts["documents"] += 1
        return plain(*args)

    def statement(*_: Any) -> None:
        counts["statements"] += 1

    def step() -> None:
        counts["steps"] += 1

    snapshots: list[Snapshot] = [
        s for s in house.core.iterate(house.tenant, since_revision=0) if isinstance(s.record, Invoice)
    ]
    with house.turn() as turn, monkeypatch.context() as patch:
        patch.setattr(wire, "load_document", load)
        raw: Any = turn.connection.connection.dbapi_connection
        sa.event.listen(house.core.engine, "before_cursor_execute", statement)
        if turn.connection.dialect.name == "sqlite":
            raw.set_progress_handler(step, 100)
        try:
            for first in range(0, len(snapshots), PAGE):
                counts["found"] += backfill_match.find_there(turn, snapshots[first : first + PAGE])
        finally:
            sa.event.remove(house.core.engine, "before_cursor_execute", statement)
            if turn.connection.dialect.name == "sqlite":
                raw.set_progress_handler(None, 0)
        turn.connection.execute(t.matches.delete().where(t.matches.c.decided_by == "backfill"))
    return counts


@ON_BOTH
def test_four_times_the_records_cost_about_four_times_the_reads(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(house, 40, 0)
    few = looked_up(house, monkeypatch)
    typed(house, 120, 40)
    many = looked_up(house, monkeypatch)
    assert (few["found"], many["found"]) == (40, 160)
    assert many["statements"] <= 4 * few["statements"]
    assert many["documents"] <= 4 * few["documents"]
    assert many["steps"] <= 5 * few["steps"]  # an index is one level deeper at most


@ON_BOTH
def test_all_that_can_be_the_same_is_found_by_number_or_by_customer_amount_and_day(
    house: EngineHouse,
) -> None:
    """Numbers that begin with our prefix or with zeros, other days and amounts, jobs, and payments."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(number_prefix="BO-"), actor="admin")
    ann, bob = house.customer("Ann Lee", email=""), house.customer("Bob Lee", email="")
    job = house.job(ann)
    house.drain()
    places = [house.place(who) for who in (ann, bob, job)]
    late = DAY + dt.timedelta(days=30)
    for place, number, day, price in (
        (places[0], "BO-0007", DAY, "70.00"),
        (places[2], "BO-008", DAY, "80.00"),
        (places[0], "", late, "90.00"),
        (places[1], "10", DAY, "55.00"),
        (places[1], "", DAY, "110.00"),
        (places[1], "77", DAY + dt.timedelta(days=40), "120.00"),
    ):
        line = SalesLine(item=REPAIR, amount=D(price))
        house.books.enter(
            SalesInvoice(
                customer=place, date=day, number=number, lines=(line,), tax=D("0.00"), total=D(price)
            )
        )
    house.books.enter(attrs.evolve(check(places[0], "33.00"), reference="0012"))
    house.poll()
    with house.work() as tx:  # as if it had been there before us
        tx.connection.execute(t.links.delete().where(t.links.c.books_kind == "payment"))
    wanted: list[Any] = [
        house.invoice(who, price, number=number)
        for who, number, price in (
            (ann, "7", "70.00"),
            (job, "8", "80.00"),
            (ann, "9", "90.00"),
            (bob, "10", "100.00"),
            (bob, "11", "110.00"),
            (bob, "12", "120.00"),
        )
    ]
    payment = house.pay(wanted[0], "33.00", reference="12")
    snapshots = list(house.core.read(house.tenant, [one.ref for one in [*wanted, payment]]).values())
    with house.turn() as turn:
        backfill_match.find_there(turn, snapshots)
    rows = {row.ref_id: row.bucket for row in house.rows(t.matches, t.matches.c.decided_by == "backfill")}
    assert [rows.get(one.id) for one in wanted] == ["exact", "exact", "weak", "weak", "strong", None]
    (money,) = house.rows(t.matches, t.matches.c.ref_kind == "payment")
    assert money.bucket == "exact"


NUMBERS = [
    "1001",
    "BO-1001",
    "bo-0001001",
    "10 01",
    "#1.001",
    "inv 1001",
    "1001a",
    "BO-01001A",
    "A-7",
    "000",
    "x",
    "No. 9",
]


@pytest.mark.parametrize("prefix", ["", "BO-", "BO ", "7-"])
def test_numbers_that_are_the_same_end_alike(prefix: str) -> None:
    for one in NUMBERS:
        for other in NUMBERS:
            if number_key(one, prefix) == number_key(other, prefix):
                roots = {number_root(one, prefix), number_root(f"{prefix}{number_key(one, prefix)}")}
                assert number_root(other) in roots, (one, other)


def test_a_prefix_that_ends_in_a_digit_is_looked_up_by_the_ending() -> None:
    mine = Paper(id="1", number="1001", party="", date=DAY, amount=D("5.00"))
    theirs = attrs.evolve(mine, id="9", number="2026001001")
    (match,) = match_papers([mine], [theirs], prefix="2026")
    assert match.candidates or match.books_id
    asked = wanted_by([mine], prefix="2026")
    assert asked.endings
    assert any(traits_of(theirs).number.endswith(root) for root in asked.numbers)


def test_days_at_the_end_of_the_calendar_are_asked_for_without_harm() -> None:
    mine = [
        Paper(id=str(n), number="", party="7", date=day, amount=D("5.00"))
        for n, day in enumerate([dt.date.min, dt.date.max])
    ]
    asked = wanted_by(mine, prefix="")
    assert (asked.first, asked.last) == (dt.date.min, dt.date.max)
