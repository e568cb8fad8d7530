"""Framing: the bytes of an exchange on its way out and back, plain JSON without credentials.

Out: `{"method", "path", "headers", "body"}` with a path that begins `/v3/company/<realm>/` and the body as
the JSON text that is sent; with `file` the body is the metadata beside a file, and both travel as multipart.
Back: `{"status", "headers", "text"}`. A sign-in is `{"sign_in", "asked_at"}` and its answer's text says how it
went, without a secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import attrs
from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from blueops_qb.providers.qbo.exact_json import dumps, loads

_ACCEPT = {"Accept": "application/json"}
_POST = {**_ACCEPT, "Content-Type": "application/json; charset=utf-8"}


@attrs.frozen(kw_only=True)
class FilePart:
    """A file that travels beside its metadata."""

    filename: str
    content_type: str
    data: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Request:
    """One HTTP request relative to the API's base address."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = None
    file: FilePart | None = None

    def to_bytes(self) -> bytes:
        """The frame; equal requests give equal bytes."""
        frame = {
            "method": self.method,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body,
        }
        if self.file is not None:
            data = base64.b64encode(self.file.data).decode()
            frame["file"] = {**attrs.asdict(self.file), "data": data}
        return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_frame(cls, frame: Mapping[str, Any]) -> Request:
        """The request inside a parsed frame."""
        file = frame.get("file")
        return cls(
            method=frame["method"],
            path=frame["path"],
            headers=frame["headers"],
            body=frame.get("body"),
            file=FilePart(**{**file, "data": base64.b64decode(file["data"])}) if file else None,
        )

    def sent(self) -> tuple[bytes | None, dict[str, str]]:
        """Body and headers as they leave; equal requests give equal bytes, multipart boundaries included."""
        if self.file is None:
            return None if self.body is None else self.body.encode(), dict(self.headers)
        metadata = RequestField("file_metadata_01", self.body or "{}", filename="metadata.json")
        metadata.make_multipart(content_type="application/json")
        content = RequestField("file_content_01", self.file.data, filename=self.file.filename)
        content.make_multipart(content_type=self.file.content_type)
        boundary = hashlib.sha256(self.file.data).hexdigest()[:40]
        body, content_type = encode_multipart_formdata([metadata, content], boundary=boundary)
        return body, {**self.headers, "Content-Type": content_type}


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


def post_file(
    company_id: str, resource: str, parameters: Mapping[str, str], metadata: Any, file: FilePart
) -> Request:
    """An upload of one file."""
    path = _path(company_id, resource, parameters)
    return Request(method="POST", path=path, headers=_ACCEPT, body=dumps(metadata), file=file)


def _path(company_id: str, resource: str, parameters: Mapping[str, str]) -> str:
    query = urlencode(list(parameters.items()), quote_via=quote, safe="")
    return f"/v3/company/{quote(company_id, safe='')}/{resource}?{query}"
