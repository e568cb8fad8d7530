"""Reverse deposits: a bank deposit seen in the books as the payout it means, to the cent.

Case: the bookkeeper ticks two payments of 410.79 and 100.00 and enters the bank's fee of 3.20. The payout has these
payments, fees of 3.20 and a net of 507.59. What else the deposit holds is `elsewhere`, in one sum.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import BankDeposit
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.deposits import LET_GO
from blueops_qb.domain.posting.money_accounts import OF_METHOD
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Payment, Payout
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef, record_of

#: Roles of the accounts on which what bank or processor kept is entered.
FEE_ROLES = ("merchant_fees", "bank_charges")


def payments_in(document: BankDeposit) -> tuple[RecordRef, ...]:
    """The payments of ours that a deposit takes out of undeposited funds; its lines must be unbound already."""
    found: dict[RecordRef, None] = {}
    for line in document.lines:
        if line.payment is not None and not isinstance(line.payment, BooksRef):
            ref = record_of(line.payment)
            if ref.kind is RecordKind.PAYMENT:
                found[ref] = None
    return tuple(found)


def payout_from(
    document: BankDeposit,
    *,
    payments: MappingOf[RecordRef, Payment],
    mapping: Mapping,
    current: Payout | None = None,
    taken_out: Decimal = ZERO,
) -> Payout:
    """The payout that a deposit means; raises NoPlace where it is none to the cent.

    `payments` are those of `payments_in` and of `current`, the payout as it was, as BlueOps has them; `taken_out` is
    what went back to customers out of `current`.
    """
    if any(line.description.startswith(LET_GO) for line in document.lines):
        raise NoPlace("has let a returned payment go for a moment; it is looked at once that is in it again")
    linked = payments_in(document)
    _check_whole(document, linked, payments)
    held = {*linked, *(ref for ref in _refs(current) if _stands_plain(document, payments.get(ref)))}
    if not held:
        raise NoPlace(
            "holds no payment of BlueOps any more; put one back there, or void the payout in BlueOps"
        )
    if sum((line.amount for line in document.lines), ZERO) != document.total:
        raise NoPlace(f"has lines that do not come to its total of {document.total}")
    gross = sum((payments[ref].amount for ref in held), ZERO)
    fees = max(_kept_back(document, mapping), ZERO)
    before = [ref for ref in _refs(current) if ref in held]
    payout = Payout(id="", date=document.date, account_key="", payment_ids=(), net=ZERO)
    return attrs.evolve(
        current or payout,
        date=document.date,
        account_key=_bank_key(document.account, mapping, current),
        payment_ids=tuple(ref.id for ref in dict.fromkeys((*before, *linked))),
        fees=fees,
        elsewhere=document.total - gross + fees + taken_out,
        net=document.total,
        memo=document.memo,
        currency=document.currency,
    )


def _refs(payout: Payout | None) -> list[RecordRef]:
    ids = payout.payment_ids if payout is not None else ()
    return [RecordRef(RecordKind.PAYMENT, id) for id in ids]


def _check_whole(
    document: BankDeposit, linked: tuple[RecordRef, ...], payments: MappingOf[RecordRef, Payment]
) -> None:
    """A payment reaches the bank as a whole, also where it is several payments in the books."""
    for ref in linked:
        payment = payments.get(ref)
        if payment is None or payment.void:
            raise NoPlace(f"holds {ref}, which BlueOps does not have any more")
        parts = (
            line.amount
            for line in document.lines
            if line.payment is not None
            and not isinstance(line.payment, BooksRef)
            and record_of(line.payment) == ref
        )
        if (there := sum(parts, ZERO)) != payment.amount:
            raise NoPlace(
                f"holds {there} of {ref}, which is {payment.amount}; a payment reaches the bank as a whole, so put "
                "all of it into one deposit"
            )


def _stands_plain(document: BankDeposit, payment: Payment | None) -> bool:
    """Money that waited elsewhere, as with the processor, is taken out of there by a plain line that names it."""
    if payment is None:
        return False
    named = f"Payment {payment.id}"
    return any(
        line.payment is None
        and line.amount == payment.amount
        and (line.description.startswith(f"{named} (") or line.description.startswith(f"{named},"))
        for line in document.lines
    )


def _kept_back(document: BankDeposit, mapping: Mapping) -> Decimal:
    """What bank or processor kept: what the deposit takes out on the accounts of their fees."""
    targets = [mapping.find(Family.ROLE, role, on=document.date) for role in FEE_ROLES]
    accounts = {target.account for target in targets if target is not None and target.account is not None}
    return -sum((line.amount for line in document.lines if line.account in accounts), ZERO)


def _bank_key(account: BooksRef, mapping: Mapping, current: Payout | None) -> str:
    """The key of the bank account; of several that lead there the payout keeps its own."""
    keys = sorted(
        key
        for (family, key, _), rule in mapping.current().items()
        if family is Family.MONEY_ACCOUNT and rule.target.account == account and not key.startswith(OF_METHOD)
    )
    if current is not None and current.account_key in keys:
        return current.account_key
    if not keys:
        raise NoPlace(
            f"went to {account}, to which no bank account of the mapping leads; map it, then this is taken in by itself"
        )
    return keys[0]


__all__ = ["payments_in", "payout_from"]
