"""The bookkeeper: what a person enters, corrects, voids, deletes and merges on the books' own screens, at random."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.qbo import people
from blueops_qb.sandbox.qbo.admin import set_preferences
from blueops_qb.sandbox.soak.closed import note_closing, some_day
from blueops_qb.sandbox.soak.coding import note_coding
from blueops_qb.sandbox.soak.office import STREETS, NothingThere, amount, phone, today, young
from blueops_qb.sandbox.soak.online_costs import record_of
from blueops_qb.sandbox.soak.online_world import OnlineWorld

Raw = dict[str, Any]
CENT = Decimal("0.01")
EXPENSE_ACCOUNTS = ("5290", "5300", "5500", "6050", "6600")
#: Members whose text BlueOps must have heard of, as it stands.
TOLD_TO_CORE = ("DisplayName", "PrimaryEmailAddr", "PaymentRefNum")


def there(w: OnlineWorld, kind: str, keep: Callable[[Raw], bool] = lambda _: True) -> Raw:
    """A record of the books, a late one more likely; raises NothingThere."""
    found = [
        raw
        for id, raw in w.company.records[kind].items()
        if (kind, id) not in w.witness.before and (kind, id) not in w.theirs_only and keep(raw)
    ]
    return young(w, found)


def does(w: OnlineWorld, action: str, **arguments: Any) -> Any:
    """One action of a person on the screens; raises Fault where they refuse."""
    with w.witness.people():
        return people.act(w.company, action, arguments)


def edit(w: OnlineWorld, kind: str, raw: Raw, changes: Raw) -> str:
    """Change members of a record."""
    does(w, "edit", kind=kind, id=raw["Id"], changes=changes)
    for field, text in changes.items():
        if field in TOLD_TO_CORE:
            shown = text["Address"] if isinstance(text, dict) else text
            w.witness.written[(kind, str(raw["Id"])), field] = str(shown)
    return f"{kind} {raw['Id']} {sorted(changes)}"


def is_live(raw: Raw) -> bool:
    """A document that is not void."""
    return bool(raw.get("TotalAmt"))


# -- parties -----------------------------------------------------------------------------------------
def enter_customer(w: OnlineWorld) -> str:
    """A customer whom BlueOps does not know."""
    n = w.count()
    body = {"DisplayName": f"Found {n}", "PrimaryPhone": {"FreeFormNumber": phone(w)}}
    made = does(w, "create", kind="Customer", body=body)
    return f"Customer {made['Id']} Found {n}"


def enter_job(w: OnlineWorld) -> str:
    """A sub-customer."""
    parent = there(w, "Customer", lambda raw: raw["Active"] and not raw.get("ParentRef"))
    name = f"Found job {w.count()}"
    body = {"DisplayName": name, "Job": True, "ParentRef": {"value": parent["Id"]}}
    made = does(w, "create", kind="Customer", body=body)
    return f"Customer {made['Id']} {name} of {parent['Id']}"


def change_customer(w: OnlineWorld) -> str:
    """One thing about a customer or job."""
    raw = there(w, "Customer", lambda raw: bool(raw["Active"]))
    n = w.count()
    street = {
        "Line1": w.chance.choice(STREETS),
        "City": "Reno",
        "CountrySubDivisionCode": "NV",
        "PostalCode": "89501",
    }
    if raw.get("ParentRef"):
        choices: tuple[Raw, ...] = ({"ShipAddr": street}, {"DisplayName": f"Found job {n}"})
    else:
        choices = (
            {"PrimaryPhone": {"FreeFormNumber": phone(w)}},
            {"PrimaryEmailAddr": {"Address": f"b{n}@example.com"}},
            {"BillAddr": street},
            {"DisplayName": f"Found {n}"},
            {"CompanyName": f"Found company {n}"},
            {"Notes": f"called {n}"},
        )
    return edit(w, "Customer", raw, w.chance.choice(choices))


def change_vendor(w: OnlineWorld) -> str:
    """Phone or name of a vendor."""
    raw = there(w, "Vendor", lambda raw: bool(raw["Active"]))
    changes = w.chance.choice(
        ({"PrimaryPhone": {"FreeFormNumber": phone(w)}}, {"DisplayName": f"Found vendor {w.count()}"})
    )
    return edit(w, "Vendor", raw, changes)


def retire(w: OnlineWorld) -> str:
    """Make a customer or vendor inactive, or active again."""
    kind = w.chance.choice(("Customer", "Vendor"))
    raw = there(w, kind)
    return edit(w, kind, raw, {"Active": not raw["Active"]})


def merge(w: OnlineWorld) -> str:
    """Two customers or vendors become one."""
    kind = w.chance.choice(("Customer", "Customer", "Vendor"))
    keep = there(w, kind, lambda raw: bool(raw["Active"]))
    lose = there(
        w,
        kind,
        lambda raw: (
            bool(raw["Active"]) and raw["Id"] != keep["Id"] and raw.get("ParentRef") == keep.get("ParentRef")
        ),
    )
    does(w, "merge", kind=kind, keep=keep["Id"], lose=lose["Id"])
    return f"{kind} {lose['Id']} into {keep['Id']}"


# -- sales -------------------------------------------------------------------------------------------
def change_invoice(w: OnlineWorld) -> str:
    """A price, the note or the due date of an invoice."""
    raw = there(w, "Invoice", is_live)
    draw = w.chance.random()
    if draw < 0.4:
        return edit(w, "Invoice", raw, {"CustomerMemo": {"value": f"note {w.count()}"}})
    if draw < 0.6:
        return edit(w, "Invoice", raw, {"DueDate": (today(w) + dt.timedelta(days=60)).isoformat()})
    lines = deepcopy(raw["Line"])
    sold = [x for x in lines if x["DetailType"] == "SalesItemLineDetail" and Decimal(str(x["Amount"])) > 0]
    if not sold:
        raise NothingThere
    chosen = w.chance.choice(sold)
    price = amount(w)
    chosen["Amount"] = price
    chosen["SalesItemLineDetail"] |= {"Qty": Decimal(1), "UnitPrice": price}
    return edit(w, "Invoice", raw, {"Line": [x for x in lines if x["DetailType"] != "SubTotalLineDetail"]})


def void_document(w: OnlineWorld) -> str:
    """An invoice or a payment."""
    kind = w.chance.choice(("Invoice", "Payment", "Payment"))
    raw = there(w, kind, is_live)
    does(w, "void", kind=kind, id=raw["Id"])
    return f"{kind} {raw['Id']}"


def delete_document(w: OnlineWorld) -> str:
    """A document of any kind."""
    kind = w.chance.choice(("Invoice", "Payment", "Payment", "Bill", "Purchase", "Deposit"))
    raw = there(w, kind)
    does(w, "delete", kind=kind, id=raw["Id"])
    return f"{kind} {raw['Id']}"


def receive_payment(w: OnlineWorld) -> str:
    """A check that came by mail, for one to three open invoices of a customer, sometimes for more than they are."""
    first = there(w, "Invoice", lambda raw: bool(raw.get("Balance")))
    customer = first["CustomerRef"]["value"]
    found = [
        raw
        for raw in w.company.records["Invoice"].values()
        if raw.get("Balance") and raw["CustomerRef"]["value"] == customer
    ]
    w.chance.shuffle(found)
    parts: dict[str, Decimal] = {}
    for raw in found[: w.chance.randint(1, 3)]:
        balance = Decimal(str(raw["Balance"]))
        part = balance if w.chance.random() < 0.7 else max(CENT, (balance / 4).quantize(CENT))
        parts[raw["Id"]] = part
    over = amount(w, 100, 3_000) if w.chance.random() < 0.15 else Decimal("0.00")
    number = f"B{w.count()}"
    made = does(
        w,
        "receive_payment",
        customer=customer,
        invoices=parts,
        total=sum(parts.values(), over),
        number=number,
        day=today(w).isoformat(),
    )
    return f"Payment {made['Id']} {number} {sum(parts.values(), over)}"


def change_payment(w: OnlineWorld) -> str:
    """Reference, or taken off one of its invoices."""
    raw = there(w, "Payment", is_live)
    lines = deepcopy(raw.get("Line", []))
    if lines and w.chance.random() < 0.5:
        lines.pop(w.chance.randrange(len(lines)))
        return edit(w, "Payment", raw, {"Line": lines})
    return edit(w, "Payment", raw, {"PaymentRefNum": f"B{w.count()}"})


def bank(w: OnlineWorld) -> str:
    """A payment is taken to the bank in the books; BlueOps has a payout of it then, if it has the payment."""
    deposited = {
        link["TxnId"]
        for raw in w.company.records["Deposit"].values()
        for line in raw["Line"]
        for link in line.get("LinkedTxn", ())
    }
    undeposited = _account(w, "1090")
    waiting = there(
        w,
        "Payment",
        lambda raw: (
            is_live(raw)
            and raw["Id"] not in deposited
            and raw.get("DepositToAccountRef", {}).get("value") == undeposited
        ),
    )
    made = does(w, "make_deposit", payments=[waiting["Id"]], account=_account(w, "1000"))
    w.theirs_only.add(("Deposit", str(made["Id"])))
    return f"Deposit {made['Id']} of payment {waiting['Id']}"


# -- costs -------------------------------------------------------------------------------------------
def _account(w: OnlineWorld, number: str) -> str:
    found = (raw["Id"] for raw in w.company.all("Account") if raw.get("AcctNum") == number)
    return str(next(found))


def account_ref(w: OnlineWorld, number: str) -> Raw:
    """A reference to an account by its number."""
    return {"value": _account(w, number)}


def recode(w: OnlineWorld) -> str:
    """Another account or amount on a line of a bill or purchase."""
    kind = w.chance.choice(("Bill", "Purchase"))
    raw = there(w, kind, is_live)
    lines = deepcopy(raw["Line"])
    chosen = w.chance.choice([x for x in lines if "AccountBasedExpenseLineDetail" in x] or [None])
    if chosen is None:
        raise NothingThere
    if w.chance.random() < 0.6:
        number = w.chance.choice(EXPENSE_ACCOUNTS)
        before = w.company.records["Account"][chosen["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]]
        chosen["AccountBasedExpenseLineDetail"] |= {"AccountRef": {"value": _account(w, number)}}
        said = edit(w, kind, raw, {"Line": lines})
        words = str(chosen.get("Description", ""))
        note_coding(w, record_of(raw), words, number, before=str(before["AcctNum"]))
        return said
    chosen["Amount"] = amount(w)
    return edit(w, kind, raw, {"Line": lines})


# -- the books themselves ----------------------------------------------------------------------------
def move_closing_date(w: OnlineWorld) -> str:
    """Close the books up to some day, or open them again."""
    day = some_day(w)
    with w.witness.people():
        set_preferences(w.company, {"AccountingInfoPrefs.BookCloseDate": day or None})
    return note_closing(w, day)
