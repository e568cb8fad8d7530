"""Rules of sales receipts and refund receipts: sales and refunds with their money (reference section 4.15)."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault, missing
from blueops_qb.sandbox.qbo.sales_forms import form_entries, prepare_form
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

HOLDING_TYPES = ("Bank", "Other Current Asset")


def prepare_sales_receipt(draft: Draft) -> None:
    """Complete a sales receipt; without an account its money is in undeposited funds. Raises Fault."""
    if not ref_id(draft.new, "DepositToAccountRef"):
        undeposited = draft.company.account_of_subtype("UndepositedFunds")
        draft.new["DepositToAccountRef"] = {"value": undeposited}
    _prepare(draft, print_status="NotSet")


def prepare_refund_receipt(draft: Draft) -> None:
    """Complete a refund; a printed check needs its number. Raises Fault."""
    _prepare(draft, print_status="NeedToPrint")
    if draft.new["PrintStatus"] == "PrintComplete" and not draft.new.get("PaymentRefNum"):
        raise missing("PaymentRefNum")


def sales_receipt_entries(company: Company, receipt: Obj) -> list[Entry]:
    """Money in on the debit side, income and tax on the credit side."""
    return form_entries(company, receipt, _money(receipt), sign=1)


def refund_receipt_entries(company: Company, refund: Obj) -> list[Entry]:
    """Money out on the credit side, income and tax on the debit side."""
    return form_entries(company, refund, _money(refund), sign=-1)


def _prepare(draft: Draft, *, print_status: str) -> None:
    account = draft.account("DepositToAccountRef")
    if account["AccountType"] not in HOLDING_TYPES:
        raise Fault(
            "6430",
            f"Invalid account type: {account['Name']!r} is {account['AccountType']}; the money of a "
            f"{draft.kind} is in {' or '.join(HOLDING_TYPES)}.",
            "DepositToAccountRef",
        )
    prepare_form(draft, print_status=print_status)
    draft.new["Balance"] = ZERO
    numbering.number_sales_form(draft)


def _money(form: Obj) -> list[tuple[str, Decimal]]:
    return [(ref_id(form, "DepositToAccountRef"), form["TotalAmt"])]
