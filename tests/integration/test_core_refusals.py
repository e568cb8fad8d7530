"""What core refuses has changed nothing, also for whoever goes on with the transaction."""

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import (
    CostLine,
    CreditReason,
    Expense,
    ExpenseType,
    InvoiceLine,
    LineKind,
    Payment,
    PaymentReturn,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.crediting import credit_amount
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.core import RefusedChange, SaveCredit, SaveExpense, SaveInvoice
from tests.core_house import DAY, TENANT, D, customer, draft, house, invoice, payment_of


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    with house(database_url) as opened:
        yield opened


def _returned(core: ReferenceCore) -> tuple[Payment, PaymentReturn]:
    """A check over an invoice of customer 1 that bounced, and is customer 2's since."""
    one, two = customer(core), customer(core, "Bo Ek")
    sale = invoice(core)
    with core.begin(TENANT) as tx:
        payment = tx.record_payment(payment_of("100.00", (sale.id, "100.00")))
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=payment.id,
                customer_id=one.id,
                date=DAY,
                amount=D("100.00"),
                reason=ReturnReason.BOUNCED,
                account_key="checking",
            )
        )
        read: Any = tx.read(payment.ref)
        payment = tx.update_payment(attrs.evolve(read.record, customer_id=two.id))
    return payment, back


def test_a_return_is_taken_back_although_its_payment_was_given_to_another_customer(
    core: ReferenceCore,
) -> None:
    payment, back = _returned(core)
    with core.begin(TENANT) as tx:
        tx.void_return(back.id)
    again: Any = core.read(TENANT, [payment.ref])[payment.ref].record
    assert (again.given_back, again.applications) == ((), ())


def test_the_dispute_of_such_a_payment_is_won_as_well(core: ReferenceCore) -> None:
    payment, back = _returned(core)
    with core.begin(TENANT) as tx:
        won = tx.win_dispute(back.id, on=DAY)
    assert (won.customer_id, won.amount, won.applications) == (payment.customer_id, D("100.00"), ())


def test_a_refund_takes_no_more_of_a_payment_than_there_is_however_often_it_names_it(
    core: ReferenceCore,
) -> None:
    one = customer(core)
    with core.begin(TENANT) as tx:
        payment = tx.record_payment(payment_of("100.00"))
    part = RefundPart(of=payment.ref, amount=D("60.00"))
    twice = Refund(
        id="", customer_id=one.id, date=DAY, amount=D("120.00"), parts=(part, part), account_key="checking"
    )
    with core.begin(TENANT) as tx, pytest.raises(Refused, match=r"has 100\.00 to give back, not 120\.00"):
        tx.issue_refund(twice)


@pytest.mark.parametrize("change", [False, True])
def test_an_invoice_that_is_refused_uses_up_no_number(change: bool, core: ReferenceCore) -> None:
    customer(core)
    first = invoice(core)
    wrong = draft(number="5000", tax_key="no such tax")
    with core.begin(TENANT) as tx:
        with pytest.raises(Refused, match="there is no sales tax"):
            tx.update_invoice(first.id, wrong) if change else tx.raise_invoice(wrong)
        # Whoever was refused goes on with the transaction.
        assert int(tx.raise_invoice(draft()).number) < 5000


def test_a_change_of_the_plugin_that_is_refused_uses_up_no_number(core: ReferenceCore) -> None:
    customer(core)
    first = invoice(core)
    with core.begin(TENANT) as tx:
        payment = tx.record_payment(payment_of("10.00"))
    taken = InvoiceLine(
        line_id="d",
        kind=LineKind.DEPOSIT_APPLIED,
        description="Deposit",
        unit_price=D("0.00"),
        amount=D("0.00"),
        deposit_id=payment.id,
    )
    wrong = attrs.evolve(first, number="5000", lines=(*first.lines, taken))
    revision = core.read(TENANT, [first.ref])[first.ref].revision
    with core.begin(TENANT) as tx:
        answer = tx.apply(SaveInvoice(record=wrong), expected_revision=revision, key="k")
        assert isinstance(answer, RefusedChange)
        assert int(tx.raise_invoice(draft()).number) == int(first.number) + 1


def test_a_credit_and_a_cost_are_voided_by_voiding_them_and_not_by_a_change(core: ReferenceCore) -> None:
    customer(core)
    issued = invoice(core)
    line = CostLine(line_id="1", amount=D("30.00"), expense_category="materials")
    with core.begin(TENANT) as tx:
        credit = tx.issue_credit(
            credit_amount(issued, D("20.00"), on=DAY, reason=CreditReason.GOODWILL, applied=D("20.00"))
        )
        cost = tx.record_expense(
            Expense(
                id="",
                type=ExpenseType.CARD,
                date=DAY,
                payment_account_key="company_card",
                lines=(line,),
                total=D("30.00"),
            )
        )
    saves: list[Any] = [
        SaveCredit(record=attrs.evolve(credit, void=True)),
        SaveExpense(record=attrs.evolve(cost, void=True)),
    ]
    for change, ref in zip(saves, (credit.ref, cost.ref), strict=True):
        before = core.read(TENANT, [ref])[ref]
        with core.begin(TENANT) as tx:
            answer = tx.apply(change, expected_revision=before.revision, key=f"void {ref}")
            row = tx.row(issued.ref)
        assert isinstance(answer, RefusedChange)
        assert "is voided by voiding it" in answer.why
        assert core.read(TENANT, [ref])[ref] == before
        # What the credit settles stays settled.
        assert row is not None
        assert row.balance == issued.total - D("20.00")
