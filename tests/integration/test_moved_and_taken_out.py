"""What was moved of a document by an entry comes back when the document is taken out: voided, undone or removed."""

from collections.abc import Callable

import attrs
import pytest

from blueops_qb.domain.documents import CreditMemo, JournalEntry, Side
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import ClosedPeriod, Policy
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.records import ExpenseType, Invoice
from blueops_qb.domain.refs import BooksKind, RecordRef
from blueops_qb.engine import reclass, resolve, rules_desk, undo
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, books_ref, rule
from tests.second_income import OTHER_ACCOUNT, TO_OTHER, draft_of, incomes, moved
from tests.traps import ON_SQLITE, record_cost

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


# -- in a closed month, where the policy corrects by documents of an open one -------------------------------
def closed(house: EngineHouse) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(closed_period=ClosedPeriod.ADJUST), actor="admin")
    profile = BooksProfile(closing_date=DAY)
    house.set(t.connections, t.connections.c.id == house.id, profile_json=wire.dump(profile))


def two_moved_and_closed(house: EngineHouse) -> tuple[Invoice, Invoice]:
    ann = house.customer()
    found = house.invoice(ann, "100.00"), house.invoice(ann, "50.00")
    house.drain()
    moved(house, draft_of(house, TO_OTHER))
    house.drain()
    closed(house)
    return found


def settle(house: EngineHouse) -> None:
    for _ in range(3):
        house.drain()
    house.poll()


def test_a_void_in_a_closed_month_brings_back_what_was_moved_on_the_day_of_its_credit(
    shop: EngineHouse,
) -> None:
    gone, _ = two_moved_and_closed(shop)
    voided_here(shop, gone)
    settle(shop)
    assert incomes(shop) == {"4020": -5000}
    (memo,) = shop.books.of(BooksKind.CREDIT_MEMO)
    _, back = entries(shop)
    assert isinstance(memo.document, CreditMemo)
    assert back.date == memo.document.date > DAY
    assert (shop.state(gone), shop.conflicts()) == ("done", [])
    settle(shop)
    assert len(entries(shop)) == 2


def test_what_takes_the_place_of_an_invoice_in_a_closed_month_stands_where_that_was_moved_to(
    shop: EngineHouse,
) -> None:
    changed, _ = two_moved_and_closed(shop)
    shop.reprice(changed, "120.00")
    settle(shop)
    assert incomes(shop) == {"4020": -17000}
    shop.reprice(changed, "130.00")
    settle(shop)
    assert incomes(shop) == {"4020": -18000}
    assert len(entries(shop)) == 2


@pytest.mark.parametrize(("amount", "left"), [("", {}), ("45.00", {"4020": 4500})], ids=["void", "changed"])
def test_so_does_a_cost(shop: EngineHouse, amount: str, left: dict[str, int]) -> None:
    shop.map(rule(Family.EXPENSE, "materials", account=books_ref(BooksKind.ACCOUNT, "4010")))
    bill = record_cost(shop, ExpenseType.BILL, vendor_id=shop.vendor().id)
    shop.drain()
    moved(shop, draft_of(shop, rule(Family.EXPENSE, "materials", account=OTHER_ACCOUNT)))
    shop.drain()
    assert incomes(shop) == {"4020": 3000}
    closed(shop)
    with shop.work() as tx:
        if amount:
            (line,) = bill.lines
            tx.update_expense(
                attrs.evolve(bill, total=D(amount), lines=(attrs.evolve(line, amount=D(amount)),))
            )
        else:
            tx.void_expense(bill.id, reason="entered twice")
    settle(shop)
    assert incomes(shop) == left


# -- and the move itself is undone ------------------------------------------------------------------------
def partly_back(house: EngineHouse) -> RecordRef:
    """A move of two invoices, of which one was voided since: answers the move."""
    ann = house.customer()
    gone, _ = house.invoice(ann, "100.00"), house.invoice(ann, "50.00")
    house.drain()
    (ref,) = moved(house, draft_of(house, TO_OTHER))
    house.drain()
    voided_here(house, gone)
    house.drain()
    return ref


def test_a_move_is_undone_together_with_what_came_back_of_it(shop: EngineHouse) -> None:
    ref = partly_back(shop)
    with shop.turn() as turn:
        plan = undo.apply(turn, actor="office", refs=[ref])
    assert sorted(step.document for step in plan.steps) == [str(ref), f"{ref}.back1"]
    shop.drain()
    shop.poll()
    assert incomes(shop) == {"4010": -5000}
    with shop.turn() as turn:
        (month,) = reclass.plan(turn, turn.mapping).months
    assert sorted(str(line.amount) for line in month.lines) == ["50.00", "50.00"]


def test_it_stays_where_what_came_back_of_it_cannot_be_undone(shop: EngineHouse) -> None:
    ref = partly_back(shop)
    (place,) = (
        r.ref for r in shop.books.of(BooksKind.JOURNAL) if "Takes back" in getattr(r.document, "memo", "")
    )
    shop.books.edit(place, memo="mine now")
    shop.poll()
    with shop.turn() as turn:
        plan = undo.apply(turn, actor="office", refs=[ref])
    assert plan.steps == ()
    assert {kept.document for kept in plan.kept} == {f"{ref}.back1", str(ref)}
    reason = next(kept.reason for kept in plan.kept if kept.document == str(ref))
    assert reason.startswith(f"{ref}.back1, which takes back a part of it, stays: ")
    assert incomes(shop) == {"4020": -5000}


def test_what_came_back_of_a_move_is_undone_only_together_with_it(shop: EngineHouse) -> None:
    ref = partly_back(shop)
    back = attrs.evolve(ref, id=f"{ref.id}.back1")
    with shop.turn() as turn:
        plan = undo.apply(turn, actor="office", refs=[back])
    (kept,) = plan.kept
    assert plan.steps == ()
    assert kept.reason == f"it takes back what {ref} moved of documents that are not in the books any more"
    assert kept.remedy == f"Undo {ref} as a whole; what it took back of it goes with it."


def test_an_undone_move_comes_again_together_with_what_came_back_of_it(shop: EngineHouse) -> None:
    ref = partly_back(shop)
    with shop.turn() as turn:
        undo.apply(turn, actor="office", refs=[ref])
    shop.drain()
    with shop.turn() as turn:
        undo.take_back(turn, [ref], actor="office")
    shop.drain()
    shop.poll()
    assert (incomes(shop), shop.conflicts()) == ({"4020": -5000}, [])


def test_a_move_that_is_deleted_there_and_left_out_takes_along_what_came_back_of_it(
    shop: EngineHouse,
) -> None:
    partly_back(shop)
    (move, _) = (r.ref for r in shop.books.of(BooksKind.JOURNAL))
    shop.books.delete(move)
    shop.poll()
    (conflict,) = shop.conflicts()
    with shop.turn() as turn:
        resolve.resolve(turn, conflict.id, "unlink", "office")
    shop.drain()
    shop.poll()
    assert (incomes(shop), shop.conflicts()) == ({"4010": -5000}, [])
