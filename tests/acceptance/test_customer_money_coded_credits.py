"""How a bookkeeper coded a credit memo stays so when BlueOps changes it (accounting-treatments 10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import Credit
from blueops_qb.sandbox.core.crediting import credit_in_full
from tests.acceptance.test_customer_money_from_books import credits, item, settled, their_credit
from tests.acceptance.test_customer_money_whole_path import KITS, REPAIR
from tests.whole_path import DAY, D, WholePath, entry, whole_path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('coded') / 'core.sqlite3'}") as path:
        yield path


def edits(house: WholePath, there: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The bookkeeper changes a credit memo on its page."""
    return house.post("creditmemo", {**{k: v for k, v in there.items() if k != "kind"}, **changes})


def items(record: dict[str, Any]) -> list[str]:
    lines = (line.get("SalesItemLineDetail") for line in record["Line"])
    return [detail["ItemRef"]["value"] for detail in lines if detail]


def ids(record: dict[str, Any]) -> list[str]:
    return [line["Id"] for line in record["Line"] if "Id" in line]


def dearer(credit: Credit, price: str) -> Credit:
    """The credit with its first line at another price, and no discount on it."""
    first, *rest = credit.lines
    line = attrs.evolve(first, quantity=D(1), unit_price=D(price), amount=D(price), discount=D("0.00"))
    net = sum((x.amount - x.discount for x in (line, *rest)), D("0.00"))
    return attrs.evolve(credit, lines=(line, *rest), total=net + credit.tax)


def test_a_line_that_the_bookkeeper_coded_anew_stays_so_when_its_amount_changes(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.invoice(job, attrs.evolve(REPAIR, discount=D("0.00")), KITS, tax=D("4.69"))
    house.drain()
    with house.work() as tx:
        credit = tx.issue_credit(credit_in_full(invoice, on=DAY))
    house.drain()
    there = house.there(credit.ref)
    other = item(house, "service_category install")
    lines = [dict(line) for line in there["Line"]]
    lines[0] = lines[0] | {"SalesItemLineDetail": lines[0]["SalesItemLineDetail"] | {"ItemRef": other}}
    edits(house, there, Line=lines)
    with house.step() as found:
        settled(house)
    assert entry(found) == []
    before = house.there(credit.ref)
    with house.step() as found, house.work() as tx:
        tx.update_credit(dearer(tx.read(credit.ref).record, "300.00"))
    assert entry(found) == [("1100", D("22.50")), ("4020", D("-22.50"))]
    after = house.there(credit.ref)
    assert items(after) == items(before) == [other["value"], items(after)[1]]
    assert ids(after) == ids(before)
    house.poll()
    assert int(house.there(credit.ref)["SyncToken"]) == int(after["SyncToken"])


def test_what_he_wrote_beside_the_lines_is_no_change_and_stays(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.invoice(job, KITS, tax=D("4.69"))
    house.drain()
    with house.work() as tx:
        credit = tx.issue_credit(credit_in_full(invoice, on=DAY))
    house.drain()
    edits(house, house.there(credit.ref), BillEmail={"Address": "office@example.com"})
    settled(house)
    lines = [dict(line) for line in house.there(credit.ref)["Line"]]
    lines[0] |= {"Description": "As agreed by phone"}
    edits(house, house.there(credit.ref), Line=lines)
    settled(house)
    with house.step() as found, house.work() as tx:
        tx.update_credit(attrs.evolve(tx.read(credit.ref).record, memo="called Ann"))
    assert entry(found) == []
    there = house.there(credit.ref)
    assert there["BillEmail"]["Address"] == "office@example.com"
    assert there["Line"][0]["Description"] == "As agreed by phone"


@pytest.mark.parametrize("closed", [False, True])
def test_a_credit_memo_of_the_bookkeeper_keeps_his_item_when_blueops_changes_its_amount(
    house: WholePath, closed: bool
) -> None:
    _, job = house.party()
    invoice = house.simple(job, "100.00")
    house.drain()
    memo = their_credit(house, invoice, 40.0)
    other = item(house, "service_category install")
    line = {"Amount": 40.0, "DetailType": "SalesItemLineDetail"}
    detail = {"ItemRef": other, "TaxCodeRef": {"value": "NON"}}
    edits(house, memo, Line=[{**line, "SalesItemLineDetail": detail}])
    house.close_books(DAY if closed else None)
    try:
        settled(house)
    finally:
        house.close_books(None)
    settled(house)
    (credit,) = credits(house, job)
    with house.step() as found, house.work() as tx:
        tx.update_credit(dearer(credit, "35.00"))
    assert entry(found) == [("1100", D("5.00")), ("4020", D("-5.00"))]
    (there,) = house.ask(f"select * from CreditMemo where Id = '{memo['Id']}'")
    assert (items(there), there["TotalAmt"]) == ([other["value"]], 35)
