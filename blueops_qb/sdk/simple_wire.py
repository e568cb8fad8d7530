"""Simple wire: operations and outcomes of simple providers as plain JSON values."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import attrs

from blueops_qb.domain.documents import DOCUMENT_TYPES, Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    BooksRecord,
    Found,
    Gone,
    LedgerLine,
    NotKnown,
    Outcome,
    Refused,
    SignIn,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import Operation, Verb, Want

Obj = dict[str, Any]

#: Outcomes by the word that stands for them.
OUTCOMES: dict[str, type[Any]] = {
    "applied": Applied,
    "found": Found,
    "absent": Absent,
    "gone": Gone,
    "refused": Refused,
    "stale": Stale,
    "throttled": Throttled,
    "sign_in": SignIn,
    "not_known": NotKnown,
}
_WORDS = {type_: word for word, type_ in OUTCOMES.items()}


def operation_to_json(operation: Operation) -> Obj:
    """A JSON object; its documents are in the form of `sdk.wire`."""
    return {
        "id": operation.id,
        "verb": operation.verb.value,
        "kind": operation.kind.value if operation.kind else None,
        "document": _document_to_json(operation.document),
        "target_id": operation.target_id,
        "version": operation.version,
        "previous": _document_to_json(operation.previous),
        "shown": operation.shown,
        "told": _document_to_json(operation.told),
        "data": None if operation.data is None else base64.b64encode(operation.data).decode(),
        "marker": operation.marker,
        "params": dict(operation.params),
    }


def operation_from_json(raw: Obj) -> Operation:
    """The operation back; raises for anything else."""
    kind = BooksKind(raw["kind"]) if raw["kind"] else None
    return Operation(
        id=str(raw["id"]),
        verb=Verb(raw["verb"]),
        kind=kind,
        document=_document_from_json(kind, raw["document"]),
        target_id=raw["target_id"],
        version=raw["version"],
        previous=_document_from_json(kind, raw["previous"]),
        shown=str(raw["shown"]),
        told=_document_from_json(kind, raw.get("told")),
        data=None if raw["data"] is None else base64.b64decode(raw["data"]),
        marker=raw["marker"],
        params=dict(raw["params"]),
    )


def outcome_to_json(outcome: Outcome) -> Obj:
    """A JSON object with the word of the outcome under `is`."""
    raw: Obj = {"is": _WORDS[type(outcome)]}
    for field in attrs.fields(type(outcome)):
        raw[field.name] = _to_json(getattr(outcome, field.name))
    return raw


def outcome_from_json(raw: Obj) -> Outcome:
    """The outcome back; raises for anything else."""
    type_ = OUTCOMES[raw["is"]]
    known = {field.name for field in attrs.fields(type_)}
    values = {name: _from_json(name, value) for name, value in raw.items() if name in known}
    outcome: Outcome = type_(**values)
    return outcome


def _to_json(value: Any) -> Any:
    match value:
        case BooksRecord():
            return record_to_json(value)
        case BooksRef():
            return str(value)
        case BooksProfile() | LedgerLine():
            return wire.converter().unstructure(value)
        case Want():
            kind = value.kind.value if value.kind else None
            return {
                "verb": value.verb.value,
                "kind": kind,
                "target_id": value.target_id,
                "params": dict(value.params),
            }
        case tuple():
            return [_to_json(part) for part in value]
        case _:
            return value


def _from_json(name: str, value: Any) -> Any:
    match name:
        case "record":
            return None if value is None else record_from_json(value)
        case "also" | "records":
            return tuple(record_from_json(part) for part in value)
        case "deleted":
            return tuple(_ref(part) for part in value)
        case "then":
            return tuple(_want(part) for part in value)
        case "profile":
            return None if value is None else wire.structure(BooksProfile, value, "the profile")
        case "ledger":
            return tuple(wire.structure(LedgerLine, part, "the ledger line") for part in value)
        case "why":
            return Why(value)
        case _:
            return value


def _want(raw: Obj) -> Want:
    return Want(
        verb=Verb(raw["verb"]),
        kind=BooksKind(raw["kind"]) if raw["kind"] else None,
        target_id=str(raw["target_id"]),
        params={str(key): str(value) for key, value in raw["params"].items()},
    )


def record_to_json(record: BooksRecord) -> Obj:
    """A record of the books as a JSON object."""
    return {
        "kind": record.kind.value,
        "id": record.id,
        "version": record.version,
        "name": record.name,
        "active": record.active,
        "document": _document_to_json(record.document),
        "facts": dict(record.facts),
        "linked": [str(ref) for ref in record.linked],
        "marker": record.marker,
        "updated_at": record.updated_at.isoformat() if record.updated_at else None,
        "shown": record.shown,
    }


def record_from_json(raw: Obj) -> BooksRecord:
    """The record back; raises for anything else."""
    kind = BooksKind(raw["kind"])
    moment = raw.get("updated_at")
    return BooksRecord(
        kind=kind,
        id=str(raw["id"]),
        version=str(raw["version"]),
        name=str(raw["name"]),
        active=bool(raw["active"]),
        document=_document_from_json(kind, raw["document"]),
        facts={str(key): str(value) for key, value in raw["facts"].items()},
        linked=tuple(_ref(text) for text in raw["linked"]),
        marker=str(raw["marker"]),
        updated_at=dt.datetime.fromisoformat(moment) if moment else None,
        shown=str(raw.get("shown", "")),
    )


def _ref(text: str) -> BooksRef:
    ref = wire.parse_ref(text)
    if not isinstance(ref, BooksRef):
        raise ValueError(f"{text!r} is not a record of the books")
    return ref


def _document_to_json(document: Document | None) -> Any:
    return None if document is None else wire.converter().unstructure(document)


def _document_from_json(kind: BooksKind | None, raw: Any) -> Document | None:
    if raw is None or kind is None:
        return None
    document: Document = wire.structure(DOCUMENT_TYPES[kind], raw, f"the {kind.value}")
    return document
