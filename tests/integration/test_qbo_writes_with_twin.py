"""Every kind of write of the QuickBooks Online provider, and its refusals, against the twin."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import (
    Allocation,
    BankDeposit,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    SalesInvoice,
    SalesLine,
    TaxMode,
    VendorRecord,
)
from blueops_qb.domain.profile import SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import (
    Applied,
    Found,
    Gone,
    Refused,
    Why,
)
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from tests.qbo_plumbing import (
    COST,
    CUSTOMER,
    DOCUMENTS,
    INVOICE,
    ITEM_COST,
    JOB,
    PIPE,
    TODAY,
    account,
    ref,
)
from tests.qbo_twin import Connected, connected


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        connection.refresh_profile()
        yield connection


def test_the_catalog_comes_in_one_call_with_profile_and_facts(books: Connected) -> None:
    outcome = books.one(Verb.CATALOG)
    assert isinstance(outcome, Found)
    assert outcome.complete
    assert outcome.profile is not None
    assert outcome.profile.class_tracking is Tracking.PER_LINE
    assert outcome.profile.sales_tax is SalesTax.MANUAL
    by_ref = {record.ref: record for record in outcome.records}
    assert by_ref[account("1")].facts["account_type"] == "Bank"
    assert by_ref[PIPE].facts["item_type"] == "NonInventory"
    assert by_ref[ref(BooksKind.TERM, "3")].facts["due_days"] == "30"
    assert {record.kind for record in outcome.records} >= {
        BooksKind.COMPANY,
        BooksKind.CLASS,
        BooksKind.LOCATION,
        BooksKind.TAX_CODE,
        BooksKind.TAX_RATE,
        BooksKind.PAYMENT_METHOD,
    }


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_what_is_created_comes_back_as_sent(name: str, books: Connected) -> None:
    document = DOCUMENTS[name]
    if isinstance(document, CustomerRecord | VendorRecord):
        document = attrs.evolve(document, name=f"{document.name} created")
    elif not isinstance(document, CustomerPayment | BankDeposit):
        document = attrs.evolve(document, number=f"C-{name}")
    record = books.write(document)
    seen = books.seen(record.kind, record.id)
    assert seen.document is not None
    assert record.document is not None
    assert books.provider.normal(seen.document) == books.provider.normal(record.document)
    if not isinstance(document, CustomerRecord | VendorRecord):
        assert seen.marker == "test:1.1"


CHANGES: dict[str, dict[str, Any]] = {
    "customer": {"phone": "775-555-0199", "company": "Hill LLC"},
    "vendor": {"is_1099": False, "account_number": ""},
    "invoice": {"lines": (*reversed(INVOICE.lines[:2]), INVOICE.lines[2]), "memo": ""},
    "payment": {"amount": D("50.00"), "memo": "Corrected"},
    "bill": {"lines": (ITEM_COST,), "total": D("28.20")},
    "card": {"lines": (COST, COST), "total": D("128.40")},
    "check": {"number": "4712"},
    "journal": {"memo": "Corrected", "date": TODAY - dt.timedelta(days=1)},
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_what_is_updated_comes_back_as_sent(name: str, books: Connected) -> None:
    document: Any = DOCUMENTS[name]
    if isinstance(document, CustomerRecord | VendorRecord):
        document = attrs.evolve(document, name=f"{document.name} updated")
    elif name != "check" and hasattr(document, "number"):
        document = attrs.evolve(document, number=f"U-{name}")
    record = books.write(document)
    changed = attrs.evolve(document, **CHANGES[name])
    after = books.write(changed, target_id=record.id, version=record.version, previous=record.document)
    assert (after.id, int(after.version)) == (record.id, int(record.version) + 1)


@pytest.mark.parametrize("name", ["invoice", "payment", "bill", "card", "check", "journal"])
def test_an_edit_of_the_memo_leaves_the_lines_to_the_books(name: str, books: Connected) -> None:
    document: Any = DOCUMENTS[name]
    if name != "payment":
        document = attrs.evolve(document, number=f"M-{name}")
    record = books.write(document)
    assert record.document is not None
    previous = books.provider.normal(record.document)  # what the engine keeps
    changed = attrs.evolve(document, memo="Rear entrance")
    after = books.write(changed, target_id=record.id, version=record.version, previous=previous)
    assert isinstance(after.document, type(document))
    assert getattr(after.document, "lines", ()) == getattr(record.document, "lines", ())
    assert after.facts.get("total") == record.facts.get("total")


def test_a_reference_is_not_half_cleared_where_the_record_is_not_known(books: Connected) -> None:
    bill = attrs.evolve(DOCUMENTS["bill"], number="R-bill")
    record = books.write(bill)
    change = attrs.evolve(bill, location=None, memo="Half")
    op = Operation(
        id="1",
        verb=Verb.UPDATE,
        kind=BooksKind.BILL,
        document=change,
        target_id=record.id,
        version=record.version,
        previous=record.document,
    )
    with pytest.raises(Unencodable, match="the location, which QuickBooks Online clears only"):
        books.do(op)
    assert books.seen(BooksKind.BILL, record.id).version == record.version


@pytest.mark.parametrize("name", ["bill", "card", "journal"])
def test_what_has_no_void_is_deleted(name: str, books: Connected) -> None:
    document: Any = attrs.evolve(DOCUMENTS[name], number=f"D-{name}")
    record = books.write(document)
    removed = books.one(Verb.WITHDRAW, record.kind, target_id=record.id, version=record.version)
    assert isinstance(removed, Applied)
    assert removed.record is None
    assert isinstance(books.read(record.kind, record.id), Gone)


def test_a_void_keeps_number_and_marker_and_is_zero(books: Connected) -> None:
    invoice = attrs.evolve(INVOICE, number="V-1")
    record = books.write(invoice)
    voided = books.one(Verb.WITHDRAW, record.kind, target_id=record.id, version=record.version)
    assert isinstance(voided, Applied)
    assert voided.record is not None
    assert voided.record.document is not None
    assert voided.record.marker == "test:1.1"
    assert books.provider.normal(voided.record.document) == books.provider.normal(
        attrs.evolve(invoice, void=True)
    )


def test_a_vendor_is_set_inactive_and_found_by_name_still(books: Connected) -> None:
    record = books.write(VendorRecord(name="Short Lived Ltd"))
    removed = books.one(Verb.WITHDRAW, BooksKind.VENDOR, target_id=record.id, version=record.version)
    assert isinstance(removed, Applied)
    assert removed.record is not None
    assert (removed.record.name, removed.record.active) == ("Short Lived Ltd", False)
    found = books.one(Verb.FIND, params={"by": "name", "name": "short lived ltd"})
    assert isinstance(found, Found)
    assert [hit.ref for hit in found.records] == [ref(BooksKind.VENDOR, record.id)]


def test_a_payment_settles_invoices_and_can_be_taken_back(books: Connected) -> None:
    one = books.write(attrs.evolve(INVOICE, number="P-1"))
    two = books.write(attrs.evolve(INVOICE, number="P-2"))
    payment = CustomerPayment(
        customer=JOB,
        date=TODAY,
        amount=D("600.00"),
        allocations=(
            Allocation(invoice=two.ref, amount=D("150.00")),
            Allocation(invoice=one.ref, amount=D("351.79")),
        ),
        deposit_to=account("4"),
    )
    record = books.write(payment)
    assert record.facts["unapplied"] == "98.21"
    settled = books.seen(BooksKind.INVOICE, one.id)
    assert settled.facts["balance"] == "0.00"
    assert settled.linked == (record.ref,)
    refused = books.one(Verb.WITHDRAW, BooksKind.INVOICE, target_id=one.id, version=settled.version)
    assert isinstance(refused, Refused)
    assert refused.why is Why.FROZEN
    less = attrs.evolve(payment, allocations=payment.allocations[:1])
    after = books.write(less, target_id=record.id, version=record.version, previous=record.document)
    assert books.seen(BooksKind.INVOICE, one.id).linked == ()
    voided = books.one(Verb.WITHDRAW, BooksKind.PAYMENT, target_id=record.id, version=after.version)
    assert isinstance(voided, Applied)
    assert voided.record is not None
    assert voided.record.document is not None
    assert books.provider.normal(voided.record.document) == books.provider.normal(
        attrs.evolve(payment, void=True)
    )


def test_a_deposited_payment_is_frozen(books: Connected) -> None:
    paid = books.write(
        CustomerPayment(customer=CUSTOMER, date=TODAY, amount=D("100.00"), deposit_to=account("4"))
    )
    deposit = BankDeposit(
        account=account("1"),
        date=TODAY,
        lines=(
            DepositLine(payment=paid.ref, amount=D("100.00")),
            DepositLine(account=account("57"), amount=D("-2.90"), description="Card fee"),
        ),
        total=D("97.10"),
    )
    record = books.write(deposit)
    assert record.linked == (paid.ref,)
    frozen = books.seen(BooksKind.PAYMENT, paid.id)
    assert frozen.linked == (record.ref,)
    refused = books.one(Verb.WITHDRAW, BooksKind.PAYMENT, target_id=paid.id, version=frozen.version)
    assert isinstance(refused, Refused)
    assert (refused.why, refused.code) == (Why.FROZEN, "6540")
    assert "deposit" in refused.remedy


def test_a_batch_carries_thirty_and_tells_them_apart(books: Connected) -> None:
    ops = [
        Operation(
            id=f"op{n}",
            verb=Verb.CREATE,
            kind=BooksKind.INVOICE,
            document=attrs.evolve(INVOICE, number="BATCH-1" if n == 7 else f"BATCH-{n}"),
        )
        for n in range(30)
    ]
    outcomes = books.do(*ops)
    assert isinstance(outcomes[7], Refused)
    assert outcomes[7].why is Why.NUMBER_TAKEN
    assert sum(isinstance(outcome, Applied) for outcome in outcomes) == 29
    for n, outcome in enumerate(outcomes):
        if isinstance(outcome, Applied):
            assert outcome.record is not None
            assert outcome.record.name == f"BATCH-{n}"
            assert outcome.reference


def test_the_same_bytes_twice_write_once(books: Connected) -> None:
    exchange = books.envelope(
        Operation(
            id="1", verb=Verb.CREATE, document=attrs.evolve(INVOICE, number="TWICE"), marker="invoice:9.1"
        )
    )
    first, second = (books.decode(exchange, books.send(exchange))[0] for _ in range(2))
    assert isinstance(first, Applied)
    assert first.record is not None
    assert isinstance(second, Applied)
    assert second.record == first.record


def test_quickbooks_own_tax_comes_back_in_mode_a() -> None:
    with connected() as books:
        books.admin("tax", mode="ast")
        books.refresh_profile()
        assert books.profile.sales_tax is SalesTax.AUTOMATIC
        mode_a = attrs.evolve(INVOICE, tax_mode=TaxMode.BOOKS, tax=None, total=None, tax_code=None)
        outcome = books.one(Verb.CREATE, document=mode_a)
        assert isinstance(outcome, Applied)
        assert outcome.record is not None
        shown = outcome.record.document
        assert isinstance(shown, SalesInvoice)
        assert shown.tax is not None
        assert shown.tax > 0
        books.write(attrs.evolve(INVOICE, number="BO-B", tax_code=None))  # and our own is honoured in mode B


def test_without_sales_tax_a_line_carries_it() -> None:
    with connected() as books:
        books.admin("tax", mode="off")
        books.refresh_profile()
        tax = SalesLine(item=ref(BooksKind.ITEM, "10"), description="Sales tax", amount=D("4.69"))
        lines = (*INVOICE.lines[:3], tax)
        books.write(attrs.evolve(INVOICE, lines=lines, tax_mode=TaxMode.NONE, tax=D("0.00"), tax_code=None))


def test_numbers_of_quickbooks_own_do_not_differ_from_ours() -> None:
    with connected() as books:
        books.admin("preferences", **{"SalesFormsPrefs.CustomTxnNumbers": False})
        books.refresh_profile()
        record = books.write(INVOICE)
        assert record.facts["number"] not in ("", "BO-1")
