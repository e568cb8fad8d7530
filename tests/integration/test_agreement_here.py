"""Agreement looks at BlueOps too: what its records say now beside what was agreed, and what was never compared."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord, Document, SalesInvoice
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import PaymentReturn, ReturnReason
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import (
    agreement,
    agreement_figures,
    agreement_here,
    by_hand,
    certificate,
    close_check,
    due,
    resolve,
)
from blueops_qb.engine.agreement import Run
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.fake_books import CATALOG, FakeBooks
from tests.integration.test_agreement_documents import agree, found
from tests.integration.test_engine_match_papers import entered, go_live, planned
from tests.traps import ON_SQLITE, all_here, check, sent_customer

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]
pytestmark = ON_SQLITE
FIRST = DAY.replace(day=1)


def swallow(house: EngineHouse, record: Any) -> None:
    """The newest state of a record counts as written although nobody wrote it, as if by a defect."""
    o = t.outbox
    house.set(o, sa.and_(o.c.ref_id == record.id, o.c.ref_kind == record.ref.kind.value), state="done")
    house.drain()


def one_more(document: Document) -> Document:
    if not isinstance(document, SalesInvoice):
        return document
    return attrs.evolve(document, total=(document.total or Decimal(0)) + 1)


def accepted(house: EngineHouse, run: Run) -> list[agreement_figures.Finding]:
    with house.core.engine.connect() as connection:
        return list(agreement_figures.findings(connection, run.id, agreement_figures.ACCEPTED))


def in_the_way(house: EngineHouse, run: Run) -> tuple[str, ...]:
    with house.turn() as turn:
        return close_check.check(turn, FIRST, DAY, run).in_the_way


def test_a_change_of_blueops_that_never_became_a_document_is_a_difference(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "100.00")
    other = house.invoice(house.customer("Bob Lee"), "60.00")
    house.drain()
    assert agree(house).agrees
    house.reprice(invoice, "500.00")
    swallow(house, invoice)
    run = agree(house)
    (one,) = found(house, run)
    assert (one.kind, one.ref, one.amount) == ("from_blueops", str(invoice.ref), D("400.00"))
    assert "BlueOps has 500.00, 100.00 was agreed" in one.sentence
    assert str(other.ref) not in one.sentence
    assert (run.agrees, run.figures["kinds"]) == (False, {"from_blueops": 1})
    assert "1 differences" in in_the_way(house, run)


def test_what_still_waits_to_be_written_is_pending_and_no_difference(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "100.00")
    house.drain()
    house.reprice(invoice, "500.00")
    with house.turn() as turn:
        id = agreement.ask(turn, FIRST, DAY)
    o = t.outbox
    house.set(o, sa.and_(o.c.ref_id == invoice.id, o.c.state == "pending"), state="held", hold="person")
    for _ in range(20):
        run = agreement.advance(house.engine, house.id, id)
        if not run.open:
            break
        house.drain()
    assert (found(house, run), run.figures["pending"]) == ([], {"held": 1})


def test_what_a_person_accepted_is_named_with_who_did_and_holds_for_nothing_else(house: EngineHouse) -> None:
    house.books.alters = one_more
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.alters = lambda document: document
    house.books.edit(
        house.place(invoice),
        lines=tuple(attrs.evolve(x, amount=D("101.00"), unit_price=None) for x in house.there(invoice).lines),
    )
    house.poll()
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "ann the bookkeeper")
    house.drain()
    run = agree(house)
    assert (run.agrees, run.figures["differences"], run.figures["accepted"]) == (True, 0, 1)
    (one,) = accepted(house, run)
    assert "101.00 was agreed; ann the bookkeeper accepted that difference on 20" in one.sentence
    assert in_the_way(house, run) == ()
    told = certificate.verify(certificate.issue(house.engine, house.id, run.id)).sections
    assert [(row["ref"], row["by"]) for row in told["accepted"]] == [(str(invoice.ref), "ann the bookkeeper")]
    assert (told["differences"], told["figures"]["accepted"]) == ([], 1)
    house.reprice(invoice, "500.00")
    swallow(house, invoice)
    run = agree(house)
    assert (run.agrees, accepted(house, run)) == (False, [])
    assert "BlueOps has 500.00, 101.00 was agreed" in found(house, run)[0].sentence


def test_an_invoice_linked_with_one_of_another_amount_differs(house: EngineHouse, fresh: Any) -> None:
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
    run = agree(house)
    (one,) = found(house, run)
    assert (run.agrees, one.kind, one.amount) == (False, "from_blueops", D("10.00"))
    assert "BlueOps has 100.00, 90.00 was agreed" in one.sentence
    # The remedy works: what is corrected there makes both agree.
    sold = tuple(
        attrs.evolve(x, amount=D("100.00"), unit_price=D("100.00")) for x in books.document(place).lines
    )
    books.edit(place, total=D("100.00"), lines=sold)
    house.poll()
    house.drain()
    assert agree(house).agrees


def test_a_payment_linked_with_one_for_another_invoice_differs(house: EngineHouse, fresh: Any) -> None:
    ann = house.customer("Ann Lee")
    mine = house.invoice(ann, "49.00")
    other = house.invoice(ann, "49.00", issue_date=FIRST)
    payment = house.pay(mine, "49.00")
    books = FakeBooks("F2")
    customer = books.enter(CustomerRecord(name="Ann Lee", email="ann@example.com"))
    entered(books, customer, mine.number, "49.00")
    settled = entered(books, customer, other.number, "49.00")
    books.edit(settled, date=FIRST)
    paid = books.enter(
        CustomerPayment(
            customer=customer,
            date=DAY,
            amount=D("49.00"),
            allocations=(Allocation(invoice=settled, amount=D("49.00")),),
        )
    )
    fresh(books)
    planned(house)
    with house.turn() as turn:
        by_hand.match(turn, payment.ref, "link", books_id=paid.id, actor="keeper")
    go_live(house, leave_open=True)
    house.poll()
    (one,) = (x for x in found(house, agree(house)) if x.ref == str(payment.ref))
    assert one.kind == "from_blueops"
    assert f"it settles {settled} with 49.00 was agreed" in one.sentence


@pytest.mark.parametrize("moved", [False, True])
def test_more_documents_need_no_more_statements(house: EngineHouse, *, moved: bool) -> None:
    ann = house.customer()

    def paid(count: int) -> None:
        invoices = [house.invoice(ann, "100.00") for _ in range(count)]
        for invoice in invoices:
            house.pay(invoice, "40.00")
        house.drain()
        if moved:
            # A revision without substance: they are posted again, and nothing has to be written.
            for invoice in invoices:
                house.reprice(invoice, "100.00")
            house.drain()

    def statements() -> int:
        count = 0

        def counted(*_: Any) -> None:
            nonlocal count
            count += 1

        sa.event.listen(house.core.engine, "before_cursor_execute", counted)
        try:
            here = agreement_here.look(house.engine, house.id, FIRST, DAY)
        finally:
            sa.event.remove(house.core.engine, "before_cursor_execute", counted)
        assert (here.found, here.unknown) == ([], 0)
        return count

    paid(3)
    few = statements()
    paid(12)
    assert statements() == few


def test_a_document_whose_record_cannot_be_posted_any_more_is_not_told(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "100.00")
    house.drain()
    house.reprice(invoice, "500.00", service="never mapped")
    swallow(house, invoice)
    run = agree(house)
    assert (found(house, run), run.figures["not_told"]) == ([], 1)
    assert "1 documents whose record cannot be posted now" in in_the_way(house, run)


@pytest.mark.parametrize("whole", [False, True])
def test_what_was_on_its_way_is_compared_the_next_time(house: EngineHouse, *, whole: bool) -> None:
    invoice = house.invoice(house.customer(), "80.00")
    house.drain()
    document = house.there(invoice)
    (line,) = document.lines
    more = attrs.evolve(line, amount=line.amount + 1, unit_price=None)
    house.books.edit(house.place(invoice), lines=(more,), total=document.total + 1)
    house.poll()
    (op,) = (row for row in house.rows(t.operations) if (row.verb, row.kind) == ("create", "invoice"))
    house.set(t.operations, t.operations.c.id == op.id, state="uncertain")
    with house.turn() as turn:
        id = agreement.ask(turn, FIRST, DAY)
    for _ in range(20):
        run = agreement.advance(house.engine, house.id, id)
        if not run.open:
            break
        house.carrier.carry_one(house.id)
    assert (run.figures["moving"], run.figures["documents"]) == (1, 0)
    assert "1 documents on their way, not compared" in in_the_way(house, run)
    told = certificate.verify(certificate.issue(house.engine, house.id, run.id)).sections
    assert told["basis"]["not_certified"] == "1 documents on their way when the books were asked"
    house.set(t.operations, t.operations.c.id == op.id, state="done")
    with house.turn() as turn:
        id = agreement.ask(turn, FIRST, DAY, whole=whole)
    for _ in range(20):
        run = agreement.advance(house.engine, house.id, id)
        if not run.open:
            break
        house.drain()
    assert (run.figures["slices_kept"], [one.kind for one in found(house, run)]) == (0, ["amount"])


def test_what_a_payment_settles_of_money_that_went_back_of_another_one_is_no_difference(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BlueOps says only how much of a payment is settled elsewhere, and both sides agree on that."""
    item = BooksRef(BooksKind.ITEM, "U")
    name, facts = "Back from Drawer", {"income_account": "1090", "item_type": "service"}
    monkeypatch.setitem(CATALOG, item, (name, facts))
    trip = house.books.records[BooksRef(BooksKind.ITEM, "T")]
    house.books.records[item] = attrs.evolve(trip, name=name, facts=facts)
    with house.turn() as turn:
        due.read_catalog(turn)
    house.drain()
    house.map(rule(Family.FEE, "back_from_undeposited", item=item))
    ann = sent_customer(house)
    bounced = house.pay(house.invoice(ann, "80.00"), "80.00")
    house.drain()
    with house.work() as tx:
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=bounced.id,
                customer_id=ann.id,
                date=DAY,
                amount=D("80.00"),
                reason=ReturnReason.BOUNCED,
            )
        )
    house.drain()
    owed = house.place(back)
    assert owed.kind is BooksKind.INVOICE
    run = agree(house)
    assert run.agrees, found(house, run)
    (settling,) = house.there(bounced).allocations
    house.books.edit(house.place(bounced), allocations=(attrs.evolve(settling, amount=D("79.68")),))
    house.books.enter(check(house.place(ann), "0.32", (owed, "0.32")))
    house.poll()
    (payment,) = (one for one in all_here(house, RecordKind.PAYMENT) if one.id != bounced.id)
    assert payment.elsewhere == D("0.32")
    house.change(payment, reference="R2")
    house.drain()
    assert str(payment.ref) not in {one.ref for one in found(house, agree(house))}
