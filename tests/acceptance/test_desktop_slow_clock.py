"""What is deleted before anybody looked for it, under a clock that is behind, and a computer that takes its time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.qbd.connector import At, Connector, Mishaps
from blueops_qb.store import tables as t
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("clock")) as found:
        found.session()
        yield found


def conflicts(house: DesktopHouse) -> list[str]:
    c = t.conflicts
    with house.house.core.engine.connect() as connection:
        return list(connection.execute(sa.select(c.c.reason).where(c.c.state == "open")).scalars())


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


def client(house: DesktopHouse) -> Connector:
    """Another computer with the same application."""
    usual = house.desktop.connector
    assert usual is not None
    return Connector(
        service=usual.service,
        quickbooks=usual.quickbooks,
        user=usual.user,
        password=usual.password,
        pause=0.05,
    )


@pytest.mark.parametrize("words", ["<CustomerAddRq", "<InvoiceAddRq", "<ReceivePaymentAddRq"])
@pytest.mark.parametrize("more", [2, 3, 5])
def test_a_set_that_one_computer_runs_after_sessions_of_another_is_carried_out_once(
    house: DesktopHouse, words: str, more: int
) -> None:
    before, held, open_before, twice = house.held(), house.reasons(), conflicts(house), house.twice()
    house.documents(1)
    steps = client(house).steps()
    place, text = next(steps)
    while not (place is At.ASKED and words in text):
        place, text = next(steps)
    for _ in range(more):
        client(house).run_session()
    for _ in steps:
        pass
    for _ in range(3):
        house.session()
    assert [reason for reason in house.reasons() if reason not in held] == []
    assert conflicts(house) == open_before
    assert house.held() == {kind: count + 1 for kind, count in before.items()}
    assert house.twice() == twice
