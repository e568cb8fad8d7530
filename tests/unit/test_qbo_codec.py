"""What is written to QuickBooks Online and read back is the same document, seen through the lens."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import assume, given

from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    CustomerRecord,
    CustomValue,
    Document,
    SalesForm,
    SalesInvoice,
    SalesLine,
    TaxMode,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile, CustomField, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.providers.qbo.codec import Unfit, from_qbo, kept, normal, profile_of, removal_body, to_qbo
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Verb
from tests.qbo_documents import DOCUMENTS, PROFILES, operation
from tests.qbo_echo import Echo

PROFILE = BooksProfile(company_id="9130", sales_tax=SalesTax.AUTOMATIC, class_tracking=Tracking.PER_LINE)
CUSTOMER, ITEM, ACCOUNT = (
    BooksRef(BooksKind.CUSTOMER, "59"),
    BooksRef(BooksKind.ITEM, "12"),
    BooksRef(BooksKind.ACCOUNT, "86"),
)
DAY = dt.date(2026, 1, 2)
INVOICE = SalesInvoice(
    customer=CUSTOMER,
    date=DAY,
    number="BO-10023",
    due_date=dt.date(2026, 2, 1),
    lines=(
        SalesLine(item=ITEM, description="Repair", quantity=D(2), unit_price=D(120), amount=D("240.00")),
        SalesLine(item=ITEM, description="Valve kit", amount=D("85.50"), taxable=True),
    ),
    discount=D("10.00"),
    discount_account=ACCOUNT,
    tax=D("6.84"),
    total=D("322.34"),
)


def written(document: Document, profile: BooksProfile = PROFILE, **values: Any) -> dict[str, Any]:
    return to_qbo(document, operation(document, **values), profile)


def read_back(document: Document, profile: BooksProfile, body: dict[str, Any]) -> BooksRecord:
    kind = kind_of(document)
    return from_qbo(kind, Echo(profile).show(kind, body), profile)


def writable(document: Document, profile: BooksProfile) -> bool:
    taxed = isinstance(document, SalesForm) and bool(document.tax)
    return not (taxed and profile.sales_tax is SalesTax.OFF)


@given(DOCUMENTS, PROFILES)
def test_a_document_written_and_read_back_is_what_was_sent(document: Document, profile: BooksProfile) -> None:
    assume(writable(document, profile))
    body = to_qbo(document, operation(document, marker="invoice:1041.1"), profile)
    record = read_back(document, profile, body)
    assert record.document is not None
    sent, shown = normal(kept(document, profile)), normal(record.document)
    if isinstance(sent, SalesForm) and sent.tax is None and isinstance(shown, SalesForm):
        # Mode A: tax and total are QuickBooks' to say.
        shown = attrs.evolve(
            shown, tax=None, total=None, tax_code=sent.tax_code, discount_before_tax=sent.discount_before_tax
        )
    assert shown == sent
    assert wire.dump_document(shown) == wire.dump_document(sent)  # the digest, too, is equal


@given(DOCUMENTS)
def test_looking_twice_through_the_lens_changes_nothing(document: Document) -> None:
    once = normal(document)
    assert normal(once) == once
    assert wire.dump_document(normal(once)) == wire.dump_document(once)


@given(DOCUMENTS, PROFILES)
def test_money_is_never_a_binary_fraction(document: Document, profile: BooksProfile) -> None:
    assume(writable(document, profile))

    def floats(value: Any) -> bool:
        if isinstance(value, dict):
            return any(floats(member) for member in value.values())
        return (
            any(floats(member) for member in value) if isinstance(value, list) else isinstance(value, float)
        )

    assert not floats(to_qbo(document, operation(document), profile))


def test_an_invoice_as_it_is_sent() -> None:
    assert written(INVOICE, marker="invoice:1041.1") == {
        "CustomerRef": {"value": "59"},
        "TxnDate": "2026-01-02",
        "DocNumber": "BO-10023",
        "DueDate": "2026-02-01",
        "EmailStatus": "NotSet",
        "PrivateNote": "[BO:invoice:1041.1]",
        "ApplyTaxAfterDiscount": True,
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": D("240.00"),
                "Description": "Repair",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "12"},
                    "Qty": D(2),
                    "UnitPrice": D(120),
                    "TaxCodeRef": {"value": "NON"},
                },
            },
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": D("85.50"),
                "Description": "Valve kit",
                "SalesItemLineDetail": {"ItemRef": {"value": "12"}, "TaxCodeRef": {"value": "TAX"}},
            },
            {
                "DetailType": "DiscountLineDetail",
                "Amount": D("10.00"),
                "DiscountLineDetail": {"PercentBased": False, "DiscountAccountRef": {"value": "86"}},
            },
        ],
        "TxnTaxDetail": {"TotalTax": D("6.84")},
    }


def test_without_sales_tax_nothing_about_tax_is_sent() -> None:
    body = written(attrs.evolve(INVOICE, tax=D(0)), attrs.evolve(PROFILE, sales_tax=SalesTax.OFF))
    assert "TxnTaxDetail" not in body
    assert "ApplyTaxAfterDiscount" not in body
    assert all("TaxCodeRef" not in line.get("SalesItemLineDetail", {}) for line in body["Line"])


def test_where_quickbooks_computes_the_tax_no_amount_is_sent() -> None:
    body = written(attrs.evolve(INVOICE, tax_mode=TaxMode.BOOKS, tax=None, total=None))
    assert "TxnTaxDetail" not in body


def test_where_tax_is_a_line_every_line_is_untaxed() -> None:
    body = written(attrs.evolve(INVOICE, tax_mode=TaxMode.NONE))
    codes = [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in body["Line"][:2]]
    assert codes == ["NON", "NON"]
    assert body["TxnTaxDetail"] == {"TotalTax": D("0.00")}


def test_a_tax_that_quickbooks_would_drop_is_refused_in_words() -> None:
    with pytest.raises(Unfit, match="switched off"):
        written(INVOICE, attrs.evolve(PROFILE, sales_tax=SalesTax.OFF))


def test_no_number_is_sent_when_quickbooks_counts_itself() -> None:
    profile = attrs.evolve(PROFILE, custom_numbers=False)
    assert "DocNumber" not in written(INVOICE, profile)
    sent = kept(INVOICE, profile)
    assert isinstance(sent, SalesInvoice)
    assert sent.number == ""


def test_a_product_that_would_not_match_the_amount_is_not_sent() -> None:
    line = SalesLine(item=ITEM, quantity=D(3), unit_price=D("33.33"), amount=D("100.00"))
    detail = written(attrs.evolve(INVOICE, lines=(line,)))["Line"][0]["SalesItemLineDetail"]
    assert not {"Qty", "UnitPrice"} & detail.keys()


def test_a_payment_without_allocations_says_so_with_an_empty_list() -> None:
    payment = CustomerPayment(customer=CUSTOMER, date=DAY, amount=D("5.00"))
    assert written(payment)["Line"] == []


def test_allocations_to_one_invoice_are_added_up() -> None:
    invoice = BooksRef(BooksKind.INVOICE, "145")
    parts = (Allocation(invoice=invoice, amount=D("1.10")), Allocation(invoice=invoice, amount=D("2.20")))
    payment = CustomerPayment(customer=CUSTOMER, date=DAY, amount=D("5.00"), allocations=parts)
    assert written(payment)["Line"] == [
        {"Amount": D("3.30"), "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}
    ]


def test_a_long_reference_is_derived_the_same_every_time() -> None:
    payment = CustomerPayment(
        customer=CUSTOMER, date=DAY, amount=D("5.00"), reference="pi_3NabcdefghijklmnopqrstuvwX"
    )
    number = written(payment)["PaymentRefNum"]
    assert len(number) == 21
    assert number.startswith("pi_3Nabcdefg~")
    other = attrs.evolve(payment, reference="pi_3NabcdefghijklmnopqrstuvwY")
    assert written(other)["PaymentRefNum"] != number


def test_a_job_is_a_sub_customer_that_is_billed_itself() -> None:
    body = written(CustomerRecord(name="Boiler", parent=CUSTOMER))
    assert (body["Job"], body["ParentRef"], body["BillWithParent"]) == (True, {"value": "59"}, False)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (BooksKind.INVOICE, ("update", "void", {"Id": "1", "SyncToken": "2", "sparse": True})),
        (BooksKind.PAYMENT, ("update", "void", {"Id": "1", "SyncToken": "2", "sparse": True})),
        (BooksKind.BILL, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.EXPENSE, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.JOURNAL, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.SALES_RECEIPT, ("update", "void", {"Id": "1", "SyncToken": "2", "sparse": True})),
        (BooksKind.BILL_PAYMENT, ("update", "void", {"Id": "1", "SyncToken": "2", "sparse": True})),
        (BooksKind.ESTIMATE, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.CREDIT_MEMO, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.REFUND_RECEIPT, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.VENDOR_CREDIT, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.PURCHASE_ORDER, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.DEPOSIT, ("delete", "", {"Id": "1", "SyncToken": "2"})),
        (BooksKind.VENDOR, ("update", "", {"Id": "1", "SyncToken": "2", "sparse": True, "Active": False})),
    ],
)
def test_each_kind_is_removed_in_its_own_way(kind: BooksKind, expected: tuple[Any, ...]) -> None:
    op = operation(verb=Verb.WITHDRAW, kind=kind, target_id="1", version="2")
    assert removal_body(op, kind) == expected


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (attrs.evolve(INVOICE, number="BO-" + "9" * 30), "21"),
        (attrs.evolve(INVOICE, customer=RecordRef(RecordKind.CUSTOMER, "1")), "customer:1"),
        (attrs.evolve(INVOICE, lines=()), "no lines"),
        (attrs.evolve(INVOICE, lines=(SalesLine(description="x", amount=D("1.00")),)), "no item"),
        (attrs.evolve(INVOICE, currency="CAD"), "CAD"),
        (CustomerRecord(name="A:B"), "colon"),
        (CustomerRecord(name=" "), "empty"),
        (CustomerRecord(name="A", phone="1" * 31), "30"),
        (CustomerPayment(customer=CUSTOMER, date=DAY, amount=D("1.005")), "cent"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(document: Document, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        written(document)


def test_a_switched_off_discount_is_refused_in_words() -> None:
    with pytest.raises(Unfit, match="discounts are switched off"):
        written(INVOICE, attrs.evolve(PROFILE, allows_discount=False))


def test_a_void_is_recognised_by_its_note_and_zero_total() -> None:
    obj = Echo(PROFILE, version=2).show(BooksKind.INVOICE, written(INVOICE, marker="invoice:1.1"))
    note = f"Voided - {obj['PrivateNote']}"
    zeroed = [{**line, "Amount": 0} for line in obj["Line"]]
    obj.update({"TotalAmt": 0, "Balance": 0, "PrivateNote": note, "Line": zeroed, "TxnTaxDetail": {}})
    record = from_qbo(BooksKind.INVOICE, obj, PROFILE)
    assert isinstance(record.document, SalesInvoice)
    assert record.document.void
    assert record.marker == "invoice:1.1"
    assert normal(record.document) == normal(attrs.evolve(INVOICE, void=True))


def test_a_void_word_in_a_memo_alone_is_no_void() -> None:
    obj = Echo(PROFILE).show(BooksKind.INVOICE, written(attrs.evolve(INVOICE, memo="Voided cheque attached")))
    record = from_qbo(BooksKind.INVOICE, obj, PROFILE)
    assert isinstance(record.document, SalesInvoice)
    assert not record.document.void


def test_an_inactive_name_is_read_without_its_suffix() -> None:
    record = from_qbo(BooksKind.VENDOR, {"Id": "3", "DisplayName": "Acme (deleted)", "Active": False})
    assert (record.name, record.active) == ("Acme", False)


def test_links_and_facts_are_kept_beside_the_document() -> None:
    obj = {
        "Id": "231",
        "SyncToken": 4,
        "CustomerRef": {"value": "59"},
        "TxnDate": "2026-01-05",
        "TotalAmt": D("80.0"),
        "UnappliedAmt": 0,
        "Line": [
            {"Amount": 100, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]},
            {"Amount": 20, "LinkedTxn": [{"TxnId": "12", "TxnType": "CreditMemo"}]},
        ],
        "LinkedTxn": [{"TxnId": "300", "TxnType": "Deposit"}],
    }
    record = from_qbo(BooksKind.PAYMENT, obj)
    assert record.version == "4"
    assert record.linked == (
        BooksRef(BooksKind.DEPOSIT, "300"),
        BooksRef(BooksKind.INVOICE, "145"),
        BooksRef(BooksKind.CREDIT_MEMO, "12"),
    )
    assert record.facts["other_links"] == "CreditMemo:12=20.00"
    assert isinstance(record.document, CustomerPayment)
    assert record.document.allocations == (
        Allocation(invoice=BooksRef(BooksKind.INVOICE, "145"), amount=D("100.00")),
        Allocation(invoice=BooksRef(BooksKind.CREDIT_MEMO, "12"), amount=D("-20.00")),
    )


def test_bundles_are_read_as_their_components_and_subtotals_are_dropped() -> None:
    component = {
        "Id": "3",
        "Amount": 7,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "5"}},
    }
    obj = {
        "Id": "1",
        "CustomerRef": {"value": "59"},
        "TxnDate": "2026-01-02",
        "TotalAmt": 7,
        "Line": [
            {"Amount": 7, "DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": [component]}},
            {"Amount": 7, "DetailType": "SUB_TOTAL_LINE_DETAIL", "SubTotalLineDetail": {}},
        ],
    }
    record = from_qbo(BooksKind.INVOICE, obj, PROFILE)
    assert isinstance(record.document, SalesInvoice)
    assert [line.amount for line in record.document.lines] == [D("7.00")]


def test_an_object_that_cannot_be_understood_has_no_document_and_says_why() -> None:
    record = from_qbo(BooksKind.INVOICE, {"Id": "1", "SyncToken": "0", "TxnDate": "someday"})
    assert record.document is None
    assert "unreadable" in record.facts


def test_fields_of_the_companys_own_are_known_by_name_where_they_are_switched_on() -> None:
    rows = [
        {
            "CustomField": [
                {"Name": "SalesFormsPrefs.UseSalesCustom1", "Type": "BooleanType", "BooleanValue": True},
                {"Name": "SalesFormsPrefs.UseSalesCustom2", "Type": "BooleanType", "BooleanValue": False},
            ]
        },
        {
            "CustomField": [
                {"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Crew #"},
                {"Name": "SalesFormsPrefs.SalesCustomName2", "Type": "StringType", "StringValue": "Old"},
            ]
        },
    ]
    profile = profile_of("9130", {}, {"SalesFormsPrefs": {"CustomField": rows}})
    assert profile.custom_fields == (CustomField(name="Crew #", id="1"),)
    custom = (CustomValue(name="CREW #", value="7"), CustomValue(name="Old", value="x"))
    body = written(
        attrs.evolve(INVOICE, custom=custom), attrs.evolve(PROFILE, custom_fields=profile.custom_fields)
    )
    assert body["CustomField"] == [
        {"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "7"}
    ]
    assert "CustomField" not in written(attrs.evolve(INVOICE, custom=custom))


def test_a_payment_of_nothing_that_applies_a_credit_is_not_void_whatever_its_note_says() -> None:
    obj: dict[str, Any] = {
        "Id": "231",
        "CustomerRef": {"value": "59"},
        "TxnDate": "2026-01-05",
        "TotalAmt": 0,
        "PrivateNote": "Voided - Voided",
        "Line": [
            {"Amount": 20, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]},
            {"Amount": 20, "LinkedTxn": [{"TxnId": "12", "TxnType": "CreditMemo"}]},
        ],
    }
    record = from_qbo(BooksKind.PAYMENT, obj)
    assert isinstance(record.document, CustomerPayment)
    assert (record.document.void, len(record.document.allocations)) == (False, 2)
    gone = from_qbo(BooksKind.PAYMENT, {**obj, "Line": []}).document
    assert isinstance(gone, CustomerPayment)
    assert gone.void


# -- who changed it --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ({"value": "9341450608152017", "name": " Rita Book "}, "Rita Book"),
        ({"value": "9341450608152017"}, "user 9341450608152017"),
        ({}, None),
        (None, None),
        ("Rita", None),
    ],
)
def test_who_changed_it_last_is_told_where_an_answer_names_him(ref: Any, told: str | None) -> None:
    meta = {"CreateTime": "2026-01-02T03:04:05-08:00", "LastUpdatedTime": "2026-01-02T04:04:05-08:00"}
    obj = {"Id": "59", "SyncToken": "1", "DisplayName": "Ann Lee", "MetaData": meta}
    record = from_qbo(BooksKind.CUSTOMER, {**obj, "MetaData": {**meta, "LastModifiedByRef": ref}})
    assert record.facts.get("changed_by") == told
    assert record.updated_at == dt.datetime(2026, 1, 2, 12, 4, 5, tzinfo=dt.UTC)
    plain = from_qbo(BooksKind.CUSTOMER, obj)
    assert "changed_by" not in plain.facts
    assert plain.document == record.document
