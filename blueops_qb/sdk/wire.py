"""Wire: the JSON form of records, events and documents, at the borders only.

Decimals and dates are strings, references `kind:id` (ours) or `kind#id` (the books'), fields that hold their
default are left out, so that a field added later does not change what was stored before.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from blueops_qb.domain.documents import DOCUMENT_TYPES, Document
from blueops_qb.domain.records import RECORD_TYPES, Record
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.sdk.hooks import SCHEMA, Action, Event

T = TypeVar("T")


class Malformed(ValueError):
    """Something does not have the form it must have; `problems` lists `path: problem`."""

    def __init__(self, what: str, problems: list[str]) -> None:
        super().__init__(f"{what} is malformed: " + "; ".join(problems))
        self.problems = problems


#: How a credit memo was stored while it was only named and had no kind of its own.
_OLD_CREDIT_MEMO = "CreditMemo:"


#: How a document of ours other than the main one is named: record, role, part.
_PART = re.compile(r".+/[a-z_]+/[0-9]+")


def parse_ref(text: str) -> RecordRef | BooksRef | DocumentKey:
    """`invoice:1041`, `payment:7/discount/1` or `invoice#145`; raises ValueError."""
    if "#" in text.split(":")[0]:
        kind, _, id = text.partition("#")
        if kind == BooksKind.CREDIT and id.startswith(_OLD_CREDIT_MEMO):
            return BooksRef(BooksKind.CREDIT_MEMO, id.removeprefix(_OLD_CREDIT_MEMO))
        return BooksRef(BooksKind(kind), id)
    return DocumentKey.parse(text) if _PART.fullmatch(text) else RecordRef.parse(text)


_REFS = (RecordRef, BooksRef, DocumentKey)


def _is_attrs(type_: Any) -> bool:
    return type_ not in _REFS and attrs.has(get_origin(type_) or type_)


@cache
def converter() -> cattrs.Converter:
    """The one converter of the house."""
    conv = cattrs.Converter(detailed_validation=True, forbid_extra_keys=False)
    conv.register_unstructure_hook(Decimal, str)
    conv.register_structure_hook(Decimal, _decimal)
    conv.register_unstructure_hook(dt.datetime, dt.datetime.isoformat)
    conv.register_structure_hook(dt.datetime, lambda v, _: dt.datetime.fromisoformat(v))
    conv.register_unstructure_hook(dt.date, dt.date.isoformat)
    conv.register_structure_hook(dt.date, lambda v, _: dt.date.fromisoformat(v))
    conv.register_unstructure_hook_func(lambda t: t in _REFS, str)
    conv.register_structure_hook(RecordRef, lambda v, _: RecordRef.parse(v))
    conv.register_structure_hook(BooksRef, _books_ref)
    conv.register_structure_hook(DocumentKey, lambda v, _: DocumentKey.parse(v))
    conv.register_structure_hook_func(_is_ref_union, lambda v, _: None if v is None else parse_ref(v))
    conv.register_unstructure_hook_func(_is_ref_union, lambda v: None if v is None else str(v))
    # Only whole events hold a record of any kind; `load_event` reads it by the kind of the event's ref.
    conv.register_structure_hook(Record | None, lambda value, _: value)
    conv.register_unstructure_hook_factory(
        _is_attrs,
        lambda cls: make_dict_unstructure_fn(cls, conv, _cattrs_omit_if_default=True),
    )
    conv.register_structure_hook_factory(_is_attrs, lambda cls: make_dict_structure_fn(cls, conv))
    return conv


def _books_ref(value: Any, _: Any) -> BooksRef:
    ref = parse_ref(value)
    if not isinstance(ref, BooksRef):
        raise ValueError(f"{value!r} is not a record of the books")
    return ref


def _decimal(value: Any, _: Any) -> Decimal:
    if isinstance(value, (float, bool)) or not isinstance(value, (str, int)):
        raise ValueError(f"{value!r} is not a decimal string")
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise ValueError(f"{value!r} is not a decimal string") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def _is_ref_union(type_: Any) -> bool:
    arms = (
        set(get_args(type_)) if get_origin(type_) is Union or type(type_).__name__ == "UnionType" else set()
    )
    return bool(arms) and {RecordRef, BooksRef} <= arms


def dump(value: Any) -> str:
    """Compact JSON with sorted keys: equal values give equal text."""
    return json.dumps(converter().unstructure(value), separators=(",", ":"), sort_keys=True)


def load(type_: type[T], text: str | bytes, what: str = "the value") -> T:
    """The value back; raises Malformed that lists every problem with its path."""
    try:
        raw = json.loads(text)
    except ValueError as problem:
        raise Malformed(what, [f"$: not JSON: {problem}"]) from None
    return structure(type_, raw, what)


def structure(type_: type[T], raw: Any, what: str = "the value") -> T:
    """Like `load`, from parsed JSON."""
    try:
        return converter().structure(raw, type_)
    except Exception as problem:
        raise Malformed(what, cattrs.transform_error(problem)) from problem


#: How a payload of an older schema becomes one of the next; rows queued before an upgrade pass through.
UPCASTERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def load_event(text: str, what: str = "the event") -> Event:
    """An event with its record, of this or an older schema; raises Malformed."""
    try:
        raw = json.loads(text)
    except ValueError as problem:
        raise Malformed(what, [f"$: not JSON: {problem}"]) from None
    if not isinstance(raw, dict):
        raise Malformed(what, ["$: not an object"])
    while (schema := raw.get("schema", SCHEMA)) != SCHEMA:
        if schema not in UPCASTERS:
            raise Malformed(what, [f"$.schema: {schema!r} is not a schema that this version reads"])
        raw = UPCASTERS[schema](raw)
    record = raw.get("record")
    event = structure(Event, {**raw, "record": None}, what)
    if record is None:
        if event.action not in (Action.DELETED, Action.MERGED):
            raise Malformed(what, ["$.record: required unless the record was deleted or merged"])
        return event
    return attrs.evolve(event, record=structure(RECORD_TYPES[event.ref.kind], record, what))


def dump_document(document: Document) -> str:
    """A document as text; its kind is kept beside it, not inside."""
    return dump(document)


def load_document(kind: BooksKind, text: str) -> Document:
    """The document of a kind; raises Malformed."""
    document: Document = load(DOCUMENT_TYPES[kind], text, f"the stored {kind.value}")
    return document


def dump_record(record: Record) -> str:
    """A BlueOps record as text."""
    return dump(record)


def load_record(kind: RecordKind, text: str) -> Record:
    """The record of a kind; raises Malformed."""
    record: Record = load(RECORD_TYPES[kind], text, f"the {kind.value}")
    return record


__all__ = [
    "Malformed",
    "converter",
    "dump",
    "dump_document",
    "dump_record",
    "load",
    "load_document",
    "load_event",
    "load_record",
    "parse_ref",
    "structure",
]
