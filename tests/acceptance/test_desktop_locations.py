"""A company file tracks no locations: by the settings the field “Other” of a sales form tells the branch."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.refs import BooksKind
from blueops_qb.sandbox.core.invoices import draft_of
from tests.desktop_house import DesktopHouse, desktop_house
from tests.desktop_places import Placed, differences, here, invoiced, look, mapped, quiet, raw_of, sessions

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    url = f"sqlite:///{tmp_path_factory.mktemp('fields') / 'desktop.db'}"
    with desktop_house(url, Placed(location_as="field", locations="Reno; Carson City")) as found:
        found.session()
        mapped(found, north="Reno", south="Carson City")
        yield found


def test_the_catalog_offers_the_places_of_the_settings(fields: DesktopHouse) -> None:
    with fields.house.turn() as turn:
        offered = {entry.name: entry.ref.id for entry in turn.catalog.of(BooksKind.LOCATION)}
    assert offered == {"Reno": "Reno", "Carson City": "Carson City"}


def test_a_branch_stands_in_the_field_of_the_form_from_the_first_request_on(fields: DesktopHouse) -> None:
    invoice = invoiced(fields, "north")
    sessions(fields)
    _, raw = raw_of(fields, invoice.ref)
    assert raw["Other"] == "Reno"
    look(fields)
    quiet(fields)
    assert differences(fields, invoice.ref) == []


def test_another_branch_and_none_reach_the_field(fields: DesktopHouse) -> None:
    invoice = invoiced(fields, "north")
    sessions(fields)
    for branch, told in (("south", "Carson City"), ("", "")):
        fields.office.corrected(invoice, attrs.evolve(draft_of(here(fields, invoice)), branch=branch))
        sessions(fields)
        _, raw = raw_of(fields, invoice.ref)
        assert raw.get("Other", "") == told
        look(fields)
        quiet(fields)


def test_a_change_of_something_else_leaves_the_field(fields: DesktopHouse) -> None:
    invoice = invoiced(fields, "")
    sessions(fields)
    id, _ = raw_of(fields, invoice.ref)
    fields.desktop.bookkeeper.edit("Invoice", id, {"Other": "Truck 5"})
    look(fields)
    quiet(fields)
    draft = draft_of(here(fields, invoice))
    dearer = attrs.evolve(draft.lines[0], unit_price=D("150.00"))
    fields.office.corrected(invoice, attrs.evolve(draft, lines=[dearer]))
    sessions(fields)
    quiet(fields)
    assert raw_of(fields, invoice.ref)[1]["Other"] == "Truck 5", "what is no location is the bookkeeper's own"


def test_what_the_bookkeeper_puts_there_is_the_branch_here(fields: DesktopHouse) -> None:
    invoice = invoiced(fields, "north")
    sessions(fields)
    id, _ = raw_of(fields, invoice.ref)
    fields.desktop.bookkeeper.edit("Invoice", id, {"Other": "Carson City"})
    look(fields)
    quiet(fields)
    assert here(fields, invoice).branch == "south"


def test_costs_have_no_such_field_and_go_without(fields: DesktopHouse) -> None:
    (customer,) = fields.customers(1)
    job = fields.office.job(customer, "Kitchen", street="1 Pump St", class_key="service")
    vendor = fields.office.vendor("Pipe Works", street="2 Pump St")
    bought = fields.office.card_purchase(vendor, [job], "P-1")
    billed = fields.office.subcontractor_bill(vendor, job, "B-1")
    assert (bought.branch, billed.branch) == ("north", "south")
    sessions(fields, 3)
    look(fields)
    quiet(fields)
    assert differences(fields, bought.ref, billed.ref) == [], (
        "the ledger names neither places nor vendors and jobs of costs"
    )
