"""References: how one thing names another, on our side and in the books."""

from __future__ import annotations

import enum

import attrs


class RecordKind(enum.StrEnum):
    """The kinds of BlueOps records that reach the books."""

    CUSTOMER = "customer"
    JOB = "job"
    VENDOR = "vendor"
    INVOICE = "invoice"
    PAYMENT = "payment"
    EXPENSE = "expense"
    #: A settlement that brings several payments to the bank as one deposit.
    PAYOUT = "payout"
    #: What a customer is owed back.
    CREDIT = "credit"
    #: Money that went back to a customer.
    REFUND = "refund"
    #: A payment that the bank or the card processor took back.
    PAYMENT_RETURN = "payment_return"
    #: A move between accounts that a person approved with a change of the mapping; made by us, not by core.
    RECLASS = "reclass"
    #: A journal entry that the plugin makes itself, of what was posted before.
    ENTRY = "entry"
    #: An account, item or class that a person approved from a template; made by us, not by core.
    LIST_ENTRY = "list_entry"


class BooksKind(enum.StrEnum):
    """The kinds of records in the books, in neutral words; a provider translates them to its own."""

    COMPANY = "company"
    ACCOUNT = "account"
    ITEM = "item"
    CLASS = "class"
    LOCATION = "location"
    TAX_CODE = "tax_code"
    TAX_RATE = "tax_rate"
    TERM = "term"
    PAYMENT_METHOD = "payment_method"
    #: Customers, and jobs as their children.
    CUSTOMER = "customer"
    VENDOR = "vendor"
    EMPLOYEE = "employee"
    INVOICE = "invoice"
    PAYMENT = "payment"
    #: Money that left at once: card charge, check, cash.
    EXPENSE = "expense"
    BILL = "bill"
    JOURNAL = "journal"
    DEPOSIT = "deposit"
    #: An offer; it posts nothing.
    ESTIMATE = "estimate"
    CREDIT_MEMO = "credit_memo"
    #: A sale that was paid at once.
    SALES_RECEIPT = "sales_receipt"
    REFUND_RECEIPT = "refund_receipt"
    BILL_PAYMENT = "bill_payment"
    VENDOR_CREDIT = "vendor_credit"
    #: An order to a vendor; it posts nothing.
    PURCHASE_ORDER = "purchase_order"
    TAX_AGENCY = "tax_agency"
    CURRENCY = "currency"
    ATTACHMENT = "attachment"
    #: What a payment settles with beside its money and credit memos. It is only named, never read or written;
    #: the id says which type it has in the books, as `Check:12`.
    CREDIT = "credit"


#: What the mapper chooses from; read as a whole, never created from an event.
CATALOG_KINDS: frozenset[BooksKind] = frozenset(
    {
        BooksKind.ACCOUNT,
        BooksKind.ITEM,
        BooksKind.CLASS,
        BooksKind.LOCATION,
        BooksKind.TAX_CODE,
        BooksKind.TAX_RATE,
        BooksKind.TAX_AGENCY,
        BooksKind.TERM,
        BooksKind.PAYMENT_METHOD,
    }
)
#: Kinds that share one pool of names in the books, inactive ones included
#: (QuickBooks Online code 6240; reference/quickbooks-online.md section 4.4).
NAMED_KINDS: frozenset[BooksKind] = frozenset({BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE})


@attrs.frozen(order=True)
class RecordRef:
    """A BlueOps record by kind and id; prints as `invoice:1041`."""

    kind: RecordKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> RecordRef:
        """Read `kind:id`; raises ValueError that lists the kinds when it is not one."""
        kind, separator, id = text.partition(":")
        if not separator or not id or kind not in set(RecordKind):
            known = ", ".join(RecordKind)
            raise ValueError(f"{text!r} is not a record: write kind:id with one of the kinds {known}")
        return cls(RecordKind(kind), id)


@attrs.frozen(order=True)
class BooksRef:
    """A record in the books by kind and the books' own id (never by name)."""

    kind: BooksKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value}#{self.id}"


@attrs.frozen(order=True)
class DocumentKey:
    """The identity of a document on our side: which record it comes from, in which role, which part.

    `role` is what the document is to its record (`main`, `use_tax`, `deposit`, ...); `part` counts
    documents of the same role from 1.
    """

    source: RecordRef
    role: str = "main"
    part: int = 1

    def __str__(self) -> str:
        tail = "" if (self.role, self.part) == ("main", 1) else f"/{self.role}/{self.part}"
        return f"{self.source}{tail}"

    @classmethod
    def parse(cls, text: str) -> DocumentKey:
        """Read what `str()` printed; raises ValueError."""
        source, *rest = text.split("/")
        if not rest:
            return cls(RecordRef.parse(source))
        role, part = rest
        return cls(RecordRef.parse(source), role, int(part))


#: How our side names a thing inside a document: by its record, which means the record's main document, or by
#: the key of another document of a record.
OurRef = RecordRef | DocumentKey
#: Inside a document a party or a document is named from either side:
#: by OurRef before it is bound to a connection, by BooksRef afterwards.
Ref = RecordRef | BooksRef | DocumentKey


def key_of(ref: OurRef) -> DocumentKey:
    """The document that a reference of ours means."""
    return ref if isinstance(ref, DocumentKey) else DocumentKey(ref)


def record_of(ref: OurRef) -> RecordRef:
    """The record behind a reference of ours."""
    return ref.source if isinstance(ref, DocumentKey) else ref


def id_in_books(ref: Ref | None) -> str:
    """The books' id of what a document names; our own words for what has no place there, empty for nothing."""
    if ref is None:
        return ""
    return ref.id if isinstance(ref, BooksRef) else str(ref)


def order_of(ref: Ref) -> tuple[str, str]:
    """By what references of any kind are put in order."""
    return ("document", str(ref)) if isinstance(ref, DocumentKey) else (ref.kind.value, ref.id)


def ref_of_key(key: DocumentKey) -> OurRef:
    """The shortest name of a document of ours: its record, if it is the main one."""
    return key.source if (key.role, key.part) == ("main", 1) else key
