"""What was moved of a document by an entry comes back when the document is taken out: voided, undone or removed."""

from collections.abc import Callable

import pytest

from blueops_qb.domain.documents import JournalEntry, Side
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import reclass, resolve, undo
from tests.engine_house import DAY, EngineHouse
from tests.second_income import TO_OTHER, draft_of, incomes, moved
from tests.traps import ON_SQLITE

pytest_plugins = ["tests.engine_fixtures", "tests.income_fixture"]
pytestmark = ON_SQLITE

TakenOut = Callable[[EngineHouse, Invoice], None]


def entries(house: EngineHouse) -> list[JournalEntry]:
    """The journal entries of the books, as they were written one after the other."""
    return [r.document for r in house.books.of(BooksKind.JOURNAL) if isinstance(r.document, JournalEntry)]


def voided_here(house: EngineHouse, invoice: Invoice) -> None:
    with house.work() as tx:
        tx.void_invoice(invoice.id, reason="entered twice")


def undone(house: EngineHouse, invoice: Invoice) -> None:
    with house.turn() as turn:
        undo.apply(turn, actor="office", refs=[invoice.ref])


def voided_there(house: EngineHouse, invoice: Invoice) -> None:
    house.books.void(house.place(invoice))
    house.poll()
    for conflict in house.conflicts():
        with house.turn() as turn:
            resolve.resolve(turn, conflict.id, "theirs", "office")


def removed_there(choice: str) -> TakenOut:
    def taken_out(house: EngineHouse, invoice: Invoice) -> None:
        house.books.delete(house.place(invoice))
        house.poll()
        (conflict,) = house.conflicts()
        with house.turn() as turn:
            resolve.resolve(turn, conflict.id, choice, "office")

    return taken_out


@pytest.mark.parametrize(
    "take_out",
    [voided_here, undone, voided_there, removed_there("theirs"), removed_there("unlink")],
    ids=["voided here", "undone", "voided there", "removed there and here", "removed there and left out"],
)
def test_what_was_moved_comes_back_with_the_document(shop: EngineHouse, take_out: TakenOut) -> None:
    ann = shop.customer()
    gone, stays = shop.invoice(ann, "100.00"), shop.invoice(ann, "50.00")
    shop.drain()
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    assert incomes(shop) == {"4020": -15000}
    take_out(shop, gone)
    shop.drain()
    shop.poll()
    assert incomes(shop) == {"4020": -5000}
    first, back = entries(shop)
    assert (first.date, back.date) == (DAY, DAY)
    assert [(line.side, line.account.id, str(line.amount)) for line in back.lines] == [
        (Side.CREDIT, "4010", "100.00"),
        (Side.DEBIT, "4020", "100.00"),
    ]
    # Nothing of it comes back a second time, and the other one can still be moved on.
    shop.poll()
    assert len(entries(shop)) == 2
    with shop.turn() as turn:
        assert reclass.plan(turn, turn.mapping).months == ()
    assert shop.state(stays) == "done"
