"""Subcontract bills: job cost is gross, what is held back waits as a liability (accounting-treatments 7.2).

Case: a subcontractor's application of 40,000.00, 10 % held back. Entry: Dr 5300 40,000.00, Cr 2150 4,000.00, Cr 2000
36,000.00; the release is a bill of its own: Dr 2150 4,000.00, Cr 2000 4,000.00.
"""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import PurchaseLine
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, SubcontractBill
from blueops_qb.domain.refs import RecordKind, RecordRef

#: The role of the account on which waits what was held back.
ROLE = "retainage_payable"
#: The id of the line that holds back or releases.
LINE = "retainage"
_REMEDY = "Correct it in BlueOps; it is sent by itself then."


def held_back(record: Expense) -> Decimal:
    """What the total is less than the lines, tax and freight; below zero for a release."""
    return record.subcontract.held_back if record.subcontract is not None else ZERO


def retainage_line(record: Expense, goods: list[PurchaseLine], lookup: Lookup) -> list[PurchaseLine]:
    """The line that holds back or releases, on the job of the subcontract; none where nothing is."""
    bill = record.subcontract
    if bill is None:
        return []
    _check(record, bill, lookup)
    if not bill.held_back:
        return []
    words = "Retainage withheld" if bill.held_back > 0 else "Retainage released"
    return [
        PurchaseLine(
            line_id=LINE,
            account=lookup.role(ROLE, where="its retainage"),
            description=f"{words}, application {bill.application}" if bill.application else words,
            amount=-bill.held_back,
            customer=RecordRef(RecordKind.JOB, bill.job_id),
            class_=next((line.class_ for line in goods if line.class_ is not None), None),
        )
    ]


def described(line: CostLine) -> str:
    """The words of a line, with the change order that it is for."""
    if not line.change_order_id:
        return line.description
    return f"{line.description} (change order {line.change_order_id})".strip()


def bare(text: str, line: CostLine) -> str:
    """Such words as the line's own."""
    return (
        text.removesuffix(f"(change order {line.change_order_id})").strip() if line.change_order_id else text
    )


def _check(record: Expense, bill: SubcontractBill, lookup: Lookup) -> None:
    if record.type is not ExpenseType.SUBCONTRACT:
        raise lookup.held(f"is of a subcontract, but of the type {record.type.value}", _REMEDY)
    for what, value in (("retainage", bill.retainage), ("a release", bill.release)):
        if lookup.cents(value, where=what) < 0:
            raise lookup.held(f"has {what} of {value}; enter it without a sign", _REMEDY)
    elsewhere = sorted({line.job_id or "no job" for line in record.lines} - {bill.job_id})
    if elsewhere:
        raise lookup.held(
            f"is of subcontract {bill.subcontract_id} for job {bill.job_id}, and has lines for {', '.join(elsewhere)}",
            "Make one bill per subcontract in BlueOps; they are sent by themselves then.",
        )
    gross = sum((line.amount for line in record.lines), ZERO)
    if bill.retainage > max(gross, ZERO):
        raise lookup.held(f"holds back {bill.retainage} of {gross}", _REMEDY)
    if bill.release > bill.withheld_before:
        raise lookup.held(
            f"releases {bill.release} of the retainage of subcontract {bill.subcontract_id}, "
            f"of which {bill.withheld_before} is held back",
            "Release no more than that, or record the earlier bills first.",
        )
    over = bill.billed_before + gross - bill.contract_sum if bill.contract_sum is not None else ZERO
    if over > 0:
        raise lookup.held(
            f"brings subcontract {bill.subcontract_id} to {bill.billed_before + gross}, {over} more than its sum of "
            f"{bill.contract_sum} with approved change orders",
            "Approve a change order for it in BlueOps, or bill less; it is sent by itself then.",
        )
