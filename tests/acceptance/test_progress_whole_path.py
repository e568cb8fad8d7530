"""Progress applications with retainage and change orders, by events through the whole path to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.records import Invoice, ProgressApplication, SovLine
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.core.work import Refused
from tests.engine_house import TENANT
from tests.trade_acts import application, certify, sov, the_contract
from tests.treatments import worked
from tests.whole_path import D, WholePath, bears, entry, tagged, whole_path
from tests.whole_path_acts import check, in_books


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('progress') / 'core.sqlite3'}") as path:
        yield path


def test_7_1_four_applications_with_change_orders_and_the_release(house: WholePath) -> None:
    _, job = house.party()
    billed = Decimal(0)
    for number in range(1, 5):
        with house.step() as found:
            invoice = certify(house, job, the_contract(number))
        assert entry(found) == worked("7.1", number), number
        place = in_books(house, job)
        # Every posting is the job's, what is held back too.
        assert {x["customer"] for x in found} == {place}
        assert all(bears(found, p, place) for p in tagged("7.1", number) if p.account in ("1100", "1150"))
        billed += invoice.total
    assert billed == D("491150.00")
    with house.step() as found:
        check(house, job, "206150.00", (invoice, "206150.00"))
    assert dict(entry(found)) == {"1090": D("206150.00"), "1100": D("-206150.00")}
    with house.step() as found:
        certify(house, job, ProgressApplication(number=5, release=D("25850.00")))
    assert entry(found) == worked("7.1", 5)


def test_7_1_the_owner_keeps_a_back_charge_of_the_release(house: WholePath) -> None:
    _, job = house.party()
    for number in range(1, 5):
        certify(house, job, the_contract(number))
    house.drain()
    with house.step() as found:
        certify(house, job, ProgressApplication(number=5, release=D("25850.00"), back_charge=D("1000.00")))
    assert entry(found) == worked("7.1", 6)


def test_a_change_order_stands_in_the_words_of_its_line_and_apart_in_the_ledger(house: WholePath) -> None:
    _, job = house.party()
    certify(house, job, the_contract(1))
    second = certify(house, job, the_contract(2))
    house.drain()
    lines = house.there(second.ref)["Line"]
    words = [x["Description"] for x in lines if x.get("DetailType") == "SalesItemLineDetail"]
    assert words == ["Work 1", "Work 2 (change order CO1)", "Retainage withheld"]


def test_stored_material_is_billed_once_and_a_cap_stops_retainage(house: WholePath) -> None:
    _, job = house.party()

    def one(number: int, work: str, stored: str) -> ProgressApplication:
        line = SovLine(
            sov_line_id="1",
            scheduled=D("1000.00"),
            this_period=D(work),
            stored=D(stored),
            retainage_percent=D(10),
            retainage_percent_stored=D(5),
        )
        return ProgressApplication(
            number=number, original_contract=D("1000.00"), lines=(line,), retainage_cap=D("60.00")
        )

    with house.step() as found:
        certify(house, job, one(1, "300.00", "200.00"))
    assert dict(entry(found)) == {"1100": D("460.00"), "1150": D("40.00"), "4300": D("-500.00")}
    # The stored material is built in: work 500, of which 200 were billed as stored.
    with house.step() as found:
        certify(house, job, one(2, "500.00", "0.00"))
    assert dict(entry(found)) == {"1100": D("280.00"), "1150": D("20.00"), "4300": D("-300.00")}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (application(1, "0.00", sov("1", "500000.00", "500000.01", 10)), "completes 500000.01 of line 1"),
        (application(1, "0.00", sov("1", "400000.00", "10.00", 10)), "a schedule of values of 400000.00"),
        (
            application(
                1,
                "5000.00",
                sov("1", "498000.00", "10.00", 10),
                sov("2", "7000.00", "10.00", 10, change_order_id="CO9"),
            ),
            "has change orders of 7000.00",
        ),
        (application(1, "0.00", sov("1", "500000.00", "10.00", 101)), "holds back 101 %"),
        (ProgressApplication(number=1, release=D("1.00")), "releases 1.00 of the retainage, of which 0.00"),
    ],
)
def test_an_application_that_does_not_hold_together_is_refused(
    house: WholePath, made: ProgressApplication, said: str
) -> None:
    _, job = house.party()
    with pytest.raises(Refused) as refused:
        certify(house, job, made)
    assert said in refused.value.why


def test_only_the_last_application_is_changed_and_a_number_is_given_once(house: WholePath) -> None:
    _, job = house.party()
    first = certify(house, job, the_contract(1))
    second = certify(house, job, the_contract(2))
    house.drain()
    with house.work() as tx, pytest.raises(Refused, match="not the last"):
        tx.update_invoice(first.id, draft_of(first))
    with house.work() as tx, pytest.raises(Refused, match="not the last"):
        tx.void_invoice(first.id)
    with pytest.raises(Refused, match="has an application 2 already"):
        certify(house, job, the_contract(2), number=f"{job.id}-APP-2B")
    lower = the_contract(2)
    lines = (attrs.evolve(lower.lines[0], this_period=D("60000.00")), lower.lines[1])
    with house.step() as found, house.work() as tx:
        changed = attrs.evolve(draft_of(second), application=attrs.evolve(lower, lines=lines))
        tx.update_invoice(second.id, changed)
    # Certified lower by 5,000.00: retainage goes with it.
    assert dict(entry(found)) == {"1100": D("-4500.00"), "1150": D("-500.00"), "4300": D("5000.00")}


def test_a_line_that_a_bookkeeper_changes_alone_is_put_to_a_person(house: WholePath) -> None:
    _, job = house.party()
    first = certify(house, job, the_contract(1))
    house.drain()
    there = house.there(first.ref)
    work = next(x for x in there["Line"] if x["Amount"] == 70000)
    work["Amount"] = 60000
    work["SalesItemLineDetail"]["UnitPrice"] = 60000
    head = {name: there[name] for name in ("Id", "SyncToken", "CustomerRef")}
    house.post("invoice", {**head, "sparse": True, "Line": there["Line"]})
    house.poll()
    (asked,) = house.conflicts()
    assert "application 1 says 70000.00" in asked
    house.forget_conflicts()


def test_the_last_application_can_be_void_and_is_billed_anew(house: WholePath) -> None:
    _, job = house.party()
    certify(house, job, the_contract(1))
    wrong = certify(house, job, the_contract(2))
    house.drain()
    with house.work() as tx:
        tx.void_invoice(wrong.id)
    house.drain()
    with house.step() as found:
        certify(house, job, the_contract(2), number=f"{job.id}-APP-2B")
    assert entry(found) == worked("7.1", 2)


def test_one_that_is_void_in_the_books_and_that_later_ones_build_on_is_put_to_a_person(
    house: WholePath,
) -> None:
    _, job = house.party()
    first = certify(house, job, the_contract(1))
    certify(house, job, the_contract(2))
    house.drain()
    there = house.there(first.ref)
    house.post("invoice", {name: there[name] for name in ("Id", "SyncToken")}, operation="void")
    house.poll()
    assert house.conflicts()
    now = house.core.read(TENANT, [first.ref])[first.ref].record
    assert isinstance(now, Invoice)
    assert not now.void
    house.forget_conflicts()
