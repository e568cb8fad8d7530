"""Names that are taken, and records that were merged or deleted."""

from blueops_qb.domain.documents import VendorRecord
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.plan_anew import plan_anew
from tests.engine_house import EngineHouse

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


# -- names ------------------------------------------------------------------------------------------
def test_a_name_that_a_vendor_has_holds_the_customer_and_what_needs_it(house: EngineHouse) -> None:
    house.books.enter(VendorRecord(name="Ann  LEE"))
    house.poll()
    ann = house.customer()
    invoice = house.invoice(ann)
    house.drain()
    held = house.event(ann)
    assert (held.state, held.hold) == ("held", "match")
    assert "already used in the books by vendor 101" in held.reason
    assert held.remedy
    assert house.event(invoice).state == "held"
    assert "customer:1" in house.event(invoice).reason
    house.change(ann, name="Ann Lee (customer)")
    house.drain()
    assert house.state(ann) == "done"


def test_what_was_held_for_want_of_a_customer_follows_when_the_customer_arrives(house: EngineHouse) -> None:
    house.books.enter(VendorRecord(name="Ann Lee"))
    house.poll()
    ann = house.customer()
    invoice = house.invoice(ann)
    house.drain()
    house.change(ann, name="Ann Lee (customer)")
    house.drain()
    assert house.state(invoice) == "done"
    assert house.there(invoice).customer == house.place(ann)


def test_a_name_that_was_taken_a_moment_ago_is_refused_by_the_books_and_held(house: EngineHouse) -> None:
    house.books.enter(VendorRecord(name="Ann Lee"))  # nobody has looked since
    ann = house.customer()
    house.drain()
    held = house.event(ann)
    assert held.state == "held"
    assert "vendor#101 has the name Ann Lee" in held.reason
    assert held.remedy == "Rename one."


def test_jobs_of_one_name_get_names_of_their_own_and_keep_them(house: EngineHouse) -> None:
    kitchens = [house.job(house.customer(f"Customer {n}")) for n in (1, 2)]
    house.drain()
    names = [house.there(job).name for job in kitchens]
    assert names == ["Kitchen", "Kitchen (2)"]
    assert house.here(kitchens[1].ref).name == "Kitchen"
    house.change(kitchens[1], class_key="", branch="north")
    house.poll()
    assert [house.there(job).name for job in kitchens] == names
    assert house.conflicts() == []


def test_names_that_differ_in_case_and_spaces_only_are_one_name(house: EngineHouse) -> None:
    house.customer("Ann Lee")
    other = house.customer("ANN   lee", email="other@example.com")
    house.drain()
    assert house.state(other) == "held"
    assert len(house.books.of(K.CUSTOMER)) == 1


# -- merged and deleted -----------------------------------------------------------------------------
def test_a_merge_of_linked_customers_waits_for_the_same_merge_in_the_books(house: EngineHouse) -> None:
    loser, survivor = house.customer("Ann Lee"), house.customer("Ann B. Lee")
    invoice = house.invoice(loser)
    house.drain()
    with house.work() as tx:
        tx.merge_customers(loser.id, survivor.id)
    house.drain()
    held = house.event(loser)
    assert (held.state, held.hold) == ("held", "merge")
    assert "was merged into 2" in held.reason
    assert "Merge the two in QuickBooks" in held.remedy
    assert house.there(invoice).customer == house.place(survivor)


def test_a_merge_of_a_customer_who_never_reached_the_books_needs_nothing(house: EngineHouse) -> None:
    loser, survivor = house.customer("Ann Lee"), house.customer("Ann B. Lee")
    with house.work() as tx:
        tx.merge_customers(loser.id, survivor.id)
    house.drain()
    assert house.state(loser) == "not_posted"
    assert [record.name for record in house.books.of(K.CUSTOMER)] == ["Ann B. Lee"]


def test_a_deleted_customer_is_set_inactive_and_a_new_one_is_never_written(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    place = house.place(ann)
    bob = house.customer("Bob")
    with house.work() as tx:
        tx.delete_customer(ann.id)
        tx.delete_customer(bob.id)
    house.drain()
    assert house.books.document(place).active is False
    assert (house.state(ann), house.state(bob)) == ("done", "not_posted")
    assert len(house.books.of(K.CUSTOMER)) == 1


def test_a_deleted_customer_who_is_inactive_already_is_not_written_once_more(house: EngineHouse) -> None:
    """His event may be planned again at any time."""
    ann = house.customer()
    house.drain()
    place = house.place(ann)
    with house.work() as tx:
        tx.delete_customer(ann.id)
    house.drain()
    version = house.books.records[place].version
    with house.turn() as turn:
        plan_anew(turn, ann.ref)
    house.drain()
    assert (house.state(ann), house.event(ann).reason) == ("done", "taken out on both sides")
    assert house.books.records[place].version == version


def test_a_customer_who_is_deleted_while_queued_is_not_written(house: EngineHouse) -> None:
    ann = house.customer()
    house.engine.work_pending(house.id)
    with house.work() as tx:
        tx.delete_customer(ann.id)
    house.drain()
    assert house.books.of(K.CUSTOMER) == []
    assert house.quiet()
