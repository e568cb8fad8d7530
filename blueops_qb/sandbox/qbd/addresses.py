"""Addresses as QuickBooks shows them: the block of lines beside the parts."""

from __future__ import annotations

from blueops_qb.sandbox.qbd.values import Obj

_LINES = ("Addr1", "Addr2", "Addr3", "Addr4", "Addr5")
#: address -> the block that is shown beside it
BLOCKS = {
    "BillAddress": "BillAddressBlock",
    "ShipAddress": "ShipAddressBlock",
    "VendorAddress": "VendorAddressBlock",
    "OtherNameAddress": "OtherNameAddressBlock",
    "Address": "AddressBlock",
}


def block(address: Obj) -> Obj:
    """At most five lines: those of the address, then town, state and code on one, then the country."""
    lines = [address[name] for name in _LINES if address.get(name)]
    place = ", ".join(part for part in (address.get("City"), address.get("State")) if part)
    town = " ".join(part for part in (place, address.get("PostalCode")) if part)
    lines += [line for line in (town, address.get("Country")) if line]
    return {name: line[:41] for name, line in zip(_LINES, lines, strict=False)}


def with_blocks(record: Obj) -> Obj:
    """The blocks that belong to the addresses of a record."""
    return {shown: block(record[name]) for name, shown in BLOCKS.items() if record.get(name)}
