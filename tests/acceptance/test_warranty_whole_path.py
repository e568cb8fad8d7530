"""Warranty visits and vendors' credits, by events through the whole path to the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Job
from tests.treatments import worked
from tests.whole_path import D, WholePath, bears, entry, tagged, whole_path
from tests.whole_path_acts import cost, in_books


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('warranty') / 'core.sqlite3'}") as path:
        yield path


def visit(house: WholePath, job: Job) -> Expense:
    """A part of 145.00 and two hours at 42.00, for the job that was sold."""
    lines = (
        CostLine(line_id="1", amount=D("145.00"), expense_category="warranty", job_id=job.id),
        CostLine(
            line_id="2",
            amount=D("84.00"),
            quantity=D(2),
            unit_cost=D("42.00"),
            expense_category="warranty_labor",
            job_id=job.id,
        ),
    )
    return cost(house, ExpenseType.WARRANTY, "229.00", *lines)


def test_5_2_a_warranty_visit_is_a_cost_of_the_job_and_no_revenue(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    house.policy(post_labor=True)
    try:
        with house.step() as found:
            record = visit(house, job)
        assert entry(found) == worked("5.2", 1)
        place = in_books(house, job)
        assert all(bears(found, p, place) for p in tagged("5.2", 1))
        # I19: no account of revenue moves.
        assert not [x for x in found if x["account"].startswith("4")]
        with house.step() as found, house.work() as tx:
            tx.void_expense(record.id)
        assert {a: -s for a, s in entry(found)} == dict(worked("5.2", 1))
    finally:
        house.policy(post_labor=False)


def test_without_labor_posting_only_the_part_is_posted(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    with house.step() as found:
        visit(house, job)
    assert dict(entry(found)) == {"1205": D("-145.00"), "5900": D("145.00")}
    with house.step() as found:
        hours = CostLine(line_id="1", amount=D("84.00"), expense_category="warranty_labor", job_id=job.id)
        cost(house, ExpenseType.WARRANTY, "84.00", hours)
    assert not found


def test_5_2_what_the_manufacturer_credits_and_grants(house: WholePath) -> None:
    _, job = house.party()
    maker = house.vendor(vendor_type="manufacturer")
    house.drain()
    with house.step() as found:
        cost(
            house,
            ExpenseType.BILL,
            "145.00",
            vendor=maker,
            job=job,
            expense_category="warranty",
            refund=True,
        )
    assert entry(found) == worked("5.2", 4)
    with house.step() as found:
        cost(
            house,
            ExpenseType.WARRANTY_ALLOWANCE,
            "60.00",
            vendor=maker,
            job=job,
            expense_category="warranty_labor",
        )
    assert entry(found) == worked("5.2", 5)


def test_8_3_material_that_goes_back_is_a_vendor_credit_less_what_he_keeps(house: WholePath) -> None:
    _, job = house.party()
    vendor = house.vendor()
    with house.step() as found:
        cost(house, ExpenseType.BILL, "3888.00", vendor=vendor, job=job, material_category="shingles")
    assert entry(found) == worked("8.3", 1)
    assert all(bears(found, p, in_books(house, job)) for p in tagged("8.3", 1))
    with house.step() as found:
        back = (
            CostLine(line_id="1", amount=D("243.00"), material_category="shingles", job_id=job.id),
            CostLine(line_id="2", amount=D("-36.45"), expense_category="restocking", job_id=job.id),
        )
        record = cost(house, ExpenseType.BILL, "206.55", *back, vendor=vendor, refund=True)
    assert entry(found) == worked("8.3", 2)
    assert all(bears(found, p, in_books(house, job)) for p in tagged("8.3", 2))
    assert house.there(record.ref)["kind"] == "VendorCredit"
    with house.step() as found, house.work() as tx:
        tx.void_expense(record.id)
    assert {a: -s for a, s in entry(found)} == dict(worked("8.3", 2))
