"""The catalog: company, preferences and all lists that the mapping chooses from, as one message set.

The lists come whole; customers and vendors, of which a company has thousands, come page by page behind them. A page is
bound to the session of the Web Connector that began it: when that has ended, the list begins anew (`parts`). Inactive
elements come too: a name that is taken by one is taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.company import file_id_of, profile_of
from blueops_qb.providers.qbd.codec.extensions import mark_requests
from blueops_qb.providers.qbd.codec.places import offered
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.parts import Part, dumped, first_spans, later_spans, loaded, restarts
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.verdicts import Status, is_done, unknown, verdict
from blueops_qb.sdk.outcomes import Absent, BooksRecord, Found, Outcome, Refused, Why
from blueops_qb.sdk.provider import Operation, Verb, Want

#: Lists without which nothing can be mapped, then those that a company may lack.
LISTS = (
    "AccountQueryRq",
    "ItemQueryRq",
    "ClassQueryRq",
    "TermsQueryRq",
    "PaymentMethodQueryRq",
    "EmployeeQueryRq",
    "OtherNameQueryRq",
)
#: Lists that are read by pages.
PAGED = ("CustomerQueryRq", "VendorQueryRq")


def catalog_requests(operation: Operation, books: Books) -> list[Element]:
    """Host, company and preferences, then every list; on a further page what goes on there."""
    paged = [
        queries.listed(part.query, since=part.since, until=part.until, page=part.page)
        for part in first_spans(_parts(operation))
    ]
    if operation.params.get("parts"):
        return [*paged, *_marks(operation, books)]
    head = [queries.host(), queries.company(books.settings.owner_id), queries.preferences()]
    return [*head, *(queries.listed(name) for name in LISTS), *paged]


def catalog_outcome(
    operation: Operation,
    responses: Sequence[Element],
    books: Books,
    *,
    company_id: str,
    asked: dt.datetime,
    reference: str,
) -> Outcome:
    """Found with the lists and the profile; a list that the company has not switched on is empty."""
    wanted, parts, marks = (
        len(catalog_requests(operation, books)),
        first_spans(_parts(operation)),
        _marks(operation, books),
    )
    if len(responses) != wanted:
        # Preferences that are merely missing would pass for switched off.
        detail = f"{len(responses)} of {wanted} answers"
        return unknown(
            operation, message="QuickBooks' answer is incomplete.", detail=detail, reference=reference
        )
    records: list[BooksRecord] = []
    about: dict[str, Element] = {}
    items: list[Element] = []
    onward: list[Part] = []
    # A mark that QuickBooks refuses is tried again at the next reading; the lists do not wait for it.
    listed = responses[: wanted - len(marks)]
    for part, response in zip([*[None] * (len(listed) - len(parts)), *parts], listed, strict=True):
        status = Status(
            code=response.attribute("statusCode"),
            message=response.attribute("statusMessage"),
            severity=response.attribute("statusSeverity"),
            reference=reference,
        )
        if part is not None and restarts(status, operation):
            onward += part.anew(start="", asked=asked)
            continue
        if not is_done(status, operation):
            outcome = verdict(status, operation)
            off = isinstance(outcome, Refused) and outcome.why is Why.NOT_AVAILABLE
            if not off and not isinstance(outcome, Absent):
                return outcome
        about.update({ret.name: ret for ret in response.children if ret.name in _ABOUT})
        items += [ret for ret in response.children if ret.name in _SPECIAL_ITEMS]
        records += [record for ret in response.children if (record := record_of(ret, books)) is not None]
        if part is not None and int(response.attribute("iteratorRemainingCount") or 0):
            onward.append(part.after(response.attribute("iteratorID")))
    onward += later_spans(_parts(operation))
    more = {_MARK: company_id} if _is_unmarked(about.get("CompanyRet"), books) else {}
    then = (Want(verb=Verb.CATALOG, params={"parts": dumped(onward), **more}),) if onward or more else ()
    if operation.params.get("parts"):
        return Found(records=tuple(records), then=then, complete=not then, reference=reference)
    profile = profile_of(
        company_id,
        host=about.get("HostRet"),
        company=about.get("CompanyRet"),
        preferences=about.get("PreferencesRet"),
        items=items,
        settings=books.settings,
    )
    company = BooksRecord(kind=BooksKind.COMPANY, id=company_id, name=profile.company_name)
    records += list(offered(records, books))
    return Found(
        records=(company, *records), profile=profile, then=then, complete=not then, reference=reference
    )


def _is_unmarked(company: Element | None, books: Books) -> bool:
    """Whether the company was told without a FileID of ours and is to be given one."""
    settings = books.settings
    return (
        settings.mark_company and bool(settings.owner_id) and company is not None and not file_id_of(company)
    )


def _marks(operation: Operation, books: Books) -> list[Element]:
    file_id = operation.params.get(_MARK, "")
    return mark_requests(books.settings.owner_id, file_id) if file_id else []


def _parts(operation: Operation) -> list[Part]:
    told = operation.params.get("parts")
    return loaded(told) if told else [Part(query=query) for query in PAGED]


#: The FileID that is to be set.
_MARK = "mark"
_SPECIAL_ITEMS = frozenset({"ItemDiscountRet", "ItemSubtotalRet"})
_ABOUT = frozenset({"HostRet", "CompanyRet", "PreferencesRet"})
