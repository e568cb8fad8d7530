"""The shipped templates hold what the reference asks for, and a file that cannot be used is refused in words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.template import Template
from blueops_qb.domain.template_read import BadTemplate, read_template
from blueops_qb.engine import template_files

HEAD = 'name = "own"\ntitle = "Own"\n'
ALL = HEAD + 'extends = "plumbing"\n'


def read(text: str) -> Template:
    return read_template(text, file="own.toml", find=template_files.text_of)


def refused(text: str) -> str:
    with pytest.raises(BadTemplate) as told:
        read(text)
    return str(told.value)


# -- what is shipped -------------------------------------------------------------------------------
@pytest.mark.parametrize("industry", template_files.INDUSTRIES)
def test_every_trade_is_whole(industry: str) -> None:
    found = template_files.load(industry)
    assert found.name == industry
    assert found.accounts
    assert found.items
    assert found.classes
    assert {row.family for row in found.mappings} >= {Family.ROLE, Family.FEE, Family.SERVICE, Family.EXPENSE}
    # With every option too, all that a row names is there.
    whole = found.with_options([option.name for option in found.options])
    assert len(whole.accounts) == len(found.accounts)


@pytest.mark.parametrize("industry", template_files.INDUSTRIES)
def test_there_is_one_account_of_receivables_and_one_of_payables(industry: str) -> None:
    found = template_files.load(industry)
    systems = [row.system for row in found.accounts if row.system]
    assert len(systems) == len(set(systems))
    assert {"ar", "ap", "undeposited", "sales_tax"} <= set(systems)


def test_rows_of_an_option_come_only_with_it() -> None:
    found = template_files.load("plumbing")
    numbers = {row.number for row in found.with_options().accounts}
    assert "5490" not in numbers
    assert "5490" in {row.number for row in found.with_options(["labor"]).accounts}
    with pytest.raises(ValueError, match="has no option “moon”; it has: bonded"):
        found.with_options(["moon"])


def treatments(shared: Path) -> str:
    return (shared / "reference" / "accounting-treatments.md").read_text("utf-8")


def rows(text: str, section: str) -> Iterator[list[str]]:
    part = re.search(rf"^## {section}\. .*?(?=^## )", text, re.M | re.S)
    assert part is not None
    for line in part.group().splitlines():
        if line.startswith("|") and not line.startswith(("|---", "| No", "| Industry")):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.shared
def test_every_number_and_name_of_the_reference_is_in_a_template(shared: Path) -> None:
    """Accounting-treatments section 15."""
    found = {
        row.number: row
        for industry in template_files.INDUSTRIES
        for row in template_files.load(industry).accounts
    }
    wanted = {number for cells in rows(treatments(shared), "15") for number in cells[0].split()}
    assert len(wanted) > 60
    assert wanted == set(found)
    for cells in rows(treatments(shared), "15"):
        if len(cells[0].split()) == 1:
            assert found[cells[0]].name == cells[1]
            detail = cells[2].partition("/")[2].split()
            assert not detail or found[cells[0]].detail == detail[0]


#: Shared utility items of section 16 with the name that they have here.
SHARED_ITEMS = {
    "Customer Deposit": "2300",
    "Retainage": "1150",
    "Discount": "4900",
    "Member Discount": "4900",
    "Allowance": "4910",
    "Bad Debt": "6200",
    "NSF Fee": "4800",
    "Late Fee": "4800",
    "Card Surcharge": "4800",
    "Cancellation Fee": "4800",
    "Permit Handling": "4800",
    "Permit": "4700",
    "Permit Pass-through": "1250",
    "Rounding": "6950",
}
NAMES = {"general contractor": "general-contractor"}


@pytest.mark.shared
def test_every_item_and_class_of_the_reference_is_in_its_trade(shared: Path) -> None:
    """Accounting-treatments section 16: name, income, cost."""
    trades = 0
    for industry, items, classes in rows(treatments(shared), "16"):
        name = NAMES.get(industry, industry.lower())
        found = template_files.load(name)
        trades += 1
        by_name = {row.name: row for row in found.items}
        for told in items.split(";"):
            match = re.match(r"\s*(.+?) (\d{4})?(?:/?-?)(-)?/?(?:(\d{4}))?(?: -> \d{4})?\s*$", told)
            if "one two-sided item per" in told or "Permit" in told:
                continue  # a row for each cost code; permits are shared
            assert match is not None, told
            word = match.group(1).removesuffix(" -/").removesuffix(" -").strip()
            item = by_name.get(word.removesuffix("/"))
            assert item is not None, f"{name} lacks the item {word!r} of {told!r}"
            numbers = re.findall(r"\d{4}", told.split("->")[0])
            assert [n for n in (item.income, item.cost) if n] == numbers, told
        if name != "general-contractor":
            assert {row.name for row in found.classes} == {one.strip() for one in classes.split(",")}
    assert trades == len(template_files.INDUSTRIES)
    text = treatments(shared)
    for industry in template_files.INDUSTRIES:
        by_name = {row.name: row for row in template_files.load(industry).items}
        for shared_item, income in SHARED_ITEMS.items():
            assert by_name[shared_item].income == income
            assert shared_item.split()[0] in text


def test_deposits_retainage_agreements_and_permits_are_not_taxed() -> None:
    for industry in template_files.INDUSTRIES:
        for item in template_files.load(industry).items:
            if any(word in item.name for word in ("Deposit", "Retainage", "Agreement", "Permit", "Rounding")):
                assert not item.taxable, item.name


# -- an own file -----------------------------------------------------------------------------------
def test_an_own_file_may_extend_a_trade_and_leave_rows_out(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        ALL
        + 'leave_out = ["4030", "Drain", "service_category drain_cleaning", "class drain"]\n'
        + 'account = [{ number = "4031", name = "Sewer Work", type = "Income" }]\n'
        + 'item = [{ name = "Drain", income = "4031" }]\n',  # in place of the one that is left out
        "utf-8",
    )
    found = template_files.load(str(own))
    numbers = {row.number for row in found.accounts}
    assert "4031" in numbers
    assert "4030" not in numbers
    assert [row.income for row in found.items if row.name == "Drain"] == ["4031"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 'x", r"own.toml: it is no TOML \(.*\); look at that line"),
        ('title = "X"\n', r"own.toml: it has no “name” as a text in quotes"),
        (HEAD + "colour = 1\n", r"own.toml: “colour” is no part of a template; it may have account, class"),
        (HEAD + 'account = ["1000"]\n', r"“account” must be a list of rows in braces"),
        (
            HEAD + 'account = [{ number = "1", nam = "x", type = "Bank" }]\n',
            r"own.toml: account row 1 \(“1”\) has “nam”, which is no field; it may have also, detail",
        ),
        (HEAD + 'account = [{ number = "1", type = "Bank" }]\n', r"row 1 \(“1”\) has no “name”; give it one"),
        (
            HEAD + 'account = [{ number = "1", name = "x", type = "Banc" }]\n',
            r"“type” is 'Banc'; write one of Bank, Accounts Receivable",
        ),
        (
            HEAD + 'account = [{ number = 1, name = "x", type = "Bank" }]\n',
            r"“number” is 1; write it as a text",
        ),
        (
            HEAD + 'item = [{ name = "x", income = "1", taxable = "no" }]\n',
            r"“taxable” is 'no'; write true or false, without quotes",
        ),
        (HEAD + 'item = [{ name = "x", income = "1", also = "y" }]\n', r"“also” must be a list of texts"),
        (HEAD + 'with = "x"\n', r"“with” must be a list of texts in quotes, in brackets"),
        (HEAD + 'leave_out = ["x"]\n', r"“leave_out” goes with “extends”"),
        (HEAD + 'extends = "bakery"\n', r"it extends “bakery”, which is no template"),
        (
            ALL + 'leave_out = ["9999"]\n',
            r"“leave_out” names “9999”, and the template that it extends has no",
        ),
        # -- what it says
        (
            ALL + 'account = [{ number = "4010", name = "Other", type = "Income" }]\n',
            r"two account rows have the number “4010”; take one out, or name the row .* “leave_out”",
        ),
        (ALL + 'item = [{ name = "repair", income = "4010" }]\n', r"two item rows have the name “repair”"),
        (
            ALL + 'account = [{ number = "4019", name = "A:B", type = "Income" }]\n',
            r"account 4019: its name may not be empty, longer than 100",
        ),
        (
            ALL + f'account = [{{ number = "4019", name = "{"x" * 32}", type = "Income" }}]\n',
            r"has 32 characters and QuickBooks Desktop keeps 31; give it a “short” name",
        ),
        (
            ALL + 'account = [{ number = "12345678", name = "X", type = "Income" }]\n',
            r"account 12345678: a number has 1 to 7 letters and digits",
        ),
        (
            ALL + 'account = [{ number = "1101", name = "Other A/R", type = "Accounts Receivable" }]\n',
            r"account 1101: there must never be a second account of the type Accounts Receivable",
        ),
        (
            ALL + 'account = [{ number = "4019", name = "X", type = "Income", system = "moon" }]\n',
            r"account 4019: “moon” is no system account; write one of ar, ap",
        ),
        (
            ALL + 'item = [{ name = "X", income = "4999" }]\n',
            r"item X: there is no account 4999 in the template; add its row, or write another number",
        ),
        (ALL + 'item = [{ name = "X" }]\n', r"item X: it has neither “income” nor “cost”"),
        (
            ALL + 'item = [{ name = "X", kind = "discount", income = "4900", cost = "5290" }]\n',
            r"item X: a discount has “income” and no “cost”",
        ),
        (
            ALL + 'item = [{ name = "X", income = "5490" }]\n',
            r"names account 5490, which comes with the option “labor”",
        ),
        (
            ALL + 'item = [{ name = "X", income = "4010", option = "moon" }]\n',
            r"item X: there is no option “moon”; add a row for it",
        ),
        (
            ALL
            + 'leave_out = ["fee_type retainage"]\n'
            + 'mapping = [{ family = "fee_type", key = "retainage", item = "Repair" }]\n',
            r"fee_type retainage: it leads to account 4010 “Repair & Service Labor”, which is income, but retainage",
        ),
        (
            ALL + 'mapping = [{ family = "service_category", key = "x", item = "Nothing" }]\n',
            r"mapping row service_category x: there is no item “Nothing”",
        ),
        (
            ALL + 'mapping = [{ family = "service_category", key = "x", account = "4010" }]\n',
            r"mapping row service_category x: it must lead to one item",
        ),
        (
            ALL + 'mapping = [{ family = "role", key = "x", account = "4999" }]\n',
            r"mapping row role x: there is no account 4999",
        ),
        (
            ALL + 'mapping = [{ family = "terms", key = "x", account = "4010" }]\n',
            r"a template maps no keys of the family terms",
        ),
        (
            ALL
            + 'leave_out = ["role deposits"]\nmapping = [{ family = "role", key = "deposits", account = "4010" }]\n',
            r"role deposits: it leads to account 4010 of the type Income, which cannot bear this duty",
        ),
        (
            ALL
            + 'leave_out = ["fee_type deposit"]\n'
            + 'mapping = [{ family = "fee_type", key = "deposit", item = "Customer Deposit", taxable = true }]\n',
            r"a deposit is not taxed, as the invoice is",
        ),
    ],
)
def test_a_bad_file_is_refused_with_row_cause_and_remedy(text: str, said: str) -> None:
    told = refused(text)
    assert told.startswith("own.toml")
    assert re.search(said, told, re.S), told


def test_two_templates_that_extend_each_other_are_refused() -> None:
    texts = {
        "a": 'name = "a"\ntitle = "A"\nextends = "b"\n',
        "b": 'name = "b"\ntitle = "B"\nextends = "a"\n',
    }
    with pytest.raises(BadTemplate, match="extends it in turn"):
        read_template(texts["a"], file="a.toml", find=texts.__getitem__)


def test_a_name_that_is_none_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match="There is no template “bakery”; write one of plumbing, hvac"):
        template_files.load("bakery")
    with pytest.raises(BadTemplate, match="cannot be read"):
        template_files.load(str(tmp_path / "gone.toml"))
