"""Receipts when things go wrong: a file that cannot be read just now, a lost answer after the cost was changed."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import AttachedFile
from blueops_qb.domain.records import Expense, ExpenseType
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.doors import Unknown
from blueops_qb.sdk.provider import Exchange
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse
from tests.traps import ON_SQLITE, record_cost, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def card_charge(house: EngineHouse, name: str = "lunch.png") -> Expense:
    with house.work() as tx:
        receipt = tx.keep_receipt(filename=name, content_type="image/png", content=b"picture")
    return record_cost(house, ExpenseType.CARD, payment_account_key="company_card", receipts=(receipt,))


def attached(house: EngineHouse) -> list[AttachedFile]:
    return [
        kept.document
        for kept in house.books.records.values()
        if isinstance(kept.document, AttachedFile) and not kept.deleted
    ]


def test_a_store_of_files_that_is_down_stops_only_the_files(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> bytes:
        raise OSError("the disk is not there")

    with monkeypatch.context() as patch:
        patch.setattr(type(house.core), "receipt", down)
        cost = card_charge(house)
        house.drain()
        invoice = house.invoice(sent_customer(house))
        house.drain()
        assert house.state(invoice) == "done"
        assert house.state(cost) == "waiting"
        assert "“lunch.png”" in house.event(cost).reason
        assert "by itself" in house.event(cost).remedy
    house.set(t.operations, t.operations.c.state == "ready", not_before=None)
    house.drain()
    assert house.state(cost) == "done"
    assert len(attached(house)) == 1


@pytest.mark.parametrize("lost", ["answer", "process"])
def test_the_answer_for_a_file_of_a_cost_that_changed_its_kind_may_be_lost(
    house: EngineHouse, lost: str
) -> None:
    vendor = house.vendor()
    cost = card_charge(house)
    house.drain()
    with house.work() as tx:
        tx.update_expense(attrs.evolve(house.here(cost.ref), type=ExpenseType.BILL, vendor_id=vendor.id))
    while b'"kind":"attachment"' not in (out := take(house)).body or b'"verb":"create"' not in out.body:
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    answer = house.provider.deliver(out.body)
    house.restart()
    house.engine.finish(out.exchange_id, answer if lost == "process" else Unknown(why="the line was cut"))
    house.drain()
    assert house.state(cost) == "done"
    assert house.conflicts() == []
    (file,) = attached(house)
    assert getattr(file.to, "kind", None) is BooksKind.BILL


def test_a_record_that_breaks_the_provider_stops_nobody_else(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    encode = type(house.provider).encode

    def breaks(self: Any, exchange: Exchange, profile: Any) -> bytes:
        if any(getattr(operation.document, "memo", "") == "odd" for operation in exchange.operations):
            raise ZeroDivisionError("a defect")
        return encode(self, exchange, profile)

    monkeypatch.setattr(type(house.provider), "encode", breaks)
    cost = record_cost(house, ExpenseType.CARD, payment_account_key="company_card", memo="odd")
    invoices = [house.invoice(ann) for _ in range(3)]
    house.drain()
    assert [house.state(invoice) for invoice in invoices] == ["done"] * 3
    assert house.state(cost) == "held"
    assert "could not be put into the books' words: ZeroDivisionError" in house.event(cost).reason
