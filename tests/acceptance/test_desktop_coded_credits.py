"""A line of a credit memo that the person at QuickBooks Desktop coded anew stays so when BlueOps changes its amount."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.records import Credit
from blueops_qb.engine import due
from blueops_qb.sandbox.core.crediting import credit_in_full
from blueops_qb.sandbox.demo.house import TENANT
from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from tests.desktop_house import ADMIN, DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("coded")) as found:
        found.session()
        yield found


def sessions(house: DesktopHouse) -> None:
    for _ in range(2):
        house.session()
    assert house.states() == {}, house.reasons()


def test_the_item_of_a_credit_line_is_the_bookkeepers(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    invoice = house.invoice(customer)
    sessions(house)
    company = house.desktop.file.company
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        credit = tx.issue_credit(credit_in_full(invoice, on=house.office.today))
    sessions(house)
    ((id, memo),) = company.records["CreditMemo"].items()
    (name,) = (
        key for key, value in memo.items() if isinstance(value, list) and value and "ItemRef" in value[0]
    )
    lines = deepcopy(memo[name])
    other = next(
        item
        for kind in ("ItemService", "ItemNonInventory")
        for item in company.records[kind]
        if item != lines[0]["ItemRef"]["ListID"]
    )
    lines[0]["ItemRef"] = {"ListID": other}
    Bookkeeper(company=company).edit("CreditMemo", id, {name: lines})
    with house.house.turn() as turn:
        due.hurry(turn)
    sessions(house)
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        found = tx.read(credit.ref)
        assert found is not None
        now = found.record
        assert isinstance(now, Credit)
        line = attrs.evolve(now.lines[0], unit_price=D("100.00"), amount=D("100.00"))
        tx.update_credit(attrs.evolve(now, lines=(line,), total=D("100.00")))
    sessions(house)
    after = company.records["CreditMemo"][id]
    assert (after[name][0]["ItemRef"]["ListID"], after[name][0]["Amount"]) == (other, "100.00")
    assert after[name][0]["TxnLineID"] == lines[0]["TxnLineID"]
