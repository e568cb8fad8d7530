"""Transactions voided and deleted, with what the file refuses and what it remembers."""

from __future__ import annotations

from blueops_qb.sandbox.qbd import books, links
from blueops_qb.sandbox.qbd.changing import fetched, must_be_free, must_be_open
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, not_found
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.reading import LINES
from blueops_qb.sandbox.qbd.values import Obj

_AMOUNTS = frozenset(
    [
        "Amount",
        "TotalAmount",
        "AmountDue",
        "CreditAmount",
        "Subtotal",
        "SalesTaxTotal",
        "DepositTotal",
        "Rate",
        "Cost",
        "SuggestedDiscountAmount",
    ]
)


def void(company: Company, kind: str, identity: str) -> Obj:
    """Set a transaction to zero and answer it; raises Refusal 3120, 3171, 3175, 3185."""
    if kind not in TXN_KINDS:
        raise not_found(kind, identity)
    record = fetched(company, kind, identity)
    must_be_free(company, identity)
    must_be_open(company, record["TxnDate"])
    if identity in company.deposited:
        raise Refusal(3185, f"The transaction {identity} cannot be voided: it was deposited.")
    links.detach(company, identity)
    record = zeroed(record)
    for name in ("_Applied", "_Credits", "_Refunds"):
        if name in record:
            record[name] = []
    record["_Taxes"] = []
    record["_Void"] = "true"
    record["Memo"] = f"VOID: {record.get('Memo', '')}".strip()
    company.stamp(record)
    books.save(company, kind, record)
    return record


def zeroed(record: Obj) -> Obj:
    """A copy with every amount and quantity 0; the lines of a deposit let go of their payments."""
    fresh: Obj = {}
    for name, value in record.items():
        if name in _AMOUNTS and isinstance(value, str):
            fresh[name] = "0.00"
        elif name == "Quantity":
            fresh[name] = "0"
        elif isinstance(value, dict):
            fresh[name] = zeroed(value)
        elif isinstance(value, list):
            fresh[name] = [zeroed(row) if isinstance(row, dict) else row for row in value]
        else:
            fresh[name] = value
    if "DepositLineRet" in record:
        fresh["DepositLineRet"] = [
            {
                name: value
                for name, value in line.items()
                if name not in ("TxnType", "TxnID", "PaymentTxnLineID")
            }
            for line in fresh["DepositLineRet"]
        ]
    for line in fresh.get(LINES, []):
        line.pop("RatePercent", None)
    return fresh


def delete(company: Company, kind: str, identity: str) -> Obj:
    """Take a transaction out and answer the note of it; raises Refusal 3120, 3160, 3161, 3175."""
    if kind not in TXN_KINDS:
        raise not_found(kind, identity)
    record = fetched(company, kind, identity)
    must_be_free(company, identity)
    if TXN_KINDS[kind].posting:
        must_be_open(company, record["TxnDate"], deleting=True)
    if identity in company.deposited:
        raise Refusal(3160, f"The transaction {identity} cannot be deleted: it was deposited.")
    if kind in ("Estimate", "PurchaseOrder") and (user := _made_from(company, identity)):
        raise Refusal(3160, f"The transaction {identity} cannot be deleted: it is linked to {user}.")
    links.detach(company, identity)
    books.remove(company, kind, identity)
    note = {
        "TxnDelType": kind,
        "TxnID": identity,
        "TimeCreated": record["TimeCreated"],
        "TimeDeleted": company.clock.local().isoformat(),
        "RefNumber": record.get("RefNumber", ""),
    }
    company.note_deletion(kind, identity, note)
    for key, kept in list(company.records["DataExt"].items()):
        if kept["_Object"] == identity:
            company.drop("DataExt", key)
    return note


def _made_from(company: Company, identity: str) -> str:
    for kind in ("Invoice", "Bill"):
        for other, record in company.records[kind].items():
            if identity in record.get("_Links", []):
                return f"{kind} {other}"
    return ""
