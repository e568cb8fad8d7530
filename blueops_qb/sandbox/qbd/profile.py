"""What the file says of itself: host, company, preferences."""

from __future__ import annotations

from collections.abc import Collection

from blueops_qb.sandbox.qbd import custom_data
from blueops_qb.sandbox.qbd.addresses import with_blocks
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.values import Obj

#: versions of qbXML that the request processor takes
VERSIONS = ("1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0")
_CAPACITY = {"Entity": "14500", "Item": "14500", "Account": "10000"}
_LISTS = [
    "Account",
    "BillingRate",
    "Class",
    "CustomerMsg",
    "CustomerType",
    "Entity",
    "Item",
    "JobType",
    "PaymentMethod",
    "PayrollItem",
    "PriceLevel",
    "SalesRep",
    "SalesTaxCode",
    "ShipMethod",
    "Template",
    "Terms",
    "ToDo",
    "Vehicle",
    "VendorType",
]


def host(company: Company, *, with_capacities: bool) -> Obj:
    """Product, version, what it supports; the room in each list where asked for."""
    record = {**company.meta("host"), "SupportedQBXMLVersion": list(VERSIONS)}
    if with_capacities:
        record["ListMetaData"] = {
            f"{kind}MetaData": {"MaxCapacity": _CAPACITY.get(kind, "10000")} for kind in _LISTS
        }
    return record


def company(file: Company, owners: Collection[str]) -> Obj:
    """The company, with the private data of these owners."""
    record = file.meta("company")
    return {**record, **with_blocks(record), "DataExtRet": custom_data.values_of(file, "company", owners)}
