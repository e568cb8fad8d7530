"""A bill or expense that a bookkeeper changes in the books is changed in BlueOps, or a person is asked."""

import datetime as dt
from typing import Any

import attrs

from blueops_qb.domain.documents import PurchaseLine
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import CostLine, Expense, ExpenseType
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import choices, resolve
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.traps import ON_SQLITE

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind
MATERIALS, OTHER = BooksRef(K.ACCOUNT, "5010"), BooksRef(K.ACCOUNT, "4010")


def recorded(house: EngineHouse, kind: ExpenseType = ExpenseType.BILL, **fields: Any) -> Expense:
    """A cost of two lines, 30.00 and 20.00, in the books."""
    lines = (
        CostLine(line_id="1", amount=D("30.00"), description="Pipe", expense_category="materials"),
        CostLine(line_id="2", amount=D("20.00"), description="Glue", expense_category="materials"),
    )
    if kind is ExpenseType.BILL:
        fields.setdefault("vendor_id", house.vendor().id)
    else:
        fields.setdefault("payment_account_key", "company_card")
    values = {"lines": lines, "total": D("50.00"), **fields}
    with house.work() as tx:
        found: Expense = tx.record_expense(Expense(id="", type=kind, date=DAY, **values))
    house.drain()
    return found


def edit(house: EngineHouse, cost: Expense, **changes: Any) -> None:
    if "lines" in changes:
        changes["total"] = sum((line.amount for line in changes["lines"]), D("0.00"))
    house.books.edit(house.place(cost), **changes)
    house.poll()


def lines(house: EngineHouse, cost: Expense) -> list[Any]:
    return list(house.there(cost).lines)


def now(house: EngineHouse, cost: Expense) -> Expense:
    found: Expense = house.here(cost.ref)
    return found


def settled(house: EngineHouse) -> None:
    assert house.conflicts() == []
    before = len(house.books.log)
    house.poll()
    assert house.conflicts() == []
    assert house.quiet()
    assert len(house.books.log) == before


def test_amounts_and_words_of_a_line_travel(house: EngineHouse) -> None:
    cost = recorded(house)
    one, two = lines(house, cost)
    edit(house, cost, lines=(attrs.evolve(one, amount=D("33.33"), description="Copper pipe"), two))
    first, second = now(house, cost).lines
    assert (first.amount, first.description, first.expense_category) == (
        D("33.33"),
        "Copper pipe",
        "materials",
    )
    assert second == cost.lines[1]
    assert now(house, cost).total == D("53.33")
    settled(house)


def test_dates_number_and_memo_travel(house: EngineHouse) -> None:
    cost = recorded(house)
    later = dt.date(2026, 5, 1)
    edit(house, cost, due_date=later, number="SUP-9", memo="second copy came")
    here = now(house, cost)
    assert (here.due_date, here.vendor_invoice_number, here.memo) == (later, "SUP-9", "second copy came")
    settled(house)


def test_a_bill_goes_to_the_vendor_that_it_was_given_to(house: EngineHouse) -> None:
    cost = recorded(house)
    other = house.vendor("Pipe World")
    job = house.job(house.customer())
    house.invoice(job)
    with house.work() as tx:
        tx.record_expense(attrs.evolve(cost, id="", vendor_id=other.id))
    house.drain()
    one, two = lines(house, cost)
    edit(house, cost, vendor=house.place(other), lines=(one, attrs.evolve(two, customer=house.place(job))))
    assert house.conflicts() == []
    assert now(house, cost).vendor_id == other.id
    assert [line.job_id for line in now(house, cost).lines] == [None, job.id]
    settled(house)


def test_a_vendor_who_is_nobody_here_waits(house: EngineHouse) -> None:
    from blueops_qb.domain.documents import VendorRecord

    cost = recorded(house)
    stranger = house.books.enter(VendorRecord(name="Stranger"))
    edit(house, cost, vendor=stranger, memo="moved")
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.group) == ("changed_there", "vendor")
    assert "no vendor of BlueOps" in conflict.reason
    assert now(house, cost).memo == "moved"


def test_an_account_that_was_coded_anew_stays_over_there(house: EngineHouse) -> None:
    cost = recorded(house)
    one, two = lines(house, cost)
    edit(house, cost, lines=(attrs.evolve(one, account=OTHER), two))
    assert now(house, cost) == cost
    with house.work() as tx:
        grown = attrs.evolve(cost.lines[0], amount=D("40.00"))
        tx.update_expense(attrs.evolve(cost, lines=(grown, cost.lines[1]), total=D("60.00")))
    house.drain()
    assert [(x.account, x.amount) for x in lines(house, cost)] == [
        (OTHER, D("40.00")),
        (MATERIALS, D("20.00")),
    ]
    p = t.postings
    (newest,) = {row.revision for row in house.rows(p)} & {max(row.revision for row in house.rows(p))}
    posted = {row.account: row.cents for row in house.rows(p, p.c.revision == newest)}
    assert posted["4010"] == 4000
    settled(house)


def test_an_added_line_finds_its_only_key_or_asks(house: EngineHouse) -> None:
    cost = recorded(house)
    new = PurchaseLine(account=MATERIALS, description="Tape", amount=D("5.00"))
    edit(house, cost, lines=(*lines(house, cost), new))
    assert now(house, cost).lines[-1].expense_category == "materials"
    assert now(house, cost).total == D("55.00")
    settled(house)
    strange = PurchaseLine(account=OTHER, description="Lunch", amount=D("7.00"))
    edit(house, cost, lines=(*lines(house, cost), strange))
    (conflict,) = house.conflicts()
    assert "Lunch" in conflict.reason
    assert "no key leads" in conflict.reason
    wish = choices.Wish(picks={lines(house, cost)[-1].books_line_id: (Family.EXPENSE, "materials")})
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin", wish=wish)
    house.poll()
    assert now(house, cost).total == D("62.00")
    assert lines(house, cost)[-1].account == OTHER
    settled(house)


def test_freight_is_one_figure_here_and_lines_over_there(house: EngineHouse) -> None:
    house.map(rule(Family.EXPENSE, "freight", account=OTHER))
    cost = recorded(house, freight=D("10.00"), total=D("60.00"))
    *goods, one, two = lines(house, cost)
    assert (one.amount, two.amount) == (D("6.00"), D("4.00"))
    edit(
        house, cost, lines=(*goods, attrs.evolve(one, amount=D("9.00")), attrs.evolve(two, amount=D("6.00")))
    )
    assert (now(house, cost).freight, now(house, cost).total) == (D("15.00"), D("65.00"))
    settled(house)


def test_freight_that_no_split_gives_is_not_guessed(house: EngineHouse) -> None:
    house.map(rule(Family.EXPENSE, "freight", account=OTHER))
    cost = recorded(house, freight=D("10.00"), total=D("60.00"))
    *goods, one, two = lines(house, cost)
    edit(
        house, cost, lines=(*goods, attrs.evolve(one, amount=D("7.00")), attrs.evolve(two, amount=D("3.00")))
    )
    (conflict,) = house.conflicts()
    assert "would still differ" in conflict.reason
    assert "the amount of line 1/freight 6.00 (QuickBooks: 7.00)" in conflict.reason
    assert now(house, cost) == cost


def test_a_card_charge_changes_its_account_and_becomes_a_refund(house: EngineHouse) -> None:
    cost = recorded(house, ExpenseType.CARD)
    edit(house, cost, account=BooksRef(K.ACCOUNT, "1000"), memo="paid from checking")
    assert now(house, cost).payment_account_key == "checking"
    assert now(house, cost).memo == "paid from checking"
    settled(house)


def test_a_void_there_voids_it_here(house: EngineHouse) -> None:
    cost = recorded(house)
    house.books.void(house.place(cost))
    house.poll()
    assert now(house, cost).void
    settled(house)


def test_both_sides_changed_the_amounts_of_a_bill(house: EngineHouse) -> None:
    cost = recorded(house)
    one, two = lines(house, cost)
    house.books.edit(
        house.place(cost), lines=(attrs.evolve(one, amount=D("31.00")), two), total=D("51.00"), memo="there"
    )
    with house.work() as tx:
        tx.update_expense(
            attrs.evolve(
                cost, lines=(cost.lines[0], attrs.evolve(cost.lines[1], amount=D("25.00"))), total=D("55.00")
            )
        )
    house.poll()
    (conflict,) = house.conflicts()
    assert conflict.group == "money"
    assert now(house, cost).memo == "there"
    assert (now(house, cost).total, house.there(cost).total) == (D("55.00"), D("51.00"))
