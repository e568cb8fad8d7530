"""Undo takes out what is provably ours, children first and once; what is not stays, with the reason."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import AttachedFile, BankDeposit, CreditMemo, CustomerPayment, DepositLine
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import ExpenseType
from blueops_qb.domain.refs import BooksKind, RecordRef
from blueops_qb.engine import resolve, rules_desk, sweep, undo, undo_plan
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Removal
from blueops_qb.store import tables as t
from tests.bookkeeper import check
from tests.engine_house import DAY, TENANT, D, EngineHouse, books_ref
from tests.fake_books import REFUSED, Fault
from tests.traps import record_cost

pytest_plugins = ["tests.engine_fixtures"]


def shown(house: EngineHouse, *records: Any, **more: Any) -> undo_plan.UndoPlan:
    with house.turn() as turn:
        return undo_plan.plan(turn, refs=[r.ref for r in records], **more)


def ask(house: EngineHouse, *records: Any, **more: Any) -> undo_plan.UndoPlan:
    with house.turn() as turn:
        return undo.apply(turn, actor="ann", refs=[r.ref for r in records], **more)


def reasons(plan: undo_plan.UndoPlan) -> dict[str, str]:
    return {kept.document: kept.reason for kept in plan.kept}


def removals(house: EngineHouse) -> int:
    """How often the books were asked to take something out."""
    return sum(
        body.count(b'"verb": "withdraw"') + body.count(b'"verb":"withdraw"') for _, body in house.books.heard
    )


def paid(house: EngineHouse) -> tuple[Any, Any]:
    invoice = house.invoice(house.customer())
    house.drain()
    payment = house.pay(invoice, "100.00")
    house.drain()
    return invoice, payment


def test_the_plan_goes_from_the_payment_to_its_invoice_and_changes_nothing(house: EngineHouse) -> None:
    invoice, payment = paid(house)
    heard = len(house.books.heard)
    plan = shown(house, invoice, payment)
    assert [(s.document, s.way) for s in plan.steps] == [
        (str(payment.ref), "void"),
        (str(invoice.ref), "void"),
    ]
    assert plan.steps[1].after == (str(payment.ref),)
    assert plan.kept == ()
    house.drain()
    assert len(house.books.heard) == heard
    assert not house.there(invoice).void


def test_applied_it_voids_children_first_and_says_so_for_each_record(house: EngineHouse) -> None:
    invoice, payment = paid(house)
    ask(house, invoice, payment)
    assert house.state(invoice) == "waiting"
    house.drain()
    assert house.there(payment).void
    assert house.there(invoice).void
    for record in (invoice, payment):
        event = house.event(record)
        assert event.state == "not_posted"
        assert event.reason.startswith("taken out of the books by undo, as ann asked on ")
    assert {row.state for row in house.rows(t.undos)} == {"done"}
    assert house.quiet()
    assert house.verdict().ok


def test_an_invoice_whose_payment_was_not_named_stays_and_says_what_to_name(house: EngineHouse) -> None:
    invoice, payment = paid(house)
    plan = ask(house, invoice)
    assert plan.steps == ()
    assert f"{payment.ref} ({house.place(payment)}) is linked with it" in reasons(plan)[str(invoice.ref)]
    house.drain()
    assert not house.there(invoice).void


def test_what_somebody_touched_in_the_books_stays(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.edit(house.place(invoice), memo="call first")
    house.poll()
    assert reasons(shown(house, invoice)) == {
        str(invoice.ref): "somebody has changed it in the books since we wrote it"
    }


def test_a_version_that_moved_for_no_known_reason_is_no_proof(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.edit(house.place(invoice))
    house.poll()
    assert "nobody knows why" in reasons(shown(house, invoice))[str(invoice.ref)]


def test_a_change_that_the_plan_could_not_see_is_refused_by_its_version(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.edit(house.place(invoice), memo="call first")
    ask(house, invoice)
    house.drain()
    assert not house.there(invoice).void
    event = house.event(invoice)
    assert (event.state, event.hold) == ("held", "person")
    assert "its undo did not go through" in event.reason
    assert "somebody has changed it" in reasons(ask(house, invoice))[str(invoice.ref)]


def test_what_was_matched_or_arrived_is_not_ours(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.enter(check(house, invoice, "30.00"))
    house.poll()
    arrived = next(iter(house.core.iterate(TENANT, since_revision=0, kinds=[check_kind()], limit=5)))
    plan = shown(house, arrived, invoice)
    assert "we did not create it" in reasons(plan)[str(arrived.ref)]
    assert str(invoice.ref) in reasons(plan), "and what it is linked with stays too"


def check_kind() -> Any:
    return RecordRef.parse("payment:1").kind


@pytest.mark.parametrize(
    ("account", "reason"),
    [("2000", "it lies in deposit#"), ("1000", "payout:1 (deposit#")],
    ids=["one that has no place here", "one that has become a payout"],
)
def test_a_document_of_the_bookkeeper_that_is_linked_with_ours_keeps_ours(
    house: EngineHouse, account: str, reason: str
) -> None:
    invoice, payment = paid(house)
    place = house.place(payment)
    line = DepositLine(payment=place, amount=D("100.00"))
    bank = books_ref(BooksKind.ACCOUNT, account)
    house.books.enter(BankDeposit(account=bank, date=DAY, lines=(line,), total=D("100.00")))
    house.poll()
    plan = shown(house, invoice, payment)
    assert plan.steps == ()
    assert reasons(plan)[str(payment.ref)].startswith(reason)
    assert reasons(plan)[str(invoice.ref)].startswith(f"{payment.ref}, which is linked with it, stays")


def test_undone_records_are_not_written_again_by_an_event_or_the_sweep(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    house.drain()
    house.reprice(invoice, "150.00")
    sweep.sweep(house.core, TENANT, everything=True)
    house.drain()
    house.poll()
    assert house.there(invoice).void
    assert house.state(invoice) == "not_posted"
    assert house.event(invoice).reason.startswith("taken out of the books by undo")
    assert house.conflicts() == []


def test_what_needs_an_undone_record_waits_for_a_person(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    house.drain()
    payment = house.pay(invoice, "10.00")
    house.drain()
    event = house.event(payment)
    assert event.state == "held"
    assert f"it needs {invoice.ref}, which was taken out of the books by undo" in event.reason
    with house.turn() as turn:
        assert undo.take_back(turn, [invoice.ref], actor="ann") == 1
    house.drain()
    assert house.state(payment) == "done"


def test_taking_it_back_writes_the_newest_state_onto_what_is_there(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    place = house.place(invoice)
    ask(house, invoice)
    house.drain()
    house.reprice(invoice, "150.00")
    house.drain()
    with house.turn() as turn:
        undo.take_back(turn, [invoice.ref], actor="ann")
    house.drain()
    assert house.place(invoice) == place
    assert (house.there(invoice).void, house.there(invoice).total) == (False, D("150.00"))
    assert house.state(invoice) == "done"
    assert [s.document for s in shown(house, invoice).steps] == [str(invoice.ref)], "it may be undone again"


def test_it_is_taken_back_also_when_retention_has_emptied_its_event(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    house.drain()
    house.set(t.outbox, t.outbox.c.ref_kind == "invoice", payload="")
    with house.turn() as turn:
        undo.take_back(turn, [invoice.ref], actor="ann")
    house.drain()
    assert not house.there(invoice).void
    assert house.state(invoice) == "done"


def test_an_undo_that_has_not_left_yet_is_taken_back_without_a_trace_there(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    with house.turn() as turn:
        undo.take_back(turn, [invoice.ref], actor="ann")
    house.drain()
    assert removals(house) == 0
    assert not house.there(invoice).void
    assert house.state(invoice) == "done"


def test_a_customer_goes_last_and_only_when_nothing_names_it(house: EngineHouse) -> None:
    ann = house.customer()
    invoice = house.invoice(ann)
    house.drain()
    alone = shown(house, ann)
    assert f"{invoice.ref} (" in reasons(alone)[str(ann.ref)]
    both = ask(house, ann, invoice)
    assert [(s.document, s.way) for s in both.steps] == [
        (str(invoice.ref), "void"),
        (str(ann.ref), "deactivate"),
    ]
    house.drain()
    assert house.there(ann).active is False
    assert house.state(ann) == "not_posted"


def test_by_exchange_only_what_it_created_is_meant(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    created = next(
        o.exchange_id for o in house.rows(t.operations) if o.kind == "invoice" and o.verb == "create"
    )
    house.reprice(invoice, "120.00")
    house.drain()
    changed = next(
        o.exchange_id for o in house.rows(t.operations) if o.kind == "invoice" and o.verb == "update"
    )
    assert [s.document for s in shown(house, exchange_id=created).steps if "invoice" in s.document] == [
        str(invoice.ref)
    ]
    assert "changed it and did not create it" in reasons(shown(house, exchange_id=changed))[str(invoice.ref)]


def test_since_a_moment_everything_that_was_written_after_it_is_meant(house: EngineHouse) -> None:
    old = house.invoice(house.customer())
    house.drain()
    later = dt.datetime.now(dt.UTC)
    new = house.invoice(house.customer("Bob Ray"))
    house.drain()
    documents = [s.document for s in shown(house, since=later).steps]
    assert documents[0] == str(new.ref)
    assert str(old.ref) not in documents


# -- closed periods ------------------------------------------------------------------------------------
def close(house: EngineHouse, day: dt.date, policy: ClosedPeriod = ClosedPeriod.HOLD) -> None:
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, closing_date=day)))
        rules_desk.change_policy(turn, attrs.evolve(turn.policy, closed_period=policy), actor="admin")


def test_in_a_closed_period_it_is_held_unless_the_policy_dates_it_later(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    close(house, DAY)
    kept = shown(house, invoice).kept[0]
    assert kept.reason == f"it is dated {DAY}, and the books are closed until {DAY}"
    assert "policy" in kept.remedy


def test_a_closed_invoice_is_reversed_by_a_credit_memo_on_the_first_open_day(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    close(house, DAY, ClosedPeriod.REDATE)
    (step,) = ask(house, invoice).steps
    assert (step.way, step.reversed_by, step.reversed_on) == (
        "reverse",
        "credit_memo",
        DAY + dt.timedelta(days=1),
    )
    house.drain()
    (memo,) = house.books.of(BooksKind.CREDIT_MEMO)
    assert isinstance(memo.document, CreditMemo)
    assert (memo.document.total, memo.document.date) == (D("100.00"), DAY + dt.timedelta(days=1))
    assert not house.there(invoice).void, "the closed period stays as it is"
    (settling,) = house.books.of(BooksKind.PAYMENT)
    assert isinstance(settling.document, CustomerPayment)
    settled = {part.invoice: part.amount for part in settling.document.allocations}
    place = next(ref for ref in house.books.records if ref.kind is BooksKind.CREDIT_MEMO)
    assert settled == {house.place(invoice): D("100.00"), place: D("-100.00")}
    assert settling.document.amount == 0
    assert house.state(invoice) == "not_posted"
    assert house.event(invoice).reason.startswith("reversed in the books by undo")
    house.reprice(invoice, "120.00")
    house.drain()
    assert len(house.books.of(BooksKind.CREDIT_MEMO)) == 1
    assert reasons(shown(house, invoice)) == {str(invoice.ref): "it was undone already"}


def test_a_reversal_is_taken_back_by_withdrawing_it(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    close(house, DAY, ClosedPeriod.REDATE)
    ask(house, invoice)
    house.drain()
    with house.turn() as turn:
        undo.take_back(turn, [invoice.ref], actor="ann")
    house.drain()
    (memo,) = house.books.of(BooksKind.CREDIT_MEMO)
    assert memo.document.void  # type: ignore[union-attr]
    (settling,) = house.books.of(BooksKind.PAYMENT)
    assert settling.document.void  # type: ignore[union-attr]
    assert house.state(invoice) == "done"


def test_a_payment_in_a_closed_period_has_no_reversal(house: EngineHouse) -> None:
    invoice, payment = paid(house)
    close(house, DAY, ClosedPeriod.REDATE)
    plan = shown(house, invoice, payment)
    assert plan.steps == ()
    assert "no document in an open period takes it back" in reasons(plan)[str(payment.ref)]


# -- once, whatever happens ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fault", [Fault.LOSE_AFTER, Fault.LOSE_BEFORE, Fault.CUT, Fault.NOT_SENT, Fault.HTML]
)
def test_a_lost_answer_ends_in_one_removal(house: EngineHouse, fault: Fault) -> None:
    invoice, payment = paid(house)
    ask(house, invoice, payment)
    house.books.script.append(fault)
    house.drain()
    house.poll()
    assert house.there(invoice).void
    assert house.there(payment).void
    assert {house.state(r) for r in (invoice, payment)} == {"not_posted"}
    versions = [house.books.records[house.place(r)].version for r in (invoice, payment)]
    house.poll()
    assert [house.books.records[house.place(r)].version for r in (invoice, payment)] == versions


def test_a_worker_that_dies_with_the_undo_out_does_not_undo_twice(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    house.provider.deliver(outgoing.body)  # it arrives, and the worker is killed before it hears the answer
    version = house.books.records[house.place(invoice)].version
    e = t.exchanges
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    house.set(e, e.c.state == "sent", deadline=past)
    house.set(t.connections, t.connections.c.id == house.id, lease_owner="", lease_until=None)
    house.restart()
    assert ask(house, invoice).steps == ()
    house.drain()
    assert house.state(invoice) == "not_posted"
    assert house.books.records[house.place(invoice)].version == version
    assert removals(house) == 1


def test_a_partly_failed_undo_is_resumed(house: EngineHouse) -> None:
    invoice, payment = paid(house)
    ask(house, invoice, payment)
    house.books.script.append(REFUSED)
    house.drain()
    assert house.state(payment) == "held"
    assert not house.there(invoice).void, "the invoice waits for its payment"
    again = ask(house, invoice, payment)
    assert [s.document for s in again.steps] == [str(payment.ref), str(invoice.ref)]
    house.drain()
    assert house.there(invoice).void
    assert house.there(payment).void
    assert {row.state for row in house.rows(t.undos)} == {"done"}
    assert len(house.rows(t.undos)) == 2


def test_asking_twice_in_a_row_asks_the_books_once(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    ask(house, invoice)
    house.drain()
    assert removals(house) == 1
    assert reasons(ask(house, invoice)) == {str(invoice.ref): "it was undone already"}


def test_retry_of_a_failed_undo_tries_it_again(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    ask(house, invoice)
    house.books.script.append(REFUSED)
    house.drain()
    assert house.state(invoice) == "held"
    with house.turn() as turn:
        resolve.retry(turn, [invoice.ref], "ann")
    house.drain()
    assert house.there(invoice).void
    assert house.state(invoice) == "not_posted"


def test_a_kind_that_the_books_do_not_let_go_is_held(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    with house.turn() as turn:
        turn.description = attrs.evolve(
            turn.description, removals={**turn.description.removals, BooksKind.INVOICE: Removal.HOLD}
        )
        plan = undo_plan.plan(turn, refs=[invoice.ref])
    assert "the books do not let this kind be taken out" in reasons(plan)[str(invoice.ref)]


def test_more_than_the_guard_lets_pass_is_said_before_and_stopped_then(house: EngineHouse) -> None:
    ann = house.customer()
    invoices = [house.invoice(ann, f"{n}.00") for n in (1, 2, 3)]
    house.drain()
    house.restart(guard_removals_per_hour=2)
    assert "lets 2 removals pass" in shown(house, *invoices).note
    ask(house, *invoices)
    house.drain()
    assert house.connection_row().health == "stopped"
    assert not any(house.there(invoice).void for invoice in invoices)


PICTURE = b"\x89PNG picture of a receipt"


def attached(house: EngineHouse) -> list[str]:
    """The files that the books hold."""
    found = (record.document for record in house.books.of(BooksKind.ATTACHMENT))
    return [document.filename for document in found if isinstance(document, AttachedFile)]


def test_the_file_of_a_cost_goes_before_it_and_comes_back_with_it(house: EngineHouse) -> None:
    with house.work() as tx:
        lunch = tx.keep_receipt(filename="lunch.png", content_type="image/png", content=PICTURE)
    cost = record_cost(
        house, ExpenseType.CARD, payment_account_key="company_card", receipts=(lunch,), vendor_id=None
    )
    house.drain()
    plan = ask(house, cost)
    file, main = plan.steps
    assert (main.document, main.after) == (str(cost.ref), (file.document,))
    house.drain()
    assert house.there(cost).void
    assert attached(house) == []
    assert house.state(cost) == "not_posted"
    with house.turn() as turn:
        assert undo.take_back(turn, [cost.ref], actor="ann") == 2
    house.drain()
    assert not house.there(cost).void
    assert attached(house) == ["lunch.png"]
    assert house.books.uploads == [PICTURE, PICTURE]
    assert house.state(cost) == "done"
