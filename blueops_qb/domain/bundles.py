"""Bundles: one price for several things, split by what each is sold for alone (accounting-treatments 5.1).

A line of kind `bundle` carries the price that the customer sees and the parts that it stands for. Each part goes to
the books as a line of its own, so that equipment, material and labour reach their own accounts and sales tax is taken
on the taxed parts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO, allocate
from blueops_qb.domain.sale_records import BundlePart, InvoiceLine, LineKind

#: What a bundle can hold.
PART_KINDS = frozenset({LineKind.SERVICE, LineKind.MATERIAL, LineKind.EQUIPMENT, LineKind.FEE})


def unbundled(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """`lines` with every bundle replaced by its parts; raises ValueError that says what is wrong with one."""
    return tuple(
        part for line in lines for part in (_parts(line) if line.kind is LineKind.BUNDLE else (line,))
    )


def part_id(line_id: str, part: BundlePart) -> str:
    """The line id of a part in the document."""
    return f"{line_id}/{part.part_id}"


def fault(line: InvoiceLine) -> str:
    """What is wrong with a bundle, as the end of a sentence about the line; empty = nothing."""
    ids = [part.part_id for part in line.parts]
    if not line.parts:
        return "is a bundle without parts"
    if any(not id or "/" in id for id in ids) or len(set(ids)) != len(ids):
        return "is a bundle whose parts do not each have a part id of their own"
    wrong = [part for part in line.parts if part.kind not in PART_KINDS]
    if wrong:
        return f"is a bundle with a part of kind {wrong[0].kind.value}; a part is work, material, equipment or a fee"
    if any(part.ssp < 0 for part in line.parts) or not any(part.ssp for part in line.parts):
        return "is a bundle whose parts have no stand-alone selling prices to split its price by"
    return ""


def _parts(line: InvoiceLine) -> tuple[InvoiceLine, ...]:
    """The parts as lines; amount and discount of the bundle are split by the parts' stand-alone selling prices."""
    problem = fault(line)
    if problem:
        raise ValueError(f"line {line.line_id} {problem}")
    weights = [part.ssp for part in line.parts]
    amounts, discounts = allocate(line.amount, weights), allocate(line.discount, weights)
    return tuple(
        _part(line, part, amount, discount)
        for part, amount, discount in zip(line.parts, amounts, discounts, strict=True)
    )


def _part(line: InvoiceLine, part: BundlePart, amount: Decimal, discount: Decimal) -> InvoiceLine:
    return attrs.evolve(
        line,
        line_id=part_id(line.line_id, part),
        kind=part.kind,
        description=part.description or line.description,
        quantity=Decimal(1),
        unit_price=amount,
        amount=amount,
        discount=discount or ZERO,
        service_category=part.service_category,
        material_category=part.material_category,
        fee_type=part.fee_type,
        sku=part.sku,
        class_key=part.class_key or line.class_key,
        cost_code=part.cost_code or line.cost_code,
        taxable=part.taxable,
        parts=(),
    )
