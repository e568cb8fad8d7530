"""The worked entries of the trades that are invoices and bills, by events through the whole path to the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import CostLine, CreditReason, ExpenseType, Invoice, LineKind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sandbox.core.crediting import credit_of_lines
from tests.engine_house import TENANT
from tests.treatments import worked
from tests.whole_path import D, WholePath, bears, entry, fee, material, service, tagged, whole_path
from tests.whole_path_acts import bundle, class_id, cost, equipment, in_books, part


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('trades') / 'core.sqlite3'}") as path:
        for name in ("Residential", "Commercial"):
            found = path.post("class", {"Name": name})
            path.map(Family.CLASS, name.lower(), class_=BooksRef(BooksKind.CLASS, found["Id"]))
        yield path


def test_4_plumbing_income_by_service_type_and_material_cost_by_type(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        house.invoice(
            job,
            equipment("water_heater", "1150.00", class_key="install", taxable=True),
            service("install", "480.00", class_key="install"),
            fee("disposal", "45.00", class_key="install"),
            service("drain_cleaning", "87.18", class_key="service"),
            tax_percent=D(7),
        )
    assert entry(found) == worked("4", 1)
    place = in_books(house, job)
    for posting in tagged("4", 1):
        assert bears(found, posting, place, class_id(house, posting.tags[0].removeprefix("class "))), posting
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
    assert all(bears(found, posting, place) for posting in tagged("4", 2))


def test_5_1_equipment_and_installation_labor_apart_in_one_invoice(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        house.invoice(
            job,
            equipment("hvac_equipment", "5600.00", class_key="install", taxable=True),
            material("hvac_parts", "800.00", class_key="install", taxable=True),
            service("install", "3400.00", class_key="install"),
            tax_percent=D(7),
        )
    assert entry(found) == worked("5.1", 1)
    place = in_books(house, job)
    assert all(bears(found, p, place, class_id(house, "Install")) for p in tagged("5.1", 1))
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
    assert all(bears(found, p, place) for p in tagged("5.1", 2))


def test_5_1_a_bundle_is_split_by_stand_alone_selling_prices(house: WholePath) -> None:
    _, job = house.party()
    installed = bundle(
        "9800.00",
        part("unit", LineKind.EQUIPMENT, "hvac_equipment", "6000", taxable=True),
        part("labor", LineKind.SERVICE, "install", "4000"),
        part("stat", LineKind.MATERIAL, "hvac_parts", "850", taxable=True),
        class_key="install",
    )
    with house.step() as found:
        sold = house.invoice(job, installed, tax_percent=D(7))
    # 7 % of the taxed parts: 5,419.36 + 767.74.
    assert dict(entry(found)) == {
        "1100": D("10233.10"),
        "2200": D("-433.10"),
        "4020": D("-3612.90"),
        "4100": D("-5419.36"),
        "4110": D("-767.74"),
    }
    place = in_books(house, job)
    incomes = [line for line in found if line["account"].startswith("4")]
    assert {(line["customer"], line["class"]) for line in incomes} == {(place, class_id(house, "Install"))}
    with house.step() as found:
        full = credit_of_lines(sold, {"1": D("9800.00")}, on=sold.issue_date, reason=CreditReason.RETURN)
        with house.work() as tx:
            tx.issue_credit(full)
    assert dict(entry(found)) == {
        "1100": D("-10233.10"),
        "2200": D("433.10"),
        "4020": D("3612.90"),
        "4100": D("5419.36"),
        "4110": D("767.74"),
    }


def test_a_bundle_without_selling_prices_is_refused_with_a_sentence(house: WholePath) -> None:
    _, job = house.party()
    nothing = bundle("100.00", part("labor", LineKind.SERVICE, "install", "0"))
    with pytest.raises(Exception, match="no stand-alone selling prices to split its price by"):
        house.invoice(job, nothing)


def test_6_1_residential_and_commercial_work_have_their_own_income(house: WholePath) -> None:
    landlord, job = house.party()
    other = house.job(landlord)
    with house.work() as tx:
        project = tx.update_job(attrs.evolve(other, segment="commercial"))
    with house.step() as found:
        house.invoice(project, service("commercial_project", "18400.00", class_key="commercial"))
        house.invoice(job, service("residential_service", "365.00", class_key="residential"))
    assert entry(found) == worked("6.1", 1)
    commercial, residential = tagged("6.1", 1)
    assert bears(found, commercial, in_books(house, project), class_id(house, "Commercial"))
    assert bears(found, residential, in_books(house, job), class_id(house, "Residential"))


def test_a_bookkeeper_tags_a_part_of_a_bundle_and_is_asked_about_its_price(house: WholePath) -> None:
    _, job = house.party()
    sold = house.invoice(
        job,
        bundle(
            "1000.00",
            part("unit", LineKind.EQUIPMENT, "hvac_equipment", "600"),
            part("labor", LineKind.SERVICE, "install", "400"),
            class_key="install",
        ),
    )
    house.drain()
    there = house.there(sold.ref)
    labor = next(line for line in there["Line"] if line.get("Amount") == 400)
    labor["SalesItemLineDetail"]["ClassRef"] = {"value": class_id(house, "Service")}
    head = {name: there[name] for name in ("Id", "SyncToken", "CustomerRef")}
    house.post("invoice", {**head, "sparse": True, "Line": there["Line"]})
    house.poll()
    assert not house.conflicts(), house.conflicts()
    (line,) = _here(house, sold).lines
    assert [(p.part_id, p.class_key) for p in line.parts] == [("unit", ""), ("labor", "service")]
    assert line.amount == D("1000.00")

    there = house.there(sold.ref)
    for line, amount in zip(there["Line"], (650, 350), strict=False):
        line["Amount"] = amount
        line["SalesItemLineDetail"]["UnitPrice"] = amount
    head = {name: there[name] for name in ("Id", "SyncToken", "CustomerRef")}
    house.post("invoice", {**head, "sparse": True, "Line": there["Line"]})
    house.poll()
    (asked,) = house.conflicts()
    assert "bundle" in asked
    assert _here(house, sold).total == D("1000.00")
    house.forget_conflicts()


def _here(house: WholePath, invoice: Invoice) -> Invoice:
    found = house.core.read(TENANT, [invoice.ref])[invoice.ref].record
    assert isinstance(found, Invoice)
    return found
