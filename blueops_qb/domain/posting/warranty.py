"""Warranty visits: their cost is an expense and never revenue, on the job that was sold (accounting-treatments 5.2).

Case: a visit under our warranty takes a part of 145.00 off the truck and two hours at 42.00. Entry: Dr 5900 145.00, Dr
5910 84.00, Cr 1205 145.00, Cr 5490 84.00. What the manufacturer grants for labor: Dr 1270 60.00, Cr 5910 60.00; what he
credits for the part is a vendor credit on the same expense category.
"""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Expense, SplitBasis

#: The expense category of own hours; every other line of a visit is a part.
LABOR_KEY = "warranty_labor"
#: Roles of the accounts that a visit is posted against, and of what a manufacturer owes for labor.
STOCK, HOURS, CLAIMS = "truck_stock", "labor_applied", "warranty_claims"


def posted_part(record: Expense, lookup: Lookup) -> Expense:
    """The visit without its hours where payroll costs them in the books; percentages of all lines say nothing then."""
    if lookup.context.policy.post_labor:
        return record
    if all(line.expense_category != LABOR_KEY for line in record.lines):
        return record
    kept = tuple(line for line in record.lines if line.expense_category != LABOR_KEY)
    gone = sum((line.amount for line in record.lines), ZERO) - sum((line.amount for line in kept), ZERO)
    return attrs.evolve(
        record,
        lines=kept,
        total=record.total - gone,
        tax_split=_of_some(record.tax_split),
        freight_split=_of_some(record.freight_split),
    )


def _of_some(basis: SplitBasis) -> SplitBasis:
    return SplitBasis.AMOUNT if basis is SplitBasis.PERCENT else basis


def against(record: Expense) -> dict[str, Decimal]:
    """What is posted against each role; tax and freight belong to the parts."""
    hours = sum((line.amount for line in record.lines if line.expense_category == LABOR_KEY), ZERO)
    return {STOCK: record.total - hours, HOURS: hours}
