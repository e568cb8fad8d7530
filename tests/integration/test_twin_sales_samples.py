"""Sample answers of the twin for every sales form, with all kinds of lines and links, fit Intuit's schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judges import qbo_xsd
from tests.sales_forms import NEVADA, TAXED, UNTAXED, accounts, discount, items, settling, shipping
from tests.twin_calls import Caller, calling, expense_line, invoice, sales_line

pytestmark = pytest.mark.shared
FORMS = ("Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt")


@pytest.fixture(scope="module")
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def full_form(qbo: Caller, kind: str) -> dict[str, Any]:
    """A form that uses every member and kind of line that goes with it."""
    ids, chart = items(qbo), accounts(qbo)
    if "Shown set" not in ids:
        parts = [{"ItemRef": {"value": ids["Fixtures"]}, "Qty": 2}]
        bundle = {"Name": "Shown set", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}
        qbo.admin("do", action="create", kind="Item", body=bundle)
        ids = items(qbo)
    group = {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {"GroupItemRef": {"value": ids["Shown set"]}},
    }
    markup = {"PercentBased": True, "Percent": 5, "MarkUpIncomeAccountRef": {"value": chart["4710"]}}
    body = invoice(
        "1",
        sales_line(
            "240", Qty=2, UnitPrice=120, ServiceDate="2026-01-02", TaxCodeRef=UNTAXED, ClassRef={"value": "2"}
        ),
        sales_line("56.85", item=ids["Fixtures"], TaxCodeRef=TAXED),
        group,
        {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"MarkupInfo": markup}},
        {"DetailType": "DescriptionOnly", "Description": "Subtotal:"},
        discount(percent=8.5),
        shipping(7.5),
        DocNumber=f"X-{kind[:3]}",
        TxnDate="2026-01-02",
        TxnTaxDetail=NEVADA | {"TotalTax": 30.01},
        CustomField=[{"DefinitionId": "1", "StringValue": "Crew 7"}],
        CustomerMemo={"value": "Thank you"},
        PrivateNote="note",
        DepartmentRef={"value": "1"},
        BillEmail={"Address": "a@example.com,b@example.com"},
        BillEmailCc={"Address": "c@example.com"},
        BillEmailBcc={"Address": "d@example.com"},
        EmailStatus="NeedToSend",
        ShipMethodRef={"value": "FedEx", "name": "FedEx"},
        ShipDate="2026-01-03",
        TrackingNum="1Z",
        ShipAddr={"Line1": "9 Dock Rd", "City": "Truckee", "CountrySubDivisionCode": "CA"},
        ApplyTaxAfterDiscount=True,
    )
    own: dict[str, dict[str, Any]] = {
        "Invoice": {"Deposit": 10, "SalesTermRef": {"value": "3"}},
        "Estimate": {
            "TxnStatus": "Accepted",
            "AcceptedBy": "Ngozi",
            "AcceptedDate": "2026-01-03",
            "ExpirationDate": "2026-02-02",
        },
        "CreditMemo": {},
        "SalesReceipt": {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "4711"},
        # CheckPayment is left out: the schema wants an internal block inside it that JSON never carries.
        "RefundReceipt": {
            "DepositToAccountRef": {"value": chart["1000"]},
            "PaymentMethodRef": {"value": "2"},
            "PaymentRefNum": "88",
        },
    }
    return body | own[kind]


def test_a_bundle_fits_the_schema(qbo: Caller, shared: Path) -> None:
    del shared
    full_form(qbo, "Estimate")
    (bundle,) = qbo.query("select * from Item where Type = 'Group'")["Item"]
    assert qbo_xsd.validate("Item", bundle) == []


@pytest.mark.parametrize("kind", FORMS)
def test_a_full_form_fits_the_schema_at_every_stage(qbo: Caller, kind: str, shared: Path) -> None:
    del shared
    made = qbo.create(kind, full_form(qbo, kind))
    assert qbo_xsd.validate(kind, made) == []
    changed = qbo.update(kind, made, PrivateNote="changed")
    assert qbo_xsd.validate(kind, changed) == []
    if kind in ("Invoice", "SalesReceipt"):
        head = {"Id": made["Id"], "SyncToken": changed["SyncToken"], "sparse": True}
        qbo.post(f"/{kind.lower()}", head, operation="update", include="void")
        assert qbo_xsd.validate(kind, qbo.read(kind, made["Id"])) == []


def test_linked_records_fit_the_schema(qbo: Caller, shared: Path) -> None:
    del shared
    agreed = qbo.create("Estimate", invoice("1", sales_line("100")))
    cost = expense_line("64", accounts(qbo)["5010"], BillableStatus="Billable", CustomerRef={"value": "1"})
    bill = qbo.create("Bill", {"VendorRef": {"value": "34"}, "Line": [cost]})
    line = sales_line("100") | {"LinkedTxn": bill["Line"][0]["LinkedTxn"]}
    link = [{"TxnId": agreed["Id"], "TxnType": "Estimate"}]
    owed = qbo.admin("do", action="create", kind="Invoice", body=invoice("1", line, LinkedTxn=link))["result"]
    memo = qbo.create("CreditMemo", invoice("1", sales_line("40")))
    applied = qbo.create(
        "Payment", settling("1", 10, ("Invoice", owed["Id"], 50), ("CreditMemo", memo["Id"], 40))
    )
    seen = {
        "Estimate": agreed["Id"],
        "Bill": bill["Id"],
        "Invoice": owed["Id"],
        "CreditMemo": memo["Id"],
        "Payment": applied["Id"],
    }
    for kind, identity in seen.items():
        record = qbo.read(kind, identity)
        assert record["LinkedTxn"] or kind == "Payment"
        assert qbo_xsd.validate(kind, record) == []
    types = {row["TxnType"] for row in qbo.read("Invoice", owed["Id"])["LinkedTxn"]}
    assert types == {"Estimate", "ReimburseCharge", "Payment"}
