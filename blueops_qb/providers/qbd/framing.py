"""Framing: what came back from the Web Connector as the bytes of a reply: an answer, or a failure instead of one."""

from __future__ import annotations

import json

import attrs


@attrs.frozen(kw_only=True)
class Failed:
    """QuickBooks could not be worked with: the HRESULT and the message that the Web Connector reported."""

    hresult: str
    message: str = ""

    def to_bytes(self) -> bytes:
        """As a reply."""
        return json.dumps({"hresult": self.hresult, "message": self.message}, separators=(",", ":")).encode()


def failed_of(reply: bytes) -> Failed | None:
    """The failure in a reply; None for an answer in qbXML."""
    if not reply.lstrip().startswith(b"{"):
        return None
    try:
        told = json.loads(reply)
        return Failed(hresult=str(told["hresult"]), message=str(told.get("message") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
