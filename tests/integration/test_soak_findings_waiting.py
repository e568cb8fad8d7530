"""What waits for a record hears of it however that one ends: done, taken back, back in the books, merged, cut down."""

from typing import Any, cast

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord, SalesInvoice
from blueops_qb.domain.policy import OverJobs, Policy
from blueops_qb.domain.records import Application, Invoice, Payment, Payout
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey
from blueops_qb.engine import resolve, rules_desk, undo
from blueops_qb.engine.known import marker_of
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import REFUSED
from tests.traps import FAR_OFF, ON_SQLITE, check, choose, sent_customer, take, waits_in_vain

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
K = BooksKind
o = t.operations


def test_what_waits_for_an_undone_record_goes_on_when_the_undo_is_taken_back_before_it_left(
    house: EngineHouse,
) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    with house.turn() as turn:
        undo.apply(turn, actor="ann", refs=[invoice.ref])
    assert house.set(o, o.c.state == "ready", not_before=FAR_OFF) == 1
    payment = house.pay(invoice, "100.00")
    house.drain()
    assert house.event(payment).reason == f"it needs {invoice.ref}, which was taken out of the books by undo"
    with house.turn() as turn:
        undo.take_back(turn, [invoice.ref], actor="ann")
    house.drain()
    house.drain()
    assert (house.state(invoice), house.state(payment)) == ("done", "done")
    assert house.quiet()


def test_what_waits_for_a_removed_record_goes_on_when_that_one_is_back_in_the_books(
    house: EngineHouse,
) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    place = house.place(invoice)
    house.books.delete(place)
    house.poll()
    payment = house.pay(invoice, "100.00")
    house.drain()
    assert house.state(payment) == "waiting"
    house.books.records[place].deleted = False
    house.books.edit(place)
    house.poll()
    assert (house.conflicts(), house.state(payment)) == ([], "done")
    assert house.quiet()


def test_what_waits_for_a_customer_who_was_refused_and_is_merged_here_goes_on(house: EngineHouse) -> None:
    survivor = sent_customer(house, "Ben Fox")
    house.books.script.append(REFUSED)
    loser = house.customer("Ann Lee")
    house.drain()
    assert house.state(loser) == "held"
    invoice = house.invoice(loser)
    house.engine.work_pending(house.id)
    house.set(o, o.c.state == "ready", not_before=FAR_OFF)
    with house.work() as tx:
        tx.merge_customers(loser.id, survivor.id)
    house.drain()
    assert house.there(invoice).customer == house.place(survivor)
    assert house.quiet()


def _over_two_jobs(house: EngineHouse) -> Payment:
    """A check of 300.00 for two jobs, a payment for each, of which none has left yet."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    jobs = [house.job(ann, name) for name in ("Kitchen", "Bath")]
    bills = [house.invoice(jobs[0], "100.00"), house.invoice(jobs[1], "200.00")]
    house.drain()
    with house.work() as tx:
        found: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=ann.id,
                received_on=DAY,
                method="check",
                amount=D("300.00"),
                applications=tuple(Application(invoice_id=b.id, amount=b.total) for b in bills),
            )
        )
    house.engine.work_pending(house.id)
    assert house.set(o, o.c.state == "ready", not_before=FAR_OFF) == 2
    return found


def test_a_payout_that_waits_for_the_parts_of_a_payment_goes_on_when_one_of_them_is_not_needed_any_more(
    house: EngineHouse,
) -> None:
    payment = _over_two_jobs(house)
    with house.work() as tx:
        payout: Payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("300.00"))
        )
    house.engine.work_pending(house.id)
    first, _ = payment.applications
    house.change(payment, applications=(first,))
    house.set(o, o.c.state == "ready", not_before=None)
    for _ in range(3):
        house.drain()
    assert (house.state(payment), house.state(payout)) == ("done", "done")
    assert house.there(payout).total == D("300.00")
    assert house.quiet()


def test_what_was_to_be_written_on_a_record_that_was_deleted_there_is_written_once_that_one_is_created_again(
    house: EngineHouse,
) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    payment = house.pay(invoice, "100.00")
    house.engine.work_pending(house.id)
    assert house.set(o, o.c.state == "ready", not_before=FAR_OFF) == 1
    house.books.delete(house.place(invoice))
    house.poll()
    choose(house, "again")
    house.set(o, o.c.state == "ready", not_before=None)
    for _ in range(3):
        house.drain()
    assert (house.state(invoice), house.state(payment)) == ("done", "done")
    assert house.there(payment).allocations[0].invoice == house.place(invoice)
    assert house.quiet()


def _waits_for_one_that_is_held(house: EngineHouse) -> tuple[Invoice, Payment]:
    """A payment that goes after its invoice, which the books have refused."""
    ann = sent_customer(house)
    house.books.script.append(REFUSED)
    invoice = house.invoice(ann, "100.00")
    payment = house.pay(invoice, "100.00")
    house.drain()
    assert (house.state(invoice), house.state(payment)) == ("held", "waiting")
    return invoice, payment


def _entered_as(house: EngineHouse, payment: Payment, *parts: tuple[BooksRef, str]) -> BooksRef:
    """The payment stands in the books under our mark, and nobody here has sent it."""
    (customer,) = house.books.of(K.CUSTOMER)
    marker = marker_of(DocumentKey(payment.ref), 1)
    return house.books.enter(check(customer.ref, "100.00", *parts), marker=marker)


def test_what_stands_in_the_books_as_ours_is_put_to_a_person_although_ours_waits_for_another(
    house: EngineHouse,
) -> None:
    invoice, payment = _waits_for_one_that_is_held(house)
    place = _entered_as(house, payment)
    house.poll()
    assert [(c.cause, c.group, c.ref) for c in house.conflicts()] == [
        ("twice", "existence", str(payment.ref))
    ]
    assert house.rows(t.mirror, t.mirror.c.dirty) == []
    assert house.event(payment).hold == "existence"
    with house.turn() as turn:
        resolve.retry(turn, [invoice.ref], "admin")
    house.drain()
    assert (house.state(invoice), house.state(payment)) == ("done", "held")
    choose(house, "theirs")
    house.drain()
    assert house.books.one(K.PAYMENT).ref == house.place(payment) == place
    assert house.there(payment).allocations[0].invoice == house.place(invoice)
    assert (house.state(payment), house.conflicts()) == ("done", [])
    assert house.quiet()


def test_such_a_one_that_is_not_it_is_left_and_ours_written(house: EngineHouse) -> None:
    invoice, payment = _waits_for_one_that_is_held(house)
    place = _entered_as(house, payment)
    house.poll()
    choose(house, "again")
    with house.turn() as turn:
        resolve.retry(turn, [invoice.ref], "admin")
    for _ in range(3):
        house.drain()
    assert house.state(payment) == "done"
    assert house.place(payment) != place
    assert len(house.books.of(K.PAYMENT)) == 2


def test_what_moved_while_the_books_took_nothing_of_a_change_in_part_is_written(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), phone="2")
    house.change(ann, phone="1")
    house.poll()
    assert [c.group for c in house.conflicts()] == ["phone"]
    house.change(house.here(ann.ref), mobile="3")
    house.engine.work_pending(house.id)
    out = take(house)
    house.books.alters = lambda document: attrs.evolve(cast(CustomerRecord, document), mobile="")
    answer = house.provider.deliver(out.body)
    house.books.alters = lambda document: document
    house.change(house.here(ann.ref), mobile="4")
    house.engine.work_pending(house.id)
    house.engine.finish(out.exchange_id, answer)
    for _ in range(3):
        house.drain()
    assert house.there(ann).mobile == "4"


def test_a_doubt_is_not_closed_without_a_choice(house: EngineHouse) -> None:
    _, payment = _waits_for_one_that_is_held(house)
    _entered_as(house, payment)
    house.poll()
    with pytest.raises(resolve.CannotResolve, match="link the one that is there, or create it again"):
        choose(house, "close")
    assert len(house.conflicts()) == 1
    with house.turn() as turn:
        (row,) = turn.connection.execute(
            sa.select(t.conflicts).where(t.conflicts.c.state == "open")
        ).mappings()
        assert resolve.offered(turn, row) == ("theirs", "again")


def test_what_the_books_took_without_showing_it_has_a_way_out(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    usual = house.books.write

    def write(operation: Operation) -> BooksRecord | None:
        usual(operation)
        return None

    with monkeypatch.context() as silent:
        silent.setattr(house.books, "write", write)
        invoice = house.invoice(ann)
        house.drain()
    assert house.event(invoice).hold == "existence"
    house.poll()
    assert [(c.cause, c.group, c.ref) for c in house.conflicts()] == [
        ("twice", "existence", str(invoice.ref))
    ]
    choose(house, "theirs")
    house.drain()
    assert house.state(invoice) == "done"
    assert house.books.one(K.INVOICE).ref == house.place(invoice)
    assert house.quiet()


def test_a_payout_of_a_payment_of_which_a_person_left_a_part_out_waits_for_a_person(
    house: EngineHouse,
) -> None:
    payment = _over_two_jobs(house)
    house.set(o, o.c.state == "ready", not_before=None)
    house.drain()
    kept, lost = sorted(ref for ref, shown in house.books.records.items() if ref.kind is K.PAYMENT)
    house.books.delete(lost)
    house.poll()
    (conflict,) = house.conflicts()
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "unlink", "admin")
    with house.work() as tx:
        payout: Payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("300.00"))
        )
    house.drain()
    assert house.state(payout) == "held"
    assert "unlinked by a person" in house.event(payout).reason
    assert waits_in_vain(house) == []
    assert house.books.of(K.DEPOSIT) == []
    assert house.books.document(kept).amount in (D("100.00"), D("200.00"))


def test_the_soak_tells_what_waits_for_something_that_is_there(house: EngineHouse) -> None:
    invoice, payment = _waits_for_one_that_is_held(house)
    assert waits_in_vain(house) == []
    house.set(t.outbox, t.outbox.c.ref_kind == "invoice", state="superseded")
    (word,) = waits_in_vain(house)
    assert word == f"create of payment for {payment.ref} goes after {invoice.ref}, of which nothing is open"
    with house.turn() as turn:
        assert plan_anew(turn, invoice.ref)
    house.drain()
    house.drain()
    assert waits_in_vain(house) == []
    house.set(
        t.outbox, t.outbox.c.ref_kind == "payment", state="waiting", waits_for=str(invoice.ref), reason="?"
    )
    assert waits_in_vain(house) == [f"{payment.ref} is waiting for {invoice.ref}, which is there: ?"]


@pytest.mark.parametrize("choice", ["theirs", "again"])
def test_what_was_voided_here_and_shows_up_there_after_all_is_taken_out_once_a_person_has_linked_it(
    choice: str, house: EngineHouse
) -> None:
    ann = sent_customer(house)
    invoice = house.invoice(ann, "100.00")
    house.engine.work_pending(house.id)
    document = wire.load_document(K.INVOICE, house.rows(o, o.c.kind == "invoice")[0].content)
    assert isinstance(document, SalesInvoice)
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    house.drain()
    assert (house.state(invoice), house.books.of(K.INVOICE)) == ("not_posted", [])
    late = attrs.evolve(document, customer=house.place(ann))
    place = house.books.enter(late, marker=marker_of(DocumentKey(invoice.ref), 1))
    house.poll()
    assert [(c.cause, c.group, c.ref) for c in house.conflicts()] == [
        ("twice", "existence", str(invoice.ref))
    ]
    if choice == "again":
        with pytest.raises(resolve.CannotResolve, match="is void in BlueOps"):
            choose(house, "again")
    choose(house, "theirs")
    for _ in range(3):
        house.drain()
    assert house.books.document(place).void
    assert house.conflicts() == []
    assert house.quiet()


def test_an_event_that_retention_has_emptied_says_what_the_record_is_now_when_it_is_planned_again(
    house: EngineHouse,
) -> None:
    loser, survivor = sent_customer(house), sent_customer(house, "Ben Fox")
    place = house.place(loser)
    house.books.edit(place, active=False)
    house.poll()
    with house.work() as tx:
        tx.merge_customers(loser.id, survivor.id)
    for _ in range(2):
        house.drain()
    assert house.state(loser) == "not_posted"
    house.set(t.outbox, t.outbox.c.state.in_(["not_posted", "done", "superseded"]), payload="")
    house.books.edit(place, active=True)
    house.poll()
    house.drain()
    assert (house.state(loser), house.event(loser).hold) == ("held", "merge")
    assert "was merged into" in house.event(loser).reason


@pytest.mark.parametrize("settled", ["put back", "ours"])
@pytest.mark.parametrize("there", [{"void": True}, {"amount": D("75.00")}], ids=["void", "less"])
def test_a_payout_waits_for_a_payment_that_the_books_show_with_other_money(
    there: dict[str, Any], settled: str, house: EngineHouse
) -> None:
    payment = house.pay(house.invoice(sent_customer(house), "100.00"), "80.00")
    house.drain()
    before = house.there(payment)
    house.books.edit(house.place(payment), **there, allocations=())
    with house.work() as tx:
        payout: Payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("80.00"))
        )
    of_payout = t.outbox.c.ref_kind == "payout"
    house.set(t.outbox, of_payout, state="waiting")
    house.poll()
    # Core does not change a payment of a payout, so a person is asked which of the two is right.
    assert [conflict.ref for conflict in house.conflicts()] == [str(payment.ref)]
    house.set(t.outbox, of_payout, state="pending")
    house.drain()
    assert house.state(payout) == "waiting", house.events(payout.ref)
    assert house.books.of(K.DEPOSIT) == []
    if settled == "put back":
        house.books.edit(
            house.place(payment), void=False, amount=before.amount, allocations=before.allocations
        )
    else:
        choose(house, "ours")
    for _ in range(3):
        house.poll()
    assert house.state(payout) == "done", house.events(payout.ref)
    assert house.there(payout).total == D("80.00")
    assert house.there(payment).amount == D("80.00")
    assert house.conflicts() == []
    assert house.quiet()
