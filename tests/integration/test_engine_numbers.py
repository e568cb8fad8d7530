"""A number that the books have already is never used a second time; our own prefix needs no question."""

from typing import Any

import pytest

from blueops_qb.domain.policy import Policy
from blueops_qb.domain.records import ExpenseType, Vendor
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import by_hand, connections, rules_desk
from blueops_qb.sdk.outcomes import Throttled, Why
from blueops_qb.sdk.provider import Exchange, Unencodable, Verb
from blueops_qb.sdk.simple import Refusal, Told
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse
from tests.fakes import FakeProvider
from tests.traps import ON_SQLITE, entered_invoice, record_cost, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


@pytest.fixture(autouse=True)
def asking(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Books that take a number twice; the company numbers without a prefix."""
    monkeypatch.setattr(type(house.provider), "numbers_asked", frozenset({K.INVOICE, K.BILL}))
    without_prefix(house, "")


def without_prefix(house: EngineHouse, prefix: str) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(number_prefix=prefix), actor="bookkeeper")


def test_a_free_number_is_asked_for_once_and_used(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    assert house.there(invoice).number == invoice.number
    assert house.books.numbers_looked_up == [invoice.number]
    assert house.state(invoice) == "done"


def test_an_invoice_of_a_taken_number_is_held_and_goes_once_the_number_is_free(house: EngineHouse) -> None:
    ann = sent_customer(house)
    theirs = entered_invoice(house, house.place(ann), "40.00", number="1001")
    invoice = house.invoice(ann)
    assert invoice.number == "1001"
    house.drain()
    assert house.state(invoice) == "held"
    event = house.event(invoice)
    assert f"number 1001 is already used in the books, by invoice {theirs.id}" in event.reason
    assert "retry" in event.remedy
    house.books.edit(theirs, number="7001")
    with house.turn() as turn:
        by_hand.try_again(turn, [invoice.ref], actor="bookkeeper")
    house.drain()
    assert house.state(invoice) == "done"
    assert house.there(invoice).number == "1001"


def test_nothing_is_asked_for_a_number_under_our_prefix(house: EngineHouse) -> None:
    without_prefix(house, "BO-")
    invoice = house.invoice(sent_customer(house))
    house.drain()
    assert house.there(invoice).number == f"BO-{invoice.number}"
    assert house.books.numbers_looked_up == []


@pytest.mark.parametrize(
    "failure",
    [Told(Throttled(retry_after=0.0, connection=False)), Refusal(Why.NOT_AVAILABLE, "Queries are off.")],
    ids=["busy", "refused"],
)
def test_an_invoice_waits_while_the_books_do_not_tell(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch, failure: Told
) -> None:
    ann = sent_customer(house)

    def fails(_: Any) -> Any:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(house.books, "find", fails)
        invoice = house.invoice(ann)
        house.drain()
        assert house.state(invoice) == "waiting"
        assert "asked whether its number" in house.event(invoice).reason
        assert not any(ref.kind is K.INVOICE for ref in house.books.records)
    house.set(t.operations, t.operations.c.verb == Verb.FIND.value, not_before=None)
    house.drain()
    assert house.state(invoice) == "done"


def test_a_crash_between_question_and_creation_loses_and_doubles_nothing(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    out = take(house)
    assert b'"by":"number"' in out.body
    house.restart()
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    house.drain()
    assert house.state(invoice) == "done"
    assert len([ref for ref in house.books.records if ref.kind is K.INVOICE]) == 1


def test_a_change_made_while_the_question_is_out_is_written_with_its_own_number(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    out = take(house)
    with house.work() as tx:
        tx.update_invoice(invoice.id, house.draft(ann.id, number="2222"))
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    house.drain()
    assert house.state(invoice) == "done"
    assert house.there(invoice).number == "2222"
    assert house.books.numbers_looked_up[-1] == "2222"


def test_a_change_goes_on_when_the_question_about_its_number_cannot_be_put(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for is held; the newer revision is not left waiting for an answer that never comes."""
    ann = sent_customer(house)
    usual = type(house.provider).encode

    def busy(_: Any) -> Any:
        raise Told(Throttled(retry_after=0.0, connection=False))

    def encode(self: FakeProvider, exchange: Exchange, profile: Any) -> bytes:
        for operation in exchange.operations:
            if operation.params.get("number") == "1001":
                raise Unencodable(operation.id, "the number 1001 cannot be put into a query")
        return usual(self, exchange, profile)

    with monkeypatch.context() as patch:
        patch.setattr(house.books, "find", busy)
        invoice = house.invoice(ann)
        house.drain()
    assert invoice.number == "1001"
    assert "asked whether its number" in house.event(invoice).reason
    house.reprice(invoice, "120.00")
    house.engine.work_pending(house.id)
    assert house.event(invoice).reason == "its previous change is still on its way"
    with monkeypatch.context() as patch:
        patch.setattr(type(house.provider), "encode", encode)
        house.set(t.operations, t.operations.c.verb == Verb.FIND.value, not_before=None)
        for _ in range(3):
            house.drain()
    event = house.event(invoice)
    assert (event.state, event.reason) == ("held", "the number 1001 cannot be put into a query")
    with house.turn() as turn:
        by_hand.try_again(turn, [invoice.ref], actor="bookkeeper")
    house.drain()
    assert house.state(invoice) == "done"
    assert str(house.there(invoice).total) == "120.00"


def test_a_bill_may_have_the_number_that_another_vendor_gave(house: EngineHouse) -> None:
    with house.work() as tx:
        first, second = (tx.create_vendor(vendor(name)) for name in ("Acme Supply", "Best Pipes"))
    one = cost(house, first)
    house.drain()
    other, again = cost(house, second), cost(house, first)
    house.drain()
    assert [house.state(bill) for bill in (one, other, again)] == ["done", "done", "held"]
    assert "by bill" in house.event(again).reason


def test_disconnecting_gives_up_what_waits_for_an_answer(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house))
    take(house)
    connections.retire(house.core, house.id, house.tenant, actor="admin", keys=house.engine.keys)
    o = t.operations
    with house.core.engine.connect() as connection:
        states = set(
            connection.execute(o.select().with_only_columns(o.c.state).where(o.c.verb == "create")).scalars()
        )
    assert "out" not in states
    assert house.state(invoice) != "done"


def vendor(name: str) -> Vendor:
    return Vendor(id="", name=name)


def cost(house: EngineHouse, of: Any) -> Any:
    return record_cost(house, ExpenseType.BILL, vendor_id=of.id, vendor_invoice_number="INV-7")
