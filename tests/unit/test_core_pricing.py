"""An invoice is priced as the accounting treatments say: half up per line, tax once, cents never lost."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.records import Address, LineKind, TaxExemption
from blueops_qb.sandbox.core.pricing import LineDraft, due_date, is_exempt, price

D = Decimal
REPAIR = LineDraft(quantity=D("2.5"), unit_price=D("129.00"), service_category="repair")
KITS = LineDraft(
    kind=LineKind.MATERIAL,
    quantity=D(3),
    unit_price=D("18.95"),
    material_category="pipe_fittings",
    taxable=True,
)
CALL = LineDraft(unit_price=D("59.00"), service_category="service_call")
RATE = D("8.25")


def test_the_worked_example_with_a_discount_on_one_line() -> None:
    repair = LineDraft(quantity=D("2.5"), unit_price=D("129.00"), discount_percent=D(10))
    priced = price([repair, KITS, CALL], tax_percent=RATE)
    assert [line.amount for line in priced.lines] == [D("322.50"), D("56.85"), D("59.00")]
    assert (priced.lines[0].discount, priced.tax, priced.total) == (D("32.25"), D("4.69"), D("410.79"))


def test_the_worked_example_with_a_discount_on_the_document() -> None:
    priced = price([REPAIR, KITS, CALL], tax_percent=RATE, discount_percent=D(10))
    assert (priced.subtotal, priced.discount, priced.tax) == (D("438.35"), D("43.84"), D("4.22"))
    assert priced.total == D("398.73")


def test_a_discount_taken_after_tax_leaves_the_taxable_base_whole() -> None:
    priced = price([REPAIR, KITS, CALL], tax_percent=RATE, discount=D("43.84"), discount_before_tax=False)
    assert (priced.tax, priced.total) == (D("4.69"), D("399.20"))


def test_an_exempt_customer_pays_no_tax_and_no_line_is_taxable() -> None:
    repair = LineDraft(quantity=D("2.5"), unit_price=D("129.00"), discount_percent=D(10))
    priced = price([repair, KITS, CALL], tax_percent=RATE, exempt=True)
    assert (priced.tax, priced.total) == (D("0.00"), D("406.10"))
    assert not any(line.taxable for line in priced.lines)


def test_half_a_cent_is_rounded_up() -> None:
    assert price([LineDraft(quantity=D("0.5"), unit_price=D("0.01"))]).total == D("0.01")


def test_a_discount_line_is_negative_and_words_cost_nothing() -> None:
    lines = [
        LineDraft(unit_price=D(100), taxable=True),
        LineDraft(kind=LineKind.DISCOUNT, unit_price=D(20), taxable=True),
        LineDraft(kind=LineKind.TEXT, description="Thank you", unit_price=D(5)),
    ]
    priced = price(lines, tax_percent=D(10))
    assert [line.amount for line in priced.lines] == [D("100.00"), D("-20.00"), D("0.00")]
    assert (priced.tax, priced.total) == (D("8.00"), D("88.00"))


def test_edited_lines_keep_their_ids_and_new_ones_get_fresh_ones() -> None:
    lines = [LineDraft(unit_price=D(1)), LineDraft(line_id="3", unit_price=D(1)), LineDraft(unit_price=D(1))]
    assert [line.line_id for line in price(lines).lines] == ["4", "3", "5"]


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ([LineDraft(unit_price=D(10), discount=D(11))], {}),
        ([LineDraft(unit_price=D(10), discount=D(-1))], {}),
        ([LineDraft(unit_price=D(10))], {"discount": D("10.01")}),
        ([LineDraft(unit_price=D(10))], {"tax_percent": D(-1)}),
        ([LineDraft(line_id="1"), LineDraft(line_id="1")], {}),
    ],
)
def test_what_makes_no_sense_is_refused(lines: list[LineDraft], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"discount|negative|line id"):
        price(lines, **options)


@given(
    lines=st.lists(
        st.builds(
            LineDraft,
            quantity=st.decimals("0", "50", places=2),
            unit_price=st.decimals("0", "999", places=3),
            discount_percent=st.sampled_from([D(0), D(5), D("33.3")]),
            taxable=st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    percent=st.sampled_from([D(0), D("8.25"), D("10.1")]),
    discount=st.sampled_from([D(0), D("7.5"), D(100)]),
    before=st.booleans(),
)
def test_the_parts_always_add_up_to_the_total(
    lines: list[LineDraft], percent: Decimal, discount: Decimal, before: bool
) -> None:
    priced = price(lines, tax_percent=percent, discount_percent=discount, discount_before_tax=before)
    nets = sum((line.amount - line.discount for line in priced.lines), D(0))
    assert nets - priced.discount + priced.tax == priced.total
    assert all(x == x.quantize(D("0.01")) for x in (priced.tax, priced.total, priced.discount))
    assert priced.tax >= 0


def test_terms_give_the_due_date() -> None:
    assert due_date(dt.date(2026, 1, 31), "net_30") == dt.date(2026, 3, 2)
    assert due_date(dt.date(2026, 1, 31), "of the lodge") is None


def test_a_certificate_holds_in_its_time_and_its_states_only() -> None:
    paper = TaxExemption(
        reason=9, states=("CA",), valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 12, 31)
    )
    day = dt.date(2026, 6, 1)
    assert is_exempt(paper, on=day, site=Address(state="CA"))
    assert is_exempt(paper, on=day, site=None)
    assert not is_exempt(paper, on=day, site=Address(state="NV"))
    assert not is_exempt(paper, on=dt.date(2027, 1, 1), site=None)
    assert not is_exempt(None, on=day, site=None)
