"""Prices an invoice: line amounts, discounts, sales tax and total (accounting-treatments 1.1 to 1.5).

Amounts are rounded half up, once per line; the tax once per invoice, on the taxable lines after their own
discount and, where it is taken before tax, after their share of the document's discount.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.bundles import unbundled
from blueops_qb.domain.money import ZERO, allocate, half_up
from blueops_qb.domain.records import (
    Address,
    BundlePart,
    InvoiceLine,
    LineKind,
    PermitPayer,
    TaxExemption,
    TaxRounding,
)

HUNDRED = Decimal(100)
#: Payment terms that core knows: days from the date of issue.
TERMS = {"due_on_receipt": 0, "net_10": 10, "net_15": 15, "net_30": 30, "net_60": 60}
#: Kinds that are not taxed as a whole: a deposit never is, of a bundle its taxed parts are.
_TAXED_BY_PART = (LineKind.DEPOSIT_APPLIED, LineKind.BUNDLE)


@attrs.frozen(kw_only=True)
class LineDraft:
    """A line as somebody enters it; `discount_percent` counts where `discount` is zero.

    `line_id` is that of the line which is edited, empty for a new one.
    """

    line_id: str = ""
    kind: LineKind = LineKind.SERVICE
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    discount: Decimal = ZERO
    discount_percent: Decimal = Decimal(0)
    service_category: str = ""
    material_category: str = ""
    fee_type: str = ""
    sku: str = ""
    class_key: str = ""
    cost_code: str = ""
    taxable: bool = False
    service_date: dt.date | None = None
    tax_key: str = ""
    #: The payment whose deposit a line of kind `deposit_applied` uses up.
    deposit_id: str = ""
    #: In which role the permit was paid that a line of kind `permit` bills.
    permit_payer: PermitPayer | None = None
    #: What a line of kind `bundle` stands for.
    parts: tuple[BundlePart, ...] = ()


@attrs.frozen(kw_only=True)
class Priced:
    """The computed parts of an invoice: `subtotal` - `discount` + `tax` = `total`."""

    lines: tuple[InvoiceLine, ...]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal


def price(
    drafts: Sequence[LineDraft],
    *,
    tax_percent: Decimal = Decimal(0),
    discount: Decimal = ZERO,
    discount_percent: Decimal = Decimal(0),
    discount_before_tax: bool = True,
    exempt: bool = False,
    rounding: TaxRounding = TaxRounding.DOCUMENT,
    tax_parts: Sequence[Decimal] = (),
    included: bool = False,
) -> Priced:
    """Compute the invoice; `tax_percent` 8.25 means 8.25 %, `exempt` makes every line non-taxable.

    `rounding` says what the tax is rounded on (`tax_parts`: the authorities' rates, which sum to it);
    with `included` the prices hold it already.

    A discount line (LineKind.DISCOUNT) is entered with a positive price and becomes a negative amount.
    Raises ValueError for a discount that is negative or more than what it is taken off, for a negative tax, and for
    a bundle that cannot be split over its parts.
    """
    if tax_percent < 0:
        raise ValueError("a tax rate cannot be negative")
    lines = tuple(
        _line(id, draft, exempt=exempt) for id, draft in zip(_line_ids(drafts), drafts, strict=True)
    )
    parts = unbundled(lines)
    nets = [ZERO if line.kind is LineKind.DEPOSIT_APPLIED else line.amount - line.discount for line in parts]
    subtotal = sum(nets, ZERO)
    taken = half_up(discount) or half_up(subtotal * discount_percent / HUNDRED)
    if taken < 0 or (taken and taken > subtotal):
        raise ValueError(f"the discount of {taken} is not between 0.00 and the subtotal {subtotal}")
    taxable = [net if line.taxable else ZERO for net, line in zip(nets, parts, strict=True)]
    if taken and discount_before_tax:
        shares = allocate(taken, [max(net, ZERO) for net in nets])
        taxable = [
            base - share if line.taxable else ZERO
            for base, share, line in zip(taxable, shares, parts, strict=True)
        ]
    if included:
        nets_without = [half_up(base / (1 + tax_percent / HUNDRED)) for base in taxable]
        tax = sum(taxable, ZERO) - sum(nets_without, ZERO)
        return Priced(lines=lines, subtotal=subtotal, discount=taken, tax=tax, total=subtotal - taken)
    whole = max(sum(taxable, ZERO), ZERO)
    match rounding:
        case TaxRounding.LINE:
            tax = sum((half_up(base * tax_percent / HUNDRED) for base in taxable), ZERO)
        case TaxRounding.JURISDICTION:
            tax = sum((half_up(whole * part / HUNDRED) for part in tax_parts or (tax_percent,)), ZERO)
        case TaxRounding.DOCUMENT:
            tax = half_up(whole * tax_percent / HUNDRED)
    return Priced(lines=lines, subtotal=subtotal, discount=taken, tax=tax, total=subtotal - taken + tax)


def _line_ids(drafts: Sequence[LineDraft]) -> list[str]:
    """An edited line keeps its id; a new one gets a number above all that are in use."""
    last = max((int(draft.line_id) for draft in drafts if draft.line_id.isdecimal()), default=0)
    ids = []
    for draft in drafts:
        last += not draft.line_id
        ids.append(draft.line_id or str(last))
    if len(set(ids)) != len(ids):
        raise ValueError("two lines have the same line id; leave the id of a new line empty")
    return ids


def _line(line_id: str, draft: LineDraft, *, exempt: bool) -> InvoiceLine:
    if draft.kind is LineKind.TEXT:
        return InvoiceLine(line_id=line_id, kind=draft.kind, description=draft.description)
    amount = half_up(draft.quantity * draft.unit_price)
    takes_off = draft.kind in (LineKind.DISCOUNT, LineKind.DEPOSIT_APPLIED)
    if takes_off:
        amount = -abs(amount)
    discount = half_up(draft.discount) or half_up(amount * draft.discount_percent / HUNDRED)
    if discount < 0 or (discount and discount > amount):
        raise ValueError(
            f"line {line_id}: the discount of {discount} is not between 0.00 and the line's amount {amount}"
        )
    return InvoiceLine(
        line_id=line_id,
        kind=draft.kind,
        description=draft.description,
        quantity=draft.quantity,
        unit_price=-abs(draft.unit_price) if takes_off else draft.unit_price,
        amount=amount,
        service_category=draft.service_category,
        material_category=draft.material_category,
        fee_type=draft.fee_type,
        sku=draft.sku,
        class_key=draft.class_key,
        cost_code=draft.cost_code,
        taxable=draft.taxable and not exempt and draft.kind not in _TAXED_BY_PART,
        discount=discount,
        service_date=draft.service_date,
        tax_key=draft.tax_key,
        deposit_id=draft.deposit_id,
        permit_payer=draft.permit_payer,
        parts=tuple(attrs.evolve(part, taxable=part.taxable and not exempt) for part in draft.parts),
    )


def is_exempt(exemption: TaxExemption | None, *, on: dt.date, site: Address | None) -> bool:
    """Whether a certificate holds on a day at a site; an expired one or one of another state does not."""
    if exemption is None:
        return False
    in_time = (exemption.valid_from or on) <= on <= (exemption.valid_to or on)
    state = site.state if site else ""
    return in_time and (not exemption.states or not state or state in exemption.states)


def due_date(issue_date: dt.date, terms: str) -> dt.date | None:
    """The day on which terms that core knows fall due; None for others."""
    days = TERMS.get(terms)
    return None if days is None else issue_date + dt.timedelta(days=days)
