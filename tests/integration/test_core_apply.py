"""The plugin's changes are carried out once, on the revision they were made for, or refused in words."""

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import CostLine, Customer, Expense, ExpenseType, Invoice, Payment
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sdk.core import (
    Applied,
    ApplyAnswer,
    Change,
    Core,
    MergeParty,
    Permission,
    RefusedChange,
    SaveCustomer,
    SaveExpense,
    SaveInvoice,
    SavePayment,
    SetInvoiceTax,
    Stale,
    VoidExpense,
    VoidInvoice,
    VoidPayment,
)
from blueops_qb.sdk.hooks import Switch
from tests.core_house import DAY, PLUGINS, TENANT, D, customer, house, invoice, payment_of, people, rows


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    with house(database_url) as opened:
        yield opened


def apply(core: Core, change: Change, expected: int | None = None, key: str = "k1") -> ApplyAnswer:
    with core.begin(TENANT) as tx:
        return tx.apply(change, expected_revision=expected, key=key)


def revision(core: Core, ref: RecordRef) -> int:
    return core.read(TENANT, [ref])[ref].revision


def test_a_change_is_carried_out_once_per_key(core: ReferenceCore) -> None:
    change = SaveCustomer(record=Customer(id="", name="From the books"))
    first = apply(core, change)
    assert apply(core, change) == first
    assert isinstance(first, Applied)
    assert first.ref == RecordRef(RecordKind.CUSTOMER, "1")
    assert first.revision == revision(core, first.ref)
    assert len(list(core.iterate(TENANT))) == 1
    assert apply(core, change, key="k2") != first


def test_a_key_used_in_a_transaction_that_failed_is_free_again(core: ReferenceCore) -> None:
    change = SaveCustomer(record=Customer(id="", name="From the books"))

    def killed() -> None:
        with core.begin(TENANT) as tx:
            tx.apply(change, expected_revision=None, key="k1")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        killed()
    assert isinstance(apply(core, change), Applied)
    assert len(list(core.iterate(TENANT))) == 1


def test_a_change_made_on_an_older_revision_is_stale(core: ReferenceCore) -> None:
    saved = customer(core)
    with core.begin(TENANT) as tx:
        tx.update_customer(attrs.evolve(saved, phone="555-0100"))
    now = revision(core, saved.ref)
    theirs = SaveCustomer(record=attrs.evolve(saved, name="Ann B. Lee"))
    assert apply(core, theirs, now - 1) == Stale(revision=now)
    assert apply(core, theirs, None) == Stale(revision=now)
    assert core.read(TENANT, [saved.ref])[saved.ref].record == attrs.evolve(saved, phone="555-0100")
    answer = apply(core, theirs, now)
    assert isinstance(answer, Applied)
    assert answer.revision > now


def test_a_payment_from_the_books_settles_its_invoices(core: ReferenceCore) -> None:
    customer(core)
    invoice(core)
    answer = apply(core, SavePayment(record=payment_of("120.00", ("1001", "100.00"), elsewhere=D("20.00"))))
    assert isinstance(answer, Applied)
    assert rows(core, "SELECT status, balance FROM core_records WHERE kind = 'invoice'") == [("paid", 0)]
    gone = apply(core, VoidPayment(payment_id="1", reason="deleted in the books"), answer.revision, key="k2")
    assert isinstance(gone, Applied)
    assert rows(core, "SELECT status, balance FROM core_records WHERE kind = 'invoice'") == [("open", 10000)]
    again = apply(core, VoidPayment(payment_id="1", reason="still"), None, key="k3")
    assert again == Applied(ref=gone.ref, revision=gone.revision)


def test_a_payment_that_settles_with_a_credit_of_the_books(core: ReferenceCore) -> None:
    customer(core)
    invoice(core)
    credit = payment_of("80.00", ("1001", "100.00"), elsewhere=D("-20.00"))
    too_little = apply(core, SavePayment(record=attrs.evolve(credit, elsewhere=D("-19.99"))))
    assert isinstance(too_little, RefusedChange)
    assert "80.01 is applied" in too_little.why
    assert isinstance(apply(core, SavePayment(record=credit), key="k2"), Applied)
    assert rows(core, "SELECT status, balance FROM core_records WHERE kind = 'invoice'") == [("paid", 0)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (SavePayment(record=payment_of("5.00", ("9999", "5.00"))), "no invoice 9999"),
        (SavePayment(record=payment_of("500.00", ("1001", "100.01"))), "has 100.00 open"),
        (SavePayment(record=payment_of("5.00", customer_id="7")), "no customer 7"),
        (SavePayment(record=payment_of("5.00", id="8")), "no payment 8"),
        (VoidPayment(payment_id="3", reason="x"), "no payment 3"),
        (SetInvoiceTax(invoice_id="1001", tax="8.25", total="108.26"), "is not 108.26"),
        (SetInvoiceTax(invoice_id="1001", tax="-1.00", total="99.00"), "is not 99.00"),
        (SetInvoiceTax(invoice_id="1001", tax="NaN", total="x"), "not an amount"),
        (SaveCustomer(record=Customer(id="1", name=" ")), "needs a name"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    core: ReferenceCore, change: Change, why: str
) -> None:
    customer(core)
    invoice(core)
    before = list(core.iterate(TENANT))
    answer = apply(core, change, before[0].revision if isinstance(change, SaveCustomer) else None)
    assert isinstance(answer, RefusedChange)
    assert why in answer.why
    assert list(core.iterate(TENANT)) == before
    assert rows(core, "SELECT count(*) FROM core_applied") == [(0,)]


def test_tax_as_the_books_computed_it(core: ReferenceCore) -> None:
    customer(core)
    raised = invoice(core)
    change = SetInvoiceTax(invoice_id="1001", tax="8.25", total="108.25")
    assert isinstance(apply(core, change, revision(core, raised.ref)), Applied)
    now = core.read(TENANT, [raised.ref])[raised.ref].record
    assert isinstance(now, Invoice)
    assert (now.tax, now.total) == (D("8.25"), D("108.25"))
    assert rows(core, "SELECT balance FROM core_records WHERE kind = 'invoice'") == [(10825,)]


def test_the_event_of_an_applied_change_names_its_key(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    core.set_switch(TENANT, "good", Switch.ON, actor="admin")
    customer(core)
    apply(core, SavePayment(record=payment_of("5.00")), key="from-the-books")
    seen = rows(core, "SELECT hook, ref, cause FROM good_seen ORDER BY revision")
    assert seen == [
        ("customer_created", "customer:1", ""),
        ("payment_recorded", "payment:1", "from-the-books"),
    ]


def test_a_view_of_core_is_a_core_with_the_plugins_own_switch_and_rights(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    people(core)
    core.set_switch(TENANT, "good", Switch.PAUSED, actor="admin")
    view: Core = core.for_plugin("good")
    assert view.tenant(TENANT).switch is Switch.PAUSED
    assert core.tenant(TENANT).switch is Switch.OFF
    assert not view.may(TENANT, "viewer", Permission.VIEW)
    assert view.may(TENANT, "bookkeeper", Permission.VIEW)
    assert not view.may(TENANT, "bookkeeper", Permission.CONFIGURE)
    assert not view.may("other", "admin", Permission.VIEW)
    assert not view.may(TENANT, "nobody", Permission.VIEW)
    assert list(view.secret_keys()) == list(core.secret_keys())


def test_the_money_of_the_record_travels_unchanged(core: ReferenceCore) -> None:
    customer(core)
    answer = apply(core, SavePayment(record=payment_of("5.10", memo="cheque of Ann", fee=D("0.30"))))
    assert isinstance(answer, Applied)
    kept = core.read(TENANT, [answer.ref])[answer.ref].record
    assert isinstance(kept, Payment)
    assert (kept.amount, kept.fee, kept.memo, kept.id) == (D("5.10"), D("0.30"), "cheque of Ann", "1")


# -- full states of invoices and costs -------------------------------------------------------------------
def raised(core: ReferenceCore, price: str = "100.00") -> Invoice:
    customer(core)
    return invoice(core, price)


def with_amount(found: Invoice, amount: str, **fields: Any) -> Invoice:
    """The invoice of one line at another amount, as the books have it."""
    (line,) = found.lines
    line = attrs.evolve(line, amount=D(amount), unit_price=D(amount))
    return attrs.evolve(found, **{"lines": (line,), "total": D(amount), **fields})


def test_an_invoice_is_replaced_with_its_amounts_as_given(core: ReferenceCore) -> None:
    found = raised(core)
    wanted = with_amount(found, "80.00", memo="from the books")
    answer = apply(core, SaveInvoice(record=wanted), revision(core, found.ref))
    assert isinstance(answer, Applied)
    assert core.read(TENANT, [found.ref])[found.ref].record == wanted


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"total": D("79.00")}, "is not 79.00"),
        ({"tax": D("1.00")}, "is not 80.00"),
        ({"lines": ()}, "at least one line"),
        ({"tax": D("-1.00"), "total": D("79.00")}, "below zero"),
        ({"number": ""}, "no invoice number"),
        ({"currency": "EUR"}, "stays so"),
        ({"void": True}, "void it"),
        ({"customer_id": "99"}, "no customer 99"),
    ],
)
def test_an_invoice_that_does_not_hold_together_is_refused(
    core: ReferenceCore, fields: dict[str, Any], why: str
) -> None:
    found = raised(core)
    answer = apply(core, SaveInvoice(record=with_amount(found, "80.00", **fields)), revision(core, found.ref))
    assert isinstance(answer, RefusedChange)
    assert why in answer.why
    assert core.read(TENANT, [found.ref])[found.ref].record == found


def test_lines_without_ids_of_their_own_are_refused(core: ReferenceCore) -> None:
    found = raised(core)
    doubled = attrs.evolve(found, lines=found.lines * 2, total=found.total * 2)
    answer = apply(core, SaveInvoice(record=doubled), revision(core, found.ref))
    assert isinstance(answer, RefusedChange)
    assert "line id of its own" in answer.why


def test_an_invoice_is_replaced_on_the_revision_it_was_read_at(core: ReferenceCore) -> None:
    found = raised(core)
    now = revision(core, found.ref)
    assert apply(core, SaveInvoice(record=found), now - 1) == Stale(revision=now)
    assert apply(core, SaveInvoice(record=found), None) == Stale(revision=now)


def test_what_is_paid_above_an_invoice_that_shrank_is_the_customers_credit(core: ReferenceCore) -> None:
    found = raised(core)
    with core.begin(TENANT) as tx:
        paid = tx.record_payment(payment_of("90.00", (found.id, "90.00")))
    answer = apply(core, SaveInvoice(record=with_amount(found, "80.00")), revision(core, found.ref))
    assert isinstance(answer, Applied)
    payment = core.read(TENANT, [paid.ref])[paid.ref].record
    assert isinstance(payment, Payment)
    assert payment.unapplied == D("10.00")
    refused = apply(core, VoidInvoice(invoice_id=found.id, reason="voided there"), key="k2")
    assert isinstance(refused, RefusedChange)


def test_an_invoice_is_voided_once(core: ReferenceCore) -> None:
    found = raised(core)
    change = VoidInvoice(invoice_id=found.id, reason="voided there")
    assert isinstance(apply(core, change), Applied)
    now = revision(core, found.ref)
    assert isinstance(apply(core, change, key="k2"), Applied)
    assert revision(core, found.ref) == now


def test_a_cost_is_made_replaced_and_voided(core: ReferenceCore) -> None:
    line = CostLine(line_id="1", amount=D("30.00"), expense_category="materials")
    cost = Expense(
        id="", type=ExpenseType.CARD, date=DAY, total=D("30.00"), payment_account_key="card", lines=(line,)
    )
    made = apply(core, SaveExpense(record=cost))
    assert isinstance(made, Applied)
    wanted = attrs.evolve(
        cost, id=made.ref.id, lines=(attrs.evolve(line, amount=D("31.00")),), total=D("31.00")
    )
    assert isinstance(apply(core, SaveExpense(record=wanted), made.revision, key="k2"), Applied)
    assert core.read(TENANT, [made.ref])[made.ref].record == wanted
    wrong = attrs.evolve(wanted, total=D("32.00"))
    refused = apply(core, SaveExpense(record=wrong), revision(core, made.ref), key="k3")
    assert isinstance(refused, RefusedChange)
    void = VoidExpense(expense_id=made.ref.id, reason="deleted there")
    assert isinstance(apply(core, void, key="k4"), Applied)
    assert isinstance(apply(core, void, key="k5"), Applied)


def test_two_customers_are_merged_and_their_invoices_follow(core: ReferenceCore) -> None:
    found = raised(core)
    other = apply(core, SaveCustomer(record=Customer(id="", name="Bob")))
    assert isinstance(other, Applied)
    merge = MergeParty(kind=RecordKind.CUSTOMER, loser_id=found.customer_id, survivor_id=other.ref.id)
    answer = apply(core, merge, key="k2")
    assert isinstance(answer, Applied)
    assert answer.ref == other.ref
    moved = core.read(TENANT, [found.ref])[found.ref].record
    assert isinstance(moved, Invoice)
    assert moved.customer_id == other.ref.id
    again = apply(core, MergeParty(kind=RecordKind.INVOICE, loser_id="1", survivor_id="2"), key="k3")
    assert isinstance(again, RefusedChange)
    assert "never merged" in again.why
