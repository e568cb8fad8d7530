"""Open bills: what BillToPayQuery tells of a vendor's bills and credits (section 4.8; gotcha 29).

A bill itself shows what is open of it wrongly in some versions, so this is what counts.
"""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.refs import BooksRef
from blueops_qb.providers.qbd.codec.applied import kind_of_type
from blueops_qb.providers.qbd.codec.members import amount_of
from blueops_qb.providers.qbd.qbxml.element import Element

#: What a row holds -> where its amount stands, and whether it is owed to the vendor or by him.
_ROWS = (("BillToPay", "AmountDue", 1), ("CreditToApply", "CreditRemaining", -1))


def open_bills_of(answer: Element) -> dict[BooksRef, Decimal]:
    """What is open by document, negative where the vendor owes it; `answer` is a BillToPayQueryRs."""
    found: dict[BooksRef, Decimal] = {}
    for ret in answer.all("BillToPayRet"):
        for name, amount, sign in _ROWS:
            row = ret.child(name)
            if row is not None:
                place = kind_of_type(row.get("TxnType"), row.get("TxnID"))
                found[place] = sign * abs(amount_of(row, amount))
    return found
