"""Card refunds: what the person at QuickBooks pays out of credit memos to a card, changes and takes back, at random."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.qbd.values import amount_text, money, ref_id
from blueops_qb.sandbox.soak.desktop.bookkeeper import CENT, acting, edit, enter, is_live, there
from blueops_qb.sandbox.soak.desktop.their_credits import left_of
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.office import today, young
from blueops_qb.sandbox.soak.witness import Obj


def pay_out(w: DesktopWorld) -> str:
    """What is left of a credit memo, or half of it, goes back to a card, now and then with another one's rest."""
    memo = there(w, "CreditMemo", lambda raw: is_live(raw) and left_of(w, raw) > 0)
    customer = ref_id(memo, "CustomerRef")
    parts = {memo["TxnID"]: _some(w, left_of(w, memo))}
    others = [
        raw
        for id, raw in w.company.records["CreditMemo"].items()
        if id not in parts and is_live(raw) and ref_id(raw, "CustomerRef") == customer and left_of(w, raw) > 0
    ]
    if others and w.chance.random() < 0.5:
        other = w.chance.choice(others)
        parts[other["TxnID"]] = _some(w, left_of(w, other))
    applied = "".join(
        f"<RefundAppliedToTxnAdd><TxnID>{id}</TxnID><RefundAmount>{part}</RefundAmount></RefundAppliedToTxnAdd>"
        for id, part in parts.items()
    )
    id = enter(
        w,
        "ARRefundCreditCard",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><RefundFromAccountRef>"
        f"<FullName>Operating Checking</FullName></RefundFromAccountRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        f"<RefNumber>BR{w.count()}</RefNumber>{applied}",
    )
    w.keep_apart("ARRefundCreditCard", id)
    told = ", ".join(f"{part} of CreditMemo {memo}" for memo, part in parts.items())
    return f"ARRefundCreditCard {id}: {told}"


def change(w: DesktopWorld) -> str:
    """A refund pays out less of its first credit, or nothing of it where there is another one."""
    raw = _standing(w)
    first, *others = raw["_Refunds"]
    less = max(CENT, (money(first["RefundAmount"]) / 2).quantize(CENT))
    kept = others if others and w.chance.random() < 0.5 else [{**first, "RefundAmount": str(less)}, *others]
    total = sum((money(row["RefundAmount"]) for row in kept), Decimal("0.00"))
    return edit(w, "ARRefundCreditCard", raw, {"_Refunds": kept, "TotalAmount": amount_text(total)})


def take_back(w: DesktopWorld) -> str:
    """A refund is deleted, or voided."""
    raw = _standing(w)
    void = w.chance.random() < 0.5
    with acting(w) as person:
        (person.void if void else person.delete)("ARRefundCreditCard", raw["TxnID"])
    return f"ARRefundCreditCard {raw['TxnID']} {'voided' if void else 'deleted'}"


def _some(w: DesktopWorld, left: Decimal) -> Decimal:
    return left if w.chance.random() < 0.5 else max(CENT, (left / 2).quantize(CENT))


def _standing(w: DesktopWorld) -> Obj:
    """A refund that pays out something."""
    found = w.company.records["ARRefundCreditCard"].values()
    return young(w, [raw for raw in found if is_live(raw) and raw["_Refunds"]])
