"""The catalog: company, preferences and all lists that the mapping chooses from, as one message set.

None of these lists is read by pages but the items, and a list that is read page by page is bound to a session of the
Web Connector (reference/quickbooks-desktop.md section 3.4), so that all come whole. Inactive elements come too: a
name that is taken by one is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.company import profile_of
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.verdicts import Status, is_done, unknown, verdict
from blueops_qb.sdk.outcomes import Absent, BooksRecord, Found, Outcome, Refused, Why
from blueops_qb.sdk.provider import Operation

#: Lists without which nothing can be mapped, then those that a company may lack.
LISTS = (
    "AccountQueryRq",
    "ItemQueryRq",
    "ClassQueryRq",
    "TermsQueryRq",
    "PaymentMethodQueryRq",
    "CustomerQueryRq",
    "VendorQueryRq",
    "EmployeeQueryRq",
    "OtherNameQueryRq",
)


def catalog_requests(books: Books) -> list[Element]:
    """Host, company and preferences, then every list."""
    head = [queries.host(), queries.company(books.settings.owner_id), queries.preferences()]
    return [*head, *(queries.listed(name) for name in LISTS)]


def catalog_outcome(
    operation: Operation, responses: Sequence[Element], books: Books, *, company_id: str, reference: str
) -> Outcome:
    """Found with the lists and the profile; a list that the company has not switched on is empty."""
    wanted = len(catalog_requests(books))
    if len(responses) != wanted:
        # Preferences that are merely missing would pass for switched off.
        detail = f"{len(responses)} of {wanted} answers"
        return unknown(
            operation, message="QuickBooks' answer is incomplete.", detail=detail, reference=reference
        )
    records: list[BooksRecord] = []
    about: dict[str, Element] = {}
    discounts: list[Element] = []
    for response in responses:
        status = Status(
            code=response.attribute("statusCode"),
            message=response.attribute("statusMessage"),
            severity=response.attribute("statusSeverity"),
            reference=reference,
        )
        if not is_done(status, operation):
            outcome = verdict(status, operation)
            off = isinstance(outcome, Refused) and outcome.why is Why.NOT_AVAILABLE
            if not off and not isinstance(outcome, Absent):
                return outcome
        about.update({ret.name: ret for ret in response.children if ret.name in _ABOUT})
        discounts += [ret for ret in response.children if ret.name == "ItemDiscountRet"]
        records += [record for ret in response.children if (record := record_of(ret, books)) is not None]
    profile = profile_of(
        company_id,
        host=about.get("HostRet"),
        company=about.get("CompanyRet"),
        preferences=about.get("PreferencesRet"),
        discounts=discounts,
        settings=books.settings,
    )
    company = BooksRecord(kind=BooksKind.COMPANY, id=company_id, name=profile.company_name)
    return Found(records=(company, *records), profile=profile, reference=reference)


_ABOUT = frozenset({"HostRet", "CompanyRet", "PreferencesRet"})
