"""How much is asked of the database does not grow with the records that are looked at together."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord
from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import match_links, matching, rules_desk
from blueops_qb.sdk import wire
from tests.engine_house import DAY, RULES, D, EngineHouse
from tests.fake_books import FakeBooks
from tests.integration.test_engine_match_papers import Fresh, entered, planned
from tests.traps import ON_SQLITE, sent_customer

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]
pytestmark = ON_SQLITE

LONG_CLOSED = dt.date(2020, 12, 31)


@contextmanager
def asked_of(house: EngineHouse, table: str) -> Iterator[list[str]]:
    """The statements on one of our tables that are executed meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if f"blueops_qb_{table}" in statement:
            found.append(statement)

    sa.event.listen(house.core.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(house.core.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("changed", ["a new invoice", "a new price"])
def test_a_closing_date_costs_nothing_for_invoices_of_an_open_period(
    house: EngineHouse, changed: str
) -> None:
    ann = sent_customer(house)
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(tax_gap=D("0.05")), actor="admin")
        closed = attrs.evolve(turn.profile, closing_date=LONG_CLOSED)
        turn.set(profile_json=wire.dump(closed))
    asked = []
    for count in (2, 12):
        invoices = [house.invoice(ann, "100.00") for _ in range(count)]
        if changed == "a new price":
            house.drain()
            for invoice in invoices:
                house.reprice(invoice, "120.00")
        with asked_of(house, "mirror") as statements:
            house.engine.next_exchange(house.id)
        asked.append(len(statements))
        house.drain()
    assert asked[0] == asked[1]


def test_more_that_is_linked_at_once_asks_no_more_of_the_database(house: EngineHouse, fresh: Fresh) -> None:
    ann = house.customer("Ann Lee")
    invoices = [house.invoice(ann, "100.00") for _ in range(14)]
    payments = [house.pay(invoice, "100.00", reference=f"47{n}") for n, invoice in enumerate(invoices)]
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    for n, invoice in enumerate(invoices):
        place = entered(books, customer, invoice.number)
        books.enter(
            CustomerPayment(
                customer=customer,
                date=DAY,
                amount=D("100.00"),
                allocations=(Allocation(invoice=place, amount=D("100.00")),),
                reference=f"47{n}",
                deposit_to=BooksRef(BooksKind.ACCOUNT, "1090"),
            )
        )
    fresh(books)
    plan = planned(house)
    house.map(*RULES)
    keys = [str(record.ref) for pair in zip(invoices, payments, strict=True) for record in pair]
    assert {plan[key].decision for key in keys} == {"?link"}
    with house.turn() as turn:
        matching.accept(turn, list(Bucket), actor="admin")
        match_links.link_decided(turn, "admin", keys=[str(ann.ref)])
    asked = []
    for some in (keys[:4], keys[4:]):
        with house.turn() as turn, asked_of(house, "") as statements:
            assert match_links.link_decided(turn, "admin", keys=some) == len(some)
        asked.append(len([text for text in statements if "blueops_qb_audit" not in text]))
    assert asked[0] == asked[1]
