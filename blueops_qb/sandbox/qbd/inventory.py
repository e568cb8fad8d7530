"""Stock at average cost: quantity and value on hand, and the cost that each sale carries out by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry, Txn
from blueops_qb.sandbox.qbd import items
from blueops_qb.sandbox.qbd.company import Company, Movement
from blueops_qb.sandbox.qbd.purchase_lines import flat_items
from blueops_qb.sandbox.qbd.sales_lines import flat
from blueops_qb.sandbox.qbd.values import Obj, cents, is_true, money, ref_id

COST = "cost"
#: kind -> do its goods go out (-1) or come back (1) at cost
_SALES = {"Invoice": -1, "SalesReceipt": -1, "CreditMemo": 1}
#: kind -> do its goods come in (1) or go back (-1) at the price on the form
_PURCHASES = {"Bill": 1, "Check": 1, "CreditCardCharge": 1, "VendorCredit": -1, "CreditCardCredit": -1}


def moved(company: Company, kind: str, record: Obj | None) -> set[str]:
    """The inventory items that a transaction moves."""
    if record is None or is_true(record, "IsPending"):
        return set()
    if kind in _SALES:
        lines = flat(record, kind)
    elif kind in _PURCHASES:
        lines = flat_items(record)
    else:
        return set()
    found = {ref_id(line, "ItemRef") for line in lines}
    return {item for item in found if company.kind_of.get(item) == "ItemInventory"}


def note(company: Company, kind: str, identity: str, record: Obj | None) -> set[str]:
    """Note which items a transaction moves now; answers those it moved before or moves now."""
    before = {item for item, txns in company.moving.items() if identity in txns}
    now = moved(company, kind, record)
    for item in before - now:
        del company.moving[item][identity]
        company.costs[identity].pop(item, None)
    for item in now:
        company.moving[item][identity] = list(_movements(company, kind, identity, item))
    # A form that was posted again has lost its cost part, or has none any more.
    if before | now:
        _post_cost(company, Txn(kind=kind, id=identity))
    return before | now


def recost(company: Company, changed: Iterable[str]) -> None:
    """Reckon these items anew from their first movement on, and post the cost of every sale they are in."""
    for item in changed:
        record = company.records["ItemInventory"].get(item)
        if record is None:
            continue
        touched = _recost_one(company, item, record)
        for txn in touched:
            _post_cost(company, txn)


def _post_cost(company: Company, txn: Txn) -> None:
    # The cost part is written whole: what all stock on the form cost, or taken out where none is left.
    entries = [entry for part in company.costs[txn.id].values() for entry in part]
    held = company.get(txn.kind, txn.id)
    if held is not None and entries:
        company.ledger.post(txn, day=date.fromisoformat(held["TxnDate"]), entries=entries, part=COST)
    else:
        company.ledger.remove(txn, part=COST)


def _recost_one(company: Company, item: str, record: Obj) -> set[Txn]:
    quantity = Decimal(record.get("_QuantityOnHand", "0"))
    value = items.opening_value(record)
    average = value / quantity if quantity else Decimal(record.get("PurchaseCost") or 0)
    touched = set()
    costs: dict[Txn, list[Entry]] = {}
    every = [movement for movements in company.moving[item].values() for movement in movements]
    ordered = sorted(every, key=lambda m: (m.day, m.value is None, m.number))
    for movement in ordered:
        quantity += movement.quantity
        if movement.value is not None:
            value += movement.value
        else:
            cost = cents(movement.quantity * average)
            value += cost
            costs.setdefault(movement.txn, []).extend(_entries(record, movement, -cost))
        if quantity > 0 and value >= 0 and movement.value is not None:
            average = value / quantity
    for txn, entries in costs.items():
        if company.costs[txn.id].get(item) != entries:
            company.costs[txn.id][item] = entries
            touched.add(txn)
    company.stock[item] = (quantity, average)
    return touched


def _movements(company: Company, kind: str, identity: str, item: str) -> Iterator[Movement]:
    record = company.records[kind][identity]
    sale = kind in _SALES
    for line in flat(record, kind) if sale else flat_items(record):
        if ref_id(line, "ItemRef") != item:
            continue
        sign = _SALES[kind] if sale else _PURCHASES[kind]
        count = Decimal(line["Quantity"]) if line.get("Quantity") else Decimal(1)
        yield Movement(
            day=record["TxnDate"],
            number=int(record["TxnNumber"]),
            txn=Txn(kind=kind, id=identity),
            quantity=sign * count,
            value=None if sale else sign * money(line.get("Amount")),
            customer=ref_id(record, "CustomerRef") if sale else "",
            class_id=ref_id(line, "ClassRef"),
        )


def _entries(item: Obj, movement: Movement, cost: Decimal) -> list[Entry]:
    def entry(account: str, amount: Decimal) -> Entry:
        return Entry(
            account=ref_id(item, account),
            amount=amount,
            customer=movement.customer,
            class_id=movement.class_id,
            memo=f"Cost of {item['Name']}",
        )

    return [entry("COGSAccountRef", cost), entry("AssetAccountRef", -cost)] if cost else []


def on_hand(company: Company, item: str) -> tuple[Decimal, Decimal]:
    """Quantity on hand and average cost of one piece."""
    return company.stock.get(item, (ZERO, ZERO))
