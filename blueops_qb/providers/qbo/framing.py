"""Framing: the bytes of an exchange on its way out and back, plain JSON without credentials.

Out: `{"method", "path", "headers", "body"}` with a path that begins `/v3/company/<realm>/` and the body as
the JSON text that is sent. Back: `{"status", "headers", "text"}`. A sign-in is `{"sign_in", "asked_at"}` and
its answer's text says how it went, without a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import attrs

from blueops_qb.providers.qbo.exact_json import dumps, loads

_ACCEPT = {"Accept": "application/json"}
_POST = {**_ACCEPT, "Content-Type": "application/json; charset=utf-8"}


@attrs.frozen(kw_only=True)
class Request:
    """One HTTP request relative to the API's base address."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = None

    def to_bytes(self) -> bytes:
        """The frame; equal requests give equal bytes."""
        frame = {
            "method": self.method,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body,
        }
        return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_frame(cls, frame: Mapping[str, Any]) -> Request:
        """The request inside a parsed frame."""
        return cls(
            method=frame["method"], path=frame["path"], headers=frame["headers"], body=frame.get("body")
        )


@attrs.frozen(kw_only=True)
class Answer:
    """What came back: HTTP status, the headers that matter (lower-case names) and the text."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict)
    text: str = ""

    @property
    def reference(self) -> str:
        """Intuit's own number of the call."""
        return self.headers.get("intuit_tid", "")

    def to_bytes(self) -> bytes:
        """The frame."""
        frame = {"status": self.status, "headers": dict(self.headers), "text": self.text}
        return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Answer:
        """Raises ValueError for bytes that are no such frame."""
        frame = json.loads(body)
        if not isinstance(frame, dict) or not isinstance(frame.get("status"), int):
            raise ValueError("the answer is not framed by this provider's transport")
        headers = {str(name).lower(): str(value) for name, value in (frame.get("headers") or {}).items()}
        return cls(status=frame["status"], headers=headers, text=str(frame.get("text") or ""))

    def json(self) -> dict[str, Any] | None:
        """The object in the text, with exact decimals; None when it is none."""
        try:
            value = loads(self.text)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


def get(company_id: str, resource: str, parameters: Mapping[str, str]) -> Request:
    """A read."""
    return Request(method="GET", path=_path(company_id, resource, parameters), headers=_ACCEPT)


def post(company_id: str, resource: str, parameters: Mapping[str, str], body: Any) -> Request:
    """A write or a batch; `body` is a JSON value with exact decimals."""
    return Request(
        method="POST", path=_path(company_id, resource, parameters), headers=_POST, body=dumps(body)
    )


def _path(company_id: str, resource: str, parameters: Mapping[str, str]) -> str:
    query = urlencode(list(parameters.items()), quote_via=quote, safe="")
    return f"/v3/company/{quote(company_id, safe='')}/{resource}?{query}"
