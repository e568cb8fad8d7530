"""The posting rules' one door: a record and its circumstances in, the documents it needs out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AttachedFile,
    CustomerPayment,
    Document,
    Undated,
)
from blueops_qb.domain.posting import (
    corrections,
    cost_corrections,
    credits,
    deposits,
    entries,
    expenses,
    invoices,
    list_entries,
    parties,
    payments,
    reclasses,
    refunds,
    returns,
)
from blueops_qb.domain.posting.closing import respect_closing_date
from blueops_qb.domain.posting.context import Blocked, NotPosted, Posted, PostingContext, Result
from blueops_qb.domain.posting.lookup import Held, Lookup
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.records import (
    Credit,
    Customer,
    Entry,
    Expense,
    Invoice,
    Job,
    ListEntry,
    Payment,
    PaymentReturn,
    Payout,
    Record,
    Refund,
    Vendor,
    Voidable,
)
from blueops_qb.domain.refs import DocumentKey

#: A rule answers the record's documents, or why it rightly has none; it raises `Held` for a person.
Rule = Callable[[Any, Lookup], Mapping[DocumentKey, Document] | NotPosted]

#: A rule for every kind of record.
Rules = Mapping[type[Record], Rule]
#: The rule of each kind of record, unless the composition hands in another table.
RULES: dict[type[Record], Rule] = {
    Customer: parties.customer,
    Job: parties.job,
    Vendor: parties.vendor,
    Invoice: invoices.invoice,
    Payment: payments.payment,
    Expense: expenses.expense,
    Payout: deposits.payout,
    Reclass: reclasses.reclass,
    Entry: entries.entry,
    ListEntry: list_entries.list_entry,
    Credit: credits.credit,
    Refund: refunds.refund,
    PaymentReturn: returns.payment_return,
}


def post(record: Record, context: PostingContext, rules: Rules = RULES) -> Result:
    """The documents that `record` needs in the books, by these rules.

    Pure: the same record and context give the same answer. `Blocked` names record, cause and remedy, with
    every key that is not mapped at once; nothing is ever posted to a default. A void record gives its
    documents as last posted, void; one that was void before anything was posted gives them as they would
    have been, void, or `NotPosted` when they cannot even be built.
    """
    lookup = Lookup(context=context, label=label(record), on=dated(record))
    try:
        if isinstance(record, Voidable) and record.void:
            return _void(record, lookup, rules)
        documents = _documents(record, lookup, rules)
        if isinstance(documents, (Blocked, NotPosted)):
            return documents
        # Before anything asks whether a posted document has changed: it bears the bookkeeper's coding.
        documents = {key: lookup.coded(key, document) for key, document in documents.items()}
        if isinstance(record, Invoice):
            documents = corrections.corrected(record, documents, lookup)
        if isinstance(record, Expense):
            documents = cost_corrections.corrected(record, documents, lookup)
        return Posted(documents=respect_closing_date(documents, lookup))
    except Held as held:
        return held.blocked


def label(record: Record) -> str:
    """How sentences name the record, as in `Invoice 1041`."""
    kind = record.ref.kind.value.replace("_", " ").capitalize()
    if isinstance(record, Invoice | Credit):
        return f"{kind} {record.number or record.id}"
    if isinstance(record, (Customer, Job, Vendor)):
        return f"{kind} {record.id} “{record.name}”"
    return f"{kind} {record.id}"


#: The field that holds the date of a record; others have `date`, or none.
_DATES: dict[type[Record], str] = {Invoice: "issue_date", Credit: "issue_date", Payment: "received_on"}


def dated(record: Record) -> dt.date | None:
    """The day that a record bears, which says which rules of the mapping count; None for parties."""
    day = getattr(record, _DATES.get(type(record), "date"), None)
    return day if isinstance(day, dt.date) else None


def _documents(
    record: Record, lookup: Lookup, rules: Rules
) -> Mapping[DocumentKey, Document] | Blocked | NotPosted:
    _check_currency(record, lookup)
    documents = rules[type(record)](record, lookup)
    return lookup.blocked() or documents


def _void(record: Voidable, lookup: Lookup, rules: Rules) -> Result:
    posted = {key: doc for key, doc in lookup.context.posted.items() if key.source == record.ref}
    if posted:
        void: Mapping[DocumentKey, Document] = _all_void(posted)
        if isinstance(record, Invoice):
            void = corrections.voided(record, void, lookup)
        if isinstance(record, Expense):
            void = cost_corrections.voided(record, void, lookup)
        return Posted(documents=respect_closing_date(void, lookup))
    never = NotPosted(reason=f"{lookup.label} was void before it reached the books.")
    try:
        documents = _documents(attrs.evolve(record, void=False), lookup, rules)
    except Held:
        return never
    if isinstance(documents, (Blocked, NotPosted)):
        return never
    return Posted(documents=_all_void(documents))


def _all_void(documents: Mapping[DocumentKey, Document]) -> dict[DocumentKey, Document]:
    """The documents, void, those first that settle others; files that hang on them go with them."""
    first = sorted(documents, key=lambda key: (not isinstance(documents[key], CustomerPayment), key))
    return {key: _voided(documents[key]) for key in first if not isinstance(documents[key], AttachedFile)}


def _voided(document: Document) -> Document:
    if isinstance(document, Undated):
        return document
    return attrs.evolve(document, void=True)


def _check_currency(record: Record, lookup: Lookup) -> None:
    """One currency per company unless its books keep several (accounting-treatments section 12)."""
    profile = lookup.context.profile
    currency = getattr(record, "currency", profile.currency)
    if currency != profile.currency and not profile.multicurrency:
        raise lookup.held(
            f"is in {currency}, but the books are kept in {profile.currency} only",
            "Correct the currency in BlueOps, or switch several currencies on in the books (for good).",
        )
    if currency != profile.currency and lookup.context.no_foreign:
        raise lookup.held(
            f"is in {currency}, and documents in another currency than {profile.currency} are not written to these "
            f"books: {lookup.context.no_foreign.rstrip('.')}",
            "Enter it in the books by hand and leave it out here, or correct the currency in BlueOps.",
        )
