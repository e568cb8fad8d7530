"""By the settings a branch that BlueOps takes away is the bookkeeper's to clear on the form."""

from __future__ import annotations

import attrs
import pytest

from blueops_qb.engine import resolve
from blueops_qb.sandbox.core.invoices import draft_of
from tests.desktop_house import ADMIN, desktop_house
from tests.desktop_places import Placed, here, invoiced, look, mapped, quiet, raw_of, sessions

pytestmark = pytest.mark.xdist_group("demo")


def test_a_field_that_is_not_cleared_by_the_settings_is_the_bookkeepers_to_clear(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('kept') / 'desktop.db'}"
    way = Placed(location_as="field", locations="Reno; Carson City", clear_other="no")
    with desktop_house(url, way) as house:
        house.session()
        mapped(house, north="Reno", south="Carson City")
        invoice = invoiced(house, "north")
        sessions(house)
        house.office.corrected(invoice, attrs.evolve(draft_of(here(house, invoice)), branch=""))
        sessions(house)
        (said,) = house.reasons()
        assert said.startswith(f"{invoice.ref} held: ")
        assert "takes the branch “Reno” away from the field “Other”" in said
        assert "Clear the field in QuickBooks, then retry." in said
        id, raw = raw_of(house, invoice.ref)
        assert raw["Other"] == "Reno"
        house.desktop.bookkeeper.edit("Invoice", id, {"Other": ""})
        look(house)
        with house.house.turn() as turn:
            resolve.retry(turn, [invoice.ref], ADMIN)
        sessions(house)
        assert here(house, invoice).branch == ""
        quiet(house)
