"""Witnesses: whether the company file still holds what BlueOps knows in it (section 5.1: file restore).

A backup that was restored lacks the newest transactions, or shows them as they were; a copy of the file bears the same
FileID and differs the same way. What was deleted by somebody is told by QuickBooks itself and proves nothing.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import attrs

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.entities import ENTITIES
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.verdicts import Status, is_done, verdict
from blueops_qb.sdk.outcomes import Absent, Gone, Refused, Why
from blueops_qb.sdk.provider import Operation

#: Times are told without regard to summer time: an hour back proves nothing.
_DOUBT = dt.timedelta(hours=2)


@attrs.frozen
class Witness:
    """A transaction that BlueOps has seen in the file: its version, and when it was last changed then."""

    ref: BooksRef
    version: str
    updated_at: dt.datetime | None


def witnesses_of(operation: Operation) -> tuple[Witness, ...]:
    """Those that a look at the changes names; none on its further pages."""
    told = operation.params.get("witnesses")
    if not told or operation.params.get("parts"):
        return ()
    named = (
        Witness(BooksRef(BooksKind(kind), id), version, dt.datetime.fromisoformat(at) if at else None)
        for kind, id, version, at in json.loads(told)
    )
    return tuple(one for one in named if one.ref.kind in ENTITIES and ENTITIES[one.ref.kind].transaction)


def witness_requests(operation: Operation) -> list[Element]:
    """The reads of them, the ids of a kind together."""
    ids: dict[BooksKind, list[str]] = {}
    for witness in witnesses_of(operation):
        ids.setdefault(witness.ref.kind, []).append(witness.ref.id)
    return [request for kind, some in ids.items() for request in queries.by_id(kind, some)]


def put_back(
    operation: Operation, responses: Sequence[Element], deleted: Sequence[BooksRef], *, reference: str
) -> Refused | None:
    """Why this is not the file as it was left; None when nothing speaks against it, or when it cannot be said."""
    shown: dict[str, Element] = {}
    for response in responses:
        status = Status(
            code=response.attribute("statusCode"),
            message=response.attribute("statusMessage"),
            severity=response.attribute("statusSeverity"),
        )
        if not is_done(status, operation) and not isinstance(verdict(status, operation), Absent | Gone):
            return None
        shown.update({ret.get("TxnID"): ret for ret in response.children})
    gone = {ref.id for ref in deleted}
    for witness in witnesses_of(operation):
        ret = shown.get(witness.ref.id)
        what = f"{witness.ref.kind.value} {witness.ref.id}"
        if ret is None and witness.ref.id not in gone:
            return _refused(
                f"the {what} is not in it, and QuickBooks does not say that it was deleted", reference
            )
        if ret is not None and _is_older(ret, witness):
            return _refused(f"the {what} stands in it as it was before its last change", reference)
    return None


def _is_older(ret: Element, witness: Witness) -> bool:
    if witness.updated_at is None or not witness.version or ret.get("EditSequence") == witness.version:
        return False
    try:
        changed = dt.datetime.fromisoformat(ret.get("TimeModified"))
    except ValueError:
        return False
    if changed.tzinfo is None:
        return False
    return changed < witness.updated_at - _DOUBT


def _refused(problem: str, reference: str) -> Refused:
    return Refused(
        why=Why.NOT_ALLOWED,
        message="The company file is not as BlueOps left it: it seems to be a backup that was restored, or a copy "
        f"({problem}).",
        remedy="Open the file that was in use before. If the restored one is to be used from now on, press “It is "
        "mended, go on” on the overview: everything is compared then, and what is missing waits on the conflicts page.",
        reference=reference,
        code="restored",
    )
