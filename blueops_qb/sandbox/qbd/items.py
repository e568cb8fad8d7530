"""Items: accounts they must have, members of groups, stock that opens with them, how one side becomes two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import Entry, Txn
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, missing
from blueops_qb.sandbox.qbd.values import Obj, cents, money, ref_id

#: kind -> the accounts it cannot be without
_ACCOUNTS = {
    "ItemInventory": ("IncomeAccountRef", "COGSAccountRef", "AssetAccountRef"),
    "ItemDiscount": ("AccountRef",),
}
_ONE, _BOTH = "SalesOrPurchase", "SalesAndPurchase"
_SIDES = {_ONE: ("AccountRef",), _BOTH: ("IncomeAccountRef", "ExpenseAccountRef")}
#: what stands on the item only to open its stock
OPENING = ("QuantityOnHand", "TotalValue", "InventoryDate")


def checked_new(company: Company, kind: str, record: Obj) -> Obj:
    """A new item as the file keeps it; raises Refusal 3150 for an account that is missing."""
    _check(company, kind, record)
    opening = {f"_{name}": record.pop(name) for name in OPENING if name in record}
    return {**record, **opening}


def checked_change(company: Company, kind: str, *, before: Obj, record: Obj) -> Obj:
    """A changed item: parts named ``...Mod`` laid over the kept ones; one side may become two, never back."""
    one, both = record.pop(f"{_ONE}Mod", None), record.pop(f"{_BOTH}Mod", None)
    if one is not None:
        if _BOTH in before:
            raise invalid(_ONE, record["Name"], "the item is both sold and bought already.")
        record[_ONE] = _laid_over(before.get(_ONE, {}), one)
    if both is not None:
        record[_BOTH] = _laid_over(before.get(_BOTH, {}), both)
        record.pop(_ONE, None)
    if record.pop("ClearItemsInGroup", "") == "true":
        record.pop("ItemGroupLine", None)
    _check(company, kind, record)
    return record


def _laid_over(kept: Obj, sent: Obj) -> Obj:
    fresh = {name: value for name, value in sent.items() if not name.startswith("Apply")}
    if "Price" in fresh or "PricePercent" in fresh:
        kept = {name: value for name, value in kept.items() if name not in ("Price", "PricePercent")}
    return {name: value for name, value in {**kept, **fresh}.items() if value not in ("", None)}


def _check(company: Company, kind: str, record: Obj) -> None:
    for name in _ACCOUNTS.get(kind, ()):
        if not ref_id(record, name):
            raise missing(name)
    if company.preference("AccountingPreferences", "IsRequiringAccounts"):
        for side, names in _SIDES.items():
            for name in names:
                if side in record and not ref_id(record[side], name):
                    raise missing(name)
    for line in record.get("ItemGroupLine", []):
        if company.kind_of.get(ref_id(line, "ItemRef")) == "ItemGroup":
            raise Refusal(3280, "A group item cannot be a member of a group item.")


def open_stock(company: Company, identity: str) -> None:
    """Post what an inventory item had on hand when it was set up, against opening balance equity."""
    record = company.records["ItemInventory"][identity]
    quantity = Decimal(record.get("_QuantityOnHand", "0"))
    value = opening_value(record)
    if not quantity and not value:
        return
    company.ledger.post(
        Txn(kind="InventoryAdjustment", id=identity),
        day=opening_day(record),
        entries=[
            Entry(account=ref_id(record, "AssetAccountRef"), amount=value),
            Entry(account=company.special_account("OpeningBalanceEquity"), amount=-value),
        ],
    )


def opening_value(record: Obj) -> Decimal:
    """What the opening stock was worth: as said, else quantity times purchase cost."""
    if "_TotalValue" in record:
        return money(record["_TotalValue"])
    return cents(Decimal(record.get("_QuantityOnHand", "0")) * money(record.get("PurchaseCost")))


def opening_day(record: Obj) -> date:
    """The day of the opening stock: as said, else the day on which the item was made."""
    return date.fromisoformat(record.get("_InventoryDate") or record["TimeCreated"][:10])


def price_of(
    company: Company, identity: str, *, purchase: bool = False
) -> tuple[Decimal | None, Decimal | None]:
    """Price and percentage that an item proposes for a line; None where it has none."""
    kind = company.kind_of[identity]
    record = company.records[kind][identity]
    if kind == "ItemDiscount":
        return _number(record, "DiscountRate"), _number(record, "DiscountRatePercent")
    if _BOTH in record:
        return _number(record[_BOTH], "PurchaseCost" if purchase else "SalesPrice"), None
    if _ONE in record:
        return _number(record[_ONE], "Price"), _number(record[_ONE], "PricePercent")
    return _number(record, "PurchaseCost" if purchase else "SalesPrice"), None


def words_of(company: Company, identity: str, *, purchase: bool = False) -> str:
    """The description that an item proposes for a line."""
    record = company.records[company.kind_of[identity]][identity]
    names = ("PurchaseDesc", "SalesDesc") if purchase else ("SalesDesc", "ItemDesc")
    for part in (record.get(_BOTH, {}), record.get(_ONE, {}), record):
        for name in (*names[:1], "Desc", *names[1:]):
            if part.get(name):
                return str(part[name])
    return ""


def account_of(company: Company, identity: str, *, purchase: bool = False) -> str:
    """The account that a line of an item posts to; raises Refusal 3270 where it has none."""
    kind = company.kind_of[identity]
    record = company.records[kind][identity]
    if kind in ("ItemSalesTax", "ItemSalesTaxGroup"):
        account = company.special_account("SalesTaxPayable")
    elif kind == "ItemInventory":
        account = ref_id(record, "AssetAccountRef" if purchase else "IncomeAccountRef")
    elif kind == "ItemPayment":
        account = ref_id(record, "DepositToAccountRef") or company.special_account("UndepositedFunds")
    elif _BOTH in record:
        account = ref_id(record[_BOTH], "ExpenseAccountRef" if purchase else "IncomeAccountRef")
    elif _ONE in record:
        account = ref_id(record[_ONE], "AccountRef")
    else:
        account = ref_id(record, "AccountRef")
    if not account:
        raise Refusal(3270, f'The posting account of the item "{company.full_name(identity)}" is missing.')
    return account


def _number(record: Obj, name: str) -> Decimal | None:
    return Decimal(record[name]) if record.get(name) else None
