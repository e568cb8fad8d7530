"""DocNumber rules per kind of transaction (reference/quickbooks-online.md section 4.16)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo.company import Company, number_key
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.wire import ref_id

GENERATE = "AUTO_GENERATE"
ALLOW = "allowduplicatedocnum"


def number_sales_form(draft: Draft) -> None:
    """Give a sales form its number: the company counts, or the client's own number is stored."""
    own = bool(draft.company.preference("SalesFormsPrefs.CustomTxnNumbers"))
    sent = draft.sent.get("DocNumber")
    if sent == GENERATE or (sent is None and not own and draft.created and "DocNumber" not in draft.cleared):
        draft.new["DocNumber"] = _next_number(draft.company)
    elif sent is None and not own and draft.old is not None and "DocNumber" in draft.old:
        draft.default("DocNumber", draft.old["DocNumber"])
    if own and sent and sent != GENERATE:
        _refuse_duplicate(draft)
    _count(draft)


def number_bill(draft: Draft) -> None:
    """The vendor's number: a second bill of that vendor with it is refused."""
    vendor = ref_id(draft.new, "VendorRef")
    _refuse_duplicate(draft, same=lambda other: ref_id(other, "VendorRef") == vendor)


def number_purchase(draft: Draft) -> None:
    """Check numbers are guarded by their own preference, other expenses always."""
    if draft.new["PaymentType"] == "Check" and _other(draft.company, "WarnDuplicateCheckNumber") != "true":
        return
    kind = draft.new["PaymentType"]
    _refuse_duplicate(draft, same=lambda other: other["PaymentType"] == kind)


def number_journal(draft: Draft) -> None:
    """Journal numbers are guarded by a preference."""
    if _other(draft.company, "WarnDuplicateJournalNumber") == "true":
        _refuse_duplicate(draft)


def _refuse_duplicate(draft: Draft, *, same: object = None) -> None:
    number = draft.new.get("DocNumber")
    if not number or ALLOW in draft.include or not draft.company.hidden.warn_duplicate_number:
        return
    if draft.old is not None and draft.old.get("DocNumber") == number:
        return
    company = draft.company
    for identity in sorted(company.numbers.get((draft.kind, number_key(number)), ())):
        other = company.records[draft.kind][identity]
        if identity != draft.new.get("Id") and (not callable(same) or same(other)):
            raise Fault(
                "6140",
                f"Duplicate Document Number Error : This number is already in use. DocNumber={number} is "
                f"assigned to TxnType={draft.kind} with TxnId={identity}",
                "DocNumber",
            )


def _next_number(company: Company) -> str:
    company.hidden.last_number += 1
    while company.numbers.get(("Invoice", str(company.hidden.last_number))):
        company.hidden.last_number += 1
    return str(company.hidden.last_number)


def _count(draft: Draft) -> None:
    number = str(draft.new.get("DocNumber", ""))
    if number.isdigit() and len(number) < 10:
        draft.company.hidden.last_number = max(draft.company.hidden.last_number, int(number))


def _other(company: Company, name: str) -> str:
    pairs = company.preferences.get("OtherPrefs", {}).get("NameValue", [])
    return next((str(pair["Value"]).lower() for pair in pairs if pair["Name"].endswith(name)), "")
