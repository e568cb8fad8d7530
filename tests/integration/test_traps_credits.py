"""A credit memo entered in the books waits for its customer, as a payment does, and is not forgotten."""

from blueops_qb.domain.documents import CreditMemo, SalesLine, TaxMode
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import by_hand, matching
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import Fault
from tests.traps import FAR_OFF, LONG_AGO, ON_SQLITE, all_here, entered_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


def entered_memo(house: EngineHouse, customer: BooksRef) -> BooksRef:
    """A goodwill credit of 40.00 that the bookkeeper wrote."""
    return house.books.enter(
        CreditMemo(
            customer=customer,
            date=DAY,
            number="C1",
            lines=(SalesLine(amount=D("40.00"), item=BooksRef(K.ITEM, "T")),),
            total=D("40.00"),
            tax_mode=TaxMode.OURS,
            tax=D("0.00"),
        )
    )


def test_a_credit_memo_of_a_customer_who_is_linked_later_is_taken_in_then(house: EngineHouse) -> None:
    ann = house.customer("Ann Lee")
    with house.turn() as turn:
        by_hand.hold_back(turn, ann.ref, actor="admin")
    theirs = entered_customer(house, "Ann Lee")
    entered_memo(house, theirs)
    house.poll()
    assert all_here(house, RecordKind.CREDIT) == []
    with house.turn() as turn:
        matching.build(turn)
        by_hand.match(turn, ann.ref, "link", books_id=theirs.id, actor="admin")
    house.drain()
    (credit,) = all_here(house, RecordKind.CREDIT)
    assert (credit.customer_id, credit.total) == (ann.id, D("40.00"))


def test_a_credit_memo_that_is_seen_before_its_customer_is_linked_is_taken_in(house: EngineHouse) -> None:
    ann = house.customer("Ann Lee")
    house.books.script.append(Fault.LOSE_AFTER)
    out = take(house)
    house.engine.finish(out.exchange_id, house.provider.deliver(out.body))  # nobody knows; she is there
    entered_memo(house, house.books.one(K.CUSTOMER).ref)
    e = t.exchanges
    house.set(e, e.c.id == out.exchange_id, settle_at=FAR_OFF)  # the changes are heard before the look-up
    house.poll()
    (row,) = house.rows(t.mirror, t.mirror.c.kind == "credit_memo")
    assert row.dirty
    house.set(e, e.c.id == out.exchange_id, settle_at=LONG_AGO)
    house.poll()
    (credit,) = all_here(house, RecordKind.CREDIT)
    assert (credit.customer_id, credit.total) == (ann.id, D("40.00"))
