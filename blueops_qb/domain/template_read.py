"""Reading a template: TOML as an accountant writes it, into values, or a sentence about what is wrong."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from blueops_qb.domain.list_entries import AccountType, ItemKind
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.template import AccountRow, ClassRow, ItemRow, MappingRow, Option, Template
from blueops_qb.domain.template_check import problems

#: The text of a template by its name, for what a file extends; raises KeyError.
Find = Callable[[str], str]
_T = TypeVar("_T")
_E = TypeVar("_E", bound=enum.StrEnum)
#: What a file may say beside its rows.
_HEAD = {"name", "title", "extends", "with", "leave_out"}
_DEPTH = 5


class BadTemplate(ValueError):
    """A template cannot be used; the sentence names file, row, cause and remedy."""


@attrs.frozen(kw_only=True)
class _Rows:
    """How the rows of a part are read: the table in the file, and what names a row in a sentence."""

    made: type[Any]
    label: str
    words: Mapping[str, str] = attrs.field(factory=dict)
    enums: Mapping[str, type[enum.StrEnum]] = attrs.field(factory=dict)


_PARTS: dict[str, _Rows] = {
    "option": _Rows(made=Option, label="name"),
    "account": _Rows(made=AccountRow, label="number", enums={"type": AccountType}),
    "item": _Rows(made=ItemRow, label="name", enums={"kind": ItemKind}),
    "class": _Rows(made=ClassRow, label="name"),
    "mapping": _Rows(made=MappingRow, label="key", words={"class": "class_"}, enums={"family": Family}),
}


def read_template(text: str, *, file: str, find: Find) -> Template:
    """The template of a file, with what it extends; raises BadTemplate."""
    template = _read(text, file, find, ())
    for found in problems(template):
        raise BadTemplate(f"{file}: {found}")
    return template


def _read(text: str, file: str, find: Find, path: tuple[str, ...]) -> Template:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BadTemplate(
            f"{file}: it is no TOML ({problem}); look at that line for a missing quote, comma or bracket"
        ) from None
    for name in raw.keys() - _HEAD - _PARTS.keys():
        known = ", ".join(sorted(_HEAD | _PARTS.keys()))
        raise BadTemplate(f"{file}: “{name}” is no part of a template; it may have {known}")
    own = Template(
        name=_text(raw, "name", file, needed=True),
        title=_text(raw, "title", file, needed=True),
        options=_rows(raw, "option", file),
        accounts=_rows(raw, "account", file),
        items=_rows(raw, "item", file),
        classes=_rows(raw, "class", file),
        mappings=_rows(raw, "mapping", file),
        chosen=_texts(raw, "with", file),
    )
    base = _text(raw, "extends", file)
    left = _texts(raw, "leave_out", file)
    if not base:
        if left:
            raise BadTemplate(
                f"{file}: “leave_out” goes with “extends”; take the rows out of the file itself"
            )
        return own
    if base in path or len(path) > _DEPTH:
        raise BadTemplate(f"{file}: it extends “{base}”, which extends it in turn; take one “extends” out")
    try:
        below = find(base)
    except KeyError:
        raise BadTemplate(
            f"{file}: it extends “{base}”, which is no template; name one that `blueops-qb template list` shows"
        ) from None
    return _joined(_without(_read(below, f"{base}.toml", find, (*path, base)), left, file), own)


def _joined(base: Template, own: Template) -> Template:
    return attrs.evolve(
        own,
        options=(*base.options, *own.options),
        accounts=(*base.accounts, *own.accounts),
        items=(*base.items, *own.items),
        classes=(*base.classes, *own.classes),
        mappings=(*base.mappings, *own.mappings),
        chosen=tuple(dict.fromkeys((*base.chosen, *own.chosen))),
    )


def _without(base: Template, left: tuple[str, ...], file: str) -> Template:
    """The base without the rows that a file leaves out: accounts by number, all else by name or `family key`."""
    names = {row.number for row in base.accounts} | {row.name for row in base.items}
    names |= {row.name for row in base.classes} | {row.label for row in base.mappings}
    for name in left:
        if name not in names:
            raise BadTemplate(
                f"{file}: “leave_out” names “{name}”, and the template that it extends has no such row; write the "
                "number of an account, the name of an item or class, or family and key of a mapping row"
            )
    return attrs.evolve(
        base,
        accounts=tuple(row for row in base.accounts if row.number not in left),
        items=tuple(row for row in base.items if row.name not in left),
        classes=tuple(row for row in base.classes if row.name not in left),
        mappings=tuple(row for row in base.mappings if row.label not in left),
    )


def _rows(raw: Mapping[str, Any], part: str, file: str) -> tuple[Any, ...]:
    rows, how = raw.get(part, []), _PARTS[part]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadTemplate(f"{file}: “{part}” must be a list of rows in braces, as in the shipped templates")
    return tuple(_row(row, part, place, how, file) for place, row in enumerate(rows, 1))


def _row(row: dict[str, Any], part: str, place: int, how: _Rows, file: str) -> Any:
    where = f"{file}: {part} row {place}" + (f" (“{row[how.label]}”)" if row.get(how.label) else "")
    fields = {how.words.get(name, name): value for name, value in row.items()}
    declared: Any = attrs.fields(how.made)
    known: dict[str, Any] = {field.name: field for field in declared}
    for name in row:
        if how.words.get(name, name) not in known:
            said = sorted({next((w for w, own in how.words.items() if own == f), f) for f in known})
            raise BadTemplate(f"{where} has “{name}”, which is no field; it may have {', '.join(said)}")
    for name, field in known.items():
        if field.default is attrs.NOTHING and name not in fields:
            raise BadTemplate(f"{where} has no “{name}”; give it one")
    return how.made(
        **{name: _value(name, value, known[name].type, how, where) for name, value in fields.items()}
    )


def _value(name: str, value: Any, type_: Any, how: _Rows, where: str) -> Any:
    if name in how.enums:
        return _word(how.enums[name], value, name, where)
    if "bool" in str(type_):
        if not isinstance(value, bool):
            raise BadTemplate(f"{where}: “{name}” is {value!r}; write true or false, without quotes")
        return value
    if "tuple" in str(type_):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BadTemplate(f"{where}: “{name}” must be a list of texts in quotes")
        return tuple(value)
    if not isinstance(value, str):
        raise BadTemplate(f"{where}: “{name}” is {value!r}; write it as a text in quotes")
    return value.strip()


def _word(words: type[_E], value: Any, name: str, where: str) -> _E:
    try:
        return words(value)
    except ValueError:
        known = ", ".join(words)
        raise BadTemplate(f"{where}: “{name}” is {value!r}; write one of {known}") from None


def _text(raw: Mapping[str, Any], name: str, file: str, *, needed: bool = False) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise BadTemplate(f"{file}: it has no “{name}” as a text in quotes; write it at the top of the file")
    return value.strip()


def _texts(raw: Mapping[str, Any], name: str, file: str) -> tuple[str, ...]:
    value = raw.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadTemplate(f"{file}: “{name}” must be a list of texts in quotes, in brackets")
    return tuple(value)
