"""Billable costs: the charge that each raises, and the invoice line that bills it (sections 4.9 and 4.17).

A line of an expense that is billable carries a link of type ``ReimburseCharge``.  A person puts the charge on an
invoice of the same customer; the line is then ``HasBeenBilled`` until that invoice lets go of it.  Through the
API these links are read-only: those that an invoice has stay, new ones are dropped without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.faults import Fault, gone
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

CHARGE = "ReimburseCharge"
BILLABLE, BILLED = "Billable", "HasBeenBilled"
EXPENSES = ("Bill", "Purchase", "VendorCredit")


def raise_charges(draft: Draft) -> None:
    """Give each billable line of an expense its charge; a line that is not billable has none."""
    if draft.kind not in EXPENSES:
        return
    known = {line["Id"]: _charge(line) for line in (draft.old or {}).get("Line", ()) if "Id" in line}
    for line in draft.new["Line"]:
        links = [link for link in line.pop("LinkedTxn", []) if link.get("TxnType") != CHARGE]
        if _detail(line).get("BillableStatus") in (BILLABLE, BILLED):
            identity = known.get(line["Id"]) or draft.company.next_id(ENTITIES[draft.kind])
            links.append({"TxnId": identity, "TxnType": CHARGE})
        if links:
            line["LinkedTxn"] = links


def check_billing(draft: Draft) -> None:
    """Keep the charges on the lines of an invoice, and check what a person adds (610, 620)."""
    had = set(charges_of(draft.old)) if draft.kind == "Invoice" and draft.old is not None else set()
    for line in _lines(draft.new):
        wanted = [
            link["TxnId"]
            for link in line.pop("LinkedTxn", [])
            if link.get("TxnType") == CHARGE
            and (link.get("TxnId") in had or (draft.by_person and draft.kind == "Invoice"))
        ]
        for identity in wanted:
            if identity not in had:
                _check_open(draft, identity)
        if wanted:
            line["LinkedTxn"] = [{"TxnId": identity, "TxnType": CHARGE} for identity in wanted]


def follow_billing(company: Company, old: Obj | None, new: Obj | None) -> None:
    """Mark the costs that an invoice bills, and free those that it does not bill any more."""
    before, after = set(charges_of(old or {})), set(charges_of(new or {}))
    for identity in sorted(before ^ after, key=int):
        found = _source(company, identity)
        if found is not None:
            key, line = found
            _detail(line)["BillableStatus"] = BILLED if identity in after else BILLABLE
            company.touch(*key)


def let_go(invoice: Obj) -> None:
    """Take the charges off the lines of an invoice that is voided."""
    for line in _lines(invoice):
        line.pop("LinkedTxn", None)


def refuse_billed(kind: str, record: Obj) -> None:
    """Refuse (6400) to remove an expense that is on an invoice."""
    if kind in EXPENSES and any(_detail(line).get("BillableStatus") == BILLED for line in record["Line"]):
        raise Fault("6400", f"{kind} {record['Id']} is billed on an invoice; take it off the invoice first.")


def charges_of(record: Obj) -> list[str]:
    """The charges that the lines of an expense raise, or those of an invoice bill."""
    return [
        link["TxnId"]
        for line in _lines(record)
        for link in line.get("LinkedTxn", ())
        if link.get("TxnType") == CHARGE
    ]


def _check_open(draft: Draft, identity: str) -> None:
    found = _source(draft.company, identity)
    if found is None:
        raise gone(CHARGE, identity)
    detail, customer = _detail(found[1]), ref_id(draft.new, "CustomerRef")
    if detail["BillableStatus"] == BILLED:
        reason = "it is billed already"
    elif ref_id(detail, "CustomerRef") != customer:
        owner = ref_id(detail, "CustomerRef")
        reason = f"it belongs to customer {owner}, the invoice to customer {customer}"
    else:
        return
    raise Fault("620", f"Charge {identity} cannot be linked: {reason}.", "LinkedTxn")


def _source(company: Company, identity: str) -> tuple[Key, Obj] | None:
    for kind in EXPENSES:
        for record in company.all(kind):
            for line in record["Line"]:
                if _charge(line) == identity:
                    return (kind, record["Id"]), line
    return None


def _charge(line: Obj) -> str:
    links = line.get("LinkedTxn", ())
    return next((str(link["TxnId"]) for link in links if link.get("TxnType") == CHARGE), "")


def _detail(line: Obj) -> Obj:
    detail = line.get(str(line.get("DetailType")))
    return detail if isinstance(detail, dict) else {}


def _lines(record: Obj) -> Iterator[Obj]:
    for line in record.get("Line", ()):
        yield line
        yield from _lines(line.get("GroupLineDetail") or {})
