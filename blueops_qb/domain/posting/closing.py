"""Closed periods: what may still be written into one (accounting-treatments section 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from blueops_qb.domain.documents import (
    Bill,
    CustomerPayment,
    Document,
    ExpenseDocument,
    JournalEntry,
    SalesForm,
    SalesInvoice,
    TaxMode,
    Undated,
)
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.refs import DocumentKey

#: Fields whose change moves nothing in the ledger of an account; such a change is not sent into a closed
#: period. On a line the job is one of them, on the head of a document it says whose debt it is.
COSMETIC = frozenset({"memo", "class_", "location", "description", "shipping", "email", "books_line_id"})
#: The topic under which a person chooses for one record what happens in a closed period.
CHOICE = "closed_period"
#: What the policy `adjust` corrects by documents of an open day.
ADJUSTED = SalesInvoice | Bill | ExpenseDocument | JournalEntry
COSMETIC_ON_LINES = COSMETIC | {"customer", "service_date"}


def respect_closing_date(
    documents: Mapping[DocumentKey, Document], lookup: Lookup
) -> dict[DocumentKey, Document]:
    """The documents as they may be written; holds the record where the closing date forbids it.

    What lies in the closed period already and changes in nothing but words and tags stays as it was posted.
    """
    closing = lookup.context.profile.closing_date
    if closing is None:
        return dict(documents)
    return {key: _settled(key, document, closing, lookup) for key, document in documents.items()}


def _settled(key: DocumentKey, document: Document, closing: dt.date, lookup: Lookup) -> Document:
    if isinstance(document, Undated):
        return document
    posted = lookup.context.posted.get(key)
    if posted is not None and not isinstance(posted, Undated) and posted.date <= closing:
        if not changed_in_substance(posted, document):
            return posted
        raise lookup.held(
            f"was posted on {posted.date}, in the period closed on {closing}, and has changed since{_why(posted)}",
            "Move the closing date in the books for a moment, or correct it there with your accountant "
            f"and undo the change in BlueOps.{_instead(posted)}{_asked(lookup, document)}",
        )
    if document.date > closing:
        return document
    if _moves_nothing(document) or _may_be_redated(document, lookup):
        day = posted.date if isinstance(posted, type(document)) else closing + dt.timedelta(days=1)
        return attrs.evolve(document, date=day, memo=_redated_memo(document.memo, document.date))
    raise lookup.held(
        f"is dated {document.date}, but the books are closed until {closing}",
        "Change its date in BlueOps, move the closing date in the books, or let the settings post such "
        f"records on the first open day.{_asked(lookup, document)}",
    )


def closed_policy(lookup: Lookup) -> ClosedPeriod:
    """What the policy says, or what a person chose for this record where it says to ask."""
    policy = lookup.context.policy.closed_period
    chosen = lookup.context.choices.get(CHOICE, "")
    if policy is ClosedPeriod.ASK and chosen in set(ClosedPeriod):
        return ClosedPeriod(chosen)
    return policy


def first_open_day(lookup: Lookup) -> dt.date:
    """The day of the event, or the first open one where that is closed too."""
    closing, today = lookup.context.profile.closing_date, lookup.context.event_day
    days = [day for day in (closing and closing + dt.timedelta(days=1), today) if day is not None]
    assert days, "a correction is only made where the books have a closing date"
    return max(days)


def changed_in_substance(posted: Document, document: Document) -> bool:
    """Whether more than words and tags has changed; having been dated on an open day is no change."""
    day, memo = getattr(posted, "date", None), getattr(posted, "memo", "")
    if day is None:
        return posted != document
    return _substance(_as_redated(document, day, memo)) != _substance(posted)


def _may_be_redated(document: Document, lookup: Lookup) -> bool:
    """Sales tax would fall into another period: such an invoice only moves where the policy says so."""
    policy = closed_policy(lookup)
    if policy is ClosedPeriod.ASK or policy is ClosedPeriod.HOLD:
        return False
    taxed = isinstance(document, SalesForm) and (document.tax or document.tax_mode is TaxMode.BOOKS)
    asked = lookup.context.policy.closed_period is ClosedPeriod.ASK
    return not taxed or asked or lookup.context.policy.redate_taxed


def _moves_nothing(document: Document) -> bool:
    """A payment of 0.00 only applies credits: it has no effect on the ledger and goes by any day."""
    return isinstance(document, CustomerPayment) and not document.amount


def _why(posted: Document) -> str:
    """Why no document of an open day takes the place of that one.

    Receivables are moved by documents; an entry on them is an accountant's exception (accounting-treatments 0.1), and
    the order to take back a paid invoice begins with the payment itself (section 10).
    """
    if not isinstance(posted, CustomerPayment):
        return ""
    if not posted.allocations:
        return (
            "; in the books it is the customer's credit, which only an entry on receivables would take back on an open "
            "day, and such an entry is for an accountant to approve"
        )
    return (
        "; in the books it goes on settling its invoices until somebody takes it off them, which the closed period "
        "forbids, so no entry of an open day can correct it"
    )


def _instead(posted: Document) -> str:
    if not isinstance(posted, CustomerPayment):
        return ""
    return " Money that went back is entered as a refund or a returned payment of an open day."


def _asked(lookup: Lookup, document: Document) -> str:
    if closed_policy(lookup) is not ClosedPeriod.ASK:
        return ""
    ways = "next open day" + (", or adjust" if isinstance(document, ADJUSTED) else "")
    return f" Or choose on the page of the record what shall happen with it: {ways}."


def _redated_memo(memo: str, true_date: dt.date) -> str:
    return f"{memo} (true date {true_date})".strip()


def _as_redated(document: Document, day: dt.date, memo: str) -> Document:
    """The document on `day`, when `memo` shows that it was put there from its own, closed, date."""
    if isinstance(document, Undated):
        return document
    if memo.endswith(_redated_memo("", document.date)):
        return attrs.evolve(document, date=day)
    return document


def _substance(value: object, *, on_line: bool = False) -> object:
    """A document without what is cosmetic, for comparison."""
    if isinstance(value, tuple):
        return tuple(_substance(part, on_line=True) for part in value)
    kind = type(value)
    if not attrs.has(kind):
        return value
    leave_out = COSMETIC_ON_LINES if on_line else COSMETIC
    fields = attrs.fields(kind)
    kept = ((field.name, getattr(value, field.name)) for field in fields if field.name not in leave_out)
    return (kind, *((name, _substance(part)) for name, part in kept))
