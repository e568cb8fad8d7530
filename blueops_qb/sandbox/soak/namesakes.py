"""Namesakes: names that somebody of another kind bears over there, or bore before he was retired, at random."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.records import Customer, Vendor
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.bookkeeper import does
from blueops_qb.sandbox.soak.office import K, ids, phone, place, read, young
from blueops_qb.sandbox.soak.online_world import OnlineWorld
from blueops_qb.sandbox.soak.world import TENANT, World

RETIRED = " (deleted)"


def enter_namesake(w: World, tx: Transaction) -> Any:
    """A customer with a vendor's name or a retired customer's, or a vendor with a customer's."""
    as_vendor = w.chance.random() < 0.3
    names = [
        w.mark(kind, raw).removesuffix(RETIRED)
        for kind in ("Customer", "Vendor")
        for id, raw in w.records(kind).items()
        if (kind == "Vendor" or not w.parent(id))
        and ((kind == "Customer") == as_vendor or not w.lives(kind, raw))
    ]
    name = young(w, names)
    if as_vendor:
        return tx.create_vendor(Vendor(id="", name=name, phone=phone(w), address=place(w)))
    return tx.create_customer(Customer(id="", name=name, phone=phone(w), billing=place(w), terms="net_30"))


def take_name(w: OnlineWorld) -> str:
    """The bookkeeper enters a vendor of his own with the name of a customer of BlueOps, who may be on his way."""
    name = customers_name(w)
    made = does(w, "create", kind="Vendor", body={"DisplayName": name})
    w.keep_apart("Vendor", str(made["Id"]))
    return f"Vendor {made['Id']} {name}"


def customers_name(w: World) -> str:
    """The name of a customer of BlueOps."""
    id = young(w, ids(w, K.CUSTOMER))
    with w.core.begin(TENANT, actor="reader") as tx:
        return str(read(tx, K.CUSTOMER, id).name)
