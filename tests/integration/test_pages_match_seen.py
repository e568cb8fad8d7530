"""Matching pages that are old: they take nothing back that a colleague decided, and accept no plan that nobody saw."""

from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.engine import matching
from blueops_qb.engine.match_rows import rows
from tests.core_house import Browser
from tests.office import PAGES, Office, office
from tests.page_forms import fields, form_of

BAKERY, EAST = "Eastgate Bakery", "Eastgate Bakery East"


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Office]:
    """A plan with one row that stands in the books by its name, and one that does not."""
    with office(sqlite_url) as made:
        made.bind()
        made.customer(BAKERY, email="")
        made.customer(EAST, email="")
        made.drain()
        with made.turn() as turn:
            matching.build(turn)
        yield made


def shown(browser: Browser, form: str, bucket: str = "exact") -> dict[str, Any]:
    """A form of the plan's page as it is now."""
    page = browser.get(f"{PAGES}/matching?bucket={bucket}")
    return fields(page, form_of(page, form))


def sent(browser: Browser, form: str, values: dict[str, Any], **more: str) -> str:
    """What is said to somebody who sends a form."""
    return str(browser.get(browser.post(f"{PAGES}{form}", values, **more).headers["Location"]).text)


def stands(desk: Office, name: str) -> tuple[str, str]:
    """The decision of a row, and whose it is."""
    with desk.turn() as turn:
        (row,) = [row for row in rows(turn.connection, turn.id) if row.name == name]
    return row.decision, row.decided_by


def choice(values: dict[str, Any]) -> str:
    """The field of the only row that a page shows."""
    (name,) = [name for name in values if name.startswith("choice-")]
    return name


def test_saving_an_old_page_takes_back_nothing_that_a_colleague_decided(desk: Office) -> None:
    one, two = desk.browser("admin"), desk.browser("bookkeeper")
    old = shown(one, "/matching")
    values = shown(two, "/matching")
    assert "1 decision saved" in sent(two, "/matching", values, **{choice(values): "skip"})
    decided = stands(desk, BAKERY)
    assert decided[0] == "skip"
    assert "Nothing was different" in sent(one, "/matching", old)
    said = sent(one, "/matching", old, **{choice(old): "wait"})
    assert f"“{BAKERY}” was decided “skip” by {decided[1]} after this page was opened" in said
    assert stands(desk, BAKERY) == decided
    # The same wish is no quarrel, and whoever has seen the decision may take another one.
    assert "Nothing was different" in sent(one, "/matching", old, **{choice(old): "skip"})
    assert "1 decision saved" in sent(one, "/matching", shown(one, "/matching"), **{choice(old): "wait"})
    assert stands(desk, BAKERY)[0] == "wait"


def test_a_form_that_does_not_say_what_it_shows_decides_nothing(desk: Office) -> None:
    browser = desk.browser("admin")
    values = shown(browser, "/matching")
    name = choice(values)
    assert browser.post(f"{PAGES}/matching", {name: "skip"}).status_code == 400
    assert "it was shown; look at it again" in sent(browser, "/matching/approve", {"sure": "yes"})
    assert stands(desk, BAKERY)[0] == "?link"


def test_proposals_that_nobody_saw_are_not_accepted(desk: Office) -> None:
    browser = desk.browser("admin")
    part, whole = shown(browser, "/matching/bucket"), shown(browser, "/matching/approve")
    other = shown(browser, "/matching/bucket", bucket="none")
    desk.customer("Northfork Brewing", email="")  # stands in the books, too
    with desk.turn() as turn:
        matching.build(turn)
    moved = "Nothing was changed: rows of the match plan were decided, or are proposed otherwise"
    assert moved in sent(browser, "/matching/bucket", part, decision="accept")
    assert moved in sent(browser, "/matching/approve", whole, sure="yes", leave_open="yes")
    assert [stands(desk, name)[0] for name in (BAKERY, "Northfork Brewing", EAST)] == [
        "?link",
        "?link",
        "?create",
    ]
    assert desk.row()["state"] == "matching"
    # A part in which nothing has moved is accepted from the old page.
    assert "rows decided" in sent(browser, "/matching/bucket", other, decision="accept")
    assert "rows decided" in sent(
        browser, "/matching/bucket", shown(browser, "/matching/bucket"), decision="accept"
    )
    assert stands(desk, "Northfork Brewing")[0] == "link"
    assert moved in sent(browser, "/matching/approve", whole, sure="yes", leave_open="yes")
    sent(browser, "/matching/approve", shown(browser, "/matching/approve"), sure="yes", leave_open="yes")
    assert desk.row()["state"] == "live"
