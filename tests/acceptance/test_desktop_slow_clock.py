"""What is deleted before anybody looked for it, under a clock that is behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from blueops_qb.sandbox.qbd.connector import Mishaps
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("clock")) as found:
        found.session()
        yield found


@pytest.mark.parametrize("hours", [0, 3, 30, 24 * 20])
@pytest.mark.parametrize("kind", ["Invoice", "ReceivePayment", "Customer"])
def test_what_arrived_and_was_deleted_under_a_slow_clock_is_for_a_person(
    house: DesktopHouse, kind: str, hours: int
) -> None:
    company = house.desktop.file.company
    (customer,) = house.customers(1)
    if kind != "Customer":
        house.session()
        invoice = house.invoice(customer)
        if kind == "ReceivePayment":
            house.session()
            house.paid(invoice)
    before, held = set(company.records[kind]), house.reasons()
    now, forgets = company.clock.now, company.switches.forgets_message_sets
    company.clock.now = lambda: now() - dt.timedelta(hours=hours)
    company.switches.forgets_message_sets = True
    try:
        house.session(Mishaps(drop_answer=1))
        (id,) = set(company.records[kind]) - before
        house.desktop.bookkeeper.delete(kind, id)
        for _ in range(3):
            house.session()
        assert set(company.records[kind]) == before, "nobody writes anew what a person has deleted"
        (said,) = [reason for reason in house.reasons() if "held" in reason and reason not in held]
        assert "deleted in the books at once" in said
    finally:
        company.clock.now, company.switches.forgets_message_sets = now, forgets
