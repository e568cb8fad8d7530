"""Answers of QuickBooks in an unexpected form are read as far as they go, and one bad record spoils no other."""

import datetime as dt
import json
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import (
    CustomerRecord,
    ExpenseDocument,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    VendorRecord,
)
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec import from_qbo, normal, to_qbo
from blueops_qb.providers.qbo.codec.members import note, split_note, words
from blueops_qb.providers.qbo.envelopes import decode_exchange
from blueops_qb.providers.qbo.exact_json import dumps
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.sdk.outcomes import Applied, Found
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from tests.qbo_documents import operation

PROFILE = BooksProfile(company_id="9130", sales_tax=SalesTax.AUTOMATIC)
DAY = dt.date(2025, 12, 31)
INVOICE = SalesInvoice(
    customer=BooksRef(BooksKind.CUSTOMER, "59"),
    date=DAY,
    number="BO-1",
    lines=(SalesLine(item=BooksRef(BooksKind.ITEM, "1"), description="Repair", amount=D("100.00")),),
    tax=D("0.00"),
    total=D("100.00"),
    memo="Voided warranty, done again",
)


def raw(document: Any = INVOICE, **more: Any) -> dict[str, Any]:
    body = to_qbo(document, operation(document, marker="x:1.1"), PROFILE)
    return {**body, "Id": "77", "SyncToken": "3", "TotalAmt": getattr(document, "total", D(0)), **more}


BAD: dict[str, dict[str, Any]] = {
    "a number in words": {"TotalAmt": "1,234.00"},
    "a link that is none": {"LinkedTxn": ["9"]},
    "lines that are no list": {"Line": "none"},
    "a day that is none": {"TxnDate": "31.12.2025"},
    "a reference that is none": {"CustomerRef": "59"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_unreadable_record_of_a_batch_leaves_the_others_readable(bad: dict[str, Any]) -> None:
    operations = tuple(Operation(id=n, verb=Verb.CREATE, document=INVOICE) for n in ("a", "b"))
    exchange = Exchange(
        id="e1",
        connection_id="c",
        company_id="9130",
        operations=operations,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    items = [{"bId": "0", "Invoice": raw(**bad)}, {"bId": "1", "Invoice": raw(Id="78")}]
    answer = Answer(status=200, text=dumps({"BatchItemResponse": items, "time": "2026-01-01T00:00:00Z"}))
    one, two = decode_exchange(exchange, answer.to_bytes(), PROFILE, overlap=0).values()
    assert isinstance(one, Applied)
    assert isinstance(two, Applied)
    assert one.record is not None
    assert two.record is not None
    assert (one.record.id, "unreadable" in one.record.facts) == ("77", True)
    assert two.record.document is not None


def test_one_unreadable_record_does_not_stop_the_feed_of_changes() -> None:
    feed = Operation(id="f", verb=Verb.CHANGES, params={"cursor": "2026-01-01T00:00:00+00:00"})
    exchange = Exchange(
        id="e2",
        connection_id="c",
        company_id="9130",
        operations=(feed,),
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    rows = [raw(TotalAmt="n/a"), None, {"Name": "no id"}, raw(Id="78")]
    value = {"CDCResponse": [{"QueryResponse": [{"Invoice": rows}]}], "time": "2026-01-02T00:00:00-08:00"}
    reply = Answer(status=200, text=dumps(value)).to_bytes()
    found = decode_exchange(exchange, reply, PROFILE, overlap=0)["f"]
    assert isinstance(found, Found)
    assert [record.id for record in found.records] == ["77", "78"]
    assert str(found.cursor).startswith("2026-01-02T00:00:00-08:00 asked ")


@pytest.mark.parametrize(
    ("extra", "amount"),
    [
        ({"DetailType": "SUB_TOTAL_LINE_DETAIL", "Amount": D(100)}, None),
        ({"DetailType": "SubTotalLineDetail", "Amount": D(100), "SubTotalLineDetail": {}}, None),
        ({"DetailType": "description_only", "Description": "Subtotal: 100.00", "Amount": D(100)}, D("0.00")),
    ],
)
def test_a_sum_in_another_spelling_is_not_counted_as_a_line(extra: dict[str, Any], amount: D | None) -> None:
    obj = raw()
    obj["Line"].append(extra)
    document = from_qbo(BooksKind.INVOICE, obj, PROFILE).document
    assert isinstance(document, SalesInvoice)
    more = [] if amount is None else [amount]
    assert [line.amount for line in document.lines] == [D("100.00"), *more]


def test_numbers_and_switches_in_strings_mean_the_same() -> None:
    expense = ExpenseDocument(
        paid_by=PaidBy.CARD,
        account=BooksRef(BooksKind.ACCOUNT, "41"),
        date=DAY,
        lines=(PurchaseLine(account=BooksRef(BooksKind.ACCOUNT, "80"), amount=D("64.20")),),
        total=D("64.20"),
        refund=True,
    )
    spelled = _in_strings(raw(expense))
    shown = from_qbo(BooksKind.EXPENSE, spelled, PROFILE).document
    assert shown is not None
    assert normal(shown) == normal(expense)
    sale = from_qbo(BooksKind.INVOICE, _in_strings(raw()), PROFILE).document
    assert sale is not None
    assert normal(sale) == normal(INVOICE)


@pytest.mark.parametrize("no", [False, "false", "False"])
def test_a_party_that_is_off_in_any_spelling_is_off(no: Any) -> None:
    customer = from_qbo(
        BooksKind.CUSTOMER, {"Id": "1", "DisplayName": "Ada", "Taxable": no, "Active": no}, PROFILE
    )
    vendor = from_qbo(BooksKind.VENDOR, {"Id": "1", "DisplayName": "Ada", "Vendor1099": no, "Active": no})
    assert isinstance(customer.document, CustomerRecord)
    assert isinstance(vendor.document, VendorRecord)
    assert (customer.active, customer.document.active, customer.document.taxable) == (False, False, False)
    assert (vendor.active, vendor.document.active, vendor.document.is_1099) == (False, False, False)


@pytest.mark.parametrize(("amount", "void"), [(D("100.00"), False), (D("0.00"), True)])
def test_a_gift_whose_memo_speaks_of_a_void_is_not_void(amount: D, void: bool) -> None:
    off = {
        "DetailType": "DiscountLineDetail",
        "Amount": amount,
        "DiscountLineDetail": {"PercentBased": False},
    }
    obj = raw(TotalAmt=D("0.00"))
    obj["Line"][0]["Amount"] = amount
    obj["Line"].append(off)
    document = from_qbo(BooksKind.INVOICE, obj, PROFILE).document
    assert isinstance(document, SalesInvoice)
    assert document.void is void


@given(st.lists(st.sampled_from(["Call first", "[BO:inv-7.1]", "[BO:x y]", " ", "\r\n", "🛠️", "תודה", "]"])))
def test_a_memo_that_was_copied_with_its_marker_is_looked_at_once(parts: list[str]) -> None:
    memo = " ".join(parts)
    once = normal(attrs.evolve(INVOICE, memo=memo))
    assert normal(once) == once
    told, marker, _ = split_note(note(memo, "inv-9.1"))
    assert marker == "inv-9.1"
    assert normal(attrs.evolve(INVOICE, memo=told)) == once


@given(st.text(alphabet="a \r\n\t\u2028🛠", max_size=30))
def test_line_ends_are_alike_however_they_were_typed(text: str) -> None:
    assert words(text) == words(text.replace("\r\n", "\n")) == words(words(text))
    assert "\r" not in words(text)


def _in_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_strings(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_in_strings(row) for row in value]
    if isinstance(value, bool):
        return json.dumps(value)
    return str(value) if isinstance(value, D | int) else value
