"""Special items: those of type subtotal and discount that QuickBooks got after its lists were read last.

A line with an item of type subtotal brings no money of its own, and nothing in the line tells so (reference/
quickbooks-desktop.md section 4.5). The feed of changes asks for new items in the set in which it asks for forms; a set
that reads forms asks for the subtotals with them, once. What is new in the answer counts for the whole of it, and for
all that is read later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.company import with_items
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.sdk.outcomes import Found, Outcome
from blueops_qb.sdk.provider import Exchange, Verb

#: Whose request it is in a set; no operation is called so.
OWN = "subtotals"
_FORMS = frozenset({BooksKind.INVOICE, BooksKind.ESTIMATE, BooksKind.CREDIT_MEMO, BooksKind.SALES_RECEIPT})


def special_requests(exchange: Exchange) -> list[Element]:
    """The question for subtotals, where the set reads forms that may bear one."""
    reads = (o.verb in (Verb.READ, Verb.FIND) and o.kind in _FORMS for o in exchange.operations)
    if not any(reads):
        return []
    asked = queries.listed("ItemSubtotalQueryRq")
    return [attrs.evolve(asked, attributes={"requestID": f"{OWN}.0", **asked.attributes})]


def with_news(books: Books, responses: Iterable[Element]) -> Books:
    """The books with the special items that an answer tells; themselves where it tells none that is new."""
    profile = with_items(books.profile, [ret for response in responses for ret in response.children])
    return books if profile == books.profile else attrs.evolve(books, profile=profile)


def remembered(outcomes: Mapping[str, Outcome], books: Books) -> dict[str, Outcome]:
    """The outcomes of what was read, with the profile that knows the new items; as they are before one was read."""
    if not books.profile.company_id:
        return dict(outcomes)
    return {
        id: attrs.evolve(outcome, profile=books.profile)
        if isinstance(outcome, Found) and outcome.profile is None
        else outcome
        for id, outcome in outcomes.items()
    }
