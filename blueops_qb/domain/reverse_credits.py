"""Reverse, for credits: a credit memo of the books and what it settles as the BlueOps credit they mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import CreditMemo, CustomerPayment
from blueops_qb.domain.line_merge import LineStep
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.pulling import payer_of
from blueops_qb.domain.records import Application, Credit, CreditReason, InvoiceLine, LineKind
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef, record_of
from blueops_qb.domain.reverse import is_invoice


def credit_from(document: CreditMemo, *, party: RecordRef, customer_id: str) -> Credit:
    """The credit that a memo of the books means: its net amount and tax, on one line without a key of ours."""
    tax, total = document.tax or ZERO, document.total or ZERO
    words = "; ".join(line.description for line in document.lines if line.description)
    return Credit(
        id="",
        number=document.number,
        customer_id=customer_id,
        issue_date=document.date,
        reason=CreditReason.GOODWILL,
        job_id=party.id if party.kind is RecordKind.JOB else None,
        lines=(_one_line(total - tax, taxable=bool(tax), description=words),),
        tax=tax,
        total=total,
        memo=document.memo,
        currency=document.currency,
    )


def credit_changed(
    document: CreditMemo, current: Credit, fields: Collection[str], *, customer_id: str | None = None
) -> Credit:
    """`current` with these fields as the books have them; a re-coding leaves the lines as they are.

    A credit of one line keeps what that line is about. `customer_id` is the BlueOps customer behind the party that the
    books name. Raises NoPlace for one that is nobody here.
    """
    tax, total = document.tax or ZERO, document.total or ZERO
    changes: dict[str, Any] = {}
    if "customer" in fields:
        changes |= payer_of(document.customer, customer_id)
    if "total" in fields and (tax, total) != (current.tax, current.total):
        changes |= {
            "lines": (_at(total - tax, current, taxable=bool(tax), description=document.memo),),
            "discount": ZERO,
            "tax": tax,
            "total": total,
        }
    changes |= {"issue_date": document.date} if "date" in fields else {}
    changes |= {"number": document.number or current.number} if "number" in fields else {}
    changes |= {"memo": document.memo} if "memo" in fields else {}
    return attrs.evolve(current, **changes)


def same_lines(record: Credit, changed: Credit, steps: Sequence[LineStep]) -> tuple[str, ...] | None:
    """Our lines of a credit in the order of the books, where these are the same lines as before; else None."""
    ids = tuple(step.ours_id for step in steps if step.theirs is not None)
    same = [line.line_id for line in changed.lines] == [line.line_id for line in record.lines]
    return ids if ids and all(ids) and len(ids) == len(steps) and same else None


def credit_applied(current: Credit, payment: CustomerPayment, *, beside: Decimal) -> Credit:
    """`current` as a payment of 0.00 applies it; what it settles that BlueOps does not have is `elsewhere`.

    So is what others use of it `beside` that payment. Void, it settles nothing.
    """
    sums: dict[str, Decimal] = {}
    elsewhere = beside
    for part in () if payment.void else payment.allocations:
        if part.amount <= 0:
            continue
        if not isinstance(part.invoice, BooksRef) and is_invoice(part.invoice):
            id = record_of(part.invoice).id
            sums[id] = sums.get(id, ZERO) + part.amount
        else:
            elsewhere += part.amount
    applications = tuple(Application(invoice_id=id, amount=amount) for id, amount in sums.items())
    if sorted(applications, key=str) == sorted(current.applications, key=str):
        applications = current.applications
    return attrs.evolve(current, applications=applications, elsewhere=elsewhere)


def _at(amount: Decimal, current: Credit, *, taxable: bool, description: str) -> InvoiceLine:
    """The one line of the credit at another amount; several become one that is none of its invoice's lines."""
    line = current.lines[0] if len(current.lines) == 1 else None
    if line is not None and line.kind is not LineKind.TEXT:
        return attrs.evolve(
            line,
            quantity=Decimal(1),
            unit_price=amount,
            amount=amount,
            discount=ZERO,
            taxable=line.taxable or taxable,
        )
    return _one_line(amount, taxable=taxable, description=description, line_id=_TOTAL)


#: The id of the line that stands for a whole credit whose lines BlueOps does not know any more.
_TOTAL = "total"


def _one_line(amount: Decimal, *, taxable: bool, description: str, line_id: str = "1") -> InvoiceLine:
    return InvoiceLine(
        line_id=line_id,
        kind=LineKind.FEE,
        description=description,
        unit_price=amount,
        amount=amount,
        taxable=taxable,
    )
