"""Jobs of a customer that nobody had decided are compared as soon as somebody decides it, in the same plan."""

from collections.abc import Callable

import pytest

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.records import Customer, Job
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand, match_form, matching
from blueops_qb.engine.match_rows import Row
from tests.engine_house import RULES, EngineHouse
from tests.fake_books import FakeBooks

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]

Fresh = Callable[[FakeBooks], EngineHouse]


def rows(house: EngineHouse) -> dict[str, Row]:
    with house.turn() as turn:
        return {row.key: row for row in matching.rows(turn.connection, house.id)}


def decide(house: EngineHouse, record: Customer | Job, decision: str, books_id: str = "") -> None:
    with house.turn() as turn:
        by_hand.match(turn, record.ref, decision, books_id=books_id, actor="bookkeeper")


def two_ann_lees(house: EngineHouse, fresh: Fresh) -> tuple[Customer, Job, Job, BooksRef, BooksRef]:
    """Ann and her two jobs; in the books two who may be she, the second with a job of the same name."""
    ann = house.customer("Ann Lee", email="ann@example.com")
    kitchen, bath = house.job(ann, "Kitchen"), house.job(ann, "Bath")
    books = FakeBooks("F2")
    first = books.enter(CustomerRecord(name="Ann Lee", email="other@example.com"))
    second = books.enter(CustomerRecord(name="A. Lee", email="ann@example.com"))
    books.enter(CustomerRecord(name="Kitchen", parent=second))
    fresh(books)
    with house.turn() as turn:
        matching.build(turn)
    found = rows(house)
    for record in (ann, kitchen, bath):
        assert found[str(record.ref)].decision == "open"
    assert found[str(kitchen.ref)].reason == "Its customer must be decided first."
    return ann, kitchen, bath, first, second


def test_jobs_of_a_linked_customer_are_compared_with_its_jobs_there(house: EngineHouse, fresh: Fresh) -> None:
    ann, kitchen, bath, _, second = two_ann_lees(house, fresh)
    decide(house, ann, "link", second.id)
    found = rows(house)
    there = next(r.ref for r in house.books.of(BooksKind.CUSTOMER) if r.name == "Kitchen")
    assert (found[str(kitchen.ref)].decision, found[str(kitchen.ref)].books_id) == ("?link", there.id)
    assert found[str(kitchen.ref)].bucket == "exact"
    assert found[str(bath.ref)].decision == "?create"
    with house.turn() as turn:
        assert matching.approve(turn, actor="admin") == 2
    house.map(*RULES)
    house.drain()
    assert house.place(kitchen) == there


def test_they_are_compared_anew_when_the_customer_is_decided_otherwise(
    house: EngineHouse, fresh: Fresh
) -> None:
    ann, kitchen, bath, first, second = two_ann_lees(house, fresh)
    decide(house, ann, "link", second.id)
    decide(house, bath, "skip")
    decide(house, ann, "link", first.id)
    found = rows(house)
    assert (found[str(kitchen.ref)].decision, found[str(kitchen.ref)].books_id) == ("?create", "")
    assert found[str(bath.ref)].decision == "skip"  # what a person has decided stays


@pytest.mark.parametrize(
    ("decision", "proposed", "said"),
    [
        ("create", "?create", "new in the books"),
        ("skip", "?skip", "left out"),
        ("wait", "?wait", "waits until somebody decides"),
    ],
)
def test_jobs_follow_what_becomes_of_their_customer(
    house: EngineHouse, fresh: Fresh, decision: str, proposed: str, said: str
) -> None:
    ann, kitchen, bath, *_ = two_ann_lees(house, fresh)
    decide(house, ann, decision)
    found = rows(house)
    assert {found[str(job.ref)].decision for job in (kitchen, bath)} == {proposed}
    assert said in found[str(kitchen.ref)].reason
    with house.turn() as turn:
        matching.build(turn)  # and a plan that is made anew says the same
    again = rows(house)
    assert again == found
    with house.turn() as turn:
        matching.approve(turn, actor="admin")
    assert rows(house)[str(kitchen.ref)].decision == decision


def test_they_follow_when_many_rows_are_decided_at_once(house: EngineHouse, fresh: Fresh) -> None:
    _, kitchen, _, *_ = two_ann_lees(house, fresh)
    with house.turn() as turn:
        matching.settle_open(turn, [Bucket.AMBIGUOUS], "create", actor="admin")
    # The job was open in the same part and was decided with it.
    assert rows(house)[str(kitchen.ref)].decision == "create"


def test_a_job_is_no_new_one_where_a_vendor_bears_its_name(house: EngineHouse, fresh: Fresh) -> None:
    ann = house.customer("Ann Lee", email="ann@example.com")
    kitchen = house.job(ann, "Kitchen")
    books = FakeBooks("F2")
    books.enter(CustomerRecord(name="Ann Lee", email="other@example.com"))
    there = books.enter(CustomerRecord(name="A. Lee", email="ann@example.com"))
    books.enter(VendorRecord(name="kitchen"))
    fresh(books)
    with house.turn() as turn:
        matching.build(turn)
    decide(house, ann, "link", there.id)
    found = rows(house)[str(kitchen.ref)]
    assert (found.bucket, found.decision) == ("taken", "open")


def test_a_job_in_the_books_is_not_given_twice(house: EngineHouse, fresh: Fresh) -> None:
    ann, kitchen, bath, _, second = two_ann_lees(house, fresh)
    there = next(r.ref for r in house.books.of(BooksKind.CUSTOMER) if r.name == "Kitchen")
    decide(house, bath, "link", there.id)
    decide(house, ann, "link", second.id)
    found = rows(house)[str(kitchen.ref)]
    assert (found.decision, found.books_id) == ("open", "")
    assert "belongs to another record of BlueOps" in found.reason


def test_once_live_a_proposed_link_waits_and_creates_nothing(house: EngineHouse, fresh: Fresh) -> None:
    ann, kitchen, _, _, second = two_ann_lees(house, fresh)
    with house.turn() as turn:
        matching.approve(turn, actor="admin", leave_open=True)
        matching.reopen(turn, [str(kitchen.ref)])
    house.map(*RULES)
    house.drain()
    assert house.state(kitchen) == "held"
    decide(house, ann, "link", second.id)
    house.drain()
    assert rows(house)[str(kitchen.ref)].decision == "?link"
    assert house.state(kitchen) == "held"  # a proposal is no decision
    before = len(house.books.of(BooksKind.CUSTOMER))
    with house.turn() as turn:
        matching.accept(turn, list(Bucket), actor="admin")
    house.drain()
    assert house.state(kitchen) == "done"
    assert len(house.books.of(BooksKind.CUSTOMER)) == before


def test_a_page_that_decides_a_customer_and_its_job_is_not_overtaken_by_itself(
    house: EngineHouse, fresh: Fresh
) -> None:
    ann, kitchen, bath, _, second = two_ann_lees(house, fresh)
    seen = {key: match_form.state_of(row) for key, row in rows(house).items()}
    wishes = {
        str(ann.ref): f"link:{second.id}",
        str(kitchen.ref): "skip",  # which the decision on Ann has turned into a proposed link
    }
    for key, value in wishes.items():
        with house.turn() as turn:
            assert match_form.decide(turn, key, value, seen=seen, actor="bookkeeper")
    assert rows(house)[str(kitchen.ref)].decision == "skip"
    decide(house, bath, "create")
    with (
        house.turn() as turn,
        pytest.raises(by_hand.CannotMatch, match=r"was decided “create” by bookkeeper"),
    ):
        match_form.decide(turn, str(bath.ref), "skip", seen=seen, actor="bookkeeper")
    assert rows(house)[str(bath.ref)].decision == "create"
