"""Posting rule for payouts: payments that reach the bank as one deposit, less what the processor kept.

Entry: Dr 1000 net, Dr 6100 fees, Cr 1050 (or 1090) gross (accounting-treatments 2.1, 2.5). Refunds and returned
payments that the processor took out of it are negative lines on the account they left.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.domain.documents import BankDeposit, DepositLine, Document
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting import prepayments
from blueops_qb.domain.posting.context import NotPosted
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import UNDEPOSITED, account_left, deposit_account
from blueops_qb.domain.posting.payments import posted_parts
from blueops_qb.domain.records import Payment, PaymentReturn, Payout, Refund
from blueops_qb.domain.refs import BooksRef, DocumentKey, OurRef, RecordKind, RecordRef, record_of, ref_of_key

#: A processor whose deposits and fees QuickBooks records by itself (accounting-treatments 2.5).
QUICKBOOKS_PAYMENTS = "quickbooks_payments"
#: How the plain line begins that stands for a payment which its deposit lets go for a moment.
LET_GO = "Let go for a moment: "


def payout(record: Payout, lookup: Lookup) -> dict[DocumentKey, Document] | NotPosted:
    """A deposit of the payments at their gross amounts, and the fee as a negative line."""
    if record.processor == QUICKBOOKS_PAYMENTS:
        return NotPosted(
            reason=f"{lookup.label} came through QuickBooks Payments, which records deposit and fee itself."
        )
    net = lookup.cents(record.net, where="what reached the bank")
    fees = lookup.cents(record.fees, where="the fees")
    elsewhere = lookup.cents(record.elsewhere, where="what it holds beside")
    if not record.payment_ids and not record.refund_ids and not record.return_ids:
        raise lookup.held("holds no payment", "Name its payments in BlueOps; it is sent by itself then.")
    payments = [_payment(id, lookup) for id in dict.fromkeys(record.payment_ids)]
    gross = sum((lookup.cents(p.amount, where=f"payment {p.id}") for p in payments), ZERO)
    taken = list(_taken_out(record, lookup))
    out = sum((line.amount for line in taken), ZERO)
    if gross + out - fees + elsewhere != net:
        less = f" less {-out} that went back" if out else ""
        more = f" plus {elsewhere} beside" if elsewhere else ""
        raise lookup.held(
            f"does not add up: its payments are {gross}{less} less {fees} in fees{more}, "
            f"{gross + out - fees + elsewhere}, but {net} reached the bank",
            "Correct its payments, fees or net amount in BlueOps; it is sent by itself then.",
        )
    lines = [line for payment in payments for line in _lines(record, payment, lookup)]
    rest = list(taken)
    if fees:
        account = lookup.role("merchant_fees", where="the fees")
        rest.append(DepositLine(account=account, amount=-fees, description="Processing fees"))
    document = BankDeposit(
        account=lookup.account(Family.MONEY_ACCOUNT, record.account_key, where="the bank account"),
        date=record.date,
        lines=_as_it_stands(record, lines, net, lookup) or (*lines, *rest),
        total=net,
        memo=record.memo,
        currency=record.currency,
    )
    if elsewhere and sum((line.amount for line in document.lines), ZERO) != net:
        raise lookup.held(
            f"holds {elsewhere} of money that BlueOps does not have, so it is not made anew from here",
            "Make the bank deposit in QuickBooks and void this payout in BlueOps; it is taken in by itself then.",
        )
    return {DocumentKey(record.ref): document}


def _as_it_stands(
    record: Payout, lines: list[DepositLine], net: Decimal, lookup: Lookup
) -> tuple[DepositLine, ...]:
    """The payments within the lines that the deposit has beside, in its order, while those come to the same.

    So a bookkeeper's own lines stay as they are; empty where the deposit is not there or says something else.
    """
    posted = lookup.context.posted.get(DocumentKey(record.ref))
    if not isinstance(posted, BankDeposit) or posted.void:
        return ()
    wanted = {_name_of(line): line for line in lines}
    found: list[DepositLine] = []
    for line in posted.lines:
        name = _name_of(line)
        if name in wanted:
            found.append(wanted.pop(name))
        elif not _is_payment(line):
            found.append(line)
    found += wanted.values()
    return tuple(found) if sum((line.amount for line in found), ZERO) == net else ()


def _name_of(line: DepositLine) -> str:
    """By what a line is known again: the payment that it holds or has let go, else all that it says."""
    if line.payment is not None:
        return str(line.payment)
    if line.description.startswith(LET_GO):
        return line.description.removeprefix(LET_GO)
    return f"{line.account} {line.amount} {line.description}"


def _is_payment(line: DepositLine) -> bool:
    """A payment of ours, which the payout holds no more."""
    if line.description.startswith(LET_GO):
        return True
    return (
        line.payment is not None
        and not isinstance(line.payment, BooksRef)
        and record_of(line.payment).kind is RecordKind.PAYMENT
    )


def let_go(document: Document | None) -> tuple[RecordRef, ...]:
    """The payments that a deposit has let go for a moment."""
    return tuple(dict.fromkeys(record_of(name) for name in names_let_go(document)))


def names_let_go(document: Document | None) -> tuple[OurRef, ...]:
    """Their documents, each once."""
    lines = document.lines if isinstance(document, BankDeposit) and not document.void else ()
    words = (line.description.removeprefix(LET_GO) for line in lines if line.description.startswith(LET_GO))
    return tuple(ref_of_key(DocumentKey.parse(name)) for name in dict.fromkeys(words))


def _payment(payment_id: str, lookup: Lookup) -> Payment:
    payment = lookup.related(Payment, RecordRef(RecordKind.PAYMENT, payment_id))
    if payment is None or payment.void:
        cause = "is void" if payment is not None else "BlueOps does not have"
        raise lookup.held(
            f"names payment {payment_id}, which {cause}",
            "Correct the payments of the payout in BlueOps; it is sent by itself then.",
        )
    return payment


def _lines(record: Payout, payment: Payment, lookup: Lookup) -> Iterator[DepositLine]:
    """The received payment itself, or its amount out of the account where it was put at once.

    The books let a deposit pick up only payments that wait as undeposited funds; money that was put
    elsewhere, such as a processor's clearing account, is taken out of there by a plain line.
    """
    amount = lookup.cents(payment.amount, where=f"payment {payment.id}")
    waits_in = lookup.optional(Family.ROLE, UNDEPOSITED).account
    held_in = _held_in(payment, lookup)
    if held_in != waits_in:
        yield DepositLine(account=held_in, amount=amount, description=_named(payment, amount))
    elif payment.deposit_for_job and prepayments.is_liability(payment.id, lookup):
        yield DepositLine(payment=payment.ref, amount=amount)
    else:
        parts = posted_parts(payment, lookup)
        if (there := sum((part for _, part in parts.values()), ZERO)) != amount:
            raise lookup.held(
                f"holds payment {payment.id} of {amount}, of which {there} is in the books",
                "Settle what is open about that payment, then retry this one.",
            )
        for name, (_, part) in parts.items():
            if waits_in is not None and _is_let_go(record, name, lookup):
                yield DepositLine(account=waits_in, amount=part, description=f"{LET_GO}{name}")
            else:
                yield DepositLine(payment=name, amount=part)


def _is_let_go(record: Payout, name: OurRef, lookup: Lookup) -> bool:
    """The payment is to settle something else in the books, which freeze it in a deposit."""
    wanted = lookup.context.let_go
    if wanted is not None:
        return name in wanted
    return name in names_let_go(lookup.context.posted.get(DocumentKey(record.ref)))


def returns_of(payment: Payment) -> frozenset[RecordRef]:
    """The returns by which the payment went back."""
    return frozenset(back.by for back in payment.given_back if back.by.kind is RecordKind.PAYMENT_RETURN)


def _taken_out(record: Payout, lookup: Lookup) -> Iterator[DepositLine]:
    """What the processor gave back to customers out of this payout."""
    for id in record.refund_ids:
        refund = lookup.related(Refund, RecordRef(RecordKind.REFUND, id))
        if refund is None or refund.void:
            raise _unknown("refund", id, lookup)
        yield _out(refund.amount, account_left(refund.account_key, None, lookup), f"Refund {id}", lookup)
    for id in record.return_ids:
        back = lookup.related(PaymentReturn, RecordRef(RecordKind.PAYMENT_RETURN, id))
        if back is None or back.void:
            raise _unknown("returned payment", id, lookup)
        payment = _payment(back.payment_id, lookup)
        account = account_left(back.account_key, _held_in(payment, lookup), lookup)
        yield _out(back.amount + back.bank_fee, account, f"Returned payment {id} with its fee", lookup)


def _out(amount: Decimal, account: BooksRef, words: str, lookup: Lookup) -> DepositLine:
    return DepositLine(account=account, amount=-lookup.cents(amount, where=words), description=words)


def _unknown(what: str, id: str, lookup: Lookup) -> Exception:
    return lookup.held(
        f"names {what} {id}, which BlueOps does not have",
        "Correct what the payout holds in BlueOps; it is sent by itself then.",
    )


def _held_in(payment: Payment, lookup: Lookup) -> BooksRef:
    posted = lookup.context.posted.get(DocumentKey(payment.ref))
    held = getattr(posted, "deposit_to", None)
    return held if isinstance(held, BooksRef) else deposit_account(payment.method, lookup)


def _named(payment: Payment, amount: Decimal) -> str:
    reference = f" ({payment.reference})" if payment.reference else ""
    return f"Payment {payment.id}{reference}, {amount}"
