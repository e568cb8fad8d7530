"""What every transaction has: id, number, day, defaults; and the doors of its Add and its Mod."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.qbd import books
from blueops_qb.sandbox.qbd.changing import (
    fetched,
    must_be_current,
    must_be_free,
    must_be_open,
)
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, missing, not_enabled
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.values import Obj, is_true, ref_id

_DIGITS = re.compile(r"(.*?)(\d+)$")
#: what is taken from a request without being kept
NOT_KEPT = ("CreditCardTxnInfo", "ExchangeRate", "TemplateRef")


def begin(company: Company, kind: str, sent: Obj) -> Obj:
    """A new transaction with its ids and day; raises Refusal 3171 in closed books."""
    if sent.get("ExchangeRate"):
        raise not_enabled("ExchangeRate", "IsMultiCurrencyOn")
    record: Obj = {
        "TxnID": company.new_txn_id(),
        "TxnNumber": str(company.count("number")),
        "TxnDate": sent.get("TxnDate") or company.clock.today().isoformat(),
    }
    if TXN_KINDS[kind].posting:
        must_be_open(company, record["TxnDate"])
    if sent.get("RefNumber"):
        record["RefNumber"] = sent["RefNumber"]
    elif _numbers_itself(company, kind):
        record["RefNumber"] = next_number(company, kind)
    return record


def change(company: Company, kind: str, sent: Obj) -> Obj:
    """A copy of the transaction that a Mod means; raises Refusal 3120, 3175, 3200, 3171."""
    if sent.get("ExchangeRate"):
        raise not_enabled("ExchangeRate", "IsMultiCurrencyOn")
    record = fetched(company, kind, sent["TxnID"])
    must_be_free(company, sent["TxnID"])
    must_be_current(record, sent)
    if TXN_KINDS[kind].posting:
        must_be_open(company, record["TxnDate"])
        must_be_open(company, sent.get("TxnDate") or record["TxnDate"])
    return record


def finish(company: Company, kind: str, record: Obj) -> str:
    """Save a transaction that is complete; answers its id."""
    company.stamp(record)
    books.save(company, kind, record)
    return str(record["TxnID"])


def next_number(company: Company, kind: str) -> str:
    """One more than the number that was given last to this kind, else 1."""
    for record in reversed(company.records[kind].values()):
        found = _DIGITS.match(record.get("RefNumber", ""))
        if found:
            number = str(int(found[2]) + 1).zfill(len(found[2]))
            return f"{found[1]}{number}"[-11:]
    return "1"


def account(company: Company, record: Obj, name: str, *, types: tuple[str, ...], default: str = "") -> None:
    """Fill in an account that was not sent, and see that it is of a type the form can stand on (3210, 3150)."""
    if not ref_id(record, name):
        if not default:
            raise missing(name)
        record[name] = {"ListID": default}
    identity = ref_id(record, name)
    kind = company.records["Account"][identity]["AccountType"]
    if kind not in types:
        raise invalid(name, company.full_name(identity), f"an account of type {kind} cannot be used here.")


def must_not_post_to_non_posting(company: Company, identity: str) -> None:
    """Raise Refusal 3210 for an account that takes no postings."""
    if company.records["Account"][identity]["AccountType"] == "NonPosting":
        raise invalid("AccountRef", company.full_name(identity), "the account is non-posting.")


def due_date(company: Company, record: Obj) -> str:
    """The day on which a document falls due by its terms; its own day without terms."""
    day = date.fromisoformat(record["TxnDate"])
    terms = ref_id(record, "TermsRef")
    standard = company.records["StandardTerms"].get(terms)
    if standard is not None:
        return (day + timedelta(days=int(standard.get("StdDueDays", "0")))).isoformat()
    driven = company.records["DateDrivenTerms"].get(terms)
    if driven is None:
        return day.isoformat()
    due = _on_day(day, int(driven["DayOfMonthDue"]))
    if due < day + timedelta(days=int(driven.get("DueNextMonthDays", "0"))):
        due = _on_day(due.replace(day=1) + timedelta(days=32), int(driven["DayOfMonthDue"]))
    return due.isoformat()


def suggested_discount(company: Company, record: Obj, total: Decimal) -> tuple[Decimal, str]:
    """The early-payment discount that the terms offer, and its last day; 0 and empty without one."""
    standard = company.records["StandardTerms"].get(ref_id(record, "TermsRef"), {})
    percent = Decimal(standard.get("DiscountPct") or 0)
    if not percent or not standard.get("StdDiscountDays"):
        return Decimal(0), ""
    last = date.fromisoformat(record["TxnDate"]) + timedelta(days=int(standard["StdDiscountDays"]))
    return total * percent / 100, last.isoformat()


def _on_day(month: date, number: int) -> date:
    for day in range(number, 27, -1):
        try:
            return month.replace(day=day)
        except ValueError:
            continue
    return month.replace(day=min(number, 28))


def _numbers_itself(company: Company, kind: str) -> bool:
    if kind == "JournalEntry":
        return company.preference("AccountingPreferences", "IsAssigningJournalEntryNumbers")
    return TXN_KINDS[kind].numbered


def must_be_enabled(company: Company, kind: str) -> None:
    """Raise Refusal 3250 for a form whose feature is switched off."""
    if kind == "Estimate" and not company.preference("JobsAndEstimatesPreferences", "IsUsingEstimates"):
        raise not_enabled("Estimate", "IsUsingEstimates")
    if kind == "PurchaseOrder" and not company.preference(
        "PurchasesAndVendorsPreferences", "IsUsingInventory"
    ):
        raise not_enabled("PurchaseOrder", "IsUsingInventory")


def is_void(record: Obj) -> bool:
    """Whether a transaction was voided."""
    return is_true(record, "_Void")


def must_not_be_void(record: Obj) -> None:
    """Raise Refusal 3170 for a transaction that was voided."""
    if is_void(record):
        raise Refusal(3170, f"The transaction {record['TxnID']} was voided and cannot be modified.")
