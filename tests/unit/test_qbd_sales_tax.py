"""What QuickBooks Desktop will charge is known before the invoice is sent, to the cent."""

import datetime as dt
from decimal import Decimal as D

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import SalesInvoice, SalesLine, TaxMode
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.sales_tax import group_tax, tax_gap, taxable_base
from tests.qbd_documents import CENTS

BOOKS = Books(profile=BooksProfile(sales_tax=SalesTax.MANUAL))
GROUP = [D("1.00"), D("0.50"), D("0.50"), D("6.25")]
ITEM = BooksRef(BooksKind.ITEM, "9-1")


def invoice(*lines: tuple[str, bool], tax: str, discount: str = "0.00") -> SalesInvoice:
    return SalesInvoice(
        customer=BooksRef(BooksKind.CUSTOMER, "8-1"),
        date=dt.date(2026, 1, 2),
        lines=tuple(SalesLine(item=ITEM, amount=D(amount), taxable=taxable) for amount, taxable in lines),
        discount=D(discount),
        discount_account=ITEM,
        tax=D(tax),
        tax_code=BooksRef(BooksKind.TAX_CODE, "T-1"),
    )


def test_each_member_of_a_group_is_rounded_by_itself() -> None:
    assert group_tax(D("35.50"), GROUP) == D("2.94")
    assert group_tax(D("35.50"), [D("8.25")]) == D("2.93")


def test_a_discount_before_tax_lowers_the_base_by_the_share_of_what_is_taxed() -> None:
    lines = (("322.50", False), ("56.85", True), ("59.00", False))
    assert taxable_base(invoice(*lines, tax="4.69"), BOOKS) == D("56.85")
    discounted = invoice(*lines, tax="4.22", discount="43.84")
    assert taxable_base(discounted, BOOKS) == D("51.16")
    assert tax_gap(discounted, [D("8.25")], BOOKS) == 0


@pytest.mark.parametrize(
    ("tax", "percents", "gap"),
    [("2.93", GROUP, "-0.01"), ("2.94", GROUP, "0.00"), ("2.94", [D("8.25")], "0.01")],
)
def test_a_cent_between_both_ways_to_round_is_seen_beforehand(tax: str, percents: list[D], gap: str) -> None:
    assert tax_gap(invoice(("35.50", True), tax=tax), percents, BOOKS) == D(gap)


def test_nothing_is_charged_where_no_tax_of_ours_or_no_sales_tax_is() -> None:
    taxed = invoice(("35.50", True), tax="2.94")
    assert taxable_base(attrs.evolve(taxed, tax=D(0)), BOOKS) == 0
    assert taxable_base(attrs.evolve(taxed, tax_mode=TaxMode.NONE, tax=None), BOOKS) == 0
    assert taxable_base(taxed, Books(profile=BooksProfile(sales_tax=SalesTax.OFF))) == 0
    theirs = attrs.evolve(taxed, tax_mode=TaxMode.BOOKS, tax=None)
    assert taxable_base(theirs, BOOKS) == D("35.50")
    assert tax_gap(theirs, GROUP, BOOKS) == 0


@given(CENTS, st.lists(st.decimals(0, 20, places=3), min_size=1, max_size=6))
def test_a_group_is_never_further_from_its_sum_than_half_a_cent_per_member(
    base: D, percents: list[D]
) -> None:
    whole = base * sum(percents, D(0)) / 100
    assert abs(group_tax(base, percents) - whole) <= D("0.005") * len(percents)
