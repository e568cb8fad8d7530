"""A template against lists of the books: what is there, what is created, what a person is asked."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from blueops_qb.domain.list_entries import AccountType, ItemKind
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.domain.template import AccountRow, ClassRow, ItemRow, MappingRow, Template
from blueops_qb.domain.template_match import Decision, Lists, NotPossible, Planned, Step, match
from blueops_qb.domain.template_rules import following, record_of

K = BooksKind
CLEARING = AccountRow(
    number="1050", name="Processor Clearing", type=AccountType.OTHER_CURRENT_ASSET, also=("Card Clearing",)
)
RECEIVABLE = AccountRow(number="1100", name="Accounts Receivable", type=AccountType.RECEIVABLE, system="ar")
UNDEPOSITED = AccountRow(
    number="1090", name="Undeposited Funds", type=AccountType.OTHER_CURRENT_ASSET, system="undeposited"
)
LABOR = AccountRow(number="4010", name="Repair & Service Labor", type=AccountType.INCOME)
COST = AccountRow(number="5010", name="COGS Pipe & Fittings", type=AccountType.COST_OF_GOODS_SOLD)
BANK = AccountRow(number="1000", name="Operating Checking", type=AccountType.BANK, existing=True)
REPAIR = ItemRow(name="Repair", income="4010")
PIPE = ItemRow(name="Pipe", kind=ItemKind.NON_INVENTORY, income="4010", cost="5010")
SERVICE = ClassRow(name="Service")


@attrs.frozen(kw_only=True)
class Entry:
    """An entry of a list."""

    ref: BooksRef
    name: str
    active: bool = True
    facts: Mapping[str, str] = attrs.field(factory=dict)


def account(id: str, name: str, type_: str, number: str = "", **more: Any) -> Entry:
    facts = {"account_type": type_, "number": number, "account_subtype": more.pop("duty", "")}
    return Entry(ref=BooksRef(K.ACCOUNT, id), name=name, facts=facts, **more)


def item(
    id: str, name: str, *, income: str = "", cost: str = "", type_: str = "Service", **more: Any
) -> Entry:
    facts = {"item_type": type_, "income_account": income, "expense_account": cost}
    return Entry(ref=BooksRef(K.ITEM, id), name=name, facts=facts, **more)


def lists(*entries: Entry, name_length: int = 100) -> Lists:
    return Lists(entries={entry.ref: entry for entry in entries}, name_length=name_length)


def template(*rows: Any, mappings: tuple[MappingRow, ...] = ()) -> Template:
    return Template(
        name="t",
        title="T",
        accounts=tuple(row for row in rows if isinstance(row, AccountRow)),
        items=tuple(row for row in rows if isinstance(row, ItemRow)),
        classes=tuple(row for row in rows if isinstance(row, ClassRow)),
        mappings=mappings,
    )


def one(row: Any, *entries: Entry, said: Decision | None = None) -> Planned:
    decisions = {row.key: said} if said is not None else {}
    (planned,) = match(template(row), lists(*entries), decisions)
    return planned


# -- accounts ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("entries", "step", "id"),
    [
        ((), Step.CREATE, None),
        ((account("1", "Cards", "Other Current Asset", "1050"),), Step.USE, "1"),
        # Desktop spells types without spaces.
        ((account("1", "Cards", "OtherCurrentAsset", "1050"),), Step.USE, "1"),
        ((account("1", "processor  clearing", "Other Current Asset"),), Step.USE, "1"),
        ((account("1", "Card Clearing", "Other Current Asset"),), Step.USE, "1"),
        ((account("1", "Assets:Processor Clearing", "Other Current Asset"),), Step.USE, "1"),
        ((account("1", "Processor Clearings", "Other Current Asset"),), Step.USE, "1"),
        # Its number is another kind of account's.
        ((account("1", "Cash", "Bank", "1050"),), Step.ASK, None),
        ((account("1", "Processor Clearing", "Bank"),), Step.ASK, None),
        ((account("1", "Processor Clearing", "Other Current Asset", active=False),), Step.ASK, None),
        # The number counts before the name.
        (
            (
                account("1", "Cards", "Other Current Asset", "1050"),
                account("2", "Processor Clearing", "Other Current Asset"),
            ),
            Step.USE,
            "1",
        ),
        (
            (
                account("1", "A:Processor Clearing", "Other Current Asset"),
                account("2", "B:Processor Clearing", "Other Current Asset"),
            ),
            Step.ASK,
            None,
        ),
        (
            (
                account("1", "Processor Clearing 1", "Other Current Asset"),
                account("2", "Processor Clearing 2", "Other Current Asset"),
            ),
            Step.ASK,
            None,
        ),
        ((account("1", "Something else", "Other Current Asset"),), Step.CREATE, None),
    ],
)
def test_an_account_is_found_by_type_and_number_or_name(
    entries: tuple[Entry, ...], step: Step, id: str | None
) -> None:
    found = one(CLEARING, *entries)
    assert (found.step, found.ref and found.ref.id) == (step, id), found


def test_receivables_are_whatever_account_of_the_type_there_is() -> None:
    found = one(RECEIVABLE, account("7", "Debtors", "AccountsReceivable", "1200"))
    assert (found.step, found.ref) == (Step.USE, BooksRef(K.ACCOUNT, "7"))
    two = account("7", "Debtors", "Accounts Receivable"), account("8", "Other", "Accounts Receivable")
    asked = one(RECEIVABLE, *two)
    assert asked.step is Step.ASK
    assert [ref.id for ref in asked.candidates] == ["7", "8"]
    # An inactive one of the name is no reason to make a second.
    assert (
        one(RECEIVABLE, account("7", "Accounts Receivable", "Accounts Receivable", active=False)).step
        is Step.ASK
    )


def test_undeposited_funds_are_known_by_their_duty_and_never_created() -> None:
    there = account("9", "Payments to deposit", "Other Current Asset", duty="UndepositedFunds")
    assert one(UNDEPOSITED, there).ref == there.ref
    asked = one(UNDEPOSITED)
    assert asked.step is Step.ASK
    assert "make it themselves" in asked.why
    with pytest.raises(NotPossible, match="cannot be created"):
        one(UNDEPOSITED, said=Decision(step=Step.CREATE))


def test_a_bank_account_is_chosen_and_never_created() -> None:
    first, second = account("1", "First Bank", "Bank"), account("2", "Second Bank", "Bank")
    assert one(BANK, first).ref == first.ref
    asked = one(BANK, first, second)
    assert (asked.step, len(asked.candidates)) == (Step.ASK, 2)
    assert one(BANK).step is Step.ASK
    assert one(BANK, first, second, said=Decision(step=Step.USE, ref=second.ref)).ref == second.ref


def test_two_rows_are_never_one_account() -> None:
    other = AccountRow(number="4020", name="Installation Labor", type=AccountType.INCOME)
    there = account("1", "Installation Labor", "Income", "4010")
    labor, install = match(template(LABOR, other), lists(there))
    assert (labor.step, install.step) == (Step.USE, Step.ASK)


def test_a_long_name_has_a_short_one_where_the_books_keep_fewer_characters() -> None:
    row = AccountRow(
        number="1", name="A name of more than ten characters", short="Short", type=AccountType.INCOME
    )
    assert lists(name_length=10).name_of(row) == "Short"
    assert lists().name_of(row) == row.name
    # The short name is what is in the way then.
    found = match(template(row), lists(account("1", "Short", "Expense"), name_length=10))
    assert found[0].step is Step.ASK


# -- items and classes ---------------------------------------------------------------------------------
CHART = (account("40", "Labor", "Income", "4010"), account("50", "Pipe", "Cost of Goods Sold", "5010"))


@pytest.mark.parametrize(
    ("entry", "step"),
    [
        (item("1", "Pipe", income="40", cost="50", type_="NonInventory"), Step.USE),
        (item("1", "Parts:Pipe", income="40", cost="50"), Step.USE),
        # Sold only, and bought too: the job would lack its cost.
        (item("1", "Pipe", income="40"), Step.ASK),
        (item("1", "Pipe", income="50", cost="50"), Step.ASK),
        (item("1", "Pipe", income="40", cost="50", type_="Inventory"), Step.ASK),
        (item("1", "Pipe", income="40", cost="50", active=False), Step.ASK),
        (item("1", "Other", income="40", cost="50"), Step.CREATE),
    ],
)
def test_an_item_is_found_by_name_and_where_it_posts(entry: Entry, step: Step) -> None:
    *_, found = match(template(LABOR, COST, PIPE), lists(*CHART, entry))
    assert found.step is step, found


def test_an_item_is_left_out_with_its_account() -> None:
    left = {LABOR.key: Decision(step=Step.LEAVE)}
    found = match(template(LABOR, REPAIR), lists(), left)
    assert [row.step for row in found] == [Step.LEAVE, Step.LEAVE]
    assert found[1].why == "its account 4010 is left out"


def test_classes_are_left_out_where_none_are_tracked() -> None:
    (found,) = match(template(SERVICE), lists(), classes=False)
    assert found.step is Step.LEAVE
    assert "does not track classes" in found.why
    assert one(SERVICE).step is Step.CREATE
    assert one(SERVICE, Entry(ref=BooksRef(K.CLASS, "1"), name="service")).step is Step.USE


# -- decisions -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ref", "said"),
    [
        (BooksRef(K.ACCOUNT, "99"), "the books have no such account"),
        (BooksRef(K.ITEM, "1"), "the books have no such account"),
        (BooksRef(K.ACCOUNT, "2"), "it is inactive"),
        (BooksRef(K.ACCOUNT, "3"), "that is of the type Bank, and the row of the type Other Current Asset"),
    ],
)
def test_a_row_is_pointed_only_to_what_can_be_it(ref: BooksRef, said: str) -> None:
    entries = (
        item("1", "Repair"),
        account("2", "Old", "Other Current Asset", active=False),
        account("3", "Bank", "Bank"),
    )
    with pytest.raises(NotPossible, match=said):
        one(CLEARING, *entries, said=Decision(step=Step.USE, ref=ref))


def test_what_is_alike_may_be_created_beside_it_and_what_bears_the_name_may_not() -> None:
    alike = account("1", "Processor Clearing 2", "Other Current Asset")
    assert one(CLEARING, alike, said=Decision(step=Step.CREATE)).step is Step.CREATE
    taken = account("1", "Processor Clearing", "Bank")
    with pytest.raises(NotPossible, match="cannot be created: “Processor Clearing” has the name"):
        one(CLEARING, taken, said=Decision(step=Step.CREATE))
    with pytest.raises(NotPossible, match="has no row “account 9”"):
        match(template(CLEARING), lists(), {"account 9": Decision(step=Step.LEAVE)})


# -- what follows --------------------------------------------------------------------------------------
def test_rules_follow_from_places_and_what_is_mapped_stays() -> None:
    rows = (
        MappingRow(family=Family.SERVICE, key="repair", item="Repair", class_="Service"),
        MappingRow(family=Family.ROLE, key="clearing", account="1050"),
        MappingRow(family=Family.MATERIAL_COST, key="pipe", item="Pipe"),
    )
    places = {"item Repair": BooksRef(K.ITEM, "1"), "account 1050": BooksRef(K.ACCOUNT, "5")}
    other = Target(account=BooksRef(K.ACCOUNT, "6"))
    present = Rules(version=1, rules=(MapRule(family=Family.ROLE, key="clearing", target=other),))
    found = following(template(mappings=rows), places, present)
    assert [(rule.key, rule.target) for rule in found.rules] == [
        ("repair", Target(item=BooksRef(K.ITEM, "1")))
    ]
    assert found.kept == ((Family.ROLE, "clearing", ""),)
    assert found.left_out == (("material_cost pipe", "item Pipe"),)
    same = following(template(mappings=rows[:1]), places, Rules(version=2, rules=found.rules))
    assert (same.rules, same.kept) == ((), ())


def test_a_row_becomes_the_document_that_creates_it() -> None:
    accounts = {"account 4010": BooksRef(K.ACCOUNT, "40"), "account 5010": BooksRef(K.ACCOUNT, "50")}
    made = record_of(PIPE, accounts, name="Pipe")
    assert (made.name, getattr(made, "income_account", None), getattr(made, "expense_account", None)) == (
        "Pipe",
        accounts["account 4010"],
        accounts["account 5010"],
    )
    with pytest.raises(KeyError):
        record_of(PIPE, {}, name="Pipe")
