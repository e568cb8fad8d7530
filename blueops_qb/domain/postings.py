"""Postings: the debits and credits a document causes, as our own sub-ledger keeps them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from blueops_qb.domain.refs import Ref


@attrs.frozen(kw_only=True)
class Posting:
    """One effect on one account: debits positive, credits negative.

    `account` is the books' account id; empty when the books choose it themselves and we do not know it.
    `duty` names the special duty it is on (`ar`, `ap`, `undeposited`, `discounts`, `tax_payable`), `item` the
    books' id of the item that chose the account; empty where neither did.
    """

    account: str
    amount: Decimal
    date: dt.date
    customer: Ref | None = None
    vendor: Ref | None = None
    class_: str = ""
    location: str = ""
    duty: str = ""
    item: str = ""
