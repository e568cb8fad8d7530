"""Their credits: what the bookkeeper credits, applies and gives back on the books' own screens, at random."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.soak.bookkeeper import CENT, Raw, does, edit, there
from blueops_qb.sandbox.soak.office import NothingThere, amount, today, young
from blueops_qb.sandbox.soak.online_world import OnlineWorld


def item(w: OnlineWorld, name: str) -> Raw:
    """A reference to an item by its name."""
    return {"value": next(raw["Id"] for raw in w.company.all("Item") if raw["Name"] == name)}


def sold(w: OnlineWorld, name: str, price: Decimal, words: str) -> Raw:
    """A line on an item, without tax."""
    detail = {"ItemRef": item(w, name), "TaxCodeRef": {"value": "NON"}, "Qty": Decimal(1), "UnitPrice": price}
    return {
        "Amount": price,
        "DetailType": "SalesItemLineDetail",
        "Description": words,
        "SalesItemLineDetail": detail,
    }


def write_credit(w: OnlineWorld) -> str:
    """A credit memo for the customer or job of an open invoice."""
    invoice = there(w, "Invoice", lambda raw: bool(raw.get("Balance")))
    price, n = amount(w, 100, 5_000), w.count()
    body = {
        "CustomerRef": invoice["CustomerRef"],
        "TxnDate": today(w).isoformat(),
        "DocNumber": f"BC{n}",
        "Line": [sold(w, "Allowance", price, f"Scratched {n}")],
    }
    made = does(w, "create", kind="CreditMemo", body=body)
    w.witness.their_credits.add(f"BC{n}")
    return f"CreditMemo {made['Id']} BC{n} {price}"


def apply_credit(w: OnlineWorld) -> str:
    """What is left of a credit memo settles an invoice, by a payment of 0.00."""
    memo = there(w, "CreditMemo", lambda raw: bool(raw.get("Balance")) and not raw.get("LinkedTxn"))
    party = memo["CustomerRef"]["value"]
    invoice = young(
        w,
        [
            raw
            for raw in w.company.records["Invoice"].values()
            if raw.get("Balance") and raw["CustomerRef"]["value"] == party
        ],
    )
    part = min(Decimal(str(memo["Balance"])), Decimal(str(invoice["Balance"])))
    lines = [
        {"Amount": part, "LinkedTxn": [{"TxnId": raw["Id"], "TxnType": kind}]}
        for kind, raw in (("Invoice", invoice), ("CreditMemo", memo))
    ]
    body = {
        "CustomerRef": memo["CustomerRef"],
        "TotalAmt": Decimal("0.00"),
        "TxnDate": today(w).isoformat(),
        "Line": lines,
    }
    made = does(w, "create", kind="Payment", body=body)
    return f"Payment {made['Id']} applies {part} of CreditMemo {memo['Id']} to Invoice {invoice['Id']}"


def change_credit(w: OnlineWorld) -> str:
    """The amount of a credit memo of one line, or what it says."""
    raw = there(w, "CreditMemo")
    if w.chance.random() < 0.4:
        return edit(w, "CreditMemo", raw, {"CustomerMemo": {"value": f"note {w.count()}"}})
    lines = [line for line in raw["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    if len(lines) != 1 or len(raw["Line"]) > 2:
        raise NothingThere
    used = Decimal(str(raw["TotalAmt"])) - Decimal(str(raw["Balance"]))
    price = used + max(CENT, amount(w, 100, 3_000))
    detail = {**lines[0]["SalesItemLineDetail"], "Qty": Decimal(1), "UnitPrice": price}
    return edit(
        w, "CreditMemo", raw, {"Line": [{**lines[0], "Amount": price, "SalesItemLineDetail": detail}]}
    )


def delete_credit(w: OnlineWorld) -> str:
    """A credit memo."""
    raw = there(w, "CreditMemo")
    does(w, "delete", kind="CreditMemo", id=raw["Id"])
    return f"CreditMemo {raw['Id']}"


def give_back(w: OnlineWorld) -> str:
    """A refund receipt that is no deposit's: BlueOps cannot represent it, and leaves it alone."""
    invoice = there(w, "Invoice")
    price, n = amount(w, 100, 5_000), w.count()
    bank = next(raw["Id"] for raw in w.company.all("Account") if raw.get("AcctNum") == "1000")
    body = {
        "CustomerRef": invoice["CustomerRef"],
        "TxnDate": today(w).isoformat(),
        "PaymentRefNum": f"BF{n}",
        "DepositToAccountRef": {"value": bank},
        "Line": [sold(w, "Allowance", price, f"Given back {n}")],
    }
    made = does(w, "create", kind="RefundReceipt", body=body)
    return f"RefundReceipt {made['Id']} BF{n} {price}"
