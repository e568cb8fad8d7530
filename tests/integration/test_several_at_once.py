"""What the soak has found where a record has several documents, or one change brings another along."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import OverJobs, Policy
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.records import Application, Customer, Job, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand, due, rules_desk
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import Refused, Throttled, Why
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.simple import Told
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.fake_books import CATALOG, FakeBooks
from tests.traps import ON_SQLITE, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
Writes = Callable[[FakeBooks, Operation], Any]
WRITE: Writes = FakeBooks.write
TOO_MUCH = Refused(why=Why.INVALID, message="It is more than is open.", remedy="Correct it.")


@pytest.fixture
def jobs(house: EngineHouse) -> tuple[Customer, Job, Job]:
    """A customer with two jobs; a payment for both is one document per job."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    kitchen, bath = (house.job(ann, name) for name in ("Kitchen", "Bath"))
    house.drain()
    return ann, kitchen, bath


def check(house: EngineHouse, payer: Customer, *parts: tuple[Any, str]) -> Payment:
    """A check for these invoices."""
    applied = tuple(Application(invoice_id=bill.id, amount=D(amount)) for bill, amount in parts)
    with house.work() as tx:
        found: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=payer.id,
                received_on=DAY,
                method="check",
                amount=sum((part.amount for part in applied), D("0.00")),
                applications=applied,
            )
        )
    return found


def amounts(house: EngineHouse) -> list[Any]:
    """What the payments in the books come to, the smallest first; void ones left out."""
    return sorted(document.amount for document in living(house))


def living(house: EngineHouse) -> list[Any]:
    """The payments in the books that are not void."""
    documents: list[Any] = [kept.document for kept in house.books.of(BooksKind.PAYMENT)]
    return [document for document in documents if not document.void]


def test_a_payment_of_which_one_part_was_refused_is_not_done_with_the_other(
    house: EngineHouse, jobs: tuple[Customer, Job, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the other one nobody knew at first whether it had arrived."""
    ann, kitchen, bath = jobs
    bills = house.invoice(kitchen, "100.00"), house.invoice(bath, "200.00")
    house.drain()

    def write(self: FakeBooks, operation: Operation) -> Any:
        amount = getattr(operation.document, "amount", None)
        if amount == D("100.00"):
            raise Told(TOO_MUCH)
        shown = WRITE(self, operation)
        if amount == D("200.00"):
            raise RuntimeError("the line broke")
        return shown

    with monkeypatch.context() as patch:
        patch.setattr(FakeBooks, "write", write)
        payment = check(house, ann, (bills[0], "100.00"), (bills[1], "200.00"))
        house.drain()
    house.set(
        t.exchanges, t.exchanges.c.state == "uncertain", settle_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    )
    house.drain()
    assert amounts(house) == [D("200.00")]
    assert (house.state(payment), house.event(payment).reason) == (
        "held",
        f"{payment.ref}: {TOO_MUCH.message}",
    )
    with house.turn() as turn:
        by_hand.try_again(turn, [payment.ref], actor="admin")
    house.drain()
    assert amounts(house) == [D("100.00"), D("200.00")]
    assert house.state(payment) == "done"


def test_a_payment_of_which_one_part_has_landed_tells_what_the_other_waits_for(
    house: EngineHouse, jobs: tuple[Customer, Job, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, kitchen, bath = jobs
    first = house.invoice(kitchen, "100.00")
    house.drain()

    def write(self: FakeBooks, operation: Operation) -> Any:
        if getattr(operation.document, "total", None) == D("200.00"):
            raise Told(Throttled(connection=False, message="The books are busy."))
        return WRITE(self, operation)

    monkeypatch.setattr(FakeBooks, "write", write)
    second = house.invoice(bath, "200.00")
    payment = check(house, ann, (first, "100.00"), (second, "200.00"))
    house.drain()
    assert amounts(house) == [D("100.00")]
    assert (house.state(payment), house.event(payment).reason) == ("waiting", f"waits for {second.ref}")


def test_of_a_payment_in_parts_nothing_is_written_while_one_part_cannot_be(
    house: EngineHouse, jobs: tuple[Customer, Job, Job]
) -> None:
    ann, kitchen, bath = jobs
    bills = house.invoice(kitchen, "100.00"), house.invoice(bath, "200.00", service="unmapped")
    payment = check(house, ann, (bills[0], "100.00"), (bills[1], "200.00"))
    house.drain()
    assert house.state(bills[1]) == "held"
    assert amounts(house) == []
    assert house.state(payment) == "waiting"
    house.map(rule(Family.SERVICE, "unmapped", item=BooksRef(BooksKind.ITEM, "R")))
    house.drain()
    assert amounts(house) == [D("100.00"), D("200.00")]


def test_a_payment_in_parts_that_settles_nothing_any_more_stays_in_its_parts(
    house: EngineHouse, jobs: tuple[Customer, Job, Job]
) -> None:
    ann, kitchen, bath = jobs
    bills = house.invoice(kitchen, "100.00"), house.invoice(bath, "200.00")
    payment = check(house, ann, (bills[0], "100.00"), (bills[1], "200.00"))
    house.drain()
    house.change(house.here(payment.ref), applications=())
    house.drain()
    assert house.state(payment) == "done"
    parts = {(part.customer, part.amount, part.allocations) for part in living(house)}
    assert parts == {(house.place(kitchen), D("100.00"), ()), (house.place(bath), D("200.00"), ())}


def test_what_moves_here_with_something_that_was_brought_in_is_written(
    house: EngineHouse, jobs: tuple[Customer, Job, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invoice that is given to another job in the books takes the class of that job."""
    ann, kitchen, _ = jobs
    installs = BooksRef(BooksKind.CLASS, "IN")
    monkeypatch.setitem(CATALOG, installs, ("Installs", {}))
    house.books.records |= {installs: FakeBooks().records[installs]}
    with house.turn() as turn:
        due.read_catalog(turn)
    house.drain()
    profile = BooksProfile(class_tracking=Tracking.PER_LINE)
    house.set(t.connections, t.connections.c.id == house.id, profile_json=wire.dump(profile))
    house.map(rule(Family.CLASS, "install", class_=installs))
    roof = house.job(ann, "Roof", class_key="install")
    house.drain()
    invoice = house.invoice(kitchen, "100.00")
    house.drain()
    house.books.edit(house.place(invoice), customer=house.place(roof))
    house.poll()
    house.drain()
    assert house.here(invoice.ref).job_id == roof.id
    there = house.there(invoice)
    assert there.customer == house.place(roof)
    assert [line.class_ for line in there.lines] == [installs]
    assert house.conflicts() == []
