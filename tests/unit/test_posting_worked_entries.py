"""Every worked entry of this step, cent by cent: records in, posting rules, effects out."""

import attrs
import pytest

from blueops_qb.domain.documents import ExpenseDocument, SalesInvoice, TaxMode
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import (
    ExpenseType,
    LineKind,
    Payout,
    Record,
    SplitBasis,
    TaxExemption,
)
from blueops_qb.domain.refs import RecordRef
from tests.plumbing import (
    CALL,
    CUSTOMER,
    DAY,
    JOB,
    KITS,
    REPAIR,
    D,
    booked,
    check_of,
    company,
    cost,
    document,
    expense,
    invoice,
    item,
    plain_invoice,
    postings,
    simple_line,
    with_rules,
)
from tests.treatments import blocks, worked

SUPPLIER_BILL = expense(
    ExpenseType.BILL,
    "1117.50",
    cost("500.00", line_id="1", material_category="pipe_fittings", cost_code="22-100", job_id="J1"),
    cost("300.00", line_id="2", material_category="pipe_fittings", job_id="J2"),
    cost("200.00", line_id="3", material_category="pipe_fittings", job_id="J3"),
    vendor_id="9",
    tax=D("82.50"),
    freight=D("35.00"),
    freight_split=SplitBasis.EQUAL,
)
CARD_PAYMENT = check_of("410.79", ("41", "410.79"), method="card")

ENTRIES: list[tuple[str, int, Record]] = [
    ("1.1", 1, plain_invoice()),
    ("1.3", 1, invoice(REPAIR, KITS, CALL, total="398.73", tax="4.22", discount=D("43.84"))),
    ("2.1", 1, check_of("410.79", ("41", "410.79"))),
    ("2.1", 2, check_of("200.00", ("42", "200.00"))),
    ("2.1", 3, check_of("600.00", ("41", "410.79"), ("43", "150.00"))),
    ("2.5", 1, CARD_PAYMENT),
    ("3.1", 1, SUPPLIER_BILL),
    (
        "3.2",
        1,
        expense(
            ExpenseType.CARD,
            "86.40",
            cost("86.40", material_category="hvac_parts"),
        ),
    ),
    (
        "3.2",
        2,
        expense(
            ExpenseType.CARD,
            "21.60",
            cost("21.60", material_category="hvac_parts"),
            refund=True,
        ),
    ),
    (
        "3.2",
        3,
        expense(ExpenseType.EMPLOYEE, "47.15", cost("47.15", material_category="general"), vendor_id="12"),
    ),
    (
        "3.2",
        4,
        expense(
            ExpenseType.CARD,
            "200.00",
            cost("200.00", expense_category="rental", billable=True),
        ),
    ),
    (
        "3.2",
        5,
        invoice(
            simple_line(LineKind.FEE, "reimbursed", "200.00"),
            simple_line(LineKind.FEE, "markup", "30.00", id="2"),
            total="230.00",
        ),
    ),
    (
        "3.3",
        1,
        expense(
            ExpenseType.SUBCONTRACT,
            "4800.00",
            cost("4800.00", cost_code="16-200", class_key="commercial"),
            vendor_id="20",
        ),
    ),
    (
        "3.3",
        2,
        expense(ExpenseType.USE_TAX, "33.00", cost("33.00", material_category="electrical_material")),
    ),
    (
        "4",
        1,
        invoice(
            simple_line(LineKind.EQUIPMENT, "water_heater", "1150.00", taxable=True),
            simple_line(LineKind.SERVICE, "install", "480.00", id="2"),
            simple_line(LineKind.FEE, "disposal", "45.00", id="3"),
            simple_line(LineKind.SERVICE, "drain_cleaning", "87.18", id="4"),
            total="1842.68",
            tax="80.50",
        ),
    ),
    (
        "4",
        2,
        expense(
            ExpenseType.BILL,
            "728.25",
            cost("690.00", material_category="water_heater"),
            cost("38.25", line_id="2", material_category="pipe_fittings"),
            vendor_id="9",
        ),
    ),
    (
        "5.1",
        1,
        invoice(
            simple_line(LineKind.EQUIPMENT, "hvac_equipment", "5600.00", taxable=True),
            simple_line(LineKind.MATERIAL, "hvac_parts", "800.00", taxable=True, id="2"),
            simple_line(LineKind.SERVICE, "install", "3400.00", id="3"),
            total="10248.00",
            tax="448.00",
        ),
    ),
    (
        "11",
        1,
        expense(
            ExpenseType.BILL,
            "1080.00",
            cost("1000.00", material_category="electrical_material"),
            tax=D("80.00"),
            vendor_id="9",
        ),
    ),
    ("11", 2, invoice(simple_line(LineKind.SERVICE, "commercial_project", "1500.00"), total="1500.00")),
    (
        "11",
        3,
        expense(
            ExpenseType.BILL,
            "1000.00",
            cost("1000.00", material_category="electrical_material"),
            vendor_id="9",
        ),
    ),
    (
        "11",
        4,
        invoice(
            simple_line(LineKind.MATERIAL, "electrical_material", "1500.00", taxable=True),
            total="1620.00",
            tax="120.00",
        ),
    ),
]


@pytest.mark.parametrize(
    ("block", "step", "record"), ENTRIES, ids=[f"{block}-{step}" for block, step, _ in ENTRIES]
)
def test_the_entry_is_reproduced(block: str, step: int, record: Record) -> None:
    assert booked(record) == worked(block, step)


def test_a_whole_line_discount_as_its_own_line_gives_the_same_entry() -> None:
    discount = attrs.evolve(
        REPAIR, line_id="1d", kind=LineKind.DISCOUNT, amount=D("-32.25"), class_key="service"
    )
    assert booked(invoice(REPAIR, discount, KITS, CALL, total="410.79", tax="4.69")) == worked("1.1", 1)


def test_the_discount_bears_the_class_of_the_labor_line() -> None:
    found = {p.account: p.class_ for p in postings(document(plain_invoice()))}
    assert found["4900"] == found["4010"] == "C1"
    assert found["4110"] == ""


def test_sales_tax_in_mode_c_is_a_line_and_the_entry_is_the_same() -> None:
    context = company(tax_mode=TaxMode.NONE)
    assert booked(plain_invoice(), context) == worked("1.1", 1)


def test_in_mode_a_only_the_tax_is_left_to_the_books() -> None:
    sent = document(plain_invoice(tax_key="reno"), company(tax_mode=TaxMode.BOOKS))
    assert isinstance(sent, SalesInvoice)
    known = attrs.evolve(sent, tax=D("4.69"), total=D("410.79"))
    assert sum(p.amount for p in postings(sent)) == 0
    assert {p.account: p.amount for p in postings(known)} == dict(worked("1.1", 1))


def test_cost_of_an_inventory_item_is_left_to_the_books() -> None:
    theirs = {account for account, _ in worked("1.2", 1)}
    ours = {account for account, _ in booked(plain_invoice())}
    assert not ours & theirs


def test_the_tax_of_a_group_is_one_amount_for_us() -> None:
    record = invoice(
        attrs.evolve(KITS, quantity=D(1), unit_price=D("35.50"), amount=D("35.50")), total="38.44", tax="2.94"
    )
    assert booked(record) == worked("1.4a", 1)


def test_an_explicit_cent_goes_to_rounding() -> None:
    lines = (
        attrs.evolve(KITS, unit_price=D("5.15"), amount=D("15.45")),
        simple_line(LineKind.FEE, "rounding", "0.01", id="9"),
    )
    assert booked(invoice(*lines, total="16.45", tax="0.99")) == worked("1.4c", 1)


def test_an_exempt_customer_pays_no_tax() -> None:
    exempt = attrs.evolve(CUSTOMER, exemption=TaxExemption(reason=9, certificate="R-1", states=("NV",)))
    record = invoice(attrs.evolve(REPAIR, discount=D("32.25")), KITS, CALL, total="406.10")
    context = company(exempt)
    assert booked(record, context) == worked("1.5", 1)
    sent = document(record, context)
    assert sent.tax == 0
    assert not any(line.taxable for line in sent.lines)


def test_the_deposit_of_three_checks() -> None:
    checks = [check_of(amount, id=str(n)) for n, amount in enumerate(("410.79", "200.00", "600.00"))]
    payout = Payout(id="3", date=DAY, account_key="checking", payment_ids=("0", "1", "2"), net=D("1210.79"))
    assert booked(payout, company(*checks)) == worked("2.1", 4)


def test_the_payout_of_a_card_payment() -> None:
    payout = Payout(
        id="3", date=DAY, account_key="checking", payment_ids=("1",), fees=D("12.21"), net=D("398.58")
    )
    assert booked(payout, company(CARD_PAYMENT)) == worked("2.5", 2)


def test_one_supplier_bill_over_three_jobs_line_by_line() -> None:
    lines = [
        (p.account, p.amount, p.customer.id if isinstance(p.customer, RecordRef) else "")
        for p in postings(document(SUPPLIER_BILL))
        if p.amount > 0
    ]
    jobs = ["J1", "J2", "J3", "J1", "J2", "J3"]
    expected = [p for p in blocks()["3.1"][0][1] if p.amount > 0]
    assert lines == [(p.account, p.amount, job) for p, job in zip(expected, jobs, strict=True)]


def test_labor_at_burdened_cost_when_it_is_wanted() -> None:
    labor = MapRule(family=Family.COST_CODE, key="16-100", target=Target(item=item("code:labor-16")))
    record = expense(
        ExpenseType.LABOR,
        "252.00",
        cost("252.00", quantity=D(6), unit_cost=D("42.00"), cost_code="16-100", class_key="commercial"),
    )
    context = company(mapping=with_rules(labor), post_labor=True)
    assert booked(record, context) == worked("3.3", 3)
    tagged = document(record, context).lines[0]
    assert (tagged.customer.id, tagged.class_.id) == ("J1", "C3")


def test_a_billable_cost_is_sent_as_not_billable_with_its_job() -> None:
    record = next(record for block, step, record in ENTRIES if (block, step) == ("3.2", 4))
    sent = document(record)
    assert isinstance(sent, ExpenseDocument)
    assert (sent.lines[0].billable, sent.lines[0].customer) == (False, JOB.ref)
    assert document(record, company(send_billable=True)).lines[0].billable


def test_the_unapplied_rest_stays_the_customers_credit() -> None:
    sent = document(check_of("600.00", ("41", "410.79"), ("43", "150.00")))
    assert sent.amount - sum(a.amount for a in sent.allocations) == D("39.21")
