"""Sales tax of a sales form in the three modes of a company: off, manual, automated (section 4.12)."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import attrs

from blueops_qb.sandbox.ledger import CENT, ZERO
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.wire import Obj, cents, ref_id

TAXED, UNTAXED = "TAX", "NON"
HUNDRED = Decimal(100)


@attrs.frozen(kw_only=True)
class Rate:
    """One rate of a tax code, in percent."""

    id: str
    percent: Decimal


def line_code(company: Company, detail: Obj) -> str:
    """TAX or NON for a sales line; the item decides when the line does not say. Raises Fault 6100."""
    if company.hidden.tax_mode == "off":
        return UNTAXED
    code = ref_id(detail, "TaxCodeRef")
    if not code:
        item = company.find("Item", ref_id(detail, "ItemRef")) or {}
        return TAXED if item.get("Taxable") else UNTAXED
    if code not in (TAXED, UNTAXED):
        raise Fault("6100", f"The tax code of a line must be TAX or NON, not {code!r}.", "TaxCodeRef")
    return code


def rates_of(company: Company, code_id: str) -> list[Rate]:
    """The rates of a real tax code, in its order."""
    code = company.find("TaxCode", code_id)
    if code is None:
        return []
    rows = code.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    rates = [company.get("TaxRate", ref_id(row, "TaxRateRef")) for row in rows]
    return [Rate(id=rate["Id"], percent=Decimal(rate["RateValue"])) for rate in rates]


def apply_tax(draft: Draft, *, taxable: Decimal) -> Decimal:
    """Write the form's TxnTaxDetail for this taxable base and answer the total tax."""
    company, new = draft.company, draft.new
    if company.hidden.tax_mode == "off":
        new["TxnTaxDetail"] = {"TotalTax": ZERO}
        return ZERO
    automated = company.hidden.tax_mode == "ast"
    code = _engine_code(draft) if automated else _chosen_code(draft)
    override = _override(draft)
    if not _customer_taxable(draft) or not taxable:
        code, override = code if automated else "", None
        taxable = ZERO
    rates = rates_of(company, code)
    computed = [cents(taxable * rate.percent / HUNDRED) for rate in rates]
    honoured = _prorate(override, rates) if override is not None and rates else computed
    total = sum(honoured, ZERO) if rates else (override or ZERO)
    differs = override is not None and bool(rates) and override != sum(computed, ZERO)
    detail: Obj = {"TotalTax": total}
    if code:
        detail["TxnTaxCodeRef"] = {"value": code}
    if differs and automated:
        detail["TaxReviewStatus"] = "AST_TAX_OVERRIDE"
    if rates and taxable:
        detail["TaxLine"] = [
            _tax_line(rate, base=taxable, amount=amount, computed=exact if differs else amount)
            for rate, amount, exact in zip(rates, honoured, computed, strict=True)
        ]
    new["TxnTaxDetail"] = detail
    new["_tax_override"] = override
    return total


def _engine_code(draft: Draft) -> str:
    # The engine taxes at the destination: ship-to, else the company's own (legal) address.
    company = draft.company
    places = (draft.new.get("ShipAddr"), company.info.get("LegalAddr"), company.info.get("CompanyAddr"))
    for place in places:
        state = str((place or {}).get("CountrySubDivisionCode", "")).strip().upper()
        if state:
            return company.hidden.tax_codes_by_state.get(state, "")
    return ""


def _chosen_code(draft: Draft) -> str:
    detail = draft.new.get("TxnTaxDetail", {})
    code = ref_id(detail, "TxnTaxCodeRef")
    if code:
        record = draft.company.get("TaxCode", code)
        if not record["TaxGroup"]:
            raise Fault("6000", f"Business Validation Error: tax code {code} has no rates.", "TxnTaxCodeRef")
        return code
    if _override(draft):
        customer = draft.company.find("Customer", ref_id(draft.new, "CustomerRef")) or {}
        standard = draft.company.preferences.get("TaxPrefs", {})
        return ref_id(customer, "DefaultTaxCodeRef") or ref_id(standard, "TaxGroupCodeRef")
    return ""


def _override(draft: Draft) -> Decimal | None:
    sent = draft.sent.get("TxnTaxDetail")
    if not draft.company.hidden.takes_our_tax:
        return None
    if sent is None:
        return draft.new.get("_tax_override")
    if sent.get("UseAutomatedSalesTax"):
        return None
    total = sent.get("TotalTax")
    if total is None:
        return None
    if total < 0:
        raise Fault("6000", "Business Validation Error: TotalTax must not be negative.", "TotalTax")
    return cents(total)


def _customer_taxable(draft: Draft) -> bool:
    customer = draft.company.find("Customer", ref_id(draft.new, "CustomerRef")) or {}
    return bool(customer.get("Taxable", True))


def _prorate(total: Decimal, rates: list[Rate]) -> list[Decimal]:
    weight = sum((rate.percent for rate in rates), ZERO)
    if not weight:
        return [total, *[ZERO] * (len(rates) - 1)]
    exact = [total * rate.percent / weight for rate in rates]
    shares = [part.quantize(CENT, rounding=ROUND_DOWN) for part in exact]
    left = int((total - sum(shares, ZERO)) / CENT)
    order = sorted(range(len(rates)), key=lambda n: exact[n] - shares[n], reverse=True)
    for n in order[:left]:
        shares[n] += CENT
    return shares


def _tax_line(rate: Rate, *, base: Decimal, amount: Decimal, computed: Decimal) -> Obj:
    detail: Obj = {
        "TaxRateRef": {"value": rate.id},
        "PercentBased": True,
        "TaxPercent": rate.percent,
        "NetAmountTaxable": base,
    }
    if amount != computed:
        detail["OverrideDeltaAmount"] = amount - computed
    return {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
