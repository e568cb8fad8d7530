"""Whether a record is in the books is never guessed: doubt holds it, every hold has a way out, nothing comes twice."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CreditMemo, SalesInvoice, SalesLine
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import by_hand, matching
from blueops_qb.engine.resolve import CannotResolve
from blueops_qb.sdk.outcomes import Gone, Outcome
from blueops_qb.sdk.provider import Exchange, Verb, Want
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import Fault
from tests.traps import (
    ON_SQLITE,
    REPAIR,
    all_here,
    arrived_twice,
    check,
    choose,
    entered_customer,
    entered_invoice,
    sent_customer,
)

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


# -- a create of which nobody knows whether it arrived -----------------------------------------------
def test_an_edit_never_writes_again_what_may_be_in_the_books(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    house.reprice(invoice, "120.00")
    house.drain()
    assert len(house.books.of(K.INVOICE)) == 2
    assert house.state(invoice) == "held"
    assert "link the one that is there" in house.event(invoice).remedy


def test_what_pays_it_waits_as_long_as_it_is_in_doubt(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    payment = house.pay(invoice, "100.00")
    house.drain()
    assert (house.state(payment), house.books.of(K.PAYMENT)) == ("held", [])
    assert f"it needs {invoice.ref}, which may be in the books already" in house.event(payment).reason


def test_the_one_that_is_left_in_the_books_is_linked_and_the_edit_follows(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = arrived_twice(house, monkeypatch)
    payment = house.pay(house.reprice(invoice, "120.00"), "120.00")
    house.drain()
    with pytest.raises(CannotResolve, match="2 of them are in the books"):
        choose(house, "theirs")
    house.books.delete(house.books.of(K.INVOICE)[0].ref)
    house.poll()
    choose(house, "theirs")
    house.drain()
    assert (house.state(invoice), house.state(payment)) == ("done", "done")
    assert house.books.one(K.INVOICE).ref == house.place(invoice)
    assert str(house.there(invoice).total) == "120.00"


def test_one_doubt_is_one_conflict_and_is_over_with_the_choice(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived_twice(house, monkeypatch)
    assert [(c.cause, c.group) for c in house.conflicts()] == [("twice", "existence")]
    house.books.delete(house.books.of(K.INVOICE)[0].ref)
    house.poll()
    choose(house, "theirs")
    house.poll()
    assert house.conflicts() == []


def test_a_stranger_that_vanished_meanwhile_holds_a_create_only_until_a_person_says_again(
    house: EngineHouse,
) -> None:
    ann = sent_customer(house)
    house.books.delete(entered_invoice(house, house.place(ann), "40.00"))  # never seen by us
    house.books.script.append(Fault.LOSE_BEFORE)
    invoice = house.invoice(ann)
    house.drain()
    assert (house.state(invoice), house.books.of(K.INVOICE)) == ("held", [])
    choose(house, "again")
    house.drain()
    assert house.state(invoice) == "done"
    assert house.books.one(K.INVOICE).ref == house.place(invoice)
    assert house.quiet()


# -- "it is not there" on an update ------------------------------------------------------------------
def test_not_found_on_an_update_is_no_proof_that_the_record_is_gone(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    read = Want(verb=Verb.READ, kind=K.INVOICE, target_id=house.place(invoice).id)
    usual = house.provider.decode

    def decode(exchange: Exchange, body: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        """As a provider that cannot tell whether the record or something it names is meant."""
        outcomes = usual(exchange, body, profile)
        return {
            id: attrs.evolve(outcome, then=(read,)) if isinstance(outcome, Gone) else outcome
            for id, outcome in outcomes.items()
        }

    monkeypatch.setattr(house.provider, "decode", decode)
    house.books.script.append(Gone(message="no such record"))
    house.reprice(invoice, "120.00")
    house.drain()
    assert house.state(invoice) == "held"
    assert "or something that it names" in house.event(invoice).reason
    assert house.conflicts() == []
    house.reprice(invoice, "130.00")
    house.drain()
    assert (house.state(invoice), str(house.there(invoice).total)) == ("done", "130.00")


# -- unlinking ---------------------------------------------------------------------------------------
def removed_there(house: EngineHouse) -> tuple[Customer, Invoice]:
    """An invoice that was deleted in the books and waits for a choice; its customer is linked."""
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.drain()
    house.books.delete(house.place(invoice))
    house.poll()
    return ann, invoice


def test_unlinking_ends_what_waited_for_the_choice(house: EngineHouse) -> None:
    _, invoice = removed_there(house)
    house.reprice(invoice, "110.00")
    house.drain()
    assert house.state(invoice) == "waiting"
    choose(house, "unlink")
    house.drain()
    assert (house.state(invoice), house.event(invoice).reason) == ("not_posted", "unlinked by a person")
    assert house.quiet()


def test_an_edit_never_writes_again_what_a_person_unlinked(house: EngineHouse) -> None:
    _, invoice = removed_there(house)
    choose(house, "unlink")
    house.reprice(invoice, "110.00")
    house.drain()
    assert house.books.of(K.INVOICE) == []
    assert house.state(invoice) == "not_posted"


def test_what_names_an_unlinked_customer_is_held_until_the_customer_is_linked(
    house: EngineHouse,
) -> None:
    ann = sent_customer(house)
    there = house.place(ann)
    house.books.delete(there)
    house.poll()
    choose(house, "unlink")
    invoice = house.invoice(ann)
    house.drain()
    assert house.books.of(K.CUSTOMER) == house.books.of(K.INVOICE) == []
    assert house.state(invoice) == "held"
    assert house.event(invoice).reason == f"it needs {ann.ref}, which was unlinked by a person"
    house.books.records[there].deleted = False  # brought back over there
    house.books.edit(there, phone="555")
    link_by_hand(house, ann, there)
    house.drain()
    assert house.state(invoice) == "done"
    assert house.there(invoice).customer == there


def test_a_payment_that_was_unlinked_and_shows_again_stops_nobody(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    house.drain()
    there = house.books.enter(check(house.place(ann), "10.00", (house.place(invoice), "10.00")))
    house.poll()
    house.books.delete(there)
    house.poll()
    choose(house, "unlink")
    house.books.records[there].deleted = False
    house.books.edit(there, memo="here I am")
    later = house.invoice(ann)
    house.poll()
    assert house.state(later) == "done"
    assert len(all_here(house, RecordKind.PAYMENT)) == 1


def test_voiding_here_what_was_deleted_there_ends_every_event_of_it(house: EngineHouse) -> None:
    payment = house.pay(house.invoice(sent_customer(house)), "50.00")
    house.drain()
    house.books.delete(house.place(payment))
    house.poll()
    house.change(payment, memo="x")
    house.drain()
    choose(house, "theirs")
    house.drain()
    assert house.conflicts() == []
    assert house.quiet()


# -- linking by hand ---------------------------------------------------------------------------------
def link_by_hand(house: EngineHouse, record: Customer, place: BooksRef) -> None:
    """As on the matching page, after the feed has shown the place."""
    house.poll()
    with house.turn() as turn:
        matching.build(turn)
    with house.turn() as turn:
        by_hand.match(turn, record.ref, "link", books_id=place.id, actor="admin")


def test_a_customer_whose_create_was_refused_can_be_linked_by_hand(house: EngineHouse) -> None:
    theirs = entered_customer(house)
    house.books.log.clear()  # the feed does not tell yet
    ann = house.customer("Ann Lee")
    house.carrier.carry_one(house.id)
    assert house.state(ann) == "held"
    house.books.log.append(theirs)
    link_by_hand(house, ann, theirs)
    house.drain()
    assert (house.state(ann), house.place(ann)) == ("done", theirs)
    assert [c.name for c in all_here(house, RecordKind.CUSTOMER)] == ["Ann Lee"]


def test_a_merge_that_was_made_on_both_sides_is_at_its_end(house: EngineHouse) -> None:
    winner = house.customer("Ann Lee")
    loser = house.customer("Ann Leigh", email="b@example.com")
    house.drain()
    there = house.place(loser)
    with house.work() as tx:
        tx.merge_customers(loser.id, winner.id)
    house.drain()
    assert house.state(loser) == "held"
    house.books.edit(there, active=False)  # what a merge in the books leaves of the loser
    house.poll()
    with house.turn() as turn:
        by_hand.try_again(turn, [loser.ref], actor="admin")
    house.drain()
    assert house.state(loser) == "not_posted"
    assert "on both sides" in house.event(loser).reason


def test_whom_a_merge_on_both_sides_has_deleted_there_is_nobody_to_ask_about(house: EngineHouse) -> None:
    winner = house.customer("Ann Lee")
    loser = house.customer("Ann Leigh", email="b@example.com")
    house.drain()
    there = house.place(loser)
    with house.work() as tx:
        tx.merge_customers(loser.id, winner.id)
    house.drain()
    house.books.delete(there)  # what a merge in other books leaves of the loser
    house.poll()
    house.drain()
    assert (house.state(loser), house.conflicts()) == ("not_posted", [])
    assert house.event(loser).reason == f"merged into {winner.id} on both sides"


def _renamed_silently(house: EngineHouse, loser: BooksRef, winner: BooksRef) -> None:
    """As QuickBooks Desktop merges: what named the loser names the winner, and nothing but the loser shows it."""
    for record in house.books.records.values():
        document: Any = record.document
        if getattr(document, "customer", None) == loser:
            record.document = attrs.evolve(document, customer=winner)
    house.books.delete(loser)


@pytest.mark.parametrize("kind", [K.CREDIT_MEMO, K.PAYMENT])
def test_what_was_not_taken_of_the_loser_comes_once_the_merge_is_made_on_both_sides(
    house: EngineHouse, kind: BooksKind
) -> None:
    winner, loser = sent_customer(house), sent_customer(house, "Ann Leigh")
    there = house.place(loser)
    with house.work() as tx:
        tx.merge_customers(loser.id, winner.id)
    house.drain()
    line = SalesLine(item=REPAIR, description="Sorry", amount=D("40.00"))
    memo = CreditMemo(customer=there, date=DAY, number="BC1", lines=(line,), tax=D("0.00"), total=D("40.00"))
    house.books.enter(memo if kind is K.CREDIT_MEMO else check(there, "40.00"))
    house.poll()
    (asked,) = house.conflicts()
    assert f"customer {loser.id} was merged into {winner.id}" in asked.reason
    _renamed_silently(house, there, house.place(winner))
    for _ in range(3):
        house.poll()
    here = all_here(house, RecordKind.CREDIT if kind is K.CREDIT_MEMO else RecordKind.PAYMENT)
    assert [record.customer_id for record in here] == [winner.id]
    assert house.conflicts() == []


def test_a_difference_that_the_bookkeeper_mends_settles_itself(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.alters = lambda d: attrs.evolve(d, memo="x") if isinstance(d, SalesInvoice) else d
    invoice = house.invoice(ann)
    house.drain()
    (conflict,) = house.conflicts()
    assert conflict.cause == "variance"
    house.books.alters = lambda document: document
    house.books.edit(house.place(invoice), memo="")
    house.poll()
    assert house.conflicts() == []
    assert house.state(invoice) == "done"
