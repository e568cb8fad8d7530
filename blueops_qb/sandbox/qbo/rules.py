"""Which rules apply to which kind: the table that writing works by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import Entry
from blueops_qb.sandbox.qbo import accounts, expenses, journal, names, receipts, sales, single
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.wire import Obj


def _no_entries(company: Company, record: Obj) -> list[Entry]:
    del company, record
    return []


def _no_links(record: Obj) -> dict[Key, Decimal]:
    del record
    return {}


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
    "Employee": Rule(prepare=names.prepare_employee),
    "Invoice": Rule(prepare=sales.prepare_invoice, entries=sales.invoice_entries, open_balance=True),
    "Payment": Rule(
        prepare=receipts.prepare_payment, entries=receipts.payment_entries, links=receipts.payment_links
    ),
    "Bill": Rule(prepare=expenses.prepare_bill, entries=expenses.bill_entries, open_balance=True),
    "Purchase": Rule(prepare=expenses.prepare_purchase, entries=expenses.purchase_entries),
    "JournalEntry": Rule(prepare=journal.prepare_journal, entries=journal.journal_entries),
    "Deposit": Rule(
        prepare=receipts.prepare_deposit, entries=receipts.deposit_entries, links=receipts.deposit_links
    ),
}
