"""Agreement with books whose ledger cannot be read: per document only, and everything says so."""

from __future__ import annotations

import attrs

from blueops_qb.engine import agreement, agreement_figures, certificate
from blueops_qb.engine.agreement import Run
from blueops_qb.store import tables as t
from tests.engine_house import DAY, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]


def agree(house: EngineHouse) -> Run:
    with house.turn() as turn:
        id = agreement.ask(turn, DAY.replace(day=1), DAY)
    for _ in range(20):
        run = agreement.advance(house.engine, house.id, id)
        if not run.open:
            return run
        house.drain()
    raise AssertionError(run)


def found(house: EngineHouse, run: Run) -> list[agreement_figures.Finding]:
    with house.core.engine.connect() as connection:
        return list(agreement_figures.findings(connection, run.id, agreement_figures.DIFFERENCE))


def test_documents_agree_and_the_certificate_says_what_it_rests_on(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(ann, "80.00")
    house.drain()
    house.pay(invoice, "80.00")
    house.drain()
    run = agree(house)
    assert (run.agrees, run.rests_on, run.figures["documents"]) == (True, "documents", 2)
    checked = certificate.verify(certificate.issue(house.engine, house.id, run.id))
    assert checked.ok
    assert checked.sections["basis"]["rests_on"] == "documents"
    assert "documents only" in checked.sections["basis"]["meaning"]


def test_what_the_books_show_differently_is_named(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "80.00")
    house.drain()
    place = house.place(invoice)
    document = house.there(invoice)
    (line,) = document.lines
    house.books.edit(
        place, lines=(attrs.evolve(line, amount=line.amount + 1, unit_price=None),), total=document.total + 1
    )
    house.poll()
    run = agree(house)
    (one,) = found(house, run)
    assert (one.kind, one.ref, str(one.amount)) == ("amount", str(invoice.ref), "1.00")


def test_deleted_documents_are_missing(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "80.00")
    house.drain()
    house.books.delete(house.place(invoice))
    house.poll()
    run = agree(house)
    (one,) = found(house, run)
    assert (one.kind, one.ref) == ("missing", str(invoice.ref))
    assert "deleted in the books" in one.sentence


def test_nothing_in_the_period_agrees_and_is_told(house: EngineHouse) -> None:
    run = agree(house)
    assert (run.agrees, run.figures["documents"]) == (True, 0)
    assert house.rows(t.agreement_findings) == []
