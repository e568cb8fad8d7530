"""Ours on a variance is written where that changes something, once; not where the books show it, or cannot."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import BankDeposit, Document
from blueops_qb.domain.records import Invoice, Payment, Payout
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import resolve
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.integration.test_decided_as_shown import calm, choose, one_more, only, totals
from tests.traps import ON_SQLITE, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
K = BooksKind


@pytest.fixture
def varied(house: EngineHouse) -> Invoice:
    """An invoice that was sent with 100.00 and that the books show with 101.00."""
    house.books.alters = one_more
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.alters = lambda document: document
    return invoice


def updates(house: EngineHouse, kind: BooksKind) -> int:
    """So many changes of a kind were sent."""
    o = t.operations
    return len(house.rows(o, o.c.kind == kind.value, o.c.verb == "update", o.c.state != "cancelled"))


def repriced_there(house: EngineHouse, invoice: Invoice, amount: str) -> None:
    lines = [attrs.evolve(x, amount=D(amount), unit_price=D(amount)) for x in house.there(invoice).lines]
    house.books.edit(house.place(invoice), total=D(amount), lines=tuple(lines))


def test_a_variance_is_over_once_blueops_says_what_the_books_show(
    house: EngineHouse, varied: Invoice
) -> None:
    repriced_there(house, varied, "250.00")
    house.poll()
    assert only(house).cause == "variance"
    house.reprice(varied, "250.00")
    calm(house)
    assert house.conflicts() == []
    assert (house.state(varied), updates(house, K.INVOICE)) == ("done", 0)
    assert totals(house, varied) == (D("250.00"), D("250.00"))
    assert house.quiet()


def test_ours_that_the_books_show_already_is_agreed_on_and_not_written(
    house: EngineHouse, varied: Invoice
) -> None:
    """BlueOps moved to what the books show, and the person was quicker than the comparison."""
    repriced_there(house, varied, "250.00")
    house.poll()
    house.reprice(varied, "250.00")
    c = t.conflicts
    revision = house.event(varied).revision
    house.set(c, c.c.state == "open", revision=revision)
    choose(house, "ours")
    calm(house)
    assert house.conflicts() == []
    assert (house.state(varied), updates(house, K.INVOICE)) == ("done", 0)
    assert totals(house, varied) == (D("250.00"), D("250.00"))


def test_ours_is_written_once(house: EngineHouse, varied: Invoice) -> None:
    choose(house, "ours")
    calm(house)
    assert house.conflicts() == []
    assert (house.state(varied), updates(house, K.INVOICE)) == ("done", 1)
    assert totals(house, varied) == (D("100.00"), D("100.00"))


# -- bank deposits -------------------------------------------------------------------------------------
@pytest.fixture
def deposited(house: EngineHouse) -> tuple[Payment, Payout]:
    """A payment that somebody lowered to 75.00 in the books while its deposit of 80.00 was on its way there.

    The books take a payment in as it stands, whatever the deposit is sent with.
    """
    payment = house.pay(house.invoice(sent_customer(house), "100.00"), "80.00")
    house.drain()
    place = house.place(payment)

    def as_it_stands(document: Document) -> Document:
        if not isinstance(document, BankDeposit):
            return document
        there = house.books.document(place).amount
        lines = tuple(attrs.evolve(x, amount=there) if x.payment == place else x for x in document.lines)
        return attrs.evolve(document, lines=lines, total=there)

    house.books.alters = as_it_stands
    with house.work() as tx:
        payout: Payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("80.00"))
        )
    out = take(house)
    house.books.edit(place, amount=D("75.00"), allocations=())
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    house.poll()
    assert {c.ref: c.cause for c in house.conflicts()} == {
        str(payment.ref): "changed_there",
        str(payout.ref): "variance",
    }
    return payment, payout


def settle(house: EngineHouse, record: Any, choice: str) -> None:
    (conflict,) = (c for c in house.conflicts() if c.ref == str(record.ref))
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, choice, "bookkeeper")


def test_ours_of_a_deposit_waits_for_the_payment_that_the_books_show_with_other_money(
    house: EngineHouse, deposited: tuple[Payment, Payout]
) -> None:
    payment, payout = deposited
    settle(house, payout, "ours")
    calm(house)
    assert updates(house, K.DEPOSIT) == 0
    assert house.state(payout) == "waiting"
    assert f"waits for {payment.ref}, which was changed in QuickBooks" in house.event(payout).reason
    settle(house, payment, "ours")
    calm(house)
    calm(house)
    assert house.conflicts() == []
    assert [house.state(record) for record in deposited] == ["done", "done"]
    assert updates(house, K.DEPOSIT) == 1
    assert (house.there(payment).amount, house.there(payout).total) == (D("80.00"), D("80.00"))
    assert house.quiet()
