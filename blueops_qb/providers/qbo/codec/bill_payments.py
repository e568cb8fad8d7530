"""Payments to vendors, and the credits that they use up (reference/quickbooks-online.md section 4.18)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from blueops_qb.domain.documents import BillPayment, PaidBy, Settled
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref, order_of
from blueops_qb.providers.qbo.codec.members import (
    NUMBER,
    Obj,
    Unfit,
    amount_of,
    cents,
    exactly,
    folded,
    needed_day,
    needed_ref,
    note,
    put_ref,
    ref,
    ref_id,
    ref_of,
    split_note,
)

#: What a bill payment settles, as the wire names it.
SETTLED = {
    BooksKind.BILL: "Bill",
    BooksKind.VENDOR_CREDIT: "VendorCredit",
    BooksKind.JOURNAL: "JournalEntry",
    BooksKind.DEPOSIT: "Deposit",
}
_KINDS = {name: kind for kind, name in SETTLED.items()}
#: Credits lower what is paid; their amounts travel without a sign.
_CREDITS = frozenset({BooksKind.VENDOR_CREDIT, BooksKind.CREDIT})


def merged_settled(settles: Iterable[Settled]) -> tuple[Settled, ...]:
    """One part per document, in the order of their references; nothing is left of a sum of 0.00."""
    sums: dict[Ref, Decimal] = {}
    for settled in settles:
        sums[settled.document] = sums.get(settled.document, ZERO) + settled.amount
    ordered = sorted(sums.items(), key=lambda pair: order_of(pair[0]))
    return tuple(Settled(document=document, amount=amount) for document, amount in ordered if amount)


def bill_payment_body(
    document: BillPayment, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of a bill payment, with amount and lines when `whole`; raises Unfit."""
    body: Obj = {
        "VendorRef": ref(document.vendor, "The vendor"),
        "TxnDate": document.date.isoformat(),
        **_way(document),
    }
    if document.number:
        body["DocNumber"] = exactly(document.number, NUMBER, "The number of the payment")
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    if profile.locations:
        put_ref(body, "DepartmentRef", document.location, "The location")
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    if whole:
        settles = merged_settled(document.settles)
        if not settles:
            raise Unfit("It settles no bill; QuickBooks Online takes no payment to a vendor without one.")
        rest = document.amount - sum((part.amount for part in settles), ZERO)
        if rest:
            raise Unfit(
                f"The payment of {document.amount} settles {document.amount - rest}; QuickBooks Online takes only "
                "what settles bills in full. Correct the amount or what it settles in BlueOps."
            )
        body["TotalAmt"] = cents(document.amount)
        body["Line"] = [_line(part) for part in settles]
    return body


def bill_payment_of(obj: Obj, profile: BooksProfile) -> BillPayment:
    """The document that a BillPayment object shows."""
    memo, _, voided = split_note(str(obj.get("PrivateNote") or ""))
    amount, settles = amount_of(obj, "TotalAmt"), tuple(_settled(obj))
    card = folded(obj.get("PayType")) == "creditcard"
    way = obj.get("CreditCardPayment" if card else "CheckPayment") or {}
    return BillPayment(
        vendor=needed_ref(obj, "VendorRef", BooksKind.VENDOR),
        date=needed_day(obj, "TxnDate"),
        number=str(obj.get("DocNumber") or ""),
        amount=amount,
        settles=settles,
        paid_by=PaidBy.CARD if card else PaidBy.CHECK,
        account=ref_of(way, "CCAccountRef" if card else "BankAccountRef", BooksKind.ACCOUNT),
        ap_account=ref_of(obj, "APAccountRef", BooksKind.ACCOUNT),
        location=ref_of(obj, "DepartmentRef", BooksKind.LOCATION),
        memo=memo,
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
        void=voided and amount == ZERO and not any(part.amount for part in settles),
    )


def _way(document: BillPayment) -> Obj:
    if document.paid_by is PaidBy.CARD:
        return {
            "PayType": "CreditCard",
            "CreditCardPayment": {"CCAccountRef": ref(document.account, "The card account")},
        }
    # Where only a credit is applied no account is needed (section 4.18).
    check: Obj = {"PrintStatus": "NotSet"}
    if document.amount or document.account is not None:
        check["BankAccountRef"] = ref(document.account, "The bank account")
    return {"PayType": "Check", "CheckPayment": check}


def _line(part: Settled) -> Obj:
    document = part.document
    if not isinstance(document, BooksRef):
        raise Unfit(f"A bill of the payment is not in QuickBooks yet ({document}).")
    if document.kind is BooksKind.CREDIT:
        type, _, id = document.id.partition(":")
    elif document.kind in SETTLED:
        type, id = SETTLED[document.kind], document.id
    else:
        raise Unfit(f"A payment to a vendor cannot settle {document}; correct what it settles in BlueOps.")
    amount = -part.amount if document.kind in _CREDITS else part.amount
    return {"Amount": cents(amount), "LinkedTxn": [{"TxnId": id, "TxnType": type}]}


def _settled(obj: Obj) -> Iterable[Settled]:
    for line in obj.get("Line") or []:
        for link in (line.get("LinkedTxn") or [])[:1]:
            type, id = str(link.get("TxnType") or ""), str(link["TxnId"])
            kind = _KINDS.get(type)
            document = BooksRef(BooksKind.CREDIT, f"{type}:{id}") if kind is None else BooksRef(kind, id)
            amount = amount_of(line, "Amount")
            yield Settled(document=document, amount=-amount if document.kind in _CREDITS else amount)
