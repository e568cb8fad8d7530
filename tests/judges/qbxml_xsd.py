"""Judges qbXML by the 13.0 schema, which is data of the shared reference and never part of the product."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from lxml import etree

_XS = "{http://www.w3.org/2001/XMLSchema}"
_FILES = ("qbxmlops130.xsd", "qbxmltypes130.xsd", "qbxml130_modified.xsd", "qbxmlso130.xsd")
#: A name occurs without end in a list of the schema.
_MANY = 1_000_000


def schema_folder() -> Path:
    """Where the schemas are: under BLUEOPS_SHARED, else in ``shared`` beside the project."""
    shared = os.environ.get("BLUEOPS_SHARED")
    root = Path(shared) if shared else Path(__file__).resolve().parents[3] / "shared"
    return root / "reference" / "qbd-schema"


def validate(message: bytes) -> list[str]:
    """What is wrong with a message set, in words; an empty list when it fits the schema."""
    schema = _schema()
    if schema.validate(etree.fromstring(message)):
        return []
    log: Any = schema.error_log  # iterable, which the type stubs do not know
    return [f"line {entry.line}: {entry.message}" for entry in log]


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(schema_folder() / "qbxmlops130.xsd"))


# --- the schema as facts, for the comparison of the product's own table with it ---


@attrs.frozen(kw_only=True)
class Place:
    """One element of the schema: where it stands among its siblings, what it holds, how often it may occur."""

    name: str
    order: int
    needed: bool
    repeated: bool
    base: str = ""
    length: int | None = None
    words: tuple[str, ...] = ()
    inner: tuple[Place, ...] = ()


def request(name: str) -> tuple[Place, ...]:
    """What a request holds; raises KeyError for one that the schema does not know."""
    return _children(_declared()["complexType", f"{name}Type"])


def attributes(name: str) -> set[str]:
    """The attributes of a request."""
    type_ = _declared()["complexType", f"{name}Type"]
    return {str(attribute.get("name")) for attribute in type_.iter(_XS + "attribute")}


@cache
def _declared() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for file in _FILES:
        for node in etree.parse(schema_folder() / file).getroot():
            if isinstance(node.tag, str) and node.get("name"):
                found[node.tag.removeprefix(_XS), str(node.get("name"))] = node
    return found


def _children(node: Any) -> tuple[Place, ...]:
    return tuple(
        attrs.evolve(place, order=order)
        for order, place in enumerate(_places(node, needed=True, repeated=False))
    )


def _places(node: Any, *, needed: bool, repeated: bool) -> Iterator[Place]:
    for child in node:
        if not isinstance(child.tag, str):
            continue
        tag = child.tag.removeprefix(_XS)
        may = child.get("minOccurs", "1") == "0"
        many = repeated or child.get("maxOccurs", "1") not in ("0", "1")
        if tag in ("sequence", "complexType"):
            yield from _places(child, needed=needed and not may, repeated=many)
        elif tag == "choice":
            yield from _places(child, needed=False, repeated=many)
        elif tag == "group":
            yield from _places(
                _declared()["group", str(child.get("ref"))], needed=needed and not may, repeated=many
            )
        elif tag == "element":
            yield _element(child, needed=needed and not may, repeated=many)


def _element(node: Any, *, needed: bool, repeated: bool) -> Place:
    source = _declared()["element", node.get("ref")] if node.get("ref") else node
    name = str(source.get("name"))
    place = Place(name=name, order=0, needed=needed, repeated=repeated)
    type_ = source.get("type")
    if type_ is not None and ("complexType", type_) in _declared():
        return attrs.evolve(place, inner=_children(_declared()["complexType", type_]))
    if type_ is not None and ("simpleType", type_) in _declared():
        return _simple(place, _declared()["simpleType", type_], type_)
    if type_ is not None:
        return attrs.evolve(place, base=type_)
    inline = source.find(_XS + "simpleType")
    if inline is not None:
        return _simple(place, inline, "")
    complex_ = source.find(_XS + "complexType")
    extension = complex_.find(f"{_XS}simpleContent/{_XS}extension")
    if extension is not None:
        return attrs.evolve(place, base=extension.get("base"))
    return attrs.evolve(place, inner=_children(complex_))


def _simple(place: Place, node: Any, name: str) -> Place:
    restriction = node.find(_XS + "restriction")
    if restriction is None:
        return attrs.evolve(place, base=name)
    longest = restriction.find(_XS + "maxLength")
    words = tuple(word.get("value") for word in restriction.findall(_XS + "enumeration"))
    length = None if longest is None else int(longest.get("value"))
    return attrs.evolve(place, base=name or restriction.get("base"), length=length, words=words)
