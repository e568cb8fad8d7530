"""One price for several things: split to the cent, each part a line of its own, whatever is wrong is said."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.bundles import unbundled
from blueops_qb.domain.records import BundlePart, InvoiceLine, LineKind
from blueops_qb.sandbox.core.pages import bundles as page
from blueops_qb.sandbox.core.pricing import LineDraft, price
from blueops_qb.sandbox.core.work import Refused
from tests.plumbing import D, blocked, document, invoice, item

UNIT = BundlePart(
    part_id="unit", kind=LineKind.EQUIPMENT, ssp=D(6000), material_category="water_heater", taxable=True
)
LABOR = BundlePart(part_id="labor", kind=LineKind.SERVICE, ssp=D(4000), service_category="install")


def line(amount: str, *parts: BundlePart, discount: str = "0.00") -> InvoiceLine:
    return InvoiceLine(
        line_id="3",
        kind=LineKind.BUNDLE,
        description="Installed",
        amount=D(amount),
        unit_price=D(amount),
        discount=D(discount),
        parts=parts,
    )


def test_each_part_goes_to_its_own_item() -> None:
    sale = document(invoice(line("9800.00", UNIT, LABOR), total="9800.00"))
    assert [(x.line_id, x.amount, x.taxable) for x in sale.lines] == [
        ("3/unit", D("5880.00"), True),
        ("3/labor", D("3920.00"), False),
    ]
    assert sale.total == D("9800.00")
    assert len({x.item for x in sale.lines}) == 2
    assert isinstance(sale.lines[0].item, type(item("x")))


def test_the_discount_of_a_bundle_is_split_like_its_price() -> None:
    sale = document(invoice(line("100.00", UNIT, LABOR, discount="10.00"), total="90.00"))
    assert [(x.line_id, x.amount) for x in sale.lines] == [
        ("3/unit", D("60.00")),
        ("3/unit/discount", D("-6.00")),
        ("3/labor", D("40.00")),
        ("3/labor/discount", D("-4.00")),
    ]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((), "is a bundle without parts"),
        ((attrs.evolve(UNIT, ssp=D(0)),), "no stand-alone selling prices"),
        ((attrs.evolve(UNIT, ssp=D(-1)), LABOR), "no stand-alone selling prices"),
        ((UNIT, attrs.evolve(LABOR, part_id="unit")), "a part id of their own"),
        ((attrs.evolve(UNIT, part_id=""),), "a part id of their own"),
        ((attrs.evolve(UNIT, kind=LineKind.BUNDLE),), "a part of kind bundle"),
    ],
)
def test_a_bundle_that_cannot_be_split_is_held(parts: tuple[BundlePart, ...], said: str) -> None:
    found = blocked(invoice(line("100.00", *parts), total="100.00"))
    assert said in found.reason
    assert "line 3 “Installed”" in found.reason


def test_a_fraction_of_a_cent_is_held_before_it_is_split() -> None:
    found = blocked(invoice(line("100.005", UNIT, LABOR), total="100.00"))
    assert "not a whole number of cents" in found.reason


@given(
    amount=st.decimals("-99999.99", "99999.99", places=2),
    prices=st.lists(st.decimals("0", "9999.99", places=2), min_size=1, max_size=8).filter(any),
)
def test_the_parts_come_to_the_price(amount: Decimal, prices: list[Decimal]) -> None:
    parts = [attrs.evolve(UNIT, part_id=str(n), ssp=ssp) for n, ssp in enumerate(prices)]
    found = unbundled([line(str(amount), *parts)])
    assert sum(part.amount for part in found) == amount
    for part, ssp in zip(found, prices, strict=True):
        assert abs(part.amount - amount * ssp / sum(prices)) < D("0.01")
        assert ssp or not part.amount


def test_core_taxes_the_taxed_parts_only() -> None:
    draft = LineDraft(kind=LineKind.BUNDLE, unit_price=D(9800), parts=(UNIT, LABOR), taxable=True)
    priced = price([draft], tax_percent=D(7))
    assert (priced.subtotal, priced.tax) == (D("9800.00"), D("411.60"))
    assert not priced.lines[0].taxable
    assert price([draft], tax_percent=D(7), exempt=True).tax == D("0.00")


# -- the page ------------------------------------------------------------------------------------------
TYPED = "equipment water_heater 6000 taxed; service install 4000"


def test_parts_are_read_as_they_are_shown() -> None:
    parts = page.typed(TYPED, "Line 1")
    assert [(p.part_id, p.kind, p.ssp, p.taxable) for p in parts] == [
        ("1", LineKind.EQUIPMENT, D(6000), True),
        ("2", LineKind.SERVICE, D(4000), False),
    ]
    again = page.typed(page.shown(line("1.00", *parts)), "Line 1", line("1.00", UNIT, LABOR))
    assert [p.part_id for p in again] == ["unit", "labor"]
    assert [(p.ssp, p.taxable) for p in again] == [(D(6000), True), (D(4000), False)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a bundle needs its parts"),
        ("equipment 6000", "is no part"),
        ("kitchen sink 6000", "is no part"),
        ("service install many", "is not a number"),
        ("service install -5", "not below zero"),
    ],
)
def test_what_is_no_part_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        page.typed(text, "Line 1")
