"""Postings: the debits and credits a document causes, as our own sub-ledger keeps them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from blueops_qb.domain.refs import Ref


@attrs.frozen(kw_only=True)
class Origin:
    """Which part of a document a posting comes from, and what named its account.

    `role` is the special duty whose account it is and `item` the id of the item whose account it is; without both
    the document itself names the account.
    """

    part: str
    role: str = ""
    item: str = ""
    line_id: str = ""


@attrs.frozen(kw_only=True)
class Posting:
    """One effect on one account: debits positive, credits negative.

    `account` is the books' account id; empty when the books choose it themselves and we do not know it.
    """

    account: str
    amount: Decimal
    date: dt.date
    customer: Ref | None = None
    vendor: Ref | None = None
    class_: str = ""
    location: str = ""
    #: Not part of what it says: two postings of other origin are the same posting.
    origin: Origin | None = attrs.field(default=None, eq=False, repr=False)
