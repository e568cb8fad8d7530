"""Updates of the QuickBooks Online provider leave to the bookkeeper what is the bookkeeper's, on the twin."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    Bill,
    CustomerPayment,
    CustomerRecord,
    CustomValue,
    DepositLine,
    Document,
    SalesInvoice,
    TaxMode,
    VendorRecord,
)
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import Applied, BooksRecord
from blueops_qb.sdk.provider import Verb
from tests.qbo_plumbing import COST, CUSTOMER, DOCUMENTS, INVOICE, ITEM_COST, JOB, TODAY, account, ref
from tests.qbo_twin import Connected, connected
from tests.twin_calls import Caller, Json

SALE, EXPENSE = "SalesItemLineDetail", "AccountBasedExpenseLineDetail"
TERMS = ref(BooksKind.TERM, "3")
DUE = TODAY + dt.timedelta(days=30)


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        connection.refresh_profile()
        yield connection


@pytest.fixture(scope="module")
def bookkeeper(books: Connected) -> Iterator[Caller]:
    """Somebody who works in QuickBooks itself."""
    with requests.Session() as session:
        yield Caller(twin=books.twin, session=session, token=books.twin.access_token)


def change(books: Connected, document: Document, seen: BooksRecord, told: Document) -> BooksRecord:
    """An update as the engine asks for it; what came back is compared with what was sent."""
    assert seen.document is not None
    return books.write(
        document,
        target_id=seen.id,
        version=seen.version,
        previous=books.provider.normal(seen.document),
        shown=seen.shown,
        told=told,
    )


def test_what_the_bookkeeper_put_on_an_invoice_survives_a_change_of_another_line(
    books: Connected, bookkeeper: Caller
) -> None:
    invoice = attrs.evolve(INVOICE, number="UP-1")
    made = books.write(invoice)
    there = bookkeeper.read("Invoice", made.id)
    lines = [line for line in there["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    lines[0][SALE]["ServiceDate"] = "2026-01-01"
    crew = {"DefinitionId": "1", "Type": "StringType", "StringValue": "Crew 7"}
    marked = bookkeeper.update(
        "Invoice", there, Line=lines, CustomField=[crew], CustomerMemo={"value": "Hello"}
    )
    seen = books.seen(BooksKind.INVOICE, made.id)
    repair, pipe, *rest = invoice.lines
    dearer = attrs.evolve(pipe, quantity=D(4), amount=D("75.80"))
    changed = attrs.evolve(invoice, lines=(repair, dearer, *rest), total=D("370.74"))
    change(books, changed, seen, invoice)
    after = bookkeeper.read("Invoice", made.id)
    assert after["Line"][0] == marked["Line"][0]
    assert after["Line"][0][SALE]["ServiceDate"] == "2026-01-01"
    assert [line.get("Id") for line in after["Line"]] == [line.get("Id") for line in marked["Line"]]
    assert after["CustomField"][0]["StringValue"] == "Crew 7"
    assert after["CustomerMemo"]["value"] == "Hello"
    assert after["Line"][1]["Amount"] == 75.8


def test_a_mark_for_billing_and_a_markup_survive_a_change_of_another_line(
    books: Connected, bookkeeper: Caller
) -> None:
    bill = attrs.evolve(DOCUMENTS["bill"], number="UP-2")
    made = books.write(bill)
    there = bookkeeper.read("Bill", made.id)
    there["Line"][0][EXPENSE].update(
        BillableStatus="Billable", MarkupInfo={"PercentBased": True, "Percent": 10}
    )
    marked = bookkeeper.update("Bill", there, VendorRef=there["VendorRef"], Line=there["Line"])
    seen = books.seen(BooksKind.BILL, made.id)
    other = attrs.evolve(ITEM_COST, quantity=D(4), amount=D("37.60"))
    change(books, attrs.evolve(bill, lines=(COST, other), total=D("101.80")), seen, bill)
    after = bookkeeper.read("Bill", made.id)
    assert after["Line"][0] == marked["Line"][0]
    assert after["Line"][0][EXPENSE]["BillableStatus"] == "Billable"
    assert after["Line"][0][EXPENSE]["MarkupInfo"]["Percent"] == 10
    assert [line["Id"] for line in after["Line"]] == [line["Id"] for line in marked["Line"]]


def test_a_cost_that_the_bookkeeper_has_billed_stays_billed(books: Connected, bookkeeper: Caller) -> None:
    cost = attrs.evolve(COST, billable=True)
    bill = attrs.evolve(DOCUMENTS["bill"], number="UP-3", lines=(cost, ITEM_COST))
    made = books.write(bill)
    charge = bookkeeper.read("Bill", made.id)["Line"][0]["LinkedTxn"][0]
    line = {"Amount": 70, "DetailType": SALE, SALE: {"ItemRef": {"value": "1"}}, "LinkedTxn": [charge]}
    invoice = {"CustomerRef": {"value": JOB.id}, "Line": [line]}
    bookkeeper.admin("do", action="create", kind="Invoice", body=invoice)
    seen = books.seen(BooksKind.BILL, made.id)
    assert isinstance(seen.document, Bill)
    assert seen.document.lines[0].billed
    other = attrs.evolve(ITEM_COST, quantity=D(4), amount=D("37.60"))
    more = attrs.evolve(bill, lines=(cost, other), total=D("101.80"))
    after = change(books, more, seen, bill)
    last = change(books, attrs.evolve(more, location=None), after, more)
    assert isinstance(last.document, Bill)
    for record in (after, last):
        assert isinstance(record.document, Bill)
        assert (record.document.lines[0].billed, record.document.lines[1].billed) == (True, False)
    assert bookkeeper.read("Bill", made.id)["Line"][0]["LinkedTxn"] == [charge]


@pytest.mark.parametrize(
    ("name", "changes", "member"),
    [
        ("bill", {"location": None, "memo": "No branch"}, "DepartmentRef"),
        ("invoice", {"location": None}, "DepartmentRef"),
        ("payment", {"method": None}, "PaymentMethodRef"),
        ("card", {"payee": None}, "EntityRef"),
    ],
)
def test_a_reference_is_cleared_and_nothing_else_is_lost(
    name: str, changes: dict[str, Any], member: str, books: Connected, bookkeeper: Caller
) -> None:
    document: Any = DOCUMENTS[name]
    if name != "payment":
        document = attrs.evolve(document, number=f"CL-{name}")
    made = books.write(document)
    before = bookkeeper.read(made_as(made), made.id)
    assert member in before
    change(books, attrs.evolve(document, **changes), made, document)
    after = bookkeeper.read(made_as(made), made.id)
    assert member not in after
    left_out = {member, "SyncToken", "MetaData", "PrivateNote", "CurrencyRef"}
    assert after["CurrencyRef"]["value"] == before["CurrencyRef"]["value"]
    assert {k: v for k, v in after.items() if k not in left_out} == {
        k: v for k, v in before.items() if k not in left_out
    }


def made_as(record: BooksRecord) -> str:
    names = {
        BooksKind.BILL: "Bill",
        BooksKind.INVOICE: "Invoice",
        BooksKind.PAYMENT: "Payment",
        BooksKind.EXPENSE: "Purchase",
        BooksKind.CUSTOMER: "Customer",
        BooksKind.VENDOR: "Vendor",
    }
    return names[record.kind]


def test_a_class_goes_from_one_line_only(books: Connected, bookkeeper: Caller) -> None:
    bill = attrs.evolve(
        DOCUMENTS["bill"], number="CL-2", lines=(COST, attrs.evolve(ITEM_COST, class_=COST.class_))
    )
    made = books.write(bill)
    without = attrs.evolve(bill, lines=(attrs.evolve(COST, class_=None), bill.lines[1]))
    change(books, without, made, bill)
    one, two = bookkeeper.read("Bill", made.id)["Line"]
    assert "ClassRef" not in one[EXPENSE]
    assert two["ItemBasedExpenseLineDetail"]["ClassRef"]["value"] == "1"


@pytest.mark.parametrize(
    "party",
    [
        CustomerRecord(name="Terms Customer", terms=TERMS, phone="775-555-0177"),
        VendorRecord(name="Terms Vendor", terms=TERMS, phone="775-555-0177"),
    ],
)
def test_terms_of_a_party_are_cleared(party: Any, books: Connected, bookkeeper: Caller) -> None:
    made = books.write(party)
    noted = bookkeeper.update(made_as(made), bookkeeper.read(made_as(made), made.id), Notes="Dog")
    seen = books.seen(made.kind, made.id)
    change(books, attrs.evolve(party, terms=None), seen, party)
    after = bookkeeper.read(made_as(made), made.id)
    assert not {"SalesTermRef", "TermRef"} & after.keys()
    assert (after["Notes"], after["PrimaryPhone"]) == ("Dog", noted["PrimaryPhone"])


def test_terms_place_and_address_of_an_invoice_are_told_when_ours_change(
    books: Connected, bookkeeper: Caller
) -> None:
    invoice = attrs.evolve(INVOICE, number="OW-1", due_date=DUE, terms=TERMS, email="old@example.com")
    made = books.write(invoice)
    site = Address(line1="9 Elm St", city="Sparks", state="NV", postal_code="89431")
    crew = (CustomValue(name="crew #", value="Seven"),)
    changed = attrs.evolve(
        invoice, terms=ref(BooksKind.TERM, "2"), email="new@example.com", shipping=site, custom=crew
    )
    record = change(books, changed, made, invoice)
    after = bookkeeper.read("Invoice", made.id)
    assert (after["SalesTermRef"]["value"], after["BillEmail"]["Address"]) == ("2", "new@example.com")
    assert (after["ShipAddr"]["Line1"], after["ShipAddr"]["City"]) == ("9 Elm St", "Sparks")
    assert after["CustomField"][0]["StringValue"] == "Seven"
    # What the bookkeeper chooses instead is no difference, and a change of something else leaves it.
    bookkeeper.update("Invoice", after, BillEmail={"Address": "office@example.com"})
    seen = books.seen(BooksKind.INVOICE, made.id)
    assert seen.document is not None
    assert record.document is not None
    assert books.provider.normal(seen.document) == books.provider.normal(record.document)
    change(books, attrs.evolve(changed, memo="Rear door"), seen, changed)
    after = bookkeeper.read("Invoice", made.id)
    assert after["BillEmail"]["Address"] == "office@example.com"
    plain = attrs.evolve(changed, memo="Rear door", terms=None, email="", shipping=None, custom=())
    change(books, plain, books.seen(BooksKind.INVOICE, made.id), attrs.evolve(changed, memo="Rear door"))
    after = bookkeeper.read("Invoice", made.id)
    assert not after.get("BillEmail", {}).get("Address")
    assert not after.get("CustomField", [{}])[0].get("StringValue")
    assert "SalesTermRef" not in after


def test_a_payment_of_nothing_applies_a_credit(books: Connected, bookkeeper: Caller) -> None:
    invoice = books.write(attrs.evolve(INVOICE, number="CR-1"))
    memo: Json = bookkeeper.create(
        "CreditMemo",
        {
            "CustomerRef": {"value": JOB.id},
            "Line": [
                {
                    "Amount": 50,
                    "DetailType": SALE,
                    SALE: {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
                }
            ],
        },
    )
    credit = ref(BooksKind.CREDIT_MEMO, memo["Id"])
    applied = CustomerPayment(
        customer=JOB,
        date=TODAY,
        amount=D("0.00"),
        allocations=(
            Allocation(invoice=invoice.ref, amount=D("50.00")),
            Allocation(invoice=credit, amount=D("-50.00")),
        ),
        deposit_to=account("4"),
        memo="Voided the old way",
    )
    record = books.write(applied)
    assert isinstance(record.document, CustomerPayment)
    assert not record.document.void
    assert set(record.linked) == {invoice.ref, credit}
    assert books.seen(BooksKind.INVOICE, invoice.id).facts["balance"] == "301.79"
    less = attrs.evolve(
        applied,
        allocations=(
            Allocation(invoice=invoice.ref, amount=D("20.00")),
            Allocation(invoice=credit, amount=D("-20.00")),
        ),
    )
    change(books, less, record, applied)
    assert books.seen(BooksKind.INVOICE, invoice.id).facts["balance"] == "331.79"


def test_a_line_of_a_deposit_changes_and_the_others_keep_what_they_are(
    books: Connected, bookkeeper: Caller
) -> None:
    paid = books.write(
        CustomerPayment(customer=CUSTOMER, date=TODAY, amount=D("100.00"), deposit_to=account("4"))
    )
    fee = DepositLine(account=account("57"), amount=D("-2.90"), description="Card fee")
    lines = (DepositLine(payment=paid.ref, amount=D("100.00")), fee)
    deposit = BankDeposit(account=account("1"), date=TODAY, lines=lines, total=D("97.10"))
    made = books.write(deposit)
    there = bookkeeper.read("Deposit", made.id)
    more = attrs.evolve(fee, amount=D("-3.10"))
    change(books, attrs.evolve(deposit, lines=(lines[0], more), total=D("96.90")), made, deposit)
    after = bookkeeper.read("Deposit", made.id)
    assert [line.get("Id") for line in after["Line"]] == [line.get("Id") for line in there["Line"]]
    assert after["Line"][0] == there["Line"][0]


def test_a_journal_line_changes_and_the_others_keep_their_ids(books: Connected, bookkeeper: Caller) -> None:
    journal: Any = attrs.evolve(DOCUMENTS["journal"], number="JL-1")
    made = books.write(journal)
    there = bookkeeper.read("JournalEntry", made.id)
    one, two = journal.lines
    extra = attrs.evolve(two, amount=D("3.00"), description="More")
    change(
        books, attrs.evolve(journal, lines=(attrs.evolve(one, amount=D("36.00")), extra, two)), made, journal
    )
    after = bookkeeper.read("JournalEntry", made.id)
    ids = {line["Description"]: line["Id"] for line in after["Line"] if line.get("Description")}
    assert ids["Use tax"] == there["Line"][1]["Id"]
    assert after["Line"][0]["Id"] == there["Line"][0]["Id"]
    assert len({line["Id"] for line in after["Line"]}) == 3


def test_an_invoice_with_a_deposit_lowers_its_balance(books: Connected) -> None:
    invoice = attrs.evolve(INVOICE, number="DEP-1", deposit=D("100.00"), deposit_to=account("4"))
    record = books.write(invoice)
    assert isinstance(record.document, SalesInvoice)
    assert record.facts["balance"] == "251.79"
    change(books, attrs.evolve(invoice, deposit=D("0.00"), deposit_to=None), record, invoice)
    assert books.seen(BooksKind.INVOICE, record.id).facts["balance"] == "351.79"


def test_a_full_update_leaves_the_tax_to_the_engine_that_computed_it() -> None:
    with connected() as books:
        books.admin("tax", mode="ast")
        books.refresh_profile()
        left_to_them = attrs.evolve(
            INVOICE, number="AST-1", tax_mode=TaxMode.BOOKS, tax=None, total=None, tax_code=None
        )
        made = books.one(Verb.CREATE, document=left_to_them)
        ours = attrs.evolve(INVOICE, number="AST-2", tax_code=None)
        charged = books.write(ours)
        assert isinstance(made, Applied)
        assert made.record is not None
        for record, document in ((made.record, left_to_them), (charged, ours)):
            assert isinstance(record.document, SalesInvoice)
            outcome = books.one(
                Verb.UPDATE,
                document=attrs.evolve(document, location=None),
                target_id=record.id,
                version=record.version,
                previous=books.provider.normal(record.document),
                shown=record.shown,
                told=document,
            )
            assert isinstance(outcome, Applied), outcome
            assert outcome.record is not None
            after = outcome.record.document
            assert isinstance(after, SalesInvoice)
            assert (after.location, after.tax, after.total) == (
                None,
                record.document.tax,
                record.document.total,
            )
