"""The sub-ledger follows what both sides agreed on: who decided, and what came, counts; older states do not."""

from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine import resolve
from blueops_qb.store import tables as t
from tests.bookkeeper import all_here, check
from tests.engine_house import EngineHouse

pytest_plugins = ["tests.engine_fixtures"]
D = Decimal


def counted(house: EngineHouse, record: Any) -> dict[tuple[str, str], Decimal]:
    """What counts of a record: (account, customer) -> amount."""
    d, p = t.documents, t.postings
    ids = [
        row.id
        for row in house.rows(d, d.c.source_kind == record.ref.kind.value, d.c.source_id == record.ref.id)
    ]
    sums: dict[tuple[str, str], Decimal] = {}
    for row in house.rows(p, p.c.document_id.in_(ids), p.c.counts):
        key = (row.account, row.customer)
        sums[key] = sums.get(key, D(0)) + D(row.cents) / 100
    return sums


def test_what_a_person_accepted_from_the_books_is_what_they_should_hold(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "80.00")
    house.drain()
    customer = str(house.there(invoice).customer)
    assert counted(house, invoice)["1100", customer] == 80
    document = house.there(invoice)
    (line,) = document.lines
    more = attrs.evolve(line, amount=line.amount + 1, unit_price=None)
    house.books.edit(house.place(invoice), lines=(more,), total=document.total + 1)
    house.poll()
    if house.conflicts():
        assert counted(house, invoice)["1100", customer] == 80, "nobody has decided yet"
        with house.turn() as turn:
            resolve.resolve(turn, house.conflicts()[0].id, "accept", "bookkeeper")
        house.drain()
    assert counted(house, invoice)["1100", customer] == 81


def test_a_payment_that_came_from_the_books_counts(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "80.00")
    house.drain()
    house.books.enter(check(house, invoice, "30.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    customer = str(house.there(invoice).customer)
    assert counted(house, payment) == {("1090", customer): 30, ("1100", customer): -30}


def test_a_payment_taken_back_counts_no_more_and_its_older_states_stay(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "80.00")
    house.drain()
    payment = house.pay(invoice, "80.00")
    house.drain()
    assert sum(counted(house, payment).values()) == 0
    assert counted(house, payment)
    with house.work() as tx:
        tx.void_payment(payment.id, reason="bounced")
    house.drain()
    assert counted(house, payment) == {}
    assert [row for row in house.rows(t.postings) if not row.counts]
