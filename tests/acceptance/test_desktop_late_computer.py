"""A computer that takes its time: it carries a set out after sessions of another one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.qbd.connector import At
from blueops_qb.store import tables as t
from tests.desktop_house import DesktopHouse, sqlite_house
from tests.desktop_places import client

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("late")) as found:
        found.session()
        yield found


def conflicts(house: DesktopHouse) -> list[str]:
    c = t.conflicts
    with house.house.core.engine.connect() as connection:
        return list(connection.execute(sa.select(c.c.reason).where(c.c.state == "open")).scalars())


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
