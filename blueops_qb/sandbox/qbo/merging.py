"""Two list records become one, as a person merges them on the screens (reference sections 3 and 7.2)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import attrs

from blueops_qb.sandbox.ledger import Entry
from blueops_qb.sandbox.qbo import inventory, names, settling
from blueops_qb.sandbox.qbo.company import DELETED, Company
from blueops_qb.sandbox.qbo.entities import ENTITIES, Family
from blueops_qb.sandbox.qbo.faults import business
from blueops_qb.sandbox.qbo.fields import Shape, Table
from blueops_qb.sandbox.qbo.news import Written
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

#: kind -> the members in which two records must agree before they can be one
MERGEABLE: dict[str, tuple[str, ...]] = {
    "Customer": ("CurrencyRef",),
    "Vendor": ("CurrencyRef",),
    "Account": ("AccountType", "CurrencyRef"),
    "Item": ("Type",),
    "Class": (),
    "Department": (),
}


def merge(company: Company, *, kind: str, keep: str, lose: str) -> Obj:
    """Make two list records one: everything that named the loser names the survivor, the loser is deleted.

    Raises Fault 6000 for kinds and pairs that the screens refuse, 610 for an unknown id.
    """
    if kind not in MERGEABLE or keep == lose:
        raise business(f"{kind} {lose} cannot be merged into {keep}")
    with company.lock:
        _check_pair(company, kind, keep, lose)
        loser = company.get(kind, lose)
        changed = _point_elsewhere(company, _Pointer(company=company, kind=kind, old=lose, new=keep))
        touched = [key for key, entries in company.posted.items() if any(_names(e, lose) for e in entries)]
        entries: list[Entry] = []
        for key in touched:
            entries += company.posted[key]
        company.drop(kind, lose, merged=True)
        for holder in ENTITIES:  # payments after what they pay, as the table of entities has them
            for key in sorted({*touched, *changed}):
                if key[0] == holder and key in company.posted:
                    settling.repost(company, key)
                    entries += company.posted[key]
        _recost(company)
        if "FullyQualifiedName" in company.records[kind][keep]:
            names.rename_below(company, kind, company.records[kind][keep])
        settling.refresh_parties(company, entries)
        company.touch(kind, keep, operation=Written.MERGED, deleted_id=lose)
        name = str(loser.get("DisplayName") or loser.get("Name", "")).removesuffix(DELETED)
        return {"kept": keep, "deleted": lose, "name": name}


def _check_pair(company: Company, kind: str, keep: str, lose: str) -> None:
    winner, loser = company.get(kind, keep), company.get(kind, lose)
    for member in MERGEABLE[kind]:
        if winner.get(member) != loser.get(member):
            raise business(f"{kind} {lose} cannot be merged into {keep}: {member} differs")
    if kind == "Item" and winner["Type"] not in ("Service", "NonInventory"):
        raise business(f"items of type {winner['Type']} cannot be merged")
    if kind == "Account" and lose in _system_accounts(company):
        raise business(f"account {lose} belongs to the system and cannot be merged away")
    above = ref_id(winner, "ParentRef")
    while above:
        if above == lose:
            raise business(f"{kind} {keep} is below {lose}; move it before the two are merged")
        above = ref_id(company.get(kind, above), "ParentRef")


def _system_accounts(company: Company) -> set[str]:
    kept = {company.hidden.tax_account}
    for subtype in names.SYSTEM_SUBTYPES:
        kept.add(company.account_of_subtype(subtype))
    return kept


@attrs.frozen(kw_only=True)
class _Pointer:
    company: Company
    kind: str
    old: str
    new: str

    def redirect(self, values: Obj, table: Table) -> bool:
        """Point the references in a record elsewhere; True when there were any."""
        found = False
        for name, value in values.items():
            field = table.get(name)
            if field is None:
                continue
            if field.shape is Shape.REF:
                if value.get("value") == self.old and self._means(field.target, values, value):
                    value["value"] = self.new
                    found = True
            elif field.shape is Shape.PART:
                found = self.redirect(value, field.table) or found
            elif field.shape is Shape.ROWS:
                for row in value:
                    found = self.redirect(row, field.table) or found
        return found

    def _means(self, target: str, holder: Obj, ref: Obj) -> bool:
        if target or "name" in ref:  # currencies carry their name
            return target == self.kind
        return (str(holder.get("Type") or "") or self.company.name_kind(self.old)) == self.kind


def _point_elsewhere(company: Company, pointer: _Pointer) -> set[tuple[str, str]]:
    changed: set[tuple[str, str]] = set()
    for kind, entity in ENTITIES.items():
        for identity, record in list(company.records[kind].items()):
            if (kind, identity) == (pointer.kind, pointer.old):
                continue
            copy = deepcopy(record)
            found = pointer.redirect(copy, entity.fields)
            if entity.family is Family.FILE:
                found = _move_attachment(copy, pointer)
            if kind == "Payment":
                found = _move_owners(copy, pointer) or found
            if found:
                company.put(kind, copy)
                company.touch(kind, identity)
                changed.add((kind, identity))
    _move_defaults(company, pointer)
    return changed


def _move_attachment(record: Obj, pointer: _Pointer) -> bool:
    found = False
    for row in record.get("AttachableRef", []):
        if row["EntityRef"] == {"type": pointer.kind, "value": pointer.old}:
            row["EntityRef"]["value"] = pointer.new
            found = True
    return found


def _move_owners(record: Obj, pointer: _Pointer) -> bool:
    # Whose check or entry on receivables a line of a payment settles.
    owners = [line["_owner"]["CustomerRef"] for line in record.get("Line", ()) if "_owner" in line]
    mine = [owner for owner in owners if pointer.kind == "Customer" and owner["value"] == pointer.old]
    for owner in mine:
        owner["value"] = pointer.new
    return bool(mine)


def _move_defaults(company: Company, pointer: _Pointer) -> None:
    # The two settings that hold an id as plain text.
    hidden, forms = company.hidden, company.preferences.get("SalesFormsPrefs", {})
    if pointer.kind == "Item" and hidden.default_item == pointer.old:
        hidden.default_item = pointer.new
    if pointer.kind == "Account" and forms.get("DefaultDiscountAccount") == pointer.old:
        forms["DefaultDiscountAccount"] = pointer.new


def _names(entry: Entry, identity: str) -> bool:
    tags: Callable[[Entry], tuple[Any, ...]] = attrs.astuple
    return identity in tags(entry)


def _recost(company: Company) -> None:
    # Costs of sales carry the customer, class and location of the sale.
    stock = {item["Id"] for item in company.all("Item") if item["Type"] == "Inventory"}
    for item in stock:
        inventory.open_stock(company, company.records["Item"][item])
    inventory.recost(company, stock)
