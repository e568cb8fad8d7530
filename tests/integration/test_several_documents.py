"""A record may have several documents in the books; what befalls one of them does not befall the others."""

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, CustomerPayment
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import ClosedPeriod, OverJobs, Policy
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.records import (
    Application,
    Credit,
    CreditReason,
    Customer,
    Invoice,
    InvoiceLine,
    LineKind,
    Payment,
    Payout,
    Refund,
    RefundPart,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand, connections, rules_desk
from blueops_qb.engine.choices import CannotResolve
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import Refused, Why
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.simple import Told
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, connect, rule
from tests.fake_books import FakeBooks, Fault
from tests.traps import ON_SQLITE, choose, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE
FEES = tuple(
    rule(Family.FEE, key, item=BooksRef(BooksKind.ITEM, "T")) for key in ("early_payment", "allowance")
)


def _paid_over_jobs(house: EngineHouse) -> tuple[Payment, BooksRef, BooksRef, Invoice]:
    """A check of 300.00 for two jobs: 100.00 and 200.00, a payment for each in the books."""
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    jobs = [house.job(ann, name) for name in ("Kitchen", "Bath")]
    house.drain()
    one, two = house.invoice(jobs[0], "100.00"), house.invoice(jobs[1], "200.00")
    house.drain()
    payment = _check(
        house,
        ann,
        "300.00",
        Application(invoice_id=one.id, amount=D("100.00")),
        Application(invoice_id=two.id, amount=D("200.00")),
    )
    house.drain()
    first, second = _places(house, "payment")
    return payment, first, second, one


def _check(house: EngineHouse, payer: Customer, amount: str, *parts: Application) -> Payment:
    with house.work() as tx:
        found: Payment = tx.record_payment(
            Payment(
                id="",
                customer_id=payer.id,
                received_on=DAY,
                method="check",
                amount=D(amount),
                applications=parts,
            )
        )
    return found


def _places(house: EngineHouse, kind: str) -> list[BooksRef]:
    """Where the documents of the records of a kind are, by role and part."""
    links = {row.document_id: row for row in house.rows(t.links)}
    documents = [row for row in house.rows(t.documents) if row.source_kind == kind and row.id in links]
    documents.sort(key=lambda row: (row.role, row.part))
    return [BooksRef(BooksKind(links[d.id].books_kind), links[d.id].books_id) for d in documents]


def _amounts(house: EngineHouse) -> list[Decimal]:
    """What the payments in the books come to, the smallest first."""
    documents = (kept.document for kept in house.books.of(BooksKind.PAYMENT))
    return sorted(document.amount for document in documents if isinstance(document, CustomerPayment))


def _edit_money(house: EngineHouse, place: BooksRef, amount: str, settled: str) -> None:
    (part,) = house.books.document(place).allocations
    house.books.edit(place, amount=D(amount), allocations=(attrs.evolve(part, amount=D(settled)),))


def _credit(house: EngineHouse, customer: Customer, amount: str) -> Credit:
    line = InvoiceLine(
        line_id="1",
        kind=LineKind.FEE,
        description="Sorry",
        unit_price=D(amount),
        amount=D(amount),
        taxable=False,
    )
    with house.work() as tx:
        found: Credit = tx.issue_credit(
            Credit(
                id="",
                number="",
                customer_id=customer.id,
                issue_date=DAY,
                reason=CreditReason.GOODWILL,
                lines=(line,),
                total=D(amount),
            )
        )
    return found


def _money_conflict(house: EngineHouse) -> Any:
    (conflict,) = house.conflicts()
    assert conflict.group == "money"
    return conflict


class TestOnePartIsChanged:
    @pytest.mark.parametrize("number", [0, 1])
    def test_the_payment_becomes_smaller_by_it_and_the_other_part_stays(
        self, house: EngineHouse, number: int
    ) -> None:
        payment, *places, _ = _paid_over_jobs(house)
        other = house.books.document(places[1 - number])
        _edit_money(house, places[number], "90.00", "90.00")
        house.poll()
        here = house.here(payment.ref)
        expected = [D("100.00"), D("200.00")]
        expected[number] = D("90.00")
        assert here.amount == sum(expected)
        assert [part.amount for part in here.applications] == expected
        assert house.books.document(places[1 - number]) == other
        assert not house.conflicts()

    def test_what_would_change_the_other_part_waits_for_a_person(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        before = house.here(payment.ref)
        _edit_money(
            house, second, "250.00", "200.00"
        )  # more money: what is over would be the first one's here
        house.poll()
        assert house.here(payment.ref) == before
        assert str(payment.ref) in _money_conflict(house).reason
        assert (house.books.document(first).amount, house.books.document(first).void) == (D("100.00"), False)
        assert house.books.document(second).amount == D("250.00")

    def test_what_one_part_settles_no_more_stays_in_that_part(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        other = house.books.document(first)
        _edit_money(house, second, "200.00", "150.00")
        house.poll()
        here = house.here(payment.ref)
        assert [part.amount for part in here.applications] == [D("100.00"), D("150.00")]
        assert (here.amount, here.unapplied) == (D("300.00"), D("50.00"))
        assert house.books.document(first) == other
        assert house.books.document(second).amount == D("200.00")
        assert (house.conflicts(), house.state(payment)) == ([], "done")

    def test_a_note_on_one_part_is_a_note_on_the_payment(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.edit(first, memo="seen by Joe")
        house.poll()
        assert house.here(payment.ref).memo == "seen by Joe"
        assert house.here(payment.ref).amount == D("300.00")
        assert not house.books.document(second).void


class TestOneDocumentIsVoided:
    def test_one_part_of_a_payment_leaves_the_other_alone(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.void(second)
        house.poll()
        assert not house.here(payment.ref).void
        assert not house.books.document(first).void
        reason = _money_conflict(house).reason
        assert all(word in reason for word in (str(payment.ref), str(second), str(first), "void"))
        with pytest.raises(CannotResolve, match="several documents"):
            choose(house, "theirs")

    def test_all_parts_take_the_payment_back(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.void(second)
        house.poll()
        house.books.void(first)
        house.poll()
        house.drain()
        assert house.here(payment.ref).void
        assert not house.conflicts()

    def test_voiding_the_record_here_settles_it(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.void(second)
        house.poll()
        with house.work() as tx:
            tx.void_payment(payment.id)
        house.poll()
        assert house.books.document(first).void
        assert not house.conflicts()

    def test_a_deleted_part_does_not_void_the_payment(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.delete(second)
        house.poll()
        with pytest.raises(CannotResolve, match="several documents"):
            choose(house, "theirs")
        assert not house.here(payment.ref).void
        assert not house.books.document(first).void

    def test_the_memo_of_a_discount_does_not_void_the_payment(self, house: EngineHouse) -> None:
        house.map(*FEES)
        ann = sent_customer(house)
        invoice = house.invoice(ann, "100.00")
        house.drain()
        payment = _check(
            house, ann, "98.00", Application(invoice_id=invoice.id, amount=D("98.00"), discount=D("2.00"))
        )
        house.drain()
        (memo,) = house.books.of(BooksKind.CREDIT_MEMO)
        house.books.edit(
            house.place(payment), allocations=(Allocation(invoice=house.place(invoice), amount=D("98.00")),)
        )
        house.books.void(memo.ref)
        house.poll()
        assert not house.here(payment.ref).void
        assert not house.there(payment).void
        assert len(house.conflicts()) == 2

    def test_what_settles_a_refund_does_not_void_it(self, house: EngineHouse) -> None:
        house.map(*FEES)
        ann = sent_customer(house)
        credit = _credit(house, ann, "50.00")
        house.drain()
        with house.work() as tx:
            refund = tx.issue_refund(
                Refund(
                    id="",
                    customer_id=ann.id,
                    date=DAY,
                    amount=D("50.00"),
                    account_key="checking",
                    parts=(RefundPart(of=credit.ref, amount=D("50.00")),),
                )
            )
        house.drain()
        (settling,) = house.books.of(BooksKind.PAYMENT)
        house.books.void(settling.ref)
        house.poll()
        assert not house.here(refund.ref).void
        assert not house.there(refund).void
        assert str(refund.ref) in _money_conflict(house).reason


class TestBooksThatRefuseOnePaymentForSeveralJobs:
    REFUSED = Refused(
        why=Why.REFERENCE, message="The invoice belongs to another customer.", remedy="Split it."
    )

    def _owed(self, house: EngineHouse) -> tuple[Customer, Application, Application]:
        ann = sent_customer(house)
        jobs = [house.job(ann, name) for name in ("Kitchen", "Bath")]
        house.drain()
        one, two = house.invoice(jobs[0], "100.00"), house.invoice(jobs[1], "200.00")
        house.drain()
        return (
            ann,
            Application(invoice_id=one.id, amount=D("100.00")),
            Application(invoice_id=two.id, amount=D("200.00")),
        )

    def test_a_payment_that_stands_whole_stays_whole(self, house: EngineHouse) -> None:
        ann, *parts = self._owed(house)
        payment = _check(house, ann, "300.00", *parts)
        house.drain()
        before = house.there(payment)
        with house.turn() as turn:
            turn.set(splits_payments=True)
        house.change(house.here(payment.ref), memo="thanks")
        house.drain()
        assert house.there(payment) == attrs.evolve(before, memo="thanks")
        assert len(house.books.of(BooksKind.PAYMENT)) == 1

    def test_the_one_that_was_refused_is_split(self, house: EngineHouse) -> None:
        ann, *parts = self._owed(house)
        house.books.script.append(self.REFUSED)
        _check(house, ann, "300.00", *parts)
        house.drain()
        assert _amounts(house) == [D("100.00"), D("200.00")]

    def test_one_for_one_job_is_split_when_it_pays_another_job_too(self, house: EngineHouse) -> None:
        ann, one, two = self._owed(house)
        payment = _check(house, ann, "300.00", one)
        house.drain()
        with house.turn() as turn:
            turn.set(splits_payments=True)
        house.change(house.here(payment.ref), applications=(one, two))
        house.drain()
        assert _amounts(house) == [D("100.00"), D("200.00")]


class TestWhatAPaymentSaysOnce:
    """Its date, method and number: one part alone does not say them for the others."""

    LATER = DAY + dt.timedelta(days=3)

    @pytest.mark.parametrize(("field", "value"), [("date", LATER), ("reference", "4711")])
    def test_one_part_alone_is_put_to_a_person_and_nothing_is_changed(
        self, house: EngineHouse, field: str, value: Any
    ) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.edit(second, **{field: value})
        house.poll()
        (conflict,) = house.conflicts()
        word = "number" if field == "reference" else field
        assert f"{second} alone has another {word} now; change {first} the same way" in conflict.reason
        assert house.here(payment.ref) == payment
        assert getattr(house.books.document(first), field) != value

    def test_all_parts_changed_alike_change_the_payment(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.edit(first, date=self.LATER, memo="slip 12")
        house.poll()
        assert len(house.conflicts()) == 1
        house.books.edit(second, date=self.LATER, memo="slip 12")
        house.poll()
        house.drain()
        house.poll()
        here = house.here(payment.ref)
        assert (here.received_on, here.memo, house.conflicts()) == (self.LATER, "slip 12", [])
        assert house.quiet()
        assert house.state(payment) == "done"

    def test_a_person_who_chooses_that_part_changes_all_of_them(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.edit(second, date=self.LATER)
        house.poll()
        choose(house, "theirs")
        house.drain()
        house.poll()
        assert house.here(payment.ref).received_on == self.LATER
        assert [house.books.document(place).date for place in (first, second)] == [self.LATER] * 2
        assert house.conflicts() == []

    def test_a_person_who_chooses_blueops_changes_that_part_back(self, house: EngineHouse) -> None:
        payment, first, second, _ = _paid_over_jobs(house)
        house.books.edit(second, date=self.LATER)
        house.poll()
        choose(house, "ours")
        house.drain()
        house.poll()
        assert house.here(payment.ref).received_on == DAY
        assert [house.books.document(place).date for place in (first, second)] == [DAY] * 2
        assert house.conflicts() == []


def test_a_record_that_was_voided_there_is_done(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house), "80.00")
    house.drain()
    house.books.void(house.place(invoice))
    house.poll()
    assert (house.state(invoice), house.event(invoice).reason) == ("done", "void on both sides")


@pytest.mark.parametrize("which", [0, 1, 2])
def test_voiding_one_document_of_a_corrected_invoice_voids_no_other(house: EngineHouse, which: int) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(closed_period=ClosedPeriod.ADJUST), actor="admin")
    invoice = house.invoice(sent_customer(house), "80.00")
    house.drain()
    profile = BooksProfile(closing_date=DAY)
    house.set(t.connections, t.connections.c.id == house.id, profile_json=wire.dump(profile))
    house.reprice(invoice, "90.00")
    for _ in range(3):
        house.drain()
    invoices = [kept.ref for kept in house.books.of(BooksKind.INVOICE)]
    (memo,) = house.books.of(BooksKind.CREDIT_MEMO)
    places = [*invoices, memo.ref]
    (settling,) = house.books.of(BooksKind.PAYMENT)
    if places[which] != invoices[-1]:  # what settles it must let it go first
        house.books.void(settling.ref)
    house.books.void(places[which])
    house.poll()
    house.drain()
    assert not house.here(invoice.ref).void
    assert not any(house.books.document(place).void for place in places if place != places[which])
    assert all("several documents" in conflict.reason for conflict in house.conflicts())
    assert house.conflicts()


def test_a_payment_of_which_one_part_was_refused_reaches_the_bank_once_all_parts_are_there(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(over_jobs=OverJobs.SPLIT), actor="admin")
    ann = sent_customer(house)
    jobs = [house.job(ann, name) for name in ("Kitchen", "Bath")]
    house.drain()
    bills = [house.invoice(jobs[0], "100.00"), house.invoice(jobs[1], "200.00")]
    house.drain()
    plain = FakeBooks.write

    def write(self: FakeBooks, operation: Operation) -> Any:
        if getattr(operation.document, "amount", None) == D("100.00"):
            raise Told(Refused(why=Why.INVALID, message="It is more than is open.", remedy="Correct it."))
        return plain(self, operation)

    parts = [Application(invoice_id=bill.id, amount=bill.total) for bill in bills]
    with monkeypatch.context() as patch:
        patch.setattr(FakeBooks, "write", write)
        payment = _check(house, ann, "300.00", *parts)
        house.drain()
    assert _amounts(house) == [D("200.00")]
    with house.work() as tx:
        payout = tx.settle_payout(
            Payout(id="", date=DAY, account_key="checking", payment_ids=(payment.id,), net=D("300.00"))
        )
    house.drain()
    assert house.books.of(BooksKind.DEPOSIT) == []
    reason = f"waits for {payment.ref}, which is not in the books yet"
    assert (house.state(payout), house.event(payout).reason) == ("waiting", reason)
    with house.turn() as turn:
        by_hand.try_again(turn, [payment.ref], actor="admin")
    house.drain()
    assert house.state(payout) == "done"
    deposit = house.there(payout)
    assert sorted(line.amount for line in deposit.lines) == [D("100.00"), D("200.00")]


def test_a_part_that_was_not_written_before_the_books_were_disconnected_is_written_afterwards(
    house: EngineHouse,
) -> None:
    payment, first, second, _ = _paid_over_jobs(house)
    house.change(payment, reference="R2")
    house.books.script.append(Fault.LOSE_AFTER)
    house.carrier.carry_one(house.id)
    # Of the first part it is known that the books were busy; of the second nobody knows what became of it.
    house.books.edit(first, reference=payment.reference)
    o = t.operations
    house.set(o, o.c.target_id == first.id, state="ready", exchange_id=None)
    connections.retire(house.core, house.id, house.tenant, actor="admin", keys=house.engine.keys)
    connect(house.engine, house.books, house.provider.name, house.tenant)
    house.poll()
    house.drain()
    assert [house.books.document(place).reference for place in (first, second)] == ["R2", "R2"]
    assert house.state(payment) == "done"


def _lowered(house: EngineHouse, payment: Payment, *applied: str) -> Payment:
    """The payment settles its invoices with less; what they do not take any more is the customer's."""
    parts = tuple(
        attrs.evolve(part, amount=D(amount))
        for part, amount in zip(payment.applications, applied, strict=True)
    )
    found: Payment = house.change(house.here(payment.ref), applications=parts)
    house.drain()
    return found


def _refunded(house: EngineHouse, payment: Payment, amount: str) -> Refund:
    with house.work() as tx:
        found: Refund = tx.issue_refund(
            Refund(
                id="",
                customer_id=payment.customer_id,
                date=DAY,
                amount=D(amount),
                parts=(RefundPart(of=payment.ref, amount=D(amount)),),
                account_key="checking",
            )
        )
    house.drain()
    return found


def test_a_refund_of_a_payment_in_parts_leaves_by_a_check_for_each_part_that_has_something(
    house: EngineHouse,
) -> None:
    payment, first, second, _ = _paid_over_jobs(house)
    lower = _lowered(house, payment, "69.99", "150.00")
    refund = _refunded(house, lower, "50.00")
    assert house.state(refund) == "done"
    checks = [house.books.document(place) for place in _places(house, "refund")]
    assert [check.total for check in checks] == [D("30.01"), D("19.99")]
    money = [house.books.document(place) for place in (first, second)]
    assert [check.payee for check in checks] == [part.customer for part in money]
    assert [part.amount for part in money] == [D("100.00"), D("200.00")]
    assert [sorted(a.amount for a in part.allocations) for part in money] == [
        [D("30.01"), D("69.99")],
        [D("19.99"), D("150.00")],
    ]
    house.poll()
    assert (house.conflicts(), house.state(payment)) == ([], "done")


def test_it_stays_so_when_the_applications_change_and_goes_when_the_refund_is_void(
    house: EngineHouse,
) -> None:
    payment, first, second, _ = _paid_over_jobs(house)
    refund = _refunded(house, _lowered(house, payment, "100.00", "150.00"), "50.00")
    _lowered(house, payment, "60.00", "150.00")
    money = [house.books.document(place) for place in (first, second)]
    assert [sorted(a.amount for a in part.allocations) for part in money] == [
        [D("60.00")],
        [D("50.00"), D("150.00")],
    ]
    with house.work() as tx:
        tx.void_refund(refund.id, reason="not sent")
    house.drain()
    house.poll()
    assert [[a.amount for a in house.books.document(p).allocations] for p in (first, second)] == [
        [D("60.00")],
        [D("150.00")],
    ]
    assert (house.conflicts(), house.state(refund), house.state(payment)) == ([], "done", "done")
