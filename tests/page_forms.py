"""Forms of a page as a browser without JavaScript would send them."""

import re
from html import unescape
from typing import Any

from tests.office import PAGES


def fields(page: Any, form: int) -> dict[str, Any]:
    """The fields of a form of a page as a browser would send them."""
    html = page.text.split("<form")[form + 1].split("</form>")[0]
    found: dict[str, Any] = {}

    def add(name: str, value: str) -> None:
        found.setdefault(name, []).append(unescape(value))

    for tag in re.findall(r"<input[^>]*>", html):
        kind = re.search(r'type="(\w+)"', tag)
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (kind is None or kind[1] not in ("checkbox", "radio") or "checked" in tag):
            add(name[1], value[1] if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)">(.*?)</select>', html, re.S):
        chosen = re.findall(r'<option value="([^"]*)"[^>]*selected', options)
        first = re.findall(r'<option value="([^"]*)"', options)
        add(name, (chosen or first)[0])
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def form_of(page: Any, action: str) -> int:
    """Which form of the page goes to an address."""
    actions = re.findall(r'<form[^>]*?action="([^"]*)"', page.text)
    return actions.index(f"{PAGES}{action}")


def row_of(sent: dict[str, Any], key: str) -> str:
    """The number of the mapping row of a key."""
    return next(n.removeprefix("key-") for n, value in sent.items() if n.startswith("key-") and value == key)
