"""The soak can fail: with one safeguard switched off a scene of its own ends badly, and with it the scene ends well."""

import contextlib
import datetime as dt
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import Application, CostLine, Customer, Expense, ExpenseType, LineKind, Payment
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine.matching import NotListed
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.soak import between, bookkeeper, judge, office, online_between, settle
from blueops_qb.sandbox.soak.mutants import MUTANTS
from blueops_qb.sandbox.soak.online_world import OnlineWorld, open_world
from blueops_qb.sandbox.soak.world import TENANT
from tests.engine_house import D

#: Half an hour of the soak's time is enough for a scene.
PATIENCE = 1800.0
#: What the judge finds, and what a broken product runs into by itself.
FOUND = (AssertionError, sa.exc.SQLAlchemyError, NotListed)


# -- what people do in a scene -----------------------------------------------------------------------
@contextlib.contextmanager
def work(w: OnlineWorld) -> Iterator[Any]:
    with w.core.begin(TENANT, actor="office") as tx:
        yield tx


def customer(w: OnlineWorld, name: str = "Ann Lee", **fields: Any) -> Customer:
    with work(w) as tx:
        found: Customer = tx.create_customer(Customer(id="", name=name, terms="net_30", **fields))
    return found


def invoice(w: OnlineWorld, payer: Customer, price: str = "100.00", *, fee: str = "") -> Any:
    line = (
        LineDraft(kind=LineKind.FEE, fee_type=fee, description="Fee", unit_price=D(price))
        if fee
        else LineDraft(service_category="install", description="Sink", unit_price=D(price))
    )
    draft = InvoiceDraft(customer_id=payer.id, issue_date=office.today(w), lines=[line])
    with work(w) as tx:
        return tx.raise_invoice(draft)


def pay(w: OnlineWorld, bill: Any, amount: str, reference: str = "R1") -> Payment:
    payment = Payment(
        id="",
        customer_id=bill.customer_id,
        received_on=office.today(w),
        amount=D(amount),
        method="check",
        reference=reference,
        applications=(Application(invoice_id=bill.id, amount=D(amount)),),
    )
    with work(w) as tx:
        found: Payment = tx.record_payment(payment)
    return found


def cost(w: OnlineWorld, number: str = "V1") -> Expense:
    vendor_id = office.ids(w, office.K.VENDOR)[0]
    expense = Expense(
        id="",
        type=ExpenseType.CHECK,
        date=office.today(w),
        vendor_id=vendor_id,
        vendor_invoice_number=number,
        payment_account_key="checking",
        lines=(CostLine(line_id="1", amount=D("80.00"), description="Pipe", expense_category="materials"),),
        total=D("80.00"),
    )
    with work(w) as tx:
        found: Expense = tx.record_expense(expense)
    return found


def vendor(w: OnlineWorld) -> None:
    with work(w) as tx:
        office.enter_vendor(w, tx)
    w.carry(50)


def newest(w: OnlineWorld, kind: str) -> str:
    return str(max(map(int, w.company.records[kind])))


def received(w: OnlineWorld, number: str = "B1", **invoices: str) -> None:
    """A check for invoices by their numbers (`i1001="10.00"`)."""
    there = {raw["DocNumber"]: raw for raw in w.company.records["Invoice"].values()}
    parts = {there[f"BO-{name[1:]}"]["Id"]: D(amount) for name, amount in invoices.items()}
    payer = next(iter(w.company.records["Invoice"][id]["CustomerRef"]["value"] for id in parts))
    bookkeeper.does(w, "receive_payment", customer=payer, invoices=parts, number=number)


def sent_and_lost(w: OnlineWorld, verb: bytes, *, arrives: bool = True) -> None:
    """The next exchange with these bytes leaves and its answer is never heard; others are carried before it."""
    for _ in range(10):
        out = w.hand_out()
        assert out is not None
        if verb in out.outgoing.body:
            if arrives:
                w.deliver(out)
            w.outs.remove(out)
            return
        w.deliver(out)
        w.hear(out)
    raise AssertionError(f"{verb!r} was never sent")


# -- the scenes --------------------------------------------------------------------------------------
def both_write_the_same_field(w: OnlineWorld) -> None:
    ann = customer(w, email="ann@example.com")
    w.carry(50)
    raw = w.company.records["Customer"][newest(w, "Customer")]
    bookkeeper.edit(w, "Customer", raw, {"PrimaryEmailAddr": {"Address": "theirs@example.com"}})
    w.look()
    with work(w) as tx:
        tx.update_customer(attrs.evolve(ann, email="ours@example.com"))


def an_answer_is_lost(w: OnlineWorld) -> None:
    invoice(w, customer(w))
    sent_and_lost(w, b"Invoice")


def lost_and_deleted_over_there(w: OnlineWorld) -> None:
    vendor(w)
    cost(w)
    sent_and_lost(w, b'\\"create\\",\\"Purchase')
    bookkeeper.does(w, "delete", kind="Purchase", id=newest(w, "Purchase"))
    w.time.advance(25 * 3600)  # longer than the books remember the ids of calls
    w.company.age_history()


def the_feed_tells_of_the_deletion_first(w: OnlineWorld) -> None:
    vendor(w)
    cost(w)
    sent_and_lost(w, b'\\"create\\",\\"Purchase')
    bookkeeper.does(w, "delete", kind="Purchase", id=newest(w, "Purchase"))
    w.look()
    w.carry(50)
    w.time.advance(25 * 3600)
    w.company.age_history()


def lost_deleted_and_changed_here(w: OnlineWorld) -> None:
    lost_and_deleted_over_there(w)
    settle.settle(w)
    expense_id = office.ids(w, office.K.EXPENSE)[0]
    with work(w) as tx:
        expense = tx.read(RecordRef(office.K.EXPENSE, expense_id)).record
        tx.update_expense(attrs.evolve(expense, memo="again"))


def nothing_that_matters_changes(w: OnlineWorld) -> None:
    ann = customer(w)
    w.carry(50)
    with work(w) as tx:
        tx.update_customer(attrs.evolve(ann, segment="residential"))


def the_feed_shows_ours_before_its_answer(w: OnlineWorld) -> None:
    bill = invoice(w, customer(w))
    w.carry(50)
    pay(w, bill, "10.00")
    sent_and_lost(w, b"Payment")
    w.look()
    w.carry(50)


def a_former_process_asks_for_work(w: OnlineWorld) -> None:
    w.carry(50)
    online_between.restart(w)
    w.time.advance(31)
    w.carry(5)
    customer(w)
    online_between.zombie(w)


def the_books_clock_is_behind_ours(w: OnlineWorld) -> None:
    invoice(w, customer(w))
    w.company.clock.shift = dt.timedelta(seconds=-240)
    w.carry(50)
    w.look()
    w.carry(50)
    received(w, i1001="10.00")


def the_books_clock_goes_back(w: OnlineWorld) -> None:
    invoice(w, customer(w))
    w.carry(50)
    w.look()
    w.carry(50)
    w.company.clock.shift = dt.timedelta(seconds=-100)
    received(w, i1001="10.00")


def written_again_after_a_removal(w: OnlineWorld) -> None:
    vendor(w)
    cost(w)
    w.carry(50)
    bookkeeper.does(w, "delete", kind="Purchase", id=newest(w, "Purchase"))
    w.look()
    w.carry(50)
    w.chance = random.Random(1)
    assert between.choose(w).endswith("again")


def a_payment_waits_for_its_invoice(w: OnlineWorld) -> None:
    bill = invoice(w, customer(w), fee="diagnostic")
    w.carry(50)
    pay(w, bill, "10.00")
    w.carry(50)
    w.map_forgotten()


def one_check_for_two_invoices(w: OnlineWorld) -> None:
    ann = customer(w)
    invoice(w, ann)
    invoice(w, ann)
    w.carry(50)
    received(w, i1001="10.00", i1002="20.00")


def a_payment_is_deleted(w: OnlineWorld) -> None:
    bill = invoice(w, customer(w))
    pay(w, bill, "10.00")
    w.carry(50)
    w.time.advance(10)
    w.carry(50)
    bookkeeper.does(w, "delete", kind="Payment", id=newest(w, "Payment"))


def a_reference_is_corrected(w: OnlineWorld) -> None:
    bill = invoice(w, customer(w))
    w.carry(50)
    pay(w, bill, "10.00")
    w.carry(50)
    raw = w.company.records["Payment"][newest(w, "Payment")]
    bookkeeper.edit(w, "Payment", raw, {"PaymentRefNum": "B7"})


def a_hook_is_missed(w: OnlineWorld) -> None:
    customer(w)
    between.hook_missed(w)


def nobody_hears(w: OnlineWorld) -> None:
    customer(w)
    sent_and_lost(w, b"Customer", arrives=False)


def changed_while_it_is_out(w: OnlineWorld) -> None:
    vendor(w)
    expense = cost(w, number="")
    out = w.hand_out()
    assert out is not None
    w.deliver(out)
    line = attrs.evolve(expense.lines[0], amount=D("85.00"))
    with work(w) as tx:
        tx.update_expense(attrs.evolve(expense, lines=(line,), total=D("85.00")))
    w.carry(50)
    w.hear(out)


def an_old_view_comes_late(w: OnlineWorld) -> None:
    ann = customer(w, phone="775 555 0001")
    w.carry(50)
    w.look()
    out = w.hand_out()
    assert out is not None
    w.deliver(out)  # shows Ann as she was
    w.time.advance(10)
    with work(w) as tx:
        tx.update_customer(attrs.evolve(ann, phone="775 555 0002"))
    w.carry(50)
    w.hear(out)
    w.carry(50)


def the_books_keep_another_name(w: OnlineWorld) -> None:
    w.company.hidden.latin_only = True
    customer(w, "Łukasz Żak")


def the_sign_in_runs_out(w: OnlineWorld) -> None:
    w.time.advance(3 * 3600)
    customer(w)


def a_key_is_not_mapped(w: OnlineWorld) -> None:
    invoice(w, customer(w), fee="diagnostic")


Scene = Callable[[OnlineWorld], None]
SCENES: dict[str, Scene] = {
    "both bases are compared": both_write_the_same_field,
    "what is uncertain is looked up": an_answer_is_lost,
    "the look-up asks for deletions": lost_and_deleted_over_there,
    "an echo is known by its digest": nothing_that_matters_changes,
    "an echo is known by its marker": the_feed_shows_ours_before_its_answer,
    "work is handed out under the lease": a_former_process_asks_for_work,
    "the watermark is of the books' clock": the_books_clock_is_behind_ours,
    "the watermark overlaps": the_books_clock_goes_back,
    "the generation rises after a removal": written_again_after_a_removal,
    "waiters are woken": a_payment_waits_for_its_invoice,
    "what may be there is held": lost_deleted_and_changed_here,
    "every allocation counts": one_check_for_two_invoices,
    "removals are put to a person": a_payment_is_deleted,
    "changes are brought in": a_reference_is_corrected,
    "the core sweep finds what a hook missed": a_hook_is_missed,
    "answers that do not come are given up": nobody_hears,
    "nothing is planned while a change is out": changed_while_it_is_out,
    "the mirror never goes back": an_old_view_comes_late,
    "a variance is held": the_books_keep_another_name,
    "a renewed sign-in is stored before it is used": the_sign_in_runs_out,
    "no key posts to a default": a_key_is_not_mapped,
}


def played(folder: Path, scene: Scene) -> None:
    """The scene, then all grows still and is judged."""
    with open_world(url=f"sqlite:///{folder / 'soak.db'}", seed=1) as w:
        scene(w)
        settle.settle(w)
        judge.judge(w)


def test_every_safeguard_has_its_scene() -> None:
    assert SCENES.keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", SCENES)
def test_a_safeguard_that_is_switched_off_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "MOST_SECONDS", PATIENCE)
    with MUTANTS[name](), pytest.raises(FOUND) as found:
        played(tmp_path, SCENES[name])
    assert str(found.value)


def test_a_deletion_that_the_feed_tells_first_counts_in_the_look_up_too(tmp_path: Path) -> None:
    played(tmp_path, the_feed_tells_of_the_deletion_first)


@pytest.mark.parametrize("name", SCENES)
def test_with_all_safeguards_the_same_scene_ends_well(name: str, tmp_path: Path) -> None:
    played(tmp_path, SCENES[name])
