"""Judges a QuickBooks Online JSON object by Intuit's own XML Schema.

The conversion follows the notice beside the schemas: attributes of the XML are plain members of the JSON, a
reference ``{"value": "5", "name": "X"}`` is ``<ItemRef name="X">5</ItemRef>``, and elements stand in the
order of the schema.  Members whose name ends in ``Ex`` hold internal data of the service and are left out,
as are the custom field names in Preferences, which JSON nests in a way that XML does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

NAMESPACE = "http://schema.intuit.com/finance/v3"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_SERVICE_FILE = "SalesTax.xsd"
_SERVICES = frozenset({"TaxService"})
_FILES = ("Finance.xsd", "IntuitBaseTypes.xsd", "IntuitNamesTypes.xsd", _SERVICE_FILE)
_NESTED_IN_JSON_ONLY = {("SalesFormsPrefs", "CustomField"), ("VendorAndPurchasesPrefs", "POCustomField")}


def schema_folder() -> Path:
    """Where the schemas are: under BLUEOPS_SHARED, else in ``shared`` beside the project."""
    shared = os.environ.get("BLUEOPS_SHARED")
    root = Path(shared) if shared else Path(__file__).resolve().parents[3] / "shared"
    return root / "reference" / "qbo-xsd" / "php-sdk-2026-07"


def validate(name: str, obj: dict[str, Any]) -> list[str]:
    """What is wrong with the object, in words; an empty list when it fits the schema of entity ``name``."""
    problems: list[str] = []
    element = _element(name, obj, _type_of_element(name), name, problems)
    if problems:
        return problems
    schema = _services() if name in _SERVICES else _schema()
    # The entity is declared in a file that pulls in every other; here it is checked by its type alone.
    document = etree.fromstring(etree.tostring(element))
    if schema.validate(document):
        return []
    log: Any = schema.error_log  # iterable, which the type stubs do not know
    return [f"{entry.path}: {entry.message}" for entry in log]


def to_xml(name: str, obj: dict[str, Any]) -> etree._Element:
    """The object as an XML element with its members in schema order; raises ValueError for unknown ones."""
    problems: list[str] = []
    element = _element(name, obj, _type_of_element(name), name, problems)
    if problems:
        raise ValueError("; ".join(problems))
    return element


@cache
def _schema() -> etree.XMLSchema:
    # Intuit declares no entity as a root element in Finance.xsd itself, so a thin schema on top does.
    folder = schema_folder()
    root = etree.Element(_XS + "schema", nsmap=_nsmap(xs=_XS[1:-1]))
    root.set("targetNamespace", NAMESPACE)
    root.set("elementFormDefault", "qualified")
    etree.SubElement(root, _XS + "include", schemaLocation=(folder / "Finance.xsd").as_uri())
    declared = {element.get("name") for file in _FILES for element in _parsed(file).findall(_XS + "element")}
    for kind in _types():
        if kind not in declared | _service_types() and kind[0].isupper():
            etree.SubElement(root, _XS + "element", name=kind, type=kind)
    return etree.XMLSchema(etree.ElementTree(root))


@cache
def _services() -> etree.XMLSchema:
    # This file declares its services as root elements and pulls in everything that they need.
    return etree.XMLSchema(etree.parse(schema_folder() / _SERVICE_FILE))


@cache
def _parsed(file: str) -> etree._Element:
    return etree.parse(schema_folder() / file).getroot()


@cache
def _types() -> dict[str, etree._Element]:
    return {
        str(node.get("name")): node for file in _FILES for node in _parsed(file).findall(_XS + "complexType")
    }


@cache
def _service_types() -> set[str]:
    return {str(node.get("name")) for node in _parsed(_SERVICE_FILE).findall(_XS + "complexType")}


@cache
def _type_of_element(name: str) -> str:
    for file in _FILES:
        for node in _parsed(file).findall(_XS + "element"):
            if node.get("name") == name and node.get("type"):
                return str(node.get("type")).split(":")[-1]
    return name


@cache
def _members(kind: str) -> dict[str, str]:
    """Element name -> type name, inherited members first, in schema order."""
    node = _types()[kind]
    members: dict[str, str] = {}
    extension = node.find(f".//{_XS}extension")
    if extension is not None:
        base = str(extension.get("base")).split(":")[-1]
        if base in _types():
            members.update(_members(base))
    members.update(_own(node))
    return members


def _own(node: etree._Element) -> Iterator[tuple[str, str]]:
    for child in node.iter(_XS + "element"):
        name = child.get("name") or str(child.get("ref")).split(":")[-1]
        yield name, str(child.get("type") or "").split(":")[-1]


@cache
def _attributes(kind: str) -> frozenset[str]:
    node = _types().get(kind)
    if node is None:
        return frozenset()
    names = {str(attribute.get("name")) for attribute in node.iter(_XS + "attribute")}
    extension = node.find(f".//{_XS}extension")
    base = str(extension.get("base")).split(":")[-1] if extension is not None else ""
    return frozenset(names) | _attributes(base)


def _is_simple(kind: str) -> bool:
    node = _types().get(kind)
    return node is None or node.find(_XS + "simpleContent") is not None


def _element(
    name: str, value: Any, kind: str, path: str, problems: list[str], parent: etree._Element | None = None
) -> etree._Element:
    tag = f"{{{NAMESPACE}}}{name}"
    element = etree.Element(tag, nsmap=_nsmap()) if parent is None else etree.SubElement(parent, tag)
    if not isinstance(value, dict):
        element.text = _text(value)
        return element
    attributes = _attributes(kind)
    if _is_simple(kind):
        for member, content in value.items():
            if member == "value":
                element.text = _text(content)
            elif member in attributes:
                element.set(member, _text(content))
            else:
                problems.append(f"{path}.{member}: no such member of {kind}")
        return element
    members = _members(kind)
    for member, content in value.items():
        if member in attributes and member not in members:
            element.set(member, _text(content))
        elif member not in members and not member.endswith("Ex"):
            problems.append(f"{path}.{member}: no such member of {kind}")
    for member, below in members.items():
        if member.endswith("Ex") or member not in value or (kind, member) in _NESTED_IN_JSON_ONLY:
            continue
        content = value[member]
        for row in content if isinstance(content, list) else [content]:
            _element(member, row, below, f"{path}.{member}", problems, element)
    return element


def _nsmap(**prefixes: str) -> Any:
    return {None: NAMESPACE, **prefixes}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return format(Decimal(str(value)), "f")
    return str(value)
