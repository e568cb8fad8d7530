"""What the bookkeeper entered beside ours stays when an update of ours goes out, whatever form the update takes."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import (
    Bill,
    BillPayment,
    CustomValue,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    Settled,
    TaxMode,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile, CustomField, SalesTax, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec import from_qbo, normal, to_qbo
from blueops_qb.providers.qbo.exact_json import dumps, loads
from blueops_qb.sdk.provider import Verb
from tests.qbo_documents import operation

PROFILE = BooksProfile(
    company_id="9130",
    sales_tax=SalesTax.AUTOMATIC,
    class_tracking=Tracking.PER_LINE,
    locations=True,
    custom_fields=(CustomField(name="Crew", id="1"), CustomField(name="PO", id="2")),
)
DAY = dt.date(2026, 1, 2)
SALE, EXPENSE = "SalesItemLineDetail", "AccountBasedExpenseLineDetail"


def ref(kind: BooksKind, id: str) -> BooksRef:
    return BooksRef(kind, id)


ITEM, CUSTOMER, ESTIMATE = (
    ref(BooksKind.ITEM, "1"),
    ref(BooksKind.CUSTOMER, "59"),
    ref(BooksKind.ESTIMATE, "50"),
)
WORK = SalesLine(item=ITEM, description="Repair", amount=D("100.00"))
INVOICE = SalesInvoice(
    customer=CUSTOMER,
    date=DAY,
    number="BO-1",
    lines=(WORK,),
    tax=D("0.00"),
    total=D("100.00"),
    location=ref(BooksKind.LOCATION, "2"),
    terms=ref(BooksKind.TERM, "3"),
    due_date=dt.date(2026, 2, 1),
    custom=(CustomValue(name="PO", value="A-1"),),
)
COST = PurchaseLine(
    account=ref(BooksKind.ACCOUNT, "7"), description="Pipe", amount=D("5.00"), customer=CUSTOMER
)
BILL = Bill(vendor=ref(BooksKind.VENDOR, "4"), date=DAY, lines=(COST,), total=D("5.00"))
CREW = {"DefinitionId": "1", "Name": "Crew", "Type": "StringType", "StringValue": "7"}
HOURS = {"TxnId": "9", "TxnType": "TimeActivity"}


def shown(document: Any, profile: BooksProfile = PROFILE, **more: Any) -> dict[str, Any]:
    """The object that the books show of a document, with what the bookkeeper did to it."""
    body = to_qbo(document, operation(document, marker="x:1.1"), profile)
    total = getattr(document, "total", None) or getattr(document, "amount", D("0.00"))
    raw = {**body, "Id": "77", "SyncToken": "3", "TotalAmt": total, **more}
    for n, line in enumerate(raw["Line"], 1):
        line["Id"] = str(n)
    return raw


def updated(document: Any, told: Any, raw: dict[str, Any], profile: BooksProfile = PROFILE) -> dict[str, Any]:
    """What is posted when BlueOps' document changes from `told` to `document` and the books show `raw`."""
    seen = from_qbo(kind_of(document), loads(dumps(raw)), profile)
    assert seen.document is not None
    op = operation(
        document,
        verb=Verb.UPDATE,
        target_id="77",
        version="3",
        marker="x:1.1",
        previous=normal(seen.document),
        shown=seen.shown,
        told=told,
    )
    return to_qbo(document, op, profile)


@pytest.mark.parametrize(("custom", "value"), [((CustomValue(name="PO", value="A-2"),), "A-2"), ((), "")])
def test_a_full_update_keeps_the_fields_that_only_the_bookkeeper_fills(
    custom: tuple[CustomValue, ...], value: str
) -> None:
    raw = shown(INVOICE)
    raw["CustomField"].append(CREW)
    body = updated(attrs.evolve(INVOICE, location=None, custom=custom), INVOICE, raw)
    assert "sparse" not in body
    assert {row["DefinitionId"]: row["StringValue"] for row in body["CustomField"]} == {"1": "7", "2": value}


@pytest.mark.parametrize("location", [INVOICE.location, None], ids=["sparse", "full"])
@pytest.mark.parametrize(("before", "after"), [(None, ESTIMATE), (ESTIMATE, None)])
def test_a_link_with_an_estimate_comes_and_goes_beside_the_hours(
    before: BooksRef | None, after: BooksRef | None, location: BooksRef | None
) -> None:
    told = attrs.evolve(INVOICE, estimate=before)
    raw = shown(told)
    raw["LinkedTxn"] = [*raw.get("LinkedTxn", []), HOURS]
    body = updated(attrs.evolve(told, estimate=after, location=location), told, raw)
    ours = [] if after is None else [{"TxnId": "50", "TxnType": "Estimate"}]
    assert body["LinkedTxn"] == [HOURS, *ours]


def test_a_new_day_leaves_the_terms_that_the_bookkeeper_gave() -> None:
    raw = shown(INVOICE, SalesTermRef={"value": "5"})
    body = updated(attrs.evolve(INVOICE, date=dt.date(2026, 1, 3)), INVOICE, raw)
    assert {m: body.get(m) for m in ("TxnDate", "DueDate", "SalesTermRef")} == {
        "TxnDate": "2026-01-03",
        "DueDate": "2026-02-01",
        "SalesTermRef": None,
    }


def test_terms_go_along_where_they_alone_say_when_it_is_due() -> None:
    told = attrs.evolve(INVOICE, due_date=None)
    body = updated(attrs.evolve(told, date=dt.date(2026, 1, 3)), told, shown(told, DueDate="2026-02-01"))
    assert (body["TxnDate"], body["SalesTermRef"], "DueDate" in body) == ("2026-01-03", {"value": "3"}, False)


def test_a_product_that_a_new_amount_makes_untrue_is_taken_off_the_line() -> None:
    credit = SalesLine(item=ITEM, description="Credit", amount=D("-50.00"))
    told = attrs.evolve(INVOICE, lines=(WORK, credit), total=D("50.00"))
    raw = shown(told)
    raw["Line"][1][SALE].update(Qty=-1, UnitPrice=50, ServiceDate="2026-01-01")
    less = attrs.evolve(told, lines=(WORK, attrs.evolve(credit, amount=D("-60.00"))), total=D("40.00"))
    line = updated(less, told, raw)["Line"][1]
    assert line["Amount"] == D("-60.00")
    assert {m: line[SALE].get(m) for m in ("Qty", "UnitPrice", "ServiceDate")} == {
        "Qty": None,
        "UnitPrice": None,
        "ServiceDate": "2026-01-01",
    }


def test_a_discount_on_a_line_stays_with_its_product_when_the_words_change() -> None:
    raw = shown(INVOICE)
    raw["Line"][0][SALE].update(Qty=2, UnitPrice=D("55.56"), DiscountRate=D(10))
    other = attrs.evolve(INVOICE, lines=(attrs.evolve(WORK, description="Other"),))
    (line,) = updated(other, INVOICE, raw)["Line"]
    assert line == {**raw["Line"][0], "Description": "Other"}


def test_a_cost_of_no_job_is_not_left_marked_for_billing() -> None:
    raw = shown(BILL)
    raw["Line"][0][EXPENSE].update(
        BillableStatus="Billable", MarkupInfo={"PercentBased": True, "Percent": 10}
    )
    nobody = attrs.evolve(BILL, lines=(attrs.evolve(COST, customer=None),))
    (line,) = updated(nobody, BILL, raw)["Line"]
    assert line[EXPENSE] == {"AccountRef": {"value": "7"}, "BillableStatus": "NotBillable"}


def test_words_that_quickbooks_took_from_the_item_stay_when_another_line_changes() -> None:
    silent = attrs.evolve(WORK, description="", line_id="a")
    told = attrs.evolve(INVOICE, lines=(silent, attrs.evolve(WORK, line_id="b")), total=D("200.00"))
    raw = shown(told)
    raw["Line"][0]["Description"] = "Labour per hour"
    changed = attrs.evolve(told, lines=(silent, attrs.evolve(WORK, line_id="b", description="Other")))
    one, two = updated(changed, told, raw)["Line"]
    assert (one["Description"], two["Description"]) == ("Labour per hour", "Other")
    cleared = attrs.evolve(told, lines=(silent, attrs.evolve(WORK, line_id="b", description="")))
    one, two = updated(cleared, told, raw)["Line"]
    assert (one["Description"], "Description" in two) == ("Labour per hour", False)


@pytest.mark.parametrize(
    ("document", "profile", "more"),
    [
        (
            attrs.evolve(INVOICE, tax_mode=TaxMode.BOOKS, tax=None, total=None),
            PROFILE,
            {"TotalAmt": D("108.25"), "TxnTaxDetail": {"TotalTax": D("8.25")}},
        ),
        (
            attrs.evolve(INVOICE, lines=(attrs.evolve(WORK, class_=ref(BooksKind.CLASS, "1")),)),
            attrs.evolve(PROFILE, class_tracking=Tracking.OFF),
            {},
        ),
        (
            attrs.evolve(INVOICE, lines=(attrs.evolve(WORK, taxable=True),)),
            attrs.evolve(PROFILE, sales_tax=SalesTax.OFF),
            {},
        ),
        (
            attrs.evolve(INVOICE, lines=(attrs.evolve(WORK, description=""),)),
            PROFILE,
            {"Line": [{**shown(INVOICE)["Line"][0], "Description": "Labour per hour"}]},
        ),
    ],
    ids=["the books' own tax", "no classes", "no sales tax", "the item's words"],
)
def test_a_new_memo_names_no_line_whatever_the_books_decide_or_drop(
    document: Any, profile: BooksProfile, more: dict[str, Any]
) -> None:
    raw = shown(document, profile, **more)
    body = updated(attrs.evolve(document, memo="New"), document, raw, profile)
    assert body.keys() == {"Id", "SyncToken", "sparse", "PrivateNote"}
    assert updated(document, document, raw, profile).keys() == {"Id", "SyncToken", "sparse"}


@pytest.mark.parametrize(("percent", "kept"), [(D("8.5"), True), (D(9), False)])
def test_a_percentage_is_of_what_is_sold_without_shipping_and_subtotals(percent: D, kept: bool) -> None:
    told = attrs.evolve(
        INVOICE, discount=D("8.50"), discount_account=ref(BooksKind.ACCOUNT, "86"), total=D("91.50")
    )
    raw = shown(told)
    work, off = raw["Line"]
    off["DiscountLineDetail"].update(PercentBased=True, DiscountPercent=percent)
    words = {
        "DetailType": "DescriptionOnly",
        "Description": "Subtotal: 100.00",
        "Amount": D("100.00"),
        "Id": "8",
    }
    freight = {
        "DetailType": SALE,
        "Amount": D("9.00"),
        SALE: {"ItemRef": {"value": "SHIPPING_ITEM_ID"}},
        "Id": "9",
    }
    raw["Line"] = [work, words, off, freight]
    seen = from_qbo(BooksKind.INVOICE, raw, PROFILE).document
    assert isinstance(seen, SalesInvoice)
    first, *rest = seen.lines
    changed = attrs.evolve(seen, lines=(attrs.evolve(first, description="Other"), *rest))
    detail = updated(changed, seen, raw)["Line"][-1]["DiscountLineDetail"]
    assert (detail["PercentBased"], "DiscountPercent" in detail) == (kept, kept)


def test_a_cheque_that_waits_to_be_printed_still_does_after_its_bank_changed() -> None:
    bank = ref(BooksKind.ACCOUNT, "1")
    told = BillPayment(
        vendor=ref(BooksKind.VENDOR, "4"),
        date=DAY,
        amount=D("5.00"),
        settles=(Settled(document=ref(BooksKind.BILL, "8"), amount=D("5.00")),),
        account=bank,
    )
    raw = shown(told)
    raw["CheckPayment"]["PrintStatus"] = "NEED_TO_PRINT"
    body = updated(attrs.evolve(told, account=ref(BooksKind.ACCOUNT, "2")), told, raw)
    assert body["CheckPayment"] == {"PrintStatus": "NeedToPrint", "BankAccountRef": {"value": "2"}}
