"""Match rules through their page: listed, added, removed, and the plan is compared again at once."""

from collections.abc import Iterator

import pytest

from tests.office import PAGES, Office, office


@pytest.fixture
def fresh(sqlite_url: str) -> Iterator[Office]:
    """Connected and read, nothing matched yet."""
    with office(sqlite_url) as made:
        made.bind()
        made.drain()
        yield made


def test_a_rule_is_added_counts_at_once_and_is_removed(fresh: Office) -> None:
    fresh.customer("Eastgate Bakery", email="")
    admin = fresh.browser("bookkeeper")
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    assert "Eastgate Bakery" in admin.get(f"{PAGES}/matching?bucket=exact").text
    page = admin.get(f"{PAGES}/matching/rules")
    assert "No rule was added" in page.text
    answer = admin.post(f"{PAGES}/matching/rules", rule="require:email")
    page = admin.get(answer.headers["Location"])
    assert "A rule from now on: The e-mail address must agree" in page.text
    assert "records were compared" in page.text
    assert 'value="ignore:email"' not in page.text  # what contradicts is not offered
    assert "Eastgate Bakery" not in admin.get(f"{PAGES}/matching?bucket=exact").text
    plan = admin.get(f"{PAGES}/matching?bucket=weak").text
    assert "Eastgate Bakery" in plan
    assert "The e-mail address must agree" in plan
    admin.post(f"{PAGES}/matching/rules", remove="require:email")
    assert "Eastgate Bakery" in admin.get(f"{PAGES}/matching?bucket=exact").text


def test_rules_that_cannot_be_are_refused_with_the_reason(fresh: Office) -> None:
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching/rules")
    admin.post(f"{PAGES}/matching/rules", rule="require:email")
    for rule, said in (("ignore:email", "contradicts"), ("<b>", "There is no rule “&lt;b&gt;”")):
        answer = admin.post(f"{PAGES}/matching/rules", rule=rule)
        assert said in admin.get(answer.headers["Location"]).text
    assert "does not count" not in admin.get(f"{PAGES}/matching").text


def test_somebody_who_may_only_look_changes_no_rule(fresh: Office) -> None:
    viewer = fresh.browser("viewer")
    page = viewer.get(f"{PAGES}/matching/rules")
    assert page.status_code == 200
    assert "Add a rule" not in page.text
    viewer.get(f"{PAGES}/audit")  # brings the token of a form
    assert viewer.post(f"{PAGES}/matching/rules", rule="require:email").status_code == 403
