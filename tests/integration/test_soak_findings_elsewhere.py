"""What the soak has found about payments that settle documents of the books' own, without chance."""

from typing import Any

import attrs

from blueops_qb.domain.documents import Allocation
from blueops_qb.domain.refs import BooksRef, RecordKind
from tests.engine_house import D, EngineHouse
from tests.traps import ON_SQLITE, all_here, check, choose, entered_invoice, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def _partly_elsewhere(house: EngineHouse) -> tuple[Any, BooksRef, tuple[Allocation, ...]]:
    """A check of 150.00 from the books, 40.00 of it for an invoice that BlueOps does not have."""
    ann = sent_customer(house)
    invoice = house.invoice(ann, "60.00")
    house.drain()
    theirs = entered_invoice(house, house.place(ann), "90.00")
    place = house.books.enter(
        check(house.place(ann), "150.00", (house.place(invoice), "60.00"), (theirs, "40.00"))
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == D("40.00")
    return payment, place, house.books.document(place).allocations


def _apply_more_elsewhere(house: EngineHouse, place: BooksRef, shown: tuple[Allocation, ...]) -> None:
    mine, theirs = sorted(shown, key=lambda part: -part.amount)
    house.books.edit(place, allocations=(mine, attrs.evolve(theirs, amount=D("55.00"))))


def test_where_blueops_side_is_chosen_what_is_settled_elsewhere_is_as_the_books_have_it(
    house: EngineHouse,
) -> None:
    payment, place, shown = _partly_elsewhere(house)
    house.change(payment, amount=D("145.00"))
    _apply_more_elsewhere(house, place, shown)
    house.poll()
    choose(house, "ours")
    house.poll()
    there = house.books.document(place)
    assert (there.amount, sum(part.amount for part in there.allocations)) == (D("145.00"), D("115.00"))
    here = house.here(payment.ref)
    assert (here.amount, here.elsewhere) == (D("145.00"), D("55.00"))
    assert house.conflicts() == []


def test_a_payment_that_was_void_there_settles_nothing_elsewhere_once_it_is_written_again(
    house: EngineHouse,
) -> None:
    payment, place, _ = _partly_elsewhere(house)
    house.change(payment, amount=D("145.00"))
    house.books.void(place)
    house.poll()
    choose(house, "ours")
    house.poll()
    there = house.books.document(place)
    assert (there.amount, [part.amount for part in there.allocations]) == (D("145.00"), [D("60.00")])
    here = house.here(payment.ref)
    assert (here.amount, here.elsewhere) == (D("145.00"), D("0.00"))
    assert house.conflicts() == []
    assert house.quiet()
