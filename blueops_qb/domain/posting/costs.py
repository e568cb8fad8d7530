"""Cost lines: where each line of a cost goes, with purchase tax and freight spread over the lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import PurchaseLine
from blueops_qb.domain.mapping import Family, Target
from blueops_qb.domain.money import ZERO, allocate, half_up
from blueops_qb.domain.policy import PurchaseTax
from blueops_qb.domain.posting import permits, subcontracts
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.records import CostLine, Expense, SplitBasis
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef

#: Expense categories of what a supplier adds to his goods.
FREIGHT_KEY = "freight"
PURCHASE_TAX_KEY = "purchase_tax"

_REMEDY = "Correct it in BlueOps; it is sent by itself then."


def cost_lines(record: Expense, lookup: Lookup) -> tuple[PurchaseLine, ...]:
    """The lines of a cost, total to the cent: goods first, then tax lines if wanted apart, then freight.

    Purchase tax is part of the cost of each line (default) or a line of its own on expense category
    `purchase_tax`; freight is always a line of its own on `freight`. Each bears the job and class of the
    line whose share it is (accounting-treatments 3.1). Books without a class on the head of a purchase get
    the first line's class on every line where they keep one class per document.
    """
    record = _in_cents(record, lookup)
    _check_sum(record, lookup)
    taxes = _shares(record, record.tax, record.tax_split, "tax", lookup=lookup)
    freights = _shares(record, record.freight, record.freight_split, "freight", lookup=lookup)
    in_cost = lookup.context.policy.purchase_tax is PurchaseTax.IN_COST
    costs = zip(record.lines, taxes, strict=True)
    lines = [_goods(record, line, tax if in_cost else ZERO, lookup=lookup) for line, tax in costs]
    if not in_cost:
        lines += _extra(record, taxes, PURCHASE_TAX_KEY, goods=lines, lookup=lookup)
    lines += _extra(record, freights, FREIGHT_KEY, goods=lines[: len(record.lines)], lookup=lookup)
    lines += subcontracts.retainage_line(record, lines, lookup)
    return _with_one_class(lines, lookup)


# -- amounts -------------------------------------------------------------------------------------------
def _in_cents(record: Expense, lookup: Lookup) -> Expense:
    lines = tuple(
        attrs.evolve(line, amount=lookup.cents(line.amount, where=_where(line))) for line in record.lines
    )
    return attrs.evolve(
        record,
        lines=lines,
        tax=lookup.cents(record.tax, where="the tax"),
        freight=lookup.cents(record.freight, where="the freight"),
        total=lookup.cents(record.total, where="the total"),
    )


def _check_sum(record: Expense, lookup: Lookup) -> None:
    back = subcontracts.held_back(record)
    if not record.lines and not back:
        raise lookup.held("has no line", _REMEDY)
    whole = sum((line.amount for line in record.lines), ZERO) + record.tax + record.freight - back
    if whole != record.total:
        less = " less what is held back" if record.subcontract is not None else ""
        raise lookup.held(
            f"does not add up: its lines, tax and freight{less} come to {whole}, its total says {record.total}",
            _REMEDY,
        )
    if record.total < 0:
        raise lookup.held(
            f"has the total {record.total}; what is below zero is a refund or credit and no cost",
            "Enter it in BlueOps as a refund instead.",
        )


def _shares(
    record: Expense, total: Decimal, basis: SplitBasis, what: str, *, lookup: Lookup
) -> Sequence[Decimal]:
    """`total` split over the lines; a line with a negative amount (a return) bears no share by amount."""
    if not total:
        return [ZERO for _ in record.lines]
    match basis:
        case SplitBasis.AMOUNT:
            weights = [max(line.amount, ZERO) for line in record.lines]
        case SplitBasis.QUANTITY:
            weights = [line.quantity for line in record.lines]
        case SplitBasis.EQUAL:
            weights = [Decimal(1) for _ in record.lines]
        case SplitBasis.PERCENT:
            weights = list(record.split_percents)
            _check_percents(record, what, lookup=lookup)
    if any(weight < 0 for weight in weights):
        raise lookup.held(
            f"splits its {what} by {basis.value}, and one of its lines is negative there", _REMEDY
        )
    return allocate(total, weights)


def _check_percents(record: Expense, what: str, *, lookup: Lookup) -> None:
    percents = record.split_percents
    if len(percents) != len(record.lines):
        raise lookup.held(
            f"splits its {what} by percent with {len(percents)} percentages for {len(record.lines)} lines",
            _REMEDY,
        )
    if sum(percents, Decimal(0)) != 100:
        raise lookup.held(
            f"splits its {what} by percent, and the percentages come to {sum(percents, Decimal(0))}, not 100",
            _REMEDY,
        )


# -- lines ---------------------------------------------------------------------------------------------
def _goods(record: Expense, line: CostLine, tax: Decimal, *, lookup: Lookup) -> PurchaseLine:
    job = lookup.job(line.job_id)
    where = _where(line)
    target = _target(record, line, lookup=lookup)
    amount = line.amount + tax
    quantity, unit_cost, description = (
        _quantity(line, amount) if target.item else (None, None, subcontracts.described(line))
    )
    return PurchaseLine(
        line_id=line.line_id,
        account=None if target.item else target.account,
        item=target.item,
        description=description,
        quantity=quantity,
        unit_cost=unit_cost,
        amount=amount,
        customer=_bearer(line),
        class_=lookup.class_of(line.class_key, target, job, where=where),
        billable=line.billable and bool(line.job_id) and lookup.context.policy.send_billable,
    )


def _target(record: Expense, line: CostLine, *, lookup: Lookup) -> Target:
    """Cost code before material before expense category: the first that the line carries must be mapped.

    Where the books take no items on purchases, a cost code counts only when the line carries nothing else.
    """
    where, job = _where(line), lookup.job(line.job_id)
    waiting = permits.waiting(record, line, where=where, lookup=lookup)
    if waiting is not None:
        return waiting
    keys = [
        (Family.COST_CODE, line.cost_code),
        (Family.MATERIAL_COST, line.material_category),
        (Family.EXPENSE, permits.key_of(record, line)),
    ]
    carried = [(family, key) for family, key in keys if key]
    items = lookup.context.profile.item_costs
    if not items and len(carried) > 1 and carried[0][0] is Family.COST_CODE:
        carried = carried[1:]
    family, key = carried[0] if carried else (Family.EXPENSE, "")
    branch = record.branch or (job.branch if job else "")
    scopes = tuple(scope for scope in (job.segment if job else "", branch) if scope)
    target = lookup.target(family, key, where=where, scopes=scopes)
    if target is not None and target.item is not None and items:
        lookup.use(target.item, where=where)
        return target
    if target is not None and target.account is not None:
        lookup.use(target.account, where=where)
        return attrs.evolve(target, item=None)
    lookup.miss(family, key, where=where)
    return Target(account=BooksRef(BooksKind.ACCOUNT, ""))


def _quantity(line: CostLine, amount: Decimal) -> tuple[Decimal, Decimal, str]:
    """Quantity, unit cost, description; 1 times the amount where the books would multiply to another one."""
    words = subcontracts.described(line)
    if half_up(line.quantity * line.unit_cost) == amount:
        return line.quantity, line.unit_cost, words
    if line.quantity == 1:
        return Decimal(1), amount, words
    real = f"({line.quantity} x {line.unit_cost})" if line.unit_cost else f"(quantity {line.quantity})"
    return Decimal(1), amount, f"{words} {real}".strip()


def _extra(
    record: Expense, shares: Sequence[Decimal], key: str, *, goods: Sequence[PurchaseLine], lookup: Lookup
) -> list[PurchaseLine]:
    """One line per line that bears a share, with its job and class."""
    if not any(shares):
        return []
    name = key.replace("_", " ")
    account = lookup.account(Family.EXPENSE, key, where=f"its {name}")
    parts = zip(record.lines, goods, shares, strict=True)
    return [
        PurchaseLine(
            line_id=f"{line.line_id}/{key}",
            account=account,
            description=f"{name.capitalize()}: {line.description}" if line.description else name.capitalize(),
            amount=share,
            customer=cost.customer,
            class_=cost.class_,
            billable=cost.billable,
        )
        for line, cost, share in parts
        if share
    ]


def _with_one_class(lines: list[PurchaseLine], lookup: Lookup) -> tuple[PurchaseLine, ...]:
    if lookup.context.profile.class_tracking is not Tracking.PER_TRANSACTION:
        return tuple(lines)
    first = next((line.class_ for line in lines if line.class_ is not None), None)
    return tuple(attrs.evolve(line, class_=first) for line in lines)


def _bearer(line: CostLine) -> RecordRef | None:
    return RecordRef(RecordKind.JOB, line.job_id) if line.job_id else None


def _where(line: CostLine) -> str:
    return f"line {line.line_id}" + (f" “{line.description}”" if line.description else "")
