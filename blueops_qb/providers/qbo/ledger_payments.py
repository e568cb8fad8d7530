"""The payments of a period, as records: the general ledger does not tell what a payment settles.

A payment that is taken off its invoice within one customer moves no account, so no report of postings shows it. One
query a thousand payments reads them; statements are those of reference/quickbooks-online.md section 5.
"""

from __future__ import annotations

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.batches import batch, batch_answer, rows_of
from blueops_qb.providers.qbo.codec import from_qbo
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.queries import PAGE, quoted, select
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Absent, Found, Gone, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Verb, Want

#: The parameter of a ledger operation that asks for the page of payments with this number instead of the report.
PAGE_OF = "payments"


def is_payments(operation: Operation) -> bool:
    """Whether it asks for payments instead of the report."""
    return bool(operation.params.get(PAGE_OF))


def want_payments(operation: Operation, start: str, end: str, *, page: int = 1) -> tuple[Want, ...]:
    """The payments of these days next, where the operation wants to know what is settled."""
    if not operation.params.get("settled"):
        return ()
    params = {**operation.params, "start": start, "end": end, PAGE_OF: str(page)}
    return (Want(verb=Verb.LEDGER, params=params),)


def encode_payments(exchange: Exchange, *, minorversion: str) -> Request:
    """One page of the payments that bear a day of the period."""
    (operation,) = exchange.operations
    params = operation.params
    days = (f"TxnDate >= {quoted(params['start'])}", f"TxnDate <= {quoted(params['end'])}")
    query = select(BooksKind.PAYMENT, *days, page=_page(operation))
    return batch(exchange, [{"bId": "0", "Query": query}], minorversion=minorversion)


def decode_payments(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Found with the records of the page, or what the fault means."""
    (operation,) = exchange.operations
    heard, answered = Heard.of(answer), batch_answer(answer)
    item, fault = answered.item("0")
    fault = answered.fault or fault
    if fault is not None:
        outcome = verdict(fault, operation, heard)
        if not isinstance(outcome, Found | Absent | Gone):
            return {operation.id: outcome}
        # A question that was not answered must never look like "no payments".
        item = None
    if item is None:
        message, detail = "QuickBooks' answer is incomplete.", f"HTTP {answer.status}: {answer.text[:200]}"
        return {operation.id: unknown(operation, heard, message=message, detail=detail)}
    name = ENTITIES[BooksKind.PAYMENT].name
    rows = [row for entity, found in rows_of(item) if entity == name for row in found if "Id" in row]
    params = operation.params
    more = want_payments(operation, params["start"], params["end"], page=_page(operation) + 1)
    then = more if len(rows) >= PAGE else ()
    records = tuple(from_qbo(BooksKind.PAYMENT, row, profile) for row in rows)
    found = Found(records=records, then=then, complete=not then, reference=heard.reference)
    return {operation.id: found}


def _page(operation: Operation) -> int:
    return int(operation.params[PAGE_OF])
