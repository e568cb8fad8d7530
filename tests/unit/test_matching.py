"""First matching: who is who, who is new, and what a person must decide."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.matching import (
    Ambiguous,
    Candidate,
    Create,
    Match,
    Matched,
    Taken,
    match_plan,
    normal_email,
    normal_name,
    normal_phone,
)
from blueops_qb.domain.refs import BooksKind

CUSTOMER, VENDOR, EMPLOYEE = BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE


def party(id: str, name: str, kind: BooksKind = CUSTOMER, **changes: object) -> Candidate:
    return attrs.evolve(Candidate(id=id, name=name, kind=kind), **changes)  # type: ignore[arg-type]


def match(one: Candidate, *theirs: Candidate) -> Match:
    (only,) = match_plan([one], theirs)
    assert only.ours == one
    assert only.reason.endswith(".")
    return only


def matched(one: Candidate, *theirs: Candidate) -> str:
    answer = match(one, *theirs)
    assert isinstance(answer, Matched), answer
    return answer.books_id


def doubtful(one: Candidate, *theirs: Candidate) -> Ambiguous:
    answer = match(one, *theirs)
    assert isinstance(answer, Ambiguous), answer
    return answer


# -- normal forms --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Hill", "ada  HILL "),
        ("Hill, Ada", "Ada Hill"),
        ("A.B.C. Inc.", "abc inc"),
        ("Acme, Inc.", "ACME INC"),
        ("Acme, L.L.C.", "acme llc"),
        ("O'Brien & Sons", "o\u2019brien and sons"),
        ("Smith-Jones", "Smith Jones"),
        ("ＡＣＭＥ", "acme"),  # noqa: RUF001
        ("Caf\u00e9", "Cafe\u0301"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Inc", "Acme LLC"),
        ("Acme Inc", "Acme"),
        ("Ada Hill", "Ada Hall"),
        ("Ada Hill", "Hill Ada"),
        ("Café", "Cafe"),
        ("???", "!!!"),
    ],
)
def test_names_that_are_not(one: str, other: str) -> None:
    assert normal_name(one) != normal_name(other)


def test_other_normal_forms() -> None:
    assert normal_email(" Ada@Example.COM ") == "ada@example.com"
    assert normal_phone("+1 (775) 555-0101") == normal_phone("775.555.0101") == "7755550101"
    assert normal_phone("911") == ""


@given(st.text(max_size=30))
def test_a_normal_name_is_normal(text: str) -> None:
    once = normal_name(text)
    if "," not in once:
        assert normal_name(once) == once


# -- customers -----------------------------------------------------------------------------------------
def test_the_same_name_matches() -> None:
    assert matched(party("7", "Hill, Ada"), party("59", "Ada Hill"), party("60", "Bo Hill")) == "59"


def test_nobody_alike_is_created() -> None:
    assert isinstance(match(party("7", "Ada Hill"), party("60", "Bo Hill")), Create)
    assert isinstance(match(party("7", "Ada Hill")), Create)


def test_the_same_e_mail_matches_when_the_names_have_something_in_common() -> None:
    ours = party("7", "Ada Hill", email="ada@example.com")
    assert matched(ours, party("59", "Ada B. Hill", email="ADA@example.com")) == "59"


@pytest.mark.parametrize(("ours", "theirs"), [("Ada Hill", "Bo Stone"), ("Acme Inc", "Best Inc")])
def test_the_same_e_mail_under_another_name_is_doubtful(ours: str, theirs: str) -> None:
    one = party("7", ours, email="office@example.com")
    answer = doubtful(one, party("59", theirs, email="office@example.com"))
    assert answer.candidates == ("59",)
    assert theirs in answer.reason


def test_an_empty_e_mail_matches_nobody() -> None:
    assert isinstance(match(party("7", "Ada Hill"), party("59", "Ada Stone")), Create)


def test_name_and_e_mail_that_lead_apart_are_doubtful() -> None:
    ours = party("7", "Ada Hill", email="ada@example.com")
    answer = doubtful(ours, party("59", "Ada Hill"), party("60", "A. Hill", email="ada@example.com"))
    assert answer.candidates == ("59", "60")


def test_of_several_with_the_name_the_e_mail_or_the_phone_decides() -> None:
    ours = party("7", "Ada Hill", email="ada@example.com", phone="(775) 555-0101")
    one, other = party("59", "Hill, Ada"), party("60", "Ada Hill")
    assert doubtful(ours, one, other).candidates == ("59", "60")
    assert matched(ours, one, attrs.evolve(other, email="ada@example.com")) == "60"
    assert matched(ours, attrs.evolve(one, phone="7755550101"), other) == "59"


def test_several_with_the_e_mail_are_doubtful() -> None:
    ours = party("7", "Ada Hill", email="a@example.com")
    theirs = [party(id, f"Hill {id}", email="a@example.com") for id in ("59", "60")]
    assert doubtful(ours, *theirs).candidates == ("59", "60")


def test_an_inactive_record_is_doubtful_unless_an_active_one_fits() -> None:
    ours = party("7", "Ada Hill")
    gone = party("59", "Ada Hill (deleted)", active=False)
    answer = doubtful(ours, gone)
    assert answer.candidates == ("59",)
    assert "inactive" in answer.reason
    assert matched(ours, gone, party("60", "Hill, Ada")) == "60"


def test_two_of_ours_with_one_name_are_both_doubtful() -> None:
    twins = [party("7", "Ada Hill"), party("8", "Hill, Ada")]
    answers = match_plan(twins, [party("59", "Ada Hill")])
    assert all(isinstance(answer, Ambiguous) and answer.candidates == ("59",) for answer in answers)
    assert "(8)" in answers[0].reason


def test_the_stronger_claim_gets_the_record() -> None:
    ours = [party("7", "Ada Hill"), party("8", "Ada Hill", email="ada@example.com")]
    first, second = match_plan(ours, [party("59", "Ada Hill", email="ada@example.com")])
    assert isinstance(first, Ambiguous)
    assert isinstance(second, Matched)


# -- vendors and taken names ---------------------------------------------------------------------------
def test_vendors_match_vendors_only() -> None:
    ours = party("9", "Ferguson", VENDOR)
    assert matched(ours, party("12", "FERGUSON", VENDOR)) == "12"


@pytest.mark.parametrize("kind", [VENDOR, EMPLOYEE])
def test_a_customers_name_may_be_taken(kind: BooksKind) -> None:
    answer = match(party("7", "Ferguson"), party("12", " ferguson", kind))
    assert isinstance(answer, Taken)
    assert answer.by.id == "12"
    assert "Ferguson" in answer.reason
    assert kind.value in answer.reason


def test_a_customers_name_may_be_taken_by_a_job() -> None:
    answer = match(party("7", "Kitchen"), party("60", "Kitchen", parent_id="59"))
    assert isinstance(answer, Taken)


def test_a_vendors_name_may_be_taken_by_a_customer() -> None:
    assert isinstance(match(party("9", "Ada Hill", VENDOR), party("59", "Ada Hill")), Taken)


# -- jobs ----------------------------------------------------------------------------------------------
ADA = party("7", "Ada Hill")
KITCHEN = party("1", "Kitchen", parent_id="7")


def job_answer(*theirs: Candidate, ours: tuple[Candidate, ...] = (ADA, KITCHEN)) -> Match:
    return match_plan(ours, theirs)[-1]


def test_a_job_matches_below_the_customer_that_matched() -> None:
    elsewhere = party("70", "Kitchen", parent_id="60")
    own = party("71", "kitchen", parent_id="59")
    answer = job_answer(party("59", "Ada Hill"), party("60", "Bo"), elsewhere, own)
    assert isinstance(answer, Matched)
    assert answer.books_id == "71"


def test_a_job_that_its_like_elsewhere_does_not_take_its_place() -> None:
    answer = job_answer(party("59", "Ada Hill"), party("60", "Bo"), party("70", "Kitchen", parent_id="60"))
    assert isinstance(answer, Create)


def test_a_job_of_a_new_customer_is_new() -> None:
    assert isinstance(job_answer(), Create)


def test_a_job_of_an_undecided_customer_waits() -> None:
    answer = job_answer(
        party("59", "Ada Hill"), party("60", "Hill, Ada"), party("70", "Kitchen", parent_id="59")
    )
    assert isinstance(answer, Ambiguous)
    assert "customer must be decided" in answer.reason


def test_a_job_without_its_customer_waits() -> None:
    assert isinstance(job_answer(party("59", "Ada Hill"), ours=(KITCHEN,)), Ambiguous)


def test_a_jobs_e_mail_does_not_count() -> None:
    ours = (ADA, attrs.evolve(KITCHEN, email="ada@example.com"))
    theirs = (party("59", "Ada Hill"), party("70", "Kitchen bath", parent_id="59", email="ada@example.com"))
    assert isinstance(job_answer(*theirs, ours=ours), Create)


# -- everything ----------------------------------------------------------------------------------------
@st.composite
def crowds(draw: st.DrawFn, prefix: str) -> list[Candidate]:
    tops = [
        party(
            f"{prefix}{n}",
            draw(st.sampled_from(["Ada Hill", "Hill, Ada", "Bo Stone", "Acme Inc", "Acme LLC"])),
            draw(st.sampled_from([CUSTOMER, CUSTOMER, VENDOR])),
            email=draw(st.sampled_from(["", "a@example.com", "b@example.com"])),
            active=draw(st.sampled_from([True, True, False])),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    parents = [top.id for top in tops if top.kind is CUSTOMER]
    if not parents:
        return tops
    jobs = [
        party(
            f"{prefix}j{n}",
            draw(st.sampled_from(["Kitchen", "Roof"])),
            parent_id=draw(st.sampled_from(parents)),
        )
        for n in range(draw(st.integers(0, 4)))
    ]
    return tops + jobs


@given(ours=crowds("o"), theirs=crowds("t"))
def test_nobody_in_the_books_is_given_away_twice_and_everybody_gets_an_answer(
    ours: list[Candidate], theirs: list[Candidate]
) -> None:
    plan = match_plan(ours, theirs)
    assert [answer.ours for answer in plan] == ours
    given_away = [answer.books_id for answer in plan if isinstance(answer, Matched)]
    assert len(set(given_away)) == len(given_away)
    books = {other.id: other for other in theirs}
    for answer in plan:
        if isinstance(answer, Matched):
            other = books[answer.books_id]
            assert other.active
            assert (other.kind, bool(other.parent_id)) == (answer.ours.kind, bool(answer.ours.parent_id))


@given(ours=crowds("o"), theirs=crowds("t"), data=st.data())
def test_the_order_of_the_books_does_not_matter(
    ours: list[Candidate], theirs: list[Candidate], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(theirs))

    def essence(plan: tuple[Match, ...]) -> list[tuple[type[Match], object]]:
        return [(type(answer), answer.books_id if isinstance(answer, Matched) else None) for answer in plan]

    assert essence(match_plan(ours, shuffled)) == essence(match_plan(ours, theirs))
