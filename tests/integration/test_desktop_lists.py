"""QuickBooks Desktop's lists are read anew each day, its names with them: what is new or changed there is taken in."""

from collections.abc import Iterator

import pytest

from blueops_qb.engine import due
from blueops_qb.sandbox.demo.desktop_chart import DESKTOP_CHART
from blueops_qb.sandbox.demo.house import TENANT
from blueops_qb.sandbox.reader import CoreReader
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("desktop")) as house:
        yield house


def lists_are_read_before_the_changes(house: DesktopHouse) -> None:
    with house.house.turn() as turn:
        due.read_catalog(turn)
    house.session()
    with house.house.turn() as turn:
        due.hurry(turn)
    house.session()


def names_here(house: DesktopHouse) -> set[str]:
    return {
        party.name for party in CoreReader(house.house.core.engine, TENANT, DESKTOP_CHART).read().customers
    }


def test_a_customer_who_is_entered_before_the_lists_are_read_comes_to_blueops(house: DesktopHouse) -> None:
    house.desktop.enter_customer("Vera Stone", email="", phone="", street="")
    lists_are_read_before_the_changes(house)
    assert "Vera Stone" in names_here(house)


def test_a_customer_who_is_renamed_before_the_lists_are_read_is_renamed_in_blueops(
    house: DesktopHouse,
) -> None:
    id = house.desktop.enter_customer("Nils Berg", email="", phone="", street="")
    with house.house.turn() as turn:
        due.hurry(turn)
    house.session()
    assert "Nils Berg" in names_here(house)
    house.desktop.rename(id, "Nils Bergman")
    lists_are_read_before_the_changes(house)
    assert "Nils Bergman" in names_here(house)
