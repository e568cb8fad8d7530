"""Preview: what would be written for a record, with debits and credits; touches neither side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from blueops_qb.domain.binding import refs_of, replace_refs
from blueops_qb.domain.documents import AttachedFile, Document, kind_of
from blueops_qb.domain.posting.context import Blocked, NotPosted, Posted
from blueops_qb.domain.posting.trace import Trace
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef, Ref, record_of
from blueops_qb.engine.known import Known, Shown, load_known, places_of, shown_of
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import context_for, post_record
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.why import PostingWhy, Whys
from blueops_qb.engine.write_plan import is_void
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb


@attrs.frozen(kw_only=True)
class DocumentPreview:
    """One document: its key, what would be done, the neutral document, the wire message and the postings."""

    key: str
    step: str
    document: Any
    message: str
    postings: list[dict[str, Any]]


@attrs.frozen(kw_only=True)
class Preview:
    """Everything that planning would decide for a record now; `blocked` says why nothing, if so."""

    ref: str
    revision: int
    blocked: str = ""
    remedy: str = ""
    documents: list[DocumentPreview] = attrs.field(factory=list)


class NoSuchRecord(LookupError):
    """Core does not know the record."""


_PLACE = {
    RecordKind.CUSTOMER: BooksKind.CUSTOMER,
    RecordKind.JOB: BooksKind.CUSTOMER,
    RecordKind.VENDOR: BooksKind.VENDOR,
    RecordKind.INVOICE: BooksKind.INVOICE,
    RecordKind.CREDIT: BooksKind.CREDIT_MEMO,
    RecordKind.REFUND: BooksKind.EXPENSE,
    RecordKind.PAYMENT_RETURN: BooksKind.EXPENSE,
}
#: What documents of other roles are.
_ROLE_PLACE = {
    "corrected": BooksKind.INVOICE,
    "discount": BooksKind.CREDIT_MEMO,
    "reversal": BooksKind.CREDIT_MEMO,
}


def preview(turn: Turn, ref: RecordRef) -> Preview:
    """Plan and encode `ref` alone, with placeholders for what is not in the books yet. Raises NoSuchRecord."""
    snapshot = turn.core.read(turn.tenant_id, [ref]).get(ref)
    if snapshot is None:
        raise NoSuchRecord(f"there is no {ref} in BlueOps; `records` lists what there is")
    if snapshot.merged_into is not None:
        reason = f"it was merged into {ref.kind} {snapshot.merged_into} in BlueOps."
        return Preview(ref=str(ref), revision=snapshot.revision, blocked=reason)
    related = read_related(turn.read_all, [snapshot.record])
    known = {k.key: k for k in load_known(turn.connection, turn.id, [ref]).values()}
    mine, trace = list(known.values()), Trace()
    result = post_record(turn, snapshot.record, related, mine, trace=trace)
    match result:
        case Blocked():
            return Preview(
                ref=str(ref), revision=snapshot.revision, blocked=result.reason, remedy=result.remedy
            )
        case NotPosted():
            return Preview(ref=str(ref), revision=snapshot.revision, blocked=result.reason)
        case Posted():
            mapping = context_for(turn, snapshot.record, related, mine).mapping
            whys = Whys(turn=turn, mapping=mapping, steps=trace.steps)
            shown = [
                _document(turn, key, document, known.get(key), whys)
                for key, document in result.documents.items()
                if not _never_there(document, known.get(key))
            ]
            return Preview(ref=str(ref), revision=snapshot.revision, documents=shown)


def _never_there(document: Document, known: Known | None) -> bool:
    """It is void and not in the books: nothing becomes of it."""
    return is_void(document) and (known is None or not known.linked)


def _step(document: Document, known: Known | None) -> Verb | None:
    """What planning would do about the document; None = nothing."""
    if known is None or not known.linked:
        return Verb.CREATE
    if known.base_ours == wire.dump_document(document):
        return None
    base = wire.load_document(known.kind, known.base_ours) if known.base_ours else None
    if not is_void(document):
        return Verb.UPDATE
    return None if base is not None and is_void(base) else Verb.WITHDRAW


def _document(turn: Turn, key: Any, document: Any, known: Any, whys: Whys) -> DocumentPreview:
    linked = known is not None and known.linked
    refs = [r for r in refs_of(document) if not isinstance(r, BooksRef)]
    places = places_of(turn.connection, turn.id, refs)

    def placed(ref: Ref) -> Ref:
        if isinstance(ref, BooksRef):
            return ref
        source = record_of(ref)
        kind = _PLACE.get(source.kind, BooksKind.PAYMENT)
        if isinstance(ref, DocumentKey):
            kind = _ROLE_PLACE.get(ref.role, kind)
        return places.get(ref) or BooksRef(kind, f"<new {source.kind} {source.id}>")

    bound = replace_refs(document, placed)
    verb = _step(document, known)
    step = "nothing" if verb is None else verb.value
    operation = Operation(
        id="1",
        verb=verb or Verb.UPDATE,
        kind=BooksKind(known.kind) if known else kind_of(document),
        document=bound,
        target_id=known.books_id if linked else "",
        version=known.version if linked else "",
        previous=wire.load_document(known.kind, known.base_theirs) if linked and known.base_theirs else None,
        shown=_shown(turn, known) if linked else "",
        told=_told(known, placed) if linked and known.base_ours else None,
        marker=known.marker if known else f"{key}.1",
    )
    exchange = Exchange(
        id="preview",
        connection_id=turn.id,
        company_id=turn.row["company_id"],
        operations=(operation,),
        created_at=turn.now,
    )
    if isinstance(bound, AttachedFile):
        message = f"“{bound.filename}” is attached to {bound.to}"
        return _previewed(whys, key, step, document, message)
    try:
        message = turn.provider.encode(exchange, turn.profile).decode("utf-8", "replace")
    except Unencodable as problem:
        message = f"cannot be written: {problem}"
    return _previewed(whys, key, step, document, message)


def _told(known: Known, placed: Callable[[Ref], Ref]) -> Document:
    """What was agreed on last, as we told it."""
    return replace_refs(wire.load_document(known.kind, known.base_ours or ""), placed)


def _previewed(whys: Whys, key: Any, step: str, document: Any, message: str) -> DocumentPreview:
    return DocumentPreview(
        key=str(key),
        step=step,
        document=wire.converter().unstructure(document),
        message=message,
        postings=[_plain(line) for line in whys.postings(document)],
    )


def _shown(turn: Turn, known: Known) -> str:
    return shown_of(turn.connection, turn.id, {known.place: known.version}).get(known.place, Shown()).text


def _plain(line: PostingWhy) -> dict[str, Any]:
    """One debit or credit as the preview shows it; `why` holds sentences in order."""
    return {
        "side": line.side,
        "account": line.account,
        "amount": line.amount,
        "customer": line.customer,
        "class": line.class_,
        "part": line.part,
        "decided": line.decided,
        "why": list(line.why),
    }
