"""Stock of inventory items, first in first out: quantity on hand and the cost that each sale carries out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO, Entry, Txn
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.sales import item_lines
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

COST = "cost"
#: kind -> does its sale take goods out (-1) or bring them back (1)
_SALES = {"Invoice": -1, "SalesReceipt": -1, "CreditMemo": 1, "RefundReceipt": 1}
_PURCHASES = ("Bill", "Purchase", "VendorCredit")


@attrs.frozen(kw_only=True)
class Movement:
    """Goods in (positive, with their cost) or out (negative) by one line of a transaction.

    Goods that a customer returns come in at the cost at which the item last went out; goods sent back to a vendor
    carry what he credits for them, and the difference to their cost is posted beside the credit.
    """

    day: date
    key: Key
    quantity: Decimal
    cost: Decimal
    customer: str = ""
    class_id: str = ""
    department: str = ""
    returned: bool = False


def inventory_items(company: Company, record: Obj | None) -> set[str]:
    """The inventory items that a transaction moves."""
    if record is None:
        return set()
    details = [
        line.get("SalesItemLineDetail") or line.get("ItemBasedExpenseLineDetail") or {}
        for line in [*record.get("Line", []), *item_lines_of(record)]
    ]
    found = {ref_id(detail, "ItemRef") for detail in details} - {""}
    return {item for item in found if company.records["Item"].get(item, {}).get("Type") == "Inventory"}


def item_lines_of(record: Obj) -> Iterator[Obj]:
    """Sales lines, those in bundles included; nothing for other transactions."""
    return item_lines([line for line in record.get("Line", []) if "DetailType" in line])


def check_start(draft: Draft) -> None:
    """Refuse (6270) a movement before the item's inventory start date."""
    if draft.kind not in _SALES and draft.kind not in _PURCHASES:
        return
    for item_id in inventory_items(draft.company, draft.new):
        item = draft.company.records["Item"][item_id]
        if draft.new["TxnDate"] < item["InvStartDate"]:
            raise Fault(
                "6270",
                f"Transaction date {draft.new['TxnDate']} is before the inventory start date "
                f"{item['InvStartDate']} of item {item['Name']!r}.",
                "TxnDate",
            )


def open_stock(company: Company, item: Obj) -> None:
    """Post the opening quantity of an inventory item against opening balance equity."""
    value = cents(money(item.get("_opening")) * _unit_cost(item))
    equity = company.account_of_subtype("OpeningBalanceEquity")
    company.ledger.post(
        Txn(kind="InventoryStart", id=item["Id"]),
        day=date.fromisoformat(item["InvStartDate"]),
        entries=[
            Entry(account=ref_id(item, "AssetAccountRef"), amount=value),
            Entry(account=equity, amount=-value),
        ],
    )


def recost(company: Company, item_ids: set[str]) -> None:
    """Work the layers of these items out again: quantity on hand, and the cost part of every sale."""
    costs: dict[Key, list[Entry]] = {}
    for item_id in item_ids:
        item = company.records["Item"][item_id]
        on_hand = money(item.get("_opening"))
        layers = deque([[on_hand, _unit_cost(item)]] if on_hand > 0 else [])
        last = _unit_cost(item)
        for movement in sorted(
            _movements(company, item_id), key=lambda m: (m.day, -m.quantity, int(m.key[1]))
        ):
            on_hand += movement.quantity
            if movement.returned:
                layers.append([movement.quantity, last])
                cost = -cents(movement.quantity * last)
                costs.setdefault(movement.key, []).extend(_cost_entries(item, movement, cost))
            elif movement.quantity >= 0:
                unit = movement.cost / movement.quantity if movement.quantity else ZERO
                layers.append([movement.quantity, unit])
            else:
                cost, last = _take(layers, -movement.quantity, last=last)
                entries = _cost_entries(item, movement, cost - movement.cost)
                costs.setdefault(movement.key, []).extend(entries)
        if on_hand != money(item.get("QtyOnHand")):
            item["QtyOnHand"] = on_hand
            company.touch("Item", item_id)
    _post_costs(company, item_ids, costs)


def _post_costs(company: Company, item_ids: set[str], costs: dict[Key, list[Entry]]) -> None:
    for kind in (*_SALES, *_PURCHASES):
        for identity, record in company.records[kind].items():
            if kind in _PURCHASES and not _goes_back(kind, record):
                continue
            moved = inventory_items(company, record)
            if not moved & item_ids:
                continue
            others = moved - item_ids
            key, txn = (kind, identity), Txn(kind=kind, id=identity)
            if others:
                # A sale of several items: its cost part is written whole, so the others are worked out too.
                recost(company, moved | item_ids)
                return
            day = date.fromisoformat(record["TxnDate"])
            company.ledger.post(txn, day=day, entries=costs.get(key, []), part=COST)


def _movements(company: Company, item_id: str) -> Iterator[Movement]:
    for kind, sign in _SALES.items():
        for identity, record in company.records[kind].items():
            for line in item_lines_of(record):
                detail = line["SalesItemLineDetail"]
                if ref_id(detail, "ItemRef") == item_id:
                    yield Movement(
                        day=date.fromisoformat(record["TxnDate"]),
                        key=(kind, identity),
                        quantity=sign * Decimal(detail.get("Qty", 0 if not line["Amount"] else 1)),
                        returned=sign > 0,
                        cost=ZERO,
                        customer=ref_id(record, "CustomerRef"),
                        class_id=ref_id(detail, "ClassRef"),
                        department=ref_id(record, "DepartmentRef"),
                    )
    for kind in _PURCHASES:
        for identity, record in company.records[kind].items():
            for line in record["Line"]:
                detail = line.get("ItemBasedExpenseLineDetail", {})
                if ref_id(detail, "ItemRef") == item_id:
                    sign = -1 if _goes_back(kind, record) else 1
                    yield Movement(
                        day=date.fromisoformat(record["TxnDate"]),
                        key=(kind, identity),
                        quantity=sign * Decimal(detail.get("Qty", 1)),
                        cost=line["Amount"],
                    )


def _goes_back(kind: str, record: Obj) -> bool:
    return kind == "VendorCredit" or bool(record.get("Credit"))


def _take(layers: deque[list[Decimal]], quantity: Decimal, *, last: Decimal) -> tuple[Decimal, Decimal]:
    # The cost of what goes out, and the unit cost of the last piece of it.
    cost = ZERO
    while quantity and layers:
        layer = layers[0]
        taken = min(quantity, layer[0])
        cost += taken * layer[1]
        last = layer[1]
        layer[0] -= taken
        quantity -= taken
        if not layer[0]:
            layers.popleft()
    # Sold more than there is: the rest goes out at the last known cost.
    return cents(cost + quantity * last), last


def _cost_entries(item: Obj, movement: Movement, cost: Decimal) -> list[Entry]:
    def entry(account: str, amount: Decimal) -> Entry:
        return Entry(
            account=account,
            amount=amount,
            customer=movement.customer,
            class_id=movement.class_id,
            department=movement.department,
            memo=f"Cost of {item['Name']}",
        )

    return [entry(ref_id(item, "ExpenseAccountRef"), cost), entry(ref_id(item, "AssetAccountRef"), -cost)]


def _unit_cost(item: Obj) -> Decimal:
    return Decimal(item.get("PurchaseCost") or 0)
