"""No refusal, retry, odd record or second process stops the work of others or runs in circles."""

import time

import pytest

from blueops_qb import bootstrap
from blueops_qb.domain.documents import Bill, Document
from blueops_qb.domain.posting import rules
from blueops_qb.domain.posting.context import PostingContext
from blueops_qb.domain.records import Customer, ExpenseType, Payment, Record
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand, resolve, rule_room
from blueops_qb.engine import engine as engine_module
from blueops_qb.engine.intake import intake
from blueops_qb.runners import threads
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.simple import Refusal
from blueops_qb.store import tables as t
from tests.engine_house import DAY, PLUGIN, TENANT, D, EngineHouse, found_company
from tests.fake_books import STALE, Fault
from tests.traps import LONG_AGO, ON_SQLITE, entered_customer, record_cost, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


# -- circles and limits ------------------------------------------------------------------------------
@ON_SQLITE
def test_out_of_date_that_a_read_does_not_bear_out_holds_the_record_soon(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    house.books.script.extend([STALE] * 100)
    house.reprice(invoice, "110.00")
    house.drain()
    assert len(house.books.script) >= 97  # a try or two, not a hundred
    assert house.state(invoice) == "held"
    assert "show the very version it was based on" in house.event(invoice).reason
    house.books.script.clear()
    with house.turn() as turn:
        by_hand.try_again(turn, [invoice.ref], actor="admin")
    house.drain()
    assert (house.state(invoice), house.there(invoice).total) == ("done", D("110.00"))


@ON_SQLITE
def test_looking_at_a_row_that_must_wait_is_no_change_for_the_guard(house: EngineHouse) -> None:
    house.restart(guard_incoming_per_hour=20)
    ann = sent_customer(house)
    house.change(ann, phone="555-1")
    take(house)  # her change is out and unanswered; meanwhile she moved over there
    assert house.set(t.mirror, t.mirror.c.kind == "customer", dirty=True) == 1
    for _ in range(30):
        house.engine.next_exchange(house.id)
    assert house.connection_row().health == "ok"


@ON_SQLITE
def test_another_attempt_of_the_same_invoice_is_not_more_money_for_the_guard(house: EngineHouse) -> None:
    house.restart(guard_amount_per_hour=D("500"))
    invoice = house.invoice(sent_customer(house), "100.00")
    house.books.script.extend([Fault.NOT_SENT] * 8)
    house.drain()
    assert house.state(invoice) == "done"
    assert house.connection_row().health == "ok"


@ON_SQLITE
def test_exchanges_that_nobody_answers_do_not_pile_up_and_are_heard_if_an_answer_comes_late(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "MOST_AT_HAND", 3)
    first, reply = None, None
    for number in range(12):
        house.customer(f"C{number}", email=f"c{number}@example.com")
        out = house.engine.next_exchange(house.id)  # a client that never comes back
        if out is not None and first is None:
            first, reply = out.exchange_id, house.provider.deliver(out.body)
        e = t.exchanges
        house.set(e, e.c.state == "sent", deadline=LONG_AGO)
    assert len(house.engine._sent) <= 3
    assert first is not None
    assert first not in house.engine._sent
    assert reply is not None
    assert house.engine.finish(first, reply)
    house.drain()
    assert sorted(c.name for c in house.books.of(K.CUSTOMER)) == sorted(f"C{n}" for n in range(12))


# -- what stops a connection says so -----------------------------------------------------------------
@ON_SQLITE
def test_a_sign_in_that_cannot_be_read_stops_the_connection_with_the_reason(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_another_form(*_: object) -> bool:
        raise ValueError("the stored tokens have another form")

    monkeypatch.setattr(house.provider, "needs_sign_in", of_another_form)
    assert house.engine.next_exchange(house.id) is None
    row = house.connection_row()
    assert (row.health, row.health_reason) == ("stopped", "the stored tokens have another form")


@ON_SQLITE
def test_a_right_that_is_missing_for_one_kind_is_named_and_resuming_serves_the_others(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, ann = house.vendor(), sent_customer(house)
    usual = house.books._check

    def no_bills(ref: BooksRef, document: Document) -> None:
        if isinstance(document, Bill):
            raise Refusal(Why.NOT_ALLOWED, "No right to bills.", "Ask an administrator.")
        usual(ref, document)

    monkeypatch.setattr(house.books, "_check", no_bills)
    record_cost(house, ExpenseType.BILL, vendor_id=vendor.id)
    house.drain()
    invoice = house.invoice(ann)
    house.drain()
    assert house.connection_row().health_reason == "No right to bills. Ask an administrator."
    with house.turn() as turn:
        resolve.resume(turn, "admin")
    house.drain()
    assert house.state(invoice) == "done"


# -- one odd record ----------------------------------------------------------------------------------
def test_a_defect_in_a_posting_rule_holds_its_record_and_nobody_else(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sent_customer(house)
    bad, good = house.invoice(ann, "1.00"), house.invoice(ann, "2.00")
    usual = rules.post

    def post(record: Record, context: PostingContext, table: rules.Rules) -> object:
        if record.ref == bad.ref:
            raise ZeroDivisionError("a defect in a posting rule")
        return usual(record, context, table)

    monkeypatch.setattr(rule_room, "post", post)
    house.drain()
    assert (house.state(good), house.state(bad)) == ("done", "held")
    assert "a defect in a posting rule" in house.event(bad).reason
    monkeypatch.setattr(rule_room, "post", usual)
    with house.turn() as turn:
        by_hand.try_again(turn, [bad.ref], actor="admin")
    house.drain()
    assert house.state(bad) == "done"


def test_a_record_of_the_books_that_cannot_be_read_back_stops_nobody(house: EngineHouse) -> None:
    ann = sent_customer(house)
    bob = entered_customer(house, "Bob")
    house.poll()
    house.set(t.mirror, t.mirror.c.books_id == bob.id, document='{"strange": 1}', dirty=True)
    good = house.invoice(ann, "2.00")
    house.drain()
    assert house.state(good) == "done"
    assert [str(bob) in c.reason or c.books_id == bob.id for c in house.conflicts()] == [True]


@ON_SQLITE
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(":", id="a colon"),
        pytest.param("::", id="two colons"),
        pytest.param("a" * 200, id="long"),
        pytest.param("x:" * 100, id="colons all over"),
        pytest.param("'\"", id="quotes"),
        pytest.param("Ann (deleted)", id="looks deleted"),
        pytest.param("é" * 100, id="accents"),
        pytest.param("😀", id="emoji"),
    ],
)
def test_a_customer_of_an_odd_name_is_written_or_held_and_nobody_else_waits(
    house: EngineHouse, name: str
) -> None:
    odd = house.customer(name)
    good = house.customer("Good", email="good@example.com")
    house.drain()
    assert house.state(good) == "done"
    assert house.state(odd) == ("held" if not name.strip(":") else "done")
    assert house.state(odd) == "done" or house.event(odd).remedy


# -- two processes -----------------------------------------------------------------------------------
@pytest.fixture
def third(house: EngineHouse) -> str:
    """A company that was switched on in another process: this one has not heard of it."""
    found_company(house.core, "third", "Third Plumbing")
    intake.switched_on([TENANT])
    return "third"


def is_heard(house: EngineHouse, tenant: str) -> bool:
    """Whether an event of the tenant is kept as it happens."""
    with house.core.begin(tenant, actor="office") as tx:
        ann = tx.create_customer(Customer(id="", name="Ann Lee"))
    o = t.outbox
    return bool(house.rows(o, o.c.tenant_id == tenant, o.c.ref_id == ann.id))


@ON_SQLITE
def test_the_sweep_of_the_host_hears_of_a_switch_that_was_turned_elsewhere(
    house: EngineHouse, third: str
) -> None:
    assert not is_heard(house, third)
    task = next(task for task in bootstrap.schedule() if "sweep" in task.name)
    task.run(TENANT)
    assert is_heard(house, third)


@ON_SQLITE
@pytest.mark.parametrize("switch", [Switch.PAUSED, Switch.OFF])
def test_the_runner_hears_of_switches_that_were_turned_elsewhere(
    house: EngineHouse, third: str, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.core.set_switch(third, PLUGIN, switch, actor="admin")
    intake.switched_on([TENANT] if switch is Switch.PAUSED else [TENANT, third])
    monkeypatch.setattr(threads, "IN_STEP", 0.0)
    runner = threads.ThreadRunner(house.engine, threads=1, poll=0.01)
    runner.start()
    try:
        until = time.monotonic() + 60
        wanted = switch is Switch.PAUSED
        while (third in intake._on) != wanted and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        runner.stop()
    assert is_heard(house, third) == wanted


@ON_SQLITE
def test_a_stored_document_that_cannot_be_read_holds_its_record_and_nobody_else(house: EngineHouse) -> None:
    ann = sent_customer(house)
    with house.work() as tx:
        payment = tx.record_payment(
            Payment(id="", customer_id=ann.id, received_on=DAY, method="check", amount=D("50.00"))
        )
    house.drain()
    assert house.set(t.documents, t.documents.c.source_kind == "payment", content='{"spoiled":1}') == 1
    house.change(payment, memo="by phone")
    other = house.invoice(ann, "10.00")
    house.drain()
    assert house.state(other) == "done"
    assert (house.state(payment), house.event(payment).hold) == ("held", "defect")
    assert "could not be planned" in house.event(payment).reason
