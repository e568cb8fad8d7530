"""A template on QuickBooks Online: looked at, approved, created once, mapped, and never a second one of anything."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from blueops_qb.cli import main
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.domain.template import Template
from blueops_qb.domain.template_match import Decision, Step
from blueops_qb.domain.template_read import read_template
from blueops_qb.engine import asked, by_hand, due, template_files, template_proposals, template_steps
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.template_proposals import CannotApply, Proposal
from blueops_qb.engine.template_steps import Progress
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.store import tables as t
from tests.bad_day import dump, sign_in
from tests.core_house import KEY, TENANT
from tests.fault_house import FaultHouse
from tests.office import PAGES, Office, office

QUICK = EngineSettings(time_scale=0.01, backoff_longest_seconds=20.0, sweep_seconds=1e9)
SYSTEM = ("AccountsReceivable", "AccountsPayable", "UndepositedFunds", "SalesTaxPayable")
K = BooksKind


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    """An empty company whose lists have been read; it is not live yet."""
    with office(sqlite_url, seed="empty") as made:
        made.engine.turns = attrs.evolve(made.engine.turns, settings=QUICK)
        sign_in(made)
        made.carrier.drain(made.id)
        yield made


def plumbing() -> Template:
    return template_files.load("plumbing").with_options()


def small() -> Template:
    """One account, one item on it, one class, and a key that leads there."""
    text = """
name = "small"
title = "Small"
account = [{ number = "4777", name = "Snow Removal", type = "Income", detail = "ServiceFeeIncome" }]
item = [{ name = "Snow", income = "4777" }]
class = [{ name = "Winter" }]
mapping = [{ family = "service_category", key = "snow", item = "Snow", class = "Winter" }]
"""
    return read_template(text, file="small.toml", find=template_files.text_of).with_options()


def proposed(shop: Office, template: Template, decisions: Mapping[str, Decision] | None = None) -> Proposal:
    with shop.turn() as turn:
        found = template_proposals.propose(turn, template, actor="admin")
        return template_proposals.decide(turn, found, decisions, actor="admin") if decisions else found


def approved(shop: Office, proposal: Proposal) -> None:
    with shop.turn() as turn:
        template_steps.approve(turn, proposal.id, approved=proposal.digest, actor="admin")


def applied(shop: Office, template: Template) -> Progress:
    """Approve it with what asks left out, and carry until it is done."""
    found = proposed(shop, template)
    left = {row.key: Decision(step=Step.LEAVE) for row in found.asking}
    if left:
        with shop.turn() as turn:
            found = template_proposals.decide(turn, found, left, actor="admin")
    approved(shop, found)
    until(shop, "done")
    return progress(shop)


def progress(shop: Office) -> Progress:
    with shop.turn() as turn:
        found = template_steps.progress(turn)
    assert found is not None
    return found


def stepping(shop: Office) -> FaultHouse:
    """The fault house's way to wait, on this company."""
    house: Any = FaultHouse
    made: FaultHouse = house(shop=shop, payer=None, supplier=None, owed=None, bills={})
    return made


def until(shop: Office, state: str) -> None:
    stepping(shop).step_until(f"the template to be {state}", lambda: progress(shop).state == state)


def events(shop: Office) -> dict[str, Any]:
    """The newest event of each entry, by the name that it creates."""
    o = t.outbox
    with shop.core.engine.connect() as connection:
        rows = connection.execute(sa.select(o).where(o.c.ref_kind == "list_entry").order_by(o.c.id)).all()
    found = {}
    for row in rows:
        record = json.loads(row.payload)["record"]
        found[next(record[part]["name"] for part in ("account", "item", "class_") if part in record)] = row
    return found


def named(shop: Office, entity: str, name: str) -> list[dict[str, Any]]:
    return [row for row in dump(shop)[entity] if row["Name"] == name]


# -- what it does --------------------------------------------------------------------------------------
@pytest.mark.parametrize("industry", template_files.INDUSTRIES)
def test_looking_writes_nothing(shop: Office, industry: str) -> None:
    before = dump(shop)
    with shop.turn() as turn:
        found = template_proposals.look(turn, template_files.load(industry).with_options())
    assert found.of(Step.CREATE)
    shop.carrier.drain(shop.id)
    assert dump(shop) == before
    assert events(shop) == {}


@pytest.mark.parametrize("seed", ["empty", "sample"])
def test_all_five_trades_one_after_the_other_make_nothing_twice(sqlite_url: str, seed: str) -> None:
    with office(sqlite_url, seed=seed) as shop:
        shop.engine.turns = attrs.evolve(shop.engine.turns, settings=QUICK)
        sign_in(shop)
        shop.carrier.drain(shop.id)
        duties = {duty: of_duty(shop, duty) for duty in SYSTEM}
        for industry in template_files.INDUSTRIES:
            template = template_files.load(industry).with_options()
            done = applied(shop, template)
            assert all(state == "done" for _, state, _ in done.entries)
            count = {kind: len(dump(shop)[kind]) for kind in ("Account", "Item", "Class")}
            version = done.mapping_version
            # Once more: nothing is created, and the mapping stays as it is.
            again = applied(shop, template)
            assert again.entries == ()
            assert again.mapping_version == version
            assert {kind: len(dump(shop)[kind]) for kind in ("Account", "Item", "Class")} == count
        assert {duty: of_duty(shop, duty) for duty in SYSTEM} == duties
        for kind in ("Account", "Item", "Class"):
            names = [row["FullyQualifiedName"].casefold() for row in dump(shop)[kind]]
            assert len(names) == len(set(names))
        with shop.turn() as turn:
            errors = [one for one in asked.lint_of(turn, None) if one.severity.value == "error"]
        assert errors == []


def of_duty(shop: Office, duty: str) -> list[str]:
    return sorted(row["Id"] for row in dump(shop)["Account"] if row["AccountSubType"] == duty)


def test_what_was_created_is_what_the_template_says(shop: Office) -> None:
    applied(shop, small())
    (account,) = named(shop, "Account", "Snow Removal")
    assert (account["AccountType"], account["AccountSubType"], account["AcctNum"]) == (
        "Income",
        "ServiceFeeIncome",
        "4777",
    )
    (item,) = named(shop, "Item", "Snow")
    assert (item["Type"], item["IncomeAccountRef"]["value"], item["Taxable"]) == (
        "Service",
        account["Id"],
        False,
    )
    (class_,) = named(shop, "Class", "Winter")
    with shop.turn() as turn:
        target = turn.mapping.find(Family.SERVICE, "snow")
    assert target is not None
    assert (target.item, target.class_) == (BooksRef(K.ITEM, item["Id"]), BooksRef(K.CLASS, class_["Id"]))


def test_the_mapping_is_one_new_version_and_no_key_is_mapped_anew(shop: Office) -> None:
    first = applied(shop, plumbing())
    assert first.mapping_version == 1
    with shop.turn() as turn:
        mine = turn.mapping.find(Family.SERVICE, "repair")
    second = applied(shop, template_files.load("hvac").with_options())
    assert second.mapping_version == 2
    with shop.turn() as turn:
        assert turn.mapping.find(Family.SERVICE, "repair") == mine


# -- answers that are lost -----------------------------------------------------------------------------
@pytest.mark.parametrize("trouble", ["drop_after", "error_after", "truncated", "drop_before"])
@pytest.mark.parametrize("ignored", [False, True], ids=["requestid remembered", "requestid ignored"])
def test_a_lost_answer_leaves_exactly_one_of_each(shop: Office, trouble: str, ignored: bool) -> None:
    shop.twin_call("switches", requestid_ignored=ignored)
    shop.twin_call("faults", trouble=trouble, match="/batch", count=1)
    approved(shop, proposed(shop, small()))
    house = stepping(shop)
    house.step_until(
        "it to be uncertain", lambda: "uncertain" in {row.state for row in events(shop).values()}
    )
    # The item waits for its account, of which nobody knows yet.
    assert "Snow" not in events(shop)
    shop.twin_call("faults/clear")
    until(shop, "done")
    for entity, name in (("Account", "Snow Removal"), ("Item", "Snow"), ("Class", "Winter")):
        assert len(named(shop, entity, name)) == 1


# -- names that are taken ------------------------------------------------------------------------------
def test_a_name_that_was_taken_meanwhile_is_held_and_never_made_twice(shop: Office) -> None:
    approved(shop, proposed(shop, small()))
    shop.api("Account", {"Name": "Snow Removal", "AccountType": "Expense"})
    house = stepping(shop)
    house.step_until("it to be held", lambda: events(shop)["Snow Removal"].state == "held")
    event = events(shop)["Snow Removal"]
    assert "QuickBooks already has an account of that name" in event.reason
    assert "Point the template's row to the one that exists" in event.remedy
    assert len(named(shop, "Account", "Snow Removal")) == 1
    found = progress(shop)
    stands = {key: state for key, state, _ in found.entries}
    assert (stands["account 4777"], stands["item Snow"], found.state) == ("held", "waiting", "approved")
    # Renamed over there, it goes by itself once somebody tries again.
    (there,) = named(shop, "Account", "Snow Removal")
    shop.api("Account", {**there, "Name": "Plows"})
    with shop.turn() as turn:
        by_hand.try_again(turn, [ref_of(event)], actor="admin")
    until(shop, "done")
    assert len(named(shop, "Account", "Snow Removal")) == 1


def ref_of(event: Any) -> RecordRef:
    return RecordRef.parse(f"{event.ref_kind}:{event.ref_id}")


def test_a_template_under_way_is_not_overtaken_and_what_is_held_of_it_gives_way(shop: Office) -> None:
    approved(shop, proposed(shop, small()))
    with shop.turn() as turn, pytest.raises(CannotApply, match="“small” is on its way to the books already"):
        template_proposals.propose(turn, small(), actor="admin")
    shop.api("Account", {"Name": "Snow Removal", "AccountType": "Income"})
    house = stepping(shop)
    house.step_until("it to be held", lambda: events(shop)["Snow Removal"].state == "held")
    house.step_until("the class to be there", lambda: events(shop)["Winter"].state == "done")
    refreshed(shop)
    second = proposed(shop, small())
    assert [row.step for row in second.rows] == [Step.USE, Step.CREATE, Step.USE]
    assert events(shop)["Snow Removal"].state == "not_posted"
    approved(shop, second)
    until(shop, "done")
    (item,) = named(shop, "Item", "Snow")
    (account,) = named(shop, "Account", "Snow Removal")
    assert item["IncomeAccountRef"]["value"] == account["Id"]


def test_an_inactive_entry_of_the_name_is_asked_about(shop: Office) -> None:
    made = shop.api("Class", {"Name": "Winter"})
    shop.api("Class", {**made, "Active": False})
    refreshed(shop)
    found = {row.key: row for row in proposed(shop, small()).rows}
    assert found["class Winter"].step is Step.ASK
    assert "is inactive" in found["class Winter"].why


def refreshed(shop: Office) -> None:
    with shop.turn() as turn:
        due.read_catalog(turn)
    shop.carrier.drain(shop.id)


# -- people --------------------------------------------------------------------------------------------
def test_a_person_points_a_row_to_what_is_there(shop: Office) -> None:
    mine = shop.api("Account", {"Name": "Frost", "AccountType": "Income"})
    refreshed(shop)
    said = {"account 4777": Decision(step=Step.USE, ref=BooksRef(K.ACCOUNT, mine["Id"]))}
    approved(shop, proposed(shop, small(), said))
    until(shop, "done")
    assert named(shop, "Account", "Snow Removal") == []
    (item,) = named(shop, "Item", "Snow")
    assert item["IncomeAccountRef"]["value"] == mine["Id"]


def test_what_is_left_out_takes_what_needs_it_along(shop: Office) -> None:
    left = {"account 4777": Decision(step=Step.LEAVE)}
    approved(shop, proposed(shop, small(), left))
    until(shop, "done")
    assert named(shop, "Item", "Snow") == []
    assert len(named(shop, "Class", "Winter")) == 1
    with shop.turn() as turn:
        assert turn.mapping.find(Family.SERVICE, "snow") is None


def test_what_was_shown_is_what_is_approved(shop: Office) -> None:
    found = proposed(shop, small())
    shop.api("Class", {"Name": "Winter"})
    refreshed(shop)
    with shop.turn() as turn, pytest.raises(CannotApply, match="have changed since it was shown"):
        template_steps.approve(turn, found.id, approved=found.digest, actor="admin")
    said = {"class Winter": Decision(step=Step.LEAVE)}
    with shop.turn() as turn:
        second = template_proposals.decide(turn, template_proposals.load(turn, found.id), said, actor="admin")
    with shop.turn() as turn, pytest.raises(CannotApply, match="somebody else has decided"):
        template_proposals.decide(turn, found, said, actor="another")
    approved(shop, second)
    until(shop, "done")
    with shop.turn() as turn, pytest.raises(CannotApply, match="not open any more"):
        template_proposals.load(turn, found.id)


def test_a_question_is_answered_before_anything_goes(shop: Office) -> None:
    for name in ("One", "Two"):
        shop.api("Account", {"Name": f"{name} receivables", "AccountType": "Accounts Receivable"})
    refreshed(shop)
    found = proposed(shop, plumbing())
    assert "account 1100" in {row.key for row in found.asking}
    with shop.turn() as turn, pytest.raises(CannotApply, match=r"rows wait for a decision.*account 1100"):
        template_steps.approve(turn, found.id, approved=found.digest, actor="admin")
    assert events(shop) == {}


def test_without_classes_and_numbers_none_is_sent(sqlite_url: str) -> None:
    with office(sqlite_url, seed="empty") as shop:
        shop.engine.turns = attrs.evolve(shop.engine.turns, settings=QUICK)
        shop.twin_call(
            "preferences",
            **{
                "AccountingInfoPrefs.ClassTrackingPerTxnLine": False,
                "AccountingInfoPrefs.ClassTrackingPerTxn": False,
                "AccountingInfoPrefs.UseAccountNumbers": False,
            },
        )
        sign_in(shop)
        shop.carrier.drain(shop.id)
        done = applied(shop, small())
        assert [key for key, _, _ in done.entries] == ["account 4777", "item Snow"]
        (account,) = named(shop, "Account", "Snow Removal")
        assert "AcctNum" not in account
        assert named(shop, "Class", "Winter") == []
        with shop.turn() as turn:
            target = turn.mapping.find(Family.SERVICE, "snow")
        assert target is not None
        assert target.class_ is None


# -- the command ---------------------------------------------------------------------------------------
def run(shop: Office, *words: str) -> Result:
    url = shop.core.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, [*words, "--db", url, "--tenant", TENANT])


def test_the_command_plans_and_applies(shop: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    listed = CliRunner().invoke(main, ["template", "list", "--json"])
    assert [one["industry"] for one in json.loads(listed.output)] == list(template_files.INDUSTRIES)
    assert (
        "5010     COGS Pipe & Fittings" in CliRunner().invoke(main, ["template", "show", "plumbing"]).output
    )
    planned = json.loads(run(shop, "template", "plan", "plumbing", "--json").output)
    steps = {row["row"]: row["step"] for row in planned["rows"]}
    assert steps["account 1100"] == "use"
    new = next(row for row, step in steps.items() if step == "create" and row.startswith("item"))
    assert f"create     {new}" in run(shop, "template", "plan", "plumbing").output
    told = run(shop, "template", "apply", "plumbing", "--leave-asking")
    assert told.exit_code == 0, told.output
    until(shop, "done")
    again = run(shop, "template", "apply", "plumbing", "--leave-asking", "--json")
    assert json.loads(again.output)["entries"] == []
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\ntitle = "Own"\ncolour = 1\n', "utf-8")
    bad = run(shop, "template", "plan", str(own))
    assert (bad.exit_code, "own.toml: “colour” is no part of a template" in bad.output) == (1, True)
    assert "has no option “moon”" in run(shop, "template", "plan", "plumbing", "--with", "moon").output
    own.write_text(
        'name = "own"\ntitle = "Own"\nclass = [{ name = "Service" }, { name = "Snow" }]\n', "utf-8"
    )
    pointed = run(shop, "template", "apply", str(own), "--point", "class Snow=999")
    assert (pointed.exit_code, "the books have no such class" in pointed.output) == (1, True)
    assert (
        "write a row of the plan and an id"
        in run(shop, "template", "apply", str(own), "--point", "x=1").output
    )
    done = run(shop, "template", "apply", str(own), "--leave-out", "class Snow")
    assert "1 rows are in the books already, 0 of 0 were created" in done.output


# -- where people look ---------------------------------------------------------------------------------
def test_an_entry_has_its_page_its_story_and_is_not_undone(
    shop: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    applied(shop, small())
    ref = ref_of(events(shop)["Snow"])
    office_manager = shop.browser()
    page = office_manager.get(f"{PAGES}/records?view=all")
    assert page.status_code == 200
    assert ref.id.endswith(".item-1-snow")
    assert f"/records/list_entry/{ref.id}" in page.text
    one = office_manager.get(f"{PAGES}/records/{ref.kind.value}/{ref.id}")
    assert one.status_code == 200
    assert ref.id in one.text
    told = run(shop, "explain", str(ref))
    assert told.exit_code == 0, told.output
    assert "posting.list_entries.list_entry" in told.output
    undone = run(shop, "undo", str(ref), "--apply")
    shop.carrier.drain(shop.id)
    assert len(named(shop, "Item", "Snow")) == 1, undone.output


def test_months_agree_with_entries_among_the_documents(shop: Office) -> None:
    applied(shop, small())
    with shop.core.engine.connect() as connection:
        postings = connection.execute(sa.select(sa.func.count()).select_from(t.postings)).scalar_one()
    assert postings == 0
