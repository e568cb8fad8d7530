"""What a document should have done and what the books hold: any change is found and named, equal sides give nothing."""

import datetime as dt
from collections.abc import Callable

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blueops_qb.domain.agreement import Kind, alike, compare
from blueops_qb.domain.agreement_rules import Account, Chart, Item, Line, Rule

DAY = dt.date(2026, 3, 2)
CHART = Chart(
    accounts={
        "ar": Account(type="Accounts Receivable", subtype="AccountsReceivable"),
        "ap": Account(type="Accounts Payable", subtype="AccountsPayable"),
        "wait": Account(type="Other Current Asset", subtype="UndepositedFunds"),
        "stock": Account(type="Other Current Asset", subtype="Inventory"),
        "cogs": Account(type="Cost of Goods Sold", subtype="SuppliesMaterialsCogs"),
        "state": Account(type="Other Current Liability", subtype="SalesTaxPayable"),
        "county": Account(type="Other Current Liability", subtype="GlobalTaxPayable"),
        "fx": Account(type="Other Expense", subtype="ExchangeGainOrLoss"),
        "s1": Account(type="Income", subtype="ServiceFeeIncome"),
        "s2": Account(type="Income", subtype="ServiceFeeIncome"),
    },
    items={"kit": Item(income="s2", cost="cogs", stock="stock"), "work": Item(income="s1")},
)


def line(account: str, cents: int, **more: str) -> Line:
    return Line(account=account, cents=cents, day=DAY, **more)


def invoice(*sales: Line, duty: str = "ar") -> list[Line]:
    """What an invoice with these sales does."""
    whole = -sum(one.cents for one in sales)
    return [line("ar", whole, customer="c", class_="k", duty=duty), *sales]


SALES = (
    line("s1", -10_000, customer="c", class_="k", item="work"),
    line("s2", -5_000, customer="c", class_="k"),
)
INVOICE = invoice(*SALES)


def kinds(ours: list[Line], theirs: list[Line], *, settles: bool = False) -> set[Kind]:
    return {one.kind for one in compare(ours, theirs, CHART, settles=settles).differences}


# -- any document ------------------------------------------------------------------------------------
AMOUNTS = st.integers(min_value=1, max_value=10**9)
IDS = st.sampled_from(["", "1", "2", "3"])


@st.composite
def documents(draw: st.DrawFn) -> list[Line]:
    """A sale: one receivable against one to six lines on accounts of their own."""
    customer = draw(st.sampled_from(["c1", "c2"]))
    sales = [
        line(
            f"i{draw(st.integers(0, 3))}",
            -draw(AMOUNTS),
            customer=customer,
            class_=draw(IDS),
            location="L",
        )
        for _ in range(draw(st.integers(1, 6)))
    ]
    whole = -sum(one.cents for one in sales)
    return [line("ar", whole, customer=customer, location="L", duty="ar"), *sales]


@given(documents(), st.randoms(use_true_random=False))
def test_equal_sides_give_nothing_however_they_are_split_and_ordered(
    document: list[Line], chance: object
) -> None:
    split = [
        part
        for one in document
        for part in (attrs.evolve(one, cents=one.cents - 1, duty=""), attrs.evolve(one, cents=1, item=""))
    ]
    split.sort(key=lambda one: hash((one, id(chance))))
    found = compare(document, split, CHART)
    assert (found.differences, found.explained) == ((), ())


CHANGES: dict[Kind, Callable[[Line], Line]] = {
    Kind.ACCOUNT: lambda one: attrs.evolve(one, account="elsewhere"),
    Kind.CLASS: lambda one: attrs.evolve(one, class_="other"),
    Kind.LOCATION: lambda one: attrs.evolve(one, location="M"),
    Kind.CUSTOMER: lambda one: attrs.evolve(one, customer="other"),
}


@given(documents(), st.sampled_from(list(CHANGES)), st.data())
def test_what_changed_on_one_line_is_named_and_nothing_else(
    document: list[Line], kind: Kind, data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, len(document) - 1))
    theirs = [CHANGES[kind](one) if n == place else one for n, one in enumerate(document)]
    (found,) = compare(document, theirs, CHART).differences
    assert (found.kind, found.cents) == (kind, abs(document[place].cents))
    assert found.detail


@given(documents(), AMOUNTS, st.booleans(), st.data())
def test_another_amount_is_named_with_how_much(
    document: list[Line], more: int, down: bool, data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, len(document) - 1))
    cents = min(more, -document[place].cents) if down else -more
    assume(cents < document[0].cents)
    theirs = list(document)
    theirs[place] = attrs.evolve(theirs[place], cents=theirs[place].cents + cents)
    theirs[0] = attrs.evolve(theirs[0], cents=theirs[0].cents - cents)
    (found,) = compare(document, theirs, CHART).differences
    assert (found.kind, found.cents) == (Kind.AMOUNT, abs(cents))


@given(documents(), st.integers(1, 40))
def test_another_day_is_named_once(document: list[Line], days: int) -> None:
    theirs = [attrs.evolve(one, day=one.day + dt.timedelta(days=days)) for one in document]
    (found,) = compare(document, theirs, CHART).differences
    assert found.kind is Kind.DATE
    assert str(DAY + dt.timedelta(days=days)) in found.detail


@given(documents(), documents())
def test_two_documents_are_alike_or_differ_never_both(one: list[Line], other: list[Line]) -> None:
    assert alike(one, other) == (not compare(one, other, CHART).differences)


@given(documents(), documents())
def test_what_is_found_accounts_for_every_account_that_differs(one: list[Line], other: list[Line]) -> None:
    def sums(lines: list[Line]) -> dict[str, int]:
        found: dict[str, int] = {}
        for entry in lines:
            found[entry.account] = found.get(entry.account, 0) + entry.cents
        return found

    ours, theirs = sums(one), sums(other)
    apart = {a for a in ours.keys() | theirs.keys() if ours.get(a, 0) != theirs.get(a, 0)}
    named = {account for found in compare(one, other, CHART).differences for account in found.accounts}
    assert apart <= named


# -- kinds ---------------------------------------------------------------------------------------------
def test_a_line_that_went_to_another_job_is_a_customer_and_not_an_amount() -> None:
    moved = [attrs.evolve(one, customer="c:job") for one in INVOICE]
    assert kinds(INVOICE, moved) == {Kind.CUSTOMER}


def test_class_and_account_of_a_line_are_two_differences() -> None:
    theirs = [INVOICE[0], attrs.evolve(INVOICE[1], account="s3", class_="z"), INVOICE[2]]
    assert kinds(INVOICE, theirs) == {Kind.ACCOUNT, Kind.CLASS}


def test_an_item_that_leads_elsewhere_now_is_told_apart_from_another_account() -> None:
    theirs = [INVOICE[0], attrs.evolve(INVOICE[1], account="s9"), INVOICE[2]]
    assert kinds(INVOICE, theirs) == {Kind.ACCOUNT}
    chart = attrs.evolve(CHART, items={"work": Item(income="s9")})
    (found,) = compare(INVOICE, theirs, chart).differences
    assert found.kind is Kind.ITEM_ACCOUNT


def test_a_void_is_not_missing() -> None:
    theirs = [attrs.evolve(one, cents=0) for one in INVOICE]
    (found,) = compare(INVOICE, theirs, CHART).differences
    assert (found.kind, found.cents) == (Kind.VOIDED, 15_000)


def test_a_line_too_many_and_a_line_too_few_are_amounts() -> None:
    more = invoice(*SALES, line("s3", -700, customer="c", class_="k"))
    assert kinds(INVOICE, more) == {Kind.AMOUNT}
    assert kinds(more, INVOICE) == {Kind.AMOUNT}


def test_money_that_settles_nothing_any_more_is_unapplied() -> None:
    ours = [line("wait", 900, customer="c"), line("ar", -900, customer="c:job", duty="ar")]
    theirs = [line("wait", 900, customer="c"), line("ar", -900, customer="c")]
    assert kinds(ours, theirs, settles=True) == {Kind.UNAPPLIED}
    assert kinds(ours, theirs) == {Kind.CUSTOMER}


def test_another_vendor_shows_only_on_lines_without_a_customer() -> None:
    ours = [
        line("ap", -500, vendor="v", duty="ap"),
        line("cost", 300, vendor="v", customer="c"),
        line("cost", 200, vendor="v"),
    ]
    theirs = [attrs.evolve(one, vendor="w") for one in ours]
    assert kinds(ours, theirs) == {Kind.VENDOR}
    assert kinds(ours, [ours[0], attrs.evolve(ours[1], vendor=""), ours[2]]) == set()


# -- what the books choose -----------------------------------------------------------------------------
def test_an_account_that_we_do_not_name_is_the_one_of_its_duty() -> None:
    ours = [attrs.evolve(one, account="") if one.duty else one for one in INVOICE]
    found = compare(ours, INVOICE, CHART)
    assert not found.differences
    assert {one.rule for one in found.explained} == {Rule.BOOKS_CHOOSE}
    assert found.ours[0].account == "ar"
    wrong = [attrs.evolve(INVOICE[0], account="wait"), *INVOICE[1:]]
    assert kinds(ours, wrong) == {Kind.ACCOUNT}


def test_tax_may_lie_with_several_agencies_if_it_comes_to_the_same() -> None:
    tax = line("state", -300, customer="c", class_="k", duty="tax_payable")
    ours = [*invoice(*SALES, tax)]
    parts = [attrs.evolve(tax, cents=-200), attrs.evolve(tax, account="county", cents=-100)]
    found = compare(ours, [*ours[:-1], *parts], CHART)
    assert not found.differences
    assert sum(one.cents for one in found.explained) == 0
    assert {one.rule for one in found.explained} == {Rule.TAX_AGENCIES}
    less = [*ours[:-1], parts[0], attrs.evolve(parts[1], cents=-99), line("s9", -1, customer="c", class_="k")]
    assert kinds(ours, less) != set()


def test_the_cost_of_goods_in_stock_is_the_books_own_and_only_of_what_was_sold() -> None:
    sold = invoice(line("s2", -5_000, customer="c", class_="k", item="kit"))
    cost = [line("cogs", 1_880, customer="c", class_="k"), line("stock", -1_880, customer="c", class_="k")]
    found = compare(sold, [*sold, *cost], CHART)
    assert not found.differences
    assert {one.rule for one in found.explained} == {Rule.COST_OF_GOODS}
    assert kinds(INVOICE, [*INVOICE, *cost]) == {Kind.AMOUNT}, "nothing in stock was sold"
    lame = [cost[0], attrs.evolve(cost[1], cents=-1_000), line("s9", -880)]
    assert kinds(sold, [*sold, *lame]) == {Kind.AMOUNT}


def test_what_an_exchange_rate_lost_is_explained_to_the_cent() -> None:
    paid = [line("wait", 720, customer="c"), line("ar", -720, customer="c", duty="ar")]
    theirs = [paid[0], attrs.evolve(paid[1], cents=-740), line("fx", 20, customer="c")]
    found = compare(paid, theirs, CHART)
    assert not found.differences
    assert {one.rule for one in found.explained} == {Rule.EXCHANGE}
    assert kinds(paid, [paid[0], attrs.evolve(paid[1], cents=-741), line("fx", 20), line("s1", 1)])


@pytest.mark.parametrize("cents", [1, -1])
def test_a_cent_is_never_rounding(cents: int) -> None:
    theirs = [
        attrs.evolve(INVOICE[0], cents=INVOICE[0].cents - cents),
        attrs.evolve(INVOICE[1], cents=INVOICE[1].cents + cents),
        INVOICE[2],
    ]
    (found,) = compare(INVOICE, theirs, CHART).differences
    assert (found.kind, found.cents) == (Kind.AMOUNT, 1)
