"""The worked entries of the trades beside QuickBooks Desktop, by events through the whole path to the file's ledger.

They are the entries of QuickBooks Online: the same actions of core, accounts, amounts, jobs and classes. Sales tax is
an item of its rate there, which the invoice names by a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.records import (
    CostLine,
    CreditReason,
    DepositPurpose,
    ExpenseType,
    LineKind,
    PermitPayer,
    ProgressApplication,
)
from blueops_qb.sandbox.core.crediting import credit_of_lines
from tests.trade_acts import bill, billed, bought, certify, sub, the_contract, work_line
from tests.trades_desktop import TAX_KEY, TradesDesktop, place, trades_desktop
from tests.treatments import worked
from tests.whole_path import D, bears, entry, fee, material, service, tagged
from tests.whole_path_acts import bundle, check, cost, equipment, part

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TradesDesktop]:
    with trades_desktop(tmp_path_factory.mktemp("trades_desktop")) as found:
        yield found


def test_4_plumbing_income_by_service_type_and_material_cost_by_type(house: TradesDesktop) -> None:
    customer, job = house.party()
    with house.step() as found:
        house.invoice(
            job,
            equipment("water_heater", "1150.00", class_key="install", taxable=True),
            service("install", "480.00", class_key="install"),
            fee("disposal", "45.00", class_key="install"),
            service("drain_cleaning", "87.18", class_key="service"),
            tax_percent=D(7),
            tax_key=TAX_KEY,
        )
    assert entry(found) == worked("4", 1)
    for posting in tagged("4", 1):
        assert bears(found, posting, place(customer, job), posting.tags[0].removeprefix("class ")), posting
    with house.step() as found:
        cost(
            house,
            ExpenseType.BILL,
            "728.25",
            CostLine(line_id="1", amount=D("690.00"), material_category="water_heater", job_id=job.id),
            CostLine(line_id="2", amount=D("38.25"), material_category="pipe_fittings", job_id=job.id),
            vendor=house.vendor(),
        )
    assert entry(found) == worked("4", 2)
    assert all(bears(found, posting, place(customer, job)) for posting in tagged("4", 2))


def test_5_1_equipment_and_installation_labor_apart_in_one_invoice(house: TradesDesktop) -> None:
    customer, job = house.party()
    with house.step() as found:
        house.invoice(
            job,
            equipment("hvac_equipment", "5600.00", class_key="install", taxable=True),
            material("hvac_parts", "800.00", class_key="install", taxable=True),
            service("install", "3400.00", class_key="install"),
            tax_percent=D(7),
            tax_key=TAX_KEY,
        )
    assert entry(found) == worked("5.1", 1)
    assert all(bears(found, p, place(customer, job), "Install") for p in tagged("5.1", 1))
    with house.step() as found:
        cost(
            house,
            ExpenseType.BILL,
            "3900.00",
            vendor=house.vendor(),
            job=job,
            material_category="hvac_equipment",
        )
    assert entry(found) == worked("5.1", 2)
    assert all(bears(found, p, place(customer, job)) for p in tagged("5.1", 2))


def test_5_1_a_bundle_is_split_and_credited_by_stand_alone_selling_prices(house: TradesDesktop) -> None:
    customer, job = house.party()
    installed = bundle(
        "9800.00",
        part("unit", LineKind.EQUIPMENT, "hvac_equipment", "6000", taxable=True),
        part("labor", LineKind.SERVICE, "install", "4000"),
        part("stat", LineKind.MATERIAL, "hvac_parts", "850", taxable=True),
        class_key="install",
    )
    # 7 % of the taxed parts: 5,419.36 + 767.74.
    whole = {
        "1100": D("10233.10"),
        "2200": D("-433.10"),
        "4020": D("-3612.90"),
        "4100": D("-5419.36"),
        "4110": D("-767.74"),
    }
    with house.step() as found:
        sold = house.invoice(job, installed, tax_percent=D(7), tax_key=TAX_KEY)
    assert dict(entry(found)) == whole
    incomes = [line for line in found if line["account"].startswith("4")]
    assert {(line["customer"], line["class"]) for line in incomes} == {(place(customer, job), "Install")}
    with house.step() as found, house.work() as tx:
        tx.issue_credit(
            credit_of_lines(sold, {"1": D("9800.00")}, on=sold.issue_date, reason=CreditReason.RETURN)
        )
    assert dict(entry(found)) == {account: -amount for account, amount in whole.items()}


def test_6_1_residential_and_commercial_work_have_their_own_income(house: TradesDesktop) -> None:
    landlord, job = house.party()
    project = house.job(landlord, segment="commercial")
    with house.step() as found:
        house.invoice(project, service("commercial_project", "18400.00", class_key="commercial"))
        house.invoice(job, service("residential_service", "365.00", class_key="residential"))
    assert entry(found) == worked("6.1", 1)
    commercial, residential = tagged("6.1", 1)
    assert bears(found, commercial, place(landlord, project), "Commercial")
    assert bears(found, residential, place(landlord, job), "Residential")


# -- permits -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("payer", "first"), [(None, 1), (PermitPayer.AGENT, 3)])
def test_6_2_in_the_companys_own_name_and_for_the_customer(
    house: TradesDesktop, payer: PermitPayer | None, first: int
) -> None:
    customer, job = house.party()
    for number, act in ((first, bought), (first + 1, billed)):
        with house.step() as found:
            act(house, job, payer)
        assert entry(found) == worked("6.2", number)
        assert all(bears(found, p, place(customer, job)) for p in tagged("6.2", number))


def test_6_2_what_cannot_be_billed_goes_to_cost_when_the_job_closes(house: TradesDesktop) -> None:
    customer, job = house.party()
    bought(house, job, PermitPayer.AGENT, total="197.50")
    billed(house, job, PermitPayer.AGENT)
    house.settle()
    with house.step() as found, house.work() as tx:
        closed = tx.close_job(job.id)
    assert entry(found) == worked("6.2", 5)
    assert all(bears(found, p, place(customer, job)) for p in tagged("6.2", 5))
    # It follows what is posted for the job later, and is void once everything is billed.
    with house.step() as found:
        late = bought(house, job, PermitPayer.AGENT, total="10.00")
    assert dict(entry(found)) == {"2100": D("-10.00"), "5600": D("10.00")}
    with house.step() as found, house.work() as tx:
        tx.void_expense(late.id)
    assert dict(entry(found)) == {"2100": D("10.00"), "5600": D("-10.00")}
    with house.step() as found, house.work() as tx:
        tx.update_job(attrs.evolve(closed, status="open"))
    assert dict(entry(found)) == {"1250": D("12.50"), "5600": D("-12.50")}


def test_6_2_from_money_that_the_customer_gave_for_it(house: TradesDesktop) -> None:
    customer, job = house.party()
    with house.step() as found:
        check(house, job, "185.00", deposit_for_job=job.id, deposit_purpose=DepositPurpose.PERMIT_FUNDS)
    assert entry(found) == worked("6.2", 6)
    assert all(bears(found, p, place(customer, job)) for p in tagged("6.2", 6))
    with house.step() as found:
        bought(house, job, PermitPayer.HELD_FUNDS, ExpenseType.CHECK, payment_account_key="checking")
    assert entry(found) == worked("6.2", 7)
    assert all(bears(found, p, place(customer, job)) for p in tagged("6.2", 7))


# -- progress applications -----------------------------------------------------------------------------
def test_7_1_four_applications_with_change_orders_and_the_release(house: TradesDesktop) -> None:
    customer, job = house.party()
    billed = Decimal(0)
    for number in range(1, 5):
        with house.step() as found:
            invoice = certify(house, job, the_contract(number))
        assert entry(found) == worked("7.1", number), number
        assert {x["customer"] for x in found} == {place(customer, job)}
        billed += invoice.total
    assert billed == D("491150.00")
    with house.step() as found:
        check(house, job, "206150.00", (invoice, "206150.00"))
    assert dict(entry(found)) == {"1090": D("206150.00"), "1100": D("-206150.00")}
    with house.step() as found:
        certify(house, job, ProgressApplication(number=5, release=D("25850.00")))
    assert entry(found) == worked("7.1", 5)


def test_7_1_the_owner_keeps_a_back_charge_of_the_release(house: TradesDesktop) -> None:
    _, job = house.party()
    for number in range(1, 5):
        certify(house, job, the_contract(number))
    house.settle()
    with house.step() as found:
        certify(house, job, ProgressApplication(number=5, release=D("25850.00"), back_charge=D("1000.00")))
    assert entry(found) == worked("7.1", 6)


# -- subcontracts --------------------------------------------------------------------------------------
def test_7_2_job_cost_is_gross_and_what_is_held_back_is_a_liability(house: TradesDesktop) -> None:
    customer, job = house.party()
    at, vendor = place(customer, job), sub(house)
    with house.step() as found:
        first = bill(
            house,
            vendor,
            job,
            "36000.00",
            work_line("1", "34000.00", job, description="Footings"),
            work_line("2", "6000.00", job, description="Extra pier", change_order_id="CO1"),
            retainage=D("4000.00"),
            application="1",
        )
    assert entry(found) == worked("7.2", 1)
    costs = [line["amount"] for line in found if (line["account"], line["customer"]) == ("5300", at)]
    assert sum(costs) == D("40000.00")
    assert all(bears(found, p, at) for p in tagged("7.2", 1) if p.account == "2150")

    bills = house.file.all_of("Bill").items()
    (there,) = (id for id, raw in bills if raw.findtext("VendorRef/FullName") == vendor.name)
    with house.step() as found:
        paid = f"<AppliedToTxnAdd><TxnID>{there}</TxnID><PaymentAmount>{first.total}</PaymentAmount></AppliedToTxnAdd>"
        house.file.enter(
            "BillPaymentCheck",
            f"<PayeeEntityRef><FullName>{vendor.name}</FullName></PayeeEntityRef>"
            f"<BankAccountRef><ListID>{house.file.account('1000')}</ListID></BankAccountRef>"
            f"<RefNumber>101</RefNumber>{paid}",
        )
        house.look()
    assert entry(found) == worked("7.2", 2)

    with house.step() as found:
        bill(house, vendor, job, "4000.00", release=D("4000.00"))
    assert entry(found) == worked("7.2", 3)
    assert all(bears(found, p, at) for p in tagged("7.2", 3))


def test_7_2_damage_is_kept_from_the_release(house: TradesDesktop) -> None:
    customer, job = house.party()
    vendor = sub(house)
    bill(house, vendor, job, "36000.00", work_line("1", "40000.00", job), retainage=D("4000.00"))
    house.settle()
    with house.step() as found:
        damage = work_line("1", "-500.00", job, description="Broken door")
        bill(house, vendor, job, "3500.00", damage, release=D("4000.00"))
    assert entry(found) == worked("7.2", 4)
    assert all(bears(found, p, place(customer, job)) for p in tagged("7.2", 4))
