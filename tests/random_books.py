"""Documents of every kind at random: what a company may write in a year, as Hypothesis draws it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from blueops_qb.sandbox.qbo import people
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault

Json = dict[str, Any]
KINDS = (
    "Invoice",
    "Payment",
    "CreditMemo",
    "SalesReceipt",
    "RefundReceipt",
    "Bill",
    "BillPayment",
    "VendorCredit",
    "Purchase",
    "JournalEntry",
    "Deposit",
    "void",
    "delete",
)

steps = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "cents": st.integers(min_value=1, max_value=500_000),
            "share": st.integers(min_value=1, max_value=100),
            "who": st.integers(min_value=0, max_value=5),
            "what": st.integers(min_value=0, max_value=20),
            "day": st.integers(min_value=0, max_value=420),
        }
    ),
    min_size=1,
    max_size=25,
)


def play(company: Company, drawn: list[Json], *, start: dt.date) -> int:
    """Write what was drawn; answers how much of it the books took."""
    return sum(_written(company, step, start) for step in drawn)


def _written(company: Company, step: Json, start: dt.date) -> bool:
    try:
        if step["kind"] in ("void", "delete"):
            return _removed(company, step)
        body = _BODIES[step["kind"]](company, step)
        if body is None:
            return False
        body["TxnDate"] = (start + dt.timedelta(days=step["day"])).isoformat()
        people.add(company, kind=step["kind"], body=body)
    except Fault:
        return False
    return True


def _removed(company: Company, step: Json) -> bool:
    kinds = [k for k in KINDS if company.records.get(k)]
    if not kinds:
        return False
    kind = kinds[step["what"] % len(kinds)]
    identity = list(company.records[kind])[step["who"] % len(company.records[kind])]
    remove = people.void if step["kind"] == "void" else people.delete
    remove(company, kind=kind, id=identity)
    return True


def _amount(step: Json) -> Decimal:
    return Decimal(step["cents"]) / 100


def _sale(company: Company, step: Json) -> Json:
    # Customers, one of them a parent with two jobs; items of three kinds; every second line has a class.
    customer = ("1", "2", "26", "27", "8", "28")[step["who"]]
    item = ("1", "6", "17")[step["what"] % 3]
    detail: Json = {"ItemRef": {"value": item}}
    if step["what"] % 2:
        detail["ClassRef"] = {"value": str(step["what"] % 5 + 1)}
    line = {"DetailType": "SalesItemLineDetail", "Amount": _amount(step), "SalesItemLineDetail": detail}
    lines = [line]
    if step["what"] % 3 == 1:
        # Two accounts on one form: what is paid of it is a share of both.
        other = {"ItemRef": {"value": "6"}}
        part = (_amount(step) / 3).quantize(Decimal("0.01"))
        lines.append({"DetailType": "SalesItemLineDetail", "Amount": part, "SalesItemLineDetail": other})
    body: Json = {"CustomerRef": {"value": customer}, "Line": lines}
    if step["what"] % 4 == 0 and company.records["Department"]:
        body["DepartmentRef"] = {"value": "1"}
    return body


def _cash_sale(company: Company, step: Json) -> Json:
    return {**_sale(company, step), "DepositToAccountRef": {"value": "1"}}


def _payment(company: Company, step: Json) -> Json | None:
    invoices = [i for i in company.all("Invoice") if i["Balance"] > 0]
    if not invoices:
        return None
    invoice = invoices[step["what"] % len(invoices)]
    applied = max(Decimal("0.01"), (invoice["Balance"] * step["share"] / 100).quantize(Decimal("0.01")))
    lines = [{"Amount": applied, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    rest = _amount(step) if step["who"] % 3 == 0 else Decimal(0)
    credits = [
        c
        for c in company.all("CreditMemo")
        if c["Balance"] >= applied and c["CustomerRef"]["value"] == invoice["CustomerRef"]["value"]
    ]
    if credits and step["who"] % 2:
        link = {"TxnId": credits[0]["Id"], "TxnType": "CreditMemo"}
        lines.append({"Amount": applied, "LinkedTxn": [link]})
        return {"CustomerRef": dict(invoice["CustomerRef"]), "TotalAmt": Decimal(0), "Line": lines}
    return {"CustomerRef": dict(invoice["CustomerRef"]), "TotalAmt": applied + rest, "Line": lines}


def _cost(step: Json) -> Json:
    account = ("48", "56", "61")[step["what"] % 3]
    detail: Json = {"AccountRef": {"value": account}}
    if step["what"] % 2:
        detail |= {"CustomerRef": {"value": "26"}, "BillableStatus": "NotBillable"}
    inner = {"AccountBasedExpenseLineDetail": detail, "DetailType": "AccountBasedExpenseLineDetail"}
    return {"Line": [{"Amount": _amount(step), **inner}]}


def _bill(company: Company, step: Json) -> Json:
    del company
    return {**_cost(step), "VendorRef": {"value": str(34 + step["who"] % 3)}}


def _bill_payment(company: Company, step: Json) -> Json | None:
    bills = [b for b in company.all("Bill") if b["Balance"] > 0]
    if not bills:
        return None
    bill = bills[step["what"] % len(bills)]
    applied = max(Decimal("0.01"), (bill["Balance"] * step["share"] / 100).quantize(Decimal("0.01")))
    return {
        "VendorRef": dict(bill["VendorRef"]),
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": "1"}},
        "TotalAmt": applied,
        "Line": [{"Amount": applied, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}],
    }


def _purchase(company: Company, step: Json) -> Json:
    del company
    card = step["who"] % 2 == 0
    return {
        **_cost(step),
        "PaymentType": "CreditCard" if card else "Check",
        "AccountRef": {"value": "16" if card else "1"},
        "Credit": card and step["who"] == 4,
    }


def _journal(company: Company, step: Json) -> Json:
    del company
    # A receivable or payable moved by hand, or plain income that was banked.
    entity: Json = {}
    account = ("5", "15", "1")[step["who"] % 3]
    if account == "5":
        entity = {"Entity": {"Type": "Customer", "EntityRef": {"value": "26"}}}
    elif account == "15":
        entity = {"Entity": {"Type": "Vendor", "EntityRef": {"value": "34"}}}

    def line(side: str, on: str, more: Json) -> Json:
        detail = {"PostingType": side, "AccountRef": {"value": on}, **more}
        return {
            "Amount": _amount(step),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": detail,
        }

    sides = ("Debit", "Credit") if step["what"] % 2 else ("Credit", "Debit")
    return {"Line": [line(sides[0], account, entity), line(sides[1], "44", {})]}


def _deposit(company: Company, step: Json) -> Json | None:
    held = [
        p
        for p in company.all("Payment")
        if p["TotalAmt"] > 0 and p.get("DepositToAccountRef", {}).get("value") == "4" and not p["LinkedTxn"]
    ]
    if not held:
        return None
    link = {"TxnId": held[step["what"] % len(held)]["Id"], "TxnType": "Payment"}
    return {"DepositToAccountRef": {"value": "1"}, "Line": [{"LinkedTxn": [link]}]}


_BODIES: dict[str, Any] = {
    "Invoice": _sale,
    "CreditMemo": _sale,
    "SalesReceipt": _cash_sale,
    "RefundReceipt": _cash_sale,
    "Payment": _payment,
    "Bill": _bill,
    "VendorCredit": _bill,
    "BillPayment": _bill_payment,
    "Purchase": _purchase,
    "JournalEntry": _journal,
    "Deposit": _deposit,
}
