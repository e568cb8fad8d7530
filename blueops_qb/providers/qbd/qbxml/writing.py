"""Writing: a message set as the bytes that the Web Connector hands to QuickBooks.

ASCII only, every other character as a decimal reference, no namespace, no DOCTYPE, no line ends inside a text
(reference/quickbooks-desktop.md section 3.1). Requests go out in the order of the table, whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from lxml import etree

from blueops_qb.providers.qbd.qbxml.check import Problem, arranged, problems
from blueops_qb.providers.qbd.qbxml.element import Element

#: The lowest version that knows all that is written here.
VERSION = "13.0"
#: Longest id of a message set (code 9004).
SET_ID = 24


class Misshapen(Exception):
    """A request that QuickBooks would not read, found before it left; `found` says what is wrong where."""

    def __init__(self, request: str, found: list[Problem]) -> None:
        super().__init__(f"{request}: {'; '.join(map(str, found))}")
        self.request, self.found = request, tuple(found)


@attrs.frozen(kw_only=True)
class MessageSet:
    """Independent requests that travel together; `new_id` and `old_id` as in section 3.3, empty = none."""

    requests: tuple[Element, ...]
    new_id: str = attrs.field(default="", validator=attrs.validators.max_len(SET_ID))
    old_id: str = attrs.field(default="", validator=attrs.validators.max_len(SET_ID))
    version: str = VERSION


def ready(request: Element) -> Element:
    """The request in the order of the table; raises Misshapen when anything is wrong with it."""
    ordered = arranged(request)
    found = problems(ordered)
    if found:
        raise Misshapen(request.name, found)
    return ordered


def written(messages: MessageSet) -> bytes:
    """The set as bytes; raises Misshapen for a request that QuickBooks would not read."""
    root = etree.Element("QBXML")
    envelope = etree.SubElement(root, "QBXMLMsgsRq")
    # An error of one request must not keep the others from being carried out.
    envelope.set("onError", "continueOnError")
    if messages.new_id:
        envelope.set("newMessageSetID", messages.new_id)
    if messages.old_id:
        envelope.set("oldMessageSetID", messages.old_id)
    _fill(envelope, (ready(request) for request in messages.requests))
    body = etree.tostring(root, encoding="us-ascii", xml_declaration=False)
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="{messages.version}"?>\n'
    return head.encode("ascii") + body


def as_text(element: Element) -> str:
    """One element as text, for what is stored beside a record."""
    root = etree.Element("R")
    _fill(root, (element,))
    inner = etree.tostring(root[0], encoding="us-ascii", xml_declaration=False)
    return inner.decode("ascii")


def _fill(parent: etree._Element, children: Iterable[Element]) -> None:
    for child in children:
        element = etree.SubElement(parent, child.name)
        for name, value in child.attributes.items():
            element.set(name, value)
        if child.children:
            _fill(element, child.children)
        else:
            element.text = child.text
