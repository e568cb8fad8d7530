"""What the soak has found since, one by one and without chance."""

import datetime as dt
from decimal import Decimal as D

import attrs

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import (
    Job,
    LineKind,
    Payment,
    PaymentReturn,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import outbox
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.reader.values import Found, PaidBack
from blueops_qb.sandbox.soak.sides import Disputed, undisputed, without_stand_ins
from blueops_qb.sdk import wire
from tests.engine_house import DAY, EngineHouse, rule
from tests.traps import sent_customer

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
#: Payment R7 stands apart; it came back, and what it owes again is invoice 13 of the books.
DISPUTED = Disputed(invoices=frozenset(), credits=frozenset(), sources=frozenset({"payment R7"}))
PLACES = [("payment_return:1", "Invoice:13")]


def back(id: str, **sources: str) -> Found:
    """A return of 141.30, and what settles it: amounts by reference."""
    one = PaidBack(
        payer="Ann Lee",
        date=DAY,
        amount=D("141.30"),
        account="1090",
        words="R7",
        sources={f"payment {name}": D(amount) for name, amount in sources.items()},
        effect={},
        id=id,
    )
    return Found(back=(one,))


def told(ours: Found, theirs: Found) -> list[dict[str, D]]:
    """What is left to be compared of the sources, on both sides."""
    theirs = without_stand_ins(theirs, ours, DISPUTED, PLACES)
    return [dict(undisputed(found, DISPUTED).back[0].sources) for found in (ours, theirs)]


def test_a_bookkeeper_may_receive_money_on_what_a_disputed_payment_should_settle() -> None:
    ours = back("payment_return:1", R7="141.30")
    assert told(ours, back("Invoice:13", B116="105.98")) == [{}, {}]
    assert told(ours, back("Invoice:13", R7="35.32", B116="105.98")) == [{}, {}]


def test_more_money_than_is_disputed_is_told_and_so_is_any_on_what_is_not() -> None:
    ours = back("payment_return:1", R7="100.00", R8="41.30")
    theirs = back("Invoice:13", B116="105.98", R8="35.32")
    assert told(ours, theirs) == [
        {"payment R8": D("41.30")},
        {"payment B116": D("105.98"), "payment R8": D("35.32")},
    ]
    settled = back("payment_return:1", R8="141.30")
    assert told(settled, back("Invoice:13", B116="105.98"))[1] == {"payment B116": D("105.98")}


def close_books(house: EngineHouse, until: dt.date | None) -> None:
    """The books are closed until a day, or open."""
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, closing_date=until)))
        outbox.again(turn.connection, turn.tenant_id, turn.now)


def taken_deposit(house: EngineHouse) -> tuple[Job, Payment]:
    """A deposit of 100.00 for a job, of a day that the books have closed."""
    house.map(
        rule(Family.FEE, "deposit", item=BooksRef(K.ITEM, "T")),
        rule(Family.ROLE, "bank_charges", account=BooksRef(K.ACCOUNT, "6100")),
    )
    job = house.job(sent_customer(house))
    house.drain()
    close_books(house, DAY - dt.timedelta(days=1))
    with house.work() as tx:
        deposit = tx.record_payment(
            Payment(
                id="",
                customer_id=job.customer_id,
                received_on=DAY - dt.timedelta(days=10),
                amount=D("100.00"),
                method="check",
                deposit_for_job=job.id,
            )
        )
    return job, deposit


def test_what_takes_a_deposit_waits_until_the_deposit_is_in_the_books(house: EngineHouse) -> None:
    job, deposit = taken_deposit(house)
    with house.work() as tx:
        uses = LineDraft(kind=LineKind.DEPOSIT_APPLIED, unit_price=D("60.00"), deposit_id=deposit.id)
        draft = house.draft(job.customer_id, "60.00", job_id=job.id)
        invoice = tx.raise_invoice(attrs.evolve(draft, lines=[*draft.lines, uses]))
        refund = tx.issue_refund(
            Refund(
                id="",
                customer_id=job.customer_id,
                date=DAY,
                amount=D("40.00"),
                parts=(RefundPart(of=deposit.ref, amount=D("40.00")),),
                deposit_for_job=job.id,
                account_key="checking",
            )
        )
    house.drain()
    assert [house.state(one) for one in (deposit, invoice, refund)] == ["held", "waiting", "waiting"]
    assert house.event(refund).waits_for == house.event(invoice).waits_for == str(deposit.ref)
    assert house.books.of(K.INVOICE) == house.books.of(K.REFUND_RECEIPT) == []
    close_books(house, None)
    for _ in range(3):
        house.drain()
    assert [house.state(one) for one in (deposit, invoice, refund)] == ["done", "done", "done"]
    kinds = (K.SALES_RECEIPT, K.INVOICE, K.REFUND_RECEIPT)
    assert [len(house.books.of(kind)) for kind in kinds] == [1, 1, 1]


def test_a_deposit_that_came_back_goes_to_the_books_before_its_return(house: EngineHouse) -> None:
    _, deposit = taken_deposit(house)
    with house.work() as tx:
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=deposit.id,
                customer_id=deposit.customer_id,
                date=DAY,
                amount=deposit.amount,
                bank_fee=D("15.00"),
                reason=ReturnReason.BOUNCED,
                account_key="checking",
            )
        )
    house.drain()
    assert [house.state(one) for one in (deposit, back)] == ["held", "waiting"]
    assert house.event(back).waits_for == str(deposit.ref)
    assert house.books.of(K.REFUND_RECEIPT) == house.books.of(K.EXPENSE) == []
    close_books(house, None)
    for _ in range(3):
        house.drain()
    assert [house.state(one) for one in (deposit, back)] == ["done", "done"]
    kinds = (K.SALES_RECEIPT, K.REFUND_RECEIPT, K.EXPENSE)
    assert [len(house.books.of(kind)) for kind in kinds] == [1, 1, 1]
    with house.work() as tx:
        tx.void_return(back.id)
    house.drain()
    assert house.state(back) == "done"
    assert house.books.document(house.books.one(K.REFUND_RECEIPT).ref).void
