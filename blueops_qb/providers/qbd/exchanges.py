"""Exchanges: operations as one message set of independent requests, and its answer as outcomes.

A set that writes bears the exchange's id, so that the same bytes are carried out once (reference/quickbooks-desktop.md
section 3.3); a set that only reads bears none, as its answer need not be kept. Every request has an id of its own,
`operation.part`, and what came back is matched by it, never by place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import attrs

from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind
from blueops_qb.providers.qbd.catalog import catalog_outcome, catalog_requests
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.bodies import change, creation, removal
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.named_lists import by_name
from blueops_qb.providers.qbd.codec.short_names import fitted, number_space
from blueops_qb.providers.qbd.codec.unsaid import leaves_out, recovered_record, written_record
from blueops_qb.providers.qbd.entities import ENTITIES
from blueops_qb.providers.qbd.feeds import feed_outcome, feed_requests, is_feed
from blueops_qb.providers.qbd.gate_reply import Reply, load_reply
from blueops_qb.providers.qbd.hresults import Fate, failure_of
from blueops_qb.providers.qbd.ledger import ledger_outcome, ledger_requests
from blueops_qb.providers.qbd.open_bills import OPEN, open_requests, open_wants, with_open
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.qbxml.reading import read
from blueops_qb.providers.qbd.qbxml.tables import content_of
from blueops_qb.providers.qbd.qbxml.writing import MessageSet, written
from blueops_qb.providers.qbd.special_items import remembered, special_requests, with_news
from blueops_qb.providers.qbd.status import rule_for_set
from blueops_qb.providers.qbd.status_rules import Result
from blueops_qb.providers.qbd.verdicts import Status, is_done, unknown, verdict
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    BooksRecord,
    Found,
    NotKnown,
    Outcome,
    Refused,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import WRITES, Exchange, Operation, Unencodable, Verb, Want

#: What surely did not run goes again at the next visit of the Web Connector; this one ends.
_AT_NEXT_VISIT = 0.0
_OURS = "This is a defect of the connection: report it with the details below, then mark the record as done by hand."


def requests_of(operation: Operation, books: Books, *, asked: dt.datetime) -> list[Element]:
    """The requests of one operation that is asked at this time; raises Unwritable."""
    kind = operation.kind
    _check_kind(operation)
    if is_feed(operation):
        return feed_requests(operation, asked=asked)
    match operation.verb:
        case Verb.CREATE if operation.document is not None:
            return [creation(operation.document, books, marker=operation.marker)]
        case Verb.UPDATE if operation.document is not None:
            return [change(operation.document, operation, books)]
        case Verb.WITHDRAW if kind is not None:
            return [removal(operation, kind, books)]
        case Verb.READ if kind is not None:
            return [*queries.by_id(kind, [operation.target_id]), *open_requests(operation)]
        case Verb.FIND if kind is not None and operation.params.get("by") == "number":
            # A number that is too long is asked for in the form in which it would be written.
            space = number_space(kind)
            return queries.by_number(
                kind, fitted(space, operation.params["number"], books.names, "The number")
            )
        case Verb.FIND if operation.params.get("by") == "name":
            return _named(kind, operation.params["name"])
        case Verb.CATALOG:
            return catalog_requests(operation, books)
        case Verb.LEDGER:
            return ledger_requests(operation, books)
        case _:
            raise Unwritable(
                f"QuickBooks Desktop cannot do “{operation.verb.value}” in this version of BlueOps; it waits for one "
                "that can."
            )


def _check_kind(operation: Operation) -> None:
    """Raises Unwritable for a kind that QuickBooks Desktop lacks, or has in another way than is asked for."""
    kind, verb = operation.kind, operation.verb
    if kind is None or verb not in (Verb.READ, Verb.FIND, Verb.WITHDRAW, Verb.UPDATE):
        return
    words, entity = kind.value.replace("_", " "), ENTITIES.get(kind)
    if verb is Verb.UPDATE:
        if kind in LIST_KINDS:
            raise Unwritable(
                f"An entry of a list (“{words}”) is created by BlueOps and never changed; change it in QuickBooks."
            )
        return
    if entity is None:
        raise Unwritable(
            f"QuickBooks Desktop has no {words} of its own, or tells none; look at it in BlueOps."
        )
    if kind is BooksKind.COMPANY:
        raise Unwritable("The company is read with its lists, and never looked up or taken out by itself.")
    if verb is Verb.WITHDRAW and entity.removal in (None, Removal.HOLD):
        raise Unwritable(
            f"BlueOps takes out no {words}; make it inactive in QuickBooks if it is not wanted any more."
        )
    numbered = all("RefNumber" in content_of(query).places for query in entity.queries)
    if operation.params.get("by") == "number" and not numbered:
        raise Unwritable(
            f"A record of the kind “{words}” bears no number in QuickBooks Desktop by which it could be found."
        )


def encode_set(exchange: Exchange, books: Books, *, version: str) -> bytes:
    """The bytes of the set; the same exchange gives the same bytes. Raises Unencodable."""
    requests: list[Element] = []
    for operation in exchange.operations:
        try:
            made = requests_of(operation, books, asked=exchange.created_at)
        except Unwritable as refusal:
            raise Unencodable(operation.id, str(refusal)) from None
        requests += [
            attrs.evolve(request, attributes={"requestID": f"{operation.id}.{part}", **request.attributes})
            for part, request in enumerate(made)
        ]
    requests += special_requests(exchange)
    writing = any(operation.verb in WRITES for operation in exchange.operations)
    if not writing:
        return written(MessageSet(requests=tuple(requests), version=version))
    return written(
        MessageSet(requests=tuple(requests), new_id=exchange.id, old_id=exchange.clears, version=version)
    )


def decode_set(exchange: Exchange, reply: bytes, books: Books) -> dict[str, Outcome]:
    """One outcome per operation; never raises: what cannot be read may have happened."""
    try:
        told = load_reply(reply)
        if told.hresult:
            return _failed(exchange, told)
        answer = read(told.response.encode("utf-8"))
        return _decode(exchange, by_name(answer) if books.settings.lists_by_name else answer, books)
    except Exception as problem:  # the contract: nothing that comes back may break the engine
        message = "The answer of QuickBooks cannot be read."
        detail = f"{type(problem).__name__}: {problem}; {reply[:200]!r}"
        return {op.id: unknown(op, message=message, detail=detail) for op in exchange.operations}


def halves(operations: Sequence[Operation]) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
    """A set that QuickBooks could not read, in two: one of them holds the guilty request (code 0x80040400)."""
    middle = (len(operations) + 1) // 2
    return tuple(operations[:middle]), tuple(operations[middle:])


def _named(kind: BooksKind | None, name: str) -> list[Element]:
    if kind is None or kind in NAMED_KINDS:
        return [queries.holder_of(name)]
    if kind in LIST_KINDS:
        return [queries.by_name(query, name) for query in ENTITIES[kind].queries]
    words = kind.value.replace("_", " ")
    raise Unwritable(
        f"A record of the kind “{words}” is not looked up by its name; it is found by what it bears else."
    )


def _decode(exchange: Exchange, root: Element, books: Books) -> dict[str, Outcome]:
    answer = root.child("QBXMLMsgsRs")
    if answer is None:
        raise ValueError("there is no QBXMLMsgsRs in it")
    about = rule_for_set(answer.attribute("messageSetStatusCode") or "0")
    parts: dict[str, list[Element]] = {}
    for response in answer.children:
        parts.setdefault(response.attribute("requestID").rpartition(".")[0], []).append(response)
    known, books = books, with_news(books, answer.children)
    outcomes: dict[str, Outcome] = {}
    for operation in exchange.operations:
        mine = parts.get(operation.id, [])
        if about.result is Result.REFUSED and not mine and not exchange.asks:
            outcomes[operation.id] = Refused(
                why=about.why or Why.DEFECT, message=about.message, remedy=about.remedy, code=about.code
            )
        elif not mine:
            message = (
                "QuickBooks answered without a word on it." if about.result is Result.DONE else about.message
            )
            outcomes[operation.id] = unknown(
                operation, message=message, detail="no response", reference=exchange.id
            )
        elif operation.verb is Verb.CATALOG:
            outcomes[operation.id] = catalog_outcome(
                operation,
                mine,
                books,
                company_id=exchange.company_id,
                asked=exchange.created_at,
                reference=exchange.id,
            )
        elif is_feed(operation):
            outcomes[operation.id] = feed_outcome(
                operation, mine, books, asked=exchange.created_at, reference=exchange.id
            )
        elif operation.verb is Verb.LEDGER:
            outcomes[operation.id] = ledger_outcome(operation, mine, books, reference=exchange.id)
        else:
            outcomes[operation.id] = _outcome(operation, mine, books, exchange=exchange)
    if books is not known:
        outcomes = remembered(outcomes, books)
    return _asked_in_vain(outcomes) if exchange.asks else outcomes


def _asked_in_vain(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    """What QuickBooks cannot tell of an exchange when it is asked it will never tell: it is looked for instead."""
    return {
        id: attrs.evolve(outcome, forgotten=True) if isinstance(outcome, NotKnown) else outcome
        for id, outcome in outcomes.items()
    }


def _outcome(operation: Operation, responses: list[Element], books: Books, *, exchange: Exchange) -> Outcome:
    reference = exchange.id
    found: list[BooksRecord] = []
    missing: list[Outcome] = []
    remarks: list[str] = []
    told, responses = responses, [r for r in responses if r.name != OPEN]
    for response in responses:
        status = Status(
            code=response.attribute("statusCode"),
            message=response.attribute("statusMessage"),
            severity=response.attribute("statusSeverity"),
            reference=reference,
        )
        if not is_done(status, operation):
            outcome = verdict(status, operation)
            if operation.verb in WRITES or not isinstance(outcome, Absent):
                return outcome
            missing.append(outcome)
        elif status.code != "0":
            remarks.append(status.log)
        if operation.verb is Verb.UPDATE and any(leaves_out(r, operation, books) for r in response.children):
            look = Want(verb=Verb.READ, kind=operation.kind, target_id=operation.target_id)
            message = "QuickBooks tells that it was done, and only in part how it looks now."
            return Stale(message=message, reference=reference, then=(look,))
        shown = (written_record(ret, operation, books) for ret in response.children)
        found += [record for record in shown if record is not None]
    if operation.verb in WRITES:
        kept = () if found else (r.child("ErrorRecovery") for r in responses)
        recovery = next((one for one in kept if one is not None), None)
        if recovery is not None and operation.verb is not Verb.WITHDRAW:
            return _recovered(operation, recovery, books, reference=reference)
        return _written(operation, found, detail="; ".join(remarks), reference=reference)
    if not found:
        # One query less, or none that says so, is no proof that a record is gone.
        asked = len(requests_of(operation, books, asked=exchange.created_at)) - len(open_requests(operation))
        if len(responses) < asked or (operation.verb is Verb.READ and not missing):
            detail = f"{len(responses)} of {asked} answers, no record"
            return unknown(
                operation, message="QuickBooks' answer is incomplete.", detail=detail, reference=reference
            )
        return (
            missing[0] if missing else Absent(message="QuickBooks has nothing like it.", reference=reference)
        )
    if operation.verb is Verb.FIND and operation.kind in LIST_KINDS:
        # Names are asked for by their beginning.
        wanted = name_key(operation.params.get("name", ""))
        found = [r for r in found if r.kind is operation.kind and name_key(r.name) == wanted]
        if not found:
            return Absent(message="QuickBooks has nothing of that name.", reference=reference)
    return Found(
        records=tuple(with_open(record, operation, told) for record in found),
        then=tuple(open_wants(operation, found)),
        detail="; ".join(remarks),
        reference=reference,
    )


def _written(operation: Operation, found: list[BooksRecord], *, detail: str, reference: str) -> Outcome:
    if found:
        return Applied(record=found[0], detail=detail, reference=reference)
    if operation.verb is Verb.WITHDRAW:
        # The answer names no more than the id; what a void leaves behind is read, what was deleted is absent then.
        look = Want(verb=Verb.READ, kind=operation.kind, target_id=operation.target_id)
        return Applied(detail=detail, reference=reference, then=(look,))
    return NotKnown(message="QuickBooks answered without the record that it wrote.", reference=reference)


def _recovered(operation: Operation, recovery: Element, books: Books, *, reference: str) -> Outcome:
    """QuickBooks has kept no more than what was written where (section 3.3); the record itself is read."""
    record = recovered_record(recovery, operation, books)
    look = Want(verb=Verb.READ, kind=operation.kind, target_id=operation.target_id)
    message = "QuickBooks tells that it was done, and not how it looks now."
    if record is None:
        return Stale(message=message, reference=reference, then=(look,))
    look = attrs.evolve(look, target_id=record.id)
    return Applied(record=record, detail=message, reference=reference, then=(look,))


def _failed(exchange: Exchange, failed: Reply) -> dict[str, Outcome]:
    """What a failure of the connection means for each operation."""
    failure = failure_of(failed.hresult)
    told: dict[str, Any] = {
        "detail": f"{failed.hresult} {failed.message}".strip(),
        "reference": exchange.id,
        "message": failure.message,
    }
    match failure.fate:
        case Fate.UNKNOWN:
            return {operation.id: unknown(operation, **told) for operation in exchange.operations}
        case Fate.UNREADABLE if exchange.asks:
            # The question could not be read, which says nothing of the set that it is about.
            unread = {operation.id: unknown(operation, **told) for operation in exchange.operations}
            return _asked_in_vain(unread)
        case Fate.UNREADABLE:
            return _unreadable(exchange, failed, told)
        case Fate.NOT_RUN:
            later = Throttled(retry_after=_AT_NEXT_VISIT, **told)
            # With an answer that never came such a code is no proof (section 1.4): what writes is asked about.
            return {
                operation.id: unknown(operation, **told) if operation.verb in WRITES else later
                for operation in exchange.operations
            }


def _unreadable(exchange: Exchange, failed: Reply, told: dict[str, Any]) -> dict[str, Outcome]:
    """One request of the set is wrong: the halves go apart, down to the one that is guilty."""
    if len(exchange.operations) == 1:
        refused = Refused(
            why=Why.DEFECT,
            remedy=_OURS,
            code=failed.hresult,
            **{**told, "message": "QuickBooks could not read our request; nothing of it was carried out."},
        )
        return {exchange.operations[0].id: refused}
    return {
        operation.id: Throttled(retry_after=0.0, connection=False, apart=f"{exchange.id}.{number}", **told)
        for number, half in enumerate(halves(exchange.operations))
        for operation in half
    }
