"""Fault text: reads a refusal in any of the forms in which Intuit writes it.

JSON in capitals (`Fault/Error/Message`) or in lower case from the gateway (`fault/error/message`), XML
although JSON was asked for, HTML or nothing at all (reference/quickbooks-online.md sections 1.7, 2.5, 9.2).
"""

from __future__ import annotations

import re
from typing import Any

import attrs
from lxml import etree

from blueops_qb.providers.qbo.framing import Answer

_TAGS = re.compile(r"<[^>]+>")
_SPACE = re.compile(r"\s+")
#: Longest piece of foreign text that is passed on for the log.
_SHOWN = 300


@attrs.frozen(kw_only=True)
class Fault:
    """One refusal: `code` without leading zeros (empty where there is none), its texts and its member."""

    code: str = ""
    message: str = ""
    detail: str = ""
    element: str = ""
    type: str = ""

    @property
    def text(self) -> str:
        """Message and detail, for patterns and the log."""
        return f"{self.message} {self.detail}".strip()

    @property
    def log(self) -> str:
        """The line for the log."""
        head = f"code {self.code}: " if self.code else ""
        tail = f" [{self.element}]" if self.element else ""
        return f"{head}{self.text or self.type or 'no text'}{tail}"


def fault_in(value: Any) -> Fault | None:
    """The fault inside an answer object or a batch item, first of several; None when it has none."""
    if not isinstance(value, dict):
        return None
    body = value.get("Fault") or value.get("fault")
    if not isinstance(body, dict):
        return None
    errors = body.get("Error") or body.get("error") or [{}]
    error = errors[0] if isinstance(errors, list) else errors
    if not isinstance(error, dict):
        error = {}
    return Fault(
        code=_code(error.get("code")),
        message=_spelled(error, "Message", "message"),
        detail=_spelled(error, "Detail", "detail"),
        element=_spelled(error, "element", "Element"),
        type=_spelled(body, "type", "Type"),
    )


def fault_of(answer: Answer, value: dict[str, Any] | None) -> Fault | None:
    """The fault of a whole answer, whatever its form; `value` is its JSON. None when it is none.

    An answer that is no JSON object always has one: without code, its text as the detail.
    """
    fault = fault_in(value)
    if fault is not None:
        return fault
    if value is not None:
        return (
            None if answer.status < 400 else Fault(type=f"HTTP {answer.status}", detail=_shown(answer.text))
        )
    text = answer.text.lstrip("\ufeff \r\n\t")
    if text.startswith("<") and "Fault" in text:
        fault = _xml_fault(text)
        if fault is not None:
            return fault
    return Fault(type=f"HTTP {answer.status}", detail=_shown(answer.text))


def _xml_fault(text: str) -> Fault | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return None
    fault = root if _local(root) == "Fault" else next((e for e in root.iter() if _local(e) == "Fault"), None)
    if fault is None:
        return None
    error = next((e for e in fault.iter() if _local(e) == "Error"), None)
    if error is None:
        return Fault(type=str(fault.get("type") or ""))
    parts = {_local(child): str(child.text or "") for child in error}
    return Fault(
        code=_code(error.get("code")),
        message=parts.get("Message", ""),
        detail=parts.get("Detail", ""),
        element=str(error.get("element") or ""),
        type=str(fault.get("type") or ""),
    )


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _code(value: Any) -> str:
    text = str(value or "").strip()
    return text.lstrip("0") or ("0" if text else "")


def _spelled(holder: dict[str, Any], *names: str) -> str:
    return next((str(holder[name]) for name in names if holder.get(name)), "")


def _shown(text: str) -> str:
    return _SPACE.sub(" ", _TAGS.sub(" ", text)).strip()[:_SHOWN]
