"""Deciding by group: who moved, whose policy counts, and which fields a person chooses together."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.beside import Beside
from blueops_qb.domain.compare import (
    GROUPS,
    WHOLE,
    Step,
    choosable,
    decide,
    group_with,
    moved_fields,
    with_fields,
)
from blueops_qb.domain.documents import CustomerRecord, SalesInvoice
from blueops_qb.domain.policy import OVERLAP_OF, Overlap, Policy

FIELDS = ("name", "company", "email", "phone", "mobile", "certificate")
customers = st.builds(CustomerRecord, **{f: st.sampled_from(["", "a", "b"]) for f in FIELDS})


@given(customers, customers, customers)
def test_only_what_both_moved_to_different_values_asks_a_policy(
    base: CustomerRecord, ours: CustomerRecord, theirs: CustomerRecord
) -> None:
    asked: list[str] = []

    def policy(group: str) -> Overlap:
        asked.append(group)
        return Overlap.ASK

    decision = decide(base_ours=base, ours=ours, base_theirs=base, theirs=theirs, policy=policy)
    assert set(asked) == set(decision.groups(Step.CONFLICT))
    for group in asked:
        (fields,) = (GROUPS[CustomerRecord][group],)
        assert all(
            any(getattr(one, f) != getattr(other, f) for f in fields)
            for one, other in ((base, ours), (base, theirs), (ours, theirs))
        )


@given(customers, customers, customers)
def test_taking_every_group_by_its_step_leaves_both_sides_equal(
    base: CustomerRecord, ours: CustomerRecord, theirs: CustomerRecord
) -> None:
    decision = decide(base_ours=base, ours=ours, base_theirs=base, theirs=theirs, policy=Overlap.THEIRS)

    def fields(step: Step) -> list[str]:
        return [f for g in decision.groups(step) for f in GROUPS[CustomerRecord][g]]

    here = with_fields(ours, theirs, fields(Step.PULL))
    there = with_fields(theirs, ours, fields(Step.PUSH))
    assert here == there


@given(customers, customers)
def test_the_same_change_on_both_sides_asks_nobody(base: CustomerRecord, now: CustomerRecord) -> None:
    decision = decide(base_ours=base, ours=now, base_theirs=base, theirs=now)
    assert set(decision.steps.values()) == {Step.AGREE}


@given(customers, customers, customers)
def test_a_field_is_moved_when_either_side_moved_it(
    base: CustomerRecord, ours: CustomerRecord, theirs: CustomerRecord
) -> None:
    moved = moved_fields(FIELDS, base_ours=base, ours=ours, base_theirs=base, theirs=theirs)
    still = set(FIELDS) - moved
    assert all(getattr(base, f) == getattr(ours, f) == getattr(theirs, f) for f in still)


def test_every_field_is_chosen_once_and_money_as_a_whole() -> None:
    for type_, groups in GROUPS.items():
        for group, fields in groups.items():
            atoms = choosable(type_, group)
            assert [f for atom in atoms for f in atom] == list(fields)
            assert (len(atoms) == 1) or group not in WHOLE
            assert all(group_with(type_, f) == group for f in fields)


@pytest.mark.parametrize(("group", "field"), OVERLAP_OF.items())
def test_a_switch_of_its_own_goes_before_the_broad_one(group: str, field: str) -> None:
    values: dict[str, Any] = {field: Overlap.OURS}
    policy = Policy(money_overlap=Overlap.THEIRS, **values)
    assert policy.overlap(group, contacts=False) is Overlap.OURS
    assert Policy(money_overlap=Overlap.THEIRS).overlap(group, contacts=False) is Overlap.THEIRS


def test_money_asks_unless_somebody_decides_otherwise() -> None:
    assert Policy().overlap("money", contacts=False) is Overlap.ASK
    assert Policy(contacts_overlap=Overlap.THEIRS).overlap("money", contacts=False) is Overlap.ASK


def test_what_was_not_kept_of_an_older_version_says_nothing_moved() -> None:
    told = Beside(told=("email",), email="a@b.c", lines=("1", "2"))
    assert Beside().same(told)
    assert told.same(attrs.evolve(told, pairs=(("1", "1"),)))
    assert not told.same(attrs.evolve(told, email="x@b.c"))
    assert not told.same(attrs.evolve(told, lines=("1", "3")))


def test_an_invoice_has_a_group_for_every_field_that_can_move() -> None:
    grouped = {f for fields in GROUPS[SalesInvoice].values() for f in fields}
    assert {f.name for f in attrs.fields(SalesInvoice)} == grouped
