"""Draws up credits: an invoice in full, some of its lines, or an amount for a reason (accounting-treatments 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.bundles import unbundled
from blueops_qb.domain.money import ZERO, allocate, half_up
from blueops_qb.domain.records import Application, Credit, CreditReason, Invoice, InvoiceLine, LineKind

#: Kinds of lines that a credit takes back.
CREDITED = frozenset(LineKind) - {LineKind.TEXT, LineKind.DEPOSIT_APPLIED}


def credit_in_full(invoice: Invoice, *, on: dt.date, reason: CreditReason = CreditReason.CANCEL) -> Credit:
    """The whole invoice taken back, its tax to the cent."""
    return Credit(
        id="",
        number="",
        issue_date=on,
        reason=reason,
        lines=tuple(line for line in invoice.lines if line.kind in CREDITED),
        discount=invoice.discount,
        tax=invoice.tax,
        total=invoice.total,
        **_head(invoice),
    )


def credit_of_lines(
    invoice: Invoice, parts: Mapping[str, Decimal], *, on: dt.date, reason: CreditReason = CreditReason.RETURN
) -> Credit:
    """Parts of lines taken back: line id -> net amount; each with its share of the discount and of the tax.

    The tax is what was charged on that line (ALLOCATE over the taxable lines), so that all credits of an
    invoice together return exactly its tax. Raises ValueError for a part above its line.
    """
    lines = [line for line in invoice.lines if line.kind in CREDITED]
    nets = [line.amount - line.discount for line in lines]
    positive = [max(net, ZERO) for net in nets]
    shares = allocate(invoice.discount, positive)
    bases = [
        _taxed(line, share if invoice.discount_before_tax else ZERO)
        for line, share in zip(lines, shares, strict=True)
    ]
    taxes = allocate(invoice.tax, bases) if any(bases) else [ZERO] * len(lines)
    credited, discount, tax = [], ZERO, ZERO
    for line, net, share, levied in zip(lines, nets, shares, taxes, strict=True):
        part = parts.get(line.line_id, ZERO)
        if part < 0 or part > net:
            raise ValueError(f"line {line.line_id} is {net}; {part} of it cannot be credited")
        if part:
            fraction = part / net
            discount += half_up(share * fraction)
            tax += half_up(levied * fraction)
            whole = part == net
            credited.append(line if whole else attrs.evolve(line, **_only(part)))
    total = sum((line.amount - line.discount for line in credited), ZERO) - discount + tax
    return Credit(
        id="",
        number="",
        issue_date=on,
        reason=reason,
        lines=tuple(credited),
        discount=discount,
        tax=tax,
        total=total,
        **_head(invoice),
    )


def credit_amount(
    invoice: Invoice,
    amount: Decimal,
    *,
    on: dt.date,
    reason: CreditReason,
    tax: Decimal = ZERO,
    description: str = "",
    applied: Decimal | None = None,
) -> Credit:
    """An amount for a reason, on the invoice; `tax` is the tax on it. It settles the invoice by `applied`."""
    line = InvoiceLine(
        line_id="credit",
        kind=LineKind.FEE,
        description=description,
        unit_price=amount,
        amount=amount,
        taxable=bool(tax),
    )
    total = amount + tax
    settles = total if applied is None else applied
    applications = (Application(invoice_id=invoice.id, amount=settles),) if settles else ()
    return Credit(
        id="",
        number="",
        issue_date=on,
        reason=reason,
        lines=(line,),
        tax=tax,
        total=total,
        applications=applications,
        **_head(invoice),
    )


def _taxed(line: InvoiceLine, share: Decimal) -> Decimal:
    """What of a line is taxed, after its `share` of the document's discount; of a bundle its taxed parts."""
    parts = unbundled((line,))
    nets = [max(part.amount - part.discount, ZERO) for part in parts]
    left = zip(parts, nets, allocate(share, nets), strict=True)
    return sum((max(net - taken, ZERO) for part, net, taken in left if part.taxable), ZERO)


def _only(part: Decimal) -> dict[str, Any]:
    return {"amount": part, "unit_price": part, "quantity": Decimal(1), "discount": ZERO}


def _head(invoice: Invoice) -> dict[str, Any]:
    return {
        "customer_id": invoice.customer_id,
        "job_id": invoice.job_id,
        "invoice_id": invoice.id,
        "site": invoice.site,
        "branch": invoice.branch,
        "discount_before_tax": invoice.discount_before_tax,
        "tax_key": invoice.tax_key,
        "currency": invoice.currency,
    }
