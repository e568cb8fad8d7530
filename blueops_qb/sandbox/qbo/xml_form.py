"""The XML form of an answer, which the service gives unless JSON was asked for (reference sections 2.2 and 9.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from blueops_qb.sandbox.qbo.http import Response
from blueops_qb.sandbox.qbo.wire import Obj, loads

XML_TYPE = "application/xml;charset=UTF-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NAMESPACE = "http://schema.intuit.com/finance/v3"
#: members that stand as attributes of their element
_ATTRIBUTES = frozenset(
    {"domain", "sparse", "status", "bId", "type", "code", "element"}
    | {"startPosition", "maxResults", "totalCount"}
)
_REFERENCE = {"value", "name", "type"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def in_xml(response: Response) -> Response:
    """The same answer in XML; anything but a JSON object stays as it is."""
    answer = loads(response.body) if response.body else None
    if not isinstance(answer, dict):
        return response
    return Response(
        status=response.status, body=_document(answer), content_type=XML_TYPE, headers=response.headers
    )


def _document(answer: Obj) -> bytes:
    if "fault" in answer:
        answer = {"Fault": _capitalised(answer["fault"]), "time": answer.get("time")}
    root = "Report" if "Header" in answer else "IntuitResponse"
    time = answer.pop("time", None)
    when = f" time={quoteattr(str(time))}" if time is not None else ""
    inner = "".join(_members(answer))
    return f'{_HEAD}<{root} xmlns="{_NAMESPACE}"{when}>{inner}</{root}>'.encode()


def _capitalised(fault: Obj) -> Obj:
    errors = [
        {"Message": error["message"], "Detail": error["detail"], "code": error["code"]}
        for error in fault["error"]
    ]
    return {"Error": errors, "type": fault["type"]}


def _members(value: Obj) -> Iterator[str]:
    for name, member in value.items():
        if name in _ATTRIBUTES and not isinstance(member, dict | list):
            continue
        for each in member if isinstance(member, list) else [member]:
            yield _element(name, each)


def _element(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"<{name}>{_text(value)}</{name}>"
    if "value" in value and value.keys() <= _REFERENCE:
        marks = "".join(f" {key}={quoteattr(_clean(value[key]))}" for key in ("name", "type") if key in value)
        return f"<{name}{marks}>{_text(value['value'])}</{name}>"
    marks = "".join(
        f" {key}={quoteattr(_plain(member))}"
        for key, member in value.items()
        if key in _ATTRIBUTES and not isinstance(member, dict | list)
    )
    return f"<{name}{marks}>{''.join(_members(value))}</{name}>"


def _text(value: Any) -> str:
    return escape(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _clean(value)


def _clean(value: Any) -> str:
    return _FORBIDDEN.sub("", str(value))
