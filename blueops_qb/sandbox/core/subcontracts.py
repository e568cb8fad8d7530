"""Subcontracts: what earlier applications of a subcontractor came to, as core's own records say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Expense
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused


def with_earlier(connection: sa.Connection, tenant_id: str, expense: Expense) -> Expense:
    """The bill of a subcontract with the sums of those that were recorded before it, whatever it said of them."""
    bill = expense.subcontract
    if bill is None:
        return expense
    earlier = list(_bills(connection, tenant_id, bill.subcontract_id, before=int(expense.id)))
    gross = sum((_gross(other) for other in earlier), ZERO)
    return attrs.evolve(
        expense, subcontract=attrs.evolve(bill, billed_before=gross, withheld_before=_held_back(earlier))
    )


def check_released(connection: sa.Connection, tenant_id: str, old: Expense, new: Expense | None) -> None:
    """Refused where `new` (None = nothing) in the place of `old` holds back less than others have released."""
    if old.subcontract is None:
        return
    name = old.subcontract.subcontract_id
    others = [bill for bill in _bills(connection, tenant_id, name) if bill.id != old.id]
    same = new is not None and new.subcontract is not None and new.subcontract.subcontract_id == name
    left = _held_back([*others, *([new] if new is not None and same else [])])
    if left < 0 and left < _held_back([*others, old]):
        raise Refused(
            f"expense {old.id} holds back what other bills of subcontract {name} release, {-left} of which nothing"
            " would hold back any more; void the release first"
        )


def _bills(
    connection: sa.Connection, tenant_id: str, subcontract_id: str, *, before: int | None = None
) -> Iterator[Expense]:
    """The bills of a subcontract, void ones left out, the newest first; `before`: only those with a lower id."""
    named = records.c.record.contains(f'"subcontract_id":"{subcontract_id}"', autoescape=True)
    where = [named, records.c.status != "void"]
    while page := rows.listed(
        connection, tenant_id, RecordKind.EXPENSE, where=where, before=before, limit=200
    ):
        yield from (
            row.record
            for row in page
            if isinstance(row.record, Expense) and row.record.subcontract is not None
        )
        before = int(page[-1].record.id)


def _held_back(bills: Iterable[Expense]) -> Decimal:
    return sum((bill.subcontract.held_back for bill in bills if bill.subcontract is not None), ZERO)


def _gross(expense: Expense) -> Decimal:
    return sum((line.amount for line in expense.lines), ZERO)
