"""Given invoices: a full state that the plugin brings, with amounts as the books have them, checked and kept."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Invoice
from blueops_qb.sandbox.core.work import Refused


def check_given(invoice: Invoice) -> None:
    """Refused, with a sentence, where the invoice does not hold together by itself."""
    if not invoice.number.strip():
        raise Refused(f"invoice {invoice.id} needs a number; {invoice.number!r} is no invoice number")
    ids = [line.line_id for line in invoice.lines]
    if not ids:
        raise Refused("an invoice needs at least one line; enter what was done or delivered")
    if "" in ids or len(set(ids)) < len(ids):
        raise Refused(f"each line of invoice {invoice.number} needs a line id of its own; enter it anew")
    if invoice.due_date is not None and invoice.due_date < invoice.issue_date:
        raise Refused(
            f"invoice {invoice.number} falls due on {invoice.due_date}, before it is issued;"
            " correct one of the dates"
        )
    _check_amounts(invoice)


def _check_amounts(invoice: Invoice) -> None:
    parts = {"the discount": invoice.discount, "the tax": invoice.tax, "the total": invoice.total}
    for line in invoice.lines:
        parts[f"the amount of line {line.line_id}"] = line.amount
        parts[f"the discount of line {line.line_id}"] = line.discount
    for what, value in parts.items():
        if not _in_cents(value):
            raise Refused(f"{what} of {value} is not an amount of whole cents; correct it")
        if value < 0 and "amount of line" not in what:
            raise Refused(f"{what} of invoice {invoice.number} is {value}, below zero; correct it")
    net = sum((line.amount - line.discount for line in invoice.lines), ZERO) - invoice.discount
    if net + invoice.tax != invoice.total:
        raise Refused(
            f"the lines of invoice {invoice.number} less discounts come to {net}, which with a tax of"
            f" {invoice.tax} is not {invoice.total}; compare the lines on both sides"
        )


def _in_cents(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < Decimal(10) ** 12 and value == value.quantize(ZERO)
