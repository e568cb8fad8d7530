"""Their own: what the bookkeeper enters for himself and BlueOps leaves alone, at random."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.soak.bookkeeper import EXPENSE_ACCOUNTS, Raw, account_ref, does, there
from blueops_qb.sandbox.soak.office import amount, today
from blueops_qb.sandbox.soak.online_world import OnlineWorld
from blueops_qb.sandbox.soak.their_credits import sold


def _enter(w: OnlineWorld, kind: str, body: Raw) -> str:
    """Enter a document that only lives there."""
    made = does(w, "create", kind=kind, body=body)
    w.keep_apart(kind, str(made["Id"]))
    return f"{kind} {made['Id']} {made.get('DocNumber', '')} {made['TotalAmt']}"


def enter_invoice(w: OnlineWorld) -> str:
    """An invoice that BlueOps did not raise."""
    customer = there(w, "Customer", lambda raw: bool(raw["Active"]))
    n = w.count()
    return _enter(
        w,
        "Invoice",
        {
            "CustomerRef": {"value": customer["Id"]},
            "TxnDate": today(w).isoformat(),
            "DocNumber": f"QB{n}",
            "Line": [sold(w, "Repair", amount(w), f"Own work {n}")],
        },
    )


def _line(w: OnlineWorld, n: int) -> Raw:
    detail = {"AccountRef": account_ref(w, w.chance.choice(EXPENSE_ACCOUNTS))}
    return {
        "Amount": amount(w),
        "DetailType": "AccountBasedExpenseLineDetail",
        "Description": f"Own cost {n}",
        "AccountBasedExpenseLineDetail": detail,
    }


def enter_bill(w: OnlineWorld) -> str:
    """A bill that BlueOps did not record."""
    vendor = there(w, "Vendor", lambda raw: bool(raw["Active"]))
    n = w.count()
    return _enter(
        w,
        "Bill",
        {
            "VendorRef": {"value": vendor["Id"]},
            "TxnDate": today(w).isoformat(),
            "DocNumber": f"QV{n}",
            "Line": [_line(w, n)],
        },
    )


def enter_expense(w: OnlineWorld) -> str:
    """A purchase in cash that BlueOps did not record."""
    vendor = there(w, "Vendor", lambda raw: bool(raw["Active"]))
    n = w.count()
    return _enter(
        w,
        "Purchase",
        {
            "PaymentType": "Cash",
            "AccountRef": account_ref(w, "1000"),
            "EntityRef": {"value": vendor["Id"], "type": "Vendor"},
            "TxnDate": today(w).isoformat(),
            "DocNumber": f"QP{n}",
            "Line": [_line(w, n)],
        },
    )


def bounce(w: OnlineWorld) -> str:
    """A check that bounced: a check on receivables, which the payment settles instead of its invoices."""
    deposited = {
        link["TxnId"]
        for raw in w.company.records["Deposit"].values()
        for line in raw["Line"]
        for link in line.get("LinkedTxn", ())
    }
    payment = there(
        w,
        "Payment",
        lambda raw: bool(raw.get("TotalAmt")) and raw["Id"] not in deposited and _settles_invoices(raw),
    )
    party, total = payment["CustomerRef"]["value"], Decimal(str(payment["TotalAmt"]))
    receivable = {"AccountRef": account_ref(w, "1100"), "CustomerRef": {"value": party}}
    body = {
        "PaymentType": "Check",
        "AccountRef": account_ref(w, "1000"),
        "EntityRef": {"value": party, "type": "Customer"},
        "TxnDate": today(w).isoformat(),
        "Line": [
            {
                "Amount": total,
                "DetailType": "AccountBasedExpenseLineDetail",
                "Description": f"Bounced {w.count()}",
                "AccountBasedExpenseLineDetail": receivable | {"BillableStatus": "NotBillable"},
            }
        ],
    }
    said = _enter(w, "Purchase", body)
    check = said.split()[1]
    line = {"Amount": total, "LinkedTxn": [{"TxnId": check, "TxnType": "Check"}]}
    does(w, "edit", kind="Payment", id=payment["Id"], changes={"Line": [line]})
    return f"{said}: payment {payment['Id']} came back"


def _settles_invoices(raw: Raw) -> bool:
    """Nothing but invoices: what it settles else stays as it is."""
    kinds = {line["LinkedTxn"][0]["TxnType"] for line in raw.get("Line", ())}
    return kinds == {"Invoice"}
