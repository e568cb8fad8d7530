"""Core keeps records and money right, on both databases: numbers, revisions, balances, refusals."""

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import (
    Address,
    Application,
    CostLine,
    Credit,
    CreditReason,
    Customer,
    Expense,
    ExpenseType,
    Job,
    Payment,
    Payout,
    SplitBasis,
    TaxExemption,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.crediting import credit_amount
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.core.people import Choice, ChoiceFamily, add_choices
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.work import Refused
from tests.core_house import DAY, TENANT, D, customer, draft, house, invoice, payment_of, rows


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    with house(database_url) as opened:
        yield opened


def ref(kind: RecordKind, id: str) -> RecordRef:
    return RecordRef(kind, id)


def balance(core: ReferenceCore, id: str) -> tuple[Decimal | None, str]:
    with core.begin(TENANT) as tx:
        row = tx.row(ref(RecordKind.INVOICE, id))
    assert row is not None
    return row.balance, row.status


def test_records_get_human_numbers_and_rising_revisions(core: ReferenceCore) -> None:
    first, second = customer(core), customer(core, "Bob")
    one, two = invoice(core), invoice(core)
    assert (first.id, second.id, one.id, two.id) == ("1", "2", "1001", "1002")
    snapshots = list(core.iterate(TENANT))
    assert [str(s.ref) for s in snapshots] == ["customer:1", "customer:2", "invoice:1001", "invoice:1002"]
    assert [s.revision for s in snapshots] == [1, 2, 3, 4]


def test_a_record_comes_back_as_it_was_written(core: ReferenceCore) -> None:
    home = Address(line1="1 Elm St", city="Fresno", state="CA", postal_code="93650")
    saved = customer(core, "Zoë Ünal", billing=home, sites=(home,), terms="net_30")
    assert core.read(TENANT, [saved.ref])[saved.ref].record == saved
    assert core.read(TENANT, [ref(RecordKind.CUSTOMER, x) for x in ("2", "x", "01", "")]) == {}


def test_an_invoice_takes_its_dates_site_and_tax_from_what_it_names(core: ReferenceCore) -> None:
    customer(core, terms="net_30")
    site = Address(line1="5 Oak Rd", state="CA")
    with core.begin(TENANT) as tx:
        add_choices(tx.connection, TENANT, ChoiceFamily.TAX, [Choice("ca", "California", "8.25")])
        tx.create_job(Job(id="", customer_id="1", name="Boiler", site=site, branch="north"))
        line = LineDraft(unit_price=D("56.85"), taxable=True)
        raised = tx.raise_invoice(draft(lines=[line], job_id="1", tax_key="ca"))
    assert (raised.due_date, raised.site, raised.branch) == (dt.date(2026, 4, 1), site, "north")
    assert (raised.tax, raised.total, raised.email) == (D("4.69"), D("61.54"), "ann@example.com")


def test_an_exempt_customer_is_not_taxed(core: ReferenceCore) -> None:
    customer(core, exemption=TaxExemption(reason=9, certificate="R-1"))
    raised = invoice(core, lines=[LineDraft(unit_price=D(10), taxable=True)], tax_percent=D(10))
    assert (raised.tax, raised.lines[0].taxable) == (D("0.00"), False)


def test_numbers_of_invoices_are_used_once_and_go_on_after_a_chosen_one(core: ReferenceCore) -> None:
    customer(core)
    assert invoice(core, number="A-7").id == "1001"
    assert invoice(core, number="2000").id == "2000"
    assert invoice(core).number == "2001"
    assert invoice(core, number="55").id == "2002"
    for taken in ("A-7", "2000", "55"):
        with pytest.raises(Refused, match=f"an invoice {taken} already"):
            invoice(core, number=taken)
    with pytest.raises(Refused, match="no invoice number"):
        invoice(core, number="0001")


def test_payments_settle_invoices_and_give_them_back(core: ReferenceCore) -> None:
    customer(core)
    invoice(core, "410.79")
    invoice(core, "150.00")
    with core.begin(TENANT) as tx:
        paid = tx.record_payment(payment_of("600.00", ("1001", "410.79"), ("1002", "100.00")))
    assert paid.unapplied == D("89.21")
    assert balance(core, "1001") == (D("0.00"), "paid")
    assert balance(core, "1002") == (D("50.00"), "open")
    with core.begin(TENANT) as tx:
        parts = (Application(invoice_id="1002", amount=D("150.00")),)
        tx.update_payment(attrs.evolve(paid, applications=parts))
    assert balance(core, "1001") == (D("410.79"), "open")
    assert balance(core, "1002") == (D("0.00"), "paid")
    with core.begin(TENANT) as tx:
        tx.void_payment("1", reason="bounced")
    assert balance(core, "1002") == (D("150.00"), "open")
    assert rows(core, "SELECT * FROM core_applications") == []


@pytest.mark.parametrize(
    ("amount", "parts", "why"),
    [
        ("50.00", [("1001", "100.01")], "100.01 is applied, but only 50.00"),
        ("500.00", [("1001", "100.01")], "invoice 1001 has 100.00 open, 100.01 cannot be applied"),
        ("500.00", [("7777", "1.00")], "there is no invoice 7777"),
        ("500.00", [("1002", "1.00")], "belongs to customer 2"),
        ("500.00", [("1003", "1.00")], "invoice 1003 is void"),
        ("500.00", [("1001", "1.00"), ("1001", "1.00")], "each invoice may be named once"),
        ("0.00", [], "no payment"),
        ("1.005", [], "whole cents"),
        ("-1.00", [], "from 0.00 up"),
        ("NaN", [], "whole cents"),
    ],
)
def test_a_payment_that_does_not_fit_is_refused_whole(
    core: ReferenceCore, amount: str, parts: list[tuple[str, str]], why: str
) -> None:
    customer(core)
    customer(core, "Bob")
    invoice(core)
    invoice(core, customer_id="2")
    invoice(core)
    with core.begin(TENANT) as tx:
        tx.void_invoice("1003", reason="entered twice")
    before = list(core.iterate(TENANT))
    with pytest.raises(Refused, match=why), core.begin(TENANT) as tx:
        tx.record_payment(payment_of(amount, *parts))
    assert list(core.iterate(TENANT)) == before
    assert balance(core, "1001") == (D("100.00"), "open")


def test_an_invoice_keeps_what_is_paid_on_it(core: ReferenceCore) -> None:
    customer(core)
    raised = invoice(core)
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("60.00", ("1001", "60.00")))
        with pytest.raises(Refused, match="payment 1 is applied"):
            tx.void_invoice("1001")
        tx.update_invoice("1001", draft(price="80.00"))
    assert balance(core, "1001") == (D("20.00"), "open")
    with core.begin(TENANT) as tx:
        tx.update_invoice("1001", draft(price="50.00"))
        payment: Any = tx.read(RecordRef(RecordKind.PAYMENT, "1")).record  # type: ignore[union-attr]
    assert balance(core, "1001") == (D("0.00"), "paid")
    assert (payment.applications[0].amount, payment.unapplied) == (D("50.00"), D("10.00"))
    with core.begin(TENANT) as tx:
        same = tx.update_invoice("1001", attrs.evolve(draft_of(raised), memo="as agreed"))
    assert attrs.evolve(same, memo="") == raised


def test_an_invoice_without_an_amount_is_legal_and_paid(core: ReferenceCore) -> None:
    customer(core)
    invoice(core, lines=[LineDraft(unit_price=D(10), discount_percent=D(100))])
    assert balance(core, "1001") == (D("0.00"), "paid")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"lines": []}, "at least one line"),
        ({"customer_id": "9"}, "no customer 9"),
        ({"customer_id": ""}, r"no customer \(empty\)"),
        ({"job_id": "4"}, "no job 4"),
        ({"tax_key": "moon"}, "no sales tax 'moon'"),
        ({"due_date": dt.date(2026, 1, 1)}, "before it is issued"),
        ({"discount": D(101)}, "cannot be priced"),
        ({"tax": D("0.001")}, "whole cents"),
    ],
)
def test_an_invoice_that_does_not_fit_is_refused(
    core: ReferenceCore, fields: dict[str, Any], why: str
) -> None:
    customer(core)
    with pytest.raises(Refused, match=why):
        invoice(core, **fields)
    assert invoice(core).id == "1001"


def test_merging_customers_moves_what_they_have(core: ReferenceCore) -> None:
    customer(core)
    customer(core, "Ann Lee again")
    with core.begin(TENANT) as tx:
        tx.create_job(Job(id="", customer_id="2", name="Sink"))
        tx.raise_invoice(draft("2", job_id="1"))
        tx.record_payment(payment_of("100.00", ("1001", "100.00"), customer_id="2"))
        tx.merge_customers("2", "1")
    assert {r[0] for r in rows(core, "SELECT customer_id FROM core_records WHERE kind <> 'customer'")} == {
        "1"
    }
    assert balance(core, "1001") == (D("0.00"), "paid")
    gone = list(core.iterate(TENANT))[-1]
    assert (str(gone.ref), gone.merged_into, gone.deleted) == ("customer:2", "1", False)
    with pytest.raises(Refused, match="customer 2 was merged into 1"):
        invoice(core, customer_id="2")


def test_deleting_is_refused_while_something_belongs_to_it(core: ReferenceCore) -> None:
    customer(core)
    with core.begin(TENANT) as tx:
        tx.create_job(Job(id="", customer_id="1", name="Sink"))
        line = CostLine(line_id="1", amount=D(5), job_id="1")
        cost = Expense(id="", type=ExpenseType.BILL, date=DAY, total=D(5), vendor_id="1", lines=(line,))
        tx.create_vendor(Vendor(id="", name="Supply"))
        tx.record_expense(cost)
        with pytest.raises(Refused, match="job:1 belongs to it"):
            tx.delete_customer("1")
        with pytest.raises(Refused, match="expense:1 belongs to it"):
            tx.delete_job("1")
        with pytest.raises(Refused, match="expense:1 belongs to it"):
            tx.delete_vendor("1")
    fresh = customer(core, "Bob")
    with core.begin(TENANT) as tx:
        tx.delete_customer(fresh.id)
    found = core.read(TENANT, [fresh.ref])[fresh.ref]
    assert found.deleted
    assert found.record == fresh


def test_merging_jobs_moves_cost_lines(core: ReferenceCore) -> None:
    customer(core)
    with core.begin(TENANT) as tx:
        tx.create_job(Job(id="", customer_id="1", name="Sink"))
        tx.create_job(Job(id="", customer_id="1", name="Sink, again"))
        tx.create_vendor(Vendor(id="", name="Supply"))
        lines = tuple(CostLine(line_id=n, amount=D(5), job_id=n) for n in ("1", "2"))
        tx.record_expense(
            Expense(id="", type=ExpenseType.BILL, date=DAY, total=D(10), vendor_id="1", lines=lines)
        )
        tx.merge_jobs("2", "1")
        moved = tx.read(ref(RecordKind.EXPENSE, "1"))
    assert moved is not None
    assert isinstance(moved.record, Expense)
    assert [line.job_id for line in moved.record.lines] == ["1", "1"]


def test_a_job_ends_once(core: ReferenceCore) -> None:
    customer(core)
    with core.begin(TENANT) as tx:
        tx.create_job(Job(id="", customer_id="1", name="Sink"))
        assert tx.close_job("1").status == "closed"
        with pytest.raises(Refused, match="closed already"):
            tx.cancel_job("1")


def test_a_payout_takes_each_payment_once_and_adds_up(core: ReferenceCore) -> None:
    customer(core)
    with core.begin(TENANT) as tx:
        for amount in ("100.00", "50.00"):
            tx.record_payment(payment_of(amount, method="card"))
        payout = Payout(
            id="", date=DAY, account_key="checking", payment_ids=("1", "2"), fees=D(3), net=D("147.00")
        )
        with pytest.raises(Refused, match=r"come to 147.00, but 148.00 reached the bank"):
            tx.settle_payout(attrs.evolve(payout, net=D("148.00")))
        assert tx.settle_payout(payout).id == "2"
        with pytest.raises(Refused, match="payment 1 reached the bank with payout 2 already"):
            tx.settle_payout(attrs.evolve(payout, payment_ids=("1",)))
        with pytest.raises(Refused, match="void that payout first"):
            tx.void_payment("1")
        tx.void_payout("2", reason="wrong day")
        assert tx.void_payment("1").void


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"vendor_id": None}, "needs a vendor"),
        ({"type": ExpenseType.CARD}, "needs the account"),
        ({"total": D("9.99")}, "come to 10.00, not to 9.99"),
        ({"lines": ()}, "at least one line"),
        ({"vendor_id": "4"}, "no vendor 4"),
        ({"tax_split": SplitBasis.PERCENT, "split_percents": (D(99),)}, "together 100"),
        ({"due_date": dt.date(2020, 1, 1)}, "before its date"),
    ],
)
def test_a_cost_that_does_not_fit_is_refused(core: ReferenceCore, fields: dict[str, Any], why: str) -> None:
    bill = Expense(
        id="",
        type=ExpenseType.BILL,
        date=DAY,
        total=D("10.00"),
        vendor_id="1",
        lines=(CostLine(line_id="1", amount=D("10.00")),),
    )
    with core.begin(TENANT) as tx:
        tx.create_vendor(Vendor(id="", name="Supply"))
        assert tx.record_expense(bill).id == "1"
        with pytest.raises(Refused, match=why):
            tx.record_expense(attrs.evolve(bill, **fields))
        assert tx.void_expense("1", reason="twice").void


def test_names_are_checked(core: ReferenceCore) -> None:
    with core.begin(TENANT) as tx:
        for name, why in (("  ", "needs a name"), ("x" * 201, "shorten it to 200"), ("a\x00b", "printed")):
            with pytest.raises(Refused, match=why):
                tx.create_customer(Customer(id="", name=name))


def test_a_transaction_that_raises_leaves_nothing(core: ReferenceCore) -> None:
    def cut_short() -> None:
        with core.begin(TENANT) as tx:
            tx.create_customer(Customer(id="", name="Nobody"))
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        cut_short()
    assert list(core.iterate(TENANT)) == []
    assert customer(core).id == "1"


def test_an_unknown_company_is_a_key_error(core: ReferenceCore) -> None:
    with pytest.raises(KeyError), core.begin("nobody"):
        pass
    with pytest.raises(KeyError):
        core.switches("nobody")


def test_the_sweep_shows_each_record_once_at_its_newest_revision(core: ReferenceCore) -> None:
    first = customer(core)
    customer(core, "Bob")
    with core.begin(TENANT) as tx:
        tx.update_customer(attrs.evolve(first, phone="555"))
    assert [(s.ref.id, s.revision) for s in core.iterate(TENANT)] == [("2", 2), ("1", 3)]
    assert [s.revision for s in core.iterate(TENANT, since_revision=2)] == [3]
    assert [s.revision for s in core.iterate(TENANT, limit=1)] == [2]
    invoice(core)
    assert [s.ref.kind for s in core.iterate(TENANT, kinds=[RecordKind.INVOICE])] == [RecordKind.INVOICE]


def test_writers_at_the_same_time_give_every_revision_and_number_once(core: ReferenceCore) -> None:
    customer(core)
    failures: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(10):
                invoice(core)
        except Exception as problem:
            failures.append(problem)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = list(core.iterate(TENANT, kinds=[RecordKind.INVOICE]))
    assert [s.revision for s in found] == list(range(2, 42))
    assert sorted(int(s.ref.id) for s in found) == list(range(1001, 1041))


def test_raising_an_invoice_costs_three_statements(core: ReferenceCore) -> None:
    customer(core)
    statements: list[str] = []

    def count(*event: Any) -> None:
        statements.append(event[2].split()[0])

    sa.event.listen(core.engine, "before_cursor_execute", count)
    invoice(core)
    assert [word for word in statements if word != "BEGIN"] == ["UPDATE", "SELECT", "INSERT"]


def test_receipts_are_opened_by_id(core: ReferenceCore) -> None:
    with core.begin(TENANT) as tx:
        receipt = tx.keep_receipt(filename="r.png", content_type="image/png", content=b"\x89PNG")
    assert core.receipt(TENANT, receipt.id) == b"\x89PNG"
    with pytest.raises(KeyError):
        core.receipt(TENANT, "other")


@pytest.mark.parametrize(
    ("price", "credited", "left", "status"),
    [
        # The discount for paying early goes with the payment, so that the credit stays as it is.
        ("38.00", "38.00", "0.00", "paid"),
        ("40.00", "38.00", "2.00", "open"),
        ("30.00", "30.00", "0.00", "paid"),
    ],
)
def test_a_lower_total_frees_a_payment_with_its_discount_and_no_more(
    core: ReferenceCore, price: str, credited: str, left: str, status: str
) -> None:
    customer(core)
    billed = invoice(core, "100.00")
    part = Application(invoice_id=billed.id, amount=D("60.00"), discount=D("2.00"))
    with core.begin(TENANT) as tx:
        payment = tx.record_payment(attrs.evolve(payment_of("60.00"), applications=(part,)))
        credit = tx.issue_credit(credit_amount(billed, D("38.00"), on=DAY, reason=CreditReason.GOODWILL))
    assert balance(core, billed.id) == (D("0.00"), "paid")
    with core.begin(TENANT) as tx:
        tx.update_invoice(billed.id, draft(price=price))
    assert balance(core, billed.id) == (D(left), status)
    found = core.read(TENANT, [payment.ref, credit.ref])
    paid, given = (found[ref].record for ref in (payment.ref, credit.ref))
    assert isinstance(paid, Payment)
    assert isinstance(given, Credit)
    assert paid.applications == ()
    assert [part.amount for part in given.applications] == [D(credited)]
