"""Money that left and that the customer owes again: a check on receivables (accounting-treatments 2.3, 2.4).

Entry: Dr 1100 with the customer, Cr the account that the money left. From a bank or card account it is a check
whose line is the receivables account; from an account in which money only waits (the processor's, undeposited
funds), on which no check can be drawn, it is an invoice with an item that leads there.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from blueops_qb.domain.documents import (
    Document,
    ExpenseDocument,
    PaidBy,
    PurchaseLine,
    SalesInvoice,
    TaxMode,
)
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.money_accounts import waiting_role
from blueops_qb.domain.posting.prepayments import fee_line
from blueops_qb.domain.refs import BooksRef, RecordRef

#: Fee types whose items lead to the accounts in which money waits.
BACK_FROM = "back_from_"


def owed_again(
    party: RecordRef,
    amount: Decimal,
    account: BooksRef,
    lookup: Lookup,
    *,
    day: dt.date,
    words: str,
    memo: str,
    currency: str,
) -> Document:
    """The document that takes `amount` out of `account` and has `party` owe it."""
    role = waiting_role(account, lookup)
    if role:
        line = fee_line("1", f"{BACK_FROM}{role}", amount, lookup, description=words, where="money that left")
        if line.account is not None and line.account != account:
            raise lookup.held(
                f"takes money out of the account with id {account.id}, but the item of fee type "
                f"“{BACK_FROM}{role}” leads to the one with id {line.account.id}",
                "Map that fee type to an item of that very account on the mapping page.",
            )
        return SalesInvoice(
            customer=party,
            date=day,
            due_date=day,
            lines=(line,),
            tax_mode=TaxMode.OURS,
            tax=ZERO,
            total=amount,
            memo=memo,
            currency=currency,
        )
    receivables = lookup.role("ar", where="what the customer owes again")
    owed = PurchaseLine(line_id="1", account=receivables, description=words, amount=amount, customer=party)
    return ExpenseDocument(
        paid_by=PaidBy.CHECK,
        account=account,
        date=day,
        payee=party,
        lines=(owed,),
        total=amount,
        memo=memo,
        currency=currency,
    )
