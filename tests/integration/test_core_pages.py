"""Core's pages: a person raises an invoice and takes a payment without scripts."""

import io
from collections.abc import Iterator

import pytest

from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Invoice, Job, Payment, Vendor
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.people import add_choices
from blueops_qb.sandbox.core.reminders import send_reminders
from blueops_qb.sandbox.core.seed import CHOICES, practice_company
from blueops_qb.sandbox.core.seed import PASSWORD as PRACTICE
from tests.core_house import (
    DAY,
    PLUGINS,
    TENANT,
    Browser,
    D,
    customer,
    house,
    invoice,
    payment_of,
    people,
    rows,
)


@pytest.fixture
def core(sqlite_url: str) -> Iterator[ReferenceCore]:
    with house(sqlite_url) as opened:
        people(opened)
        with opened.begin(TENANT) as tx:
            for family, entries in CHOICES.items():
                add_choices(tx.connection, TENANT, family, entries)
        yield opened


@pytest.fixture
def office(core: ReferenceCore) -> Browser:
    return Browser(core, "bookkeeper")


def lines(*written: tuple[str, str, str, str, str, str]) -> dict[str, list[str]]:
    """The form's table of lines: what, description, quantity, price, discount, taxed."""
    columns = list(zip(*written, strict=True))
    names = ("what", "description", "quantity", "unit_price", "line_discount", "taxable")
    return {
        **{name: list(column) for name, column in zip(names, columns, strict=True)},
        "line_id": [""] * len(written),
        "class_key": [""] * len(written),
    }


THREE_LINES = lines(
    ("service:repair", "Repair", "2.5", "129.00", "10%", "no"),
    ("material:pipe_fittings", "Valve kits", "3", "18.95", "", "yes"),
    ("service:service_call", "Call", "1", "$59", "", "no"),
    ("", "", "1", "", "", "no"),
)


def test_an_invoice_of_three_lines_is_raised_and_paid(core: ReferenceCore, office: Browser) -> None:
    customer(core)
    assert "Ann Lee" in office.get("/invoices/new").text
    assert "New invoice for Ann Lee" in office.get("/invoices/new?customer_id=1").text
    fields = {"customer_id": "1", "issue_date": "2026-03-02", "terms": "net_30", "tax_key": "ca_county"}
    answer = office.post("/invoices/new", {**THREE_LINES, **fields, "once": "a", "press": "save"})
    assert (answer.status_code, answer.location) == (303, "/invoices/1001")
    shown = office.get("/invoices/1001").text
    assert "410.79" in shown
    assert "due 2026-04-01" in shown
    office.get("/payments/new?customer_id=1&invoice=1001")
    fields = {"customer_id": "1", "received_on": "2026-03-05", "method": "check", "reference": "118"}
    answer = office.post("/payments/new", {**fields, "apply-1001": "410.79", "once": "b"})
    assert answer.location == "/payments/1"
    kept = core.read(TENANT, [RecordRef(RecordKind.PAYMENT, "1")]).popitem()[1].record
    assert isinstance(kept, Payment)
    assert (kept.amount, kept.method, kept.reference, kept.unapplied) == (D("410.79"), "check", "118", D(0))
    assert "Invoice 1001" in office.get("/payments/1").text
    assert rows(core, "SELECT status FROM core_records WHERE kind = 'invoice'") == [("paid",)]
    office.post("/payments/1/void", reason="bounced")
    assert rows(core, "SELECT status FROM core_records WHERE kind = 'invoice'") == [("open",)]


def test_a_form_sent_twice_makes_one_record(core: ReferenceCore, office: Browser) -> None:
    customer(core)
    office.get("/invoices/new?customer_id=1")
    fields = {**THREE_LINES, "customer_id": "1", "issue_date": "2026-03-02", "once": "same"}
    assert office.post("/invoices/new", fields).location == "/invoices/1001"
    assert office.post("/invoices/new", fields).location == "/invoices/1001"
    assert rows(core, "SELECT count(*) FROM core_records WHERE kind = 'invoice'") == [(1,)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("", "Repair", "1", "5", "", "no"), "line 1: choose what was done"),
        (
            ("service:repair", "Repair", "two", "5", "", "no"),
            "Line 1, quantity: &#39;two&#39; is not a number",
        ),
        (("service:repair", "Repair", "1", "1e999", "", "no"), "is too large"),
        (("service:repair", "Repair", "1", "5", "6", "no"), "cannot be priced"),
    ],
)
def test_what_was_typed_stays_when_it_is_refused(
    core: ReferenceCore, office: Browser, line: tuple[str, str, str, str, str, str], why: str
) -> None:
    customer(core)
    office.get("/invoices/new?customer_id=1")
    fields = {**lines(line), "customer_id": "1", "issue_date": "2026-03-02", "memo": "as <agreed>"}
    answer = office.post("/invoices/new", fields)
    assert answer.status_code == 422
    assert why in answer.text
    assert 'value="Repair"' in answer.text
    assert "as &lt;agreed&gt;" in answer.text


def test_more_lines_keeps_what_was_typed(core: ReferenceCore, office: Browser) -> None:
    customer(core)
    office.get("/invoices/new?customer_id=1")
    answer = office.post("/invoices/new", {**THREE_LINES, "customer_id": "1", "press": "more"})
    assert answer.status_code == 200
    assert answer.text.count('name="description"') == 8
    assert rows(core, "SELECT count(*) FROM core_records WHERE kind = 'invoice'") == [(0,)]


def test_an_invoice_is_changed_and_voided(core: ReferenceCore, office: Browser) -> None:
    customer(core)
    invoice(core)
    assert 'value="100.00"' in office.get("/invoices/1001/edit").text
    changed = lines(("service:repair", "Repair", "2", "100.00", "", "no"))
    office.post("/invoices/1001/edit", {**changed, "line_id": ["1"], "issue_date": "2026-03-02"})
    kept = core.read(TENANT, [RecordRef(RecordKind.INVOICE, "1001")]).popitem()[1].record
    assert isinstance(kept, Invoice)
    assert (kept.total, kept.number, [line.line_id for line in kept.lines]) == (D("200.00"), "1001", ["1"])
    office.post("/invoices/1001/void", reason="twice")
    assert "void" in office.get("/invoices/1001").text
    assert "is void and cannot be voided" in office.get(office.post("/invoices/1001/void").location).text


def test_customers_jobs_and_vendors_are_entered_changed_and_tidied_up(office: Browser) -> None:
    office.get("/customers/new")
    answer = office.post(
        "/customers/new", name="Ann Lee", email="ann@example.com", site_line1="1 Elm St", site_city="Fresno"
    )
    assert answer.location == "/customers/1"
    assert "1 Elm St" in office.get("/customers/1").text
    assert office.post("/customers/1", name="").status_code == 422
    assert office.post("/customers/1", name="Ann B. Lee", active="no").status_code == 303
    assert office.post("/jobs/new", customer_id="1", name="Sink", branch="north").location == "/jobs/1"
    office.post("/jobs/1/close")
    assert "(closed)" in office.get("/jobs/1").text
    assert office.post("/vendors/new", name="Supply", vendor_type="supplier").location == "/vendors/1"
    assert office.post("/vendors/1/delete").location == "/vendors"
    assert office.get("/vendors/1").status_code == 404
    assert "job:1 belongs to it" in office.get(office.post("/customers/1/delete").location).text
    assert office.post("/vendors/1/close").status_code == 404
    for page in ("/customers", "/jobs", "/vendors"):
        assert office.get(page).status_code == 200


def test_a_cost_over_two_jobs_with_its_receipt(core: ReferenceCore, office: Browser) -> None:
    customer(core)
    with core.begin(TENANT) as tx:
        tx.create_vendor(Vendor(id="", name="Supply"))
        for name in ("Sink", "Bath"):
            tx.create_job(Job(id="", customer_id="1", name=name))
    office.get("/expenses/new")
    fields = {
        "type": "bill",
        "vendor_id": "1",
        "vendor_invoice_number": "S-1",
        "date": "2026-03-02",
        "description": ["Pipes", "Tap", ""],
        "line_amount": ["1,100.00", "17.50", ""],
        "category": ["material:pipe_fittings", "expense:materials", ""],
        "job_id": ["1", "2", ""],
        "class_key": ["", "", ""],
        "tax": "2.50",
        "receipt": (io.BytesIO(b"\x89PNG picture"), "receipt.png", "image/png"),
    }
    assert office.post("/expenses/new", {**fields, "total": "1.00", "receipt": ""}).status_code == 422
    assert office.post("/expenses/new", fields).location == "/expenses/1"
    kept = core.read(TENANT, [RecordRef(RecordKind.EXPENSE, "1")]).popitem()[1].record
    assert isinstance(kept, Expense)
    assert (kept.total, kept.type, len(kept.receipts)) == (D("1120.00"), ExpenseType.BILL, 1)
    assert kept.lines[1] == CostLine(
        line_id="2",
        amount=D("17.50"),
        description="Tap",
        unit_cost=D("17.50"),
        expense_category="materials",
        job_id="2",
    )
    page = office.get("/expenses/1").text
    assert "Sink" in page
    picture = office.get(f"/expenses/1/receipts/{kept.receipts[0].id}")
    assert (picture.data, picture.mimetype) == (b"\x89PNG picture", "image/png")
    assert office.get("/expenses/1/receipts/other").status_code == 404
    office.post("/expenses/1/void")
    assert "void" in office.get("/expenses/1").text


def test_lists_are_paged_by_the_last_number_shown(core: ReferenceCore, office: Browser) -> None:
    for n in range(53):
        customer(core, f"Customer {n}")
    first = office.get("/customers").text
    assert ">53</a>" in first
    assert ">3</a>" not in first
    assert '?before=4"' in first
    assert ">3</a>" in office.get("/customers?before=4").text


def test_every_page_opens_on_both_databases(database_url: str) -> None:
    with house(database_url) as core:
        core.load_plugins([PLUGINS / "good"], entry_points=[])
        people(core)
        customer(core)
        invoice(core, due_date=DAY)
        with core.begin(TENANT) as tx:
            tx.record_payment(payment_of("60.00", ("1001", "60.00")))
        send_reminders(core, TENANT, core.now().date())
        admin = Browser(core, "admin")
        shown = admin.get("/").text
        assert "40.00" in shown
        paths = ["invoices", "invoices/1001", "payments", "payments/1", "payments/new?customer_id=1"]
        paths += ["customers", "customers/1", "jobs", "jobs/new", "vendors", "vendors/new", "expenses"]
        paths += ["expenses/new", "reminders", "settings/plugins", "settings/plugins/good/uninstall"]
        assert {path: admin.get(f"/{path}").status_code for path in paths} == dict.fromkeys(paths, 200)


def test_reminders_are_sent_from_the_page(core: ReferenceCore, office: Browser) -> None:
    customer(core)
    invoice(core, due_date=DAY)
    office.get("/reminders")
    office.post("/reminders")
    assert "fell due on 2026-03-02, 18 days ago" in office.get("/reminders").text


# -- who may what ----------------------------------------------------------------------------------


# -- plugins ---------------------------------------------------------------------------------------


def test_the_practice_company_can_be_worked_with_at_once(sqlite_url: str) -> None:
    with house(sqlite_url) as core:
        practice_company(core)
        browser = Browser(core)
        browser.get("/login")
        assert browser.post("/login", login="bookkeeper", password=PRACTICE).status_code == 303
        assert "Bluewater Plumbing" in browser.get("/").text
