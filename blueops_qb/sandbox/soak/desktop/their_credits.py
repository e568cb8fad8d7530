"""Their credits: what the person at QuickBooks credits, applies and takes back in its windows, at random."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.qbd import open_items
from blueops_qb.sandbox.qbd.values import ref_id
from blueops_qb.sandbox.soak.desktop.bookkeeper import (
    CENT,
    acting,
    change,
    enter,
    is_live,
    open_invoices,
    there,
)
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.office import NothingThere, amount, today
from blueops_qb.sandbox.soak.witness import Obj


def open_invoice(w: DesktopWorld, customer: str = "") -> tuple[Obj, Decimal]:
    """An invoice that is open, of this customer or of any, and what it has left."""
    open_ = {id: rest for id, rest in open_invoices(w).items() if rest > 0}
    raw = there(
        w,
        "Invoice",
        lambda one: one["TxnID"] in open_ and (not customer or ref_id(one, "CustomerRef") == customer),
    )
    return raw, open_[raw["TxnID"]]


def left_of(w: DesktopWorld, memo: Obj) -> Decimal:
    """What is left of a credit memo."""
    return open_items.remaining(w.company, "CreditMemo", memo)


def write_credit(w: DesktopWorld) -> str:
    """A credit memo for the customer or job of an open invoice."""
    invoice, _ = open_invoice(w)
    price, n = amount(w, 100, 5_000), w.count()
    id = enter(
        w,
        "CreditMemo",
        f"<CustomerRef><ListID>{ref_id(invoice, 'CustomerRef')}</ListID></CustomerRef>"
        f"<TxnDate>{today(w).isoformat()}</TxnDate><RefNumber>BC{n}</RefNumber><CreditMemoLineAdd>"
        f"<ItemRef><FullName>Allowance</FullName></ItemRef><Desc>Scratched {n}</Desc>"
        f"<Amount>{price}</Amount></CreditMemoLineAdd>",
    )
    w.witness.their_credits.add(f"BC{n}")
    return f"CreditMemo {id} BC{n} {price}"


def apply_credit(w: DesktopWorld) -> str:
    """What is left of a credit memo settles an invoice, by a payment of 0.00."""
    memo = there(w, "CreditMemo", lambda raw: is_live(raw) and left_of(w, raw) > 0)
    customer = ref_id(memo, "CustomerRef")
    invoice, rest = open_invoice(w, customer)
    part = min(left_of(w, memo), rest)
    id = enter(
        w,
        "ReceivePayment",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        f"<TotalAmount>0.00</TotalAmount><AppliedToTxnAdd><TxnID>{invoice['TxnID']}</TxnID><SetCredit>"
        f"<CreditTxnID>{memo['TxnID']}</CreditTxnID><AppliedAmount>{part}</AppliedAmount></SetCredit>"
        "</AppliedToTxnAdd>",
    )
    return f"ReceivePayment {id} applies {part} of CreditMemo {memo['TxnID']} to Invoice {invoice['TxnID']}"


def pay_beside_credit(w: DesktopWorld) -> str:
    """A check for an invoice, of which a credit memo settles a part."""
    memo = there(w, "CreditMemo", lambda raw: is_live(raw) and left_of(w, raw) > 0)
    customer = ref_id(memo, "CustomerRef")
    invoice, rest = open_invoice(w, customer)
    part = min(left_of(w, memo), (rest / 2).quantize(CENT))
    if not part:
        raise NothingThere
    number, paid = f"B{w.count()}", max(CENT, ((rest - part) / 2).quantize(CENT))
    id = enter(
        w,
        "ReceivePayment",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        f"<RefNumber>{number}</RefNumber><TotalAmount>{paid}</TotalAmount><PaymentMethodRef>"
        "<FullName>Check</FullName></PaymentMethodRef>"
        f"<AppliedToTxnAdd><TxnID>{invoice['TxnID']}</TxnID><PaymentAmount>{paid}</PaymentAmount><SetCredit>"
        f"<CreditTxnID>{memo['TxnID']}</CreditTxnID><AppliedAmount>{part}</AppliedAmount></SetCredit>"
        "</AppliedToTxnAdd>",
    )
    return f"ReceivePayment {id} {number} {paid} and {part} of CreditMemo {memo['TxnID']}"


def change_credit(w: DesktopWorld) -> str:
    """The amount of a credit memo of one line, or what it says."""
    raw = there(w, "CreditMemo", is_live)
    if w.chance.random() < 0.4:
        return change(w, "CreditMemo", raw, f"<Other>note {w.count()}</Other>")
    if len(raw["Lines"]) != 1:
        raise NothingThere
    used = open_items.spent(w.company, raw["TxnID"])
    price = used + max(CENT, amount(w, 100, 3_000))
    line = f"<TxnLineID>{raw['Lines'][0]['TxnLineID']}</TxnLineID><Quantity>1</Quantity><Rate>{price}</Rate>"
    return f"{change(w, 'CreditMemo', raw, f'<CreditMemoLineMod>{line}</CreditMemoLineMod>')} {price}"


def delete_credit(w: DesktopWorld) -> str:
    """A credit memo is deleted, or voided."""
    raw = there(w, "CreditMemo", is_live)
    void = w.chance.random() < 0.4
    with acting(w) as person:
        (person.void if void else person.delete)("CreditMemo", raw["TxnID"])
    return f"CreditMemo {raw['TxnID']} {'voided' if void else 'deleted'}"
