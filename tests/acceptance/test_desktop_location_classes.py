"""A company file tracks no locations: by the settings the branch is the class of every line without one."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from blueops_qb.sandbox.core.invoices import draft_of
from tests.desktop_house import DesktopHouse, desktop_house
from tests.desktop_places import Placed, differences, here, invoiced, look, mapped, quiet, raw_of, sessions

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    url = f"sqlite:///{tmp_path_factory.mktemp('classes') / 'desktop.db'}"
    with desktop_house(url, Placed(location_as="class")) as found:
        found.session()
        mapped(found, north="Drain", south="Maintenance")
        yield found


def test_a_branch_is_the_class_of_every_line_without_one(classes: DesktopHouse) -> None:
    invoice = invoiced(classes, "north")
    sessions(classes)
    company = classes.desktop.file.company
    _, raw = raw_of(classes, invoice.ref)
    told = {company.full_name(line["ClassRef"]["ListID"]) for line in raw["Lines"]}
    assert told == {"Drain"}
    look(classes)
    quiet(classes)
    classes.office.corrected(invoice, attrs.evolve(draft_of(here(classes, invoice)), branch="south"))
    sessions(classes)
    _, raw = raw_of(classes, invoice.ref)
    assert {company.full_name(line["ClassRef"]["ListID"]) for line in raw["Lines"]} == {"Maintenance"}
    look(classes)
    quiet(classes)
    assert differences(classes, invoice.ref) == []
