"""Which invoices and payments stand in the books already."""

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.match_documents import Paper, PaperMatch, match_papers, number_key
from blueops_qb.domain.match_parties import Bucket

DAY = dt.date(2026, 3, 2)
OURS = Paper(id="o1", number="1041", party="59", date=DAY, amount=Decimal("120.50"))
THEIRS = attrs.evolve(OURS, id="t1")


def met(one: Paper, *theirs: Paper, prefix: str = "") -> PaperMatch:
    (answer,) = match_papers([one], theirs, prefix=prefix)
    return answer


@pytest.mark.parametrize(
    ("changes", "bucket"),
    [
        ({}, Bucket.EXACT),
        ({"number": "BO-1041"}, Bucket.EXACT),
        ({"number": "Inv #01041"}, Bucket.EXACT),
        ({"date": DAY + dt.timedelta(days=20)}, Bucket.EXACT),
        ({"party": ""}, Bucket.STRONG),
        ({"number": ""}, Bucket.STRONG),
        ({"number": "", "date": DAY + dt.timedelta(days=2)}, Bucket.WEAK),
        ({"number": "77"}, Bucket.WEAK),
        ({"party": "60"}, Bucket.WEAK),
        ({"amount": Decimal("120.51")}, Bucket.WEAK),
        ({"number": "77", "amount": Decimal("120.51")}, Bucket.NONE),
        ({"number": "", "party": "60"}, Bucket.NONE),
    ],
)
def test_number_customer_date_and_amount_say_whether_it_is_there(
    changes: dict[str, Any], bucket: Bucket
) -> None:
    answer = met(OURS, attrs.evolve(THEIRS, **changes), prefix="BO-")
    assert answer.bucket is bucket, answer
    assert answer.books_id == ("t1" if bucket in (Bucket.EXACT, Bucket.STRONG) else "")
    assert answer.candidates == (("t1",) if bucket is Bucket.WEAK else ())
    assert answer.reason.endswith(".")


def test_an_amount_that_differs_is_named_and_never_linked_unasked() -> None:
    answer = met(OURS, attrs.evolve(THEIRS, amount=Decimal("99.00")))
    assert "99.00" in answer.reason
    assert answer.bucket is Bucket.WEAK


def test_a_payment_is_known_by_what_it_settles() -> None:
    ours = attrs.evolve(OURS, number="4711", settles=frozenset({"i1"}))
    theirs = attrs.evolve(THEIRS, number="", settles=frozenset({"i1"}), date=DAY + dt.timedelta(days=2))
    assert met(ours, theirs).bucket is Bucket.STRONG
    assert met(ours, attrs.evolve(theirs, settles=frozenset({"i2"}))).bucket is Bucket.WEAK


def test_a_number_says_nothing_while_the_customer_is_not_known_in_the_books() -> None:
    answer = met(attrs.evolve(OURS, party=""), THEIRS)
    assert (answer.bucket, answer.books_id, answer.candidates) == (Bucket.WEAK, "", ("t1",))
    assert "its customer is not known in the books" in answer.reason


PAID = attrs.evolve(OURS, number="Autopay", repeats=True, settles=frozenset({"i1"}))
THERE = attrs.evolve(PAID, id="t1")
MONTH = dt.timedelta(days=30)


@pytest.mark.parametrize(
    ("changes", "bucket"),
    [
        ({}, Bucket.EXACT),
        ({"date": DAY + MONTH}, Bucket.EXACT),  # the same invoice, typed late
        ({"date": DAY + MONTH, "settles": frozenset()}, Bucket.WEAK),
        ({"date": DAY + dt.timedelta(days=2), "settles": frozenset()}, Bucket.EXACT),
        ({"settles": frozenset({"i2"})}, Bucket.WEAK),
        ({"settles": frozenset({"i1", "i2"})}, Bucket.EXACT),
        ({"date": DAY + MONTH, "settles": frozenset({"i2"})}, Bucket.WEAK),
        ({"number": "", "settles": frozenset({"i2"})}, Bucket.WEAK),
        ({"number": "", "settles": frozenset({"i2"}), "date": DAY + MONTH}, Bucket.NONE),
    ],
)
def test_a_payment_of_another_month_or_of_other_invoices_is_not_this_one(
    changes: dict[str, Any], bucket: Bucket
) -> None:
    answer = met(PAID, attrs.evolve(THERE, **changes))
    assert answer.bucket is bucket, answer
    assert bool(answer.books_id) is (bucket is Bucket.EXACT)


def test_two_alike_are_for_a_person_to_decide_on_either_side() -> None:
    bare = attrs.evolve(THEIRS, number="")
    assert met(attrs.evolve(OURS, number=""), bare, attrs.evolve(bare, id="t2")).bucket is Bucket.AMBIGUOUS
    twins = [attrs.evolve(OURS, number=""), attrs.evolve(OURS, id="o2", number="")]
    assert {answer.bucket for answer in match_papers(twins, [bare])} == {Bucket.AMBIGUOUS}


def test_numbers_are_compared_without_what_people_put_around_them() -> None:
    assert number_key("INV-00042") == number_key("42") == number_key("#42") == number_key("BO-42", "BO-")
    assert number_key("42A") != number_key("42")
    assert number_key("") == number_key(" ") == ""


PAPERS = st.lists(
    st.builds(
        Paper,
        id=st.uuids().map(str),
        number=st.sampled_from(["", "1", "2", "03"]),
        party=st.sampled_from(["", "59", "60"]),
        date=st.dates(DAY, DAY + dt.timedelta(days=9)),
        amount=st.sampled_from([Decimal("10.00"), Decimal("20.00")]),
    ),
    max_size=6,
)


@given(ours=PAPERS, theirs=PAPERS)
def test_one_of_theirs_is_never_given_to_two_of_ours(ours: list[Paper], theirs: list[Paper]) -> None:
    answers = match_papers(ours, theirs)
    given_away = [answer.books_id for answer in answers if answer.books_id]
    assert len(given_away) == len(set(given_away))
    assert [answer.ours for answer in answers] == ours


def test_what_surely_is_one_is_no_candidate_for_the_next_months_invoice() -> None:
    ours = [OURS, attrs.evolve(OURS, id="o2", number="", date=DAY + dt.timedelta(days=2))]
    first, second = match_papers(ours, [THEIRS])
    assert (first.bucket, second.bucket) == (Bucket.EXACT, Bucket.NONE)
