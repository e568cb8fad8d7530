"""What was deleted in the books waits: create it again, leave it out, or take it back in BlueOps as well."""

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.records import CostLine, Customer, Expense, ExpenseType
from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import resolve
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.traps import ON_SQLITE, check, choose, sent_customer

pytest_plugins = ["tests.engine_fixtures"]


def cost(house: EngineHouse) -> Expense:
    line = CostLine(line_id="1", amount=D("30.00"), expense_category="materials")
    vendor = house.vendor()
    with house.work() as tx:
        found: Expense = tx.record_expense(
            Expense(
                id="", type=ExpenseType.BILL, date=DAY, total=D("30.00"), vendor_id=vendor.id, lines=(line,)
            )
        )
    house.drain()
    return found


def deleted(house: EngineHouse, record: Any) -> Any:
    """The record is deleted over there and its conflict is open."""
    house.books.delete(house.place(record))
    house.poll()
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.ref) == ("removed_there", str(record.ref))
    return conflict


def test_an_invoice_is_voided_here(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    deleted(house, invoice)
    choose(house, "theirs")
    house.drain()
    assert house.here(invoice.ref).void
    assert house.conflicts() == []
    assert house.quiet()


def test_a_paid_invoice_is_not_voided_here_and_says_why(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house))
    house.pay(invoice, "10.00")
    house.drain()
    conflict = deleted(house, invoice)
    with pytest.raises(resolve.CannotResolve, match="payment 1 is applied to it"), house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin")
    assert not house.here(invoice.ref).void
    assert len(house.conflicts()) == 1


def test_a_bill_is_voided_here_or_made_again(house: EngineHouse) -> None:
    one = cost(house)
    deleted(house, one)
    choose(house, "theirs")
    house.drain()
    assert house.here(one.ref).void
    two = cost_again(house, one)
    deleted(house, two)
    choose(house, "again")
    house.drain()
    assert not house.here(two.ref).void
    assert house.books.records[house.place(two)].marker.endswith(".2")
    assert house.quiet()


def cost_again(house: EngineHouse, one: Expense) -> Expense:
    import attrs

    with house.work() as tx:
        found: Expense = tx.record_expense(attrs.evolve(one, id=""))
    house.drain()
    return found


def test_a_customer_is_set_inactive_here_and_no_longer_written(house: EngineHouse) -> None:
    ann = sent_customer(house)
    deleted(house, ann)
    choose(house, "theirs")
    house.drain()
    assert house.here(ann.ref).active is False
    house.change(house.here(ann.ref), phone="1")
    house.drain()
    assert house.conflicts() == []
    assert house.state(ann) == "not_posted"
    assert house.quiet()


def test_a_vendor_is_made_again(house: EngineHouse) -> None:
    vendor = house.vendor()
    bill = cost_for(house, vendor.id)
    deleted(house, vendor)
    choose(house, "again")
    house.drain()
    assert house.books.records[house.place(vendor)].marker == f"vendor:{vendor.id}.2"
    assert house.place(bill)
    assert house.quiet()


def test_every_cost_of_a_vendor_who_was_merged_without_a_word_is_heard_of(house: EngineHouse) -> None:
    lost, stays = house.vendor(), house.vendor("Pipe Supply")
    bills = [cost_for(house, lost.id) for _ in range(4)]
    gone, kept = house.place(lost), house.place(stays)
    # QuickBooks Desktop does not show the documents as changed.
    for record in house.books.records.values():
        document: Any = record.document
        if getattr(document, "vendor", None) == gone:
            record.document = attrs.evolve(document, vendor=kept)
    house.books.delete(gone)
    for _ in range(3):
        house.poll()
    choose(house, "again")
    for _ in range(3):
        house.poll()
    assert house.place(lost) not in (gone, kept)
    assert {house.here(bill.ref).vendor_id for bill in bills} == {stays.id}
    assert house.conflicts() == []
    assert house.quiet()


def cost_for(house: EngineHouse, vendor_id: str) -> Expense:
    line = CostLine(line_id="1", amount=D("5.00"), expense_category="materials")
    with house.work() as tx:
        found: Expense = tx.record_expense(
            Expense(
                id="", type=ExpenseType.BILL, date=DAY, total=D("5.00"), vendor_id=vendor_id, lines=(line,)
            )
        )
    house.drain()
    return found


def merged(house: EngineHouse, loser: Customer, winner: Any) -> None:
    """As the screens merge: what named the loser names the winner, the loser is gone."""
    lost = house.place(loser)
    for ref, kept in list(house.books.records.items()):
        document: Any = kept.document
        if getattr(document, "customer", None) == lost:
            kept.document = attrs.evolve(document, customer=winner)
            house.books._touch(ref)
    house.books.delete(lost)
    house.poll()
    house.poll()


def listed_stranger(house: EngineHouse) -> BooksRef:
    """One who is known from the first listing, so not taken in as a new customer."""
    stranger = house.books.enter(CustomerRecord(name="Lee, Ann"))
    with house.work() as tx:
        tx.connection.execute(
            t.mirror.insert(),
            {
                "connection_id": house.id,
                "kind": "customer",
                "books_id": stranger.id,
                "version": "0",
                "name": "Lee, Ann",
                "name_key": name_key("Lee, Ann"),
                "active": True,
                "document": '{"name":"Lee, Ann"}',
                "origin": "listing",
            },
        )
    return stranger


@ON_SQLITE
@pytest.mark.parametrize("ours", [False, True])
def test_what_was_not_taken_of_one_who_was_merged_away_names_the_other_one_too(
    house: EngineHouse, ours: bool
) -> None:
    """BlueOps takes no payment in euros; whose it is by now says the file, which shows no document as changed."""
    ann = sent_customer(house)
    house.invoice(ann)
    house.drain()
    lost = house.place(ann)
    paid = house.books.enter(attrs.evolve(check(lost, "40.00"), currency="EUR"))
    other = house.place(sent_customer(house, "Lee, Ann")) if ours else listed_stranger(house)
    house.poll()
    assert [asked.books_id for asked in house.conflicts()] == [paid.id]
    for record in house.books.records.values():
        document: Any = record.document
        if getattr(document, "customer", None) == lost:
            record.document = attrs.evolve(document, customer=other)
    house.books.delete(lost)
    for _ in range(3):
        house.poll()
    row = house.rows(t.mirror, t.mirror.c.books_id == paid.id)[0]
    assert f'"{other}"' in row.document


def test_a_merge_into_a_stranger_is_followed_without_a_word(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    house.drain()
    stranger = listed_stranger(house)
    merged(house, ann, stranger)
    assert house.place(ann) == stranger
    assert house.conflicts() == []
    assert house.here(invoice.ref).customer_id == ann.id
    assert house.quiet()
    house.pay(invoice, "10.00")
    house.drain()
    assert house.quiet()


def test_a_merge_of_two_of_ours_is_offered_and_done_here_too(house: EngineHouse) -> None:
    ann, bob = sent_customer(house), sent_customer(house, "Bob")
    invoice = house.invoice(ann)
    payment = house.pay(invoice, "10.00")
    house.drain()
    merged(house, ann, house.place(bob))
    removed = next(c for c in house.conflicts() if c.cause == "removed_there")
    with house.turn() as turn:
        row = dict(removed._mapping)
        assert "merge" in resolve.offered(turn, row)
        resolve.resolve(turn, removed.id, "merge", "admin")
    house.poll()
    house.poll()
    assert house.here(invoice.ref).customer_id == bob.id
    assert house.here(payment.ref).customer_id == bob.id
    assert house.conflicts() == []
    assert house.quiet()


def test_a_mere_deletion_offers_no_merge(house: EngineHouse) -> None:
    ann = sent_customer(house)
    conflict = deleted(house, ann)
    with house.turn() as turn:
        assert resolve.offered(turn, dict(conflict._mapping)) == ("again", "unlink", "theirs")
        with pytest.raises(resolve.CannotResolve, match="does not tell"):
            resolve.resolve(turn, conflict.id, "merge", "admin")
