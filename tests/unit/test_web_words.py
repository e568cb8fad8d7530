"""Everything that a person may meet on a page has words, and every choice a button."""

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, RecordKind
from blueops_qb.engine import resolve
from blueops_qb.engine.outbox import END_STATES, Hold, State
from blueops_qb.engine.suggest import PART_KINDS
from blueops_qb.sdk.core import Permission
from blueops_qb.sdk.hooks import Switch
from blueops_qb.web import conflicts, health, match_plan, profile_words, rules, words


def test_every_state_kind_and_family_has_words() -> None:
    assert set(words.STATES) == set(State)
    assert set(words.RECORD_KINDS) == set(RecordKind)
    assert set(words.BOOKS_KINDS) == set(BooksKind)
    assert set(words.FAMILIES) == set(Family)
    assert set(words.PARTS) == set(PART_KINDS)
    assert set(words.PERMISSIONS) == set(Permission)


def test_every_hold_of_a_held_record_has_a_cause_with_a_button() -> None:
    assert set(Hold) - set(words.CAUSES) == {Hold.BUSY}
    assert all(word.tone == "bad" for state, word in words.STATES.items() if state in ("held", "conflict"))


def test_the_filters_show_every_state_that_is_not_a_leftover() -> None:
    shown = {state for _, states in words.VIEWS.values() for state in states}
    assert set(State) - shown == {State.SUPERSEDED}
    assert State.SUPERSEDED in END_STATES


def test_every_choice_of_every_conflict_has_a_button() -> None:
    offered = {(cause, choice) for cause, choices in resolve.CHOICES.items() for choice in choices}
    assert set(conflicts.CHOICES) == offered
    assert set(words.CONFLICT_CAUSES) == set(resolve.CHOICES)


def test_every_switch_of_the_policy_is_on_the_page() -> None:
    assert {s.field for s in rules.SWITCHES} == {f.name for f in attrs.fields(Policy)} - {"version"}
    for switch in rules.SWITCHES:
        texts = [option.text for option in switch.options]
        assert len(texts) == len(set(texts))


def test_every_decision_on_a_match_has_words() -> None:
    assert set(match_plan.DECISIONS) == {"link", "create", "skip", "wait", "open"}


@pytest.mark.parametrize("tax", list(SalesTax))
@pytest.mark.parametrize("tracking", list(Tracking))
def test_what_the_books_say_is_told_in_words(tax: SalesTax, tracking: Tracking) -> None:
    profile = BooksProfile(sales_tax=tax, class_tracking=tracking, country="US")
    found = {fact.label: fact for fact in profile_words.facts(profile, Policy())}
    assert found["Sales tax"].warn is (tax is SalesTax.OFF)
    assert found["Classes"].meaning


# -- health --------------------------------------------------------------------------------------------
ROW = {"company_name": "Three Peaks", "company_id": "1", "health": "ok", "health_reason": "", "state": "live"}


@pytest.mark.parametrize(
    ("change", "switch", "word", "remedy"),
    [
        ({}, Switch.ON, "Running", ""),
        ({}, Switch.PAUSED, "Paused", "switch"),
        ({}, Switch.OFF, "Switched off", "switch"),
        ({"state": "matching"}, Switch.ON, "Setting up", "match"),
        ({"health": "sign_in", "health_reason": "revoked"}, Switch.ON, "Sign in again", "sign_in"),
        ({"health": "stopped", "health_reason": "no key"}, Switch.ON, "Stopped", "resume"),
        ({"health": "refresh"}, Switch.ON, "Running", ""),
    ],
)
def test_a_connection_says_how_it_fares(
    change: dict[str, str], switch: Switch, word: str, remedy: str
) -> None:
    told = health.of({**ROW, **change}, switch)
    assert (told.word, told.remedy) == (word, remedy)
    assert told.sentence.endswith(".")
    assert change.get("health_reason", "") in told.sentence


def test_without_a_connection_the_remedy_is_to_connect() -> None:
    assert health.of(None, Switch.ON).remedy == "connect"


@pytest.mark.parametrize(
    ("given", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a or b"), (("a", "b", "c"), "a, b or c")]
)
def test_a_list_of_roles_reads_as_a_sentence(given: tuple[str, ...], said: str) -> None:
    assert words.either(given) == said
