"""Queries over kinds: what is to be paid, what is to be deposited, what was deleted, the transactions as a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from blueops_qb.sandbox.ledger import Txn
from blueops_qb.sandbox.qbd import deposits, inventory, open_items, queries
from blueops_qb.sandbox.qbd.account_filters import ACCOUNT_GROUPS, ITEM_GROUPS
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.filters import dated_between, day_range, matches_name, members, modified_between
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.posting import postings
from blueops_qb.sandbox.qbd.purchase_lines import flat_items
from blueops_qb.sandbox.qbd.sales_lines import flat
from blueops_qb.sandbox.qbd.values import Obj, amount_text, ref_id

#: how long deletions can be asked for
_REMEMBERED = timedelta(days=90)
_ADJUSTMENT = "InventoryAdjustment"
_SALES = ("Invoice", "CreditMemo", "SalesReceipt", "Estimate")


def deleted(company: Company, asked: Obj, *, kind: str) -> Iterator[Obj]:
    """Deletions of these types in the last 90 days; ``kind`` is ``TxnDelType`` or ``ListDelType``."""
    since = company.clock.local() - _REMEMBERED
    for note in company.deletions.values():
        if note.get(kind) not in asked[kind] or company.clock.read(note["TimeDeleted"]) < since:
            continue
        if modified_between(company, note, asked.get("DeletedDateRangeFilter", {}), name="Deleted"):
            yield note


def to_pay(company: Company, asked: Obj) -> Iterator[Obj]:
    """Open bills of a payee and credits that can be applied to them."""
    parties = {ref_id(asked, "PayeeEntityRef")}
    account = ref_id(asked, "APAccountRef")
    for kind, record, claim, rest in open_items.open_claims(company, open_items.PAYABLE, parties):
        if account and claim.account != account:
            continue
        row = {
            "TxnID": record["TxnID"],
            "TxnType": kind,
            "APAccountRef": {"ListID": claim.account},
            "TxnDate": record["TxnDate"],
            "RefNumber": record.get("RefNumber", ""),
        }
        if claim.amount < 0:
            yield {"CreditToApply": {**row, "CreditRemaining": amount_text(rest)}}
        elif not asked.get("DueDate") or record.get("DueDate", record["TxnDate"]) <= asked["DueDate"]:
            yield {"BillToPay": {**row, "DueDate": record.get("DueDate", ""), "AmountDue": amount_text(rest)}}


def to_deposit(company: Company) -> Iterator[Obj]:
    """Payments that wait in undeposited funds."""
    for kind, name in deposits.PAID.items():
        for identity, record in company.records[kind].items():
            if identity in company.deposited or deposits.undeposited(company, identity) is None:
                continue
            if record[name] == "0.00":
                continue
            yield {
                "TxnID": identity,
                "TxnLineID": record["_DepositLineID"],
                "TxnType": kind,
                "CustomerRef": record.get("CustomerRef"),
                "TxnDate": record["TxnDate"],
                "RefNumber": record.get("RefNumber", ""),
                "Amount": record[name],
            }


def transactions(company: Company, asked: Obj) -> list[Obj]:
    """Rows of transactions: the head (``SummaryOnly``), the lines behind it, or both.

    A row's amount is what it posts to its account, debit positive and credit negative; all rows of a
    transaction sum to 0.00. Forms that do not post show one row with their total and no account.
    """
    level = asked.get("TransactionDetailLevelFilter") or "SummaryOnly"
    rows: list[Obj] = []
    for kind, record in queries.each(company):
        if not _is_meant(company, kind, record, asked):
            continue
        every = _rows(company, kind, record)
        rows += _kept(company, every, asked, level)
    for opening in _openings(company, asked):
        rows += _kept(company, opening, asked, level)
    return rows


def _openings(company: Company, asked: Obj) -> Iterator[list[Obj]]:
    # The stock with which an item was set up stands in the ledger as an adjustment that no message can enter.
    types = asked.get("TransactionTypeFilter", {}).get("TxnTypeFilter", ["All"])
    if "All" not in types and _ADJUSTMENT not in types:
        return
    if asked.keys() & {
        "TxnID",
        "RefNumber",
        "RefNumberCaseSensitive",
        "RefNumberFilter",
        "RefNumberRangeFilter",
    }:
        return
    for identity, item in company.records["ItemInventory"].items():
        lines = company.ledger.of(Txn(kind=_ADJUSTMENT, id=identity))
        dated = {"TxnDate": lines[0].day.isoformat() if lines else "", **item}
        changed = asked.get("TransactionModifiedDateRangeFilter", {})
        if not lines or not dated_between(company, dated, asked.get("TransactionDateRangeFilter", {})):
            continue
        if "DateMacro" not in changed and not modified_between(company, item, changed):
            continue
        yield [
            {
                "TxnType": _ADJUSTMENT,
                "TxnID": identity,
                "TxnLineID": f"{identity}.{place}",
                "TimeCreated": company.clock.written(item["TimeCreated"]),
                "TimeModified": company.clock.written(item["TimeCreated"]),
                "AccountRef": {"ListID": line.entry.account},
                "TxnDate": dated["TxnDate"],
                "Amount": amount_text(line.entry.amount),
                "Memo": f"Opening stock of {item['Name']}",
                "_class": "",
            }
            for place, line in enumerate(lines)
        ]


def lost(company: Company, asked: Obj) -> list[str]:
    """The TxnIDs and numbers asked for that are not there."""
    if "TxnID" in asked:
        return [identity for identity in asked["TxnID"] if company.kind_of.get(identity) not in TXN_KINDS]
    return []


def _is_meant(company: Company, kind: str, record: Obj, asked: Obj) -> bool:
    if "TxnID" in asked:
        return record["TxnID"] in asked["TxnID"]
    number = record.get("RefNumber", "")
    if "RefNumber" in asked and number.casefold() not in {one.casefold() for one in asked["RefNumber"]}:
        return False
    if "RefNumberCaseSensitive" in asked and number not in asked["RefNumberCaseSensitive"]:
        return False
    types = asked.get("TransactionTypeFilter", {}).get("TxnTypeFilter", ["All"])
    if "All" not in types and kind not in types:
        return False
    changed = dict(asked.get("TransactionModifiedDateRangeFilter", {}))
    if "DateMacro" in changed:
        first, last = day_range(company, changed)
        changed = {"FromModifiedDate": first, "ToModifiedDate": last}
    posting = asked.get("TransactionPostingStatusFilter") or "Either"
    posts = bool(postings(company, kind, record))
    state = asked.get("TransactionPaidStatusFilter") or "Either"
    is_open = bool(open_items.remaining(company, kind, record))
    items = _wanted_items(company, asked.get("TransactionItemFilter", {}))
    return (
        modified_between(company, record, changed)
        and dated_between(company, record, asked.get("TransactionDateRangeFilter", {}))
        and matches_name(number, asked, kind="RefNumber")
        and posting in ("Either", "Posting" if posts else "NonPosting")
        and state in ("Either", "Open" if is_open else "Closed")
        and (items is None or bool(items & _items_of(kind, record)))
        and "CurrencyFilter" not in asked
    )


def _kept(company: Company, rows: list[Obj], asked: Obj, level: str) -> list[Obj]:
    if level == "SummaryOnly":
        wanted = rows[:1]
        # A summary stands for its lines: it is shown where any of them fits.
        return wanted if any(_row_fits(company, row, asked) for row in rows) else []
    wanted = rows if level == "All" else (rows[1:] or rows)
    return [row for row in wanted if _row_fits(company, row, asked)]


def _row_fits(company: Company, row: Obj, asked: Obj) -> bool:
    whose = asked.get("TransactionEntityFilter", {})
    if (
        "EntityTypeFilter" in whose
        and company.kind_of.get(ref_id(row, "EntityRef")) != whose["EntityTypeFilter"]
    ):
        return False
    entities = members(company, "Entity", whose)
    if entities is not None and ref_id(row, "EntityRef") not in entities:
        return False
    on = asked.get("TransactionAccountFilter", {})
    if "AccountTypeFilter" in on:
        account = company.records["Account"].get(ref_id(row, "AccountRef"), {})
        if account.get("AccountType") not in ACCOUNT_GROUPS[on["AccountTypeFilter"]]:
            return False
    accounts = members(company, "Account", on)
    if accounts is not None and ref_id(row, "AccountRef") not in accounts:
        return False
    classes = members(company, "Class", asked.get("TransactionClassFilter", {}))
    return classes is None or row["_class"] in classes


def _rows(company: Company, kind: str, record: Obj) -> list[Obj]:
    head: Obj = {
        "TxnType": kind,
        "TxnID": record["TxnID"],
        "TimeCreated": company.clock.written(record["TimeCreated"]),
        "TimeModified": company.clock.written(record["TimeModified"]),
        "TxnDate": record["TxnDate"],
        "RefNumber": record.get("RefNumber", ""),
    }
    posted = [(one.line, one.entry) for one in postings(company, kind, record)]
    if not posted:
        name = TXN_KINDS[kind].party
        whole = record.get(TXN_KINDS[kind].total or "Subtotal", "0.00")
        return [
            {
                **head,
                "EntityRef": record.get(name),
                "Amount": whole,
                "Memo": record.get("Memo", ""),
                "_class": "",
            }
        ]
    posted += [
        ("cost", held.entry)
        for held in company.ledger.of(Txn(kind=kind, id=record["TxnID"]))
        if held.part == inventory.COST
    ]
    party = record.get(TXN_KINDS[kind].party) if TXN_KINDS[kind].party else None
    rows = []
    for place, (line, entry) in enumerate(posted):
        who = entry.customer or entry.vendor or entry.employee
        rows.append(
            {
                **head,
                "TxnLineID": line or f"{record['TxnID']}",
                "EntityRef": {"ListID": who} if who else party,
                "AccountRef": {"ListID": entry.account},
                "Amount": amount_text(entry.amount),
                "Memo": entry.memo,
                "_class": entry.class_id,
            }
        )
        if line in ("tax", "cost", "claim"):
            # Lines that the file makes itself have ids of their own, steady as long as the form stands.
            rows[-1]["TxnLineID"] = f"{record['TxnID']}.{place}"
    return rows


def _wanted_items(company: Company, asked: Obj) -> set[str] | None:
    if "ItemTypeFilter" in asked:
        kinds = ITEM_GROUPS[asked["ItemTypeFilter"]]
        return {identity for identity, kind in company.kind_of.items() if kind in kinds}
    return members(company, "Item", asked)


def _items_of(kind: str, record: Obj) -> set[str]:
    if kind in _SALES:
        return {ref_id(line, "ItemRef") for line in flat(record, kind)}
    return {ref_id(line, "ItemRef") for line in flat_items(record)} if kind in _PURCHASES else set()


_PURCHASES = ("Bill", "VendorCredit", "Check", "CreditCardCharge", "CreditCardCredit", "PurchaseOrder")
