"""Refusals on demand: a planned fault as the answer to a whole call, or to single items of a batch.

The forms are those of reference/quickbooks-online.md sections 1.7 (the gateway, lower case), 2.5 and 9.2 (XML).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import attrs

from blueops_qb.sandbox.qbo.faults import CODES, bad_token
from blueops_qb.sandbox.qbo.http import Request, Response, json_response
from blueops_qb.sandbox.qbo.wire import Obj, dumps, loads


class Shape(enum.Enum):
    """How a refused call is written."""

    JSON = "json"  #: `Fault/Error/Message`
    GATEWAY = "gateway"  #: `fault/error/message`, as the gateway answers before the API is reached
    XML = "xml"  #: XML although JSON was asked for


@attrs.frozen(kw_only=True)
class Refusal:
    """What is refused, and with which words; `kinds` and `operations` narrow a refusal of items, empty = all."""

    code: str
    detail: str = ""
    message: str = ""
    element: str = ""
    type: str = ""
    status: int = 0  #: of a refused call; 0 = the one that goes with the code
    shape: Shape = Shape.JSON
    kinds: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Refusal:
        """From the JSON of the admin API; raises ValueError."""
        texts = {name: str(body.get(name, "")) for name in ("code", "detail", "message", "element", "type")}
        if not texts["code"]:
            raise ValueError("a refusal needs a code")
        return cls(
            **texts,
            status=int(body.get("status", 0)),
            shape=Shape(body.get("shape", Shape.JSON.value)),
            kinds=frozenset(body.get("kinds", ())),
            operations=frozenset(body.get("operations", ())),
        )

    def fault(self) -> Obj:
        """The `Fault` member of an answer."""
        message, _, kind = CODES.get(self.code, ("", 400, "ValidationFault"))
        error = {
            "Message": self.message or message or "Validation Error",
            "Detail": self.detail,
            "code": self.code,
            "element": self.element,
        }
        return {"Error": [error], "type": self.type or kind}

    def concerns(self, item: Obj) -> bool:
        """Whether this batch item is a write that is refused; a question never is."""
        operation = str(item.get("operation", ""))
        if not operation:
            return False
        if operation == "update" and "void" in str(item.get("optionsData", "")):
            operation = "void"
        if self.operations and operation not in self.operations:
            return False
        return not self.kinds or any(kind in item for kind in self.kinds)


def refused_call(refusal: Refusal, *, time: str, now_ms: int) -> Response:
    """The whole call is refused; nothing was done."""
    _, status, _ = CODES.get(refusal.code, ("", 400, ""))
    status = refusal.status or status
    fault = refusal.fault()
    if refusal.shape is Shape.GATEWAY:
        body = bad_token(refusal.detail, now_ms)
        error = fault["Error"][0]
        lower = {
            "message": error["Message"],
            "detail": error["Detail"],
            "code": error["code"],
            "element": None,
        }
        return json_response({**body, "fault": {"error": [lower], "type": fault["type"]}}, status=status)
    if refusal.shape is Shape.XML:
        error = fault["Error"][0]
        text = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3">'
            f"<Fault type={quoteattr(fault['type'])}><Error code={quoteattr(refusal.code)}>"
            f"<Message>{escape(error['Message'])}</Message><Detail>{escape(error['Detail'])}</Detail>"
            "</Error></Fault></IntuitResponse>"
        )
        return Response(status=status, body=text.encode(), content_type="application/xml;charset=UTF-8")
    return json_response({"Fault": fault, "time": time}, status=status)


def refused_items(
    refusal: Refusal, request: Request, answer: Callable[[Request], Response], *, time: str
) -> Response:
    """The items that the refusal concerns are refused; the others are done, and all stand in one answer."""
    asked = loads(request.body)
    items = asked.get("BatchItemRequest", []) if isinstance(asked, dict) else []
    refused = [item for item in items if refusal.concerns(item)]
    others = [item for item in items if not refusal.concerns(item)]
    if not refused:
        return answer(request)
    rows: list[Obj] = []
    body: Obj = {"time": time}
    if others:
        response = answer(attrs.evolve(request, body=dumps({**asked, "BatchItemRequest": others})))
        if response.status != 200:
            return response
        body = loads(response.body)
        rows = body["BatchItemResponse"]
    rows += [{"bId": item["bId"], "Fault": refusal.fault()} for item in refused]
    return json_response({**body, "BatchItemResponse": rows})
