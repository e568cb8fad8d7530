"""Creates a tax code with its rates: POST /taxservice/taxcode (reference section 4.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.qbo.company import Company, pool_name
from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.fields import choice, loose, number, rows, table, text
from blueops_qb.sandbox.qbo.shape import shaped
from blueops_qb.sandbox.qbo.wire import Obj

_RATE = table(
    text("TaxRateName", 10),
    text("TaxRateId", 20),
    number("RateValue"),
    text("TaxAgencyId", 20),
    choice("TaxApplicableOn", "Sales", "Purchase"),
)
_REQUEST = table(text("TaxCode", 100), rows("TaxRateDetails", _RATE), *loose("TaxCodeId", "Id"))


def create_tax_code(company: Company, body: Obj) -> Obj:
    """Make the code and those of its rates that are new; raises Fault."""
    sent = shaped(body, _REQUEST).values
    name = sent.get("TaxCode")
    if not name:
        raise missing("TaxCode")
    if not sent.get("TaxRateDetails"):
        raise missing("TaxRateDetails")
    if any(pool_name(code["Name"]) == pool_name(name) for code in company.all("TaxCode")):
        raise Fault("6240", f"The name supplied already exists. : tax code {name!r}", "TaxCode")
    rate_ids = [_rate_id(company, row) for row in sent["TaxRateDetails"]]
    bought = [
        rate_id
        for row, rate_id in zip(sent["TaxRateDetails"], rate_ids, strict=True)
        if row.get("TaxApplicableOn") == "Purchase"
    ]
    sold = [rate_id for rate_id in rate_ids if rate_id not in bought]
    code_id = add_tax_code(company, name=name, rate_ids=sold, purchase_rate_ids=bought)
    details = [
        {**row, "TaxRateId": rate_id} for row, rate_id in zip(sent["TaxRateDetails"], rate_ids, strict=True)
    ]
    return {"TaxCode": name, "TaxCodeId": code_id, "TaxRateDetails": details}


def add_tax_rate(company: Company, *, name: str, percent: Decimal, agency: str) -> str:
    """Store a tax rate and answer its id."""
    record: Obj = {
        "Name": name,
        "Description": name,
        "Active": True,
        "RateValue": percent,
        "AgencyRef": {"value": agency},
        "EffectiveTaxRate": [{"RateValue": percent, "EffectiveDate": "2010-01-01T00:00:00-08:00"}],
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
    }
    return _store(company, "TaxRate", record)


def add_tax_code(
    company: Company, *, name: str, rate_ids: list[str], purchase_rate_ids: list[str] | None = None
) -> str:
    """Store a real tax code over these rates and answer its id."""
    record: Obj = {
        "Name": name,
        "Description": name,
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": _in_order(rate_ids)},
        "PurchaseTaxRateList": {"TaxRateDetail": _in_order(purchase_rate_ids or [])},
        "TaxCodeConfigType": "USER_DEFINED",
    }
    return _store(company, "TaxCode", record)


def _in_order(rate_ids: list[str]) -> list[Obj]:
    return [
        {"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate in enumerate(rate_ids)
    ]


def add_pseudo_code(company: Company, *, name: str, taxable: bool) -> None:
    """Store TAX or NON, the codes of lines, whose id is their name."""
    record: Obj = {
        "Name": name,
        "Description": "Taxable" if taxable else "Nontaxable",
        "Active": True,
        "Hidden": False,
        "Taxable": taxable,
        "TaxGroup": False,
        "SalesTaxRateList": {"TaxRateDetail": []},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
        "TaxCodeConfigType": "SYSTEM_GENERATED",
    }
    _store(company, "TaxCode", record, identity=name)


def _store(company: Company, kind: str, record: Obj, *, identity: str = "") -> str:
    record["Id"] = identity or company.next_id(ENTITIES[kind])
    record["domain"], record["sparse"] = "QBO", False
    company.put(kind, record)
    company.touch(kind, record["Id"], first=True)
    return str(record["Id"])


def _rate_id(company: Company, row: dict[str, Any]) -> str:
    if row.get("TaxRateId"):
        return str(company.get("TaxRate", row["TaxRateId"])["Id"])
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if name not in row:
            raise missing(name)
    if not 0 <= row["RateValue"] <= 100:
        raise business(f"the rate {row['RateValue']} is not between 0 and 100", "RateValue")
    agency = str(company.get("TaxAgency", row["TaxAgencyId"])["Id"])
    return add_tax_rate(company, name=row["TaxRateName"], percent=row["RateValue"], agency=agency)
