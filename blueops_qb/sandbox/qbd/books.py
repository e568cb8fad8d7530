"""Transactions kept and posted: saved, taken out, put back after a refusal, and all worked out when a file opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from blueops_qb.sandbox.ledger import Txn
from blueops_qb.sandbox.qbd import inventory, items, open_items
from blueops_qb.sandbox.qbd.company import Application, Company
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.posting import postings
from blueops_qb.sandbox.qbd.values import Obj, money


def save(company: Company, kind: str, record: Obj) -> None:
    """Write a transaction, new or changed, and post it."""
    company.put(kind, record["TxnID"], record)
    work_out(company, kind, record["TxnID"])


def remove(company: Company, kind: str, identity: str) -> None:
    """Take a transaction out of file and ledger."""
    company.drop(kind, identity)
    work_out(company, kind, identity)


def undo(company: Company) -> None:
    """A request was refused: put back what it had changed."""
    for kind, identity in company.rollback():
        if kind in TXN_KINDS:
            work_out(company, kind, identity)
        elif kind == "ItemInventory":
            company.ledger.remove(Txn(kind="InventoryAdjustment", id=identity))
            if company.get(kind, identity) is not None:
                items.open_stock(company, identity)
                inventory.recost(company, [identity])


def open_books(company: Company) -> None:
    """Work everything out from the records of a file that was opened."""
    stocked = list(company.records["ItemInventory"])
    for item in stocked:
        items.open_stock(company, item)
    for kind, identity, record in company.transactions():
        _claim(company, kind, identity, record)
        _apply(company, kind, identity, record)
        _post(company, kind, identity, record)
        inventory.note(company, kind, identity, record)
    inventory.recost(company, stocked)


def work_out(company: Company, kind: str, identity: str) -> None:
    """Links, entries and costs of one transaction, as its record now is; of none where it is gone."""
    record = company.get(kind, identity)
    _claim(company, kind, identity, record)
    _apply(company, kind, identity, record)
    _post(company, kind, identity, record)
    inventory.recost(company, inventory.note(company, kind, identity, record))


def restock(company: Company, item: str) -> None:
    """Reckon an inventory item that is new or changed."""
    if item in company.records["ItemInventory"]:
        inventory.recost(company, [item])


def _post(company: Company, kind: str, identity: str, record: Obj | None) -> None:
    txn = Txn(kind=kind, id=identity)
    if record is None:
        company.ledger.remove(txn)
        return
    entries = [posting.entry for posting in postings(company, kind, record)]
    if entries:
        company.ledger.post(txn, day=date.fromisoformat(record["TxnDate"]), entries=entries)
    else:
        company.ledger.remove(txn)


def _claim(company: Company, kind: str, identity: str, record: Obj | None) -> None:
    company.claims[company.claimants.pop(identity, "")].pop(identity, None)
    claim = open_items.claim_of(company, kind, record) if record is not None else None
    if claim is not None:
        company.claimants[identity] = claim.party
        company.claims[claim.party][identity] = kind


def _apply(company: Company, kind: str, identity: str, record: Obj | None) -> None:
    for part in company.made.pop(identity, []):
        company.settled[part.target].remove(part)
        company.spent[part.source].remove(part)
    if kind == "Deposit":
        for payment in [paid for paid, deposit in company.deposited.items() if deposit == identity]:
            del company.deposited[payment]
    if record is None:
        return
    made = list(_applications(identity, record))
    if made:
        company.made[identity] = made
    for part in made:
        company.settled[part.target].append(part)
        company.spent[part.source].append(part)
    if kind == "Deposit":
        for line in record.get("DepositLineRet", []):
            if line.get("TxnID"):
                company.deposited[line["TxnID"]] = identity


def _applications(identity: str, record: Obj) -> Iterator[Application]:
    for applied in record.get("_Applied", []):
        amount, discount = money(applied.get("PaymentAmount")), money(applied.get("DiscountAmount"))
        if amount or discount:
            yield Application(
                owner=identity, source=identity, target=applied["TxnID"], amount=amount, discount=discount
            )
        yield from _credits(identity, applied["TxnID"], applied.get("SetCredit", []))
    yield from _credits(identity, identity, record.get("_Credits", []))
    for refund in record.get("_Refunds", []):
        yield Application(
            owner=identity, source=refund["TxnID"], target=identity, amount=money(refund["RefundAmount"])
        )


def _credits(owner: str, target: str, credits: list[Obj]) -> Iterator[Application]:
    for credit in credits:
        amount = money(credit["AppliedAmount"])
        if amount:
            yield Application(owner=owner, source=credit["CreditTxnID"], target=target, amount=amount)
