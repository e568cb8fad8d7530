"""Numbers that are asked for: two of the same at once, answers that grew old, look-ups that cannot be asked."""

import datetime as dt
from typing import Any

import pytest

from blueops_qb.domain.policy import Policy
from blueops_qb.domain.records import ExpenseType, Vendor
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import by_hand, rules_desk
from blueops_qb.sdk.doors import NotSent
from blueops_qb.sdk.outcomes import Found
from blueops_qb.sdk.provider import Exchange, Unencodable, Verb, Want
from blueops_qb.sdk.simple import Told
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse
from tests.traps import ON_SQLITE, entered_invoice, record_cost, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


@pytest.fixture(autouse=True)
def asking(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Books that take a number twice; the company numbers without a prefix."""
    monkeypatch.setattr(type(house.provider), "numbers_asked", frozenset({K.INVOICE, K.BILL}))
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(number_prefix=""), actor="bookkeeper")


def bills(house: EngineHouse, *, number: str, vendors: list[Vendor]) -> list[Any]:
    return [
        record_cost(house, ExpenseType.BILL, vendor_id=vendor.id, vendor_invoice_number=number)
        for vendor in vendors
    ]


def in_books(house: EngineHouse, kind: BooksKind) -> int:
    return len([ref for ref, kept in house.books.records.items() if ref.kind is kind and not kept.deleted])


def test_a_bill_that_was_entered_twice_goes_out_once_and_the_other_is_held(house: EngineHouse) -> None:
    supply = house.vendor()
    house.drain()
    one, again = bills(house, number="INV 7", vendors=[supply, supply])
    house.drain()
    assert sorted([house.state(one), house.state(again)]) == ["done", "held"]
    assert in_books(house, K.BILL) == 1


def test_bills_of_two_vendors_with_one_number_both_go(house: EngineHouse) -> None:
    both = bills(house, number="INV 7", vendors=[house.vendor(), house.vendor("Best Pipes")])
    house.drain()
    assert [house.state(bill) for bill in both] == ["done", "done"]


def test_an_answer_that_grew_old_while_the_invoice_waited_is_asked_for_again(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    out = take(house)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    # Asked, told, and then nobody worked for a day.
    entered_invoice(house, house.place(ann), "40.00", number=invoice.number)
    o = t.operations
    (creation,) = house.rows(o, o.c.verb == Verb.CREATE.value, o.c.state == "ready")
    day = dt.timedelta(days=1)
    real = house.engine.turns.clock
    object.__setattr__(house.engine.turns, "clock", lambda connection: real(connection) + day)
    house.drain()
    assert house.state(invoice) == "held"
    assert in_books(house, K.INVOICE) == 1
    assert creation.id


def test_a_creation_that_did_not_leave_is_asked_for_again(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    out = take(house)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
    creation = take(house)
    assert b'"verb":"create"' in creation.body
    house.engine.finish(creation.exchange_id, NotSent(why="the line is down"))
    entered_invoice(house, house.place(ann), "40.00", number=invoice.number)
    house.drain()
    assert house.state(invoice) == "held"
    assert in_books(house, K.INVOICE) == 1


def test_a_number_that_cannot_be_asked_for_holds_its_invoice_and_nothing_else(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    encode = type(house.provider).encode

    def refuses(self: Any, exchange: Exchange, profile: Any) -> bytes:
        for operation in exchange.operations:
            if operation.params.get("number") == "odd":
                raise Unencodable(operation.id, "The books cannot be searched for “odd”.")
        return encode(self, exchange, profile)

    with house.work() as tx:
        invoice = tx.raise_invoice(house.draft(ann.id, number="odd"))
    other = house.invoice(ann)
    with monkeypatch.context() as patch:
        patch.setattr(type(house.provider), "encode", refuses)
        house.drain()
        assert house.state(invoice) == "held"
        assert "“odd”" in house.event(invoice).reason
        assert house.state(other) == "done"
    with house.turn() as turn:
        by_hand.try_again(turn, [invoice.ref], actor="bookkeeper")
    house.drain()
    assert house.state(invoice) == "done"


def test_many_invoices_are_asked_for_an_exchange_at_a_time(house: EngineHouse) -> None:
    ann = sent_customer(house)
    most = house.provider.describe().limits.operations_per_exchange
    for _ in range(3 * most + 1):
        house.invoice(ann)
    take(house)
    o = t.operations
    asked = house.rows(o, o.c.verb == Verb.FIND.value, o.c.params_json.contains('"by": "number"'))
    assert len(asked) <= most
    house.restart()


def test_bills_of_one_number_that_are_asked_for_in_one_exchange_do_not_both_go(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(house.provider), "envelope", lambda _, operation: f"{operation.verb}s")
    supply = house.vendor()
    house.drain()
    one, again = bills(house, number="INV 7", vendors=[supply, supply])
    house.drain()
    assert sorted([house.state(one), house.state(again)]) == ["done", "held"]
    assert in_books(house, K.BILL) == 1


def test_the_first_page_of_an_answer_frees_no_number(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    entered_invoice(house, house.place(ann), "40.00", number=invoice.number)
    find = house.books.find

    def first_page(operation: Any) -> Any:
        if operation.params.get("page") is None:
            onward = Want(verb=Verb.FIND, kind=operation.kind, params={"page": "2"})
            raise Told(Found(complete=False, then=(onward,)))
        return find(operation)

    monkeypatch.setattr(house.books, "find", first_page)
    house.drain()
    assert house.state(invoice) == "held"
    assert in_books(house, K.INVOICE) == 1


def test_an_answer_that_was_cut_frees_no_number(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)

    def cut(_: Any) -> Any:
        raise Told(Found(complete=False))

    with monkeypatch.context() as patch:
        patch.setattr(house.books, "find", cut)
        out = take(house)
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
        assert house.state(invoice) == "waiting"
        assert in_books(house, K.INVOICE) == 0
    house.set(t.operations, t.operations.c.verb == Verb.FIND.value, not_before=None)
    house.drain()
    assert house.state(invoice) == "done"
