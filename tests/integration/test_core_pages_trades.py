"""Core's pages for the trades: bundles, permits, funds for fees, subcontracts and progress applications."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.domain.records import (
    DepositPurpose,
    Expense,
    Invoice,
    Job,
    LineKind,
    Payment,
    PermitPayer,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.people import add_choices
from blueops_qb.sandbox.core.seed import CHOICES
from tests.core_house import DAY, TENANT, Browser, D, customer, house, people


@pytest.fixture
def core(sqlite_url: str) -> Iterator[ReferenceCore]:
    with house(sqlite_url) as opened:
        people(opened)
        with opened.begin(TENANT) as tx:
            for family, entries in CHOICES.items():
                add_choices(tx.connection, TENANT, family, entries)
            tx.create_vendor(Vendor(id="", name="City of Reno"))
        customer(opened)
        with opened.begin(TENANT) as tx:
            tx.create_job(Job(id="", customer_id="1", name="Kitchen"))
        yield opened


@pytest.fixture
def office(core: ReferenceCore) -> Browser:
    return Browser(core, "bookkeeper")


def send(office: Browser, path: str, fields: dict[str, Any]) -> Any:
    """Open the form and send it, as a browser does: each form goes under a key of its own."""
    shown = office.get(path).text
    once = re.search('name="once" value="([^"]+)"', shown)
    assert once is not None
    return office.post(path, {**fields, "once": once[1]})


def latest(core: ReferenceCore, kind: RecordKind) -> object:
    """The record of that kind which was made last."""
    made = [snapshot.record for snapshot in core.iterate(TENANT, kinds=[kind])]
    return max(made, key=lambda record: int(record.id))


def test_a_bundle_and_a_permit_on_an_invoice(core: ReferenceCore, office: Browser) -> None:
    fields = {
        "customer_id": "1",
        "issue_date": DAY.isoformat(),
        "what": ["bundle:", "permit:agent"],
        "description": ["Heater, installed", "Permit"],
        "quantity": ["1", "1"],
        "unit_price": ["1000", "185"],
        "line_discount": ["", ""],
        "taxable": ["no", "no"],
        "line_id": ["", ""],
        "class_key": ["", ""],
        "parts": ["equipment water_heater 600 taxed; service install 400", ""],
    }
    refused = send(office, "/invoices/new?customer_id=1", {**fields, "parts": ["equipment 600", ""]})
    assert refused.status_code == 422
    assert "is no part" in refused.get_data(as_text=True)
    assert send(office, "/invoices/new?customer_id=1", fields).status_code == 303
    made = latest(core, RecordKind.INVOICE)
    assert isinstance(made, Invoice)
    installed, permit = made.lines
    assert [(p.kind, p.ssp, p.taxable) for p in installed.parts] == [
        (LineKind.EQUIPMENT, D("600.00"), True),
        (LineKind.SERVICE, D("400.00"), False),
    ]
    assert (permit.kind, permit.permit_payer) == (LineKind.PERMIT, PermitPayer.AGENT)
    shown = office.get(f"/invoices/{made.id}/edit").get_data(as_text=True)
    assert "equipment water_heater 600.00 taxed; service install 400.00" in shown


def test_a_permit_and_money_that_was_given_for_it(core: ReferenceCore, office: Browser) -> None:
    fields = {
        "type": "card",
        "date": DAY.isoformat(),
        "vendor_id": "1",
        "payment_account_key": "visa",
        "category": ["expense:permit"],
        "description": ["Building permit"],
        "line_amount": ["185"],
        "job_id": ["1"],
        "class_key": [""],
        "permit": "held_funds",
        "permit_number": "B-77",
    }
    assert send(office, "/expenses/new", {**fields, "permit": "nobody"}).status_code == 422
    assert send(office, "/expenses/new", {**fields, "vendor_id": ""}).status_code == 422
    assert send(office, "/expenses/new", fields).status_code == 303
    made = latest(core, RecordKind.EXPENSE)
    assert isinstance(made, Expense)
    assert made.permit is not None
    assert (made.permit.payer, made.permit.number) == (PermitPayer.HELD_FUNDS, "B-77")

    money = {
        "customer_id": "1",
        "received_on": DAY.isoformat(),
        "amount": "185",
        "method": "check",
        "deposit_for_job": "1",
        "deposit_purpose": "permit_funds",
    }
    assert (
        send(office, "/payments/new?customer_id=1", {**money, "deposit_purpose": "beer"}).status_code == 422
    )
    assert send(office, "/payments/new?customer_id=1", money).status_code == 303
    paid = latest(core, RecordKind.PAYMENT)
    assert isinstance(paid, Payment)
    assert paid.deposit_purpose is DepositPurpose.PERMIT_FUNDS


def test_a_subcontractors_application_and_its_release(core: ReferenceCore, office: Browser) -> None:
    fields = {
        "type": "subcontract",
        "date": DAY.isoformat(),
        "vendor_id": "1",
        "category": ["expense:subcontractor"],
        "description": ["Footings"],
        "line_amount": ["1000"],
        "job_id": ["1"],
        "class_key": [""],
        "change_order_id": ["CO1"],
        "subcontract_id": "S-1",
        "application": "1",
        "contract_sum": "5000",
        "retainage": "100",
        "holds": "lien waiver; insurance",
    }
    assert send(office, "/expenses/new", fields).status_code == 303
    made = latest(core, RecordKind.EXPENSE)
    assert isinstance(made, Expense)
    assert made.subcontract is not None
    assert (made.total, made.lines[0].change_order_id) == (D("900.00"), "CO1")
    assert made.subcontract.holds == ("lien waiver", "insurance")
    release = {
        "type": "subcontract",
        "date": DAY.isoformat(),
        "vendor_id": "1",
        "subcontract_id": "S-1",
        "subcontract_job_id": "1",
        "release": "100",
    }
    assert send(office, "/expenses/new", release).status_code == 303
    back = latest(core, RecordKind.EXPENSE)
    assert isinstance(back, Expense)
    assert back.subcontract is not None
    assert (back.total, back.subcontract.withheld_before) == (D("100.00"), D("100.00"))


def test_progress_applications_of_a_job(core: ReferenceCore, office: Browser) -> None:
    assert "/jobs/1/applications/new" in office.get("/jobs/1").get_data(as_text=True)
    page = office.get("/jobs/1/applications/new").get_data(as_text=True)
    assert 'name="number"' in page
    fields = {
        "number": "1",
        "issue_date": DAY.isoformat(),
        "original_contract": "5000",
        "sov_line_id": ["1"],
        "description": ["Framing"],
        "scheduled": ["5000"],
        "change_order_id": [""],
        "this_period": ["1000"],
        "stored": [""],
        "retainage_percent": ["10"],
    }
    refused = send(office, "/jobs/1/applications/new", {**fields, "this_period": ["6000"]})
    assert refused.status_code == 422
    assert "completes 6000.00 of line 1" in refused.get_data(as_text=True)
    assert send(office, "/jobs/1/applications/new", {**fields, "number": "one"}).status_code == 422
    assert send(office, "/jobs/1/applications/new", fields).status_code == 303
    made = latest(core, RecordKind.INVOICE)
    assert isinstance(made, Invoice)
    assert (made.number, made.total) == ("1-APP-1", D("900.00"))
    # Its date can be changed on the page of invoices; its lines stay those of the application.
    edited = {
        "customer_id": "1",
        "issue_date": "2026-03-05",
        "what": ["service:repair"],
        "description": ["Else"],
        "quantity": ["1"],
        "unit_price": ["5"],
        "line_discount": [""],
        "taxable": ["no"],
        "line_id": [""],
        "class_key": [""],
        "parts": [""],
        "job_id": "1",
    }
    assert send(office, f"/invoices/{made.id}/edit", edited).status_code == 303
    later = latest(core, RecordKind.INVOICE)
    assert isinstance(later, Invoice)
    assert (later.issue_date.isoformat(), later.total) == ("2026-03-05", D("900.00"))
    assert later.application == made.application
    # The next one starts from the schedule of values of the last.
    again = office.get("/jobs/1/applications/new").get_data(as_text=True)
    assert 'value="2"' in again
    assert 'value="Framing"' in again
    assert send(office, "/jobs/1/applications/new", {**fields, "number": "2"}).status_code == 303
    second = core.read(TENANT, [RecordRef(RecordKind.INVOICE, str(int(made.id) + 1))])
    found = next(iter(second.values())).record
    assert isinstance(found, Invoice)
    assert found.application is not None
    assert (found.application.lines[0].previous, found.application.previous_certificates) == (
        D("1000.00"),
        D("900.00"),
    )
    assert (
        office.post(
            "/jobs/1/applications/new", {"number": "3", "issue_date": DAY.isoformat(), "release": "200"}
        ).status_code
        == 303
    )
