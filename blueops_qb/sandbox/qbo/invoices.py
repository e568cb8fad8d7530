"""Rules of invoices: terms, deposit, estimate, receivable (reference sections 4.9 and 4.16)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from blueops_qb.sandbox.ledger import Entry
from blueops_qb.sandbox.qbo import estimates, numbering
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft, due_day
from blueops_qb.sandbox.qbo.faults import Fault, business
from blueops_qb.sandbox.qbo.sales_forms import customer_of, form_entries, prepare_form
from blueops_qb.sandbox.qbo.wire import Obj, money, ref_id

HOLDING_TYPES = ("Bank", "Other Current Asset")


def prepare_invoice(draft: Draft) -> None:
    """Complete an invoice; raises Fault."""
    new = draft.new
    prepare_form(draft)
    estimates.check_link(draft)
    deposit = _prepare_deposit(draft)
    term = ref_id(new, "SalesTermRef") or ref_id(customer_of(draft), "SalesTermRef")
    if term:
        draft.default("SalesTermRef", {"value": term})
    if "DueDate" not in draft.sent and (draft.created or {"TxnDate", "SalesTermRef"} & draft.sent.keys()):
        new.pop("DueDate", None)
    draft.default("DueDate", due_day(draft.company, term, date.fromisoformat(new["TxnDate"])).isoformat())
    for name in ("AllowIPNPayment", "AllowOnlinePayment"):
        new.pop(name, None)
    draft.default("AllowOnlineCreditCardPayment", False)
    draft.default("AllowOnlineACHPayment", False)
    new["Balance"] = new["TotalAmt"] - deposit
    numbering.number_sales_form(draft)


def invoice_links(invoice: Obj) -> dict[Key, Decimal]:
    """The estimate that the invoice bills; its amount settles nothing."""
    return estimates.links_to_estimates(invoice)


def invoice_entries(company: Company, invoice: Obj) -> list[Entry]:
    """Receivable and deposit on the debit side, income and tax on the credit side."""
    deposit = money(invoice.get("Deposit"))
    against = [(company.account_of_type("Accounts Receivable"), invoice["TotalAmt"] - deposit)]
    if deposit:
        held = ref_id(invoice, "DepositToAccountRef") or company.account_of_subtype("UndepositedFunds")
        against.append((held, deposit))
    return form_entries(company, invoice, against, sign=1)


def _prepare_deposit(draft: Draft) -> Decimal:
    # A down-payment on the form itself: held in undeposited funds unless the form names an account.
    new, company = draft.new, draft.company
    deposit = money(new.get("Deposit"))
    held = ref_id(new, "DepositToAccountRef")
    if held and company.get("Account", held)["AccountType"] not in HOLDING_TYPES:
        raise Fault("6430", f"Invalid account type: account {held} takes no deposits.", "DepositToAccountRef")
    if not deposit:
        new.pop("Deposit", None)
        return deposit
    if not company.preference("SalesFormsPrefs.AllowDeposit"):
        raise business("this company does not allow deposits on sales forms", "Deposit")
    if deposit < 0:
        raise business(f"the deposit must be 0 or greater, not {deposit}", "Deposit")
    if deposit > new["TotalAmt"]:
        raise business(f"the deposit {deposit} exceeds the total {new['TotalAmt']}", "Deposit")
    if not held:
        new["DepositToAccountRef"] = {"value": company.account_of_subtype("UndepositedFunds")}
    return deposit
