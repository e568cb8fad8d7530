"""Sales tax on an invoice: whether a certificate frees it, and which code of the books carries it."""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.profile import SalesTax
from blueops_qb.domain.records import Invoice, TaxExemption
from blueops_qb.domain.refs import BooksRef

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
