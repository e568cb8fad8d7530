"""Their money: what the person at QuickBooks records as bounced, and gives back to customers, at random."""

from __future__ import annotations

from decimal import Decimal
from xml.sax.saxutils import escape

from blueops_qb.sandbox.qbd.values import money, ref_id
from blueops_qb.sandbox.soak.desktop.bookkeeper import CENT, change, enter, is_live, there
from blueops_qb.sandbox.soak.desktop.their_credits import left_of, open_invoice
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.office import NothingThere, today
from blueops_qb.sandbox.soak.witness import Obj


def _owed_again(w: DesktopWorld, customer: str, amount: Decimal, words: str) -> str:
    """A check on receivables, which is only the bookkeeper's; answers its id."""
    id = enter(
        w,
        "Check",
        "<AccountRef><FullName>Operating Checking</FullName></AccountRef>"
        f"<PayeeEntityRef><ListID>{customer}</ListID></PayeeEntityRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        "<ExpenseLineAdd><AccountRef><FullName>Accounts Receivable</FullName></AccountRef>"
        f"<Amount>{amount}</Amount><Memo>{escape(words)}</Memo>"
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><BillableStatus>NotBillable</BillableStatus>"
        "</ExpenseLineAdd>",
    )
    w.keep_apart("Check", id)
    return id


def receive_early(w: DesktopWorld) -> str:
    """A check that pays an invoice less a discount for paying early, which stands on the payment itself."""
    invoice, rest = open_invoice(w)
    discount = (rest / 50).quantize(CENT)
    if not discount:
        raise NothingThere
    number, paid = f"B{w.count()}", rest - discount
    id = enter(
        w,
        "ReceivePayment",
        f"<CustomerRef><ListID>{ref_id(invoice, 'CustomerRef')}</ListID></CustomerRef>"
        f"<TxnDate>{today(w).isoformat()}</TxnDate><RefNumber>{number}</RefNumber><TotalAmount>{paid}</TotalAmount>"
        "<PaymentMethodRef><FullName>Check</FullName></PaymentMethodRef><AppliedToTxnAdd>"
        f"<TxnID>{invoice['TxnID']}</TxnID><PaymentAmount>{paid}</PaymentAmount>"
        f"<DiscountAmount>{discount}</DiscountAmount><DiscountAccountRef><FullName>Discounts Given</FullName>"
        "</DiscountAccountRef></AppliedToTxnAdd>",
    )
    return f"ReceivePayment {id} {number} {paid} and {discount} off"


def bounce(w: DesktopWorld) -> str:
    """A check that bounced: a check on receivables, which the payment settles instead of its invoices."""
    payment = there(
        w,
        "ReceivePayment",
        lambda raw: (
            is_live(raw)
            and raw["TxnID"] not in w.company.deposited
            and money(raw["TotalAmount"]) > 0
            and _settles_invoices(w, raw)
        ),
    )
    total = money(payment["TotalAmount"])
    check = _owed_again(w, ref_id(payment, "CustomerRef"), total, f"Bounced {w.count()}")
    parts = {part["TxnID"]: Decimal("0.00") for part in payment["_Applied"]} | {check: total}
    applied = "".join(
        f"<AppliedToTxnMod><TxnID>{id}</TxnID><PaymentAmount>{part}</PaymentAmount></AppliedToTxnMod>"
        for id, part in parts.items()
    )
    return f"Check {check}: {change(w, 'ReceivePayment', payment, applied)} came back"


def _settles_invoices(w: DesktopWorld, payment: Obj) -> bool:
    """Nothing but invoices, by money alone: what it settles else stays as it is."""
    parts = payment.get("_Applied", [])
    return bool(parts) and all(
        w.company.kind_of.get(part["TxnID"]) == "Invoice"
        and not part.get("SetCredit")
        and not part.get("DiscountAmount")
        for part in parts
    )


def give_back(w: DesktopWorld) -> str:
    """What is left of a credit memo goes back by a check, which the memo settles by a payment of 0.00."""
    memo = there(w, "CreditMemo", lambda raw: is_live(raw) and left_of(w, raw) > 0)
    left, customer = left_of(w, memo), ref_id(memo, "CustomerRef")
    check = _owed_again(w, customer, left, f"Given back {w.count()}")
    id = enter(
        w,
        "ReceivePayment",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        f"<TotalAmount>0.00</TotalAmount><AppliedToTxnAdd><TxnID>{check}</TxnID><SetCredit>"
        f"<CreditTxnID>{memo['TxnID']}</CreditTxnID><AppliedAmount>{left}</AppliedAmount></SetCredit>"
        "</AppliedToTxnAdd>",
    )
    return f"Check {check}, ReceivePayment {id}: {left} of CreditMemo {memo['TxnID']} given back"
