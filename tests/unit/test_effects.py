"""What documents do to the ledger, beyond the worked entries."""

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    Bill,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    Side,
    VendorRecord,
)
from blueops_qb.domain.effects import effects, roles_of
from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.postings import Posting
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from tests.plumbing import MAPPING, ROLES

D = Decimal
DAY = dt.date(2026, 3, 2)
ADA = RecordRef(RecordKind.CUSTOMER, "7")
JOB = RecordRef(RecordKind.JOB, "J1")
SHOP = RecordRef(RecordKind.VENDOR, "9")


def account(number: str) -> BooksRef:
    return BooksRef(BooksKind.ACCOUNT, number)


def item(id: str) -> BooksRef:
    return BooksRef(BooksKind.ITEM, id)


INVOICE = SalesInvoice(
    customer=ADA,
    date=DAY,
    lines=(SalesLine(item=item("i"), amount=D("10.00")), SalesLine(description="words")),
    tax=D("0.80"),
    location=BooksRef(BooksKind.LOCATION, "L"),
    class_=BooksRef(BooksKind.CLASS, "C"),
)
PAYMENT = CustomerPayment(customer=ADA, date=DAY, amount=D("5.00"))
LINES = (
    PurchaseLine(item=item("i"), amount=D("4.00"), customer=JOB),
    PurchaseLine(account=account("6"), amount=D("1.00")),
)
BILL = Bill(vendor=SHOP, date=DAY, lines=LINES, total=D("5.00"))
CHARGE = ExpenseDocument(paid_by=PaidBy.CARD, account=account("2100"), date=DAY, lines=LINES, total=D("5.00"))
ENTRY = JournalEntry(
    date=DAY,
    lines=(
        JournalLine(side=Side.DEBIT, account=account("1"), amount=D("5.00")),
        JournalLine(side=Side.CREDIT, account=account("2"), amount=D("5.00")),
    ),
)
DEPOSIT = BankDeposit(
    account=account("1000"),
    date=DAY,
    lines=(
        DepositLine(payment=RecordRef(RecordKind.PAYMENT, "1"), amount=D("5.00")),
        DepositLine(account=account("6100"), amount=D("-1.00")),
    ),
    total=D("4.00"),
)
ALL: list[Document] = [INVOICE, PAYMENT, BILL, CHARGE, ENTRY, DEPOSIT]


def ledger(document: Document) -> list[tuple[str, str]]:
    found = effects(document, roles=ROLES, item_accounts={"i": "4010"}, item_cost_accounts={"i": "5010"})
    return [(posting.account, str(posting.amount)) for posting in found]


def role(line: Posting) -> str | None:
    return line.origin.role if line.origin else None


@pytest.mark.parametrize("document", ALL, ids=lambda document: type(document).__name__)
def test_every_document_balances_and_a_void_one_has_no_effect(document: Document) -> None:
    found = effects(document, roles=ROLES)
    assert found
    assert sum(posting.amount for posting in found) == 0
    assert {posting.date for posting in found} == {DAY}
    assert effects(attrs.evolve(document, void=True), roles=ROLES) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("document", [CustomerRecord(name="Ada"), VendorRecord(name="Shop")])
def test_parties_have_no_effect(document: Document) -> None:
    assert effects(document, roles=ROLES) == ()


def test_an_invoice_posts_to_the_accounts_of_its_items() -> None:
    assert ledger(INVOICE) == [("1100", "10.80"), ("4010", "-10.00"), ("2200", "-0.80")]
    (first, *_) = effects(INVOICE, roles=ROLES)
    assert (first.customer, first.class_, first.location) == (ADA, "C", "L")


def test_the_account_on_a_line_goes_before_that_of_its_item() -> None:
    line = attrs.evolve(INVOICE.lines[0], account=account("4020"))
    assert ledger(attrs.evolve(INVOICE, lines=(line,)))[1] == ("4020", "-10.00")


def test_an_unknown_account_is_empty_and_the_sum_still_zero() -> None:
    found = effects(INVOICE, roles={})
    assert {posting.account for posting in found} == {""}
    assert sum(posting.amount for posting in found) == 0


def test_money_posts_where_it_was_put() -> None:
    assert ledger(PAYMENT) == [("1090", "5.00"), ("1100", "-5.00")]
    assert ledger(attrs.evolve(PAYMENT, deposit_to=account("1000")))[0] == ("1000", "5.00")
    assert ledger(DEPOSIT) == [("1000", "4.00"), ("1090", "-5.00"), ("6100", "1.00")]


def test_a_discount_inside_a_payment_posts_to_its_own_account() -> None:
    invoice = RecordRef(RecordKind.INVOICE, "1")
    given = Allocation(
        invoice=BooksRef(BooksKind.CREDIT, "off"),
        amount=D("-2.00"),
        account=account("4900"),
        class_=account("C"),
    )
    discounted = attrs.evolve(PAYMENT, allocations=(Allocation(invoice=invoice, amount=D("7.00")), given))
    assert ledger(discounted) == [("1090", "5.00"), ("4900", "2.00"), ("1100", "-7.00")]
    assert effects(discounted, roles=ROLES)[1].class_ == "C"


def test_costs_post_to_payables_or_to_the_card_and_a_refund_the_other_way() -> None:
    assert ledger(BILL) == [("5010", "4.00"), ("6", "1.00"), ("2000", "-5.00")]
    assert ledger(attrs.evolve(BILL, ap_account=account("2001")))[2] == ("2001", "-5.00")
    assert ledger(CHARGE)[2] == ("2100", "-5.00")
    assert ledger(attrs.evolve(CHARGE, refund=True)) == [("5010", "-4.00"), ("6", "-1.00"), ("2100", "5.00")]
    assert effects(BILL, roles=ROLES)[0].customer == JOB
    assert effects(BILL, roles=ROLES)[2].vendor == SHOP


@pytest.mark.parametrize(
    "payee", [SHOP, ADA, BooksRef(BooksKind.CUSTOMER, "3"), BooksRef(BooksKind.VENDOR, "3"), None]
)
def test_only_a_vendor_is_the_vendor_of_what_was_paid(payee: Any) -> None:
    """A customer who gets money back by check is none, and no ledger says so."""
    vendors = {one.vendor for one in effects(attrs.evolve(CHARGE, payee=payee), roles=ROLES)}
    is_vendor = payee in (SHOP, BooksRef(BooksKind.VENDOR, "3"))
    assert vendors == ({payee} if is_vendor else {None})


def test_a_journal_entry_out_of_balance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"out of balance by 5\.00"):
        effects(attrs.evolve(ENTRY, lines=ENTRY.lines[:1]), roles=ROLES)


def test_roles_come_from_the_mapping() -> None:
    assert roles_of(MAPPING) == ROLES
    scoped = MapRule(family=Family.ROLE, key="ar", scope="north", target=Target(account=account("1101")))
    assert roles_of(Mapping(rules=(scoped,))) == {}


def test_a_payment_lowers_what_each_owner_of_an_invoice_owes_and_the_rest_is_the_payers() -> None:
    first, second = (RecordRef(RecordKind.INVOICE, id) for id in ("1", "2"))
    payment = attrs.evolve(
        PAYMENT,
        allocations=(
            Allocation(invoice=first, amount=D("3.00")),
            Allocation(invoice=second, amount=D("1.50")),
        ),
    )
    found = effects(payment, roles=ROLES, owners={first: JOB})
    assert {(one.customer, one.amount) for one in found if role(one) == "ar"} == {
        (JOB, D("-3.00")),
        (ADA, D("-2.00")),
    }
    assert sum((one.amount for one in found), D(0)) == 0
    credit = attrs.evolve(payment, allocations=(Allocation(invoice=first, amount=D("-2.00")),))
    assert {(one.customer, one.amount) for one in effects(credit, roles=ROLES, owners={first: JOB})} == {
        (ADA, D("5.00")),
        (JOB, D("2.00")),
        (ADA, D("-7.00")),
    }


def test_a_deposit_takes_each_payment_from_whoever_paid_it() -> None:
    paid = RecordRef(RecordKind.PAYMENT, "9")
    deposit = BankDeposit(
        account=account("1000"),
        date=DAY,
        lines=(
            DepositLine(payment=paid, amount=D("5.00")),
            DepositLine(account=account("6100"), amount=D("-0.50")),
        ),
        total=D("4.50"),
    )
    found = effects(deposit, roles=ROLES, owners={paid: ADA})
    assert [(one.account, one.amount, one.customer, role(one)) for one in found] == [
        ("1000", D("4.50"), None, ""),
        ("1090", D("-5.00"), ADA, "undeposited"),
        ("6100", D("0.50"), None, ""),
    ]


def test_lines_say_which_duty_or_item_chose_their_account() -> None:
    found = effects(INVOICE, roles=ROLES, item_accounts={"i": "4010"})
    assert [(role(one), one.origin.item if one.origin else None) for one in found] == [
        ("ar", ""),
        ("", "i"),
        ("tax_payable", ""),
    ]
