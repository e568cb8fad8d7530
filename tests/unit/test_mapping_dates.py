"""Rules of the mapping begin on days: the date of a document decides, and a change says for which days it counts."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.mapping import NOWHERE, Family, Mapping, MapRule, Target
from blueops_qb.domain.mapping_change import changes, revised
from blueops_qb.domain.refs import BooksKind, BooksRef

D = dt.date
MAY, JUNE = D(2026, 5, 1), D(2026, 6, 1)


def row(account: str, *, scope: str = "", since: dt.date | None = None, key: str = "repair") -> MapRule:
    target = Target(account=BooksRef(BooksKind.ACCOUNT, account)) if account else NOWHERE
    return MapRule(family=Family.SERVICE, key=key, scope=scope, target=target, valid_from=since)


def leads(mapping: Mapping, day: dt.date | None, *scopes: str) -> str | None:
    target = mapping.find(Family.SERVICE, "repair", scopes, day)
    return None if target is None or target.account is None else target.account.id


def test_the_rule_of_the_documents_day_counts() -> None:
    mapping = Mapping(rules=(row("B", since=MAY), row("A"), row("C", since=JUNE)))
    assert leads(mapping, D(2026, 4, 30)) == "A"
    assert leads(mapping, MAY) == leads(mapping, D(2026, 5, 31)) == "B"
    assert leads(mapping, JUNE) == "C"
    assert leads(mapping, None) == "C", "what bears no date takes the newest"


def test_a_scope_that_begins_later_leaves_earlier_days_to_the_company() -> None:
    mapping = Mapping(rules=(row("A"), row("N", scope="north", since=MAY)))
    assert leads(mapping, D(2026, 4, 30), "north") == "A"
    assert leads(mapping, MAY, "north") == "N"


def test_a_key_may_be_taken_away_from_a_day_on() -> None:
    mapping = Mapping(rules=revised(Mapping(rules=(row("A"),)), (), [row("A").about], from_day=MAY))
    assert leads(mapping, D(2026, 4, 30)) == "A"
    assert leads(mapping, MAY) is None
    assert mapping.current(MAY) == {}


def test_a_change_from_now_on_replaces_every_day() -> None:
    before = Mapping(rules=(row("A"), row("B", since=MAY)))
    after = Mapping(rules=revised(before, [row("C")]))
    assert {leads(after, day) for day in (D(2020, 1, 1), MAY, JUNE)} == {"C"}


def test_a_change_from_a_day_on_leaves_the_days_before() -> None:
    before = Mapping(rules=(row("A"), row("B", since=JUNE)))
    after = Mapping(rules=revised(before, [row("C")], from_day=MAY))
    assert leads(after, D(2026, 4, 30)) == "A"
    assert leads(after, MAY) == leads(after, JUNE) == "C", "what would have begun later is replaced"


def test_a_pinned_version_keeps_its_days() -> None:
    old = Mapping(version=1, rules=(row("A"), row("B", since=MAY)))
    new = Mapping(version=2, rules=(row("C"), row("X", key="install")))
    under = new.under(old)
    assert (leads(under, D(2026, 4, 1)), leads(under, JUNE)) == ("A", "B")
    assert under.find(Family.SERVICE, "install") is not None


_rows = st.builds(
    row,
    st.sampled_from(["A", "B", "C"]),
    scope=st.sampled_from(["", "north"]),
    since=st.sampled_from([None, MAY, JUNE]),
    key=st.sampled_from(["repair", "install"]),
)
_mappings = st.lists(_rows, unique_by=lambda r: (r.about, r.valid_from)).map(
    lambda rules: Mapping(rules=tuple(rules))
)


@given(_mappings, _mappings)
def test_changes_are_empty_exactly_when_both_are_the_same(one: Mapping, other: Mapping) -> None:
    different = changes(one, other)
    assert (different.count == 0) is (set(one.rules) == set(other.rules))


@given(_mappings, _rows.map(lambda r: r.about))
def test_taking_out_from_a_day_changes_no_earlier_day(
    mapping: Mapping, about: tuple[Family, str, str]
) -> None:
    after = Mapping(rules=revised(mapping, (), [about], from_day=JUNE))
    for day in (D(2026, 1, 1), MAY, D(2026, 5, 31)):
        assert after.at(about, day) == mapping.at(about, day)
    assert after.at(about, JUNE) is None


@pytest.mark.parametrize("day", [None, MAY])
def test_other_keys_are_left_alone(day: dt.date | None) -> None:
    other = row("X", key="install")
    after = revised(Mapping(rules=(row("A"), other)), [row("B")], from_day=day)
    assert other in after
