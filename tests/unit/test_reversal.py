"""A reversal's debits and credits are those of the document with their sides changed, on another day."""

import datetime as dt
from decimal import Decimal as D

import pytest

from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    Side,
    VendorCredit,
)
from blueops_qb.domain.effects import effects
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.domain.reversal import Irreversible, reversal_of

DAY, LATER = dt.date(2026, 3, 2), dt.date(2026, 4, 1)
ROLES = {"ar": "1100", "ap": "2000", "undeposited": "1090", "discounts": "4900", "tax_payable": "2200"}
ANN, KITCHEN = RecordRef(RecordKind.CUSTOMER, "1"), RecordRef(RecordKind.JOB, "2")
SUPPLIER = RecordRef(RecordKind.VENDOR, "3")


def account(id: str) -> BooksRef:
    return BooksRef(BooksKind.ACCOUNT, id)


COST = PurchaseLine(line_id="1", account=account("5010"), amount=D("80.00"), customer=KITCHEN, billable=True)
REVERSIBLE: dict[str, tuple[Document, type[Document]]] = {
    "invoice": (
        SalesInvoice(
            customer=KITCHEN,
            date=DAY,
            number="BO-1",
            lines=(
                SalesLine(
                    line_id="1",
                    item=BooksRef(BooksKind.ITEM, "R"),
                    account=account("4010"),
                    amount=D("100.00"),
                ),
                SalesLine(
                    line_id="2",
                    item=BooksRef(BooksKind.ITEM, "D"),
                    account=account("4900"),
                    amount=D("-10.00"),
                ),
            ),
            discount=D("5.00"),
            tax=D("7.01"),
            total=D("92.01"),
        ),
        CreditMemo,
    ),
    "bill": (
        Bill(vendor=SUPPLIER, date=DAY, number="V-7", lines=(COST,), total=D("80.00")),
        VendorCredit,
    ),
    "expense": (
        ExpenseDocument(
            paid_by=PaidBy.CARD, account=account("2100"), date=DAY, lines=(COST,), total=D("80.00")
        ),
        JournalEntry,
    ),
    "refund": (
        ExpenseDocument(
            paid_by=PaidBy.CARD,
            account=account("2100"),
            date=DAY,
            lines=(COST,),
            total=D("80.00"),
            refund=True,
        ),
        JournalEntry,
    ),
    "journal": (
        JournalEntry(
            date=DAY,
            lines=(
                JournalLine(side=Side.DEBIT, account=account("5010"), amount=D("3.00"), customer=KITCHEN),
                JournalLine(side=Side.CREDIT, account=account("2210"), amount=D("3.00")),
            ),
        ),
        JournalEntry,
    ),
}


def posted(document: Document) -> dict[tuple[str, object, str], D]:
    found: dict[tuple[str, object, str], D] = {}
    for line in effects(document, roles=ROLES):
        key = (line.account, line.customer, line.class_)
        found[key] = found.get(key, D(0)) + line.amount
    return found


@pytest.mark.parametrize("name", REVERSIBLE)
def test_the_effect_is_taken_back_to_the_cent(name: str) -> None:
    document, kind = REVERSIBLE[name]
    back = reversal_of(
        document, effects(document, roles=ROLES), day=LATER, number="BO-1-U1", memo="Reverses it"
    )
    assert type(back) is kind
    assert {line.date for line in effects(back, roles=ROLES)} == {LATER}
    assert posted(back) == {key: -amount for key, amount in posted(document).items()}


def test_a_number_that_is_too_long_is_derived_and_not_cut_to_another_one() -> None:
    document, _ = REVERSIBLE["journal"]
    numbers = set()
    for n in (1, 2):
        back = reversal_of(
            document, effects(document, roles=ROLES), day=LATER, number=f"BO-{'9' * 30}-U{n}", memo=""
        )
        assert isinstance(back, JournalEntry)
        assert len(back.number) <= 21
        numbers.add(back.number)
    assert len(numbers) == 2


@pytest.mark.parametrize(
    "document",
    [
        CustomerPayment(customer=ANN, date=DAY, amount=D("1.00")),
        BankDeposit(account=account("1000"), date=DAY, lines=(), total=D("0.00")),
        CustomerRecord(name="Ann"),
    ],
)
def test_what_only_its_own_kind_may_touch_has_no_reversal(document: Document) -> None:
    with pytest.raises(Irreversible, match="accountant"):
        reversal_of(document, (), day=LATER, number="1", memo="")


def test_an_entry_over_accounts_that_the_books_chose_is_refused() -> None:
    line = PurchaseLine(line_id="1", item=BooksRef(BooksKind.ITEM, "X"), amount=D("8.00"))
    document = ExpenseDocument(
        paid_by=PaidBy.CASH, account=account("1000"), date=DAY, lines=(line,), total=D("8.00")
    )
    with pytest.raises(Irreversible, match="books chose"):
        reversal_of(document, effects(document, roles=ROLES), day=LATER, number="1", memo="")


def test_money_taken_on_the_invoice_itself_is_for_a_person() -> None:
    document = SalesInvoice(customer=ANN, date=DAY, deposit=D("5.00"))
    with pytest.raises(Irreversible, match="refund it"):
        reversal_of(document, (), day=LATER, number="1", memo="")
