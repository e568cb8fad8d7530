"""Sendable: what QuickBooks shows, in the form in which it takes it back (reference sections 2.4 and 3)."""

from __future__ import annotations

from typing import Any

from blueops_qb.providers.qbo.codec.members import folded

#: States that QuickBooks shows in another spelling than it takes (section 2.4).
_SPELLED = {
    folded(name): name
    for name in (
        *("NotSet", "NeedToSend", "EmailSent", "NeedToPrint", "PrintComplete"),
        *("Billable", "NotBillable", "HasBeenBilled"),
        *("SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail", "GroupLineDetail"),
        *("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"),
        *("JournalEntryLineDetail", "DepositLineDetail"),
    )
}
_STATES = frozenset({"EmailStatus", "PrintStatus", "BillableStatus", "DetailType"})


def sendable(value: Any, member: str = "") -> Any:
    """Without the blocks whose name ends in Ex, which are shown and refused, and with states in their own spelling.

    `member` is the name under which the value stands.
    """
    if isinstance(value, list):
        return [sendable(row, member) for row in value]
    if isinstance(value, dict):
        return {name: sendable(part, name) for name, part in value.items() if not name.endswith("Ex")}
    return _SPELLED.get(folded(value), value) if member in _STATES else value
