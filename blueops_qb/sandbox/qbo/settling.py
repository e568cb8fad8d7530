"""What follows a write in other records: balances, links and versions that change with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry, Txn
from blueops_qb.sandbox.qbo import receipts
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.rules import RULES
from blueops_qb.sandbox.qbo.wire import Obj, money


def relink(company: Company, key: Key, before: dict[Key, Decimal], after: dict[Key, Decimal]) -> None:
    """Replace what a record settles, and refresh every record that gained, lost or changed a link."""
    for target in before.keys() | after.keys():
        if target in after:
            company.links[target][key] = after[target]
        else:
            company.links[target].pop(key, None)
        if before.get(target) != after.get(target) and company.find(*target) is not None:
            refresh(company, target)
            company.touch(*target)


def refresh(company: Company, key: Key) -> None:
    """Recompute Balance and LinkedTxn of a record from what is linked to it."""
    kind, identity = key
    record = company.records[kind][identity]
    sources = company.links.get(key, {})
    written = record.get("_written_links", [])
    incoming = [{"TxnId": source_id, "TxnType": source_kind} for source_kind, source_id in sources]
    record["LinkedTxn"] = [*written, *incoming]
    if RULES[kind].open_balance:
        settled = sum(sources.values(), ZERO)
        record["Balance"] = record["TotalAmt"] - money(record.get("Deposit")) - settled


def shrink_allocations(company: Company, key: Key) -> None:
    """When a form became smaller than what is applied to it, release the excess, newest payment first."""
    record = company.records[key[0]][key[1]]
    open_amount = record["TotalAmt"] - money(record.get("Deposit"))
    sources = company.links.get(key, {})
    excess = sum(sources.values(), ZERO) - open_amount
    for source in sorted(sources, key=lambda source: int(source[1]), reverse=True):
        if excess <= 0:
            break
        released = min(excess, sources[source])
        excess -= released
        receipts.lower_allocation(company, source[1], key, sources[source] - released)
        sources[source] -= released
        if not sources[source]:
            del sources[source]
        repost(company, source)
        company.touch(*source)


def repost(company: Company, key: Key) -> None:
    """Post a record to the ledger anew and note who is touched by it."""
    kind, identity = key
    record = company.records[kind][identity]
    entries = RULES[kind].entries(company, record)
    company.posted[key] = entries
    company.ledger.post(
        Txn(kind=kind, id=identity), day=date.fromisoformat(record["TxnDate"]), entries=entries
    )


def refresh_parties(company: Company, entries: list[Entry]) -> None:
    """Bring the Balance of customers and vendors up to the ledger; a changed one gets a new version."""
    customers = {entry.customer for entry in entries if entry.customer}
    vendors = {entry.vendor for entry in entries if entry.vendor}
    for identity in sorted(customers, key=int):
        _set_balance(company, "Customer", identity)
    for identity in sorted(vendors, key=int):
        _set_balance(company, "Vendor", identity)


def party_balance(company: Company, kind: str, identity: str) -> Decimal:
    """What a customer owes us, or what we owe a vendor, by the ledger."""
    ledger, total = company.ledger, ZERO
    for account in company.records["Account"].values():
        if kind == "Customer" and account["AccountType"] == "Accounts Receivable":
            total += ledger.customer_balance(account["Id"], identity)
        elif kind == "Vendor" and account["AccountType"] == "Accounts Payable":
            total -= ledger.vendor_balance(account["Id"], identity)
    return total


def _set_balance(company: Company, kind: str, identity: str) -> None:
    record: Obj | None = company.find(kind, identity)
    if record is None:
        return
    balance = party_balance(company, kind, identity)
    if record.get("Balance") != balance:
        record["Balance"] = balance
        company.touch(kind, identity)
