"""A returned payment in a bank deposit is let go and taken in again once, and nothing waits for that afterwards."""

import attrs
import pytest

from blueops_qb.domain.documents import BankDeposit, CustomerPayment
from blueops_qb.domain.posting.deposits import LET_GO
from blueops_qb.domain.records import Payment, PaymentReturn, Payout, ReturnReason
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import deposited
from blueops_qb.engine.known import load_known
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.traps import ON_SQLITE, choose, sent_customer, take

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

K = BooksKind


def settled(house: EngineHouse, *payments: Payment) -> Payout:
    """They reach the bank in one deposit."""
    net = sum((payment.amount for payment in payments), D("0.00"))
    ids = tuple(payment.id for payment in payments)
    with house.work() as tx:
        found: Payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=ids, net=net)
        )
    return found


def bounced(house: EngineHouse, payment: Payment) -> PaymentReturn:
    with house.work() as tx:
        found: PaymentReturn = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=payment.id,
                customer_id=payment.customer_id,
                date=DAY,
                reason=ReturnReason.BOUNCED,
                amount=payment.amount,
                account_key="checking",
            )
        )
    return found


@pytest.fixture
def paid(house: EngineHouse) -> Payment:
    """A check that is in the books."""
    payment: Payment = house.pay(house.invoice(sent_customer(house), "80.00"), "80.00")
    house.drain()
    return payment


def holds(house: EngineHouse, payout: Payout, payment: Payment) -> bool:
    """The deposit in the books holds the payment itself, not a plain line in its place."""
    document = house.there(payout)
    assert isinstance(document, BankDeposit)
    return [line.payment for line in document.lines] == [house.place(payment)]


def drained(house: EngineHouse) -> None:
    for _ in range(4):
        house.drain()


def test_an_edit_after_the_return_is_settled_waits_for_no_deposit(house: EngineHouse, paid: Payment) -> None:
    payout = settled(house, paid)
    house.drain()
    back = bounced(house, paid)
    drained(house)
    assert holds(house, payout, paid)
    house.change(house.here(paid.ref), memo="bounced, called Ann")
    drained(house)
    assert [house.state(record) for record in (paid, payout, back)] == ["done", "done", "done"]
    assert house.there(paid).memo == "bounced, called Ann"
    assert holds(house, payout, paid)


def test_a_deposit_whose_event_was_emptied_by_retention_is_written_from_what_core_shows(
    house: EngineHouse, paid: Payment
) -> None:
    payout = settled(house, paid)
    house.drain()
    assert house.set(t.outbox, t.outbox.c.ref_kind == "payout", payload="") == 1
    bounced(house, paid)
    drained(house)
    assert [house.state(record) for record in (paid, payout)] == ["done", "done"]
    assert holds(house, payout, paid)


def test_what_waits_for_a_deposit_that_is_void_here_and_gone_there_goes_on_once_that_is_settled(
    house: EngineHouse, paid: Payment
) -> None:
    payout = settled(house, paid)
    house.drain()
    back = bounced(house, paid)
    drained(house)
    house.books.delete(house.place(payout))
    house.poll()
    with house.work() as tx:
        tx.void_payout(payout.id)
        tx.void_return(back.id)
    drained(house)
    assert (house.state(paid), house.state(back)) == ("waiting", "waiting")
    choose(house, "again")
    drained(house)
    assert [house.state(record) for record in (payout, paid, back)] == ["done", "done", "done"]
    assert house.books.document(house.place(paid)).allocations[0].invoice.kind is K.INVOICE


def let_go_by_hand(house: EngineHouse, name: str) -> None:
    """The deposit in our tables has let go the payment of this name, as between two steps of a return."""
    (link,) = house.rows(t.links, t.links.c.books_kind == "deposit")
    document = wire.load_document(K.DEPOSIT, link.base_ours)
    assert isinstance(document, BankDeposit)
    plain = attrs.evolve(
        document.lines[0], payment=None, description=f"{LET_GO}{name}", account=document.account
    )
    content = wire.dump_document(attrs.evolve(document, lines=(plain,)))
    house.set(t.links, t.links.c.id == link.id, base_ours=content)


def test_a_payment_is_not_taken_for_another_whose_number_begins_alike(
    house: EngineHouse, paid: Payment
) -> None:
    settled(house, paid)
    house.drain()
    let_go_by_hand(house, f"{paid.ref}0")
    with house.turn() as turn:
        mine = load_known(turn.connection, house.id, [paid.ref])
        assert deposited._payouts(turn, list(mine.values()), holding=False) == []


def test_a_payout_of_a_payment_that_stands_there_in_part_only_is_held_and_says_of_which(
    house: EngineHouse, paid: Payment
) -> None:
    (link,) = house.rows(t.links, t.links.c.books_kind == "payment")
    document = wire.load_document(K.PAYMENT, link.base_ours)
    assert isinstance(document, CustomerPayment)
    less = wire.dump_document(attrs.evolve(document, amount=D("30.00"), allocations=()))
    house.set(t.links, t.links.c.id == link.id, base_ours=less)
    payout = settled(house, paid)
    house.drain()
    event = house.event(payout)
    assert event.state == "held"
    assert f"holds payment {paid.id} of 80.00, of which 30.00 is in the books" in event.reason
    assert house.books.of(K.DEPOSIT) == []


def test_a_payout_waits_for_the_change_of_a_payment_and_is_written_then(
    house: EngineHouse, paid: Payment
) -> None:
    paid = house.change(paid, amount=D("90.00"))
    payout = settled(house, paid)
    drained(house)
    assert [house.state(record) for record in (paid, payout)] == ["done", "done"]
    document = house.there(payout)
    assert isinstance(document, BankDeposit)
    assert [line.amount for line in document.lines] == [D("90.00")]


def carry_until_let_go(house: EngineHouse) -> None:
    """Carry until the deposit has let its payment go, and not further."""
    for _ in range(30):
        out = take(house)
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
        if LET_GO in house.rows(t.links, t.links.c.books_kind == "deposit")[0].base_ours:
            return
    raise AssertionError("the deposit has not let the payment go")


def test_a_deposit_that_lets_a_payment_go_beside_its_change_takes_it_in_again(
    house: EngineHouse, paid: Payment
) -> None:
    other = house.pay(house.invoice(sent_customer(house, "Bob May"), "20.00"), "20.00")
    house.drain()
    payout = settled(house, paid, other)
    house.drain()
    back = bounced(house, paid)
    # The return is there and the deposit has let the payment go; what settles the return is not sent yet.
    carry_until_let_go(house)
    assert house.state(back) == "done"
    # Beside it the deposit has a change of its own to bring.
    with house.work() as tx:
        tx.update_payout(attrs.evolve(house.here(payout.ref), memo="the Monday deposit"))
    drained(house)
    assert [house.state(record) for record in (paid, payout, back)] == ["done", "done", "done"]
    document = house.there(payout)
    assert isinstance(document, BankDeposit)
    assert document.memo == "the Monday deposit"
    assert {line.payment for line in document.lines} == {house.place(paid), house.place(other)}


def test_a_deposit_takes_a_payment_in_again_that_did_not_come_back_after_all(
    house: EngineHouse, paid: Payment
) -> None:
    payout = settled(house, paid)
    house.drain()
    back = bounced(house, paid)
    carry_until_let_go(house)
    # Before the payment was written, the return turns out to be none.
    with house.work() as tx:
        tx.void_return(back.id)
    drained(house)
    assert house.state(paid) == house.state(payout) == "done"
    assert holds(house, payout, paid)
