"""What both sides changed, and what was removed over there, waits for a choice and is never overwritten."""

import datetime as dt

import attrs
import pytest

from blueops_qb.domain.policy import Overlap, Policy
from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.domain.refs import BooksKind, RecordKind
from blueops_qb.engine import resolve, rules_desk
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.sdk.outcomes import Gone
from blueops_qb.sdk.provider import Verb, Want
from tests.bookkeeper import THERE, all_here, check, sent_customer, sent_invoice
from tests.engine_house import D, EngineHouse
from tests.fake_books import Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


# -- overlaps -----------------------------------------------------------------------------------------
def overlap(house: EngineHouse) -> Customer:
    """A phone that both sides changed, differently."""
    ann = sent_customer(house, phone="+1 415 555 1000")
    house.books.edit(house.place(ann), phone="+1 415 555 2000")
    house.change(ann, phone="+1 415 555 3000")
    house.poll()
    return ann


def phones(house: EngineHouse, ann: Customer) -> tuple[str, str]:
    return house.here(ann.ref).phone, house.there(ann).phone


def test_an_overlap_is_a_conflict_and_never_an_overwrite(house: EngineHouse) -> None:
    ann = overlap(house)
    assert phones(house, ann) == ("+1 415 555 3000", "+1 415 555 2000")
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.group, conflict.ref) == ("overlap", "phone", str(ann.ref))
    assert "phone was changed in BlueOps and in QuickBooks" in conflict.reason
    assert "555 3000" in conflict.ours
    assert "555 2000" in conflict.theirs
    event = house.event(ann)
    assert event.state == "conflict"
    assert event.reason
    assert event.remedy
    house.poll()
    house.drain()
    assert phones(house, ann) == ("+1 415 555 3000", "+1 415 555 2000")
    assert len(house.conflicts()) == 1


@pytest.mark.parametrize(("choice", "phone"), [("ours", "+1 415 555 3000"), ("theirs", "+1 415 555 2000")])
def test_a_choice_settles_an_overlap_on_both_sides(house: EngineHouse, choice: str, phone: str) -> None:
    ann = overlap(house)
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, choice, "bookkeeper")
    house.drain()
    house.poll()
    assert phones(house, ann) == (phone, phone)
    assert house.conflicts() == []
    assert house.quiet()
    with pytest.raises(resolve.CannotResolve), house.turn() as turn:
        resolve.resolve(turn, conflict.id, choice, "bookkeeper")


def test_another_field_of_a_record_in_conflict_is_not_lost(house: EngineHouse) -> None:
    ann = overlap(house)
    house.books.edit(house.place(ann), billing=THERE)
    house.poll()
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "ours", "bookkeeper")
    house.drain()
    house.poll()
    assert phones(house, ann) == ("+1 415 555 3000", "+1 415 555 3000")
    assert house.here(ann.ref).billing == THERE
    assert house.there(ann).billing == THERE


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_what_only_we_changed_travels_while_another_field_waits(house: EngineHouse, choice: str) -> None:
    ann = overlap(house)
    ann = house.change(house.here(ann.ref), email="new@example.com")
    house.poll()
    there = house.there(ann)
    assert (there.email, there.phone) == ("new@example.com", "+1 415 555 2000")
    assert house.here(ann.ref).phone == "+1 415 555 3000"
    (conflict,) = house.conflicts()
    assert (conflict.group, house.state(ann)) == ("phone", "conflict")
    written = house.counted()
    house.poll()
    house.drain()
    assert house.counted() == written
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, choice, "bookkeeper")
    house.drain()
    house.poll()
    phone = "+1 415 555 3000" if choice == "ours" else "+1 415 555 2000"
    assert phones(house, ann) == (phone, phone)
    assert (house.here(ann.ref).email, house.there(ann).email) == ("new@example.com", "new@example.com")
    assert house.conflicts() == []
    assert house.quiet()


def test_what_both_changed_at_once_travels_as_far_as_it_can(house: EngineHouse) -> None:
    ann = sent_customer(house, phone="+1 415 555 1000")
    house.books.edit(house.place(ann), phone="+1 415 555 2000", billing=THERE)
    house.change(ann, phone="+1 415 555 3000", email="new@example.com")
    house.poll()
    there, here = house.there(ann), house.here(ann.ref)
    assert (there.email, there.phone, there.billing) == ("new@example.com", "+1 415 555 2000", THERE)
    assert (here.email, here.phone, here.billing) == ("new@example.com", "+1 415 555 3000", THERE)
    assert [c.group for c in house.conflicts()] == ["phone"]
    assert house.state(ann) == "conflict"


def test_the_money_of_an_invoice_travels_while_its_day_waits(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    day = house.there(invoice).date
    house.books.edit(house.place(invoice), date=day + dt.timedelta(days=1))
    house.reprice(invoice, "120.00", issue_date=day + dt.timedelta(days=2))
    house.poll()
    assert [c.group for c in house.conflicts()] == ["dates"]
    assert house.there(invoice).total == D("120.00")
    assert house.there(invoice).date == day + dt.timedelta(days=1)
    assert house.here(invoice.ref).issue_date == day + dt.timedelta(days=2)
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "bookkeeper")
    house.drain()
    house.poll()
    assert house.here(invoice.ref).issue_date == house.there(invoice).date == day + dt.timedelta(days=1)
    assert house.here(invoice.ref).total == house.there(invoice).total == D("120.00")
    assert house.conflicts() == []
    assert house.quiet()


def test_what_travels_alone_and_names_what_is_not_there_is_not_sent_without_end(house: EngineHouse) -> None:
    """The books do not say whether it is the record that is missing; it is read, and is as it was."""
    ann = overlap(house)
    look = Want(verb=Verb.READ, kind=BooksKind.CUSTOMER, target_id=house.place(ann).id)
    house.books.script += [Gone(message="Something was not found.", then=(look,))] * 5
    house.change(house.here(ann.ref), email="new@example.com")
    for _ in range(5):
        house.poll()
    assert len(house.books.script) == 4
    assert (house.state(ann), house.event(ann).hold) == ("held", "refused")
    assert [c.group for c in house.conflicts()] == ["phone"]
    house.books.script.clear()
    with house.turn() as turn:
        assert plan_anew(turn, ann.ref)
    house.poll()
    assert (house.there(ann).email, house.state(ann)) == ("new@example.com", "conflict")


@pytest.mark.parametrize("fault", [Fault.LOSE_AFTER, Fault.LOSE_BEFORE, Fault.CUT])
def test_a_lost_answer_to_what_travels_alone_is_looked_up(house: EngineHouse, fault: Fault) -> None:
    ann = overlap(house)
    house.books.script.append(fault)
    house.change(house.here(ann.ref), email="new@example.com")
    house.drain()
    house.poll()
    assert (house.there(ann).email, phones(house, ann)[1]) == ("new@example.com", "+1 415 555 2000")
    assert [c.group for c in house.conflicts()] == ["phone"]
    assert house.state(ann) == "conflict"


@pytest.mark.parametrize(
    ("policy", "phone"), [(Overlap.OURS, "+1 415 555 3000"), (Overlap.THEIRS, "+1 415 555 2000")]
)
def test_a_policy_decides_overlaps_of_contacts(house: EngineHouse, policy: Overlap, phone: str) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(contacts_overlap=policy), actor="bookkeeper")
    ann = overlap(house)
    house.drain()
    assert phones(house, ann) == (phone, phone)
    assert house.conflicts() == []
    assert house.quiet()


def test_an_amount_that_both_sides_changed_is_a_conflict_of_money(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    there = house.there(invoice)
    line = attrs.evolve(there.lines[0], amount=D("110.00"), unit_price=D("110.00"))
    house.books.edit(house.place(invoice), lines=(line,), total=D("110.00"))
    house.reprice(invoice, "120.00")
    house.poll()
    (conflict,) = house.conflicts()
    assert conflict.group == "money"
    assert house.there(invoice).total == D("110.00")
    assert house.here(invoice.ref).total == D("120.00")


def test_an_invoice_changed_in_the_books_alone_is_changed_here(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    line = attrs.evolve(house.there(invoice).lines[0], amount=D("110.00"), unit_price=D("110.00"))
    house.books.edit(house.place(invoice), lines=(line,), total=D("110.00"))
    house.poll()
    assert house.conflicts() == []
    (here,) = house.here(invoice.ref).lines
    assert (here.amount, here.unit_price, here.service_category) == (D("110.00"), D("110.00"), "repair")
    assert house.here(invoice.ref).total == D("110.00")
    assert house.there(invoice).total == D("110.00")
    assert house.quiet()


def test_a_version_that_moved_without_substance_is_no_change(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    house.books.enter(check(house, invoice, "60.00"))  # moves the invoice's version
    house.poll()
    assert house.conflicts() == []
    assert house.books.one(K.INVOICE).version == "1"
    house.reprice(invoice, "130.00")
    house.drain()
    assert house.there(invoice).total == D("130.00")


# -- removals -----------------------------------------------------------------------------------------
def removed(house: EngineHouse) -> Invoice:
    invoice = sent_invoice(house)
    house.books.delete(house.place(invoice))
    house.poll()
    house.drain()
    return invoice


def test_a_deletion_there_waits_for_a_choice_and_later_edits_do_not_walk_around_it(
    house: EngineHouse,
) -> None:
    invoice = removed(house)
    (conflict,) = house.conflicts()
    assert conflict.cause == "removed_there"
    assert "invoice#102 was deleted in QuickBooks" in conflict.reason
    house.reprice(invoice, "120.00")
    house.poll()
    assert house.state(invoice) == "waiting"
    assert "removed in the books" in house.event(invoice).reason
    assert house.books.of(K.INVOICE) == []
    payment = house.pay(invoice, "10.00")
    house.drain()
    assert house.state(payment) == "waiting"
    assert house.books.of(K.PAYMENT) == []


def test_what_was_removed_there_is_made_again_under_a_new_generation(house: EngineHouse) -> None:
    invoice = removed(house)
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "again", "bookkeeper")
    house.drain()
    again = house.books.one(K.INVOICE)
    assert again.marker == f"invoice:{invoice.id}.2"
    assert house.place(invoice) == again.ref
    assert house.state(invoice) == "done"
    assert house.conflicts() == []


def test_what_was_removed_there_is_voided_here(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    there = house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    house.books.delete(there)
    house.poll()
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "bookkeeper")
    house.drain()
    assert house.here(payment.ref).void
    assert house.books.of(K.PAYMENT) == []
    assert house.quiet()


def test_what_was_removed_there_can_be_unlinked(house: EngineHouse) -> None:
    invoice = removed(house)
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "unlink", "bookkeeper")
    house.drain()
    assert house.books.of(K.INVOICE) == []
    assert house.here(invoice.ref).void is False
    assert house.conflicts() == []
    assert house.quiet()


def test_a_customer_set_inactive_there_is_inactive_here(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), active=False)
    house.poll()
    assert house.here(ann.ref).active is False
    assert house.quiet()
