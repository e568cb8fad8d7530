"""What the soak has found in the engine, one by one and without chance."""

import datetime as dt
from pathlib import Path

import attrs
import pytest

from blueops_qb.domain.documents import Allocation, CustomerPayment, CustomerRecord
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import by_hand, hints
from blueops_qb.sandbox.soak.driver import soak
from blueops_qb.sdk.provider import Description
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse
from tests.fake_books import Fault
from tests.fakes import FakeProvider
from tests.traps import all_here, choose

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
MANY = 30


def test_a_look_whose_answer_is_lost_does_not_have_the_lists_read_without_end(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = FakeProvider.describe

    def describe(self: FakeProvider) -> Description:
        return attrs.evolve(plain(self), catalog_hints=frozenset({"preferences"}))

    monkeypatch.setattr(FakeProvider, "describe", describe)
    house.restart(hint_seconds=0.0)
    house.drain()
    told = {house.books.company_id: [{"entity": "Customer", "id": "1", "operation": "update"}]}
    hints.keep(house.core.engine, house.provider.name, told)
    lost = house.engine.next_exchange(house.id)  # the look: nobody ever hears its answer
    assert lost is not None
    told = {house.books.company_id: [{"entity": "Preferences", "id": "1", "operation": "update"}]}
    hints.keep(house.core.engine, house.provider.name, told)
    asked = 0
    while asked < MANY and (out := house.engine.next_exchange(house.id)) is not None:
        house.engine.finish(out.exchange_id, house.provider.deliver(out.body))
        asked += 1
    assert asked <= 1
    e = t.exchanges
    house.set(e, e.c.id == lost.exchange_id, deadline=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    house.drain()
    assert house.rows(t.hints, t.hints.c.processed_at.is_(None)) == []


def test_a_version_that_counts_further_is_newer_although_the_books_clock_went_back(
    house: EngineHouse,
) -> None:
    customer = house.customer("Ann Lee", phone="111")
    house.drain()
    plain = house.books._now
    house.books._now = lambda: plain() - dt.timedelta(minutes=3)
    house.books.edit(house.place(customer), email="ann@new.example.com")
    # The answer to our own update shows it, and the read that follows a refused version.
    house.change(customer, phone="222")
    house.poll()
    house.drain()
    assert house.here(customer.ref).email == "ann@new.example.com"
    assert house.there(customer).phone == "222"
    assert house.quiet()


def test_a_void_invoice_that_changes_here_is_not_voided_again(house: EngineHouse) -> None:
    loser, survivor = house.customer("Ann Lee"), house.customer("Ben Fox")
    invoice = house.invoice(loser)
    house.drain()
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    house.drain()
    written = sum(b'"withdraw"' in body for _, body in house.books.heard)
    with house.work() as tx:
        tx.merge_customers(loser.id, survivor.id)
    house.drain()
    assert sum(b'"withdraw"' in body for _, body in house.books.heard) == written
    assert house.state(invoice) in ("done", "not_posted")


def test_what_was_put_to_a_person_about_an_arrival_is_closed_once_it_has_arrived(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer("Ann Lee"), "100.00")
    house.drain()
    house.pay(invoice, "80.00")
    place = house.place(invoice)
    payment = CustomerPayment(
        customer=house.books.document(place).customer,
        date=DAY,
        amount=D("50.00"),
        allocations=(Allocation(invoice=place, amount=D("50.00")),),
        deposit_to=BooksRef(K.ACCOUNT, "1090"),
        method=BooksRef(K.PAYMENT_METHOD, "CK"),
    )
    ref = house.books.enter(payment)
    house.poll()
    (conflict,) = house.conflicts()
    assert conflict.cause == "incoming"
    house.books.edit(ref, amount=D("20.00"), allocations=(Allocation(invoice=place, amount=D("20.00")),))
    house.poll()
    assert house.conflicts() == []
    assert len(house.rows(t.links, t.links.c.books_kind == "payment", t.links.c.books_id == ref.id)) == 1


def test_a_customer_merged_away_before_it_was_written_is_not_written_afterwards(house: EngineHouse) -> None:
    house.drain()
    loser, survivor = house.customer("Ann Lee"), house.customer("Ben Fox")
    house.engine.work_pending(house.id)
    with house.work() as tx:
        tx.merge_customers(loser.id, survivor.id)
    house.drain()
    assert house.state(loser) == "not_posted"
    assert "Ann Lee" not in [record.name for record in house.books.of(K.CUSTOMER)]


def test_a_void_invoice_is_written_in_full_once_a_person_chose_ours(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer("Ann Lee"), "100.00")
    house.drain()
    house.books.void(house.place(invoice))
    house.reprice(invoice, "120.00")
    house.poll()
    choose(house, "ours")
    house.poll()
    assert house.conflicts() == []
    there = house.there(invoice)
    assert not there.void
    assert there.total == D("120.00")
    assert house.here(invoice.ref).total == D("120.00")


def test_a_customer_merged_there_into_one_of_ours_that_is_under_way_waits_for_its_answer(
    house: EngineHouse,
) -> None:
    ann = house.customer("Ann Lee")
    house.drain()
    house.books.script.append(Fault.LOSE_AFTER)
    ben = house.customer("Ben Fox")
    house.carrier.carry_one(house.id)
    e = t.exchanges
    (row,) = house.rows(e, e.c.state == "uncertain")
    house.set(e, e.c.id == row.id, settle_at=row.sent_at + dt.timedelta(hours=1))
    lost = house.place(ann)
    (stays,) = (record.ref for record in house.books.of(K.CUSTOMER) if record.ref != lost)
    house.books.delete(lost)
    merge = {"entity": "Customer", "operation": "merge", "id": stays.id, "deleted": lost.id}
    hints.keep(house.core.engine, house.provider.name, {house.books.company_id: [merge]})
    house.poll()
    house.set(e, e.c.id == row.id, settle_at=row.sent_at)
    house.poll()
    assert house.place(ben) == stays
    (conflict,) = house.conflicts()
    assert (conflict.ref, conflict.cause) == (str(ann.ref), "removed_there")
    choose(house, "merge")
    house.drain()
    assert house.conflicts() == []
    assert house.quiet()


@pytest.mark.parametrize("chosen", ["", "ours"])
def test_one_merged_here_and_retired_there_waits_again_when_it_is_active_there_again(
    chosen: str, house: EngineHouse
) -> None:
    loser, survivor = house.vendor("Copper Supply"), house.vendor("Pipe World")
    house.drain()
    place = house.place(loser)
    with house.work() as tx:
        tx.merge_vendors(loser.id, survivor.id)
    house.drain()
    assert house.state(loser) == "held"
    house.books.edit(place, active=False)
    house.poll()
    with house.turn() as turn:
        by_hand.try_again(turn, [loser.ref], actor="admin")
    house.drain()
    assert house.event(loser).reason == f"merged into {survivor.id} on both sides"
    if chosen:
        choose(house, chosen)
        house.drain()
    house.books.edit(place, active=True)
    house.poll()
    house.drain()
    assert (house.state(loser), house.event(loser).hold) == ("held", "merge")


class TestAJobOfACustomerWhomBlueOpsNeverSaw:
    """He was entered and made inactive in the books between two looks; the job below him is open work."""

    def entered(self, house: EngineHouse) -> tuple[BooksRef, BooksRef]:
        house.drain()
        ann = house.books.enter(CustomerRecord(name="Ann Lee"))
        job = house.books.enter(CustomerRecord(name="Kitchen", parent=ann))
        house.books.edit(ann, active=False)
        house.poll()
        return ann, job

    def jobs(self, house: EngineHouse) -> list[str]:
        return [job.name for job in all_here(house, RecordKind.JOB)]

    def test_it_is_put_to_a_person(self, house: EngineHouse) -> None:
        _, job = self.entered(house)
        (conflict,) = house.conflicts()
        assert (conflict.cause, conflict.books_id) == ("incoming", job.id)
        assert conflict.reason.endswith("it belongs to “Ann Lee”, who is inactive in QuickBooks")
        assert self.jobs(house) == []

    def test_it_comes_once_the_customer_is_active_again_however_late(self, house: EngineHouse) -> None:
        ann, _ = self.entered(house)
        house.set(t.mirror, t.mirror.c.kind == "customer", seen_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        house.books.edit(ann, active=True)
        house.poll()
        assert self.jobs(house) == ["Kitchen"]
        assert house.conflicts() == []

    @pytest.mark.parametrize("how", ["inactive", "deleted"])
    def test_it_is_nobodys_matter_any_more_once_it_is_gone_too(self, how: str, house: EngineHouse) -> None:
        _, job = self.entered(house)
        if how == "deleted":
            house.books.delete(job)
        else:
            house.books.edit(job, active=False)
        house.poll()
        house.drain()
        assert house.conflicts() == []
        assert self.jobs(house) == []


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        # A customer whose answer was lost is renamed there at once: he came in as a second one.
        (20, 60),
        # A bill that was recoded there is created anew and keeps its coding.
        (1, 420),
    ],
)
def test_what_a_seed_once_found_is_found_no_more(seed: int, steps: int, tmp_path: Path) -> None:
    played, _ = soak(url=f"sqlite:///{tmp_path / 'soak.db'}", seed=seed, steps=steps)
    assert played.steps == steps
