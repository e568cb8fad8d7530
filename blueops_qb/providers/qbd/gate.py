"""Gate: the address that the Web Connector calls: SOAP by POST, its WSDL at `?wsdl`, a page for people otherwise.

Nothing is kept here: any process of the host can answer any call. No accounting credential passes through.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

import attrs

from blueops_qb.providers.qbd import soap, soap_methods
from blueops_qb.providers.qbd.soap import LARGEST, UnreadableCall

log = logging.getLogger(__name__)

_XML = "text/xml; charset=utf-8"
_PIECE = 64 * 1024
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>BlueOps for QuickBooks Desktop</title></head>
<body>
<h1>BlueOps for QuickBooks Desktop</h1>
<p>This address is for the QuickBooks Web Connector, and it is reached. To see your records, sign in to BlueOps and open
QuickBooks from its settings.</p>
<p>Something does not work? The Web Connector shows the last message in its status column and in its log. Sign in to
BlueOps, open the overview of QuickBooks and read what needs attention; if that does not help, ask whoever runs BlueOps
for your company.</p>
</body>
</html>
"""


class Answers(Protocol):
    """Who handles calls that could be read."""

    def answer(self, method: str, parameters: Mapping[str, str]) -> str | int | tuple[str, ...]:
        """The result of a method; never raises."""

    def knows(self, ticket: str) -> bool:
        """Whether a ticket is of a session that is open."""


@attrs.frozen(eq=False)
class SoapGate:
    """A WSGI app with one address."""

    connector: Answers

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, media_type, body = self._answer(environ)
        headers = [
            ("Content-Type", media_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if status.startswith("405"):
            headers.append(("Allow", "GET, HEAD, POST"))
        start_response(status, headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _answer(self, environ: Mapping[str, Any]) -> tuple[str, str, bytes]:
        if environ.get("PATH_INFO", "") not in ("", "/"):
            return "404 Not Found", "text/html; charset=utf-8", b""
        match environ.get("REQUEST_METHOD"):
            case "POST":
                return self._call(environ)
            case "GET" | "HEAD":
                return _told(environ)
            case _:
                return "405 Method Not Allowed", "text/plain; charset=utf-8", b""

    def _call(self, environ: Mapping[str, Any]) -> tuple[str, str, bytes]:
        try:
            encoding = soap.charset(environ.get("CONTENT_TYPE", "") or "")
            call = soap.read_call(_pieces(environ), encoding=encoding, knows=self.connector.knows)
        except UnreadableCall as problem:
            said = " ".join(str(problem).split())[:200]
            log.warning("a call of the Web Connector's address was refused: %s", said)
            return problem.status, _XML, soap.fault(str(problem))
        return "200 OK", _XML, soap.answer(call.method, self.connector.answer(call.method, call.parameters))


def _told(environ: Mapping[str, Any]) -> tuple[str, str, bytes]:
    asked = {name.lower() for name, _ in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)}
    if "wsdl" in asked:
        return "200 OK", _XML, soap_methods.wsdl(_address(environ))
    return "200 OK", "text/html; charset=utf-8", _PAGE.encode()


def _address(environ: Mapping[str, Any]) -> str:
    """Our own address, as this request came to it."""
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ.get('wsgi.url_scheme', 'https')}://{host}{environ.get('SCRIPT_NAME', '')}"


def _pieces(environ: Mapping[str, Any]) -> Iterator[bytes]:
    """The body in pieces; raises UnreadableCall for one that is too large or ends early, before reading it."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not length.isascii() or not length.isdigit():
            raise UnreadableCall("the length of the body is no number")
        left = int(length)
        if left > LARGEST:
            raise UnreadableCall("the call is too large", status="413 Content Too Large")
    elif environ.get("wsgi.input_terminated"):
        left = LARGEST + 1
    else:
        left = 0
    stream = environ["wsgi.input"]
    while left:
        piece = stream.read(min(_PIECE, left))
        if not piece:
            if length:
                raise UnreadableCall("the body ended early")
            return
        left -= len(piece)
        yield piece
