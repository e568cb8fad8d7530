"""Who is the same under another spelling, and who only looks so."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain import nicknames
from blueops_qb.domain.match_names import Grade, compare_names
from blueops_qb.domain.match_parties import Bucket, Candidate, MatchRules
from blueops_qb.domain.match_words import base_name, is_role_mailbox, name_parts, place_of
from blueops_qb.domain.matching import Ambiguous, Create, Match, Matched, match_plan
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind

OAK = Address(line1="412 Oak Street Apt 3", city="Reno", postal_code="89501-1234")


def party(id: str, name: str, **changes: object) -> Candidate:
    return attrs.evolve(Candidate(id=id, name=name, kind=BooksKind.CUSTOMER), **changes)  # type: ignore[arg-type]


def met(one: Candidate, *theirs: Candidate, rules: MatchRules | None = None) -> Match:
    (answer,) = match_plan([one], theirs, rules=rules or MatchRules())
    return answer


# -- names ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        ("Ada Hill", "ADA  HILL", Grade.SAME),
        ("Hill, Ada", "Ada Hill", Grade.SAME),
        ("A.B.C. Plumbing, Inc.", "ABC Plumbing Incorporated", Grade.SAME),
        ("Smith Plumbing", "Plumbing Smith", Grade.MOVED),
        ("Hill Ada", "Ada Hill", Grade.MOVED),
        ("Acme Svcs", "Acme Services", Grade.SAME),
        ("St. Mary's Church", "Saint Marys Church", Grade.SAME),
        ("Northgate Mgmt Group", "Northgate Management Grp", Grade.SAME),
        ("Café Milano", "Cafe Milano", Grade.SAME),
        ("East Gate Bakery", "Eastgate Bakery", Grade.MOVED),
        ("Acme Inc", "Acme", Grade.FORM_MISSING),
        ("Bob Hill", "Robert Hill", Grade.NICKNAME),
        ("Liz Stone", "Elizabeth Stone", Grade.NICKNAME),
        ("A. Hill", "Ada Hill", Grade.INITIAL),
        ("Ada B. Hill", "Ada Hill", Grade.INITIAL),
        ("Robert James Hill", "Robert Hill", Grade.INITIAL),
        ("Ada Kowalsky", "Ada Kowalski", Grade.TYPO),
        ("Redwood Dentel", "Redwood Dental", Grade.TYPO),
        ("Redwood Detnal", "Redwood Dental", Grade.TYPO),
        ("Redwood Dental", "Redwood Dental Lab", Grade.WITHIN),
        ("Acme Inc", "Acme LLC", Grade.OTHER_FORM),
        ("Ada Hill", "Ben Hill", Grade.PART),
        ("Samuel B. Hill", "Benjamin Hill", Grade.PART),
        ("Dan Hill", "Don Hill", Grade.PART),
        ("Hill Rentals LLC", "Hill Holdings LLC", Grade.PART),
        ("Oak Partners 1 LLC", "Oak Partners 2 LLC", Grade.NONE),
        ("John Hill Sr", "John Hill Jr.", Grade.NONE),
        ("Ada Hill", "Bo Stone", Grade.NONE),
        ("Reno Plumbing", "Sparks Plumbing", Grade.NONE),
    ],
)
def test_names_are_graded(one: str, other: str, grade: Grade) -> None:
    assert compare_names(name_parts(one), name_parts(other)) is grade
    assert compare_names(name_parts(other), name_parts(one)) is grade


def test_short_forms_are_known_both_ways_and_no_name_is_two_people_by_chance() -> None:
    for one, other in (("bob", "robert"), ("bill", "william"), ("peggy", "margaret"), ("jim", "james")):
        assert nicknames.same_person_may_be(one, other)
        assert nicknames.same_person_may_be(other, one)
    assert not nicknames.same_person_may_be("ada", "adam")
    assert not nicknames.same_person_may_be("hill", "will")


def test_what_a_job_added_to_a_name_is_left_out() -> None:
    assert base_name("Ada Hill - Kitchen") == base_name("Ada Hill (Kitchen)") == "Ada Hill"
    assert base_name("Ada Hill: Kitchen") == "Ada Hill"
    assert base_name("Smith-Jones") == ""


def test_an_address_is_compared_by_number_street_unit_and_zip() -> None:
    assert place_of(OAK) == place_of(
        Address(line1="412 Oak St", line2="#3", city="reno", postal_code="89501")
    )
    assert place_of(OAK) != place_of(attrs.evolve(OAK, line1="414 Oak St Apt 3"))
    assert place_of(Address(city="Reno")) is None


def test_mailboxes_of_offices() -> None:
    assert is_role_mailbox("office@x.example")
    assert (
        is_role_mailbox("accounts.payable@x.example") is is_role_mailbox("accountspayable@x.example") is True
    )
    assert not is_role_mailbox("ada@x.example")


# -- what is proposed ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (party("1", "Bob Hill", phone="775 555 0101"), party("9", "Robert Hill", phone="(775) 555-0101")),
        (party("1", "Acme Inc", addresses=(OAK,)), party("9", "Acme", addresses=(OAK,))),
        (party("1", "Acme Inc", phone="7755550101"), party("9", "Acme LLC", phone="7755550101")),
        (party("1", "Ada Hill", email="a@x.example"), party("9", "Ada Hill - Kitchen", email="a@x.example")),
        (party("1", "Ada Kowalsky", mobile="7755550101"), party("9", "Ada Kowalski", phone="7755550101")),
    ],
    ids=["nickname", "form missing", "another form", "job name", "slip"],
)
def test_another_spelling_is_proposed_when_something_else_agrees(ours: Candidate, theirs: Candidate) -> None:
    answer = met(ours, theirs)
    assert isinstance(answer, Matched)
    assert (answer.books_id, answer.bucket) == ("9", Bucket.STRONG)
    assert "same" in answer.reason
    bare = attrs.evolve(ours, email="", phone="", mobile="", addresses=())
    assert not isinstance(met(bare, theirs), Matched)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (party("1", "John Hill Sr"), party("9", "John Hill Jr")),
        (party("1", "John Hill II"), party("9", "John Hill III")),
        (party("1", "Ada Hill"), party("9", "Ben Hill")),
        (party("1", "Oak 1 LLC"), party("9", "Oak 2 LLC")),
        (party("1", "Hill Rentals LLC"), party("9", "Hill Holdings LLC")),
    ],
    ids=["father and son", "generations", "household", "numbered", "one owner"],
)
def test_others_are_never_proposed_whatever_they_share(ours: Candidate, theirs: Candidate) -> None:
    shared: dict[str, Any] = {"email": "a@x.example", "phone": "7755550101", "addresses": (OAK,)}
    assert not isinstance(met(attrs.evolve(ours, **shared), attrs.evolve(theirs, **shared)), Matched)


def test_a_generation_on_one_side_only_is_for_a_person_to_decide() -> None:
    shared = {"email": "a@x.example", "phone": "7755550101"}
    answer = met(party("1", "John Hill", **shared), party("9", "John Hill Jr", **shared))
    assert isinstance(answer, Ambiguous)
    assert (answer.bucket, answer.candidates) == (Bucket.WEAK, ("9",))


def test_inc_and_llc_of_one_name_are_two_unless_something_else_agrees() -> None:
    answer = met(party("1", "Acme Inc", phone="7755550101"), party("9", "Acme LLC", phone="7755550202"))
    assert isinstance(answer, Ambiguous)
    assert answer.bucket is Bucket.WEAK
    both = [party("9", "Acme LLC", phone="7755550101"), party("10", "Acme Inc")]
    answer = met(party("1", "Acme Inc", phone="7755550101"), *both)
    assert not isinstance(answer, Matched)


def test_the_same_name_with_nothing_else_alike_is_for_a_person_to_decide() -> None:
    ours = party("1", "John Smith", email="a@x.example", phone="7755550101")
    answer = met(ours, party("9", "John Smith", email="b@y.example", phone="7755550202"))
    assert isinstance(answer, Ambiguous)


def test_an_e_mail_that_several_have_counts_less() -> None:
    theirs = [party("9", "Oak Court LLC"), party("10", "Elm Court LLC")]
    owner = "owner@x.example"
    theirs = [attrs.evolve(one, email=owner) for one in theirs]
    ours = party("1", "Oak Court Inc", email=owner)
    alone = met(ours, theirs[0])
    assert isinstance(alone, Matched)
    assert isinstance(met(ours, *theirs), Ambiguous)


def test_an_open_invoice_of_the_same_amount_speaks_for_it() -> None:
    amounts = frozenset({Decimal("1234.56")})
    ours, theirs = party("1", "Bob Hill"), party("9", "Robert Hill")
    assert isinstance(met(ours, theirs), Ambiguous)
    answer = met(attrs.evolve(ours, amounts=amounts), attrs.evolve(theirs, amounts=amounts))
    assert isinstance(answer, Matched)
    assert "1234.56" in answer.reason


def test_who_moved_into_the_house_is_somebody_else() -> None:
    assert isinstance(
        met(party("1", "Ada Hill", addresses=(OAK,)), party("9", "Bo Stone", addresses=(OAK,))), Create
    )


# -- rules ---------------------------------------------------------------------------------------------
def test_rules_make_the_plan_more_careful() -> None:
    contacts = {"email": "a@x.example", "phone": "7755550101"}
    ours, theirs = party("1", "Bob Hill", **contacts), party("9", "Robert Hill", phone="7755550101")
    assert isinstance(met(ours, theirs), Matched)
    assert isinstance(met(ours, theirs, rules=MatchRules(require=frozenset({"email"}))), Ambiguous)
    assert isinstance(met(ours, theirs, rules=MatchRules(ignore=frozenset({"phone"}))), Ambiguous)
    assert isinstance(met(ours, theirs, rules=MatchRules(accept=Bucket.EXACT)), Ambiguous)
    by_mail = attrs.evolve(theirs, email="a@x.example")
    assert isinstance(met(ours, by_mail, rules=MatchRules(require=frozenset({"email"}))), Matched)
    assert isinstance(met(ours, by_mail, rules=MatchRules(require=frozenset({"name"}))), Ambiguous)
    with pytest.raises(ValueError, match="accept"):
        MatchRules(accept=Bucket.WEAK)


def test_what_stands_already_is_nobody_elses() -> None:
    ours = [party("1", "Ada Hill"), party("2", "Ada Hill")]
    first, second = match_plan(ours, [party("9", "Ada Hill")], settled={"1": "9"})
    assert isinstance(first, Matched)
    assert isinstance(second, Create)
