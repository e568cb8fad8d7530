"""Judges a report in JSON by Intuit's Report.xsd: cells are attributes, members stand in the order of the schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

NAMESPACE = "http://schema.intuit.com/finance/v3"
_XS = "http://www.w3.org/2001/XMLSchema"
#: members that are attributes of their element
_ATTRIBUTES = {"ColData": ("value", "id", "href"), "Row": ("type", "group")}
_ORDER = {
    "Report": ("Header", "Columns", "Rows"),
    "Row": ("Header", "Rows", "Summary", "ColData"),
    "Column": ("ColTitle", "ColType", "MetaData"),
}


def validate(report: dict[str, Any], folder: Path) -> list[str]:
    """What is wrong with the report, in words; an empty list when it fits."""
    document = etree.fromstring(etree.tostring(_element("Report", report)))
    schema = _schema(folder)
    if schema.validate(document):
        return []
    log: Any = schema.error_log  # iterable, which the type stubs do not know
    return [f"{entry.path}: {entry.message}" for entry in log]


@cache
def _schema(folder: Path) -> etree.XMLSchema:
    root = etree.Element(f"{{{_XS}}}schema", nsmap=_nsmap(xs=_XS))
    root.set("targetNamespace", NAMESPACE)
    root.set("elementFormDefault", "qualified")
    etree.SubElement(root, f"{{{_XS}}}include", schemaLocation=(folder / "Report.xsd").as_uri())
    etree.SubElement(root, f"{{{_XS}}}element", name="Report", type="Report")
    return etree.XMLSchema(etree.ElementTree(root))


def _element(name: str, value: Any) -> etree._Element:
    element = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap=_nsmap())
    if isinstance(value, str):
        element.text = value
        return element
    for attribute in _ATTRIBUTES.get(name, ()):
        if attribute in value:
            element.set(attribute, value[attribute])
    members = [m for m in value if m not in _ATTRIBUTES.get(name, ())]
    order = _ORDER.get(name)
    if order is not None:
        members.sort(key=order.index)
    for member in members:
        inner = value[member]
        for each in inner if isinstance(inner, list) else [inner]:
            element.append(_element(member, each))
    return element


def _nsmap(**prefixes: str) -> Any:
    return {None: NAMESPACE, **prefixes}
