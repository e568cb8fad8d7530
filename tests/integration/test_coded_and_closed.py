"""What a bookkeeper coded anew stays so in a closed period: it is no change of BlueOps that would need correcting."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, Bill
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import rules_desk
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.traps import ON_SQLITE, all_here, check, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
FEES = BooksRef(BooksKind.ACCOUNT, "6100")
CHECKING = BooksRef(BooksKind.ACCOUNT, "1000")
CARD = BooksRef(BooksKind.PAYMENT_METHOD, "CC")


def recoded_and_closed(house: EngineHouse, policy: ClosedPeriod) -> Expense:
    """A bill of 80.00 that the bookkeeper put on another account before he closed the month."""
    vendor = house.vendor()
    line = CostLine(line_id="1", description="Pipe", amount=D("80.00"), expense_category="materials")
    with house.work() as tx:
        bill: Expense = tx.record_expense(
            Expense(
                id="",
                type=ExpenseType.BILL,
                date=DAY,
                vendor_id=vendor.id,
                vendor_invoice_number="V1",
                lines=(line,),
                total=D("80.00"),
            )
        )
    house.drain()
    (shown,) = house.there(bill).lines
    house.books.edit(house.place(bill), lines=(attrs.evolve(shown, account=FEES),))
    house.poll()
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, closing_date=DAY)))
        rules_desk.change_policy(turn, attrs.evolve(turn.policy, closed_period=policy), actor="admin")
    return bill


def bills(house: EngineHouse) -> list[Any]:
    return [house.books.document(kept.ref) for kept in house.books.of(BooksKind.BILL)]


@pytest.mark.parametrize("policy", [ClosedPeriod.HOLD, ClosedPeriod.ADJUST])
def test_it_is_not_taken_for_a_change_when_its_record_is_planned_again(
    house: EngineHouse, policy: ClosedPeriod
) -> None:
    bill = recoded_and_closed(house, policy)
    with house.turn() as turn:
        plan_anew(turn, bill.ref)
    house.drain()
    assert (house.state(bill), house.event(bill).reason) == ("done", "nothing to change in the books")
    assert len(house.books.of(BooksKind.BILL)) == 1
    assert house.books.of(BooksKind.VENDOR_CREDIT) == []


def test_a_correction_of_an_open_day_is_coded_as_the_bookkeeper_did_and_stays_so(house: EngineHouse) -> None:
    bill = recoded_and_closed(house, ClosedPeriod.ADJUST)
    with house.work() as tx:
        now = tx.read(bill.ref).record
        line = attrs.evolve(now.lines[0], amount=D("90.00"))
        tx.update_expense(attrs.evolve(now, lines=(line,), total=D("90.00")))
    house.drain()
    (credit,) = house.books.of(BooksKind.VENDOR_CREDIT)
    assert [part.account for part in house.books.document(credit.ref).lines] == [FEES]
    assert sorted(one.total for one in bills(house)) == [D("80.00"), D("90.00")]
    new = next(one for one in bills(house) if one.total == D("90.00"))
    assert isinstance(new, Bill)
    assert [part.account for part in new.lines] == [FEES]
    with house.turn() as turn:
        plan_anew(turn, bill.ref)
    house.drain()
    assert (house.state(bill), house.event(bill).reason) == ("done", "nothing to change in the books")
    assert len(bills(house)) == 2


def test_what_he_codes_anew_once_more_in_the_closed_period_stays_too(house: EngineHouse) -> None:
    bill = recoded_and_closed(house, ClosedPeriod.HOLD)
    (shown,) = house.there(bill).lines
    other = BooksRef(BooksKind.ACCOUNT, "4010")
    house.books.edit(house.place(bill), lines=(attrs.evolve(shown, account=other),))
    house.poll()
    assert [conflict.reason for conflict in house.conflicts()] == []
    with house.turn() as turn:
        plan_anew(turn, bill.ref)
    house.drain()
    assert house.state(bill) == "done"
    assert [line.account for line in house.there(bill).lines] == [other]


# -- payments that arrive in a closed period -----------------------------------------------------------
def received(house: EngineHouse, policy: ClosedPeriod) -> Payment:
    """A check that the bookkeeper put straight to the bank as paid by card, in a month that is closed by now."""
    ann = sent_customer(house)
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, closing_date=DAY)))
        rules_desk.change_policy(turn, attrs.evolve(turn.policy, closed_period=policy), actor="admin")
    house.books.enter(attrs.evolve(check(house.place(ann), "60.00"), deposit_to=CHECKING, method=CARD))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert isinstance(payment, Payment)
    return payment


def open_again(house: EngineHouse) -> None:
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, closing_date=None)))


def updates(house: EngineHouse) -> list[Any]:
    o = t.operations
    return house.rows(o, o.c.kind == "payment", o.c.verb == "update")


@pytest.mark.parametrize("policy", [ClosedPeriod.HOLD, ClosedPeriod.ADJUST, ClosedPeriod.REDATE])
def test_a_payment_that_came_in_a_closed_month_keeps_its_coding_when_that_is_opened(
    house: EngineHouse, policy: ClosedPeriod
) -> None:
    payment = received(house, policy)
    place = house.place(payment)
    with house.turn() as turn:
        plan_anew(turn, payment.ref)
    house.drain()
    assert (house.state(payment), updates(house)) == ("done", [])
    open_again(house)
    with house.turn() as turn:
        plan_anew(turn, payment.ref)
    house.drain()
    assert (house.state(payment), updates(house)) == ("done", [])
    house.change(payment, memo="counted twice")
    house.drain()
    there = house.books.document(place)
    assert (there.deposit_to, there.method, there.memo) == (CHECKING, CARD, "counted twice")
    assert there.date == DAY
    assert len(updates(house)) == 1


@pytest.mark.parametrize("policy", [ClosedPeriod.HOLD, ClosedPeriod.ADJUST, ClosedPeriod.REDATE])
def test_what_the_bookkeeper_codes_anew_of_it_in_the_closed_month_is_agreed_on(
    house: EngineHouse, policy: ClosedPeriod
) -> None:
    payment = received(house, policy)
    place = house.place(payment)
    house.books.edit(place, deposit_to=BooksRef(BooksKind.ACCOUNT, "1090"))
    house.poll()
    assert [conflict.reason for conflict in house.conflicts()] == []
    open_again(house)
    house.change(payment, memo="counted twice")
    house.drain()
    there = house.books.document(place)
    assert (there.deposit_to.id, there.method, there.memo) == ("1090", CARD, "counted twice")
    assert len(updates(house)) == 1
    assert house.conflicts() == []


@pytest.mark.parametrize("policy", [ClosedPeriod.HOLD, ClosedPeriod.ADJUST, ClosedPeriod.REDATE])
def test_what_the_bookkeeper_takes_off_an_invoice_in_a_closed_month_is_taken_off_here(
    house: EngineHouse, policy: ClosedPeriod
) -> None:
    """The books let him; that the month is closed to BlueOps keeps it from writing there, not from reading."""
    invoice = house.invoice(sent_customer(house), "100.00")
    payment = house.pay(invoice, "60.00")
    house.drain()
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, closing_date=DAY)))
        rules_desk.change_policy(turn, attrs.evolve(turn.policy, closed_period=policy), actor="admin")
    part = Allocation(invoice=house.place(invoice), amount=D("20.00"))
    house.books.edit(house.place(payment), allocations=(part,))
    house.poll()
    assert [conflict.reason for conflict in house.conflicts()] == []
    assert [one.amount for one in house.here(payment.ref).applications] == [D("20.00")]
    open_again(house)
    with house.turn() as turn:
        plan_anew(turn, payment.ref)
    house.drain()
    assert (house.state(payment), updates(house)) == ("done", [])
    assert house.quiet()
