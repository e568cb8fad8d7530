"""Payments to vendors by check or card, and the credits that they use up (the schema; accounting-treatments 0.1)."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import BillPayment, PaidBy
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.applied import applied_members, applied_of, settled
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.currencies import currency_of
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    amount_of,
    flag,
    needed_day,
    needed_ref,
    note,
    put,
    put_ref,
    ref,
    ref_of,
    split_note,
    txn_id,
)
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.element import Element, leaf

CHECK, CARD = "BillPaymentCheck", "BillPaymentCreditCard"


def bill_payment_message(document: BillPayment) -> str:
    """What a payment to a vendor is in Desktop."""
    return CARD if document.paid_by is PaidBy.CARD else CHECK


def parts_of(document: BillPayment) -> list[tuple[BooksRef, Decimal]]:
    """What a payment settles, as parts; raises Unwritable for what is not in the books yet."""
    parts: list[tuple[BooksRef, Decimal]] = []
    for part in document.settles:
        txn_id(part.document, "A bill of the payment")
        assert isinstance(part.document, BooksRef)
        parts.append((part.document, part.amount))
    return parts


def bill_payment_head(document: BillPayment, books: Books, marker: str) -> list[Element]:
    """The members of a payment to a vendor without what it settles; raises Unwritable."""
    card = document.paid_by is PaidBy.CARD
    body = [
        ref("PayeeEntityRef", document.vendor, "The vendor"),
        leaf("TxnDate", document.date.isoformat()),
        ref(
            "CreditCardAccountRef" if card else "BankAccountRef",
            document.account,
            "The card account"
            if card
            else "The bank account, which QuickBooks Desktop wants even where only credits pay,",
        ),
    ]
    put_ref(body, "APAccountRef", document.ap_account, "The payables account")
    number = fitted(Space.NUMBER, document.number, books.names, "The number of the payment")
    if number:
        body.append(leaf("RefNumber", number))
    elif not card:
        body.append(flag("IsToBePrinted", False))
    put(body, "Memo", note(document.memo, marker))
    return body


def bill_payment_add_members(document: BillPayment) -> list[Element]:
    """What a new payment settles; raises Unwritable."""
    parts = parts_of(document)
    if not parts:
        raise Unwritable("It settles no bill; QuickBooks Desktop takes no payment to a vendor without one.")
    rest = document.amount - sum((amount for _, amount in parts), ZERO)
    if rest:
        raise Unwritable(
            f"The payment of {document.amount} settles {document.amount - rest}; QuickBooks Desktop pays exactly what "
            "is settled. Correct the amount or what it settles in BlueOps."
        )
    return applied_members("AppliedToTxnAdd", parts)


def bill_payment_of(ret: Element, books: Books) -> BillPayment:
    """The document that a BillPaymentCheckRet or BillPaymentCreditCardRet shows."""
    memo, _, voided = split_note(ret.get("Memo"))
    card = ret.name == f"{CARD}Ret"
    amount = amount_of(ret, "Amount")
    parts = applied_of(ret, holds_credits=books.settings.applied_holds_credits)
    return BillPayment(
        vendor=needed_ref(ret, "PayeeEntityRef", BooksKind.VENDOR),
        date=needed_day(ret, "TxnDate"),
        number=ret.get("RefNumber"),
        amount=amount,
        settles=tuple(settled(target, part) for target, part in parts),
        paid_by=PaidBy.CARD if card else PaidBy.CHECK,
        account=ref_of(ret, "CreditCardAccountRef" if card else "BankAccountRef", BooksKind.ACCOUNT),
        ap_account=ref_of(ret, "APAccountRef", BooksKind.ACCOUNT),
        memo=memo,
        currency=currency_of(ret, books.profile),
        void=voided and amount == ZERO and not parts,
    )
