"""One request and one answer over WSGI, without a framework: speed counts on the API paths."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import attrs

from blueops_qb.sandbox.qbo.wire import dumps

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

JSON_TYPE = "application/json;charset=UTF-8"
WORTH_PACKING = 2000


@attrs.frozen(kw_only=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, list[str]]
    query_string: str
    body: bytes
    content_type: str
    authorization: str
    base_url: str  #: scheme, host and mount point, without a trailing slash
    accepts_gzip: bool
    headers: dict[str, Any]  #: the WSGI environment

    def one(self, name: str) -> str:
        """The first value of a query parameter, or an empty string."""
        return self.query.get(name, [""])[0]

    def many(self, name: str) -> list[str]:
        """All values of a repeated query parameter."""
        return self.query.get(name, [])

    @property
    def wants_json(self) -> bool:
        """Was JSON asked for?  Without such an Accept header the service answers XML (reference section 2.2)."""
        return "json" in str(self.headers.get("HTTP_ACCEPT", "")).lower() or self.one("format") == "json"

    def form(self) -> dict[str, str]:
        """The fields of a posted form, last value wins."""
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}

    def form_lists(self) -> dict[str, list[str]]:
        """The fields of a posted form with all their values."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@attrs.define(kw_only=True)
class Response:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: list[tuple[str, str]] = attrs.field(factory=list)


def read_request(environ: dict[str, Any]) -> Request:
    """Take a request apart; a body may be chunked or packed with gzip."""
    length = environ.get("CONTENT_LENGTH") or "0"
    body: bytes = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    if environ.get("HTTP_CONTENT_ENCODING", "").lower() == "gzip" and body:
        with contextlib.suppress(
            OSError, EOFError, zlib.error
        ):  # not packed after all: it will not be readable
            body = gzip.decompress(body)
    query_string = environ.get("QUERY_STRING", "")
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        query=parse_qs(query_string, keep_blank_values=True) if query_string else {},
        query_string=query_string,
        body=body,
        content_type=environ.get("CONTENT_TYPE", ""),
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        base_url=f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '').rstrip('/')}",
        accepts_gzip="gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""),
        headers=environ,
    )


def json_response(value: object, *, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status=status, body=dumps(value))


def html_response(text: str, *, status: int = 200) -> Response:
    """A page that loads nothing from elsewhere and runs no script."""
    policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action *; frame-ancestors 'none'"
    return Response(
        status=status,
        body=text.encode(),
        content_type="text/html; charset=utf-8",
        headers=[("Content-Security-Policy", policy), ("Cache-Control", "no-store")],
    )


def redirect(url: str, *, status: int = 302) -> Response:
    """Send the browser elsewhere."""
    return Response(status=status, content_type="text/plain", headers=[("Location", url)])


def send(response: Response, request: Request, start: StartResponse) -> list[bytes]:
    """Write an answer; packed when the client asked for it and it pays."""
    body = response.body
    headers = [("Content-Type", response.content_type), *response.headers]
    if request.accepts_gzip and len(body) >= WORTH_PACKING:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        body = packer.compress(body) + packer.flush()
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    headers.append(("Content-Length", str(len(body))))
    start(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return [body]
