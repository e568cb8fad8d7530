"""US sales tax as the file reckons it: one item or a group, each member rounded by itself."""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.values import HUNDRED, Obj, amount_text, cents, ref_id


@attrs.frozen(kw_only=True)
class Tax:
    """The tax of a document: its percentage and what each tax item gets."""

    percentage: Decimal
    parts: tuple[tuple[str, Decimal], ...]

    @property
    def total(self) -> Decimal:
        """All parts together."""
        return sum((amount for _, amount in self.parts), ZERO)

    def kept(self) -> list[Obj]:
        """The parts as the record keeps them."""
        return [{"TaxItem": {"ListID": item}, "Amount": amount_text(amount)} for item, amount in self.parts]


def tax_on(company: Company, item: str, base: Decimal) -> Tax:
    """The tax of a base by a tax item or group; nothing where ``item`` is empty."""
    rates = [(member, Decimal(_rate(company, member))) for member in _members(company, item)]
    return Tax(
        percentage=sum((rate for _, rate in rates), ZERO),
        parts=tuple((member, cents(base * rate / HUNDRED)) for member, rate in rates),
    )


def _members(company: Company, item: str) -> list[str]:
    if not item:
        return []
    group = company.records["ItemSalesTaxGroup"].get(item)
    return [item] if group is None else [str(ref["ListID"]) for ref in group["ItemSalesTaxRef"]]


def _rate(company: Company, item: str) -> str:
    return str(company.records["ItemSalesTax"][item].get("TaxRate", "0"))


def default_item(company: Company, customer: Obj | None) -> str:
    """The tax item of a document that names none: the customer's, else the company's; empty with tax off."""
    preferences = company.meta("preferences").get("SalesTaxPreferences")
    if preferences is None:
        return ""
    return ref_id(customer or {}, "ItemSalesTaxRef") or ref_id(preferences, "DefaultItemSalesTaxRef")
