"""Bad input from BlueOps: malformed events, and records that only a person can put right; nobody else waits."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import sweep
from blueops_qb.engine.intake import intake
from blueops_qb.engine.outbox import State
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Action, Event
from blueops_qb.store import tables as t
from tests.bad_day import BadDay
from tests.core_house import draft
from tests.office import PLUGIN

pytest_plugins = ["tests.bad_day_fixtures"]


# -- events --------------------------------------------------------------------------------------------
def changed(**values: Any) -> Callable[[Any], Any]:
    return lambda event: {**event, **values}


def record_changed(**values: Any) -> Callable[[Any], Any]:
    return lambda event: {**event, "record": {**event["record"], **values}}


def record_without(name: str) -> Callable[[Any], Any]:
    return lambda event: {
        **event,
        "record": {key: value for key, value in event["record"].items() if key != name},
    }


#: What is wrong with a payload -> (how it comes about, words about the cause).
PAYLOADS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "an array": (lambda _: [], "not an object"),
    "of a later release": (changed(schema=99), "99"),
    "without its record": (lambda event: {k: v for k, v in event.items() if k != "record"}, "record"),
    "with a record of words": (changed(record="the record"), "record"),
    "with an unknown kind": (changed(ref="banana:1"), "ref"),
    "about another record": (changed(ref="invoice:1"), "invoice:1"),
    "with an unknown action": (changed(action="exploded"), "action"),
    "without its customer": (record_without("customer_id"), "customer_id"),
    "with an amount as a float": (record_changed(total=12.5), "total"),
    "with an amount that is no number": (record_changed(total="NaN"), "total"),
    "with a date that is none": (record_changed(issue_date="yesterday"), "issue_date"),
    "with lines that are none": (record_changed(lines="two"), "lines"),
}


def test_a_broken_payload_is_held_with_its_problems_and_saving_again_cures_it(day: BadDay) -> None:
    customer = day.customer()
    broken = {what: day.invoice(customer) for what in [*PAYLOADS, "cut off"]}
    for what, (spoil, _) in PAYLOADS.items():
        day.tamper(broken[what], json.dumps(spoil(json.loads(day.payload(broken[what])))))
    day.tamper(broken["cut off"], day.payload(broken["cut off"])[:100])
    beside = day.others()
    day.until_done(*beside)
    causes = {what: cause for what, (_, cause) in PAYLOADS.items()} | {"cut off": "not JSON"}
    for what, cause in causes.items():
        day.told(broken[what], State.HELD, "cannot be read", cause, "save it again")
        assert not day.in_books(broken[what]), what
    day.nothing_lost()
    for invoice in broken.values():
        with day.shop.core.begin(day.shop.tenant, actor="office") as tx:
            tx.update_invoice(invoice.id, draft_of(invoice))
    day.until_done(*broken.values())
    day.whole()


def test_a_row_that_this_release_does_not_know_stops_nobody_else(day: BadDay) -> None:
    """Rows of a kind that only a later release writes, left behind by a downgrade."""
    strange = day.invoice()
    o = t.outbox
    mine = o.c.ref_id == strange.id
    with day.shop.core.begin(day.shop.tenant) as tx:
        tx.connection.execute(o.update().where(mine).values(ref_kind="credit_memo"))
    beside = day.others()
    day.until_done(*beside)
    with day.shop.core.engine.connect() as connection:
        row = connection.execute(sa.select(o).where(mine, o.c.ref_kind == "credit_memo")).one()
    assert row.state == State.HELD
    assert "credit_memo" in row.reason
    assert row.remedy
    with day.shop.core.begin(day.shop.tenant) as tx:
        tx.connection.execute(o.update().where(mine).values(ref_kind="invoice", state="pending"))
    day.until_done(strange)
    day.whole()


def event_of(day: BadDay, **values: Any) -> Event:
    """The event of an invoice that core never had, with these values."""
    genuine = day.heard[-1]
    ref = RecordRef(RecordKind.INVOICE, "ghost")
    return attrs.evolve(genuine, **{"ref": ref, "action": Action.CREATED, "record": None, **values})


#: What a hook may be called with by mistake; none of it can be kept.
RUBBISH: dict[str, Callable[[BadDay], Any]] = {
    "nothing": lambda _: None,
    "words": lambda _: "invoice 7 was created",
    "an empty object": lambda _: object(),
    "no tenant": lambda day: event_of(day, tenant_id=None),
    "a tenant that cannot be looked up": lambda day: event_of(day, tenant_id=["acme"]),
    "a ref of words": lambda day: event_of(day, ref="invoice:7"),
    "an action of words": lambda day: event_of(day, action="exploded"),
    "no revision": lambda day: event_of(day, revision=None),
    "a revision of words": lambda day: event_of(day, revision="seven"),
    "a day without a zone": lambda day: event_of(day, occurred_at="yesterday"),
    "a record that cannot be written down": lambda day: event_of(day, record={1: object()}),
    "a cause that is no text": lambda day: event_of(day, cause=object()),
}


def test_a_hook_called_with_rubbish_leaves_cores_transaction_whole(day_on_both: BadDay) -> None:
    day = day_on_both
    core, tenant = day.shop.core, day.shop.tenant
    quickbooks = core.world.get(PLUGIN)
    day.others()
    made: list[Invoice] = []
    for what, rubbish in RUBBISH.items():
        event = rubbish(day)
        failures, heard = quickbooks.failures, list(day.heard)
        with core.begin(tenant, actor="office") as tx:
            customer = tx.create_customer(Customer(id="", name=f"Before {what}"))
            core.announce("invoice_created", event, tx.connection, core.switches(tenant))
            day.heard.remove(event)  # the witness keeps what it is given
            made.append(tx.raise_invoice(draft(customer.id)))
        assert quickbooks.failures == failures, f"{what}: it raised into core"
        assert [event.ref for event in day.heard[len(heard) :]] == [customer.ref, made[-1].ref], what
    day.until_done(*made)
    day.nothing_lost()
    day.whole()


def test_an_event_that_could_not_be_kept_is_found_by_the_core_sweep(
    day: BadDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = day.shop
    customer = day.customer()
    missed = intake.missed
    with monkeypatch.context() as patch:
        patch.setattr(wire, "dump", no_events)
        invoice = day.invoice(customer)
    assert intake.missed == missed + 1
    day.others()
    assert sum(day.counted().values()) == len(day.heard) - 1
    assert sweep.sweep(shop.core, shop.tenant) == 1
    day.until_done(invoice)
    day.whole()


def no_events(value: Any, dump: Callable[[Any], str] = wire.dump) -> str:
    """As `wire.dump`, which for once cannot write events down."""
    if isinstance(value, Event):
        raise ValueError("the payload cannot be written")
    return dump(value)


# -- what a person must decide -------------------------------------------------------------------------
def test_an_unmapped_category_is_held_by_name_and_released_by_mapping(day: BadDay) -> None:
    shop = day.shop
    held = day.invoice(service="gold_plating")
    payment = day.pay(held)
    beside = day.others()
    day.until_done(*beside)
    day.told(held, State.HELD, "not mapped", "“gold_plating”", "Map the named keys", "by itself")
    assert held.number in day.line(held).reason
    assert shop.state(payment.ref) == State.WAITING
    assert f"waits for {held.ref}" in day.line(payment).reason
    assert not day.in_books(held)
    assert not day.in_books(payment)
    day.nothing_lost()
    shop.map(Family.SERVICE, "gold_plating", item=shop.item("Repair"))
    day.until_done(held, payment)
    day.whole()


@pytest.mark.parametrize(
    ("known", "cure"),
    [
        pytest.param(False, "active again", id="found out by sending, active again"),
        pytest.param(True, "active again", id="seen before, active again"),
        pytest.param(True, "another item", id="seen before, another item"),
    ],
)
def test_an_inactive_item_is_held_by_name(day: BadDay, known: bool, cure: str) -> None:
    shop = day.shop
    item = shop.item("Repair")
    shop.map(Family.SERVICE, "other", item=shop.item("Install"))
    shop.twin_call("do", action="inactivate", kind="Item", id=item.id)
    if known:
        shop.poll()
    held = day.invoice(price="80.00")
    customer = day.customer()
    beside = [day.invoice(customer, service="other"), day.bill()]
    day.until_done(*beside)
    day.until_state(State.HELD, held)
    day.told(held, State.HELD, "inactive", "Repair", "active", "again")
    assert not day.in_books(held)
    day.nothing_lost()
    if cure == "another item":
        shop.map(Family.SERVICE, "repair", item=shop.item("Install"))
    else:
        shop.twin_call("do", action="edit", kind="Item", id=item.id, changes={"Active": True})
        shop.poll()
        day.retry_if_told_so(held)
    day.until_done(held)
    day.whole()


@pytest.mark.parametrize(
    ("known", "cure"),
    [
        pytest.param(False, "renamed in BlueOps", id="found out by sending, renamed in BlueOps"),
        pytest.param(False, "renamed in the books", id="found out by sending, renamed in the books"),
        pytest.param(True, "renamed in the books", id="seen before, renamed in the books"),
    ],
)
def test_a_customer_with_the_name_of_a_vendor_is_held_and_its_invoice_follows(
    day: BadDay, known: bool, cure: str
) -> None:
    shop = day.shop
    name = "Copper Kettle"
    vendor = shop.twin_call("do", action="create", kind="Vendor", body={"DisplayName": name})["result"]
    if known:
        shop.poll()
    held = day.customer(name)
    invoice = day.invoice(held)
    beside = day.others()
    day.until_done(*beside)
    day.until_state(State.HELD, held)
    day.told(held, State.HELD, "name is already used", "change the name")
    assert str(held.ref) in day.line(invoice).reason
    assert day.line(invoice).state in (State.HELD, State.WAITING)
    assert not day.in_books(invoice)
    day.nothing_lost()
    if cure == "renamed in BlueOps":
        held = shop.change(held, name=f"{name} Café")
    else:
        changes = {"DisplayName": f"{name} Supply"}
        shop.twin_call("do", action="edit", kind="Vendor", id=vendor["Id"], changes=changes)
        shop.poll()
        day.retry_if_told_so(held)
    day.until_done(held, invoice)
    assert day.in_books(invoice)[0]["CustomerRef"]["value"] == day.in_books(held)[0]["Id"]
    before = {**day.before, "Vendor": day.before["Vendor"] + 1}  # theirs, entered during the day
    attrs.evolve(day, before=before).whole()


def test_amounts_that_do_not_add_up_are_held_with_both_figures(day: BadDay) -> None:
    shop = day.shop
    invoice = day.invoice(price="100.00")
    bill = day.bill("40.00")
    for record, total in ((invoice, "100.01"), (bill, "41.00")):
        event = json.loads(day.payload(record))
        event["record"]["total"] = total
        day.tamper(record, json.dumps(event))
    beside = day.others()
    day.until_done(*beside)
    day.told(invoice, State.HELD, "does not add up", "100.00", "100.01", "Correct the invoice in BlueOps")
    day.told(bill, State.HELD, "40.00", "41.00", "Correct")
    assert not day.in_books(invoice)
    assert not day.in_books(bill)
    day.nothing_lost()
    with shop.core.begin(shop.tenant, actor="office") as tx:
        tx.update_invoice(invoice.id, draft_of(invoice))
        tx.update_expense(bill)
    day.until_done(invoice, bill)
    day.whole()


def test_a_payment_of_more_than_it_says_is_held_with_both_figures(day: BadDay) -> None:
    invoice = day.invoice()
    payment = day.pay(invoice)
    event = json.loads(day.payload(payment))
    event["record"]["amount"] = "99.00"
    day.tamper(payment, json.dumps(event))
    beside = day.others()
    day.until_done(*beside, invoice)
    day.told(payment, State.HELD, "99.00", "100.00")
    assert not day.in_books(payment)
    with day.shop.core.begin(day.shop.tenant, actor="office") as tx:
        tx.update_payment(attrs.evolve(payment, amount=Decimal("100.00")))
    day.until_done(payment)
    day.whole()
