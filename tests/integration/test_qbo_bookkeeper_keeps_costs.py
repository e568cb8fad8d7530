"""An update that touches one thing leaves every other member of costs, money and names as the bookkeeper entered it."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec import to_qbo
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_twin import Connected, connected
from tests.twin_calls import Caller, Json

EXPENSE, ITEM_COST = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
JOURNAL, DEPOSIT = "JournalEntryLineDetail", "DepositLineDetail"
VENDOR, JOB, CLASS = {"value": "34"}, {"value": "26"}, {"value": "1"}
NOTE = "Seen\r\nby the bookkeeper 🛠️"


def cost(amount: str, **detail: Any) -> Json:
    inner = {"AccountRef": {"value": "48"}, "ClassRef": CLASS, **detail}
    return {"DetailType": EXPENSE, "Amount": float(amount), "Description": "Pipe", EXPENSE: inner}


def costs() -> list[Json]:
    item = {"ItemRef": {"value": "6"}, "Qty": 3, "UnitPrice": 3.333333, "BillableStatus": "NotBillable"}
    return [
        cost("64.20", BillableStatus="NotBillable", CustomerRef=JOB),
        cost(
            "10.00",
            BillableStatus="Billable",
            CustomerRef=JOB,
            MarkupInfo={"PercentBased": True, "Percent": 12.5},
        ),
        {"DetailType": ITEM_COST, "Amount": 10, "Description": "Kit", ITEM_COST: item},
        cost("-4.20", BillableStatus="NotBillable"),
    ]


def posting(side: str, account: str, **more: Any) -> Json:
    detail = {"PostingType": side, "AccountRef": {"value": account}, **more}
    return {"DetailType": JOURNAL, "Amount": 33, "Description": "Use tax", JOURNAL: detail}


def cash(amount: float) -> Json:
    detail = {
        "AccountRef": {"value": "48"},
        "ClassRef": CLASS,
        "CheckNum": "88",
        "PaymentMethodRef": {"value": "2"},
    }
    return {"DetailType": DEPOSIT, "Amount": amount, "Description": "Refund", DEPOSIT: detail}


_BILLED = {"VendorRef": VENDOR, "DepartmentRef": {"value": "1"}, "APAccountRef": {"value": "15"}}
_CARD = {"AccountRef": {"value": "16"}, "PaymentType": "CreditCard", "DepartmentRef": {"value": "1"}}
_CHECK = {
    "AccountRef": {"value": "1"},
    "PaymentType": "Check",
    "PrintStatus": "NeedToPrint",
    "RemitToAddr": {"Line1": "1 Peak St", "Line3": "Back door"},
    "DepartmentRef": {"value": "1"},
}
TXNS: dict[str, tuple[BooksKind, Json]] = {
    "bill": (BooksKind.BILL, {**_BILLED, "SalesTermRef": {"value": "3"}, "DueDate": "2026-03-01"}),
    "vendor credit": (BooksKind.VENDOR_CREDIT, _BILLED),
    "purchase order": (
        BooksKind.PURCHASE_ORDER,
        {
            **_BILLED,
            "Memo": "To the vendor",
            "ExpectedDate": "2026-03-01",
            "ShipMethodRef": {"value": "UPS"},
            "ShipAddr": {"Line1": "Ada Hill", "Line4": "Reno, NV"},
        },
    ),
    "card": (BooksKind.EXPENSE, {**_CARD, "EntityRef": {**VENDOR, "type": "Vendor"}}),
    "card refund": (BooksKind.EXPENSE, {**_CARD, "Credit": True}),
    "cheque": (BooksKind.EXPENSE, {**_CHECK, "EntityRef": {"value": "2", "type": "Customer"}}),
    "journal": (
        BooksKind.JOURNAL,
        {
            "Adjustment": True,
            "Line": [
                posting("Debit", "48", ClassRef=CLASS, Entity={"Type": "Vendor", "EntityRef": VENDOR}),
                posting("Credit", "19", DepartmentRef={"value": "1"}),
            ],
        },
    ),
    "deposit": (
        BooksKind.DEPOSIT,
        {
            "DepositToAccountRef": {"value": "1"},
            "Line": [cash(50), cash(20.5)],
            "CashBack": {"AccountRef": {"value": "48"}, "Amount": 5, "Memo": "Petty"},
        },
    ),
    "payment": (
        BooksKind.PAYMENT,
        {
            "CustomerRef": {"value": "2"},
            "TotalAmt": 39.21,
            "PaymentRefNum": "88",
            "PaymentMethodRef": {"value": "2"},
        },
    ),
}
_NAME = {
    "Title": "Ms",
    "GivenName": "Ada",
    "MiddleName": "B",
    "FamilyName": "Hill",
    "Suffix": "Jr",
    "PrintOnCheckName": "A. B. Hill",
    "CompanyName": "Hill & Söhne",
    "PrimaryPhone": {"FreeFormNumber": "775-555-0101"},
    "AlternatePhone": {"FreeFormNumber": "775-555-0102"},
    "Mobile": {"FreeFormNumber": "775-555-0103"},
    "Fax": {"FreeFormNumber": "775-555-0104"},
    "WebAddr": {"URI": "http://example.com"},
    "PrimaryEmailAddr": {"Address": "ada@example.com"},
    "BillAddr": {"Line1": "Ada", "Line2": "1 Pump St", "Line3": "Back door", "City": "Reno"},
}
NAMES: dict[BooksKind, Json] = {
    BooksKind.CUSTOMER: {
        **_NAME,
        "Notes": "Dog",
        "SalesTermRef": {"value": "3"},
        "PreferredDeliveryMethod": "Print",
        "ShipAddr": {"Line1": "2 Pump St", "Line4": "Gate 7"},
    },
    BooksKind.VENDOR: {**_NAME, "AcctNum": "A-17", "TermRef": {"value": "3"}, "Vendor1099": True},
}


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


def asked(books: Connected, seen: BooksRecord, told: Any) -> dict[str, Any]:
    assert seen.document is not None
    return {
        "target_id": seen.id,
        "version": seen.version,
        "previous": books.provider.normal(seen.document),
        "shown": seen.shown,
        "told": told,
    }


def carried(books: Connected, bookkeeper: Caller, kind: BooksKind, body: Json, changes: Json) -> Any:
    """(before, after) of an update with `changes`; asked again there is nothing left to tell."""
    name = ENTITIES[kind].name
    identity = bookkeeper.create(name, body)["Id"]
    before = bookkeeper.read(name, identity)
    seen = books.seen(kind, identity)
    document: Any = seen.document
    if changes == {"lines": ()}:
        first, *rest = document.lines
        changes = {"lines": (attrs.evolve(first, description="Other words"), *rest)}
    ours = attrs.evolve(document, **changes)
    books.write(ours, **asked(books, seen, document))
    again = books.seen(kind, identity)
    op = Operation(id="1", verb=Verb.UPDATE, document=ours, marker="test:1.1", **asked(books, again, ours))
    needed = {"VendorRef", "PaymentType", "Credit", "CustomerRef"}
    assert to_qbo(ours, op, books.profile).keys() - needed == {"Id", "SyncToken", "sparse"}
    after = bookkeeper.read(name, identity)
    for shown in (before, after):  # whether it is named is a matter of the answer, not of the record
        shown.get("CurrencyRef", {}).pop("name", None)
    return before, after


def others(record: Json, *touched: str) -> Json:
    return {k: v for k, v in record.items() if k not in {*touched, "SyncToken", "MetaData"}}


CHANGES: dict[str, Json] = {
    "PrivateNote": {"memo": "Other words"},
    "TxnDate": {"date": dt.date(2025, 12, 31)},
    "DepartmentRef": {"location": None},
    "Line": {"lines": ()},
}
_COSTS = (BooksKind.BILL, BooksKind.VENDOR_CREDIT, BooksKind.PURCHASE_ORDER, BooksKind.EXPENSE)


def body_of(txn: str) -> Json:
    kind, body = TXNS[txn]
    lines = {"Line": costs()} if kind in _COSTS else {}
    return {"TxnDate": "2026-01-01", "PrivateNote": NOTE, **lines, **body}


@pytest.mark.parametrize(
    ("txn", "member"), [(txn, member) for txn in TXNS for member in CHANGES if member in body_of(txn)]
)
def test_one_change_touches_one_member(txn: str, member: str, books: Connected, bookkeeper: Caller) -> None:
    kind, body = TXNS[txn][0], body_of(txn)
    if kind in _COSTS:
        body["DocNumber"] = f"C{next(books.ids)}"
    before, after = carried(books, bookkeeper, kind, body, CHANGES[member])
    assert others(after, member) == others(before, member)
    if member == "Line":
        one, *rest = after["Line"]
        assert rest == before["Line"][1:]
        assert one == {**before["Line"][0], "Description": "Other words"}
    elif member == "DepartmentRef":
        assert member not in after
    else:
        assert after[member] != before[member]


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"phone": "775-555-0199"}, {"PrimaryPhone"}),
        ({"email": ""}, {"PrimaryEmailAddr"}),
        ({"company": "Hill"}, {"CompanyName"}),
        ({"terms": None}, {"SalesTermRef", "TermRef"}),
        ({"terms": None, "company": ""}, {"SalesTermRef", "TermRef", "CompanyName"}),
    ],
)
@pytest.mark.parametrize("kind", NAMES)
def test_one_change_of_a_name_touches_one_member(
    kind: BooksKind, changes: Json, members: set[str], books: Connected, bookkeeper: Caller
) -> None:
    body = {**NAMES[kind], "DisplayName": f"Hill {next(books.ids)} {kind.value}"}
    before, after = carried(books, bookkeeper, kind, body, changes)
    assert others(after, *members) == others(before, *members)
    assert others(after) != others(before)
    assert D(str(after["Balance"])) == 0
