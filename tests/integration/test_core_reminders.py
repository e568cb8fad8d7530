"""Reminders go out for what is overdue and open, once a day, unless a plugin objects."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.reminders import Held, send_reminders
from blueops_qb.sdk.hooks import Switch
from tests.core_house import PLUGINS, TENANT, customer, house, invoice, payment_of, rows

TODAY = dt.date(2026, 5, 1)
DUE = dt.date(2026, 4, 1)


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    with house(database_url) as opened:
        customer(opened)
        yield opened


def test_only_open_overdue_invoices_are_reminded_of(core: ReferenceCore) -> None:
    invoice(core, due_date=DUE)
    invoice(core, due_date=TODAY)
    invoice(core, due_date=DUE)
    invoice(core, due_date=DUE)
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("100.00", ("1003", "100.00")))
        tx.void_invoice("1004", reason="wrong customer")
    run = send_reminders(core, TENANT, TODAY)
    assert (run.sent, run.held) == (("1001",), ())
    [(email, balance, text)] = rows(core, "SELECT email, balance, text FROM core_reminders_sent")
    assert (email, balance) == ("ann@example.com", 10000)
    assert "Invoice 1001 of 2026-03-02 fell due on 2026-04-01, 30 days ago. 100.00 USD" in text


def test_one_day_brings_one_reminder_and_the_next_another(core: ReferenceCore) -> None:
    invoice(core, due_date=DUE)
    assert send_reminders(core, TENANT, TODAY).sent == ("1001",)
    assert send_reminders(core, TENANT, TODAY).sent == ()
    assert send_reminders(core, TENANT, TODAY + dt.timedelta(days=1)).sent == ("1001",)


def test_a_partly_paid_invoice_is_reminded_of_its_rest_and_a_paid_one_no_more(core: ReferenceCore) -> None:
    invoice(core, due_date=DUE)
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("60.00", ("1001", "60.00")))
    send_reminders(core, TENANT, TODAY)
    assert rows(core, "SELECT balance FROM core_reminders_sent") == [(4000,)]
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("40.00", ("1001", "40.00")))
    assert send_reminders(core, TENANT, TODAY + dt.timedelta(days=1)).sent == ()


def test_a_plugin_holds_a_reminder_with_its_reason(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    core.set_switch(TENANT, "good", Switch.ON, actor="admin")
    invoice(core, due_date=DUE)
    invoice(core, due_date=DUE)
    with core.begin(TENANT) as tx:
        tx.connection.execute(sa.text("INSERT INTO good_seen VALUES ('hold', '1001', 0, '')"))
    run = send_reminders(core, TENANT, TODAY)
    assert run.sent == ("1002",)
    assert run.held == (Held("1001", "Good neighbour: a payment may be on its way."),)
    assert rows(core, "SELECT invoice_id, reason FROM core_reminders_held") == [(1001, run.held[0].reason)]
    core.set_switch(TENANT, "good", Switch.OFF, actor="admin")
    assert send_reminders(core, TENANT, TODAY).sent == ("1001",)
    assert rows(core, "SELECT * FROM core_reminders_held") == []


def test_a_plugin_that_fails_holds_the_reminder_and_spoils_nothing(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "raises"], entry_points=[])
    core.set_switch(TENANT, "raises", Switch.ON, actor="admin")
    invoice(core, due_date=DUE)
    run = send_reminders(core, TENANT, TODAY)
    assert run.sent == ()
    assert run.held[0].reason.startswith("Raising neighbour could not say whether it may go out: ")
    assert rows(core, "SELECT count(*) FROM core_reminders_held") == [(1,)]


def test_an_invoice_without_an_address_is_held(core: ReferenceCore) -> None:
    customer(core, "Bob", email="")
    invoice(core, customer_id="2", due_date=DUE)
    assert send_reminders(core, TENANT, TODAY).held[0].reason == (
        "invoice 1001 has no e-mail address; enter one"
    )
