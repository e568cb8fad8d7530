"""A template on QuickBooks Desktop, over the Web Connector: created once, whatever becomes of the answers."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.refs import BooksKind
from blueops_qb.domain.template import Template
from blueops_qb.domain.template_match import Decision, Step
from blueops_qb.domain.template_read import read_template
from blueops_qb.engine import asked, due, template_files, template_proposals, template_steps
from blueops_qb.sandbox.qbd.connector import Mishaps
from blueops_qb.store import tables as t
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")
#: Seconds within which something comes about, session after session; what was lost waits a little before it goes again.
PATIENCE = 120.0
SPECIAL = ("AccountsReceivable", "AccountsPayable", "UndepositedFunds", "SalesTaxPayable")
KINDS = ("Account", "Class", "ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemDiscount")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("templates")) as found:
        found.session()
        yield found


def small(word: str, number: str) -> Template:
    """An account, items of three types on it, and a class."""
    text = f"""
name = "small"
title = "Small"
account = [{{ number = "{number}", name = "{word} Work", type = "Other Current Liability" }}]
item = [
  {{ name = "{word} Fee", kind = "other_charge", income = "{number}" }},
  {{ name = "{word} Part", kind = "non_inventory", cost = "{number}" }},
  {{ name = "{word} Less", kind = "discount", income = "{number}" }},
]
class = [{{ name = "{word}" }}]
mapping = [{{ family = "fee_type", key = "{word}", item = "{word} Fee", class = "{word}" }}]
"""
    return read_template(text, file="small.toml", find=template_files.text_of).with_options()


def approve(house: DesktopHouse, template: Template) -> None:
    """What asks is left out."""
    with house.house.turn() as turn:
        found = template_proposals.propose(turn, template, actor="admin")
        left = {row.key: Decision(step=Step.LEAVE) for row in found.asking}
        found = template_proposals.decide(turn, found, left, actor="admin") if left else found
        template_steps.approve(turn, found.id, approved=found.digest, actor="admin")


def state(house: DesktopHouse) -> template_steps.Progress:
    with house.house.turn() as turn:
        found = template_steps.progress(turn)
    assert found is not None
    return found


def until(house: DesktopHouse, what: str, condition: Callable[[], bool]) -> None:
    """One session after the other until something is so."""
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, f"still waiting for {what}: {state(house)} {house.reasons()}"
        house.session()


def until_done(house: DesktopHouse) -> template_steps.Progress:
    until(house, "the template to be done", lambda: state(house).state == "done")
    return state(house)


def listed(house: DesktopHouse, name: str) -> bool:
    """Our copy of the lists has a class of that name."""
    with house.house.turn() as turn:
        return any(entry.name == name for entry in turn.catalog.of(BooksKind.CLASS))


def discounts(house: DesktopHouse) -> Mapping[str, str]:
    """The discount items that we know, by account."""
    with house.house.turn() as turn:
        return turn.profile.discount_items


def held(house: DesktopHouse) -> Counter[str]:
    """Every entry of the lists by its kind and full name."""
    records = house.desktop.file.company.records
    return Counter(
        f"{kind} {house.desktop.file.company.full_name(id)}" for kind in KINDS for id in records[kind]
    )


def special(house: DesktopHouse) -> dict[str, list[str]]:
    accounts = house.desktop.file.company.records["Account"].items()
    by_duty: dict[str, list[str]] = {duty: [] for duty in SPECIAL}
    for id, account in accounts:
        for duty in SPECIAL:
            if duty in (account.get("SpecialAccountType"), account["AccountType"]):
                by_duty[duty].append(id)
    return by_duty


@pytest.mark.parametrize("industry", template_files.INDUSTRIES)
def test_a_trade_is_created_once_and_no_duty_gets_a_second_account(
    house: DesktopHouse, industry: str
) -> None:
    before = special(house)
    template = template_files.load(industry).with_options()
    approve(house, template)
    done = until_done(house)
    assert all(stands == "done" for _, stands, _ in done.entries)
    there = held(house)
    assert max(there.values()) == 1
    assert special(house) == before
    approve(house, template)
    again = until_done(house)
    assert (again.entries, again.mapping_version) == ((), done.mapping_version)
    assert held(house) == there
    with house.house.turn() as turn:
        errors = [one for one in asked.lint_of(turn, None) if one.severity.value == "error"]
        assert [one for one in errors if one.check.endswith("_on_income") or one.check == "role_type"] == []


def test_what_was_created_is_what_the_template_says(house: DesktopHouse) -> None:
    approve(house, small("Snow", "2391"))
    until_done(house)
    records = house.desktop.file.company.records
    (account,) = [one for one in records["Account"].values() if one["Name"] == "Snow Work"]
    assert (account["AccountType"], account["AccountNumber"]) == ("OtherCurrentLiability", "2391")
    id = account["ListID"]
    (fee,) = [one for one in records["ItemOtherCharge"].values() if one["Name"] == "Snow Fee"]
    assert fee["SalesOrPurchase"]["AccountRef"]["ListID"] == id
    (part,) = [one for one in records["ItemNonInventory"].values() if one["Name"] == "Snow Part"]
    assert part["SalesOrPurchase"]["AccountRef"]["ListID"] == id
    (less,) = [one for one in records["ItemDiscount"].values() if one["Name"] == "Snow Less"]
    assert less["AccountRef"]["ListID"] == id
    with house.house.turn() as turn:
        target = turn.mapping.find(Family.FEE, "Snow")
    assert target is not None
    assert target.item is not None
    assert target.item.id == fee["ListID"]
    # The discount item is known to whoever writes a form, once the lists have been read again.
    until(house, "the discount item to be known", lambda: id in discounts(house))
    assert discounts(house)[id] == less["ListID"]


@pytest.mark.parametrize(
    ("word", "mishaps"),
    [
        ("Alder", Mishaps(drop_request=1)),
        ("Birch", Mishaps(drop_request=2)),
        ("Cedar", Mishaps(drop_answer=1)),
        ("Dogwood", Mishaps(drop_answer=2)),
        ("Elm", Mishaps(drop_answer=3)),
        ("Fir", Mishaps(garbage=1)),
        ("Gingko", Mishaps(garbage=2)),
        ("Hickory", Mishaps(double_answer=2)),
    ],
)
def test_an_answer_that_is_lost_leaves_exactly_one_of_each(
    house: DesktopHouse, word: str, mishaps: Mishaps
) -> None:
    """QuickBooks carries a set out, or not, and nobody hears of it."""
    approve(house, small(word, f"{word[0]}9"))
    house.session(mishaps)
    until_done(house)
    there = {name: count for name, count in held(house).items() if word in name}
    assert len(there) == 5
    assert set(there.values()) == {1}


def test_a_name_that_was_taken_meanwhile_is_held_and_never_made_twice(house: DesktopHouse) -> None:
    approve(house, small("Taken", "2396"))
    house.desktop.enter("Class", "<Name>Taken</Name>")
    until(
        house,
        "the class to be held",
        lambda: {key: said for key, said, _ in state(house).entries}["class Taken"] == "held",
    )
    o = t.outbox
    with house.house.core.engine.connect() as connection:
        rows = connection.execute(sa.select(o).where(o.c.ref_kind == "list_entry", o.c.state == "held")).all()
    (row,) = rows
    assert json.loads(row.payload)["record"]["class_"]["name"] == "Taken"
    assert "already used in QuickBooks" in row.reason
    assert held(house)["Class Taken"] == 1
    # Applied once more, after the lists were read, it is the one that is there by now.
    with house.house.turn() as turn:
        due.read_catalog(turn)
    until(house, "the class to be listed", lambda: listed(house, "Taken"))
    approve(house, small("Taken", "2396"))
    done = until_done(house)
    assert "class Taken" not in {key for key, _, _ in done.entries}
    assert held(house)["Class Taken"] == 1
