"""The receipt of a cost is attached once, stays through every edit, and goes with the cost."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import AttachedFile
from blueops_qb.domain.records import Expense, ExpenseType
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import preview
from blueops_qb.sdk.doors import Unknown
from tests.engine_house import EngineHouse
from tests.traps import ON_SQLITE, record_cost, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind
PICTURE = b"\x89PNG picture of a receipt"


def card_charge(house: EngineHouse, *files: tuple[str, bytes]) -> Expense:
    """A card charge with files."""
    with house.work() as tx:
        receipts = tuple(
            tx.keep_receipt(filename=name, content_type="image/png", content=data) for name, data in files
        )
    return record_cost(
        house, ExpenseType.CARD, payment_account_key="company_card", receipts=receipts, vendor_id=None
    )


def edit(house: EngineHouse, cost: Expense, **fields: Any) -> Expense:
    with house.work() as tx:
        found: Expense = tx.update_expense(attrs.evolve(house.here(cost.ref), **fields))
    return found


def attached(house: EngineHouse) -> dict[BooksRef, AttachedFile]:
    """The files that the books hold."""
    return {
        ref: kept.document
        for ref, kept in house.books.records.items()
        if isinstance(kept.document, AttachedFile) and not kept.deleted
    }


def test_a_receipt_is_uploaded_after_its_cost_with_its_bytes(house: EngineHouse) -> None:
    cost = card_charge(house, ("lunch.png", PICTURE))
    house.drain()
    (file,) = attached(house).values()
    assert (file.to, file.filename) == (house.place(cost), "lunch.png")
    assert house.books.uploads == [PICTURE]
    assert house.state(cost) == "done"


def test_it_survives_edits_of_the_cost_and_is_not_sent_again(house: EngineHouse) -> None:
    cost = card_charge(house, ("lunch.png", PICTURE))
    house.drain()
    before = attached(house)
    for memo in ("one", "two"):
        edit(house, cost, memo=memo)
        house.drain()
    assert attached(house) == before
    assert house.books.uploads == [PICTURE]
    assert house.there(cost).memo == "two"


def test_another_file_is_added_and_a_removed_one_is_taken_out(house: EngineHouse) -> None:
    cost = card_charge(house, ("a.png", b"a"), ("b.png", b"b"))
    house.drain()
    with house.work() as tx:
        third = tx.keep_receipt(filename="c.png", content_type="image/png", content=b"c")
    edit(house, cost, receipts=(third, *house.here(cost.ref).receipts[1:]))
    house.drain()
    assert sorted(file.filename for file in attached(house).values()) == ["b.png", "c.png"]
    assert house.books.uploads == [b"a", b"b", b"c"]
    assert house.state(cost) == "done"


def test_a_lost_answer_does_not_attach_it_twice(house: EngineHouse) -> None:
    cost = card_charge(house, ("lunch.png", PICTURE))
    while b'"kind":"attachment"' not in (out := take(house)).body:
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    house.provider.deliver(out.body)
    house.books.forgets_ids = True
    house.engine.finish(out.exchange_id, Unknown(why="the line was cut"))
    house.drain()
    assert len(attached(house)) == 1
    assert house.state(cost) == "done"


def test_a_file_that_core_has_lost_is_said_and_the_cost_is_there(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> bytes:
        raise KeyError("lost")

    cost = card_charge(house, ("lunch.png", PICTURE))
    with monkeypatch.context() as patch:
        patch.setattr(type(house.core), "receipt", lost)
        house.drain()
    assert house.state(cost) == "held"
    assert "“lunch.png” is not in BlueOps any more" in house.event(cost).reason
    assert house.there(cost).total == cost.total


def test_a_voided_cost_takes_its_files_along(house: EngineHouse) -> None:
    cost = card_charge(house, ("lunch.png", PICTURE))
    house.drain()
    with house.work() as tx:
        tx.void_expense(cost.id, reason="entered twice")
    house.drain()
    assert attached(house) == {}
    assert house.state(cost) == "done"


def test_a_charge_that_becomes_a_bill_has_its_receipt_there(house: EngineHouse) -> None:
    vendor = house.vendor()
    cost = card_charge(house, ("lunch.png", PICTURE))
    house.drain()
    charge = house.place(cost)
    edit(house, cost, type=ExpenseType.BILL, vendor_id=vendor.id)
    house.drain()
    (file,) = attached(house).values()
    assert isinstance(file.to, BooksRef)
    assert (file.to.kind, file.to != charge) == (K.BILL, True)
    assert house.state(cost) == "done"


def test_the_preview_names_the_file_and_sends_nothing(house: EngineHouse) -> None:
    cost = card_charge(house, ("lunch.png", PICTURE))
    with house.turn() as turn:
        shown = preview.preview(turn, cost.ref)
    assert "“lunch.png” is attached to" in shown.documents[-1].message
    assert house.books.uploads == []


def test_books_without_attachments_get_the_cost_alone(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = frozenset(house.provider.kinds) - {K.ATTACHMENT}
    monkeypatch.setattr(type(house.provider), "kinds", kinds)
    cost = card_charge(house, ("lunch.png", PICTURE))
    house.drain()
    assert house.state(cost) == "done"
    assert house.books.uploads == []
