"""Reading: what QuickBooks answers, as elements, without trusting a byte of it.

No DTD, no entities, no network, a limit of size and one of depth. An answer is never checked against a schema: real
companies answer words that no schema knows (reference/quickbooks-desktop.md gotcha 15).
"""

from __future__ import annotations

import re

from lxml import etree

from blueops_qb.providers.qbd.qbxml.element import Element

#: Large answers of a Web Connector reach 50 MB (gotcha 21).
MOST_BYTES = 64 * 1024 * 1024
#: A line of a bundle with a custom field stands eight deep.
MOST_DEPTH = 24
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
#: References to, and bytes of, characters that XML does not allow but QuickBooks lets through.
_REFERENCE = re.compile(rb"&#(x[0-9A-Fa-f]{1,6}|[0-9]{1,7});")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class NoQbxml(ValueError):
    """An answer that is no qbXML, or one that is not safe to read; the sentence says why."""


def read(answer: bytes, *, most_bytes: int = MOST_BYTES) -> Element:
    """The root of an answer; raises NoQbxml.

    Bytes are taken as UTF-8, whatever the declaration says: the answer has travelled as text inside SOAP. An answer
    with characters that XML forbids is read without them.
    """
    if len(answer) > most_bytes:
        raise NoQbxml(f"the answer has {len(answer)} bytes, at most {most_bytes} are read")
    body = _DECLARATION.sub(b"", answer, count=1)
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise NoQbxml("the answer brings a document type, which is never read")
    try:
        root = _parsed(body)
    except etree.XMLSyntaxError as problem:
        cleaned = _CONTROL.sub(b"", _REFERENCE.sub(_allowed, body))
        if cleaned == body:
            raise NoQbxml(f"the answer is no XML: {problem}") from None
        try:
            root = _parsed(cleaned)
        except etree.XMLSyntaxError as again:
            raise NoQbxml(f"the answer is no XML: {again}") from None
    return _element(root, 1)


def read_text(text: str) -> Element:
    """One element as `writing.as_text` stored it; raises NoQbxml."""
    return read(text.encode("utf-8"))


def _parsed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(body, parser)


def _allowed(found: re.Match[bytes]) -> bytes:
    digits = found[1].decode("ascii")
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    fine = (
        code in (9, 10, 13) or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    )
    return found[0] if fine else b""


def _element(node: etree._Element, depth: int) -> Element:
    if depth > MOST_DEPTH:
        raise NoQbxml(f"the answer is more than {MOST_DEPTH} elements deep")
    children = tuple(_element(child, depth + 1) for child in node if isinstance(child.tag, str))
    attributes = {str(name): str(value) for name, value in node.attrib.items()}
    return Element(str(node.tag), "" if children else node.text or "", children, attributes)
