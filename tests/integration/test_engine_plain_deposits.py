"""A payout that the bookkeeper has entered by plain lines out of the clearing account reaches the bank once."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import BankDeposit, DepositLine
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Payment, Payout
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import resolve
from blueops_qb.engine.plain_deposits import APART
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.fake_books import Fault
from tests.traps import sent_customer

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
DAY_AFTER = DAY + dt.timedelta(days=1)


@pytest.fixture
def paid(house: EngineHouse) -> Payment:
    """A card payment that waits with the processor."""
    house.map(
        rule(Family.ROLE, "clearing", account=BooksRef(K.ACCOUNT, "1050")),
        rule(Family.ROLE, "merchant_fees", account=BooksRef(K.ACCOUNT, "6100")),
    )
    payment: Payment = house.pay(house.invoice(sent_customer(house), "80.00"), "80.00", method="card")
    house.drain()
    return payment


def settled(house: EngineHouse, payment: Payment, *, fees: str = "2.62", date: dt.date = DAY) -> Payout:
    """What the processor's feed says: the payment less its fee reached the bank."""
    net = payment.amount - D(fees)
    payout = Payout(
        id="", date=date, account_key="checking", payment_ids=(payment.id,), net=net, fees=D(fees)
    )
    with house.work() as tx:
        found: Payout = tx.settle_payout(payout)
    return found


def ours(house: EngineHouse, payment: Payment) -> BankDeposit:
    """The deposit as we would write it, learned from another payment of the same amount."""
    other: Payment = house.pay(
        house.invoice(sent_customer(house, name="Bo Ek"), "80.00"), "80.00", method="card"
    )
    house.drain()
    payout = settled(house, other)
    house.drain()
    assert house.state(payout) == "done", house.event(payout).reason
    found = house.there(payout)
    assert isinstance(found, BankDeposit)
    with house.work() as tx:
        tx.void_payout(payout.id)
    house.drain()
    assert payment.amount == other.amount
    return found


def by_hand(house: EngineHouse, like: BankDeposit, **fields: Any) -> BooksRef:
    """The same money in the bookkeeper's own lines: one sum out of clearing, one fee."""
    lines = tuple(attrs.evolve(line, description="", books_line_id="") for line in reversed(like.lines))
    assert all(line.payment is None for line in lines)
    deposit: BankDeposit = attrs.evolve(
        like, **{"date": DAY_AFTER, "memo": "Processor", "lines": lines, **fields}
    )
    return house.books.enter(deposit)


def deposits(house: EngineHouse) -> list[str]:
    return [r.id for r in house.books.of(K.DEPOSIT) if not getattr(r.document, "void", False)]


def rounds(house: EngineHouse) -> None:
    for _ in range(3):
        house.poll()


@pytest.mark.parametrize("seen", ["changes", "lookup"])
def test_a_payout_that_was_entered_by_hand_before_is_linked(
    seen: str, house: EngineHouse, paid: Payment
) -> None:
    place = by_hand(house, ours(house, paid))
    house.poll()
    m = t.mirror
    assert house.set(m, (m.c.kind == K.DEPOSIT.value) & (m.c.books_id == place.id), origin=seen) == 1
    payout = settled(house, paid)
    rounds(house)
    assert house.place(payout) == place
    assert deposits(house) == [place.id]
    assert house.state(payout) == "done"
    here = house.here(payout.ref)
    assert (here.date, here.memo, here.fees, here.net) == (DAY_AFTER, "Processor", D("2.62"), D("77.38"))
    assert house.conflicts() == []
    assert house.quiet()


def test_a_payout_that_is_entered_by_hand_while_ours_waits_is_linked(
    house: EngineHouse, paid: Payment
) -> None:
    like = ours(house, paid)
    house.poll()
    payout = settled(house, paid)
    house.books.script.append(Fault.NOT_SENT)
    assert house.carrier.carry_one(house.id)
    # It is tried again tomorrow; the books can be read before.
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert house.set(t.operations, t.operations.c.state == "ready", not_before=tomorrow)
    place = by_hand(house, like)
    rounds(house)
    assert house.place(payout) == place
    assert deposits(house) == [place.id]
    assert house.state(payout) == "done"


@pytest.mark.parametrize("nearer", [0, 1])
def test_one_that_is_entered_by_hand_while_two_alike_wait_is_the_nearer_one(
    nearer: int, house: EngineHouse, paid: Payment
) -> None:
    like = ours(house, paid)
    other: Payment = house.pay(
        house.invoice(sent_customer(house, name="Di Oh"), "80.00"), "80.00", method="card"
    )
    house.drain()
    days = (DAY_AFTER, DAY) if nearer == 0 else (DAY, DAY_AFTER)
    payouts = [settled(house, one, date=day) for one, day in zip((paid, other), days, strict=True)]
    for _ in payouts:
        house.books.script.append(Fault.NOT_SENT)
    assert house.carrier.carry_one(house.id)
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert house.set(t.operations, t.operations.c.state == "ready", not_before=tomorrow) == 2
    place = by_hand(house, like)
    rounds(house)
    assert house.place(payouts[nearer]) == place
    assert house.set(t.operations, t.operations.c.state == "ready", not_before=None) == 1
    rounds(house)
    # The money of two payouts reaches the bank twice.
    assert len(deposits(house)) == 2
    assert house.place(payouts[1 - nearer]) != place
    assert [house.state(payout) for payout in payouts] == ["done", "done"]
    assert house.conflicts() == []


def test_one_that_is_entered_by_hand_after_ours_is_put_to_a_person(house: EngineHouse, paid: Payment) -> None:
    like = ours(house, paid)
    payout = settled(house, paid)
    rounds(house)
    written = house.place(payout)
    place = by_hand(house, like)
    rounds(house)
    assert house.place(payout) == written
    (conflict,) = house.conflicts()
    assert (conflict.group, conflict.books_id) == ("arrival", place.id)
    assert str(payout.ref) in conflict.reason
    house.books.delete(place)
    rounds(house)
    assert house.conflicts() == []


def test_the_other_payout_of_the_same_sum_is_recorded_later(house: EngineHouse, paid: Payment) -> None:
    like = ours(house, paid)
    first = settled(house, paid)
    rounds(house)
    place = by_hand(house, like)
    rounds(house)
    other: Payment = house.pay(
        house.invoice(sent_customer(house, name="Cy Roe"), "80.00"), "80.00", method="card"
    )
    second = settled(house, other)
    rounds(house)
    assert house.place(second) == place
    assert house.place(first) != place
    assert len(deposits(house)) == 2
    assert house.conflicts() == []
    assert house.quiet()


@pytest.mark.parametrize("other", ["day", "total", "fee", "account"])
def test_what_says_something_else_is_another_deposit(house: EngineHouse, paid: Payment, other: str) -> None:
    like = ours(house, paid)
    lines = like.lines
    match other:
        case "day":
            place = by_hand(house, like, date=DAY + APART + dt.timedelta(days=1))
        case "total":
            more = (*lines, DepositLine(account=lines[0].account, amount=D("1.00")))
            place = by_hand(house, like, lines=more, total=like.total + D("1.00"))
        case "fee":
            first, second = sorted(lines, key=lambda line: line.amount)
            moved = (
                attrs.evolve(first, amount=first.amount - D("1.00")),
                attrs.evolve(second, amount=second.amount + D("1.00")),
            )
            place = by_hand(house, like, lines=moved)
        case _:
            place = by_hand(house, like, account=BooksRef(K.ACCOUNT, "2100"))
    house.poll()
    payout = settled(house, paid)
    rounds(house)
    assert house.place(payout) != place
    assert len(deposits(house)) == 2
    assert house.state(payout) == "done"
    assert house.quiet()


def test_two_that_could_be_it_are_for_a_person(house: EngineHouse, paid: Payment) -> None:
    like = ours(house, paid)
    first, second = by_hand(house, like), by_hand(house, like)
    house.poll()
    payout = settled(house, paid)
    rounds(house)
    event = house.event(payout)
    assert event.state == "held"
    assert first.id in event.reason
    assert second.id in event.reason
    assert event.remedy
    house.books.delete(second)
    house.poll()
    with house.turn() as turn:
        resolve.retry(turn, [payout.ref], "ann")
    rounds(house)
    assert house.place(payout) == first
    assert deposits(house) == [first.id]
    assert house.state(payout) == "done"
