"""Recoding: an invoice on the items, accounts, classes and location that it was moved to after it was posted."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import SalesInvoice, SalesLine


def coded_as(document: SalesInvoice, other: SalesInvoice) -> SalesInvoice:
    """The document with the coding of `other`, the same record under another mapping, line by line by our line id.

    Amounts, customer and everything about tax stay: a move between accounts touches none of them.
    """
    lines = {line.line_id: line for line in other.lines if line.line_id}
    return attrs.evolve(
        document,
        lines=tuple(_coded(line, lines.get(line.line_id)) for line in document.lines),
        discount_account=other.discount_account or document.discount_account,
        location=other.location,
        class_=other.class_,
    )


def _coded(line: SalesLine, other: SalesLine | None) -> SalesLine:
    if other is None:
        return line
    return attrs.evolve(line, item=other.item, account=other.account, class_=other.class_)
