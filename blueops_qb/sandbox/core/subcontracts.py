"""Subcontracts: what earlier applications of a subcontractor came to, as core's own records say."""

from __future__ import annotations

from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Expense
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.tables import records


def with_earlier(connection: sa.Connection, tenant_id: str, expense: Expense) -> Expense:
    """The bill of a subcontract with the sums of those that were recorded before it, whatever it said of them."""
    bill = expense.subcontract
    if bill is None:
        return expense
    named = records.c.record.contains(f'"subcontract_id":"{bill.subcontract_id}"', autoescape=True)
    gross, withheld = ZERO, ZERO
    before: int | None = int(expense.id)
    while page := rows.listed(
        connection,
        tenant_id,
        RecordKind.EXPENSE,
        where=[named, records.c.status != "void"],
        before=before,
        limit=200,
    ):
        for row in page:
            other = row.record
            if isinstance(other, Expense) and other.subcontract is not None:
                gross += _gross(other)
                withheld += other.subcontract.held_back
        before = int(page[-1].record.id)
    return attrs.evolve(
        expense, subcontract=attrs.evolve(bill, billed_before=gross, withheld_before=withheld)
    )


def _gross(expense: Expense) -> Decimal:
    return sum((line.amount for line in expense.lines), ZERO)
