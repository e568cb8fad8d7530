"""Takes a multipart/form-data body apart, as strictly or loosely as clients write them."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser

import attrs

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n")


class UnreadableParts(ValueError):
    """The body is no multipart body, or a part of it cannot be decoded; the text says which."""


@attrs.frozen(kw_only=True)
class Part:
    """One part of a form: the field's name, a file name where there is one, its media type and its bytes."""

    name: str
    filename: str
    content_type: str
    data: bytes


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """The parts of a body, transfer encodings undone; raises UnreadableParts.

    Lines may end in CRLF or LF alone, and text may stand before the first boundary (python-quickbooks does both).
    """
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_boundary()
    if head.get_content_maintype() != "multipart" or not boundary:
        raise UnreadableParts(f"Content-Type {content_type!r} is not multipart/form-data with a boundary")
    pieces = list(_pieces(body, boundary.encode()))
    if not pieces:
        raise UnreadableParts(f"the boundary {boundary!r} does not occur in the body")
    return [_part(piece) for piece in pieces]


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    mark = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start: int | None = None
    for found in mark.finditer(body):
        if start is not None:
            yield body[start : found.start()]
        start = None if found.group(1) else found.end()
        if found.group(1):
            return
    if start is not None:
        raise UnreadableParts("the body ends without its closing boundary")


def _part(piece: bytes) -> Part:
    piece = piece.removeprefix(b"\r").removeprefix(b"\n")
    blank = _BLANK_LINE.search(piece)
    if blank is None:
        raise UnreadableParts("a part has no blank line after its headers")
    message = Parser().parsestr(piece[: blank.start()].decode("utf-8", "replace"), headersonly=True)
    name = message.get_param("name", "", header="content-disposition")
    data = _decoded(piece[blank.end() :], str(message.get("Content-Transfer-Encoding", "")).strip().lower())
    return Part(
        name=str(name),
        filename=str(message.get_filename() or ""),
        content_type=str(message.get("Content-Type", "")).strip(),
        data=data,
    )


def _decoded(data: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(data.split()), validate=True)
        except binascii.Error as error:
            raise UnreadableParts(f"a part is not the base64 it claims to be: {error}") from None
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    return data
