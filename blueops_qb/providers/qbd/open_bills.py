"""Open bills: what is open of a bill or a vendor's credit that is read, as BillToPayQuery tells it.

The record itself tells it in `OpenAmount`, which some versions leave out or tell wrongly (reference/
quickbooks-desktop.md section 4.8 and gotcha 29). The query goes by the vendor, whom only the record names: so it is
asked behind the first read, together with the record once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.open_bills import open_bills_of
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb, Want

#: The answer to the query.
OPEN = "BillToPayQueryRs"
_KINDS = frozenset({BooksKind.BILL, BooksKind.VENDOR_CREDIT})
_VENDOR = "vendor"
#: Statuses of an answer that can be believed; 1 = nothing is open of him.
_DONE = ("0", "1")


def open_requests(operation: Operation) -> list[Element]:
    """The query beside a read that knows the vendor."""
    vendor = operation.params.get(_VENDOR, "")
    if operation.verb is not Verb.READ or operation.kind not in _KINDS or not vendor:
        return []
    return [queries.open_bills(vendor)]


def open_wants(operation: Operation, found: Sequence[BooksRecord]) -> Iterator[Want]:
    """The read that asks for it, behind one that did not know the vendor."""
    if operation.verb is not Verb.READ or operation.kind not in _KINDS or operation.params.get(_VENDOR):
        return
    for record in found:
        if vendor := record.facts.get("vendor", ""):
            yield Want(verb=Verb.READ, kind=record.kind, target_id=record.id, params={_VENDOR: vendor})


def with_open(record: BooksRecord, operation: Operation, responses: Sequence[Element]) -> BooksRecord:
    """The record with what is open of it, where its answer came; what the query does not name is settled."""
    answers = [r for r in responses if r.name == OPEN and r.attribute("statusCode") in _DONE]
    if operation.kind not in _KINDS or not answers:
        return record
    open_ = abs(open_bills_of(answers[0]).get(record.ref, ZERO))
    return attrs.evolve(record, facts={**record.facts, "balance": f"{open_:.2f}"})
