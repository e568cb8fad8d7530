"""Queries of lists and transactions: which records are meant, in which order, and what of them is shown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from decimal import Decimal

import attrs

from blueops_qb.sandbox.qbd import open_items
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.filters import dated_between, matches_name, members, modified_between
from blueops_qb.sandbox.qbd.kinds import LIST_KINDS, TARGETS, TXN_KINDS
from blueops_qb.sandbox.qbd.posting import postings
from blueops_qb.sandbox.qbd.values import Obj, is_true, ref_id
from blueops_qb.sandbox.qbd.view import Detail, list_view, total_balance, txn_view

_OPERATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "LessThan": operator.lt,
    "LessThanEqual": operator.le,
    "Equal": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEqual": operator.ge,
}


@attrs.frozen(kw_only=True)
class Found:
    """What a query found: kind and id of each record in order, and the names or ids that were not there."""

    keys: list[tuple[str, str]]
    lost: list[str] = attrs.field(factory=list)


def find_list(company: Company, target: str, asked: Obj) -> Found:
    """The members of a list, or of several under one name, that a query means."""
    if "ListID" in asked:
        return _by_id(company, TARGETS[target], asked["ListID"])
    if "FullName" in asked:
        pairs = [(name, company.named(target, name)) for name in asked["FullName"]]
        return Found(
            keys=[(company.kind_of[identity], identity) for _, identity in pairs if identity],
            lost=[name for name, identity in pairs if not identity],
        )
    found = [
        (company.full_name(identity).casefold(), kind, identity)
        for kind in TARGETS[target]
        for identity, record in company.records[kind].items()
        if _is_meant(company, kind, record, asked)
    ]
    return Found(keys=[(kind, identity) for _, kind, identity in sorted(found)])


def show_list(company: Company, key: tuple[str, str], asked: Obj) -> Obj:
    """A list member for the answer of this query."""
    kind, identity = key
    return list_view(company, kind, company.records[kind][identity], owners=asked.get("OwnerID", ()))


def _by_id(company: Company, kinds: tuple[str, ...], ids: list[str]) -> Found:
    return Found(
        keys=[
            (company.kind_of[identity], identity)
            for identity in ids
            if company.kind_of.get(identity) in kinds
        ],
        lost=[identity for identity in ids if company.kind_of.get(identity) not in kinds],
    )


def _is_meant(company: Company, kind: str, record: Obj, asked: Obj) -> bool:
    status = asked.get("ActiveStatus") or "ActiveOnly"
    if status != "All" and is_true(record, "IsActive", default=True) != (status == "ActiveOnly"):
        return False
    if not modified_between(company, record, asked):
        return False
    if not matches_name(record[LIST_KINDS[kind].named_by], asked):
        return False
    for name in ("AccountType", "PaymentMethodType"):
        if name in asked and record.get(name) not in asked[name]:
            return False
    classes = members(company, "Class", asked.get("ClassFilter", {}))
    if classes is not None and ref_id(record, "ClassRef") not in classes:
        return False
    if "CurrencyFilter" in asked:
        return False
    limit = asked.get("TotalBalanceFilter")
    if limit is None:
        return True
    balance = total_balance(company, kind, record["ListID"])
    return _OPERATORS[limit["Operator"]](balance, Decimal(limit["Amount"]))


def find_txns(company: Company, kind: str, asked: Obj) -> Found:
    """The transactions of a kind that a query means."""
    if "TxnID" in asked:
        return _by_id(company, (kind,), asked["TxnID"])
    for name, fold in (("RefNumber", True), ("RefNumberCaseSensitive", False)):
        if name in asked:
            return _by_number(company, kind, asked[name], fold=fold)
    whose = members(company, "Entity", asked.get("EntityFilter", {}))
    accounts = members(company, "Account", asked.get("AccountFilter", {}))
    return Found(
        keys=[
            (kind, identity)
            for identity, record in company.records[kind].items()
            if _is_wanted(company, kind, record, asked)
            and (whose is None or whose & parties(company, kind, record))
            and (accounts is None or accounts & touched(company, kind, record))
        ]
    )


def show_txn(company: Company, key: tuple[str, str], asked: Obj) -> Obj:
    """A transaction for the answer of this query."""
    kind, identity = key
    detail = Detail(
        lines=asked.get("IncludeLineItems") == "true",
        linked=asked.get("IncludeLinkedTxns") == "true",
        owners=tuple(asked.get("OwnerID", ())),
    )
    return txn_view(company, kind, company.records[kind][identity], detail)


def _by_number(company: Company, kind: str, numbers: list[str], *, fold: bool) -> Found:
    def same(text: str) -> str:
        return text.casefold() if fold else text

    wanted = {same(number) for number in numbers}
    keys = [
        (kind, identity)
        for identity, record in company.records[kind].items()
        if same(record.get("RefNumber", "")) in wanted and record.get("RefNumber")
    ]
    there = {same(company.records[kind][identity]["RefNumber"]) for _, identity in keys}
    return Found(keys=keys, lost=[number for number in numbers if same(number) not in there])


def _is_wanted(company: Company, kind: str, record: Obj, asked: Obj) -> bool:
    if not modified_between(company, record, asked.get("ModifiedDateRangeFilter", {})):
        return False
    if not dated_between(company, record, asked.get("TxnDateRangeFilter", {})):
        return False
    if not matches_name(record.get("RefNumber", ""), asked, kind="RefNumber"):
        return False
    paid = asked.get("PaidStatus") or "All"
    if paid != "All" and (not open_items.remaining(company, kind, record)) != (paid == "PaidOnly"):
        return False
    return "CurrencyFilter" not in asked


def parties(company: Company, kind: str, record: Obj) -> set[str]:
    """Whom a transaction is with: the one of its head, and those of its postings where it has no head."""
    head = ref_id(record, TXN_KINDS[kind].party) if TXN_KINDS[kind].party else ""
    if head:
        return {head}
    entries = (posting.entry for posting in postings(company, kind, record))
    return {one for entry in entries for one in (entry.customer, entry.vendor, entry.employee) if one}


def touched(company: Company, kind: str, record: Obj) -> set[str]:
    """The accounts that a transaction posts to."""
    return {posting.entry.account for posting in postings(company, kind, record)}


def each(company: Company) -> Iterator[tuple[str, Obj]]:
    """Every transaction in order of entry: kind and record."""
    rows = [(int(record["TxnNumber"]), kind, record) for kind, _, record in company.transactions()]
    for _, kind, record in sorted(rows, key=lambda row: row[0]):
        yield kind, record
