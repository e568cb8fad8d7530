"""Closed periods: what may still be written into one (accounting-treatments section 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from blueops_qb.domain.documents import AttachedFile, CustomerRecord, Document, TaxCodeRecord, VendorRecord
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.refs import DocumentKey

#: Fields whose change moves nothing in the ledger of an account; such a change is not sent into a closed
#: period. On a line the job is one of them, on the head of a document it says whose debt it is.
COSMETIC = frozenset({"memo", "class_", "location", "description", "shipping", "email", "books_line_id"})
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
    if isinstance(document, (CustomerRecord, VendorRecord, AttachedFile, TaxCodeRecord)):
        return document
    posted = lookup.context.posted.get(key)
    if (
        posted is not None
        and not isinstance(posted, (CustomerRecord, VendorRecord, AttachedFile, TaxCodeRecord))
        and posted.date <= closing
    ):
        if _substance(_as_redated(document, posted.date, posted.memo)) == _substance(posted):
            return posted
        raise lookup.held(
            f"was posted on {posted.date}, in the period closed on {closing}, and has changed since",
            "Move the closing date in the books for a moment, or correct it there with your accountant "
            "and undo the change in BlueOps.",
        )
    if document.date > closing:
        return document
    if lookup.context.policy.closed_period is ClosedPeriod.REDATE:
        day = posted.date if isinstance(posted, type(document)) else closing + dt.timedelta(days=1)
        return attrs.evolve(document, date=day, memo=_redated_memo(document.memo, document.date))
    raise lookup.held(
        f"is dated {document.date}, but the books are closed until {closing}",
        "Change its date in BlueOps, move the closing date in the books, or let the settings post such "
        "records on the first open day.",
    )


def _redated_memo(memo: str, true_date: dt.date) -> str:
    return f"{memo} (true date {true_date})".strip()


def _as_redated(document: Document, day: dt.date, memo: str) -> Document:
    """The document on `day`, when `memo` shows that it was put there from its own, closed, date."""
    if isinstance(document, (CustomerRecord, VendorRecord, AttachedFile, TaxCodeRecord)):
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
