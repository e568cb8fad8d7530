"""A linked pair that differs is accepted with a reason: listed as accepted, never as equal, until a side moves."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef
from blueops_qb.engine import agreement_accept, by_hand, certificate, erasure
from blueops_qb.engine.agreement import Run
from blueops_qb.engine.agreement_accept import CannotAccept, MovedSince
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.fake_books import FakeBooks
from tests.integration.test_agreement_documents import agree, found
from tests.integration.test_agreement_here import accepted, in_the_way, swallow
from tests.integration.test_engine_match_papers import entered, go_live, planned
from tests.traps import ON_SQLITE

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]
pytestmark = ON_SQLITE
WHY = "the old system rounded it; agreed with the customer"


@attrs.frozen(kw_only=True)
class Pair:
    house: EngineHouse
    books: FakeBooks
    invoice: Invoice
    place: BooksRef

    def accept(self, run: Run, *, why: str = WHY, who: str = "ann") -> None:
        with self.house.turn() as turn:
            agreement_accept.accept(turn, run.id, [self.invoice.ref], reason=why, actor=who)

    def priced_there(self, amount: str) -> None:
        sold = tuple(
            attrs.evolve(x, amount=D(amount), unit_price=D(amount))
            for x in self.books.document(self.place).lines
        )
        self.books.edit(self.place, total=D(amount), lines=sold)
        self.house.poll()
        self.house.drain()


@pytest.fixture
def pair(house: EngineHouse, fresh: Any) -> Pair:
    """An invoice of 100.00 that a person has linked with one of 90.00."""
    invoice = house.invoice(house.customer("Ann Lee"), "100.00")
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    place = entered(books, customer, invoice.number, "90.00")
    fresh(books)
    planned(house)
    with house.turn() as turn:
        by_hand.match(turn, invoice.ref, "link", books_id=place.id, actor="keeper")
    go_live(house)
    house.poll()
    return Pair(house=house, books=books, invoice=invoice, place=place)


def test_it_is_listed_as_accepted_with_who_when_and_why_and_stands_in_nobodys_way(pair: Pair) -> None:
    house, before = pair.house, agree(pair.house)
    assert (before.agrees, len(found(house, before))) == (False, 1)
    pair.accept(before)
    run = agree(house)
    assert (found(house, run), run.figures["differences"], run.figures["accepted"]) == ([], 0, 1)
    (one,) = accepted(house, run)
    day = one.lines["accepted"]["at"][:10]
    assert one.sentence.endswith(
        f"BlueOps has 100.00, 90.00 was agreed; ann accepted that difference on {day}: {WHY}"
    )
    assert (one.amount, one.lines["accepted"]["by"], one.lines["accepted"]["why"]) == (D("10.00"), "ann", WHY)
    assert in_the_way(house, run) == ()


def test_the_certificate_tells_it_as_a_difference_that_was_accepted(pair: Pair) -> None:
    pair.accept(agree(pair.house))
    told = certificate.verify(
        certificate.issue(pair.house.engine, pair.house.id, agree(pair.house).id)
    ).sections
    (one,) = told["accepted"]
    assert (one["ref"], one["amount"], one["by"], one["why"]) == (str(pair.invoice.ref), "10.00", "ann", WHY)
    assert one["at"].startswith("20")
    assert told["basis"]["accepted"] == "1 difference that a person accepted is no agreement; each is named"
    assert told["differences"] == []


def test_the_audit_tells_who_accepted_it(pair: Pair) -> None:
    pair.accept(agree(pair.house))
    row = pair.house.rows(t.audit, t.audit.c.action == "difference accepted")[-1]
    assert (row.subject, row.actor) == (str(pair.invoice.ref), "ann")
    assert pair.house.verdict().ok


def test_it_ends_when_a_side_moves_and_does_not_come_back_when_it_moves_back(pair: Pair) -> None:
    house = pair.house
    pair.accept(agree(house))
    for price in ("105.00", "100.00"):
        house.reprice(pair.invoice, price)
        swallow(house, pair.invoice)
        run = agree(house)
        assert (run.agrees, accepted(house, run)) == (False, [])
    assert len(house.rows(t.audit, t.audit.c.action == "acceptance ended")) == 1


def test_it_ends_when_both_become_equal(pair: Pair) -> None:
    pair.accept(agree(pair.house))
    pair.priced_there("100.00")
    run = agree(pair.house)
    assert (run.agrees, accepted(pair.house, run)) == (True, [])
    assert not pair.house.rows(t.record_choices)


def test_what_moved_since_it_was_shown_is_not_accepted(pair: Pair) -> None:
    run = agree(pair.house)
    pair.house.reprice(pair.invoice, "105.00")
    swallow(pair.house, pair.invoice)
    with pytest.raises(MovedSince, match=f"{pair.invoice.ref} has moved since"):
        pair.accept(run)
    assert not agree(pair.house).agrees


def test_nor_what_is_on_its_way(pair: Pair) -> None:
    run = agree(pair.house)
    pair.house.reprice(pair.invoice, "105.00")
    with pytest.raises(MovedSince, match="has moved since"):
        pair.accept(run)


@pytest.mark.parametrize(("why", "said"), [("  ", "Say why"), ("x" * 301, "at most 300")])
def test_a_reason_is_given_and_is_short(pair: Pair, why: str, said: str) -> None:
    run = agree(pair.house)
    with pytest.raises(CannotAccept, match=said):
        pair.accept(run, why=why)


def test_what_does_not_differ_cannot_be_accepted(pair: Pair) -> None:
    pair.priced_there("100.00")
    run = agree(pair.house)
    with pytest.raises(CannotAccept, match=f"nothing of {pair.invoice.ref} that can be accepted"):
        pair.accept(run)


def test_erasing_the_customer_takes_the_reason_away_and_leaves_the_acceptance(pair: Pair) -> None:
    pair.accept(agree(pair.house), why="Ann Lee asked for it")
    run = agree(pair.house)
    erasure.erase(
        pair.house.core,
        pair.house.tenant,
        RecordRef(RecordKind.CUSTOMER, pair.invoice.customer_id),
        actor="ann",
        keys=pair.house.engine.keys,
    )
    assert "asked for it" not in accepted(pair.house, run)[0].sentence
    (one,) = accepted(pair.house, agree(pair.house))
    assert (one.lines["accepted"]["by"], one.lines["accepted"]["why"]) == ("ann", "")
