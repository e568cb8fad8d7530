"""Answers to queries: all at once, the first so many, counted only, or page by page through an iterator."""

from __future__ import annotations

from collections.abc import Callable

from blueops_qb.sandbox.qbd.answers import Answer, Call
from blueops_qb.sandbox.qbd.faults import NOTHING_FOUND, Refusal, Status
from blueops_qb.sandbox.qbd.queries import Found
from blueops_qb.sandbox.qbd.sessions import Iterator
from blueops_qb.sandbox.qbd.values import Obj

Key = tuple[str, str]
#: Shows what stands behind a key: kind of record and its members; None where it is gone by now.
Show = Callable[[Key], tuple[str, Obj] | None]


def paged(call: Call, *, find: Callable[[], Found], show: Show) -> Answer:
    """The part of what a query finds that it asks for; raises Refusal 3150, 3390, 3391 for its iterator."""
    word, name = call.request.element.get("iterator"), call.request.message.name
    identity = call.request.element.get("iteratorID", "")
    most = int(call.sent.get("MaxReturned") or 0)
    if word == "Stop":
        call.session.resume(identity, name, call.request.sent)
        call.session.stop(identity)
        return Answer()
    if word == "Start" and not most:
        raise Refusal(3150, "There is a missing element: MaxReturned, which an iterator needs.")
    going_on = call.session.resume(identity, name, call.request.sent) if word == "Continue" else None
    found = find() if going_on is None else Found(keys=going_on.rest)
    page, rest = (found.keys[:most], found.keys[most:]) if most else (found.keys, [])
    answer = Answer()
    meta = call.request.element.get("metaData", "NoMetaData")
    if meta == "MetaDataOnly":
        answer.attributes["retCount"] = str(len(found.keys))
        return answer
    answer.records = [shown for key in page if (shown := show(key)) is not None]
    if meta == "MetaDataAndResponseData":
        answer.attributes["retCount"] = str(len(answer.records))
    if word and page:
        if word == "Start":
            identity = call.session.start(Iterator(message=name, asked=call.request.sent, rest=rest))
        call.session.iterators[identity].rest = rest
        answer.attributes |= {"iteratorRemainingCount": str(len(rest)), "iteratorID": identity}
        if not rest:
            call.session.stop(identity)
    if found.lost:
        missing = ", ".join(found.lost)
        answer.status = Status(
            code=500, message=f"The query request has not been fully completed: {missing}."
        )
    elif not answer.records:
        answer.status = NOTHING_FOUND
    return answer


def rows(call: Call, kind: str, found: list[Obj], *, lost: list[str] | None = None) -> Answer:
    """The same for rows that have no id to come back to: an iterator finds them again by transaction and line."""
    by_mark = {_mark(row): row for row in found}

    def show(key: Key) -> tuple[str, Obj] | None:
        row = by_mark.get(key)
        return None if row is None else (kind, row)

    return paged(call, find=lambda: Found(keys=list(by_mark), lost=lost or []), show=show)


def _mark(row: Obj) -> Key:
    inner = row.get("BillToPay") or row.get("CreditToApply") or row
    identity = (
        inner.get("TxnID") or inner.get("ListID") or f"{inner.get('OwnerID')}|{inner.get('DataExtName')}"
    )
    return f"{identity}|{inner.get('TxnLineID', '')}", str(inner.get("AccountRef"))
