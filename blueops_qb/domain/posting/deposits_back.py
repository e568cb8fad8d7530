"""Deposits that go back where they are a liability: a refund receipt, or in books without one a check on that account.

Case: a deposit of 200.00 goes back by check, less 40.00 that the contract lets the company keep. Entry: Dr 2300 200.00,
Cr 1000 160.00, Cr 4800 40.00 (accounting-treatments 0.1, 2.2). From an account in which money only waits, on which no
check can be drawn, books without refund receipts get it as a journal entry.
"""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.documents import (
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PaidBy,
    PurchaseLine,
    RefundReceipt,
    SalesLine,
    Side,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import waiting_role
from blueops_qb.domain.refs import BooksRef, RecordRef


def deposit_back(
    party: RecordRef,
    lines: tuple[SalesLine, ...],
    account: BooksRef,
    lookup: Lookup,
    *,
    day: dt.date,
    method: BooksRef | None = None,
    reference: str = "",
    memo: str,
    currency: str,
) -> Document:
    """The document that takes the sum of `lines` out of `account`; a line below zero is kept."""
    total = sum((line.amount for line in lines), ZERO)
    if lookup.context.refund_receipts:
        return RefundReceipt(
            customer=party,
            date=day,
            lines=lines,
            tax_mode=TaxMode.OURS,
            tax=ZERO,
            total=total,
            method=method,
            reference=reference,
            paid_from=account,
            memo=memo,
            currency=currency,
        )
    if waiting_role(account, lookup):
        entries = [_entry(line, party, lookup) for line in lines]
        entries.append(JournalLine(side=Side.CREDIT, account=account, amount=total, description=memo))
        return JournalEntry(date=day, lines=tuple(entries), memo=memo, currency=currency)
    return ExpenseDocument(
        paid_by=PaidBy.CHECK,
        account=account,
        date=day,
        payee=party,
        number=reference,
        lines=tuple(
            PurchaseLine(
                line_id=line.line_id,
                account=_account(line, lookup),
                description=line.description,
                amount=line.amount,
                customer=party,
                class_=line.class_,
            )
            for line in lines
        ),
        total=total,
        memo=memo,
        currency=currency,
    )


def _entry(line: SalesLine, party: RecordRef, lookup: Lookup) -> JournalLine:
    return JournalLine(
        side=Side.DEBIT if line.amount > 0 else Side.CREDIT,
        account=_account(line, lookup),
        amount=abs(line.amount),
        customer=party,
        class_=line.class_,
        description=line.description,
    )


def _account(line: SalesLine, lookup: Lookup) -> BooksRef:
    if line.account is None:
        raise lookup.held(
            f"gives back “{line.description}” on an item of which the books show no account",
            "Map its fee type to an item with an income account on the mapping page.",
        )
    return line.account
