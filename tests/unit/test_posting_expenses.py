"""How costs become documents: type, lines, split of tax and freight, and what holds them."""

import datetime as dt

import attrs
import pytest

from blueops_qb.domain.documents import Bill, Document, ExpenseDocument, JournalEntry, PaidBy, Side
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.policy import PurchaseTax
from blueops_qb.domain.posting.context import NotPosted, Posted
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, SplitBasis
from blueops_qb.domain.refs import BooksKind, DocumentKey, RecordKind, RecordRef
from tests.plumbing import (
    JOB,
    D,
    account,
    blocked,
    company,
    cost,
    document,
    expense,
    item,
    with_rules,
    without,
)

FITTINGS = cost("90.00", material_category="pipe_fittings")


def bill(total: str, *lines: CostLine, **changes: object) -> Expense:
    return expense(ExpenseType.BILL, total, *lines, **changes)


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        (ExpenseType.BILL, Bill),
        (ExpenseType.SUBCONTRACT, Bill),
        (ExpenseType.EMPLOYEE, Bill),
        (ExpenseType.CARD, ExpenseDocument),
        (ExpenseType.CASH, ExpenseDocument),
        (ExpenseType.CHECK, ExpenseDocument),
        (ExpenseType.USE_TAX, JournalEntry),
    ],
)
def test_the_type_decides_the_document(type: ExpenseType, kind: type[Document]) -> None:
    assert isinstance(document(expense(type, "90.00", FITTINGS)), kind)


def test_a_bill_carries_vendor_number_dates_and_the_payables_account() -> None:
    due = dt.date(2026, 4, 1)
    sent = document(
        bill("90.00", FITTINGS, vendor_invoice_number="S-77", due_date=due, terms="net30", branch="north")
    )
    assert sent.vendor == RecordRef(RecordKind.VENDOR, "9")
    assert (sent.number, sent.due_date, sent.terms.id, sent.location.id) == ("S-77", due, "T30", "L1")
    assert (sent.ap_account, sent.total) == (account("2000"), D("90.00"))


def test_the_payables_account_may_stay_unsaid() -> None:
    assert document(bill("90.00", FITTINGS), company(mapping=without((Family.ROLE, "ap")))).ap_account is None


def test_money_that_left_at_once_names_its_account_and_how() -> None:
    sent = document(expense(ExpenseType.CHECK, "90.00", FITTINGS, payment_account_key="checking"))
    assert (sent.paid_by, sent.account, sent.payee.id) == (PaidBy.CHECK, account("1000"), "9")
    assert sent.method.id == "M1"
    nobody = document(expense(ExpenseType.CARD, "90.00", FITTINGS, vendor_id=None))
    assert (nobody.payee, nobody.method) == (None, None)


def test_a_card_refund_comes_back_to_the_card() -> None:
    assert document(expense(ExpenseType.CARD, "90.00", FITTINGS, refund=True)).refund


# -- lines ---------------------------------------------------------------------------------------------
def test_the_cost_code_comes_before_the_material_before_the_category() -> None:
    line = cost("9.00", cost_code="22-100", material_category="pipe_fittings", expense_category="rental")
    by_code = document(bill("9.00", line)).lines[0]
    by_material = document(bill("9.00", attrs.evolve(line, cost_code=""))).lines[0]
    by_category = document(bill("9.00", attrs.evolve(line, cost_code="", material_category=""))).lines[0]
    assert (by_code.item, by_code.account) == (item("code:22-100"), None)
    assert (by_material.item, by_material.account) == (None, account("5010"))
    assert by_category.account == account("5500")


def test_an_unmapped_cost_code_never_falls_through_to_a_category() -> None:
    line = cost("9.00", cost_code="99-999", expense_category="rental")
    assert [(m.family, m.key) for m in blocked(bill("9.00", line)).missing] == [(Family.COST_CODE, "99-999")]


def test_books_without_items_on_purchases_get_the_account_of_the_category() -> None:
    line = cost("9.00", cost_code="22-100", expense_category="rental")
    context = company(item_costs=False)
    assert document(bill("9.00", line), context).lines[0].account == account("5500")
    only_code = attrs.evolve(line, expense_category="")
    assert blocked(bill("9.00", only_code), context).missing[0].key == "22-100"


def test_an_item_line_keeps_quantity_and_unit_cost_when_they_multiply() -> None:
    line = cost("30.00", cost_code="22-100", quantity=D(3), unit_cost=D("10.00"), description="Elbow")
    plain = document(bill("30.00", line)).lines[0]
    taxed = document(bill("32.48", line, tax=D("2.48"))).lines[0]
    assert (plain.quantity, plain.unit_cost, plain.amount) == (D(3), D("10.00"), D("30.00"))
    assert (taxed.quantity, taxed.unit_cost, taxed.amount) == (D(1), D("32.48"), D("32.48"))
    assert taxed.description == "Elbow (3 x 10.00)"


def test_a_line_without_a_job_is_overhead() -> None:
    line = cost("9.00", job_id=None, expense_category="overhead:fuel", class_key="service", billable=True)
    sent = document(bill("9.00", line), company(send_billable=True)).lines[0]
    assert (sent.customer, sent.class_.id, sent.account) == (None, "C1", account("6110"))
    assert not sent.billable


def test_a_mapping_may_depend_on_the_segment_of_the_job() -> None:
    rule = MapRule(
        family=Family.MATERIAL_COST,
        key="pipe_fittings",
        scope="commercial",
        target=Target(account=account("5290")),
    )
    context = company(attrs.evolve(JOB, segment="commercial"), mapping=with_rules(rule))
    assert document(bill("90.00", FITTINGS), context).lines[0].account == account("5290")


def test_books_with_one_class_per_document_get_it_on_every_purchase_line() -> None:
    lines = (FITTINGS, cost("9.00", line_id="2", expense_category="rental", class_key="install"))
    sent = document(bill("99.00", *lines), company(class_tracking=Tracking.PER_TRANSACTION))
    assert [line.class_.id for line in sent.lines] == ["C2", "C2"]


# -- tax and freight -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("basis", "shares"),
    [
        (SplitBasis.AMOUNT, ["1.80", "1.20"]),
        (SplitBasis.QUANTITY, ["0.75", "2.25"]),
        (SplitBasis.EQUAL, ["1.50", "1.50"]),
        (SplitBasis.PERCENT, ["0.60", "2.40"]),
    ],
)
def test_freight_is_split_by_its_basis_and_bears_job_and_class(basis: SplitBasis, shares: list[str]) -> None:
    lines = (
        cost("60.00", material_category="general", quantity=D(1), class_key="install"),
        cost("40.00", line_id="2", material_category="general", quantity=D(3), job_id="J2"),
    )
    sent = document(
        bill("103.00", *lines, freight=D("3.00"), freight_split=basis, split_percents=(D(20), D(80)))
    )
    freight = sent.lines[2:]
    assert [str(line.amount) for line in freight] == shares
    assert {line.account for line in freight} == {account("5700")}
    assert [line.customer.id for line in freight] == ["J1", "J2"]
    assert [line.class_ for line in freight] == [line.class_ for line in sent.lines[:2]]


def test_purchase_tax_may_stand_on_lines_of_its_own() -> None:
    lines = (FITTINGS, cost("10.00", line_id="2", material_category="general", job_id=None))
    record = bill("108.00", *lines, tax=D("8.00"))
    sent = document(record, company(purchase_tax=PurchaseTax.OWN_LINE))
    assert [str(line.amount) for line in sent.lines] == ["90.00", "10.00", "7.20", "0.80"]
    assert [line.customer and line.customer.id for line in sent.lines] == ["J1", None, "J1", None]
    in_cost = document(record)
    assert [str(line.amount) for line in in_cost.lines] == ["97.20", "10.80"]


def test_freight_follows_its_own_line_when_tax_lines_stand_between() -> None:
    lines = (
        cost("0.00", material_category="general", job_id="J2"),
        FITTINGS,
        cost("0.00", line_id="3", material_category="general", job_id=None),
    )
    record = bill("101.00", *lines, tax=D("8.00"), freight=D("3.00"), freight_split=SplitBasis.EQUAL)
    sent = document(record, company(purchase_tax=PurchaseTax.OWN_LINE)).lines[3:]
    assert [(str(line.amount), line.customer and line.customer.id) for line in sent] == [
        ("8.00", "J1"),
        ("1.00", "J2"),
        ("1.00", "J1"),
        ("1.00", None),
    ]


def test_a_returned_line_bears_no_tax_by_value() -> None:
    lines = (FITTINGS, cost("-10.00", line_id="2", material_category="general"))
    sent = document(bill("88.00", *lines, tax=D("8.00")))
    assert [str(line.amount) for line in sent.lines] == ["98.00", "-10.00"]


@pytest.mark.parametrize(
    ("percents", "words"),
    [
        ((D(50), D(49)), "99, not 100"),
        ((D(100),), "1 percentages for 2 lines"),
        ((D(150), D(-50)), "negative"),
    ],
)
def test_percentages_that_do_not_fit_wait(percents: tuple[D, ...], words: str) -> None:
    lines = (FITTINGS, cost("10.00", line_id="2", material_category="general"))
    record = bill(
        "103.00", *lines, freight=D("3.00"), freight_split=SplitBasis.PERCENT, split_percents=percents
    )
    assert words in blocked(record).reason


def test_freight_and_own_tax_lines_need_their_accounts() -> None:
    mapping = without((Family.EXPENSE, "freight"), (Family.EXPENSE, "purchase_tax"))
    record = bill("95.00", FITTINGS, tax=D("3.00"), freight=D("2.00"))
    answer = blocked(record, company(mapping=mapping, purchase_tax=PurchaseTax.OWN_LINE))
    assert {m.key for m in answer.missing} == {"freight", "purchase_tax"}


# -- journal entries -----------------------------------------------------------------------------------
def test_use_tax_is_a_balanced_entry_with_the_job_on_the_cost() -> None:
    lines = (
        cost("33.00", material_category="electrical_material"),
        cost("7.00", line_id="2", material_category="general", job_id=None),
    )
    sent = document(expense(ExpenseType.USE_TAX, "40.00", *lines, branch="north"))
    assert [(line.side, line.account.id, line.amount) for line in sent.lines] == [
        (Side.DEBIT, "5150", D("33.00")),
        (Side.DEBIT, "5290", D("7.00")),
        (Side.CREDIT, "2210", D("40.00")),
    ]
    assert [line.customer and line.customer.id for line in sent.lines] == ["J1", None, None]
    assert {line.location.id for line in sent.lines} == {"L1"}
    assert sent.number == "BO-5"


def test_use_tax_of_nothing_is_not_posted() -> None:
    answer = post(expense(ExpenseType.USE_TAX, "0.00", cost("0.00", material_category="general")), company())
    assert isinstance(answer, NotPosted)


def test_labor_is_costed_in_payroll_unless_it_is_wanted_here() -> None:
    record = expense(ExpenseType.LABOR, "42.00", cost("42.00", cost_code="22-100"))
    answer = post(record, company())
    assert isinstance(answer, NotPosted)
    assert "payroll" in answer.reason
    assert isinstance(document(record, company(post_labor=True)), JournalEntry)


def test_an_item_counts_by_its_cost_account_in_a_journal_entry() -> None:
    record = expense(ExpenseType.USE_TAX, "9.00", cost("9.00", cost_code="22-100"))
    assert document(record).lines[0].account == account("5010")
    unknown = MapRule(family=Family.COST_CODE, key="77", target=Target(item=item("nowhere")))
    other = attrs.evolve(record, lines=(cost("9.00", cost_code="77"),))
    assert "item with id nowhere" in blocked(other, company(mapping=with_rules(unknown))).reason


@pytest.mark.parametrize("number", ["1100", "2000"])
def test_a_journal_entry_never_touches_receivables_or_payables(number: str) -> None:
    wrong = MapRule(family=Family.EXPENSE, key="odd", target=Target(account=account(number)))
    record = expense(ExpenseType.USE_TAX, "9.00", cost("9.00", expense_category="odd"))
    assert "would touch" in blocked(record, company(mapping=with_rules(wrong))).reason


# -- what holds a cost ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("record", "words"),
    [
        (bill("90.01", FITTINGS), "90.00, its total says 90.01"),
        (bill("0.00"), "no line"),
        (bill("-9.00", attrs.evolve(FITTINGS, amount=D("-9.00"))), "below zero"),
        (bill("90.00", FITTINGS, vendor_id=None), "without a vendor"),
        (
            attrs.evolve(bill("90.00", FITTINGS, refund=True), type=ExpenseType.CHECK),
            "refund of the type check",
        ),
        (bill("9.00", cost("9.00")), "no expense category for line 1"),
        (bill("9.00", cost("9.001", expense_category="rental")), "9.001"),
    ],
)
def test_a_cost_that_cannot_be_right_waits_for_a_person(record: Expense, words: str) -> None:
    assert words in blocked(record).reason


def test_an_unknown_card_waits_with_all_else_that_is_missing() -> None:
    record = expense(
        ExpenseType.CARD, "9.00", cost("9.00", expense_category="magic"), payment_account_key="amex"
    )
    assert {m.key for m in blocked(record).missing} == {"amex", "magic"}


def test_an_inactive_account_is_named() -> None:
    answer = blocked(bill("90.00", FITTINGS), company(inactive=frozenset({"account#5010"})))
    assert "account with id 5010" in answer.reason


def test_a_card_charge_that_turns_out_to_be_a_bill_is_withdrawn_and_written_anew() -> None:
    card = expense(ExpenseType.CARD, "90.00", FITTINGS)
    first = post(card, company())
    assert isinstance(first, Posted)
    changed = attrs.evolve(card, type=ExpenseType.BILL)
    second = post(changed, company(posted=first.documents))
    assert isinstance(second, Posted)
    assert set(second.documents) == {DocumentKey(card.ref, BooksKind.BILL.value)}
    again = post(changed, company(posted=second.documents))
    assert again == second
