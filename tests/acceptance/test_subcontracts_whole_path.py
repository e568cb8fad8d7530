"""Subcontractors' bills with retainage, by events through the whole path to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import Expense, ExpenseType, SubcontractBill
from blueops_qb.sandbox.core.work import Refused
from tests.engine_house import TENANT
from tests.trade_acts import bill, sub, work_line
from tests.treatments import worked
from tests.whole_path import D, WholePath, bears, entry, tagged, whole_path
from tests.whole_path_acts import cost, in_books


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('subs') / 'core.sqlite3'}") as path:
        yield path


def test_7_2_job_cost_is_gross_and_what_is_held_back_is_a_liability(house: WholePath) -> None:
    _, job = house.party()
    vendor = sub(house)
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
    place = in_books(house, job)
    cost_side = [posting for posting in tagged("7.2", 1) if posting.account == "5300"]
    assert sum(p.amount for p in cost_side) == D("40000.00")
    assert sum(x["amount"] for x in found if (x["account"], x["customer"]) == ("5300", place)) == D(
        "40000.00"
    )
    assert all(bears(found, p, place) for p in tagged("7.2", 1) if p.account == "2150")
    there = house.there(first.ref)
    words = [x.get("Description", "") for x in there["Line"]]
    assert words == ["Footings", "Extra pier (change order CO1)", "Retainage withheld, application 1"]

    with house.step() as found:
        paid = {"DetailType": "", "Amount": 36000, "LinkedTxn": [{"TxnId": there["Id"], "TxnType": "Bill"}]}
        house.post(
            "billpayment",
            {
                "VendorRef": there["VendorRef"],
                "PayType": "Check",
                "CheckPayment": {"BankAccountRef": {"value": account(house, "1000")}},
                "TotalAmt": 36000,
                "Line": [{k: v for k, v in paid.items() if v}],
            },
        )
        house.poll()
    assert entry(found) == worked("7.2", 2)

    with house.step() as found:
        bill(house, vendor, job, "4000.00", release=D("4000.00"))
    assert entry(found) == worked("7.2", 3)
    assert all(bears(found, p, place) for p in tagged("7.2", 3))


def test_7_2_damage_is_kept_from_the_release(house: WholePath) -> None:
    _, job = house.party()
    vendor = sub(house)
    bill(house, vendor, job, "36000.00", work_line("1", "40000.00", job), retainage=D("4000.00"))
    house.drain()
    with house.step() as found:
        damage = work_line("1", "-500.00", job, description="Broken door")
        bill(house, vendor, job, "3500.00", damage, release=D("4000.00"))
    assert entry(found) == worked("7.2", 4)
    assert all(bears(found, p, in_books(house, job)) for p in tagged("7.2", 4))


@pytest.mark.parametrize(
    ("total", "amount", "terms", "said"),
    [
        ("50.00", "0.00", {"release": D("50.00")}, "releases 50.00 of the retainage"),
        (
            "90.00",
            "100.00",
            {"retainage": D("10.00"), "contract_sum": D("80.00")},
            "20.00 more than its sum of 80.00",
        ),
        ("10.00", "80.00", {"retainage": D("100.00"), "freight": D("30.00")}, "holds back 100.00 of 80.00"),
    ],
)
def test_what_cannot_be_is_held_with_the_reason(
    house: WholePath, total: str, amount: str, terms: dict[str, Any], said: str
) -> None:
    _, job = house.party()
    lines = [work_line("1", amount, job)] if D(amount) else []
    record = bill(house, sub(house), job, total, *lines, **terms)
    house.drain()
    (found,) = house.open_matters()
    assert said in found
    with house.work() as tx:
        tx.void_expense(record.id)
    house.drain()
    assert not house.open_matters()


def test_core_counts_what_earlier_bills_of_the_subcontract_came_to(house: WholePath) -> None:
    _, job = house.party()
    vendor = sub(house)
    first = bill(house, vendor, job, "90.00", work_line("1", "100.00", job), retainage=D("10.00"))
    second = bill(house, vendor, job, "45.00", work_line("1", "50.00", job), retainage=D("5.00"))
    assert second.subcontract is not None
    assert (second.subcontract.billed_before, second.subcontract.withheld_before) == (D("100.00"), D("10.00"))
    with house.work() as tx:
        tx.void_expense(first.id)
        third = tx.update_expense(second)
    assert third.subcontract is not None
    assert (third.subcontract.billed_before, third.subcontract.withheld_before) == (D("0.00"), D("0.00"))
    house.drain()


def test_what_was_released_stays_held_back_by_the_bill_that_did_so(house: WholePath) -> None:
    _, job = house.party()
    vendor = sub(house)
    first = bill(house, vendor, job, "90.00", work_line("1", "100.00", job), retainage=D("10.00"))
    release = bill(house, vendor, job, "10.00", release=D("10.00"))
    assert first.subcontract is not None
    less = attrs.evolve(
        first, subcontract=attrs.evolve(first.subcontract, retainage=D("4.00")), total=D("96.00")
    )
    with house.work() as tx, pytest.raises(Refused, match="void the release first"):
        tx.void_expense(first.id)
    with house.work() as tx, pytest.raises(Refused, match=r"release, 6\.00 of which"):
        tx.update_expense(less)
    with house.work() as tx:
        tx.void_expense(release.id)
        tx.update_expense(less)
        tx.void_expense(first.id)
    house.drain()


def test_a_bill_belongs_to_one_subcontract(house: WholePath) -> None:
    customer, job = house.party()
    other = house.job(customer)
    record = bill(house, sub(house), job, "10.00", work_line("1", "10.00", other))
    house.drain()
    (found,) = house.open_matters()
    assert "has lines for" in found
    with house.work() as tx:
        tx.void_expense(record.id)
    house.drain()
    with pytest.raises(Refused, match="name the subcontract"):
        cost(
            house,
            ExpenseType.BILL,
            "10.00",
            work_line("1", "10.00", job),
            vendor=sub(house),
            subcontract=SubcontractBill(subcontract_id="S", job_id=job.id),
        )


def test_a_bookkeeper_changes_what_is_held_back(house: WholePath) -> None:
    _, job = house.party()
    record = bill(
        house,
        sub(house),
        job,
        "90.00",
        work_line("1", "100.00", job, description="Drywall", change_order_id="CO7"),
        retainage=D("10.00"),
    )
    house.drain()
    there = house.there(record.ref)
    for row in there["Line"]:
        if row["Amount"] == -10:
            row["Amount"] = -5
        else:
            row["Description"] = "Drywall, floor 2 (change order CO7)"
    head = {name: there[name] for name in ("Id", "SyncToken", "VendorRef")}
    house.post("bill", {**head, "sparse": True, "Line": there["Line"]})
    house.poll()
    assert not house.conflicts(), house.conflicts()
    found = house.core.read(TENANT, [record.ref])[record.ref].record
    assert isinstance(found, Expense)
    assert found.subcontract is not None
    assert (found.subcontract.retainage, found.total) == (D("5.00"), D("95.00"))
    assert found.lines[0].description == "Drywall, floor 2"


def account(house: WholePath, number: str) -> str:
    """The id of an account."""
    (row,) = house.ask(f"select * from Account where AcctNum = '{number}'")
    return str(row["Id"])
