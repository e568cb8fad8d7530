"""An update that touches one thing leaves every other member of a sales form as the bookkeeper entered it."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.documents import SalesForm
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec import to_qbo
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo import people
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_twin import Connected, connected
from tests.twin_calls import Caller, Json

SALE, DISCOUNT, GROUP = "SalesItemLineDetail", "DiscountLineDetail", "GroupLineDetail"
KINDS: dict[BooksKind, Json] = {
    BooksKind.INVOICE: {"SalesTermRef": {"value": "3"}, "AllowOnlineACHPayment": True, "Deposit": 5},
    BooksKind.ESTIMATE: {"TxnStatus": "Accepted", "AcceptedBy": "Ada", "SalesTermRef": {"value": "3"}},
    BooksKind.CREDIT_MEMO: {"SalesTermRef": {"value": "3"}},
    BooksKind.SALES_RECEIPT: {"PaymentRefNum": "4711", "PaymentMethodRef": {"value": "2"}},
    BooksKind.REFUND_RECEIPT: {"DepositToAccountRef": {"value": "1"}, "PaymentRefNum": "4712"},
}
#: (sales tax, class per line, class per transaction)
COMPANIES = {
    "manual": ("manual", True, False),
    "automatic": ("ast", False, True),
    "untaxed": ("off", False, False),
}
#: What is touched, and the members that may differ afterwards.
TOUCHES: dict[str, set[str]] = {
    "memo": {"PrivateNote"},
    "words": {"Line"},
    "date": {"TxnDate"},
    "location": {"DepartmentRef"},
}
_TECHNICAL = {"SyncToken", "MetaData"}


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as connection:
        yield connection


@pytest.fixture(scope="module")
def bookkeeper(books: Connected) -> Iterator[Caller]:
    """Somebody who works in QuickBooks itself."""
    with requests.Session() as session:
        yield Caller(twin=books.twin, session=session, token=books.twin.access_token)


@pytest.fixture(scope="module")
def bundle(books: Connected) -> str:
    parts = [{"ItemRef": {"value": item}, "Qty": 1} for item in ("1", "6")]
    body = {"Name": "Visit", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}
    return str(people.add(books.twin.company, kind="Item", body=body)["Id"])


@pytest.fixture(params=COMPANIES)
def company(request: pytest.FixtureRequest, books: Connected) -> Connected:
    tax, per_line, per_form = COMPANIES[request.param]
    books.admin("tax", mode=tax)
    books.admin(
        "preferences",
        **{
            "AccountingInfoPrefs.ClassTrackingPerTxnLine": per_line,
            "AccountingInfoPrefs.ClassTrackingPerTxn": per_form,
        },
    )
    books.refresh_profile()
    return books


def sold(amount: str, item: str = "1", **detail: Any) -> Json:
    return {"DetailType": SALE, "Amount": D(amount), SALE: {"ItemRef": {"value": item}, **detail}}


def entered(bundle: str) -> Json:
    """A form with all that a bookkeeper can put on it."""
    lines = [
        {**sold("240.00", Qty=2, UnitPrice=120, ServiceDate="2026-01-01"), "Description": "Repair"},
        {**sold("100.00", "6", Qty=3, UnitPrice=D("33.333333")), "Description": "Kit"},
        {"DetailType": "DescriptionOnly", "Description": "Subtotal:"},
        {"DetailType": GROUP, GROUP: {"GroupItemRef": {"value": bundle}, "Quantity": 1}},
        sold("-50.00", Qty=-1, UnitPrice=50),
        sold("0.00", Qty=4, UnitPrice=0),
        {"DetailType": "DescriptionOnly", "Description": "Danke 🛠️ תודה"},
        sold("9.00", "SHIPPING_ITEM_ID"),
        {"DetailType": DISCOUNT, DISCOUNT: {"PercentBased": True, "DiscountPercent": D("8.5")}},
    ]
    lines[1][SALE].update(TaxCodeRef={"value": "TAX"}, ClassRef={"value": "1"})
    return {
        "CustomerRef": {"value": "26"},
        "TxnDate": "2026-01-01",
        "Line": lines,
        "ClassRef": {"value": "1"},
        "DepartmentRef": {"value": "1"},
        "BillEmail": {"Address": "ada@example.com"},
        "BillEmailCc": {"Address": "cc@example.com"},
        "BillEmailBcc": {"Address": "bcc@example.com"},
        "EmailStatus": "NeedToSend",
        "PrintStatus": "NeedToPrint",
        "BillAddr": {"Line1": "Ada Hill", "Line2": "1 Pump St", "Line3": "Back door", "Line4": "Reno, NV"},
        "ShipAddr": {
            "Line1": "1 Pump St",
            "City": "Reno",
            "CountrySubDivisionCode": "NV",
            "PostalCode": "89501",
        },
        "CustomerMemo": {"value": "See you again"},
        "PrivateNote": "Line one\r\nline two 🛠️",
        "ApplyTaxAfterDiscount": True,
        "ShipDate": "2026-01-05",
        "ShipMethodRef": {"value": "UPS"},
        "TrackingNum": "1Z",
        "FOB": "Reno",
        "CustomField": [{"DefinitionId": "1", "Type": "StringType", "StringValue": "Crew 7"}],
    }


def touched(document: Any, what: str) -> Any:
    """The document as BlueOps has it after one change."""
    if what == "memo":
        return attrs.evolve(document, memo="Other words")
    if what == "date":
        return attrs.evolve(document, date=document.date + dt.timedelta(days=1))
    if what == "location":
        return attrs.evolve(document, location=None)
    first, *rest = document.lines
    return attrs.evolve(document, lines=(attrs.evolve(first, description="Other words"), *rest))


def update(books: Connected, document: Any, seen: BooksRecord) -> BooksRecord:
    assert seen.document is not None
    return books.write(
        document,
        target_id=seen.id,
        version=seen.version,
        previous=books.provider.normal(seen.document),
        shown=seen.shown,
        told=seen.document,
    )


@pytest.mark.parametrize("what", ["memo", "words", "date", "location"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_change_touches_one_member(
    kind: BooksKind, what: str, company: Connected, bookkeeper: Caller, bundle: str
) -> None:
    name = ENTITIES[kind].name
    body = {**entered(bundle), **KINDS[kind], "DocNumber": f"K{next(company.ids)}"}
    made = bookkeeper.admin("do", action="create", kind=name, body=_plain(body))
    identity = str(made["result"]["Id"])
    before = bookkeeper.read(name, identity)
    seen = company.seen(kind, identity)
    assert isinstance(seen.document, SalesForm)
    ours = touched(seen.document, what)
    after_record = update(company, ours, seen)
    after = bookkeeper.read(name, identity)
    before["CurrencyRef"].pop("name")  # whether it is named is a matter of the answer, not of the record
    after["CurrencyRef"].pop("name", None)
    may = TOUCHES[what] | _TECHNICAL
    assert {k: v for k, v in after.items() if k not in may} == {
        k: v for k, v in before.items() if k not in may
    }
    if what == "words":
        one, *rest = after["Line"]
        assert rest == before["Line"][1:]
        assert one == {**before["Line"][0], "Description": "Other words"}
    # Asked again, there is nothing to tell.
    again = company.seen(kind, identity)
    assert again.document is not None
    op = Operation(
        id="1",
        verb=Verb.UPDATE,
        document=ours,
        target_id=identity,
        version=again.version,
        marker="test:1.1",
        previous=company.provider.normal(again.document),
        shown=again.shown,
        told=ours,
    )
    assert to_qbo(ours, op, company.profile).keys() == {"Id", "SyncToken", "sparse"}
    assert after_record.version == again.version


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(row) for row in value]
    return float(value) if isinstance(value, D) else value
