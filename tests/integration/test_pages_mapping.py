"""Mapping and policy through the pages: what is saved, what is refused, what a save releases."""

import datetime as dt
from collections.abc import Iterator
from html import unescape

import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.refs import BooksKind
from blueops_qb.store import tables as t
from tests.office import PAGES, Office, office
from tests.page_forms import fields, form_of, row_of


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        made.go_live()
        yield made


@pytest.fixture
def both(database_url: str) -> Iterator[Office]:
    """The same on each kind of database."""
    with office(database_url) as made:
        made.go_live()
        yield made


@pytest.fixture
def fresh(sqlite_url: str) -> Iterator[Office]:
    """Connected, nothing read and nothing matched yet."""
    with office(sqlite_url) as made:
        made.bind()
        yield made


# -- mapping -------------------------------------------------------------------------------------------
def test_an_invoice_held_for_a_missing_key_is_released_by_mapping_it(both: Office) -> None:
    invoice = both.invoice(both.customer(), service="trenching")
    both.drain()
    assert both.state(invoice.ref) == "held"
    admin = both.browser()
    page = admin.get(f"{PAGES}/mapping")
    assert f"Needed by Invoice {invoice.number}" in page.text
    sent = fields(page, form_of(page, "/mapping"))
    sent[f"item-{row_of(sent, 'trenching')}"] = both.item("Install").id
    answer = admin.post(f"{PAGES}/mapping", sent, press="save")
    assert answer.status_code == 303
    assert "One key is saved" in admin.get(answer.headers["Location"]).text
    both.drain()
    assert both.state(invoice.ref) == "done"


def test_a_row_that_nobody_changed_is_not_saved(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/mapping?tab=service_category")
    before = shop.row()["mapping_version"]
    admin.post(f"{PAGES}/mapping", fields(page, form_of(page, "/mapping")), press="save")
    assert "Nothing was different" in admin.get(f"{PAGES}/mapping").text
    assert shop.row()["mapping_version"] == before


def test_taking_a_target_away_takes_the_rule_out(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/mapping?tab=service_category")
    sent = fields(page, form_of(page, "/mapping"))
    sent[f"item-{row_of(sent, 'repair')}"] = ""
    admin.post(f"{PAGES}/mapping", sent, press="save")
    with shop.turn() as turn:
        assert turn.mapping.find(Family.SERVICE, "repair") is None
        assert turn.mapping.find(Family.SERVICE, "install") is not None


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/mapping?tab=service_category")
    sent = fields(page, form_of(page, "/mapping"))
    shop.map(Family.SERVICE, "repair", item=shop.item("Drain"))
    sent[f"item-{row_of(sent, 'repair')}"] = shop.item("Install").id
    answer = admin.post(f"{PAGES}/mapping", sent, press="save")
    assert answer.status_code == 422
    assert "changed by somebody else" in answer.text
    drain = shop.item("Drain")
    with shop.turn() as turn:
        found = turn.mapping.find(Family.SERVICE, "repair")
        assert found is not None
        assert found.item == drain


def test_other_rows_go_through_beside_somebody_elses_change(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/mapping?tab=service_category")
    sent = fields(page, form_of(page, "/mapping"))
    shop.map(Family.SERVICE, "repair", item=shop.item("Drain"))
    sent[f"item-{row_of(sent, 'install')}"] = shop.item("Drain").id
    assert admin.post(f"{PAGES}/mapping", sent, press="save").status_code == 303


def test_a_target_that_went_inactive_is_refused_and_what_was_typed_stays(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/mapping?tab=service_category")
    sent = fields(page, form_of(page, "/mapping"))
    item = shop.item("Inspection")
    with shop.turn() as turn:
        m = t.mirror
        gone = m.update().where(m.c.kind == "item", m.c.books_id == item.id).values(active=False)
        turn.connection.execute(gone)
        turn.set(catalog_at=turn.now)
    sent[f"item-{row_of(sent, 'repair')}"] = item.id
    answer = admin.post(f"{PAGES}/mapping", sent, press="save")
    assert answer.status_code == 422
    assert "is inactive in the books" in answer.text
    kept = fields(answer, form_of(answer, "/mapping"))
    assert kept[f"item-{row_of(kept, 'repair')}"] == item.id
    # A rule that leads to what went inactive is to be done again.
    assert "Leads to Inspection (inactive)" in admin.get(f"{PAGES}/mapping").text


def test_a_key_can_be_added_for_one_branch_only(shop: Office) -> None:
    admin = shop.browser()
    tab = "tab=service_category&add_family=service_category&add_key=repair&add_scope=north"
    page = admin.get(f"{PAGES}/mapping?{tab}")
    assert "only for north" in page.text
    sent = fields(page, form_of(page, "/mapping"))
    number = next(n.removeprefix("scope-") for n, value in sent.items() if value == "north")
    sent[f"item-{number}"] = shop.item("Install").id
    admin.post(f"{PAGES}/mapping", sent, press="save")
    with shop.turn() as turn:
        north, elsewhere = (turn.mapping.find(Family.SERVICE, "repair", s) for s in (["north"], []))
        assert north is not None
        assert elsewhere is not None
        assert north.item != elsewhere.item


def test_suggestions_count_only_once_they_are_accepted(fresh: Office) -> None:
    fresh.drain()
    admin = fresh.browser()
    page = admin.get(f"{PAGES}/mapping?tab=suggested")
    assert "1100 Accounts Receivable" in page.text
    sent = fields(page, form_of(page, "/mapping"))
    assert fresh.row()["mapping_version"] == 0
    admin.post(f"{PAGES}/mapping", sent, press=f"accept-{row_of(sent, 'ar')}")
    with fresh.turn() as turn:
        assert [(r.family, r.key) for r in turn.mapping.rules] == [(Family.ROLE, "ar")]
    page = admin.get(f"{PAGES}/mapping?tab=suggested")
    admin.post(f"{PAGES}/mapping", fields(page, form_of(page, "/mapping")), press="accept-all")
    with fresh.turn() as turn:
        assert len(turn.mapping.rules) > 40
    assert "Every key in use leads somewhere" in admin.get(f"{PAGES}/mapping?tab=todo").text


def test_a_form_about_a_version_that_never_was_is_refused(shop: Office) -> None:
    admin = shop.browser()
    admin.get(f"{PAGES}/mapping")
    for version in ("", "x", "999"):
        assert admin.post(f"{PAGES}/mapping", version=version).status_code == 400


# -- policy --------------------------------------------------------------------------------------------
def test_the_policy_is_saved_as_a_new_version_and_only_when_it_differs(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/policy")
    sent = fields(page, form_of(page, "/policy"))
    admin.post(f"{PAGES}/policy", sent)
    assert shop.row()["policy_version"] == 0
    admin.post(f"{PAGES}/policy", sent, tax_mode="A", number_prefix="AC-", post_labor="yes")
    with shop.turn() as turn:
        assert turn.policy.version == 1
        assert turn.policy.tax_mode is TaxMode.BOOKS
        assert turn.policy.number_prefix == "AC-"
        assert turn.policy.post_labor is True


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("number_prefix", "TOO-LONG-", "at most 8"),
        ("number_prefix", "a b", "without spaces"),
        ("tax_mode", "Q", "no answer"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_what_was_typed(
    shop: Office, field: str, value: str, said: str
) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/policy")
    answer = admin.post(f"{PAGES}/policy", fields(page, form_of(page, "/policy")), **{field: value})
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert shop.row()["policy_version"] == 0
    if field == "number_prefix":
        assert f'value="{value}"' in answer.text


def test_an_old_policy_page_takes_back_nothing_that_somebody_else_has_saved(shop: Office) -> None:
    one, two = shop.browser(), shop.browser()
    page = one.get(f"{PAGES}/policy")
    old = fields(page, form_of(page, "/policy"))
    page = two.get(f"{PAGES}/policy")
    two.post(f"{PAGES}/policy", fields(page, form_of(page, "/policy")), tax_mode="A", closed_period="redate")
    # Another switch is saved beside them.
    assert one.post(f"{PAGES}/policy", old, reminder_hours="5").status_code == 303
    with shop.turn() as turn:
        assert (turn.policy.tax_mode, turn.policy.closed_period) == (TaxMode.BOOKS, ClosedPeriod.REDATE)
        assert (turn.policy.reminder_hours, turn.policy.version) == (5, 2)
    # The same switch is not: what was saved meanwhile is shown, beside what else was entered.
    answer = one.post(f"{PAGES}/policy", old, tax_mode="C", number_prefix="AC-")
    assert answer.status_code == 422
    assert "“Who computes sales tax?” was changed by somebody else meanwhile" in unescape(answer.text)
    shown = fields(answer, form_of(answer, "/policy"))
    assert (shown["tax_mode"], shown["number_prefix"], shown["closed_period"]) == ("A", "AC-", "redate")
    assert shop.row()["policy_version"] == 2
    one.post(f"{PAGES}/policy", shown, tax_mode="C")
    with shop.turn() as turn:
        assert (turn.policy.tax_mode, turn.policy.number_prefix) == (TaxMode.NONE, "AC-")


def test_a_policy_that_was_typed_wrong_on_an_old_page_comes_back_without_the_old_switches(
    shop: Office,
) -> None:
    one, two = shop.browser(), shop.browser()
    page = one.get(f"{PAGES}/policy")
    old = fields(page, form_of(page, "/policy"))
    page = two.get(f"{PAGES}/policy")
    two.post(f"{PAGES}/policy", fields(page, form_of(page, "/policy")), tax_mode="A")
    answer = one.post(f"{PAGES}/policy", old, reminder_hours="many")
    assert answer.status_code == 422
    shown = fields(answer, form_of(answer, "/policy"))
    assert (shown["tax_mode"], shown["reminder_hours"]) == ("A", "many")


def test_a_form_about_a_policy_that_never_was_is_refused(shop: Office) -> None:
    admin = shop.browser()
    page = admin.get(f"{PAGES}/policy")
    sent = fields(page, form_of(page, "/policy"))
    for version in ("", "x", "-1", "999"):
        assert admin.post(f"{PAGES}/policy", sent, version=version).status_code == 400


# -- for which documents, and what it would do ---------------------------------------------------------
def changed(shop: Office, press: str, **more: str) -> tuple[object, dict[str, str]]:
    """Repairs led to another item, pressed as said; answers the page and what was sent."""
    admin = shop.browser()
    page = admin.get(f"{PAGES}/mapping?tab=service_category")
    sent = fields(page, form_of(page, "/mapping"))
    sent[f"item-{row_of(sent, 'repair')}"] = shop.item("Install").id
    return admin.post(f"{PAGES}/mapping", {**sent, **more}, press=press), sent


def test_a_preview_shows_the_difference_and_saves_nothing(shop: Office) -> None:
    shop.invoice(shop.customer())
    shop.drain()
    before = shop.row()["mapping_version"]
    answer, _ = changed(shop, "preview")
    text = unescape(answer.text)  # type: ignore[attr-defined]
    assert "What this would do" in text
    assert "Nothing is saved yet." in text
    assert shop.row()["mapping_version"] == before


def test_a_change_from_a_day_on_is_saved_with_its_day(shop: Office) -> None:
    answer, _ = changed(shop, "save", when="from", day="2026-05-01")
    assert answer.status_code == 303  # type: ignore[attr-defined]
    with shop.turn() as turn:
        days = {r.valid_from for r in turn.mapping.rules if (r.family, r.key) == (Family.SERVICE, "repair")}
    assert days == {None, dt.date(2026, 5, 1)}


def test_a_change_from_a_day_that_nobody_entered_is_refused_in_words(shop: Office) -> None:
    answer, _ = changed(shop, "save", when="from", day="")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "enter the first day" in unescape(answer.text)  # type: ignore[attr-defined]


def test_the_past_is_moved_only_after_its_entries_were_shown(shop: Office) -> None:
    shop.invoice(shop.customer())
    shop.drain()
    before = shop.row()["mapping_version"]
    shown, sent = changed(shop, "save", when="past")
    assert "Journal entry of 2026-03-02" in unescape(shown.text)  # type: ignore[attr-defined]
    assert shop.row()["mapping_version"] == before
    form = fields(shown, form_of(shown, "/mapping"))
    assert form[f"item-{row_of(form, 'repair')}"] == shop.item("Install").id, "what was chosen is kept"
    admin = shop.browser()
    assert "approved" not in sent
    answer = admin.post(f"{PAGES}/mapping", {**form, **csrf_of(admin)}, press="save")
    assert answer.status_code == 303
    assert "One key is saved." in unescape(admin.get(answer.headers["Location"]).text)
    shop.drain()
    with shop.core.engine.connect() as connection:
        states = set(
            connection.execute(sa.select(t.outbox.c.state).where(t.outbox.c.ref_kind == "reclass")).scalars()
        )
    assert states == {"done"}


def csrf_of(browser: object) -> dict[str, str]:
    page = browser.get(f"{PAGES}/mapping?tab=service_category")  # type: ignore[attr-defined]
    return {name: value for name, value in fields(page, form_of(page, "/mapping")).items() if "csrf" in name}


def test_a_slip_shows_beside_its_line(shop: Office) -> None:
    bank = shop.entry(BooksKind.ACCOUNT, "Operating Checking")
    shop.map(Family.ROLE, "clearing", account=bank)
    text = unescape(shop.browser().get(f"{PAGES}/mapping?tab=role").text)
    assert "gross amounts and payouts would both land there" in text
