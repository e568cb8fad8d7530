"""Sales tax as QuickBooks Desktop computes it: per member of a group, each part rounded by itself.

There is no amount to send; what QuickBooks will charge is known beforehand only by computing it in the same way
(reference/quickbooks-desktop.md section 5.3, accounting-treatments 1.4 a). A single item is a group of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from blueops_qb.domain.documents import CreditMemo, Estimate, SalesForm, SalesInvoice, SalesReceipt
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.kept import kept
from blueops_qb.providers.qbd.codec.sale_lines import is_taxed, with_discount_lines

Sale = SalesInvoice | CreditMemo | SalesReceipt | Estimate


def taxable_base(document: Sale, books: Books) -> Decimal:
    """What the tax is charged on: the lines that are told to be taxable, less their share of a taxable discount."""
    written = kept(document, books)
    if not isinstance(written, SalesForm) or not books.taxing or not is_taxed(written):
        return ZERO
    sold, taken = list(with_discount_lines(written)), ZERO
    if half_up(written.discount) and sold[-1].taxable:
        taken = sold.pop().amount
    base = sum((line.amount for line in sold if line.taxable), ZERO)
    whole = sum((line.amount for line in sold), ZERO)
    return base + (half_up(taken * base / whole) if whole else ZERO)


def group_tax(base: Decimal, percents: Iterable[Decimal]) -> Decimal:
    """The tax on `base` at the rates of a group's members, in percent; each part is rounded half up to the cent."""
    return sum((half_up(base * percent / 100) for percent in percents), ZERO)


def tax_gap(document: Sale, percents: Iterable[Decimal], books: Books) -> Decimal:
    """Our tax less the one that QuickBooks will charge at these rates; 0.00 where it is QuickBooks' to say."""
    if document.tax is None:
        return ZERO
    return half_up(document.tax) - group_tax(taxable_base(document, books), percents)
