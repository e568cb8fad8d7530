"""What people do on the screens of the books, without versions and past the closing date."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.qbo import merging, writing
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.faults import Fault, missing
from blueops_qb.sandbox.qbo.wire import Obj


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


ACTIONS: dict[str, Callable[..., Obj]] = {
    "edit": edit,
    "create": add,
    "void": void,
    "delete": delete,
    "inactivate": inactivate,
    "receive_payment": receive_payment,
    "make_deposit": make_deposit,
    "merge": merging.merge,
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
