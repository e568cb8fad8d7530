"""Rules of journal entries (reference/quickbooks-online.md section 4.20)."""

from __future__ import annotations

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.sales import drop_line_classes, number_lines
from blueops_qb.sandbox.qbo.wire import Obj, cents, ref_id

DETAIL = "JournalEntryLineDetail"
#: account type -> the kind of name its journal lines must carry
NEEDS_NAME = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}


def prepare_journal(draft: Draft) -> None:
    """Complete a journal entry: posting types, names on receivables and payables, equal sides."""
    new, company = draft.new, draft.company
    lines = new["Line"]
    drop_line_classes(company, lines)
    balance, postings = ZERO, 0
    for line in lines:
        if line.get("DetailType") != DETAIL:
            continue
        _prepare_line(draft, line)
        postings += 1
        balance += line["Amount"] * _sign(line)
    if postings < 2:
        raise missing("Line")
    if balance:
        raise Fault("2300", f"Debits exceed credits by {balance}; a journal entry must balance.", "Line")
    number_lines(draft, lines)
    draft.default("Adjustment", False)
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    for name in ("TxnTaxDetail", "DepartmentRef"):
        new.pop(name, None)
    new["TotalAmt"] = ZERO
    numbering.number_journal(draft)


def journal_entries(company: Company, journal: Obj) -> list[Entry]:
    """One entry per line."""
    entries = []
    for line in journal["Line"]:
        if line.get("DetailType") != DETAIL:
            continue
        detail = line[DETAIL]
        entity = detail.get("Entity", {})
        name = ref_id(entity, "EntityRef")
        kind = entity.get("Type") or company.name_kind(name)
        entries.append(
            Entry(
                account=ref_id(detail, "AccountRef"),
                amount=line["Amount"] * _sign(line),
                customer=name if kind == "Customer" else "",
                vendor=name if kind == "Vendor" else "",
                employee=name if kind == "Employee" else "",
                class_id=ref_id(detail, "ClassRef"),
                department=ref_id(detail, "DepartmentRef"),
                memo=str(line.get("Description", "")),
            )
        )
    return entries


def _sign(line: Obj) -> int:
    return 1 if line[DETAIL]["PostingType"] == "Debit" else -1


def _prepare_line(draft: Draft, line: Obj) -> None:
    company, detail = draft.company, line.get(DETAIL) or {}
    if "PostingType" not in detail:
        raise Fault("2260", "A journal line needs PostingType Debit or Credit.", "PostingType")
    if not ref_id(detail, "AccountRef"):
        raise missing("AccountRef")
    if "Amount" not in line:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])
    if line["Amount"] < 0:
        raise Fault(
            "2290", f"The amount of a journal line is {line['Amount']}; it must be 0 or greater.", "Amount"
        )
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        detail.pop("DepartmentRef", None)
    account = company.get("Account", ref_id(detail, "AccountRef"))
    needed = NEEDS_NAME.get(account["AccountType"])
    entity = detail.get("Entity", {})
    name = ref_id(entity, "EntityRef")
    if needed and (not name or company.name_kind(name) != needed):
        raise business(
            f"the line on {account['Name']!r} ({account['AccountType']}) must name a {needed.lower()}",
            "Entity",
        )
    if name and not entity.get("Type"):
        entity["Type"] = company.name_kind(name)
    _check_billing(detail, customer=name if entity.get("Type") == "Customer" else "")


def _check_billing(detail: Obj, *, customer: str) -> None:
    status = detail.get("BillableStatus")
    if status == "HasBeenBilled":
        raise Fault("2170", "BillableStatus HasBeenBilled is set by the service only.", "BillableStatus")
    if status == "Billable" and not customer:
        raise Fault("6310", "A billable line needs a customer as its Entity.", "BillableStatus")
