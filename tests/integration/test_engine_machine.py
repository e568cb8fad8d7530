"""A random company day: work on both sides, lost answers, restarts; in the end all is equal or waits visibly."""

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord
from blueops_qb.domain.records import Customer, Invoice, Job, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.engine.outbox import END_STATES
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.simple import Refusal
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, copied_sqlite, move_in, open_with_plugin
from tests.fake_books import BUSY, Fault

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
#: What may go wrong with an exchange that writes.
FAULTS = [*Fault, BUSY]
WORDS = st.sampled_from(["one", "two", "three"])
PRICES = st.sampled_from(["100.00", "120.00", "80.00"])
PARTS = st.sampled_from(["10.00", "25.00", "60.00"])
PICK = st.integers(0, 7)
#: Days that are played: in a normal run, and with the profile `thorough`.
QUICK, THOROUGH = 30, 400
#: How often the engine may go round before it must be still.
ROUNDS = 25


Rule = Callable[..., None]


def when(*, ours: RecordKind | None = None, theirs: BooksKind | None = None) -> Callable[[Rule], Rule]:
    """The rule does nothing where there is no such record.

    Unlike a precondition it leaves what is drawn next independent of what engine and books have done.
    """

    def only_then(rule: Rule) -> Rule:
        @functools.wraps(rule)
        def play(self: "CompanyDay", **drawn: Any) -> None:
            if (ours is None or self.ours(ours)) and (theirs is None or self.theirs(theirs)):
                rule(self, **drawn)

        return play

    return only_then


class CompanyDay(RuleBasedStateMachine):
    """Rules are what people, lines and processes do; `settle` is the oracle at the end of each run."""

    live: Path

    def __init__(self) -> None:
        super().__init__()
        self._entered = 0
        #: What the bookkeeper last wrote into a field of a customer.
        self._written: dict[tuple[BooksRef, str], str] = {}

    @initialize(kind=st.sampled_from(["called", "calling", "asked"]), forgets=st.booleans())
    def open(self, kind: str, forgets: bool) -> None:
        url = copied_sqlite(self.live)
        self.house: EngineHouse = move_in(open_with_plugin(url), kind)
        self.house.books.forgets_ids = forgets
        # Something to work on from the first step.
        invoice = self.house.invoice(self.house.customer("Customer 0"), "100.00")
        self.house.pay(invoice, "10.00")
        self.house.drain()

    def teardown(self) -> None:
        if hasattr(self, "house"):
            try:
                self.settle()
            finally:
                self.house.core.stop()

    # -- our side ----------------------------------------------------------------------------------
    @rule()
    def enter_customer(self) -> None:
        self._entered += 1
        self.house.customer(f"Customer {self._entered}", email=f"c{self._entered}@example.com")

    @rule(pick=PICK)
    @when(ours=RecordKind.CUSTOMER)
    def open_job(self, pick: int) -> None:
        self._entered += 1
        self.house.job(self.one_of(RecordKind.CUSTOMER, pick), f"Job {self._entered}")

    @rule(pick=PICK, word=WORDS, field=st.sampled_from(["company", "given_name", "phone"]))
    @when(ours=RecordKind.CUSTOMER)
    def change_customer(self, pick: int, word: str, field: str) -> None:
        self.house.change(self.one_of(RecordKind.CUSTOMER, pick), **{field: f"our {word}"})

    @rule(pick=PICK, price=PRICES, job=st.booleans())
    @when(ours=RecordKind.CUSTOMER)
    def raise_invoice(self, pick: int, price: str, job: bool) -> None:
        kind = RecordKind.JOB if job and self.ours(RecordKind.JOB) else RecordKind.CUSTOMER
        party: Customer | Job = self.one_of(kind, pick)
        self.house.invoice(party, price)

    @rule(pick=PICK, price=PRICES)
    @when(ours=RecordKind.INVOICE)
    def reprice(self, pick: int, price: str) -> None:
        self.attempt(lambda: self.house.reprice(self.one_of(RecordKind.INVOICE, pick), price))

    @rule(pick=PICK)
    @when(ours=RecordKind.INVOICE)
    def void_invoice(self, pick: int) -> None:
        invoice = self.one_of(RecordKind.INVOICE, pick)

        def void() -> None:
            with self.house.work() as tx:
                tx.void_invoice(invoice.id)

        self.attempt(void)

    @rule(pick=PICK, amount=PARTS)
    @when(ours=RecordKind.INVOICE)
    def pay(self, pick: int, amount: str) -> None:
        self.attempt(lambda: self.house.pay(self.one_of(RecordKind.INVOICE, pick), amount))

    @rule(pick=PICK)
    @when(ours=RecordKind.PAYMENT)
    def void_payment(self, pick: int) -> None:
        payment = self.one_of(RecordKind.PAYMENT, pick)

        def void() -> None:
            with self.house.work() as tx:
                tx.void_payment(payment.id)

        self.attempt(void)

    # -- their side --------------------------------------------------------------------------------
    @rule(pick=PICK, word=WORDS, field=st.sampled_from(["company", "given_name", "phone"]))
    @when(theirs=K.CUSTOMER)
    def bookkeeper_changes_customer(self, pick: int, word: str, field: str) -> None:
        place = self.there(K.CUSTOMER, pick)
        self.house.books.edit(place, **{field: f"their {word}"})
        self._written[place, field] = f"their {word}"

    @rule()
    def bookkeeper_enters_customer(self) -> None:
        self._entered += 1
        self.house.books.enter(CustomerRecord(name=f"Found {self._entered}"))

    @rule(pick=PICK, amount=PARTS)
    @when(theirs=K.INVOICE)
    def bookkeeper_records_check(self, pick: int, amount: str) -> None:
        place = self.there(K.INVOICE, pick)
        document = CustomerPayment(
            customer=self.house.books.document(place).customer,
            date=DAY,
            amount=D(amount),
            allocations=(Allocation(invoice=place, amount=D(amount)),),
            deposit_to=BooksRef(K.ACCOUNT, "1090"),
            method=BooksRef(K.PAYMENT_METHOD, "CK"),
        )
        self.attempt(lambda: self.house.books.enter(document))

    @rule(pick=PICK)
    @when(theirs=K.PAYMENT)
    def bookkeeper_voids_payment(self, pick: int) -> None:
        self.house.books.void(self.there(K.PAYMENT, pick))

    @rule(pick=PICK)
    @when(theirs=K.PAYMENT)
    def bookkeeper_deletes_payment(self, pick: int) -> None:
        self.house.books.delete(self.there(K.PAYMENT, pick))

    # -- in between --------------------------------------------------------------------------------
    @rule(fault=st.sampled_from(FAULTS))
    def something_goes_wrong_next(self, fault: Any) -> None:
        if len(self.house.books.script) < 3:
            self.house.books.script.append(fault)

    @rule(count=st.integers(1, 4))
    def carry(self, count: int) -> None:
        for _ in range(count):
            self.house.carrier.carry_one(self.house.id)

    @rule(
        fault=st.sampled_from([Fault.LOSE_BEFORE, Fault.LOSE_AFTER, Fault.CUT]),
        price=PRICES,
        later=st.booleans(),
    )
    @when(ours=RecordKind.CUSTOMER)
    def lose_an_invoice_that_changes_meanwhile(self, fault: Fault, price: str, later: bool) -> None:
        self.house.drain()
        self.house.books.script.clear()
        self.house.books.script.append(fault)
        invoice = self.house.invoice(self.one_of(RecordKind.CUSTOMER, 0), "100.00")
        self.house.carrier.carry_one(self.house.id)
        if later:
            self.look_up_later()
        self.attempt(lambda: self.house.reprice(invoice, price))

    @rule(amount=PARTS)
    @when(ours=RecordKind.INVOICE)
    def lose_a_payment_that_the_feed_shows_first(self, amount: str) -> None:
        self.house.drain()
        self.house.books.script.clear()
        self.house.books.script.append(Fault.LOSE_AFTER)
        self.attempt(lambda: self.house.pay(self.one_of(RecordKind.INVOICE, 0), amount))
        self.house.carrier.carry_one(self.house.id)
        self.look_up_later()
        self.house.poll()

    @rule()
    def look_up_later(self) -> None:
        """What is uncertain stays so for a while: the feed may show it first."""
        e = t.exchanges
        for row in self.house.rows(e, e.c.state == "uncertain"):
            self.house.set(e, e.c.id == row.id, settle_at=row.sent_at + dt.timedelta(hours=1))

    @rule()
    def poll(self) -> None:
        self.house.poll()

    @rule()
    def restart(self) -> None:
        """The process ends; its successor on this host takes the lease at once."""
        self.house.restart()

    @rule(arrives=st.booleans())
    def die_with_an_exchange_out(self, arrives: bool) -> None:
        """It is handed out, delivered or not, and nobody hears the answer before the deadline."""
        outgoing = self.house.engine.next_exchange(self.house.id)
        if outgoing is not None:
            if arrives:
                self.house.provider.deliver(outgoing.body)
            e = t.exchanges
            (row,) = self.house.rows(e, e.c.id == outgoing.exchange_id)
            self.house.set(e, e.c.id == row.id, deadline=row.sent_at)
        self.house.restart()

    # -- looking -----------------------------------------------------------------------------------
    def ours(self, kind: RecordKind) -> list[Any]:
        found = [s.record for s in self.house.core.iterate(self.house.tenant, kinds=[kind])]
        return [record for record in found if not getattr(record, "void", False)]

    def one_of(self, kind: RecordKind, pick: int) -> Any:
        records = sorted(self.ours(kind), key=lambda record: record.id)
        return records[pick % len(records)]

    def theirs(self, kind: BooksKind) -> list[BooksRef]:
        found = self.house.books.of(kind)
        return [record.ref for record in found if not getattr(record.document, "void", False)]

    def there(self, kind: BooksKind, pick: int) -> BooksRef:
        refs = self.theirs(kind)
        return refs[pick % len(refs)]

    @staticmethod
    def attempt(action: Any) -> None:
        """What core or the books refuse has not happened."""
        try:
            action()
        except (Refused, Refusal) as refused:
            note(f"refused: {refused}")

    # -- the oracle --------------------------------------------------------------------------------
    def settle(self) -> None:
        """All goes quiet within a bound; then both sides agree, or a person sees why not."""
        self.house.books.script.clear()
        e = t.exchanges
        for row in self.house.rows(e, e.c.state.in_(["uncertain", "resend"])):
            self.house.set(e, e.c.id == row.id, settle_at=row.sent_at)
        for _ in range(ROUNDS):
            if self.house.poll() <= 2 and self.still():
                break
        waiting = [row for row in self.house.rows(t.outbox) if row.state not in END_STATES]
        shown = {conflict.ref for conflict in self.house.conflicts()}
        held = {f"{row.ref_kind}:{row.ref_id}" for row in waiting if row.state in ("held", "conflict")}
        for row in waiting:
            assert row.reason, f"{row.ref_kind}:{row.ref_id} is {row.state} without a reason"
            if row.state not in ("held", "conflict"):
                ref = f"{row.ref_kind}:{row.ref_id}"
                assert ref in shown or row.waits_for in shown | held, f"{ref} never settles: {row.reason}"
        apart = shown | held | {f"{row.ref_kind}:{row.ref_id}" for row in waiting}
        self.every_event_has_a_state()
        self.nothing_is_there_twice()
        for record in self.all_ours():
            if str(record.ref) not in apart:
                self.agrees(record)
        self.nothing_of_theirs_is_forgotten()
        self.nothing_of_theirs_was_written_over(apart)
        assert self.house.verdict().ok

    def still(self) -> bool:
        o, m = t.operations, t.mirror
        moving = self.house.rows(o, o.c.state.in_(["ready", "out", "uncertain"]))
        return not moving and not self.house.rows(m, m.c.dirty.is_(True))

    def every_event_has_a_state(self) -> None:
        assert sum(self.house.counted().values()) == len(self.house.rows(t.outbox))
        events = {(row.ref_kind, row.ref_id, row.revision) for row in self.house.rows(t.outbox)}
        for snapshot in self.house.core.iterate(self.house.tenant, limit=10_000):
            assert (snapshot.ref.kind.value, snapshot.ref.id, snapshot.revision) in events

    def nothing_is_there_twice(self) -> None:
        marked = [
            kept.marker for kept in self.house.books.records.values() if kept.marker and not kept.deleted
        ]
        assert len(marked) == len(set(marked)), marked
        bodies: dict[str, bytes] = {}
        for id, body in self.house.books.heard:
            assert bodies.setdefault(id, body) == body, f"exchange {id} was sent with other bytes"

    def all_ours(self) -> list[Any]:
        return [s.record for s in self.house.core.iterate(self.house.tenant, limit=10_000)]

    def agrees(self, record: Any) -> None:
        if getattr(record, "void", False) and not self.linked(record.ref):
            return
        place, there = self.house.place(record), self.house.there(record)
        assert not self.house.books.records[place].deleted, f"{record.ref} is gone in the books, unseen"
        match record:
            case Customer():
                for field in ("name", "email", "phone", "company", "given_name"):
                    assert getattr(there, field) == getattr(record, field), (record.ref, place, field)
            case Job():
                parent = self.house.core.read(
                    self.house.tenant, [RecordRef(RecordKind.CUSTOMER, record.customer_id)]
                )
                assert there.parent == self.house.place(next(iter(parent.values())).record)
            case Invoice():
                assert there.void == record.void, record.ref
                assert there.void or there.total == record.total, record.ref
            case Payment():
                assert there.void == record.void, record.ref
                assert there.void or there.amount == record.amount, record.ref

    def linked(self, ref: RecordRef) -> bool:
        d = t.documents
        rows = self.house.rows(d, d.c.source_kind == ref.kind.value, d.c.source_id == ref.id)
        return any(row.state == "linked" for row in rows)

    def nothing_of_theirs_is_forgotten(self) -> None:
        """Every customer and payment that lives in the books is linked, or stands in the list of conflicts."""
        lk = t.links
        linked = {(row.books_kind, row.books_id) for row in self.house.rows(lk, lk.c.state == "live")}
        shown_places = {(c.books_kind, c.books_id) for c in self.house.conflicts()}
        for kind in (K.CUSTOMER, K.PAYMENT):
            for ref in self.theirs(kind):
                assert (ref.kind.value, ref.id) in linked | shown_places, f"{ref} is nowhere"

    def nothing_of_theirs_was_written_over(self, apart: set[str]) -> None:
        """What the bookkeeper wrote last was brought to core at some time, or waits for a choice."""
        d, lk = t.documents, t.links
        sources = {row.id: f"{row.source_kind}:{row.source_id}" for row in self.house.rows(d)}
        ours = {
            BooksRef(BooksKind(row.books_kind), row.books_id): sources[row.document_id]
            for row in self.house.rows(lk, lk.c.state == "live")
        }
        events = self.house.rows(t.outbox)
        for (place, field), text in self._written.items():
            ref = ours.get(place, "")
            if ref.startswith("customer:") and ref not in apart:
                known = [row.payload for row in events if f"{row.ref_kind}:{row.ref_id}" == ref]
                assert any(f'"{field}":"{text}"' in payload for payload in known), (
                    f"{place}: {field} = {text} was written over"
                )


@pytest.mark.slow
def test_a_company_day_ends_with_both_sides_equal(live_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEOPS_QB_RUNNER", "none")
    CompanyDay.live = live_sqlite
    thorough = settings().max_examples > 200
    # Shrinking a day takes minutes; a normal run only shows the day that failed, with its blob.
    phases = [phase for phase in Phase if thorough or phase is not Phase.shrink]
    run_state_machine_as_test(
        CompanyDay,
        settings=settings(
            max_examples=THOROUGH if thorough else QUICK,
            phases=phases,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        ),
    )
