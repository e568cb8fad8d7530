"""Costs: what the office records, changes and takes back of bills and purchases, at random."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.records import CostLine, Expense, ExpenseType
from blueops_qb.domain.refs import RecordKind as K
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.office import MATERIALS, amount, day, maybe, some, today
from blueops_qb.sandbox.soak.world import World

BOUGHT = ("materials", "subcontractor", "rental", "fuel", "tools")


def record_expense(w: World, tx: Transaction) -> Any:
    """A bill or a purchase over one to three jobs or none, with tax and freight to be spread."""
    type = w.chance.choice(
        (ExpenseType.BILL, ExpenseType.BILL, ExpenseType.SUBCONTRACT, ExpenseType.CARD, ExpenseType.CHECK)
    )
    bill = type in (ExpenseType.BILL, ExpenseType.SUBCONTRACT)
    vendor = some(w, tx, K.VENDOR)
    lines = tuple(_cost(w, n) for n in range(1, w.chance.randint(1, 3) + 1))
    tax = w.chance.choice((Decimal("0.00"), amount(w, 1, 3_000)))
    freight = w.chance.choice((Decimal("0.00"), Decimal("0.00"), amount(w, 1, 2_000)))
    account = {ExpenseType.CARD: "company_card", ExpenseType.CHECK: "checking"}.get(type, "")
    return tx.record_expense(
        Expense(
            id="",
            type=type,
            date=day(w),
            vendor_id=vendor.id,
            vendor_invoice_number=f"V{w.count()}",
            payment_account_key=account,
            due_date=None if not bill else today(w) + dt.timedelta(days=30),
            lines=lines,
            tax=tax,
            freight=freight,
            total=sum((cost.amount for cost in lines), tax + freight),
            branch=w.chance.choice(("", "north")),
        )
    )


def _cost(w: World, n: int) -> CostLine:
    material = w.chance.random() < 0.5
    cost = amount(w)
    return CostLine(
        line_id=str(n),
        amount=cost,
        unit_cost=cost,
        description=f"Bought {w.count()}",
        material_category=w.chance.choice(MATERIALS) if material else "",
        expense_category="" if material else w.chance.choice(BOUGHT),
        job_id=maybe(w, K.JOB, 0.6),
    )


def change_expense(w: World, tx: Transaction) -> Any:
    """Another amount on a line, or another category."""
    expense = some(w, tx, K.EXPENSE)
    lines = list(expense.lines)
    n = w.chance.randrange(len(lines))
    if w.chance.random() < 0.6:
        lines[n] = attrs.evolve(lines[n], amount=amount(w), unit_cost=Decimal("0.00"))
    else:
        lines[n] = attrs.evolve(lines[n], material_category="", expense_category=w.chance.choice(BOUGHT))
    total = sum((cost.amount for cost in lines), expense.tax + expense.freight)
    return tx.update_expense(attrs.evolve(expense, lines=tuple(lines), total=total))


def void_expense(w: World, tx: Transaction) -> Any:
    """Taken back."""
    return tx.void_expense(some(w, tx, K.EXPENSE).id)
