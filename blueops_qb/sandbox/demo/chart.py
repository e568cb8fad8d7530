"""Where everything of the demo's company belongs, written down twice on purpose.

`CHART` is the answer sheet of the independent reader: account numbers by key. `RULES` is what the
administrator enters on the mapping page: items by name, accounts by number. A mistake in one shows against
the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.rulebook import CatalogView
from blueops_qb.sandbox.reader import Chart

CHART = Chart(
    receivable="1100",
    payable="2000",
    sales_tax="2200",
    undeposited="1090",
    discounts="4900",
    fees="6100",
    services={
        "repair": "4010",
        "install": "4020",
        "drain_cleaning": "4030",
        "inspection": "4040",
        "maintenance_visit": "4050",
        "service_call": "4060",
    },
    materials_sold={
        "pipe_fittings": "4110",
        "fixtures": "4110",
        "water_heater": "4100",
        "general": "4110",
    },
    fees_charged={"trip": "4060", "diagnostic": "4800", "late": "4800", "discount": "4900"},
    materials_bought={
        "pipe_fittings": "5010",
        "fixtures": "5020",
        "water_heater": "5030",
        "general": "5290",
    },
    expenses={
        "materials": "5290",
        "subcontractor": "5300",
        "rental": "5500",
        "fuel": "6050",
        "tools": "6600",
        "freight": "5700",
    },
    received_in={"check": "1090", "cash": "1090", "card": "1050", "ach": "1050"},
    money={"checking": "1000", "company_card": "2100"},
    methods={"check": "Check", "cash": "Cash", "card": "Visa", "ach": "ACH"},
    branches={"north": "Reno", "south": "Carson City"},
    classes={"service": "Service", "install": "Install", "drain": "Drain", "maintenance": "Maintenance"},
    terms={"due_on_receipt": "Due on receipt", "net_15": "Net 15", "net_30": "Net 30"},
)

#: The one key that nobody thought of at first: its invoice is held until it is mapped.
FORGOTTEN = (Family.FEE, "diagnostic")

#: (family, key) -> (part of the target, number of the account or name of the entry).
Rules = Mapping[tuple[Family, str], tuple[str, str]]
RULES: Rules = {
    (Family.ROLE, "ar"): ("account", "1100"),
    (Family.ROLE, "ap"): ("account", "2000"),
    (Family.ROLE, "undeposited"): ("account", "1090"),
    (Family.ROLE, "clearing"): ("account", "1050"),
    (Family.ROLE, "discounts"): ("account", "4900"),
    (Family.ROLE, "merchant_fees"): ("account", "6100"),
    (Family.ROLE, "tax_payable"): ("account", "2200"),
    (Family.SERVICE, "repair"): ("item", "Repair"),
    (Family.SERVICE, "install"): ("item", "Install"),
    (Family.SERVICE, "drain_cleaning"): ("item", "Drain"),
    (Family.SERVICE, "inspection"): ("item", "Inspection"),
    (Family.SERVICE, "maintenance_visit"): ("item", "Maintenance Plan"),
    (Family.SERVICE, "service_call"): ("item", "Service Call"),
    (Family.MATERIAL_SOLD, "pipe_fittings"): ("item", "Pipe & Fittings"),
    (Family.MATERIAL_SOLD, "fixtures"): ("item", "Fixtures"),
    (Family.MATERIAL_SOLD, "water_heater"): ("item", "Water Heater"),
    (Family.MATERIAL_SOLD, "general"): ("item", "Job Materials"),
    (Family.FEE, "trip"): ("item", "Service Call"),
    (Family.FEE, "diagnostic"): ("item", "Fee"),
    (Family.FEE, "late"): ("item", "Fee"),
    (Family.FEE, "discount"): ("item", "Discount"),
    (Family.MATERIAL_COST, "pipe_fittings"): ("account", "5010"),
    (Family.MATERIAL_COST, "fixtures"): ("account", "5020"),
    (Family.MATERIAL_COST, "water_heater"): ("account", "5030"),
    (Family.MATERIAL_COST, "general"): ("account", "5290"),
    (Family.EXPENSE, "materials"): ("account", "5290"),
    (Family.EXPENSE, "subcontractor"): ("account", "5300"),
    (Family.EXPENSE, "rental"): ("account", "5500"),
    (Family.EXPENSE, "fuel"): ("account", "6050"),
    (Family.EXPENSE, "tools"): ("account", "6600"),
    (Family.EXPENSE, "freight"): ("account", "5700"),
    (Family.MONEY_ACCOUNT, "checking"): ("account", "1000"),
    (Family.MONEY_ACCOUNT, "company_card"): ("account", "2100"),
    (Family.PAYMENT_METHOD, "check"): ("method", "Check"),
    (Family.PAYMENT_METHOD, "cash"): ("method", "Cash"),
    (Family.PAYMENT_METHOD, "card"): ("method", "Visa"),
    (Family.PAYMENT_METHOD, "ach"): ("method", "ACH"),
    (Family.BRANCH, "north"): ("location", "Reno"),
    (Family.BRANCH, "south"): ("location", "Carson City"),
    (Family.CLASS, "service"): ("class_", "Service"),
    (Family.CLASS, "install"): ("class_", "Install"),
    (Family.CLASS, "drain"): ("class_", "Drain"),
    (Family.CLASS, "maintenance"): ("class_", "Maintenance"),
    (Family.TERMS, "due_on_receipt"): ("terms", "Due on receipt"),
    (Family.TERMS, "net_15"): ("terms", "Net 15"),
    (Family.TERMS, "net_30"): ("terms", "Net 30"),
    (Family.TAX, "ca_county"): ("tax_code", "California"),
}
_KINDS = {
    "account": BooksKind.ACCOUNT,
    "item": BooksKind.ITEM,
    "method": BooksKind.PAYMENT_METHOD,
    "location": BooksKind.LOCATION,
    "class_": BooksKind.CLASS,
    "terms": BooksKind.TERM,
    "tax_code": BooksKind.TAX_CODE,
}


class NotInBooks(LookupError):
    """The practice books lack what the demo maps to."""


def rules_for(
    catalog: CatalogView, keys: Iterable[tuple[Family, str]], *, table: Rules = RULES
) -> list[MapRule]:
    """The rules of these keys with the books' own ids; raises NotInBooks."""
    return [_rule(catalog, family, key, *table[family, key]) for family, key in keys]


def _target(part: str, ref: BooksRef) -> Target:
    at = {part: ref}
    return Target(
        item=at.get("item"),
        account=at.get("account"),
        class_=at.get("class_"),
        terms=at.get("terms"),
        method=at.get("method"),
        location=at.get("location"),
        tax_code=at.get("tax_code"),
    )


def _rule(catalog: CatalogView, family: Family, key: str, part: str, wanted: str) -> MapRule:
    by = "number" if part == "account" else "name"
    for entry in catalog.of(_KINDS[part]):
        if (entry.facts.get("number") if by == "number" else entry.name) == wanted:
            return MapRule(family=family, key=key, target=_target(part, entry.ref))
    raise NotInBooks(
        f"the books have no {part.strip('_')} with the {by} {wanted!r}, which {key} is mapped to"
    )
