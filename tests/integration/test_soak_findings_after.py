"""What goes after others: nothing stays queued behind what will never be written."""

from blueops_qb.domain.records import Payment, Refund, RefundPart
from blueops_qb.engine.plan_anew import plan_anew
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import REFUSED
from tests.traps import ON_SQLITE, sent_customer, waits_in_vain

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def _refund(house: EngineHouse, payment: Payment, amount: str) -> Refund:
    part = RefundPart(of=payment.ref, amount=D(amount))
    with house.work() as tx:
        back: Refund = tx.issue_refund(
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
    return back


def test_a_payment_does_not_stay_queued_behind_a_refund_that_was_voided_while_it_waits_for_another_one(
    house: EngineHouse,
) -> None:
    """The books refuse both refunds; one is voided here, the other one still waits for a person."""
    invoice = house.invoice(sent_customer(house), "100.00")
    house.drain()
    payment = house.change(house.pay(invoice, "100.00"), applications=())
    first = _refund(house, payment, "40.00")
    house.books.script.append(REFUSED)
    house.drain()
    with house.turn() as turn:
        assert plan_anew(turn, first.ref)
    second = _refund(house, payment, "30.00")
    house.books.script.append(REFUSED)
    house.drain()
    (queued,) = house.rows(t.operations, t.operations.c.state == "ready")
    assert [house.state(record) for record in (first, second, payment)] == ["held", "held", "waiting"]
    with house.work() as tx:
        tx.void_refund(second.id)
    house.drain()
    assert house.event(payment).waits_for == str(first.ref)
    assert waits_in_vain(house) == []
    (given_up,) = house.rows(t.operations, t.operations.c.id == queued.id)
    assert (given_up.state, given_up.reason) == (
        "cancelled",
        "what it was to go after is not needed any more",
    )
    with house.turn() as turn:
        assert plan_anew(turn, first.ref)
    for _ in range(3):
        house.drain()
    assert [house.state(record) for record in (first, payment)] == ["done", "done"]
    assert [part.amount for part in house.there(payment).allocations] == [D("40.00")]
    assert house.quiet()
