"""Bodies in XML, which older clients send: the same members, read along the field tables (schema of the service).

The root is a record (``<Customer>``) or a batch (``<IntuitBatchRequest>``); values stay text and are typed later,
like those of a JSON body.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.fields import Field, Shape, Table
from blueops_qb.sandbox.qbo.wire import Obj


def is_xml(content_type: str) -> bool:
    """Does a Content-Type announce XML?"""
    return "xml" in content_type.lower()


def xml_body(data: bytes) -> Obj:
    """The members of a record or a batch; raises Fault 2010 for what is not readable, 2000 for another root."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Fault("2010", "The request body must not declare a document type.")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise Fault("2010", f"The request body is not readable XML: {error}") from None
    name = _local(root)
    if name == "IntuitBatchRequest":
        return {"BatchItemRequest": [_batch_item(item) for item in root]}
    if name not in ENTITIES:
        raise Fault("2000", f"Unsupported object {name} in the request.", name)
    return _record(root, ENTITIES[name].fields)


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _record(element: ElementTree.Element, table: Table) -> Obj:
    marks = {name: value for name, value in element.attrib.items() if name in ("domain", "sparse")}
    return {**marks, **_members(element, table)}


def _members(element: ElementTree.Element, table: Table) -> Obj:
    values: Obj = {}
    for child in element:
        name = _local(child)
        field = table.get(name)
        if field is not None and field.shape is Shape.ROWS:
            values.setdefault(name, []).append(_members(child, field.table))
        else:
            values[name] = _value(child, field)
    return values


def _value(element: ElementTree.Element, field: Field | None) -> object:
    text = (element.text or "").strip() if len(element) else element.text or ""
    if field is None or field.shape is Shape.LOOSE:
        return text
    if field.shape is Shape.REF:
        return {"value": text.strip()} | _named(element.attrib)
    return _members(element, field.table) if field.shape is Shape.PART else text


def _named(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name in ("name", "type")}


def _batch_item(element: ElementTree.Element) -> Obj:
    item: Obj = dict(element.attrib)
    for child in element:
        name = _local(child)
        if name in ENTITIES:
            item[name] = _record(child, ENTITIES[name].fields)
        elif len(child):
            item[name] = {_local(part): part.text or "" for part in child}
        else:
            item[name] = child.text or ""
    return item
