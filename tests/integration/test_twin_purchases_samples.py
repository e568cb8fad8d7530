"""What the twin answers about purchases, attachments and lists fits Intuit's schema, with every member in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judges import qbo_xsd
from tests.twin_calls import Caller, Json, calling, expense_line

pytestmark = pytest.mark.shared
VENDOR, JOB = {"value": "34"}, {"value": "26"}
ADDRESS = {"Line1": "1 Yard Way", "City": "Sparks", "CountrySubDivisionCode": "NV", "PostalCode": "89431"}


@pytest.fixture(scope="module")
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        caller.admin("preferences", **{"CurrencyPrefs.MultiCurrencyEnabled": True})
        yield caller


def fits(kind: str, answer: Json) -> Json:
    assert qbo_xsd.validate(kind, answer) == []
    return answer


def made(qbo: Caller, kind: str, **body: Any) -> Json:
    """Create, read, query and list as changed: four answers, one shape."""
    answer = fits(kind, qbo.create(kind, body))
    assert fits(kind, qbo.read(kind, answer["Id"]))["Id"] == answer["Id"]
    assert fits(kind, qbo.query(f"select * from {kind} where Id = '{answer['Id']}'")[kind][0])
    return answer


def txn(**members: Any) -> Json:
    home = {"CurrencyRef": {"value": "USD"}, "DepartmentRef": {"value": "1"}}
    return home | {"TxnDate": "2026-06-01", "PrivateNote": "sample"} | members


def test_every_kind_of_purchase(qbo: Caller, shared: Path) -> None:
    del shared
    markup = {"PercentBased": True, "Percent": 15, "MarkUpIncomeAccountRef": {"value": "39"}}
    billable = {
        "CustomerRef": JOB,
        "BillableStatus": "Billable",
        "ClassRef": {"value": "1"},
        "MarkupInfo": markup,
    }
    cost = expense_line("80.25", "45", **billable, TaxCodeRef={"value": "TAX"})
    item = {"ItemRef": {"value": "6"}, "Qty": 3, "UnitPrice": 6.2, "CustomerRef": JOB}
    goods: Json = {
        "DetailType": "ItemBasedExpenseLineDetail",
        "Amount": 18.6,
        "ItemBasedExpenseLineDetail": item,
    }
    words = {"DetailType": "DescriptionOnly", "Description": "for the job"}
    order = made(
        qbo,
        "PurchaseOrder",
        **txn(
            VendorRef=VENDOR, Line=[goods, cost], SalesTermRef={"value": "3"}, ShipAddr=ADDRESS, Memo="asap"
        ),
        POEmail={"Address": "sales@example.com"},
        EmailStatus="NeedToSend",
        ShipTo={"value": "1"},
    )
    goods["LinkedTxn"] = [{"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": "1"}]
    bill = made(qbo, "Bill", **txn(VendorRef=VENDOR, Line=[goods, cost, words], DocNumber="V-77"))
    fits("PurchaseOrder", qbo.read("PurchaseOrder", order["Id"]))
    credit = made(qbo, "VendorCredit", **txn(VendorRef=VENDOR, Line=[cost], DocNumber="C-77"))
    lines = [
        {"Amount": 98.85, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]},
        {"Amount": 80.25, "LinkedTxn": [{"TxnId": credit["Id"], "TxnType": "VendorCredit"}]},
    ]
    check = {"BankAccountRef": {"value": "1"}, "PrintStatus": "NeedToPrint"}
    body = txn(VendorRef=VENDOR, Line=lines, PayType="Check", CheckPayment=check, TotalAmt=18.6)
    paid = made(qbo, "BillPayment", **body, APAccountRef={"value": "15"}, DocNumber="880")
    for kind, record in (("Bill", bill), ("VendorCredit", credit)):
        linked = fits(kind, qbo.read(kind, record["Id"]))["LinkedTxn"]
        assert "BillPaymentCheck" in {link["TxnType"] for link in linked}
    spelled = fits("BillPayment", qbo.void("BillPayment", paid) | {"CheckPayment": check})
    assert spelled["TotalAmt"] == 0
    entity = {"value": "26", "type": "Customer"}
    spent = txn(
        PaymentType="Check",
        AccountRef={"value": "1"},
        EntityRef=entity,
        Line=[cost, goods | {"LinkedTxn": []}],
    )
    made(qbo, "Purchase", **spent, RemitToAddr=ADDRESS, PaymentMethodRef={"value": "2"})


def test_banking_and_the_journal(qbo: Caller, shared: Path) -> None:
    del shared
    payer = {"CustomerRef": {"value": "1"}, "TotalAmt": 60, "CurrencyRef": {"value": "USD"}}
    payment = qbo.create("Payment", payer | {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "1188"})
    detail = {
        "AccountRef": {"value": "44"},
        "Entity": {"value": "34", "type": "VENDOR"},
        "ClassRef": {"value": "1"},
    }
    lines = [
        {"Amount": 60, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}]},
        {"Amount": 15, "DetailType": "DepositLineDetail", "DepositLineDetail": detail | {"CheckNum": "5"}},
    ]
    back = {"AccountRef": {"value": "2"}, "Amount": 25, "Memo": "petty cash"}
    made(qbo, "Deposit", **txn(DepositToAccountRef={"value": "1"}, Line=lines, CashBack=back))
    rows: list[Json] = [
        {
            "PostingType": "Debit",
            "AccountRef": {"value": "5"},
            "Entity": {"Type": "Customer", "EntityRef": JOB},
        },
        {
            "PostingType": "Credit",
            "AccountRef": {"value": "15"},
            "Entity": {"Type": "Vendor", "EntityRef": VENDOR},
        },
    ]
    for row in rows:
        row |= {"ClassRef": {"value": "2"}, "DepartmentRef": {"value": "2"}}
    posted = [
        {
            "DetailType": "JournalEntryLineDetail",
            "Amount": 12.5,
            "Description": "swap",
            "JournalEntryLineDetail": row,
        }
        for row in rows
    ]
    made(qbo, "JournalEntry", Line=posted, DocNumber="J-5", Adjustment=True, CurrencyRef={"value": "USD"})


def test_attachments_and_lists(qbo: Caller, shared: Path) -> None:
    del shared
    ref = {"EntityRef": {"type": "Customer", "value": "1"}, "IncludeOnSend": True, "LineInfo": "1"}
    members = {
        "Lat": "39.5",
        "Long": "-119.8",
        "PlaceName": "Reno",
        "Tag": "yard",
        "Category": "Contact Photo",
    }
    made(qbo, "Attachable", Note="gate code", AttachableRef=[ref], **members)
    file = {"file_content_01": ("photo.png", b"\x89PNG", "image/png")}
    [row] = qbo.raw("POST", "/upload", files=file).json()["AttachableResponse"]
    fits("Attachable", row["Attachable"])
    made(qbo, "CompanyCurrency", Code="CAD")
    made(
        qbo,
        "Term",
        Name="15th",
        DayOfMonthDue=15,
        DueNextMonthDays=3,
        DiscountPercent=1.5,
        DiscountDayOfMonth=5,
    )
    made(qbo, "PaymentMethod", Name="Zelle", Type="NON_CREDIT_CARD")
    made(qbo, "TaxAgency", DisplayName="City of Elko", TaxRegistrationNumber="77-1")
    made(qbo, "Department", Name="Elko", Address=ADDRESS)
    made(qbo, "Class", Name="Nights", ParentRef={"value": "1"})
    made(qbo, "Employee", GivenName="Ola", FamilyName="Berg", PrimaryAddr=ADDRESS, HiredDate="2026-01-05")
    made(qbo, "Vendor", DisplayName="Quarry", CurrencyRef={"value": "CAD"}, TaxIdentifier="12-3456789")


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("BillPayment", {"PayType": "Barter"}),
        ("PurchaseOrder", {"POStatus": "Lost"}),
        ("Attachable", {"Size": "large"}),
        ("VendorCredit", {"Credit": 5}),
    ],
)
def test_the_judge_would_find_what_is_wrong(kind: str, wrong: Json, shared: Path) -> None:
    del shared
    assert qbo_xsd.validate(kind, wrong)
