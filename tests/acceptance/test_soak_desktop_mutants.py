"""The soak beside QuickBooks Desktop can fail: without a safeguard its scene ends badly, and with it well."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import CostLine, Customer, Expense, ExpenseType, Vendor
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.qbd.connector import At
from blueops_qb.sandbox.soak import judge, office, settle
from blueops_qb.sandbox.soak.desktop import bookkeeper, card_refunds, their_credits
from blueops_qb.sandbox.soak.desktop.mutants import DESKTOP_MUTANTS
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld, open_desktop
from blueops_qb.sandbox.soak.world import TENANT

D = Decimal
#: Half an hour of the soak's time is enough for a scene.
PATIENCE = 1800.0
FOUND = (AssertionError, sa.exc.SQLAlchemyError)


# -- what people do in a scene -----------------------------------------------------------------------
def customer(w: DesktopWorld, email: str = "") -> Customer:
    with w.core.begin(TENANT, actor="office") as tx:
        found: Customer = tx.create_customer(Customer(id="", name="Ann Lee", terms="net_30", email=email))
    return found


def invoice(w: DesktopWorld, payer: Customer) -> None:
    line = LineDraft(service_category="install", description="Sink", unit_price=D("100.00"))
    with w.core.begin(TENANT, actor="office") as tx:
        tx.raise_invoice(InvoiceDraft(customer_id=payer.id, issue_date=office.today(w), lines=[line]))


def cost(w: DesktopWorld) -> None:
    with w.core.begin(TENANT, actor="office") as tx:
        vendor = tx.create_vendor(Vendor(id="", name="Copper Supply"))
        tx.record_expense(
            Expense(
                id="",
                type=ExpenseType.CHECK,
                vendor_id=vendor.id,
                vendor_invoice_number="4711",
                date=office.today(w),
                lines=(
                    CostLine(
                        line_id="1", amount=D("80.00"), description="Pipe", expense_category="materials"
                    ),
                ),
                total=D("80.00"),
                payment_account_key="checking",
            )
        )


def lost_after(w: DesktopWorld, kind: str) -> str:
    """The set that adds such a record is carried out and nobody is told; answers the record's id."""
    for _ in range(20):
        assert w.go_to(At.RAN), f"no {kind} was added"
        if w.company.records[kind]:
            w.drop()
            return list(w.company.records[kind])[-1]
    raise AssertionError(f"no {kind} was added")


# -- the scenes --------------------------------------------------------------------------------------
def an_answer_is_lost(w: DesktopWorld) -> None:
    invoice(w, customer(w))
    lost_after(w, "Invoice")


def lost_and_forgotten(w: DesktopWorld) -> None:
    w.company.switches.forgets_message_sets = True
    invoice(w, customer(w))
    lost_after(w, "Invoice")
    w.carry(5)


def lost_forgotten_and_deleted(w: DesktopWorld) -> None:
    w.company.switches.forgets_message_sets = True
    cost(w)
    id = lost_after(w, "Check")
    with bookkeeper.acting(w) as person:
        person.delete("Check", id)
    w.carry(5)


def both_write_the_same_field(w: DesktopWorld) -> None:
    ann = customer(w, email="ann@example.com")
    w.carry(50)
    raw = bookkeeper.there(w, "Customer")
    bookkeeper.edit(w, "Customer", raw, {"Email": "theirs@example.com"})
    with w.core.begin(TENANT, actor="office") as tx:
        tx.update_customer(attrs.evolve(ann, email="ours@example.com"))


def a_backup_is_put_back(w: DesktopWorld) -> None:
    ann = customer(w)
    invoice(w, ann)
    w.carry(50)
    w.look()
    w.carry(50)
    before = set(w.company.records["Invoice"])
    invoice(w, ann)
    w.carry(50)
    w.look()
    w.carry(50)
    # The file is the one of before: nobody deleted the newer invoice, it never was.
    (newer,) = set(w.company.records["Invoice"]) - before
    with bookkeeper.acting(w) as person:
        person.delete("Invoice", newer)
    del w.company.deletions["Invoice", newer]


def quickbooks_breaks_down(w: DesktopWorld) -> None:
    w.company.switches.forgets_message_sets = True
    invoice(w, customer(w))
    while w.visit is None or w.visit.at is not At.ASKED or "<InvoiceAddRq" not in w.visit.text:
        w.go()
    w.company.switches.crash_before = False
    w.carry(5)


def a_credit_is_used_beside_money(w: DesktopWorld) -> None:
    invoice(w, customer(w))
    w.carry(50)
    their_credits.write_credit(w)
    w.look()
    w.carry(50)
    their_credits.pay_beside_credit(w)


def a_credit_is_refunded_to_a_card(w: DesktopWorld) -> None:
    invoice(w, customer(w))
    w.carry(50)
    their_credits.write_credit(w)
    w.look()
    w.carry(50)
    card_refunds.pay_out(w)


def a_payment_that_came_is_changed_here(w: DesktopWorld) -> None:
    invoice(w, customer(w))
    w.carry(50)
    while bookkeeper.UNKNOWN not in w.methods.values():
        bookkeeper.receive_payment(w)
        w.look()
        w.carry(50)
    with w.core.begin(TENANT, actor="office") as tx:
        for id in office.ids(w, RecordKind.PAYMENT):
            payment = office.read(tx, RecordKind.PAYMENT, id)
            tx.update_payment(attrs.evolve(payment, reference=f"N{id}"))


SCENES: dict[str, Callable[[DesktopWorld], None]] = {
    "a set of unknown fate is not sent anew": an_answer_is_lost,
    "QuickBooks is asked about it": an_answer_is_lost,
    "a forgotten one is looked for": lost_and_forgotten,
    "the look-up asks for deletions": lost_forgotten_and_deleted,
    "a record is compared before another EditSequence is sent": both_write_the_same_field,
    "a breakdown leaves open what was carried out": quickbooks_breaks_down,
    "a credit is told what a payment uses of it beside its money": a_credit_is_used_beside_money,
    "a credit is told what is paid out of it to a card": a_credit_is_refunded_to_a_card,
    "a payment that came from there keeps its method": a_payment_that_came_is_changed_here,
    "witnesses tell a file that was put back": a_backup_is_put_back,
}


def played(folder: Path, scene: Callable[[DesktopWorld], None]) -> None:
    """The scene, then all grows still and is judged."""
    with open_desktop(url=f"sqlite:///{folder / 'soak.db'}", seed=1) as w:
        scene(w)
        settle.settle(w)
        judge.judge(w)


def test_every_safeguard_has_its_scene() -> None:
    assert SCENES.keys() == DESKTOP_MUTANTS.keys()


@pytest.mark.parametrize("name", SCENES)
def test_a_safeguard_that_is_switched_off_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "MOST_SECONDS", PATIENCE)
    with DESKTOP_MUTANTS[name](), pytest.raises(FOUND) as found:
        played(tmp_path, SCENES[name])
    assert str(found.value)


@pytest.mark.parametrize("name", SCENES)
def test_with_all_safeguards_the_same_scene_ends_well(name: str, tmp_path: Path) -> None:
    played(tmp_path, SCENES[name])
