"""Capabilities: what a provider can do, as data with a reason that the admin reads."""

from __future__ import annotations

import enum

import attrs


class Feature(enum.StrEnum):
    """What may be asked of a provider."""

    CUSTOMERS = "customers"
    JOBS = "jobs"
    VENDORS = "vendors"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    EXPENSES = "expenses"
    BILLS = "bills"
    JOURNALS = "journals"
    DEPOSITS = "deposits"
    ESTIMATES = "estimates"
    CREDIT_MEMOS = "credit_memos"
    SALES_RECEIPTS = "sales_receipts"
    REFUND_RECEIPTS = "refund_receipts"
    BILL_PAYMENTS = "bill_payments"
    VENDOR_CREDITS = "vendor_credits"
    PURCHASE_ORDERS = "purchase_orders"
    CLASSES = "classes"
    LOCATIONS = "locations"
    CHANGES = "changes"
    LEDGER = "ledger"
    ATTACHMENTS = "attachments"
    #: Tax codes can be created with their rates; they are neither changed nor removed.
    TAX_CODES = "tax_codes"
    #: Accounts, items and classes can be created, each once; they are neither changed nor removed.
    NEW_ACCOUNTS = "new_accounts"
    NEW_ITEMS = "new_items"
    NEW_CLASSES = "new_classes"
    #: Customers' sales tax can be sent as an amount.
    TAX_OVERRIDE = "tax_override"
    #: Documents in another currency than the company's own, where the company keeps several.
    MULTICURRENCY = "multicurrency"
    #: An exchange that arrives twice is carried out once, and answered as the first time.
    REPLAYS = "replays"
    #: The company can close a period; writes that are dated within it are refused.
    CLOSING = "closing"
    #: Lines have ids of the books' own, which stay with them for as long as they live.
    LINE_IDS = "line_ids"


@attrs.frozen(kw_only=True)
class Capability:
    """One feature: there or not, and why."""

    feature: Feature
    able: bool
    reason: str


class Removal(enum.StrEnum):
    """How a kind of record is taken out of the books."""

    VOID = "void"
    #: Its links go first, then it is voided or deleted.
    UNAPPLY_FIRST = "unapply_first"
    REVERSE = "reverse"
    DELETE = "delete"
    #: Set inactive.
    DEACTIVATE = "deactivate"
    HOLD = "hold"
