"""A payment in parts goes back in just those parts that it has, whatever befell them in the books before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerPayment, ExpenseDocument
from blueops_qb.domain.policy import OverJobs, Policy
from blueops_qb.domain.records import Application, Payment, Refund, RefundPart
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import outbox, resolve, rules_desk
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.simple import Told
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import REFUSED, FakeBooks
from tests.traps import bounced, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
#: Books that are called, and books that call as QuickBooks Desktop does.
pytestmark = pytest.mark.parametrize(
    "house", [(kind, "sqlite") for kind in ("called", "calling")], ids=["called", "calling"], indirect=True
)
PARTS = ("100.00", "150.00", "50.00")
GOES_BACK = pytest.mark.parametrize("goes_back", ["by a return", "by a refund"])


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Books that refuse payments of some amounts, for a while."""
    plain = FakeBooks.write

    @contextmanager
    def refusing(*amounts: str) -> Iterator[None]:
        def write(self: FakeBooks, operation: Operation) -> Any:
            document = operation.document
            if isinstance(document, CustomerPayment) and str(document.amount) in amounts:
                raise Told(REFUSED)
            return plain(self, operation)

        with monkeypatch.context() as patch:
            patch.setattr(FakeBooks, "write", write)
            yield

    return refusing


def _over_jobs(house: EngineHouse) -> Payment:
    """A check of 300.00 for three jobs, to be a payment for each."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    bills = [house.invoice(house.job(ann, f"Job of {price}"), price) for price in PARTS]
    house.drain()
    with house.work() as tx:
        payment: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=ann.id,
                received_on=DAY,
                method="check",
                amount=D("300.00"),
                applications=tuple(Application(invoice_id=b.id, amount=b.total) for b in bills),
            )
        )
    return payment


def _void(house: EngineHouse, *places: BooksRef) -> None:
    for place in places:
        house.books.edit(place, void=True, amount=D("0.00"), allocations=())


def _choose_ours(house: EngineHouse) -> None:
    for conflict in house.conflicts():
        with house.turn() as turn:
            resolve.resolve(turn, conflict.id, "ours", "admin")


def _give_back(house: EngineHouse, payment: Payment, goes_back: str) -> Any:
    if goes_back == "by a return":
        return bounced(house, payment)
    payment = house.change(house.here(payment.ref), applications=())
    part = RefundPart(of=payment.ref, amount=payment.amount)
    with house.work() as tx:
        return tx.issue_refund(
            Refund(
                id="",
                customer_id=payment.customer_id,
                date=DAY,
                amount=part.amount,
                parts=(part,),
                method="check",
                account_key="checking",
            )
        )


def _check_went_back(house: EngineHouse, payment: Payment, back: Any) -> None:
    """Each payment in the books settles a check of its own party and amount, and together they are all of it."""
    for _ in range(3):
        house.drain()
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    papers = [house.books.document(kept.ref) for kept in house.books.of(BooksKind.PAYMENT)]
    checks = {kept.ref: kept.document for kept in house.books.of(BooksKind.EXPENSE)}
    settled: dict[BooksRef, Any] = {}
    for paper in (paper for paper in papers if not paper.void):
        (allocation,) = paper.allocations
        check = checks[allocation.invoice]
        assert isinstance(check, ExpenseDocument)
        assert (check.payee, check.total) == (paper.customer, paper.amount)
        assert allocation.amount == paper.amount
        settled[allocation.invoice] = paper.amount
    assert settled.keys() == checks.keys()
    assert sum(settled.values()) == payment.amount
    assert house.conflicts() == []
    assert house.quiet()


@GOES_BACK
@pytest.mark.parametrize("lost", [{0}, {1}, {2}, {0, 1}, {0, 2}])
def test_a_part_that_was_voided_there_and_not_written_again_yet(
    goes_back: str, lost: set[int], house: EngineHouse, refusing: Callable[..., Any]
) -> None:
    payment = _over_jobs(house)
    house.drain()
    places = [kept.ref for kept in house.books.of(BooksKind.PAYMENT)]
    _void(house, *(places[n] for n in lost))
    house.change(payment, reference="R2")  # so that no void part alone voids the payment here
    house.poll()
    with refusing(*PARTS):
        _choose_ours(house)
        house.drain()
    assert house.state(payment) in ("held", "waiting")
    back = _give_back(house, payment, goes_back)
    _check_went_back(house, payment, back)


@GOES_BACK
@pytest.mark.parametrize("lost", [{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}])
def test_a_part_that_was_never_written(
    goes_back: str, lost: set[int], house: EngineHouse, refusing: Callable[..., Any]
) -> None:
    payment = _over_jobs(house)
    with refusing(*(PARTS[n] for n in lost)):
        house.drain()
    assert len(house.books.of(BooksKind.PAYMENT)) == 3 - len(lost)
    back = _give_back(house, payment, goes_back)
    _check_went_back(house, payment, back)


@GOES_BACK
@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_part_whose_new_amount_was_refused(
    goes_back: str, part: int, house: EngineHouse, refusing: Callable[..., Any]
) -> None:
    payment = _over_jobs(house)
    house.drain()
    applications = list(payment.applications)
    less = attrs.evolve(applications[part], amount=applications[part].amount - 20)
    applications[part] = less
    payment = house.change(payment, amount=D("280.00"), applications=tuple(applications))
    with refusing(str(less.amount)):
        house.drain()
    assert house.state(payment) == "held"
    back = _give_back(house, payment, goes_back)
    _check_went_back(house, payment, back)


def test_a_payment_of_which_all_parts_were_voided_there_is_void_here_and_does_not_come_back(
    house: EngineHouse, refusing: Callable[..., Any]
) -> None:
    payment = _over_jobs(house)
    house.drain()
    with refusing(*PARTS):
        for kept in house.books.of(BooksKind.PAYMENT):
            assert not house.here(payment.ref).void
            _void(house, kept.ref)
            house.poll()
            _choose_ours(house)
            house.drain()
    assert house.here(payment.ref).void
    assert house.state(payment) == "done"
    assert house.conflicts() == []
    assert house.quiet()


def _came_back_and_merged(house: EngineHouse) -> tuple[Payment, Any, dict[str, BooksRef]]:
    """A check of Ann's that came back and settles its return; then she is one with Bob in BlueOps."""
    ann, bob = sent_customer(house), sent_customer(house, "Bob May")
    payment = house.pay(house.invoice(ann, "100.00"), "100.00")
    house.drain()
    back = bounced(house, payment)
    house.drain()
    places = {"ann": house.place(ann), "bob": house.place(bob)}
    with house.work() as tx:
        tx.merge_customers(ann.id, bob.id)
    return payment, back, places


def test_a_return_moves_to_another_customer_after_the_payment_that_settles_it(house: EngineHouse) -> None:
    payment, back, places = _came_back_and_merged(house)
    house.engine.work_pending(house.id)
    assert house.event(back).waits_for == str(payment.ref)
    house.drain()
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.there(payment).customer == house.there(back).payee == places["bob"]


def test_a_return_stays_where_its_payment_stays_until_both_are_moved_in_the_books(
    house: EngineHouse, refusing: Callable[..., Any]
) -> None:
    payment, back, places = _came_back_and_merged(house)
    with refusing("100.00"):
        for _ in range(3):
            house.drain()
    assert [house.state(record) for record in (payment, back)] == ["held", "waiting"]
    assert house.there(payment).customer == house.there(back).payee == places["ann"]
    # The bookkeeper merges them there too.
    house.books.edit(house.place(payment), customer=places["bob"])
    (line,) = house.there(back).lines
    house.books.edit(
        house.place(back), payee=places["bob"], lines=(attrs.evolve(line, customer=places["bob"]),)
    )
    house.books.edit(places["ann"], active=False)
    house.poll()
    with house.turn() as turn:
        outbox.again(turn.connection, turn.tenant_id, turn.now)
    house.drain()
    assert [house.state(record) for record in (payment, back)] == ["done", "done"]
    assert house.there(payment).customer == house.there(back).payee == places["bob"]


def test_a_return_that_a_person_chose_for_blueops_waits_for_its_payment_all_the_same(
    house: EngineHouse, refusing: Callable[..., Any]
) -> None:
    carl = sent_customer(house, "Carl Oh")
    payment, back, places = _came_back_and_merged(house)
    # The bookkeeper puts the return under somebody else before BlueOps has moved anything.
    (line,) = house.there(back).lines
    other = house.place(carl)
    house.books.edit(house.place(back), payee=other, lines=(attrs.evolve(line, customer=other),))
    with refusing("100.00"):
        house.poll()
        house.drain()
        asked = [one for one in house.conflicts() if one.ref == str(back.ref)]
        assert asked
        with house.turn() as turn:
            for one in asked:
                resolve.resolve(turn, one.id, "ours", "admin")
        for _ in range(3):
            house.drain()
    assert house.there(payment).customer == places["ann"]
    assert house.there(back).payee == other
    assert (house.state(payment), house.event(back).waits_for) == ("held", str(payment.ref))
