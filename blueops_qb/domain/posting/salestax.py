"""Sales tax on an invoice: prices that hold it, certificates that free from it, the code that carries it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeVar

import attrs

from blueops_qb.domain.documents import CreditMemo, Document, SalesInvoice, SalesLine, TaxMode
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.profile import SalesTax
from blueops_qb.domain.records import Customer, Invoice, InvoiceLine, LineKind, TaxExemption, TaxRounding
from blueops_qb.domain.refs import BooksRef, DocumentKey

#: The tax key of an invoice that names no jurisdiction; a company may map it.
DEFAULT_KEY = "default"


def exempts(exemption: TaxExemption | None, *, state: str, on: dt.date) -> bool:
    """Whether the certificate holds on that day in that state (accounting-treatments section 11).

    An expired one, or one of another state, does not. No states named, or no state known, fits.
    """
    if exemption is None:
        return False
    if exemption.valid_from is not None and on < exemption.valid_from:
        return False
    if exemption.valid_to is not None and on > exemption.valid_to:
        return False
    return not exemption.states or not state or state in exemption.states


#: The reason of a resale certificate (accounting-treatments 1.5): it frees goods, never services.
RESALE = 9
GOODS = frozenset({LineKind.MATERIAL, LineKind.EQUIPMENT})


def frees(customer: Customer | None, line: InvoiceLine) -> bool:
    """Whether the customer's certificate, which holds on that day, frees this line."""
    exemption = customer.exemption if customer is not None else None
    if exemption is None:
        return False
    return exemption.reason != RESALE or line.kind in GOODS or line.kind is LineKind.DISCOUNT


def one_jurisdiction(record: Invoice, lookup: Lookup) -> Invoice:
    """The invoice with the one tax key of its taxable lines; held where they are taxed in several places.

    The books know one tax code per invoice (accounting-treatments section 11).
    """
    taxed = [line for line in record.lines if line.taxable]
    keys = {line.tax_key or record.tax_key for line in taxed}
    places = {frozenset(part.id for part in line.jurisdictions) for line in taxed if line.jurisdictions}
    if len(keys) > 1 or len(places) > 1:
        named = ", ".join(sorted(key or "no place" for key in keys) if len(keys) > 1 else ["several places"])
        raise lookup.held(
            f"is taxed in more than one place ({named}), and the books take one per invoice",
            "Make it two invoices in BlueOps, one per place of work; they are sent by themselves then.",
        )
    return attrs.evolve(record, tax_key=keys.pop()) if keys else record


def without_included_tax(record: Invoice, lookup: Lookup) -> Invoice:
    """The invoice at net prices: net = gross / (1 + rate), rounded; tax = gross - net, so the gross survives."""
    if not record.prices_include_tax:
        return record
    if record.tax_percent is None or record.tax_percent < 0 or record.discount:
        raise lookup.held(
            "has prices that include sales tax, but "
            + ("a discount on the whole" if record.discount else "no rate of it"),
            "Enter the rate, and discounts on the lines, in BlueOps; it is sent by itself then.",
        )
    lines = tuple(_net(line, record.tax_percent) for line in record.lines)
    pairs = list(zip(record.lines, lines, strict=True))
    tax = sum((o.amount - o.discount - (n.amount - n.discount) for o, n in pairs), ZERO)
    return attrs.evolve(record, lines=lines, tax=tax, prices_include_tax=False)


def _net(line: InvoiceLine, percent: Decimal) -> InvoiceLine:
    if not line.taxable:
        return line
    factor = 1 + percent / 100
    net = half_up((line.amount - line.discount) / factor)
    amount = half_up(line.amount / factor)
    return attrs.evolve(line, amount=amount, discount=amount - net, unit_price=amount, quantity=Decimal(1))


#: The fee type and line id of a difference in the tax that the books do not take from us.
ROUNDING_KEY = "rounding"
GAP_LINE = "tax_gap"
Taxed = TypeVar("Taxed", SalesInvoice, CreditMemo)
#: What may have such a difference.
TAXED = (SalesInvoice, CreditMemo)


def is_tax_gap(sent: Document | None, shown: Document | None, *, limit: Decimal) -> bool:
    """Whether the books took an invoice or credit memo as sent but for their own tax, which differs by `limit` at most.

    One that has a line for such a difference already is none: it must come back as it was sent.
    """
    if (
        not isinstance(sent, TAXED)
        or not isinstance(shown, TAXED)
        or type(sent) is not type(shown)
        or not limit
    ):
        return False
    if sent.tax is None or shown.tax is None or any(line.line_id == GAP_LINE for line in sent.lines):
        return False
    if not 0 < abs(sent.tax - shown.tax) <= limit:
        return False
    return bool(attrs.evolve(shown, tax=sent.tax, total=sent.total) == sent)


def rounding_advice(sent: Document | None, shown: Document | None, unit: TaxRounding) -> str:
    """What else helps where only the tax differs, to be put behind a remedy: to round as the books do."""
    if not isinstance(sent, TAXED) or not isinstance(shown, TAXED) or sent.tax == shown.tax:
        return ""
    words = {TaxRounding.JURISDICTION: "each authority's part"}.get(unit, f"each {unit.value}")
    return f" These books round sales tax on {words}: have BlueOps do the same, and it will not differ again."


def tax_gap(document: Taxed, key: DocumentKey, lookup: Lookup) -> Taxed:
    """The document with the books' own tax and our difference to it as a non-taxable line (treatments 1.4 c).

    Only where the policy wants that, the books have shown their tax, and the difference is within its limit.
    """
    theirs, limit = lookup.context.theirs.get(key), lookup.context.policy.tax_gap
    if not isinstance(theirs, type(document)) or theirs.void or theirs.tax is None or document.tax is None:
        return document
    gap = document.tax - theirs.tax
    if not limit or document.tax_mode is not TaxMode.OURS or not 0 < abs(gap) <= limit:
        return document
    target = lookup.item(Family.FEE, ROUNDING_KEY, where="the difference in its tax")
    line = SalesLine(
        line_id=GAP_LINE,
        item=target.item,
        description="Rounding of sales tax",
        quantity=Decimal(1),
        unit_price=gap,
        amount=gap,
    )
    return attrs.evolve(document, lines=(*document.lines, line), tax=theirs.tax)


def tax_code(record: Invoice, lookup: Lookup, *, mode: TaxMode, taxed: bool) -> BooksRef | None:
    """The code that carries the invoice's tax; none where the books find it themselves or there is no tax.

    `taxed` says whether any line is taxable. Holds the invoice when the books cannot take its tax at all.
    """
    if mode is TaxMode.NONE:
        return None
    books = lookup.context.profile.sales_tax
    if record.tax and books is SalesTax.OFF:
        raise lookup.held(
            f"charges {record.tax} sales tax, but sales tax is switched off in the books",
            "Switch sales tax on in the books, or choose tax mode C (tax as a plain line) in the settings.",
        )
    if mode is TaxMode.OURS and record.tax and not taxed:
        raise lookup.held(
            f"charges {record.tax} sales tax, but none of its lines is taxable",
            "Mark the taxed lines as taxable in BlueOps; the invoice is sent by itself then.",
        )
    if not taxed or (mode is TaxMode.OURS and not record.tax):
        return None
    key = record.tax_key or DEFAULT_KEY
    code = lookup.optional(Family.TAX, key).tax_code
    if code is None and books is SalesTax.MANUAL:
        lookup.miss(Family.TAX, key, where="its sales tax")
    return lookup.use_optional(code, where="its sales tax")
