"""Bodies of sales forms for tests of the QuickBooks Online twin, beside those of twin_calls."""

from __future__ import annotations

from typing import Any

from tests.twin_calls import Caller, Json

TAXED, UNTAXED = {"value": "TAX"}, {"value": "NON"}
NEVADA = {"TxnTaxCodeRef": {"value": "1"}}


def items(qbo: Caller) -> dict[str, str]:
    """Item name -> id."""
    return {row["Name"]: row["Id"] for row in qbo.query("select * from Item maxresults 1000")["Item"]}


def accounts(qbo: Caller) -> dict[str, str]:
    """Account number -> id."""
    rows = qbo.query("select * from Account maxresults 1000")["Account"]
    return {row["AcctNum"]: row["Id"] for row in rows if "AcctNum" in row}


def discount(amount: float | None = None, *, percent: float | None = None) -> Json:
    """A discount line by amount or by percentage."""
    if percent is not None:
        detail: Json = {"PercentBased": True, "DiscountPercent": percent}
        return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
    return {
        "DetailType": "DiscountLineDetail",
        "Amount": amount,
        "DiscountLineDetail": {"PercentBased": False},
    }


def shipping(amount: float, **detail: Any) -> Json:
    """The shipping charge of a form."""
    inner = {"ItemRef": {"value": "SHIPPING_ITEM_ID"}} | detail
    return {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": inner}


def settling(customer: str, total: float, *parts: tuple[str, str, float]) -> Json:
    """A payment; each part is (kind of transaction, its id, amount)."""
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": identity, "TxnType": kind}]}
        for kind, identity, amount in parts
    ]
    return {"CustomerRef": {"value": customer}, "TotalAmt": total, "Line": lines}
