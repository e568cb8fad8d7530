"""What people do on the screens of the books, without versions and past the closing date."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.qbo import names, settling, writing
from blueops_qb.sandbox.qbo.company import DELETED, Company
from blueops_qb.sandbox.qbo.entities import ENTITIES, Family
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj, ref_id


def edit(company: Company, *, kind: str, id: str, changes: Obj) -> Obj:
    """Change members of a record; raises Fault."""
    with company.lock:
        return writing.update(company, kind, {**_named(company, kind, id), **changes}, by_person=True)


def add(company: Company, *, kind: str, body: Obj) -> Obj:
    """Enter a new record; raises Fault."""
    with company.lock:
        return writing.create(company, kind, body, by_person=True)


def void(company: Company, *, kind: str, id: str) -> Obj:
    """Void a transaction; raises Fault."""
    with company.lock:
        return writing.void(company, kind, _named(company, kind, id), by_person=True)


def delete(company: Company, *, kind: str, id: str) -> Obj:
    """Delete a transaction; raises Fault."""
    with company.lock:
        return writing.delete(company, kind, _named(company, kind, id), by_person=True)


def inactivate(company: Company, *, kind: str, id: str) -> Obj:
    """Make a list record inactive; raises Fault."""
    return edit(company, kind=kind, id=id, changes={"Active": False})


def receive_payment(
    company: Company,
    *,
    customer: str,
    invoices: dict[str, Any],
    total: Any = None,
    number: str = "",
    day: str = "",
    method: str = "Check",
    account: str = "",
) -> Obj:
    """Record money that came by mail: invoice id -> amount; ``total`` may be more (the rest is unapplied)."""
    amounts = {identity: Decimal(str(amount)) for identity, amount in invoices.items() if str(amount)}
    methods = {str(record["Name"]): record["Id"] for record in company.all("PaymentMethod")}
    body: Obj = {
        "CustomerRef": {"value": customer},
        "TotalAmt": Decimal(str(total)) if total else sum(amounts.values(), Decimal(0)),
        "Line": [
            {"Amount": amount, "LinkedTxn": [{"TxnId": identity, "TxnType": "Invoice"}]}
            for identity, amount in amounts.items()
            if amount
        ],
    }
    if number:
        body["PaymentRefNum"] = number
    if day:
        body["TxnDate"] = day
    if method in methods:
        body["PaymentMethodRef"] = {"value": methods[method]}
    if account:
        body["DepositToAccountRef"] = {"value": account}
    return add(company, kind="Payment", body=body)


def make_deposit(company: Company, *, payments: list[str], account: str = "", day: str = "") -> Obj:
    """Take payments out of undeposited funds to the bank."""
    bank = account or company.account_of_type("Bank")
    lines = [{"LinkedTxn": [{"TxnId": identity, "TxnType": "Payment"}]} for identity in payments]
    body: Obj = {"DepositToAccountRef": {"value": bank}, "Line": lines}
    if day:
        body["TxnDate"] = day
    return add(company, kind="Deposit", body=body)


def merge(company: Company, *, kind: str, keep: str, lose: str) -> Obj:
    """Make two list records one: everything that named the loser names the survivor, the loser is deleted."""
    if ENTITIES[kind].family is Family.TXN or keep == lose:
        raise business(f"{kind} {lose} cannot be merged into {keep}")
    with company.lock:
        company.get(kind, keep)
        loser = company.get(kind, lose)
        touched = _point_elsewhere(company, kind, lose, keep)
        company.drop(kind, lose)
        if "FullyQualifiedName" in company.records[kind][keep]:
            names.rename_below(company, kind, company.records[kind][keep])
        entries = []
        for key in touched:
            entries += company.posted.get(key, [])
            settling.repost(company, key)
            entries += company.posted[key]
        settling.refresh_parties(company, entries)
        company.touch(kind, keep)
        return {
            "kept": keep,
            "deleted": lose,
            "name": str(loser.get("DisplayName", "")).removesuffix(DELETED),
        }


ACTIONS: dict[str, Callable[..., Obj]] = {
    "edit": edit,
    "create": add,
    "void": void,
    "delete": delete,
    "inactivate": inactivate,
    "receive_payment": receive_payment,
    "make_deposit": make_deposit,
    "merge": merge,
}


def act(company: Company, name: str, arguments: Obj) -> Obj:
    """Do one of the actions by name; raises Fault."""
    action = ACTIONS.get(name)
    if action is None:
        raise Fault("500", f"Unsupported Operation : action {name!r}; known are {', '.join(ACTIONS)}.")
    try:
        return action(company, **arguments)
    except TypeError as error:
        raise missing(f"{name}: {error}") from None


def _named(company: Company, kind: str, identity: str) -> Obj:
    record = company.get(kind, identity)
    head: Obj = {"Id": identity, "SyncToken": record["SyncToken"], "sparse": True}
    for name in ("VendorRef", "PaymentType"):  # a sparse update must repeat these
        if name in record and name in ENTITIES[kind].fields and ENTITIES[kind].fields[name].required:
            head[name] = deepcopy(record[name])
    return head


def _point_elsewhere(company: Company, kind: str, old: str, new: str) -> list[tuple[str, str]]:
    touched: list[tuple[str, str]] = []
    for holder_kind, entity in ENTITIES.items():
        for identity, record in list(company.records[holder_kind].items()):
            if holder_kind == kind and ref_id(record, "ParentRef") == old:
                company.put(kind, {**deepcopy(record), "ParentRef": {"value": new}})
                company.touch(kind, identity)
                continue
            changed = _replaced(record, kind, old, new, company)
            if changed is None:
                continue
            company.records[holder_kind][identity] = changed
            company.touch(holder_kind, identity)
            if entity.family is Family.TXN:
                touched.append((holder_kind, identity))
    return touched


def _replaced(value: Obj, kind: str, old: str, new: str, company: Company) -> Obj | None:
    copy = deepcopy(value)
    return copy if _replace(copy, kind, old, new, company) else None


def _replace(value: Any, kind: str, old: str, new: str, company: Company) -> bool:
    if isinstance(value, list):
        replaced = [_replace(row, kind, old, new, company) for row in value]
        return any(replaced)
    if not isinstance(value, dict):
        return False
    found = False
    for name, member in value.items():
        if (
            isinstance(member, dict)
            and member.get("value") == old
            and _points_to(name, member, kind, company)
        ):
            member["value"] = new
            found = True
        elif isinstance(member, dict | list):
            found = _replace(member, kind, old, new, company) or found
    return found


def _points_to(name: str, ref: Obj, kind: str, company: Company) -> bool:
    targets = {
        "CustomerRef": "Customer",
        "VendorRef": "Vendor",
        "PrefVendorRef": "Vendor",
        "ItemRef": "Item",
        "GroupItemRef": "Item",
        "ClassRef": "Class",
        "DepartmentRef": "Department",
    }
    if name in ("EntityRef", "Entity"):
        return company.name_kind(ref["value"]) == kind
    if name.endswith("AccountRef"):
        return kind == "Account"
    return targets.get(name) == kind
