"""Every worked entry of sales, customer money and tax, by events through the whole path, to the cent and tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import (
    Application,
    CostLine,
    CreditReason,
    ExpenseType,
    Invoice,
    Job,
    LineKind,
    Payment,
    PaymentReturn,
    Payout,
    Refund,
    RefundPart,
    ReturnReason,
    SplitBasis,
    TaxExemption,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sandbox.core.crediting import credit_amount
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.treatments import worked
from tests.whole_path import (
    DAY,
    D,
    WholePath,
    bears,
    entry,
    fee,
    material,
    service,
    tagged,
    whole_path,
)
from tests.whole_path_acts import check, cost, in_books

REPAIR = service("repair", "129.00", quantity=D("2.5"), class_key="service")
KITS = material("pipe_fittings", "18.95", quantity=D(3), taxable=True)
CALL = service("service_call", "59.00")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'core.sqlite3'}") as path:
        yield path


def plain_invoice(house: WholePath, job: Job, **fields: Any) -> Invoice:
    """The invoice of entry 1.1."""
    return house.invoice(
        job, attrs.evolve(REPAIR, discount=D("32.25")), KITS, CALL, **{"tax": D("4.69"), **fields}
    )


# -- 1: invoices ---------------------------------------------------------------------------------------
def test_1_1_services_materials_a_line_discount_and_tax(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        plain_invoice(house, job)
    assert entry(found) == worked("1.1", 1)
    place = in_books(house, job)
    (labor,) = house.ask("select * from Class where Name = 'Service'")
    receivable, discount = tagged("1.1", 1)
    assert bears(found, receivable, place)
    assert bears(found, discount, place, labor["Id"])
    (row,) = house.ask(f"select * from Customer where Id = '{place}'")
    assert row["ParentRef"]["value"]


def test_1_2_the_cost_of_an_inventory_item_is_posted_by_the_books(house: WholePath) -> None:
    ids = {
        row["AcctNum"]: row["Id"]
        for row in house.ask("select * from Account maxresults 1000")
        if "AcctNum" in row
    }
    body = {
        "Name": "Kit in stock",
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": 10,
        "InvStartDate": "2026-01-01",
        "PurchaseCost": 9.4,
        "Taxable": True,
        "IncomeAccountRef": {"value": ids["4110"]},
        "ExpenseAccountRef": {"value": ids["5010"]},
        "AssetAccountRef": {"value": ids["1200"]},
    }
    item = house.post("item", body)
    house.map(Family.MATERIAL_SOLD, "stock_kit", item=BooksRef(BooksKind.ITEM, item["Id"]))
    _, job = house.party()
    house.drain()
    with house.step() as found:
        house.invoice(job, material("stock_kit", "18.95", quantity=D(3)))
    cost = [line for line in found if line["account"] in ("5010", "1200")]
    assert entry(cost) == worked("1.2", 1)
    (posting,) = tagged("1.2", 1)
    assert bears(found, posting, in_books(house, job))


def test_1_3_a_discount_on_the_whole_invoice(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        house.invoice(job, REPAIR, KITS, CALL, discount_percent=D(10), tax_percent=D("8.25"))
    assert entry(found) == worked("1.3", 1)


def test_1_4c_a_cent_of_tax_is_a_line_of_its_own(house: WholePath) -> None:
    _, job = house.party()
    kits = material("pipe_fittings", "5.15", quantity=D(3), taxable=True)
    with house.step() as found:
        house.invoice(job, kits, fee("rounding", "0.01"), tax=D("0.99"))
    assert entry(found) == worked("1.4c", 1)


def test_1_5_an_exempt_customer(house: WholePath) -> None:
    exempt = TaxExemption(reason=7, certificate="NV-1", states=("NV",))
    _, job = house.party(exemption=exempt)
    with house.step() as found:
        plain_invoice(house, job, tax=None, tax_percent=D("8.25"))
    assert entry(found) == worked("1.5", 1)


def test_1_5_the_certificate_of_another_state_frees_nobody(house: WholePath) -> None:
    elsewhere = TaxExemption(reason=7, certificate="CA-1", states=("CA",))
    _, job = house.party(exemption=elsewhere)
    with house.step() as found:
        plain_invoice(house, job, tax=None, tax_percent=D("8.25"))
    assert entry(found) == worked("1.1", 1)


# -- 2.1 -----------------------------------------------------------------------------------------------
def test_2_1_checks_in_full_in_part_and_over_several_invoices_then_the_bank(house: WholePath) -> None:
    _, job = house.party()
    one, two, three = plain_invoice(house, job), house.simple(job, "410.79"), house.simple(job, "410.79")
    four = house.simple(job, "150.00")
    house.drain()
    with house.step() as found:
        first = check(house, job, "410.79", (one, "410.79"))
    assert entry(found) == worked("2.1", 1)
    with house.step() as found:
        second = check(house, job, "200.00", (two, "200.00"))
    assert entry(found) == worked("2.1", 2)
    assert house.balance(two) == D("210.79")
    with house.step() as found:
        third = check(house, job, "600.00", (three, "410.79"), (four, "150.00"))
    assert entry(found) == worked("2.1", 3)
    assert house.there(third.ref)["UnappliedAmt"] == 39.21
    with house.step() as found, house.work() as tx:
        ids = tuple(p.id for p in (first, second, third))
        tx.settle_payout(Payout(id="", date=DAY, account_key="checking", payment_ids=ids, net=D("1210.79")))
    assert entry(found) == worked("2.1", 4)


# -- 2.2 -----------------------------------------------------------------------------------------------
def deposit(house: WholePath, job: Job, amount: str = "1000.00") -> Payment:
    return check(house, job, amount, deposit_for_job=job.id)


INSTALL = [material("water_heater", "2600.00"), service("install", "1700.00")]


def uses(deposit: Payment, amount: str) -> LineDraft:
    """The line of an invoice that uses a deposit up."""
    return LineDraft(
        kind=LineKind.DEPOSIT_APPLIED, description="Deposit", unit_price=D(amount), deposit_id=deposit.id
    )


def test_2_2_a_deposit_before_the_work_is_a_liability_until_the_invoice(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    with house.step() as found:
        paid = deposit(house, job)
    assert entry(found) == worked("2.2", 1)
    assert {line["customer"] for line in found} == {in_books(house, job)}
    with house.step() as found:
        invoice = house.invoice(job, *INSTALL, uses(paid, "1000.00"))
    assert entry(found) == worked("2.2", 2)
    assert (invoice.total, invoice.amount_due, house.balance(invoice)) == (
        D("4300.00"),
        D("3300.00"),
        D("3300.00"),
    )


def test_2_2_a_deposit_of_a_cancelled_job_goes_back(house: WholePath) -> None:
    _, job = house.party()
    paid = deposit(house, job)
    house.drain()
    with house.step() as found:
        refund(house, job, "1000.00", (paid, "1000.00"), deposit_for_job=job.id)
    assert entry(found) == worked("2.2", 3)


def test_2_2_part_of_a_deposit_is_kept_by_contract(house: WholePath) -> None:
    _, job = house.party()
    paid = deposit(house, job)
    house.drain()
    with house.step() as found:
        refund(house, job, "850.00", (paid, "1000.00"), deposit_for_job=job.id, kept_amount=D("150.00"))
    assert entry(found) == worked("2.2", 4)


def refund(house: WholePath, job: Job, amount: str, *parts: tuple[Any, str], **fields: Any) -> Refund:
    """Money back to the job's customer from the bank."""
    record = Refund(
        id="",
        customer_id=job.customer_id,
        date=DAY,
        amount=D(amount),
        parts=tuple(RefundPart(of=record.ref, amount=D(part)) for record, part in parts),
        **{"method": "check", "account_key": "checking", **fields},
    )
    with house.work() as tx:
        found: Refund = tx.issue_refund(record)
    return found


# -- 2.3 -----------------------------------------------------------------------------------------------
def test_2_3_a_goodwill_credit_and_its_refund_with_an_overpayment(house: WholePath) -> None:
    _, job = house.party()
    invoice = plain_invoice(house, job)
    paid = check(house, job, "450.00", (invoice, "410.79"))
    house.drain()
    with house.step() as found, house.work() as tx:
        credit = tx.issue_credit(
            credit_amount(
                invoice, D("50.00"), tax=D("4.13"), on=DAY, reason=CreditReason.GOODWILL, applied=D("0.00")
            )
        )
    assert entry(found) == worked("2.3", 1)
    with house.step() as found:
        refund(house, job, "93.34", (paid, "39.21"), (credit, "54.13"))
    assert entry(found) == worked("2.3", 2)
    assert house.there(paid.ref)["UnappliedAmt"] == 0
    assert house.there(credit.ref)["RemainingCredit"] == 0


# -- 2.4 -----------------------------------------------------------------------------------------------
def test_2_4_a_bounced_check_leaves_the_invoice_open_again(house: WholePath) -> None:
    _, job = house.party()
    invoice = plain_invoice(house, job)
    paid = check(house, job, "410.79", (invoice, "410.79"))
    with house.work() as tx:
        tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(paid.id,), net=D("410.79"))
        )
    house.drain()
    with house.step() as found, house.work() as tx:
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=paid.id,
                customer_id="",
                date=DAY,
                reason=ReturnReason.BOUNCED,
                amount=D("410.79"),
                account_key="checking",
                bank_fee=D("12.00"),
                customer_fee=D("25.00"),
            )
        )
    sums: dict[str, Any] = {}
    for n in (1, 2, 3):
        for account, amount in worked("2.4", n):
            sums[account] = sums.get(account, D("0.00")) + amount
    assert entry(found) == sorted(sums.items())
    assert house.balance(invoice) == D("410.79")
    assert house.there(invoice.ref)["Balance"] == 410.79
    assert house.there(back.ref)["kind"] == "Purchase"


# -- 2.5 -----------------------------------------------------------------------------------------------
def test_2_5_a_card_payment_and_its_payout(house: WholePath) -> None:
    _, job = house.party()
    invoice = plain_invoice(house, job)
    house.drain()
    with house.step() as found:
        paid = check(house, job, "410.79", (invoice, "410.79"), method="card", fee=D("12.21"))
    assert entry(found) == worked("2.5", 1)
    with house.step() as found, house.work() as tx:
        tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(paid.id,),
                fees=D("12.21"),
                net=D("398.58"),
            )
        )
    assert entry(found) == worked("2.5", 2)


def test_2_5_a_processor_that_bills_by_the_month(house: WholePath) -> None:
    with house.step() as found:
        cost(
            house,
            ExpenseType.CASH,
            "231.40",
            expense_category="merchant_fees",
            payment_account_key="checking",
        )
    assert entry(found) == worked("2.5", 3)


# -- 2.6 -----------------------------------------------------------------------------------------------
def test_2_6_a_discount_for_paying_early(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "1000.00")
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.record_payment(
            Payment(
                id="",
                customer_id=job.customer_id,
                received_on=DAY,
                amount=D("980.00"),
                method="check",
                applications=(Application(invoice_id=invoice.id, amount=D("980.00"), discount=D("20.00")),),
            )
        )
    assert entry(found) == worked("2.6", 1)
    assert house.balance(invoice) == D("0.00")
    assert house.there(invoice.ref)["Balance"] == 0


def test_2_6_a_bad_debt_settles_its_invoice(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "210.79")
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.issue_credit(credit_amount(invoice, D("210.79"), on=DAY, reason=CreditReason.BAD_DEBT))
    assert entry(found) == worked("2.6", 2)
    assert house.balance(invoice) == D("0.00")
    assert house.there(invoice.ref)["Balance"] == 0


# -- 3: costs ------------------------------------------------------------------------------------------
def test_3_1_one_supplier_bill_over_three_jobs(house: WholePath) -> None:
    customer, one = house.party()
    jobs = [one, house.job(customer), house.job(customer)]
    lines = [
        CostLine(
            line_id=str(n),
            amount=D(amount),
            material_category="pipe_fittings",
            cost_code="22-100" if n == 1 else "",
            job_id=job.id,
        )
        for n, (job, amount) in enumerate(zip(jobs, ("500.00", "300.00", "200.00"), strict=True), 1)
    ]
    with house.step() as found:
        bill = cost(
            house,
            ExpenseType.BILL,
            "1117.50",
            *lines,
            vendor=house.vendor(),
            tax=D("82.50"),
            freight=D("35.00"),
            freight_split=SplitBasis.EQUAL,
        )
    assert entry(found) == worked("3.1", 1)
    places = dict(zip(("J1", "J2", "J3"), (in_books(house, job) for job in jobs), strict=True))
    for posting in tagged("3.1", 1):
        name = next(tag for tag in posting.tags if "J" in tag).removeprefix("job ")
        assert bears(found, posting, places[name]), posting
    coded = house.there(bill.ref)["Line"][0]
    item = coded["ItemBasedExpenseLineDetail"]["ItemRef"]["value"]
    assert house.ask(f"select * from Item where Id = '{item}'")[0]["Name"] == "code 22-100"


def test_3_2_a_card_purchase_and_the_part_that_went_back(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    with house.step() as found:
        cost(house, ExpenseType.CARD, "86.40", job=job, material_category="hvac_parts")
    assert entry(found) == worked("3.2", 1)
    assert bears(found, tagged("3.2", 1)[0], in_books(house, job))
    with house.step() as found:
        cost(house, ExpenseType.CARD, "21.60", job=job, material_category="hvac_parts", refund=True)
    assert entry(found) == worked("3.2", 2)


def test_3_2_what_a_technician_paid_himself(house: WholePath) -> None:
    with house.step() as found:
        cost(
            house,
            ExpenseType.EMPLOYEE,
            "47.15",
            vendor=house.vendor(vendor_type="employee"),
            material_category="general",
        )
    assert entry(found) == worked("3.2", 3)


def test_3_2_a_billable_rental_is_invoiced_by_blueops_with_markup(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    with house.step() as found:
        rental = cost(house, ExpenseType.CARD, "200.00", job=job, expense_category="rental", billable=True)
    assert entry(found) == worked("3.2", 4)
    assert bears(found, tagged("3.2", 4)[0], in_books(house, job))
    (line,) = house.there(rental.ref)["Line"]
    assert line["AccountBasedExpenseLineDetail"]["BillableStatus"] == "NotBillable"
    with house.step() as found:
        house.invoice(job, fee("reimbursed", "200.00"), fee("markup", "30.00"))
    assert entry(found) == worked("3.2", 5)


def test_3_3_subcontractor_use_tax_and_labor(house: WholePath) -> None:
    _, job = house.party()
    place = None
    with house.step() as found:
        cost(
            house,
            ExpenseType.SUBCONTRACT,
            "4800.00",
            vendor=house.vendor(is_1099=True, vendor_type="subcontractor"),
            job=job,
            cost_code="16-200",
            class_key="commercial",
        )
    assert entry(found) == worked("3.3", 1)
    place = in_books(house, job)
    (commercial,) = house.ask("select * from Class where Name = 'Maintenance'")
    assert bears(found, tagged("3.3", 1)[0], place, commercial["Id"])
    with house.step() as found:
        cost(house, ExpenseType.USE_TAX, "33.00", job=job, material_category="electrical_material")
    assert entry(found) == worked("3.3", 2)
    assert bears(found, tagged("3.3", 2)[0], place)
    house.policy(post_labor=True)
    with house.step() as found:
        cost(
            house,
            ExpenseType.LABOR,
            "252.00",
            job=job,
            cost_code="16-100",
            class_key="commercial",
            quantity=D(6),
            unit_cost=D("42.00"),
        )
    assert entry(found) == worked("3.3", 3)
    assert bears(found, tagged("3.3", 3)[0], place, commercial["Id"])


# -- 11: who pays sales tax on materials ---------------------------------------------------------------
def test_11_the_contractor_as_consumer_and_as_retailer(house: WholePath) -> None:
    _, job = house.party()
    supplier = house.vendor()
    house.drain()
    with house.step() as found:
        cost(
            house,
            ExpenseType.BILL,
            "1080.00",
            CostLine(
                line_id="1", amount=D("1000.00"), material_category="electrical_material", job_id=job.id
            ),
            vendor=supplier,
            tax=D("80.00"),
        )
    assert entry(found) == worked("11", 1)
    assert bears(found, tagged("11", 1)[0], in_books(house, job))
    with house.step() as found:
        house.invoice(job, service("commercial_project", "1500.00"))
    assert entry(found) == worked("11", 2)
    with house.step() as found:
        cost(
            house,
            ExpenseType.BILL,
            "1000.00",
            vendor=supplier,
            job=job,
            material_category="electrical_material",
        )
    assert entry(found) == worked("11", 3)
    assert bears(found, tagged("11", 3)[0], in_books(house, job))
    with house.step() as found:
        sold = house.invoice(job, material("electrical_material", "1500.00", taxable=True), tax_percent=D(8))
    assert entry(found) == worked("11", 4)
    parts = [line["Amount"] for line in house.there(sold.ref)["TxnTaxDetail"]["TaxLine"]]
    assert len(parts) == 2  # state and local agencies
    assert sum(D(str(part)) for part in parts) == D("120.00")
