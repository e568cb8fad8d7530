"""Which rules apply to which kind: the table that writing works by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import Entry
from blueops_qb.sandbox.qbo import (
    accounts,
    allocations,
    attachables,
    bill_payments,
    cash_sales,
    credit_memos,
    currencies,
    estimates,
    expenses,
    invoices,
    journal,
    names,
    purchase_orders,
    receipts,
    single,
)
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.wire import Obj


def _no_entries(company: Company, record: Obj) -> list[Entry]:
    del company, record
    return []


def _no_links(record: Obj) -> dict[Key, Decimal]:
    del record
    return {}


def _nothing_follows(company: Company, record: Obj) -> None:
    del company, record


@attrs.frozen(kw_only=True)
class Rule:
    """The rules of one kind."""

    #: checks and completes the new record; raises Fault
    prepare: Callable[[Draft], None]
    #: the ledger effect of a complete record
    entries: Callable[[Company, Obj], list[Entry]] = _no_entries
    #: what the record settles or holds, with amounts
    links: Callable[[Obj], Mapping[Key, Decimal]] = _no_links
    #: has a Balance that falls with what is linked to it
    open_balance: bool = False
    #: works out what else follows from the links of a record: the status of an order
    follow_links: Callable[[Company, Obj], None] = _nothing_follows
    #: the type under which the record stands in LinkedTxn of others; the kind unless it says otherwise
    link_type: Callable[[Obj], str] | None = None


RULES: dict[str, Rule] = {
    "CompanyInfo": Rule(prepare=single.prepare_company),
    "Preferences": Rule(prepare=single.prepare_preferences),
    "Account": Rule(prepare=accounts.prepare_account),
    "Item": Rule(prepare=accounts.prepare_item),
    "Class": Rule(prepare=names.prepare_tree),
    "Department": Rule(prepare=names.prepare_tree),
    "Term": Rule(prepare=names.prepare_listed),
    "PaymentMethod": Rule(prepare=names.prepare_listed),
    "TaxAgency": Rule(prepare=names.prepare_listed),
    "Customer": Rule(prepare=names.prepare_customer),
    "Vendor": Rule(prepare=names.prepare_vendor),
    "CompanyCurrency": Rule(prepare=currencies.prepare_currency),
    "Attachable": Rule(prepare=attachables.prepare_attachable),
    "Employee": Rule(prepare=names.prepare_employee),
    "Invoice": Rule(
        prepare=invoices.prepare_invoice,
        entries=invoices.invoice_entries,
        links=invoices.invoice_links,
        open_balance=True,
    ),
    "Estimate": Rule(prepare=estimates.prepare_estimate, follow_links=estimates.follow_links),
    "CreditMemo": Rule(
        prepare=credit_memos.prepare_credit_memo,
        entries=credit_memos.credit_memo_entries,
        open_balance=True,
        follow_links=credit_memos.follow_links,
    ),
    "SalesReceipt": Rule(prepare=cash_sales.prepare_sales_receipt, entries=cash_sales.sales_receipt_entries),
    "RefundReceipt": Rule(
        prepare=cash_sales.prepare_refund_receipt, entries=cash_sales.refund_receipt_entries
    ),
    "Payment": Rule(
        prepare=receipts.prepare_payment, entries=receipts.payment_entries, links=allocations.payment_links
    ),
    "Bill": Rule(
        prepare=expenses.prepare_bill,
        entries=expenses.bill_entries,
        links=expenses.bill_links,
        open_balance=True,
        follow_links=purchase_orders.show_orders,
    ),
    "VendorCredit": Rule(prepare=expenses.prepare_credit, entries=expenses.credit_entries, open_balance=True),
    "BillPayment": Rule(
        prepare=bill_payments.prepare_bill_payment,
        entries=bill_payments.bill_payment_entries,
        links=bill_payments.bill_payment_links,
        link_type=bill_payments.linked_as,
    ),
    "PurchaseOrder": Rule(prepare=purchase_orders.prepare_order, follow_links=purchase_orders.follow_bills),
    "Purchase": Rule(prepare=expenses.prepare_purchase, entries=expenses.purchase_entries),
    "JournalEntry": Rule(prepare=journal.prepare_journal, entries=journal.journal_entries),
    "Deposit": Rule(
        prepare=receipts.prepare_deposit, entries=receipts.deposit_entries, links=receipts.deposit_links
    ),
}
