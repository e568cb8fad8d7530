"""What the bookkeeper does is never forgotten, whatever else is under way, shown twice or shown in odd order."""

import datetime as dt

import attrs
import pytest

from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import by_hand, due, matching
from blueops_qb.engine.due import operation_row
from blueops_qb.sdk.provider import Lane, Verb
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.fake_books import Fault
from tests.traps import (
    FAR_OFF,
    LONG_AGO,
    ON_SQLITE,
    all_here,
    check,
    choose,
    entered_customer,
    hear_changes,
    look_again,
    sent_customer,
    set_price,
    take,
)

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


def several(house: EngineHouse, names: str) -> list[Customer]:
    """Customers in the books, one per letter."""
    found = [house.customer(name, email=f"{name}@example.com") for name in names]
    house.drain()
    return found


def drained(house: EngineHouse) -> None:
    """Carry on until nothing happens any more, however few rows are compared in a turn."""
    for _ in range(20):
        house.drain()


# -- shown again -------------------------------------------------------------------------------------
def test_changes_that_wait_to_be_compared_survive_being_shown_again(house: EngineHouse) -> None:
    customers = several(house, "ABCDEF")
    house.restart(compare_batch=1)
    for customer in customers:
        house.books.edit(house.place(customer), phone="555")
    look_again(house)
    look_again(house)
    drained(house)
    assert [house.here(customer.ref).phone for customer in customers] == ["555"] * 6


def test_a_removal_that_waits_to_be_compared_survives_being_read_again(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    house.restart(compare_batch=0)
    house.books.delete(house.place(invoice))
    house.poll()
    look_again(house)
    # The feed asks once only; somebody else may ask again, as agreement does for what the ledger does not show.
    place, o = house.place(invoice), t.operations
    with house.turn() as turn:
        again = operation_row(turn, Verb.READ, kind=place.kind, target_id=place.id, lane=Lane.CHANGES)
        turn.connection.execute(o.insert(), [again])
    house.drain()
    assert len(house.rows(o, o.c.verb == "read", o.c.target_id == place.id)) == 2
    assert house.conflicts() == []
    house.restart()
    drained(house)
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.ref) == ("removed_there", str(invoice.ref))


def test_rows_that_cannot_be_compared_yet_keep_no_others_waiting(house: EngineHouse) -> None:
    house.restart(compare_batch=2)
    one, two, payer = several(house, "ABC")
    invoice = house.invoice(payer)
    house.drain()
    for customer in (one, two):
        house.change(customer, phone="1")
    take(house)  # both are out; the answer takes its time
    stuck = [house.place(one).id, house.place(two).id]
    assert house.set(t.mirror, t.mirror.c.books_id.in_(stuck), dirty=True) == 2
    house.books.enter(check(house.place(payer), "100.00", (house.place(invoice), "100.00")))
    house.poll()
    assert [p.amount for p in all_here(house, RecordKind.PAYMENT)] == [D("100.00")]


# -- a payment, a job and the records they need ------------------------------------------------------
def test_a_payment_that_is_seen_before_its_invoice_is_linked_is_applied_to_it(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.books.script.append(Fault.LOSE_AFTER)
    out = take(house)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))  # nobody knows; it is there
    place = house.books.one(K.INVOICE).ref
    house.books.enter(check(house.place(ann), "100.00", (place, "100.00")))
    e = t.exchanges
    house.set(e, e.c.id == out.exchange_id, settle_at=FAR_OFF)  # the changes are heard before the look-up
    house.poll()
    house.set(e, e.c.id == out.exchange_id, settle_at=LONG_AGO)
    house.poll()
    assert house.place(invoice) == place
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert [(a.invoice_id, a.amount) for a in payment.applications] == [(invoice.id, D("100.00"))]
    assert payment.elsewhere == D("0.00")


def test_a_job_that_is_shown_before_its_customer_arrives_with_him(house: EngineHouse) -> None:
    house.books._ids = 98
    parent = entered_customer(house, "Newco")
    job = entered_customer(house, "Newco kitchen", parent=parent)
    assert (parent.id, job.id) == ("99", "100")  # the job comes first where ids are sorted as text
    house.poll()
    (newco,) = all_here(house, RecordKind.CUSTOMER)
    (kitchen,) = all_here(house, RecordKind.JOB)
    assert (newco.name, kitchen.customer_id) == ("Newco", newco.id)


# -- names -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("decision", ["held back", "skipped", "unlinked"])
def test_a_customer_of_a_name_that_is_ours_already_never_becomes_a_second_one(
    house: EngineHouse, decision: str
) -> None:
    ann = house.customer("Ann Lee")
    if decision == "held back":
        with house.turn() as turn:
            by_hand.hold_back(turn, ann.ref, actor="admin")
    elif decision == "unlinked":
        house.drain()
        house.books.delete(house.place(ann))
        house.poll()
        choose(house, "unlink")
    else:
        with house.turn() as turn:
            matching.build(turn)
        with house.turn() as turn:
            matching.decide(turn, ann.ref, "skip", actor="admin")
    house.drain()
    entered_customer(house, "Ann Lee")
    house.poll()
    assert [c.name for c in all_here(house, RecordKind.CUSTOMER)] == ["Ann Lee"]
    (conflict,) = house.conflicts()
    assert f"has the name of {ann.ref}" in conflict.reason


def test_a_rename_there_of_a_customer_whose_name_was_derived_is_no_conflict(house: EngineHouse) -> None:
    ann = sent_customer(house, "Lee: Ann")
    assert house.there(ann).name == "Lee Ann"
    house.books.edit(house.place(ann), name="Lee Ann jr")
    house.poll()
    assert house.conflicts() == []
    assert house.here(ann.ref).name == "Lee Ann jr"


def test_a_phone_there_leaves_a_name_that_was_derived_alone(house: EngineHouse) -> None:
    ann = sent_customer(house, "Lee: Ann")
    house.books.edit(house.place(ann), phone="555")
    house.poll()
    assert (house.here(ann.ref).name, house.here(ann.ref).phone) == ("Lee: Ann", "555")
    assert house.there(ann).name == "Lee Ann"
    assert house.conflicts() == []


# -- choices -----------------------------------------------------------------------------------------
def test_ours_is_carried_out_although_the_books_moved_once_more(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    place = house.place(invoice)
    set_price(house, place, "90.00")
    house.reprice(invoice, "95.00")
    house.poll()
    house.books.edit(place, memo="called the customer")  # before the choice is made
    choose(house, "ours")
    house.poll()
    assert house.there(invoice).total == D("95.00")
    assert (house.there(invoice).memo, house.here(invoice.ref).memo) == ("called the customer",) * 2
    assert house.conflicts() == []
    assert house.quiet()


# -- looking -----------------------------------------------------------------------------------------
def age_of_catalog(house: EngineHouse, span: dt.timedelta) -> None:
    """As if company and lists had been read that long ago."""
    f = t.feeds
    moved_at = dt.datetime.now(dt.UTC) - span
    assert house.set(f, f.c.feed == "catalog", moved_at=moved_at) == 1


def catalogs_read(house: EngineHouse) -> int:
    o = t.operations
    return len(house.rows(o, o.c.verb == "catalog", o.c.state == "done"))


def test_a_changed_item_does_not_put_off_the_next_reading_of_the_company(house: EngineHouse) -> None:
    before = catalogs_read(house)
    age_of_catalog(house, dt.timedelta(hours=23))
    house.books.edit(BooksRef(K.ITEM, "R"), active=True)  # a sale moved its quantity
    house.poll()
    assert catalogs_read(house) == before
    (row,) = house.rows(t.feeds, t.feeds.c.feed == "catalog")
    age_of_catalog(house, dt.datetime.now(dt.UTC) - row.moved_at + dt.timedelta(hours=1, minutes=1))
    house.drain()
    assert catalogs_read(house) == before + 1


def backlog(house: EngineHouse) -> None:
    """Forty invoices to write, one per exchange, and a look for changes that is due."""
    house.provider.limits = attrs.evolve(house.provider.limits, operations_per_exchange=1)
    house.restart()
    ann = sent_customer(house)
    for _ in range(40):
        house.invoice(ann)
    with house.turn() as turn:
        due.hurry(turn)
    house.carrier.carry_one(house.id)


def look_has_waited(house: EngineHouse, seconds: float) -> None:
    o = t.operations
    since = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
    assert house.set(o, (o.c.verb == "changes") & (o.c.state == "ready"), created_at=since) == 1


def test_a_look_for_changes_that_has_waited_goes_before_a_backlog(house: EngineHouse) -> None:
    backlog(house)
    look_has_waited(house, 31)
    hear_changes(house)
    assert len(house.books.of(K.INVOICE)) == 1


def test_a_look_for_changes_that_is_young_lets_live_work_pass(house: EngineHouse) -> None:
    backlog(house)
    look_has_waited(house, 5)
    assert b'"verb":"create"' in take(house).body
