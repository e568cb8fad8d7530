"""Queries: what is asked of QuickBooks, by id, name, number or time, page by page where it can (section 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.refusals import checked
from blueops_qb.providers.qbd.entities import ENTITIES
from blueops_qb.providers.qbd.qbxml.characters import folded
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf
from blueops_qb.providers.qbd.qbxml.tables import PAGED, content_of
from blueops_qb.providers.qbd.qbxml.tables.requests import DELETABLE

#: Rows of one page; a user's QuickBooks window waits while one is made (gotcha 22).
PAGE = 100
#: Public custom fields belong to this owner.
PUBLIC = "0"
#: Tombstones are kept for so many days (section 0).
DELETED_DAYS = 90


@attrs.frozen(kw_only=True)
class Page:
    """Where a query stands that is read page by page: the first one, or the one behind `iterator`."""

    size: int = PAGE
    iterator: str = ""


def by_id(kind: BooksKind, ids: Sequence[str]) -> list[Element]:
    """Reads records by id; a kind of several forms asks for each of them, as the id does not tell which."""
    name = "TxnID" if ENTITIES[kind].transaction else "ListID"
    return [_query(query, [leaf(name, id) for id in ids], whole=True) for query in ENTITIES[kind].queries]


def by_number(kind: BooksKind, number: str) -> list[Element]:
    """Reads transactions by their number, whatever its case: to people “bo-1” and “BO-1” are one number."""
    return [
        _query(query, [leaf("RefNumber", folded(number))], whole=True) for query in ENTITIES[kind].queries
    ]


def by_name(query: str, name: str, *, page: Page | None = None) -> Element:
    """Reads list elements whose name begins so, inactive ones included; a look-up by full name may miss those."""
    filter_ = branch("NameFilter", [leaf("MatchCriterion", "StartsWith"), leaf("Name", folded(name))])
    return _query(query, [leaf("ActiveStatus", "All"), filter_], page=page)


def holder_of(name: str) -> Element:
    """Asks who holds a name among customers, vendors, employees and other names (code 3100)."""
    return by_name("EntityQueryRq", name)


def listed(query: str, *, since: str = "", until: str = "", page: Page | None = None) -> Element:
    """A whole list, inactive elements included, or what of it was changed in a span of QuickBooks' own clock."""
    return _query(query, [leaf("ActiveStatus", "All"), *_modified(since, until)], page=page)


def changed(query: str, *, since: str = "", until: str = "", page: Page | None = None) -> Element:
    """The transactions that were changed in a span of QuickBooks' own clock, or all, with lines and links."""
    span = _modified(since, until)
    return _query(query, [branch("ModifiedDateRangeFilter", span)] if span else [], page=page, whole=True)


def dated(query: str, *, start: dt.date, end: dt.date, page: Page | None = None) -> Element:
    """The transactions of a span of days, both included, with lines and links."""
    span = [leaf("FromTxnDate", start.isoformat()), leaf("ToTxnDate", end.isoformat())]
    return _query(query, [branch("TxnDateRangeFilter", span)], page=page, whole=True)


def ledger(*, start: dt.date, end: dt.date, page: Page | None = None) -> Element:
    """The postings of a span of days, all lines, for the capability `ledger`."""
    span = [leaf("FromTxnDate", start.isoformat()), leaf("ToTxnDate", end.isoformat())]
    body = [
        branch("TransactionDateRangeFilter", span),
        leaf("TransactionDetailLevelFilter", "All"),
        leaf("TransactionPostingStatusFilter", "Posting"),
    ]
    return _query("TransactionQueryRq", body, page=page)


def deleted_transactions(*, since: str, until: str = "") -> Element:
    """Transactions that were deleted; QuickBooks remembers 90 days."""
    types = [leaf("TxnDelType", name) for name in DELETABLE.split("|")]
    return checked("TxnDeletedQueryRq", [*types, _deleted_span(since, until)])


def deleted_lists(types: Iterable[str], *, since: str, until: str = "") -> Element:
    """List elements that were deleted or merged away; QuickBooks remembers 90 days."""
    body = [leaf("ListDelType", name) for name in types]
    return checked("ListDeletedQueryRq", [*body, _deleted_span(since, until)])


def open_bills(vendor_id: str) -> Element:
    """What is open of a vendor's bills and credits; the bill itself shows it wrongly at times (gotcha 29)."""
    return checked("BillToPayQueryRq", [branch("PayeeEntityRef", [leaf("ListID", vendor_id)])])


def waiting_for_deposit() -> Element:
    """Payments that wait in undeposited funds."""
    return checked("ReceivePaymentToDepositQueryRq", [])


def host() -> Element:
    """Edition and version, and how many elements each list may still take."""
    return checked("HostQueryRq", [branch("IncludeListMetaData", [leaf("IncludeMaxCapacity", "true")])])


def company(owner_id: str = "") -> Element:
    """The company, with the private fields of our application, its FileID among them, where its owner is known."""
    return checked("CompanyQueryRq", [leaf("OwnerID", owner_id)] if owner_id else [])


def preferences() -> Element:
    """What is switched on."""
    return checked("PreferencesQueryRq", [])


def tax_item(full_name: str) -> Element:
    """A sales tax item by its full name."""
    return checked("ItemSalesTaxQueryRq", [leaf("FullName", folded(full_name))])


def _modified(since: str, until: str) -> list[Element]:
    ends = (("FromModifiedDate", since), ("ToModifiedDate", until))
    return [leaf(name, moment) for name, moment in ends if moment]


def _deleted_span(since: str, until: str) -> Element:
    span = [leaf("FromDeletedDate", since)]
    if until:
        span.append(leaf("ToDeletedDate", until))
    return branch("DeletedDateRangeFilter", span)


def _query(request: str, body: list[Element], *, page: Page | None = None, whole: bool = False) -> Element:
    """The request, with all that its answer can bring when `whole`; pages only where the query knows them."""
    there = content_of(request).places
    if whole:
        body = [
            *body,
            *(leaf(name, "true") for name in ("IncludeLineItems", "IncludeLinkedTxns") if name in there),
        ]
    if whole and "OwnerID" in there:
        body = [*body, leaf("OwnerID", PUBLIC)]
    if page is None or request not in PAGED:
        return checked(request, body)
    paged = checked(request, [leaf("MaxReturned", str(page.size)), *body])
    iterator = (
        {"iterator": "Continue", "iteratorID": page.iterator} if page.iterator else {"iterator": "Start"}
    )
    return attrs.evolve(paged, attributes=iterator)
