"""What the bookkeeper does in the books comes to BlueOps; what both sides changed waits for a choice."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord, SalesInvoice
from blueops_qb.domain.policy import Overlap, Policy
from blueops_qb.domain.records import Address, Application, Customer, Invoice, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import due, findings, reminders, resolve, rules_desk
from blueops_qb.engine.landing import Landing
from blueops_qb.store import tables as t
from tests.engine_house import DAY, TENANT, D, EngineHouse
from tests.fake_books import Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
THERE = Address(line1="99 New St", city="Reno", state="NV", postal_code="89501")


def check(house: EngineHouse, invoice: Invoice, amount: str, **fields: Any) -> CustomerPayment:
    """A check that came by mail, as the bookkeeper enters it."""
    place = house.place(invoice)
    return CustomerPayment(
        customer=house.there(invoice).customer,
        date=DAY,
        amount=D(amount),
        allocations=(Allocation(invoice=place, amount=D(amount)),),
        method=BooksRef(K.PAYMENT_METHOD, "CK"),
        reference="4711",
        deposit_to=BooksRef(K.ACCOUNT, "1090"),
        **fields,
    )


def all_here(house: EngineHouse, kind: RecordKind) -> list[Any]:
    return [s.record for s in house.core.iterate(house.tenant, kinds=[kind]) if not s.deleted]


def sent_customer(house: EngineHouse, **fields: Any) -> Customer:
    ann = house.customer(**fields)
    house.drain()
    return ann


def sent_invoice(house: EngineHouse, price: str = "100.00") -> Invoice:
    invoice = house.invoice(house.customer(), price)
    house.drain()
    return invoice


# -- payments ---------------------------------------------------------------------------------------
def test_a_payment_recorded_in_the_books_pays_the_invoice_here(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    there = house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert (payment.amount, payment.method, payment.reference) == (D("60.00"), "check", "4711")
    assert [(a.invoice_id, a.amount) for a in payment.applications] == [(invoice.id, D("60.00"))]
    assert house.place(payment) == there
    assert house.event(payment).cause is not None
    assert house.counted() == {"done": 3}
    assert house.books.records[there].version == 0  # nothing is sent back
    house.poll()
    assert len(all_here(house, RecordKind.PAYMENT)) == 1


def test_a_payment_over_several_invoices_and_documents_that_are_not_ours(house: EngineHouse) -> None:
    ann = sent_customer(house)
    one, two = house.invoice(ann, "100.00"), house.invoice(ann, "50.00")
    house.drain()
    foreign = house.books.enter(SalesInvoice(customer=house.place(ann), date=DAY, total=D("30.00")))
    base = check(house, one, "180.00")
    parts = [(house.place(one), "100.00"), (house.place(two), "50.00"), (foreign, "30.00")]
    house.books.enter(
        attrs.evolve(
            base, allocations=tuple(Allocation(invoice=place, amount=D(part)) for place, part in parts)
        )
    )
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    assert payment.elsewhere == D("30.00")
    assert {a.invoice_id: a.amount for a in payment.applications} == {
        one.id: D("100.00"),
        two.id: D("50.00"),
    }
    assert house.quiet()


def test_a_payment_of_a_customer_whom_blueops_does_not_have_stays_in_the_books(house: EngineHouse) -> None:
    stranger = house.books.enter(CustomerRecord(name="Stranger", active=False))
    house.books.enter(CustomerPayment(customer=stranger, date=DAY, amount=D("10.00")))
    house.poll()
    assert all_here(house, RecordKind.PAYMENT) == []
    assert house.conflicts() == []
    assert house.quiet()


def test_a_payment_that_is_voided_or_changed_in_the_books_follows_here(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    there = house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    place = house.place(invoice)
    house.books.edit(there, amount=D("70.00"), allocations=(Allocation(invoice=place, amount=D("70.00")),))
    house.poll()
    assert house.here(payment.ref).amount == D("70.00")
    house.books.void(there)
    house.poll()
    assert house.here(payment.ref).void
    assert house.quiet()
    assert house.conflicts() == []


def test_a_payment_that_core_refuses_is_shown_and_not_lost(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    with house.work() as tx:  # paid here a moment ago, not sent yet
        tx.record_payment(
            Payment(
                id="",
                customer_id=invoice.customer_id,
                received_on=DAY,
                amount=D("80.00"),
                method="check",
                applications=(_part(invoice, "80.00"),),
            )
        )
    house.books.enter(check(house, invoice, "60.00"))
    house.poll()
    (conflict,) = [c for c in house.conflicts() if c.cause == "incoming"]
    assert "was not taken into BlueOps" in conflict.reason
    assert "60.00" in conflict.reason
    assert conflict.remedy


def _part(invoice: Invoice, amount: str) -> Any:
    return Application(invoice_id=invoice.id, amount=D(amount))


def test_a_reminder_waits_while_a_payment_is_being_brought_over(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    house.books.enter(check(house, invoice, "100.00"))
    with house.turn() as turn:
        due.hurry(turn)
    house.carrier.carry_one(house.id)  # the page is stored, and nothing compared yet
    with house.core.engine.connect() as connection:
        answer = reminders.may_send(TENANT, invoice.id, connection)
    assert "is just being brought over" in getattr(answer, "reason", "")


# -- customers and jobs ------------------------------------------------------------------------------
def test_a_customer_entered_in_the_books_arrives_here_and_jobs_below_him_too(house: EngineHouse) -> None:
    parent = house.books.enter(CustomerRecord(name="Rita Moss", email="rita@example.com", billing=THERE))
    house.books.enter(CustomerRecord(name="Rita's bath", parent=parent, shipping=THERE))
    house.poll()
    house.poll()
    (customer,) = all_here(house, RecordKind.CUSTOMER)
    (job,) = all_here(house, RecordKind.JOB)
    assert (customer.name, customer.email, customer.billing) == ("Rita Moss", "rita@example.com", THERE)
    assert (job.name, job.customer_id, job.site) == ("Rita's bath", customer.id, THERE)
    assert house.place(customer) == parent
    assert len(house.books.of(K.CUSTOMER)) == 2
    invoice = house.invoice(job)
    house.drain()
    assert house.there(invoice).customer == house.place(job)
    assert house.books.records[parent].version == 0


def test_an_address_there_and_a_phone_here_are_merged(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), billing=THERE)
    house.change(ann, phone="+1 415 555 0000")
    house.poll()
    for side in (house.here(ann.ref), house.there(ann)):
        assert (side.billing, side.phone) == (THERE, "+1 415 555 0000")
    assert house.conflicts() == []
    assert house.quiet()


def test_the_same_change_on_both_sides_is_agreement(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), phone="+1 415 555 0000")
    house.change(ann, phone="+1 415 555 0000")
    house.poll()
    assert house.conflicts() == []
    assert house.state(ann) == "done"
    assert house.books.one(K.CUSTOMER).version == "1"
    assert house.quiet()


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


def test_an_invoice_changed_in_the_books_alone_waits_for_a_choice(house: EngineHouse) -> None:
    """BlueOps' invoices are not changed from outside, so a person decides."""
    invoice = sent_invoice(house)
    line = attrs.evolve(house.there(invoice).lines[0], amount=D("110.00"), unit_price=D("110.00"))
    house.books.edit(house.place(invoice), lines=(line,), total=D("110.00"))
    house.poll()
    (conflict,) = house.conflicts()
    assert conflict.cause == "changed_there"
    assert f"invoice:{invoice.id}: money was changed in QuickBooks" in conflict.reason
    assert house.here(invoice.ref).total == D("100.00")
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "ours", "bookkeeper")
    house.drain()
    house.poll()
    assert house.there(invoice).total == D("100.00")
    assert house.conflicts() == []
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


# -- feeds --------------------------------------------------------------------------------------------
def cursor(house: EngineHouse) -> str:
    (row,) = house.rows(t.feeds, t.feeds.c.feed == "changes")
    return str(row.cursor)


def test_a_cursor_moves_only_with_its_page(house: EngineHouse) -> None:
    house.drain()
    before = cursor(house)
    house.books.enter(CustomerRecord(name="Rita Moss"))
    with house.turn() as turn:
        due.hurry(turn)
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)
    assert cursor(house) == before
    house.engine.finish(outgoing.exchange_id, reply)
    assert cursor(house) == "1"
    assert [row.name for row in house.rows(t.mirror, t.mirror.c.kind == "customer")] == ["Rita Moss"]


def test_a_page_that_cannot_be_stored_moves_nothing(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drain()
    before = cursor(house)
    house.books.enter(CustomerRecord(name="Rita Moss"))
    with house.turn() as turn:
        due.hurry(turn)
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    reply = house.provider.deliver(outgoing.body)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(findings, "upsert", full)
        with pytest.raises(OSError, match="disk is full"):
            house.engine.finish(outgoing.exchange_id, reply)
    assert cursor(house) == before
    assert house.rows(t.mirror, t.mirror.c.kind == "customer") == []
    assert house.engine.finish(outgoing.exchange_id, reply) is True
    assert cursor(house) == "1"


def test_too_old_leads_to_a_full_comparison(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    house.drain()
    house.books.edit(house.place(ann), phone="+1 415 555 9999")
    house.books.enter(check(house, invoice, "60.00"))
    house.books.oldest_cursor = len(house.books.log)
    house.poll()
    house.drain()
    assert cursor(house) == str(len(house.books.log))
    assert house.here(ann.ref).phone == "+1 415 555 9999"
    assert [p.amount for p in all_here(house, RecordKind.PAYMENT)] == [D("60.00")]
    assert any(row.action == "feed too old" for row in house.rows(t.audit))
    assert house.quiet()


def test_what_was_deleted_while_the_feed_was_too_old_waits_for_a_choice(house: EngineHouse) -> None:
    invoice = sent_invoice(house)
    house.books.delete(house.place(invoice))
    house.books.oldest_cursor = len(house.books.log)
    house.poll()
    house.drain()
    assert [c.cause for c in house.conflicts()] == ["removed_there"]


def test_our_own_write_that_the_feed_shows_again_is_nothing_new(house: EngineHouse) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann)
    house.drain()
    events = len(house.rows(t.outbox))
    house.poll()
    house.poll()
    assert len(house.rows(t.outbox)) == events
    assert house.quiet()
    assert [house.place(r) for r in (ann, invoice)] == [
        BooksRef(K.CUSTOMER, "101"),
        BooksRef(K.INVOICE, "102"),
    ]


def test_a_write_whose_answer_is_lost_is_not_taken_for_an_arrival(house: EngineHouse) -> None:
    """The feed shows it before the look-up does: it is ours by its marker."""
    invoice = sent_invoice(house)
    house.books.script.append(Fault.LOSE_AFTER)
    payment = house.pay(invoice, "60.00")
    house.carrier.carry_one(house.id)
    e = t.exchanges
    (row,) = house.rows(e, e.c.state == "uncertain")
    house.set(e, e.c.id == row.id, settle_at=row.sent_at + dt.timedelta(hours=1))
    house.poll()
    assert house.state(payment) == "uncertain"
    assert len(all_here(house, RecordKind.PAYMENT)) == 1
    house.set(e, e.c.id == row.id, settle_at=row.sent_at)
    house.poll()
    assert len(all_here(house, RecordKind.PAYMENT)) == 1
    assert house.state(payment) == "done"
    assert house.place(payment) == house.books.one(K.PAYMENT).ref


def test_a_customer_whose_creation_was_lost_is_not_taken_for_an_arrival(house: EngineHouse) -> None:
    house.books.script.append(Fault.LOSE_AFTER)
    ann = house.customer()
    house.carrier.carry_one(house.id)
    house.poll()
    assert [c.id for c in all_here(house, RecordKind.CUSTOMER)] == [ann.id]
    assert house.state(ann) == "done"


def test_an_older_view_than_ours_is_dropped(house: EngineHouse) -> None:
    ann = sent_customer(house)
    old = house.books.shown(house.place(ann))
    house.change(ann, email="new@example.com")
    house.drain()
    with house.turn() as turn:
        landing = Landing(turn=turn)
        landing.look([old.ref])
        landing.show(old, origin="changes", compare=True)
        landing.write()
    house.drain()
    assert house.here(ann.ref).email == "new@example.com"
    assert house.there(ann).email == "new@example.com"
    assert house.conflicts() == []
