"""Purchase orders of the twin: they post nothing, bills fill and close them, numbers and faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.twin_calls import Caller, Json, calling, expense_line

VENDOR = {"value": "34"}


@pytest.fixture(scope="module")
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def line(amount: str, quantity: int | None = None, *, link: tuple[str, str] | None = None) -> Json:
    inner: Json = {"ItemRef": {"value": "6"}}
    if quantity:
        inner |= {"Qty": quantity, "UnitPrice": float(amount) / quantity}
    made: Json = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": float(amount)}
    if link:
        made["LinkedTxn"] = [{"TxnId": link[0], "TxnType": "PurchaseOrder", "TxnLineId": link[1]}]
    return made | {"ItemBasedExpenseLineDetail": inner}


def order(qbo: Caller, *lines: Json, **members: Any) -> Json:
    return qbo.create("PurchaseOrder", {"VendorRef": VENDOR, "Line": list(lines)} | members)


def bill(*lines: Json, **members: Any) -> Json:
    return {"VendorRef": VENDOR, "Line": list(lines)} | members


def status(qbo: Caller, made: Json) -> str:
    return str(qbo.read("PurchaseOrder", made["Id"])["POStatus"])


def test_an_order_posts_nothing_and_moves_no_stock(qbo: Caller) -> None:
    [stock] = qbo.query("select * from Item where Name = 'Sump Pump'")["Item"]
    owed = qbo.read("Vendor", "34")["Balance"]
    detail = {"ItemRef": {"value": stock["Id"]}, "Qty": 2, "UnitPrice": 188}
    pump = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": 376, "ItemBasedExpenseLineDetail": detail}
    made = order(qbo, pump, Memo="Call before delivery")
    assert (made["POStatus"], made["TotalAmt"], made["EmailStatus"]) == ("Open", 376, "NotSet")
    assert made["APAccountRef"]["name"] == "Accounts Payable"
    assert made["VendorAddr"]["City"]
    assert made["ShipAddr"]["Line1"] == qbo.twin.company.info["CompanyAddr"]["Line1"]
    assert qbo.ledger_of("PurchaseOrder", made["Id"]) == {}
    assert qbo.read("Item", stock["Id"])["QtyOnHand"] == stock["QtyOnHand"]
    assert qbo.read("Vendor", "34")["Balance"] == owed


def test_a_bill_for_every_line_closes_the_order_and_its_deletion_opens_it(qbo: Caller) -> None:
    made = order(qbo, line("40", 4), line("60"))
    first, second = (row["Id"] for row in made["Line"])
    half = qbo.create("Bill", bill(line("20", 2, link=(made["Id"], first))))
    assert half["Line"][0]["LinkedTxn"] == [
        {"TxnId": made["Id"], "TxnType": "PurchaseOrder", "TxnLineId": first}
    ]
    assert half["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}]
    assert status(qbo, made) == "Open"
    rest = bill(line("18", 2, link=(made["Id"], first)), line("60", link=(made["Id"], second)))
    other = qbo.create("Bill", rest)  # the price fell, but all four pieces came
    closed = qbo.read("PurchaseOrder", made["Id"])
    assert closed["POStatus"] == "Closed"
    assert {row["TxnId"] for row in closed["LinkedTxn"]} == {half["Id"], other["Id"]}
    assert closed["SyncToken"] == "2"
    unlinked = qbo.update("Bill", qbo.read("Bill", other["Id"]), VendorRef=VENDOR, Line=[line("78")])
    assert unlinked["LinkedTxn"] == []
    assert status(qbo, made) == "Open"
    head = {"Id": made["Id"], "SyncToken": qbo.read("PurchaseOrder", made["Id"])["SyncToken"]}
    assert qbo.refuses("PurchaseOrder", head, operation="delete") == "6000"
    qbo.delete("Bill", qbo.read("Bill", half["Id"]))
    qbo.delete("PurchaseOrder", qbo.read("PurchaseOrder", made["Id"]))
    assert qbo.fault("GET", f"/purchaseorder/{made['Id']}")[0] == "610"


def test_a_bill_that_names_the_order_as_a_whole_closes_it(qbo: Caller) -> None:
    made = order(qbo, line("40"))
    link = [{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}]
    whole = qbo.create("Bill", bill(line("35"), LinkedTxn=link))
    assert status(qbo, made) == "Closed"
    late = bill(line("5", link=(made["Id"], "1")))
    assert qbo.refuses("Bill", late) == "620"
    again = qbo.update("Bill", whole, VendorRef=VENDOR, PrivateNote="still linked")
    assert again["LinkedTxn"] == link
    freed = qbo.update("Bill", again, VendorRef=VENDOR, LinkedTxn=[])
    assert freed["LinkedTxn"] == []
    assert status(qbo, made) == "Open"


def test_an_order_is_closed_and_opened_by_hand(qbo: Caller) -> None:
    made = order(qbo, line("40"))
    closed = qbo.update("PurchaseOrder", made, VendorRef=VENDOR, POStatus="Closed")
    assert closed["POStatus"] == "Closed"
    assert qbo.refuses("Bill", bill(line("40", link=(made["Id"], "1")))) == "620"
    opened = qbo.update("PurchaseOrder", closed, VendorRef=VENDOR, POStatus="Open")
    assert opened["POStatus"] == "Open"
    assert qbo.create("Bill", bill(line("40", link=(made["Id"], "0"))))["LinkedTxn"]
    assert status(qbo, made) == "Closed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"VendorRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"POStatus": "Lost"}, "2170"),
        ({"APAccountRef": {"value": "1"}}, "6430"),
        ({"EmailStatus": "NeedToSend"}, "2020"),
        ({"POEmail": {"Address": "nowhere"}}, "2210"),
        ({"SalesTermRef": {"value": "99"}}, "2500"),
        ({"DocNumber": "x" * 22}, "2050"),
    ],
)
def test_what_is_wrong_with_an_order_has_its_code(qbo: Caller, change: Json, code: str) -> None:
    body = bill(line("5")) | change
    assert (
        qbo.refuses("PurchaseOrder", {name: value for name, value in body.items() if value is not None})
        == code
    )


def test_links_to_orders_are_checked(qbo: Caller) -> None:
    made = order(qbo, line("5"), DocNumber="PO-1", SalesTermRef={"value": "2"}, TxnDate="2026-02-01")
    assert made["DueDate"] == "2026-02-16"
    linked = line("5", link=(made["Id"], "1"))
    assert qbo.refuses("Bill", {"VendorRef": {"value": "35"}, "Line": [linked]}) == "620"
    assert qbo.refuses("Bill", bill(line("5", link=(made["Id"], "9")))) == "620"
    assert qbo.refuses("Bill", bill(line("5", link=("999999", "1")))) == "610"
    assert qbo.refuses("VendorCredit", bill(linked)) == "620"
    spent = {"PaymentType": "Cash", "AccountRef": {"value": "1"}, "Line": [linked]}
    assert qbo.refuses("Purchase", spent) == "620"
    assert qbo.refuses("PurchaseOrder", bill(line("5"), DocNumber="po-1")) == "6140"
    head = {"Id": made["Id"], "SyncToken": "7", "sparse": True, "VendorRef": VENDOR}
    assert qbo.refuses("PurchaseOrder", head) == "5010"


def test_orders_stand_in_queries_and_in_change_data_capture(qbo: Caller) -> None:
    made = order(qbo, line("7"), expense_line("3", "45"), DocNumber="PO-Q", ClassRef={"value": "1"})
    assert "ClassRef" not in made  # classes are tracked per line here
    assert (
        qbo.query("select * from PurchaseOrder where DocNumber = 'PO-Q'")["PurchaseOrder"][0]["TotalAmt"]
        == 10
    )
    qbo.delete("PurchaseOrder", made)
    since = made["MetaData"]["CreateTime"]
    blocks = qbo.get("/cdc", entities="PurchaseOrder", changedSince=since)["CDCResponse"][0]["QueryResponse"]
    assert {"Id": made["Id"], "status": "Deleted"}.items() <= blocks[0]["PurchaseOrder"][-1].items()
