"""Rules of credit memos: a sale taken back against the receivable (reference section 4.13)."""

from __future__ import annotations

from blueops_qb.sandbox.ledger import Entry
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.sales_forms import form_entries, prepare_form
from blueops_qb.sandbox.qbo.wire import Obj


def prepare_credit_memo(draft: Draft) -> None:
    """Complete a credit memo; raises Fault."""
    prepare_form(draft)
    draft.new["Balance"] = draft.new["RemainingCredit"] = draft.new["TotalAmt"]
    numbering.number_sales_form(draft)


def credit_memo_entries(company: Company, memo: Obj) -> list[Entry]:
    """The receivable on the credit side, income and tax on the debit side."""
    receivable = company.account_of_type("Accounts Receivable")
    return form_entries(company, memo, [(receivable, memo["TotalAmt"])], sign=-1)


def follow_links(company: Company, memo: Obj) -> None:
    """What is left to apply is the open balance."""
    del company
    memo["RemainingCredit"] = memo["Balance"]
