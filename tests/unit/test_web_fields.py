"""Documents as rows that a person compares: what is shown, and who moved what."""

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    BillPayment,
    CustomerPayment,
    CustomerRecord,
    CustomValue,
    DepositLine,
    JournalEntry,
    JournalLine,
    PaidOut,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    Settled,
    Side,
    TaxCodeRecord,
    TaxRate,
)
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef, Ref
from blueops_qb.web.fields import FieldRow, Sides, rows, texts

D = Decimal
DAY = dt.date(2026, 3, 2)
ANN = RecordRef(RecordKind.CUSTOMER, "1")
ITEM = BooksRef(BooksKind.ITEM, "7")
ACCOUNT = BooksRef(BooksKind.ACCOUNT, "84")


def name(ref: Ref) -> str:
    return f"<{ref}>"


INVOICE = SalesInvoice(
    customer=ANN,
    date=DAY,
    number="BO-1",
    lines=(
        SalesLine(item=ITEM, description="Sink", quantity=D("2.50"), unit_price=D(40), amount=D("100.00")),
        SalesLine(description="Thank you"),
    ),
    total=D("100.00"),
)


def by_label(found: list[FieldRow]) -> dict[str, FieldRow]:
    return {row.label: row for row in found}


def test_a_tax_code_shows_what_it_charges_and_to_whom_it_is_owed() -> None:
    agency = BooksRef(BooksKind.TAX_AGENCY, "3")
    code = TaxCodeRecord(name="Reno", rates=(TaxRate(name="Washoe", percent=D("3.6650"), agency=agency),))
    found = by_label(rows(Sides(ours=code, theirs=None), name))
    assert found["Rates"].ours == ("Washoe · 3.665 % of sales · <tax_agency#3>",)


def test_an_invoice_shows_its_lines_with_names_and_amounts() -> None:
    found = by_label(rows(Sides(ours=INVOICE, theirs=None), name))
    assert found["Lines"].ours == ("<item#7> · Sink · 2.5 \u00d7 40 · 100.00", "Text · Thank you")
    assert found["Customer"].ours == ("<customer:1>",)
    assert found["Total"].theirs == ()
    assert "Currency" not in found
    assert "Discount before tax" not in found


def test_the_way_of_a_discount_shows_only_where_there_is_one() -> None:
    found = by_label(rows(Sides(ours=attrs.evolve(INVOICE, discount=D("5.00")), theirs=None), name))
    assert found["Discount before tax"].ours == ("yes",)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ()),
        ("", ()),
        (False, ()),
        (True, ("yes",)),
        (D("0.00"), ()),
        (D("1234.5"), ("1,234.50",)),
        (DAY, ("2026-03-02",)),
        (
            Address(line1="1 Elm", city="Reno", state="NV", postal_code="89501"),
            ("1 Elm, Reno, NV 89501",),
        ),
        (Allocation(invoice=RecordRef(RecordKind.INVOICE, "3"), amount=D(5)), ("<invoice:3> · 5.00",)),
        (PaidOut(credit=RecordRef(RecordKind.CREDIT, "3"), amount=D(5)), ("<credit:3> · 5.00",)),
        (JournalLine(side=Side.DEBIT, account=ACCOUNT, amount=D(5)), ("Debit <account#84> · 5.00",)),
        (DepositLine(account=ACCOUNT, amount=D("-2")), ("<account#84> · -2.00",)),
        (
            PurchaseLine(account=ACCOUNT, amount=D(9), customer=ANN, billable=True),
            ("<account#84> · 9.00 · for <customer:1> · billable",),
        ),
    ],
)
def test_values_are_written_for_people(value: object, shown: tuple[str, ...]) -> None:
    assert texts(value, name) == shown


def test_every_kind_of_document_can_be_shown() -> None:
    for document in (
        INVOICE,
        CustomerRecord(name="Ann"),
        CustomerPayment(customer=ANN, date=DAY, amount=D(5)),
        JournalEntry(date=DAY, lines=(JournalLine(side=Side.CREDIT, account=ACCOUNT, amount=D(1)),)),
        BankDeposit(account=ACCOUNT, date=DAY, lines=(DepositLine(amount=D(1)),), total=D(1)),
    ):
        assert rows(Sides(ours=document, theirs=document), name)


# -- who moved -----------------------------------------------------------------------------------------
BASE = CustomerRecord(name="Ann", phone="1", email="a@x")


def moved(ours: CustomerRecord, theirs: CustomerRecord, *, agreed: bool = True) -> dict[str, str]:
    base = BASE if agreed else None
    found = rows(Sides(ours=ours, theirs=theirs, base_ours=base, base_theirs=base), name)
    return {row.label: row.moved for row in found if row.moved}


def test_the_side_that_moved_since_both_agreed_is_named() -> None:
    here, there = attrs.evolve(BASE, phone="2"), attrs.evolve(BASE, email="b@x")
    assert moved(here, BASE) == {"Phone": "here"}
    assert moved(BASE, there) == {"Email": "there"}
    assert moved(here, attrs.evolve(BASE, phone="3")) == {"Phone": "both"}
    assert moved(BASE, BASE) == {}


def test_what_differed_when_both_agreed_is_no_movement() -> None:
    ours, theirs = attrs.evolve(BASE, phone="2"), attrs.evolve(BASE, phone="3")
    sides = Sides(ours=ours, theirs=theirs, base_ours=ours, base_theirs=theirs)
    assert [row for row in rows(sides, name) if row.moved] == []


def test_without_an_agreement_plain_difference_counts() -> None:
    assert moved(attrs.evolve(BASE, phone="2"), BASE, agreed=False) == {"Phone": "differs"}


def test_a_payment_to_a_vendor_shows_whom_it_pays_first_and_what_it_settles() -> None:
    bill, credit = BooksRef(BooksKind.BILL, "4"), BooksRef(BooksKind.VENDOR_CREDIT, "5")
    payment = BillPayment(
        vendor=BooksRef(BooksKind.VENDOR, "9"),
        date=DAY,
        amount=D("60.00"),
        settles=(Settled(document=bill, amount=D("100.00")), Settled(document=credit, amount=D("-40.00"))),
        account=ACCOUNT,
    )
    found = rows(Sides(ours=payment, theirs=None), name)
    assert [row.label for row in found[:3]] == ["Vendor", "Paid by", "Account"]
    assert by_label(found)["Settles"].ours == ("<bill#4> \u00b7 100.00", "<vendor_credit#5> \u00b7 -40.00")


def test_a_cost_says_that_it_is_billed_and_which_order_it_receives() -> None:
    line = PurchaseLine(
        account=ACCOUNT,
        amount=D("5.00"),
        billable=True,
        billed=True,
        markup=D("12.50"),
        order=BooksRef(BooksKind.PURCHASE_ORDER, "3"),
    )
    assert texts((line,), name) == (
        "<account#84> \u00b7 5.00 \u00b7 billed \u00b7 12.5 % on top \u00b7 of <purchase_order#3>",
    )
    assert texts((CustomValue(name="Crew", value="7"),), name) == ("Crew: 7",)
