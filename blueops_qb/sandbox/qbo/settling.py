"""What follows a write in other records: balances, links and versions that change with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry, Txn
from blueops_qb.sandbox.qbo import allocations, bill_payments, charges, exchange
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.rules import RULES
from blueops_qb.sandbox.qbo.wire import Obj, money

#: kind of a settling record -> sets what it settles of a form, and evens out the rest of its lines
_LOWER: dict[str, Callable[[Company, str, Key, Decimal], None]] = {
    "Payment": allocations.lower_allocation,
    "BillPayment": bill_payments.lower_bill_payment,
}
#: the same kinds -> what a record is open for, as far as they may settle it
_FACE: dict[str, Callable[[Company, Key], Decimal]] = {
    "Payment": allocations.face_amount,
    "BillPayment": bill_payments.face_amount,
}


def relink(company: Company, key: Key, before: dict[Key, Decimal], after: dict[Key, Decimal]) -> None:
    """Replace what a record settles, and refresh every record that gained, lost or changed a link."""
    for target in {**before, **after}:
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
    incoming = [{"TxnId": source[1], "TxnType": _link_type(company, source)} for source in sources]
    billed = [{"TxnId": identity, "TxnType": charges.CHARGE} for identity in charges.charges_of(record)]
    record["LinkedTxn"] = [*written, *billed, *incoming]
    if RULES[kind].open_balance:
        settled = sum(sources.values(), ZERO)
        record["Balance"] = record["TotalAmt"] - money(record.get("Deposit")) - settled
    RULES[kind].follow_links(company, record)


def _link_type(company: Company, source: Key) -> str:
    kind, identity = source
    named = RULES[kind].link_type
    record = company.find(kind, identity)
    return named(record) if named is not None and record is not None else kind


def shrink_allocations(company: Company, key: Key) -> None:
    """When a form became smaller than what is applied to it, release the excess, newest payment first."""
    for kind in _LOWER:
        _shrink(company, key, kind)


def _shrink(company: Company, key: Key, kind: str) -> None:
    record = company.records[key[0]][key[1]]
    sources = {source: amount for source, amount in company.links.get(key, {}).items() if source[0] == kind}
    if not sources:
        return
    if RULES[key[0]].open_balance:
        open_amount = record["TotalAmt"] - money(record.get("Deposit"))
    else:
        open_amount = _FACE[kind](company, key)
    excess = sum(sources.values(), ZERO) - open_amount
    for source in sorted(sources, key=lambda source: int(source[1]), reverse=True):
        if excess <= 0:
            break
        released = min(excess, sources[source])
        excess -= released
        _lower(company, source, key, sources[source] - released)


def _lower(company: Company, source: Key, key: Key, amount: Decimal) -> None:
    # A payment that frees a charge may free a credit with it, and the other way round.
    kind, identity = source
    record = company.records[kind][identity]
    before = dict(RULES[kind].links(record))
    _LOWER[kind](company, identity, key, amount)
    after = dict(RULES[kind].links(record))
    for target in {**before, **after}:
        if target in after:
            company.links[target][source] = after[target]
        else:
            company.links[target].pop(source, None)
        if target != key and before.get(target) != after.get(target):
            refresh(company, target)
            company.touch(*target)
    repost(company, source)
    company.touch(*source)


def repost(company: Company, key: Key) -> None:
    """Post a record to the ledger anew and note who is touched by it."""
    kind, identity = key
    record = company.records[kind][identity]
    entries = exchange.in_home(company, kind, record, RULES[kind].entries(company, record))
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
