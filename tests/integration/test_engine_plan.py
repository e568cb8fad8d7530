"""From the newest state of a record to what is written: created, changed, taken out, held, or nothing."""

import datetime as dt

import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rules_desk
from blueops_qb.store import tables as t
from tests.engine_house import DAY, RULES, D, EngineHouse, rule
from tests.fake_books import FakeBooks

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def sent_in_order(books: FakeBooks) -> list[str]:
    """Kinds of records in the order in which the books first got them."""
    return [ref.kind.value for ref, kept in books.records.items() if kept.document is not None]


# -- create, update, void --------------------------------------------------------------------------
def test_an_invoice_and_everything_it_names_reaches_the_books(house: EngineHouse) -> None:
    ann = house.customer()
    kitchen = house.job(ann)
    invoice = house.invoice(kitchen, "129.50")
    house.drain()
    there = house.there(invoice)
    assert (there.customer, there.total, there.number) == (
        house.place(kitchen),
        D("129.50"),
        f"BO-{invoice.number}",
    )
    assert [line.item for line in there.lines] == [BooksRef(K.ITEM, "R")]
    assert house.there(kitchen).parent == house.place(ann)
    assert house.counted() == {"done": 3}


def test_parties_are_written_on_demand_even_where_their_own_events_are_missing(house: EngineHouse) -> None:
    ann = house.customer()
    kitchen = house.job(ann)
    vendor = house.vendor()
    house.invoice(kitchen)
    cost = Expense(
        id="",
        type=ExpenseType.CARD,
        vendor_id=vendor.id,
        date=DAY,
        total=D("86.40"),
        payment_account_key="company_card",
        lines=(CostLine(line_id="1", amount=D("86.40"), expense_category="materials", job_id=kitchen.id),),
    )
    with house.work() as tx:
        cost = tx.record_expense(cost)
        o = t.outbox
        tx.connection.execute(o.delete().where(o.c.ref_kind.in_(["customer", "job", "vendor"])))
    house.drain()
    assert house.counted() == {"done": 2}
    assert house.there(cost).payee == house.place(vendor)
    assert house.there(cost).lines[0].customer == house.place(kitchen)
    assert sent_in_order(house.books).index("invoice") > 1  # customer and job came first


def test_children_wait_for_their_parents(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(house.job(ann))
    house.pay(invoice, "40.00")
    with house.turn():
        pass
    house.carrier.carry_one(house.id)
    assert [record.name for record in house.books.of(K.CUSTOMER)] == ["Ann Lee"]
    assert house.event(invoice).state == "waiting"
    assert "job:1" in house.event(invoice).reason
    house.drain()
    assert sent_in_order(house.books) == ["customer", "customer", "invoice", "payment"]


def test_a_change_travels_and_an_empty_one_does_not(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    house.change(ann, email="new@example.com")
    house.drain()
    assert house.there(ann).email == "new@example.com"
    version = house.books.one(K.CUSTOMER).version
    house.change(ann, segment="residential", email="new@example.com")
    house.drain()
    assert house.books.one(K.CUSTOMER).version == version
    assert (house.state(ann), house.event(ann).reason) == ("done", "nothing to change in the books")


def test_several_changes_travel_as_one(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(ann, "100.00")
    for price in ("110.00", "120.00", "130.00"):
        house.reprice(invoice, price)
    house.drain()
    assert house.books.one(K.INVOICE).version == "0"
    assert house.there(invoice).total == D("130.00")
    assert house.counted() == {"done": 2, "superseded": 3}


def test_a_change_made_while_its_predecessor_is_out_is_sent_afterwards(house: EngineHouse) -> None:
    ann = house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    house.change(ann, email="late@example.com")
    assert house.engine.next_exchange(house.id) is None
    waiting = house.event(ann)
    assert (waiting.state, waiting.reason) == ("waiting", "its previous change is still on its way")
    house.engine.finish(outgoing.exchange_id, house.provider.deliver(outgoing.body))
    house.drain()
    assert house.there(ann).email == "late@example.com"
    assert house.counted() == {"done": 2}


def test_going_back_before_anything_was_sent_cancels_the_change(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    house.change(ann, email="new@example.com")
    house.engine.work_pending(house.id)
    house.change(ann, email="ann@example.com")
    house.drain()
    assert house.books.one(K.CUSTOMER).version == "0"
    assert sum(house.counted().values()) == 3
    assert house.state(ann) == "done"
    assert house.quiet()


def test_a_voided_invoice_is_void_in_the_books_with_its_number(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    number = house.there(invoice).number
    with house.work() as tx:
        tx.void_invoice(invoice.id, reason="typed twice")
    house.drain()
    assert house.there(invoice).void
    assert house.there(invoice).number == number
    assert house.state(invoice) == "done"


def test_an_invoice_that_was_void_before_it_was_sent_is_never_written(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    house.drain()
    assert house.books.of(K.INVOICE) == []
    assert house.state(invoice) == "not_posted"
    assert "void before it reached the books" in house.event(invoice).reason


def test_a_queued_invoice_that_is_voided_before_it_leaves_is_cancelled(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.engine.work_pending(house.id)
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    house.drain()
    assert house.books.of(K.INVOICE) == []
    assert house.state(invoice) == "not_posted"
    assert sum(house.counted().values()) == 3
    assert house.quiet()


def test_payments_are_lists_of_allocations_and_are_taken_out_before_their_invoices(
    house: EngineHouse,
) -> None:
    ann = house.customer()
    one, two = house.invoice(ann, "100.00"), house.invoice(ann, "50.00")
    payment = house.pay(one, "100.00")
    with house.work() as tx:
        payment = tx.update_payment(
            Payment(
                id=payment.id,
                customer_id=ann.id,
                received_on=DAY,
                amount=D("130.00"),
                method="check",
                applications=(
                    *payment.applications,
                    type(payment.applications[0])(invoice_id=two.id, amount=D("20.00")),
                ),
            )
        )
    house.drain()
    there = house.there(payment)
    assert {a.invoice: a.amount for a in there.allocations} == {
        house.place(one): D("100.00"),
        house.place(two): D("20.00"),
    }
    assert there.amount == D("130.00")
    with house.work() as tx:
        tx.void_payment(payment.id)
        tx.void_invoice(one.id)
    house.drain()
    assert house.there(payment).void
    assert house.there(one).void
    assert not house.there(two).void
    assert house.quiet()


# -- not posted, echo ------------------------------------------------------------------------------
def test_our_own_change_that_comes_back_as_an_event_is_an_echo(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    house.books.edit(house.place(ann), phone="+1 415 555 9999")
    house.poll()
    assert house.here(ann.ref).phone == "+1 415 555 9999"
    echo = house.event(ann)
    assert echo.cause is not None
    assert (echo.state, echo.reason) == ("done", "it came from the books")
    assert house.books.one(K.CUSTOMER).version == "1"


# -- held ------------------------------------------------------------------------------------------
def test_an_unmapped_key_holds_the_record_until_it_is_mapped(house: EngineHouse) -> None:
    ann = house.customer()
    held = house.invoice(ann, service="unmapped")
    other = house.invoice(ann)
    house.drain()
    row = house.event(held)
    assert (row.state, row.hold) == ("held", "mapping")
    assert f"Invoice {held.number}" in row.reason
    assert "unmapped" in row.reason
    assert "mapping page" in row.remedy
    assert house.state(other) == "done"
    house.map(rule(Family.SERVICE, "unmapped", item=BooksRef(K.ITEM, "T")))
    house.drain()
    assert house.state(held) == "done"
    assert house.there(held).lines[0].item == BooksRef(K.ITEM, "T")


def test_a_target_that_does_not_exist_or_is_inactive_cannot_be_mapped(house: EngineHouse) -> None:
    with pytest.raises(rules_desk.UnfitTarget, match=r"account#9999, which is not in the books"):
        house.map(rule(Family.ROLE, "clearing", account=BooksRef(K.ACCOUNT, "9999")))
    house.books.edit(BooksRef(K.ITEM, "T"), active=False)
    house.poll()
    with pytest.raises(rules_desk.UnfitTarget, match="“Trip”, which is inactive"):
        house.map(rule(Family.FEE, "late", item=BooksRef(K.ITEM, "T")))


def test_an_item_that_became_inactive_holds_what_needs_it(house: EngineHouse) -> None:
    ann = house.customer()
    house.books.edit(BooksRef(K.ITEM, "R"), active=False)
    house.poll()
    invoice = house.invoice(ann)
    house.drain()
    row = house.event(invoice)
    assert row.state == "held"
    assert "inactive in the books: the item “Repair”" in row.reason
    assert "active" in row.remedy
    house.books.edit(BooksRef(K.ITEM, "R"), active=True)
    house.poll()
    house.map(*RULES[:1])
    house.drain()
    assert house.state(invoice) == "done"


def test_an_invoice_that_does_not_add_up_is_held_and_says_so(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    (row,) = house.events(invoice.ref)
    house.set(t.outbox, t.outbox.c.id == row.id, payload=row.payload.replace('"100.00"', '"90.00"', 1))
    house.drain()
    held = house.event(invoice)
    assert held.state == "held"
    assert "does not add up" in held.reason
    assert f"Invoice {invoice.number}" in held.reason
    assert held.remedy
    assert house.books.of(K.INVOICE) == []


def test_a_payment_of_a_held_invoice_waits_for_it_and_follows(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(ann, service="unmapped")
    payment = house.pay(invoice, "40.00")
    house.drain()
    waiting = house.event(payment)
    assert (waiting.state, waiting.waits_for) == ("waiting", f"invoice:{invoice.id}")
    assert f"waits for invoice:{invoice.id}" in waiting.reason
    house.map(rule(Family.SERVICE, "unmapped", item=BooksRef(K.ITEM, "T")))
    house.drain()
    assert house.counted() == {"done": 3}
    assert house.there(payment).allocations[0].invoice == house.place(invoice)


def test_the_version_of_mapping_is_pinned_to_the_document(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    (document,) = house.rows(t.documents, t.documents.c.source_kind == "invoice")
    assert document.mapping_version == 1
    house.map(rule(Family.SERVICE, "repair", item=BooksRef(K.ITEM, "T")))
    house.drain()
    assert house.there(invoice).lines[0].item == BooksRef(K.ITEM, "R")


# -- postings ----------------------------------------------------------------------------------------
def test_what_landed_is_kept_as_postings_that_sum_to_zero(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), "129.50")
    house.pay(invoice, "29.50")
    house.drain()
    rows = house.rows(t.postings)
    assert sorted((row.account, row.cents) for row in rows) == [
        ("1090", 2950),
        ("1100", -2950),
        ("1100", 12950),
        ("4010", -12950),
    ]
    assert all(row.date == DAY for row in rows)
    house.reprice(invoice, "130.00")
    house.drain()
    sums: dict[tuple[int, int], int] = {}
    for row in house.rows(t.postings):
        sums[row.document_id, row.revision] = sums.get((row.document_id, row.revision), 0) + row.cents
    assert set(sums.values()) == {0}
    assert len(sums) == 3


def test_a_document_in_a_closed_period_is_held_before_anything_is_sent(house: EngineHouse) -> None:
    from blueops_qb.domain.profile import BooksProfile
    from blueops_qb.sdk import wire

    profile = BooksProfile(closing_date=dt.date(2026, 12, 31))
    house.set(t.connections, t.connections.c.id == house.id, profile_json=wire.dump(profile))
    invoice = house.invoice(house.customer())
    house.drain()
    held = house.event(invoice)
    assert held.state == "held"
    assert "closed until 2026-12-31" in held.reason
    assert house.books.of(K.INVOICE) == []


def test_a_customer_document_is_what_the_record_says(house: EngineHouse) -> None:
    house.customer("Ann Lee", phone="+1 415 555 2671", company="Lee Ltd")
    house.drain()
    assert house.books.one(K.CUSTOMER).document == CustomerRecord(
        name="Ann Lee", email="ann@example.com", phone="+1 415 555 2671", company="Lee Ltd"
    )
