"""Namesakes: names that somebody of another kind bears over there, or bore before he was retired, at random."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.records import Customer, Vendor
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.bookkeeper import does
from blueops_qb.sandbox.soak.office import K, ids, phone, place, read, young
from blueops_qb.sandbox.soak.online_world import OnlineWorld
from blueops_qb.sandbox.soak.world import TENANT

RETIRED = " (deleted)"


def enter_namesake(w: OnlineWorld, tx: Transaction) -> Any:
    """A customer with a vendor's name or a retired customer's, or a vendor with a customer's."""
    as_vendor = w.chance.random() < 0.3
    names = [
        str(raw["DisplayName"]).removesuffix(RETIRED)
        for kind in ("Customer", "Vendor")
        for raw in w.company.records[kind].values()
        if not raw.get("ParentRef") and ((kind == "Customer") == as_vendor or not raw["Active"])
    ]
    name = young(w, names)
    if as_vendor:
        return tx.create_vendor(Vendor(id="", name=name, phone=phone(w), address=place(w)))
    return tx.create_customer(Customer(id="", name=name, phone=phone(w), billing=place(w), terms="net_30"))


def take_name(w: OnlineWorld) -> str:
    """The bookkeeper enters a vendor of his own with the name of a customer of BlueOps, who may be on his way."""
    id = young(w, ids(w, K.CUSTOMER))
    with w.core.begin(TENANT, actor="reader") as tx:
        name = read(tx, K.CUSTOMER, id).name
    made = does(w, "create", kind="Vendor", body={"DisplayName": name})
    w.keep_apart("Vendor", str(made["Id"]))
    return f"Vendor {made['Id']} {name}"
