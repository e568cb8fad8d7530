"""Reply: what the Web Connector brings back of one exchange, framed as the bytes that `decode` gets.

`response` is the answer of QuickBooks in qbXML. Where QuickBooks or the way to it failed it is empty, and `hresult`
holds the code, spelled as in reference/quickbooks-desktop.md section 6 (`0x80040400`), with QuickBooks' own `message`.
"""

from __future__ import annotations

import json

import attrs


@attrs.frozen(kw_only=True)
class Reply:
    """An answer of QuickBooks, or the code with which it failed."""

    response: str = ""
    hresult: str = ""
    message: str = ""

    def dump(self) -> bytes:
        """As bytes: the response itself, where nothing failed."""
        if not self.hresult:
            return self.response.encode("utf-8")
        return _MARK + json.dumps(attrs.asdict(self)).encode()


#: No XML begins so.
_MARK = b"hresult "


def load_reply(body: bytes) -> Reply:
    """The reply back; raises ValueError for bytes that are none."""
    if body.startswith(_MARK):
        return Reply(**json.loads(body[len(_MARK) :]))
    return Reply(response=body.decode("utf-8"))
