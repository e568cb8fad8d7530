"""The purchase order, vendor credit, paid bills and attachments of the sample company."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.qbo import uploads, writing
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.wire import Obj

#: a white picture of one point, the photograph of a receipt
_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)


def add_purchases(company: Company, accounts: dict[str, str], today: date) -> None:
    """An order that is open, a credit that a check uses, a bill paid by card, a receipt and a note."""
    vendors = {record["DisplayName"]: record["Id"] for record in company.all("Vendor")}
    items = {record["Name"]: record["Id"] for record in company.all("Item")}

    def head(vendor: str, days: int, *lines: Obj) -> Obj:
        day = (today - timedelta(days=days)).isoformat()
        return {"VendorRef": {"value": vendors[vendor]}, "TxnDate": day, "Line": list(lines)}

    copper = {
        "ItemRef": {"value": items["Pipe & Fittings"]},
        "Qty": Decimal(100),
        "UnitPrice": Decimal("6.2"),
    }
    order = head("Basin Plumbing Wholesale", 7, _line("ItemBasedExpenseLineDetail", "620.00", copper))
    writing.create(company, "PurchaseOrder", order | {"DocNumber": "PO-1001", "Memo": "Deliver to the yard"})

    cost = {"AccountRef": {"value": accounts["5010"]}, "BillableStatus": "NotBillable"}
    back = head("Ferro Steel Works", 40, _line("AccountBasedExpenseLineDetail", "48.80", cost))
    credit = writing.create(company, "VendorCredit", back | {"DocNumber": "FSW-R17"})
    fittings = _line("AccountBasedExpenseLineDetail", "173.20", cost)
    bill = writing.create(company, "Bill", head("Ferro Steel Works", 44, fittings))
    paid = head("Ferro Steel Works", 30, _part(bill), _part(credit, kind="VendorCredit"))
    check: Obj = {"PayType": "Check", "DocNumber": "5101", "TotalAmt": bill["TotalAmt"] - credit["TotalAmt"]}
    check["CheckPayment"] = {"BankAccountRef": {"value": accounts["1000"]}, "PrintStatus": "PrintComplete"}
    writing.create(company, "BillPayment", paid | check)

    cover = {"AccountRef": {"value": accounts["5500"]}, "BillableStatus": "NotBillable"}
    month = _line("AccountBasedExpenseLineDetail", "890.00", cover)
    premium = writing.create(company, "Bill", head("Hillside Rentals", 56, month))
    card: Obj = {"PayType": "CreditCard", "TotalAmt": premium["TotalAmt"]}
    card["CreditCardPayment"] = {"CCAccountRef": {"value": accounts["2100"]}}
    writing.create(company, "BillPayment", head("Hillside Rentals", 20, _part(premium)) | card)

    purchase = company.all("Purchase")[0]
    photo = writing.create(company, "Attachable", {"FileName": "receipt.png", **_on("Purchase", purchase)})
    uploads.keep_file(company, photo, _PICTURE)
    note = {"Note": "Statement comes by mail on the 5th", **_on("Bill", bill)}
    writing.create(company, "Attachable", note)


def _line(kind: str, amount: str, detail: Obj) -> Obj:
    return {"DetailType": kind, "Amount": Decimal(amount), kind: detail}


def _part(record: Obj, *, kind: str = "Bill") -> Obj:
    link = {"TxnId": record["Id"], "TxnType": kind}
    return {"Amount": record["TotalAmt"], "LinkedTxn": [link]}


def _on(kind: str, record: Obj) -> Obj:
    return {"AttachableRef": [{"EntityRef": {"type": kind, "value": record["Id"]}}]}
