"""SOAP: reads a call of the Web Connector without trusting a byte of it, and writes the answer.

A call is read from its head first, which has no room for anything large: a document type, depth, many elements, an
unknown method or ticket end it there, before the rest is even taken from the line. Only an answer of the books may be
long, and only for a ticket that is known. Nothing is ever fetched: entities are not resolved, files and the network are
not touched. Facts: reference/quickbooks-desktop.md section 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

import attrs
from lxml import etree

from blueops_qb.providers.qbd.soap_methods import ENVELOPE, METHODS, TARGET, Method, Result

#: Every call but an answer of the books fits into this many bytes, with room to spare.
HEAD = 64 * 1024
#: The largest answer of the books; long lists come by pages, items and accounts whole.
LARGEST = 18 * 1024 * 1024
#: Methods whose texts may be longer than the head.
LONG = frozenset({"sendRequestXML", "receiveResponseXML"})
_DEEPEST, _MOST_ELEMENTS = 8, 64
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "us-ascii",
    "ascii": "us-ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16le",
    "utf-16be": "utf-16be",
}
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class UnreadableCall(Exception):
    """A call that is not answered: the status of HTTP, and a sentence with the cause."""

    def __init__(self, sentence: str, *, status: str = "400 Bad Request") -> None:
        super().__init__(sentence)
        self.status = status


@attrs.frozen(kw_only=True)
class SoapCall:
    """A method with its parameters; one that is missing or nil is empty."""

    method: str
    parameters: Mapping[str, str]


def charset(content_type: str) -> str | None:
    """The encoding that the header names; None when it names none. Raises UnreadableCall for one we do not read."""
    kind, _, rest = content_type.partition(";")
    if kind.strip() and "xml" not in kind.lower():
        raise UnreadableCall("the content is not XML", status="415 Unsupported Media Type")
    named = re.search(r"charset\s*=\s*\"?([\w.:-]+)", rest, re.IGNORECASE)
    if named is None:
        return None
    if named[1].lower() not in _CHARSETS:
        raise UnreadableCall("the encoding is not one that we read", status="415 Unsupported Media Type")
    return _CHARSETS[named[1].lower()]


def read_call(chunks: Iterator[bytes], *, encoding: str | None, knows: Callable[[str], bool]) -> SoapCall:
    """The call in a body that comes in chunks; raises UnreadableCall.

    `knows` says whether a ticket may bring something long.
    """
    head = _take(chunks, HEAD)
    target = _Call()
    parser = etree.XMLParser(
        target=target,
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        collect_ids=False,
    )
    try:
        parser.feed(head)
        rest = next(chunks, b"")
        if not rest:
            parser.close()
            return target.call()
    except etree.XMLSyntaxError as problem:
        raise UnreadableCall(f"it is not XML: {problem.msg}") from None
    if target.method not in LONG:
        raise UnreadableCall("the call is too large", status="413 Content Too Large")
    if not knows(target.parameters.get("ticket", "")):
        raise UnreadableCall("the ticket is not known", status="413 Content Too Large")
    return _read_long(head, rest, chunks, encoding=encoding)


def _read_long(head: bytes, rest: bytes, chunks: Iterator[bytes], *, encoding: str | None) -> SoapCall:
    """A long call, whose head has shown that there is no document type."""
    parser = etree.XMLPullParser(
        events=("start",),
        encoding=encoding,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        collect_ids=False,
    )
    size = elements = 0
    try:
        for chunk in _chained(head, rest, chunks):
            size += len(chunk)
            if size > LARGEST:
                raise UnreadableCall("the answer is too large", status="413 Content Too Large")
            parser.feed(chunk)
            elements += sum(1 for _ in parser.read_events())
            if elements > _MOST_ELEMENTS:
                raise UnreadableCall("a call has few elements; qbXML goes as text into one of them")
        root = parser.close()
    except etree.XMLSyntaxError as problem:
        raise UnreadableCall(f"it is not XML: {problem.msg}") from None
    # The few elements are walked as the target of the head sees them.
    target = _Call()
    _walk(root, target)
    return target.call()


class _Call:
    """What is collected from an envelope, as a parser meets it."""

    def __init__(self) -> None:
        self.method = ""
        self.parameters: dict[str, str] = {}
        self._path: list[str] = []
        self._elements = 0
        self._text: list[str] = []

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        del name, public, system
        raise UnreadableCall("a call has no document type")

    def pi(self, target: str, data: str | None = None) -> None:
        """Instructions are left unread."""

    def comment(self, text: Any) -> None:
        """So are comments."""

    def start(self, tag: Any, attrib: Any) -> None:
        del attrib
        self._elements += 1
        if len(self._path) >= _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise UnreadableCall("a call is neither deep nor has it many elements")
        if not self._path and tag != f"{{{ENVELOPE}}}Envelope":
            raise UnreadableCall("it is no SOAP 1.1 envelope")
        self._path.append(tag)
        if not self._in_body():
            return
        if len(self._path) == 3:
            self._begin(tag)
        elif len(self._path) > 4:
            raise UnreadableCall("a parameter holds a text; qbXML is escaped in it")
        self._text = []

    def data(self, data: Any) -> None:
        if len(self._path) == 4:
            self._text.append(data)

    def end(self, tag: Any) -> None:
        if len(self._path) == 4 and self._in_body():
            name = etree.QName(tag).localname
            if name in self.parameters:
                raise UnreadableCall(f"the parameter {name[:40]} comes twice")
            if name in METHODS[self.method].parameters:
                self.parameters[name] = "".join(self._text)
        self._path.pop()

    def close(self) -> None:
        """Nothing is left to do."""

    def call(self) -> SoapCall:
        if not self.method:
            raise UnreadableCall("the envelope has no call in its body")
        method: Method = METHODS[self.method]
        return SoapCall(
            method=self.method,
            parameters={name: self.parameters.get(name, "") for name in method.parameters},
        )

    def _in_body(self) -> bool:
        return len(self._path) > 1 and self._path[1] == f"{{{ENVELOPE}}}Body"

    def _begin(self, tag: str) -> None:
        name = etree.QName(tag)
        if self.method:
            raise UnreadableCall("the envelope has more than one call")
        if name.namespace != TARGET or name.localname not in METHODS:
            raise UnreadableCall(
                f"there is no method {name.localname[:40]} in that namespace",
                status="500 Internal Server Error",
            )
        self.method = name.localname


def _walk(element: etree._Element, target: _Call) -> None:
    if not isinstance(element.tag, str):
        return
    target.start(element.tag, {})
    target.data(element.text or "")
    for child in element:
        _walk(child, target)
        target.data(child.tail or "")
    target.end(element.tag)


def _take(chunks: Iterator[bytes], most: int) -> bytes:
    taken: list[bytes] = []
    while most > 0 and (chunk := next(chunks, b"")):
        taken.append(chunk)
        most -= len(chunk)
    return b"".join(taken)


def _chained(head: bytes, rest: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield rest
    yield from chunks


# -- answers -------------------------------------------------------------------------------------------
def answer(method: str, value: str | int | tuple[str, ...]) -> bytes:
    """The envelope with a method's result."""
    if METHODS[method].result is Result.TEXTS:
        texts = value if isinstance(value, tuple) else (str(value),)
        inner = "".join(f"<string>{_text(text)}</string>" for text in texts)
    else:
        inner = _text(str(value))
    return _envelope(
        f'<{method}Response xmlns="{TARGET}"><{method}Result>{inner}</{method}Result></{method}Response>'
    )


def fault(sentence: str) -> bytes:
    """The envelope of a call that was not understood."""
    return _envelope(
        f"<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{_text(sentence)}</faultstring></soap:Fault>"
    )


def _text(text: str) -> str:
    return escape(_NO_CHARACTER.sub("?", text), {"\r": "&#13;"})


def _envelope(inner: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body>{inner}</soap:Body></soap:Envelope>'
    ).encode()
