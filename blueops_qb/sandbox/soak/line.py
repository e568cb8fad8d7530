"""The line to the books: the twin's own request handling, reached by the provider's session without a socket.

What goes in are the bytes that the product would send, and what comes out is read by `requests` as from any server:
status, headers, packed bodies, a body that ends too early, a connection that is lost.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from waitress.channel import ClientDisconnected

from blueops_qb.sandbox.qbo.http import Wsgi

_BUILDER = HTTPAdapter()


class Line(BaseAdapter):
    """Mounted on a session in place of the network; answers from a WSGI application in this process."""

    def __init__(self, app: Wsgi) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One request and its answer; raises ConnectionError where the twin hangs up."""
        del stream, timeout, verify, cert, proxies
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            told[:] = [status, headers]

        try:
            body = b"".join(self._app(environ_of(request), start))
        except ClientDisconnected as lost:
            raise requests.ConnectionError("the books hung up", request=request) from lost
        status, headers = told
        announced = int(dict(headers).get("Content-Length", len(body)))
        if len(body) < announced:
            raise requests.exceptions.ChunkedEncodingError(f"{len(body)} of {announced} bytes came")
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(headers),
            status=int(status.split()[0]),
            reason=status.partition(" ")[2],
            preload_content=False,
        )
        return _BUILDER.build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""


def environ_of(request: requests.PreparedRequest) -> dict[str, Any]:
    """The WSGI environment of a request."""
    parts = urlsplit(request.url or "")
    body = request.body or b""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": sys.stderr,
        "CONTENT_LENGTH": str(len(raw)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return environ
