"""As operations: rows of the work as the provider gets them, their documents bound to places in the books."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import attrs

from blueops_qb.domain.binding import Unbound, bind, loosely_bound, refs_of
from blueops_qb.domain.compare import merged
from blueops_qb.domain.documents import AttachedFile, CustomerPayment
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, OurRef, Ref, record_of
from blueops_qb.domain.reverse import settles_elsewhere
from blueops_qb.engine.known import (
    Shown,
    load_known,
    pairs_of_lines,
    places_of,
    shown_of,
    sources_of,
    told_of,
)
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Operation, Unencodable, Verb

log = logging.getLogger(__name__)


class NotThere(Unencodable):
    """An operation names records that have no place in the books (any more); `refs` are theirs."""

    def __init__(self, ready: Ready, problem: Unbound) -> None:
        super().__init__(str(ready.id), f"{ready.source}: {problem}; retry once those are there")
        self.refs = tuple(record_of(ref) for ref in problem.refs)


class Later(Exception):
    """What an operation needs cannot be had just now."""

    def __init__(self, ready: Ready, sentence: str) -> None:
        super().__init__(sentence)
        self.ready = ready


def bare_operation(ready: Ready) -> Operation:
    return Operation(
        id=str(ready.id),
        verb=Verb(ready.row.verb),
        kind=BooksKind(ready.row.kind) if ready.row.kind else None,
        params=json.loads(ready.row.params_json) if ready.row.params_json else {},
    )


def as_operations(turn: Turn, chosen: list[Ready], *, gone: bool = False) -> tuple[Operation, ...]:
    """The operations as the provider gets them; `gone` = they have left already and cannot be refused any more."""
    # What was linked when it left may have been unlinked by a person meanwhile.
    places = _places(turn, chosen, ever=gone)
    shown = shown_of(turn.connection, turn.id, _versions(chosen))
    updates = [r.row.document_id for r in chosen if r.row.verb == Verb.UPDATE.value]
    told = told_of(turn.connection, updates)
    pairs = pairs_of_lines(turn.connection, updates)
    operations = [
        _with_line_ids(
            _with_told(_on_its_document(turn, ready, _operation(ready, places, shown)), ready, told, places),
            pairs.get(ready.row.document_id, {}),
        )
        for ready in chosen
    ]
    paid = {
        allocation.invoice
        for operation in operations
        if isinstance(operation.previous, CustomerPayment)
        for allocation in operation.previous.allocations
        if isinstance(allocation.invoice, BooksRef)
    }
    ours = sources_of(turn.connection, turn.id, paid) if paid else {}
    return tuple(
        _with_their_allocations(operation, ready, ours, gone=gone)
        for operation, ready in zip(operations, chosen, strict=True)
    )


def with_content(turn: Turn, ready: Ready, operation: Operation) -> Operation:
    """A file that is to be uploaded with its bytes, which core keeps."""
    document = operation.document
    if operation.verb is not Verb.CREATE or not isinstance(document, AttachedFile):
        return operation
    try:
        data = turn.core.attachment(turn.tenant_id, document.file_id)
    except KeyError:
        raise Unencodable(
            operation.id,
            f"The file “{document.filename}” is not in BlueOps any more; attach it anew or remove it there.",
        ) from None
    except Exception as problem:
        log_trouble(log, "a file of %s could not be read", ready.source, problem=problem)
        raise Later(
            ready, f"{ready.source}: BlueOps could not read its file “{document.filename}” just now"
        ) from None
    return attrs.evolve(operation, data=data)


def _places(turn: Turn, chosen: list[Ready], *, ever: bool = False) -> dict[OurRef, Ref]:
    refs = {
        ref
        for ready in chosen
        if ready.document is not None
        for ref in refs_of(ready.document)
        if not isinstance(ref, BooksRef)
    }
    return places_of(turn.connection, turn.id, refs, ever=ever)


def _operation(ready: Ready, places: dict[OurRef, Ref], shown: Mapping[BooksRef, Shown]) -> Operation:
    row = ready.row
    document = ready.document
    if document is not None and row.verb == Verb.WITHDRAW.value:
        # What is taken out is named by its own id; what it names may have gone before it.
        document = loosely_bound(document, places)
    elif document is not None:
        try:
            document = bind(document, places)
        except Unbound as problem:
            raise NotThere(ready, problem) from None
    kind = BooksKind(row.kind) if row.kind else None
    there = shown.get(BooksRef(kind, row.target_id), Shown()) if kind is not None else Shown()
    # Where both sides have not agreed yet, what moves is counted from what the books show.
    before = row.previous or (there.document if row.verb == Verb.UPDATE.value else None)
    previous = wire.load_document(kind, before) if before and kind is not None else None
    bare = bare_operation(ready)
    groups = tuple(bare.params.get("groups", "").split())
    if groups and document is not None and previous is not None:
        document = merged(previous, document, groups)
    return attrs.evolve(
        bare,
        document=document,
        target_id=row.target_id,
        version=row.version,
        previous=previous,
        shown=there.text,
        marker=row.marker,
    )


def _on_its_document(turn: Turn, ready: Ready, operation: Operation) -> Operation:
    """A file of a cost that became another kind of document hangs on what stands in its place."""
    document, source = operation.document, ready.source
    if not isinstance(document, AttachedFile) or document.of == "main" or source is None:
        return operation
    known = load_known(turn.connection, turn.id, [source]).get(DocumentKey(source, document.of))
    if known is None or not known.linked:
        return operation
    return attrs.evolve(operation, document=attrs.evolve(document, to=known.place))


def _versions(chosen: list[Ready]) -> dict[BooksRef, str]:
    """The versions of the records that are changed."""
    return {
        BooksRef(BooksKind(ready.row.kind), ready.row.target_id): ready.row.version
        for ready in chosen
        if ready.row.verb == Verb.UPDATE.value and ready.row.target_id
    }


def _with_told(
    operation: Operation, ready: Ready, told: Mapping[int, str], places: dict[OurRef, Ref]
) -> Operation:
    """An update says what was told before, of the groups that it is about."""
    text, kind = told.get(ready.row.document_id), operation.kind
    if text is None or kind is None:
        return operation
    before = loosely_bound(wire.load_document(kind, text), places)
    groups = tuple(operation.params.get("groups", "").split())
    if groups and operation.previous is not None:
        before = merged(operation.previous, before, groups)
    return attrs.evolve(operation, told=before)


def _with_line_ids(operation: Operation, pairs: Mapping[str, str]) -> Operation:
    """An update names its lines by the books' ids, as both sides agreed on them."""
    document: Any = operation.document
    lines = getattr(document, "lines", ())
    if operation.verb is not Verb.UPDATE or not any(getattr(x, "line_id", "") in pairs for x in lines):
        return operation
    named = tuple(
        attrs.evolve(line, books_line_id=pairs[line.line_id]) if line.line_id in pairs else line
        for line in lines
    )
    return attrs.evolve(operation, document=attrs.evolve(document, lines=named))


def _with_their_allocations(
    operation: Operation, ready: Ready, ours: Mapping[Ref, OurRef], *, gone: bool = False
) -> Operation:
    """What a payment settles of which posting says nothing (`settles_elsewhere`) stays as the books have it."""
    document, previous = operation.document, operation.previous
    if operation.verb is not Verb.UPDATE or not isinstance(document, CustomerPayment):
        return operation
    if not isinstance(previous, CustomerPayment) or document.void or ready.source is None:
        return operation
    mine = {allocation.invoice for allocation in document.allocations}
    told = operation.told
    said: set[Ref] = {a.invoice for a in told.allocations} if isinstance(told, CustomerPayment) else set()
    theirs = tuple(
        a
        for a in previous.allocations
        if a.invoice not in mine
        and (
            (name := ours.get(a.invoice)) is None
            or (not said & {a.invoice, name} and settles_elsewhere(name, ready.source, ()))
        )
    )
    allocations = (*document.allocations, *theirs)
    applied = sum((a.amount for a in allocations), ZERO)
    if applied > document.amount and not gone:
        raise Unencodable(
            operation.id,
            f"The payment of {document.amount} would settle {applied}: QuickBooks applies part of it to documents "
            "that BlueOps does not have. Correct the applications in BlueOps, or un-apply it there in QuickBooks.",
        )
    return attrs.evolve(operation, document=attrs.evolve(document, allocations=allocations))
