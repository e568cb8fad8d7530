"""Where customers' money is: the account it waits in, and the one it leaves."""

from __future__ import annotations

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.refs import BooksRef

#: The account role where money of a method waits for the bank (accounting-treatments section 2);
#: every other method waits with the checks.
METHOD_ROLES = {"card": "clearing", "ach": "clearing"}
#: How keys of `Family.MONEY_ACCOUNT` begin that say where money of a method goes.
OF_METHOD = "method:"
UNDEPOSITED = "undeposited"
CLEARING = "clearing"
#: Roles of accounts that no check can be drawn on: the books take checks from banks and cards only
#: (reference/quickbooks-online.md section 4.19).
WAITING_ROLES = (CLEARING, UNDEPOSITED)


def deposit_account(method: str, lookup: Lookup) -> BooksRef:
    """Where money of a method goes: its own mapped account, else the account of its role."""
    own = lookup.optional(Family.MONEY_ACCOUNT, f"{OF_METHOD}{method}").account
    if own is None and method in METHOD_ROLES:
        own = lookup.optional(Family.ROLE, METHOD_ROLES[method]).account
    if own is None:
        return lookup.role(UNDEPOSITED, where="where its money waits for the bank")
    return lookup.use(own, where="where its money goes")


def account_left(account_key: str, waits_in: BooksRef | None, lookup: Lookup) -> BooksRef:
    """The account that money left: that of the key, else where it waits, else the processor's."""
    if account_key:
        return lookup.account(Family.MONEY_ACCOUNT, account_key, where="the account that the money left")
    if waits_in is not None:
        return lookup.use(waits_in, where="the account that the money left")
    return lookup.role(CLEARING, where="the account that the money left")


def waiting_role(account: BooksRef, lookup: Lookup) -> str:
    """The role of an account in which money only waits; empty for a bank or card account."""
    for role in WAITING_ROLES:
        if lookup.optional(Family.ROLE, role).account == account:
            return role
    return ""
