"""Tax services: the object by which a tax code is created together with its rates (reference section 4.8).

QuickBooks then lists two kinds of objects: the TaxCode, which names its rates by id, and each TaxRate. `assembled`
puts them together again, so that what is listed can be compared with what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from blueops_qb.domain.documents import TaxCodeRecord, TaxRate, TaxUse
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.members import Obj, Unfit, exactly, folded, ref_id

#: Longest name of a rate, and of a code where QuickBooks lists it.
RATE_NAME, CODE_NAME = 10, 100
_USES = {TaxUse.SALES: "Sales", TaxUse.PURCHASES: "Purchase"}
_LISTS = {TaxUse.SALES: "SalesTaxRateList", TaxUse.PURCHASES: "PurchaseTaxRateList"}
_HUNDRED = Decimal(100)


def plain_percent(percent: Decimal) -> Decimal:
    """The same number in one spelling: 8.250 and 8.25 are equal, and printed alike."""
    return Decimal(format(percent.normalize(), "f"))


def tax_service_body(
    document: TaxCodeRecord, profile: BooksProfile, marker: str, *, whole: bool = True
) -> Obj:
    """The members of the one call; raises Unfit. A tax code has no room for our marker."""
    del profile, marker, whole
    name = document.name.strip()
    if not name:
        raise Unfit("The tax code has no name; name it, as QuickBooks Online takes none without.")
    if not document.rates:
        raise Unfit(
            f"The tax code “{name}” has no rate; give it at least one, of 0 percent where nothing is due."
        )
    _check_names(document, name)
    rates = [_detail(rate, name) for rate in document.rates]
    return {"TaxCode": exactly(name, CODE_NAME, "The name of the tax code"), "TaxRateDetails": rates}


def tax_service_of(obj: Obj, profile: BooksProfile) -> TaxCodeRecord:
    """The document that a TaxService object shows; raises ValueError or KeyError for one that lacks a part."""
    del profile
    uses = {folded(shown): use for use, shown in _USES.items()}
    rates = tuple(
        TaxRate(
            name=str(row["TaxRateName"]),
            percent=Decimal(str(row["RateValue"])),
            agency=BooksRef(BooksKind.TAX_AGENCY, str(row["TaxAgencyId"])),
            on=uses[folded(row.get("TaxApplicableOn") or _USES[TaxUse.SALES])],
        )
        for row in obj["TaxRateDetails"]
    )
    return TaxCodeRecord(name=str(obj["TaxCode"]), rates=rates)


def assembled(code: Obj, rates: Mapping[str, Obj]) -> Obj:
    """A TaxCode with its TaxRates (by id) as the TaxService object that creates it; KeyError where a rate lacks."""
    return {"TaxCode": code["Name"], "TaxCodeId": code["Id"], "TaxRateDetails": list(_details(code, rates))}


def _details(code: Obj, rates: Mapping[str, Obj]) -> Iterator[Obj]:
    for use, member in _LISTS.items():
        rows: Sequence[Obj] = (code.get(member) or {}).get("TaxRateDetail") or []
        for row in rows:
            rate = rates[ref_id(row, "TaxRateRef")]
            yield {
                "TaxRateName": rate["Name"],
                "TaxRateId": rate["Id"],
                "RateValue": rate["RateValue"],
                "TaxAgencyId": ref_id(rate, "AgencyRef"),
                "TaxApplicableOn": _USES[use],
            }


def _check_names(document: TaxCodeRecord, name: str) -> None:
    names = [rate.name.strip().casefold() for rate in document.rates]
    twice = sorted({rate for rate in names if rate and names.count(rate) > 1})
    if twice:
        raise Unfit(
            f"The tax code “{name}” has several rates of the name “{twice[0]}”; give each a name of its own."
        )


def _detail(rate: TaxRate, code: str) -> Obj:
    name = exactly(rate.name, RATE_NAME, f"The name of a rate of the tax code “{code}”,")
    if not name:
        raise Unfit(f"A rate of the tax code “{code}” has no name; name it after its place or agency.")
    if not rate.percent.is_finite() or not 0 <= rate.percent <= _HUNDRED:
        raise Unfit(
            f"The rate “{name}” of the tax code “{code}” is {rate.percent} percent, which is not between 0 and 100; "
            "correct it."
        )
    if rate.agency.kind is not BooksKind.TAX_AGENCY or not rate.agency.id:
        raise Unfit(
            f"The rate “{name}” of the tax code “{code}” names no tax agency of the books ({rate.agency}); choose "
            "the agency that it is owed to."
        )
    return {
        "TaxRateName": name,
        "RateValue": format(plain_percent(rate.percent), "f"),
        "TaxAgencyId": rate.agency.id,
        "TaxApplicableOn": _USES[rate.on],
    }
