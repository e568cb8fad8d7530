"""Deep links: answers the addresses of QuickBooks' own pages by sending the browser to the practice books."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlencode

PREFIX = "/app"
#: Page of QuickBooks -> page of the practice books and the name of its parameter; others show the first page.
PAGES = {"customerdetail": ("customer", "nameId"), "invoice": ("invoices", "")}


def deep_links(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application for everything under PREFIX."""
    name = environ.get("PATH_INFO", "").removeprefix(PREFIX).strip("/")
    page, parameter = PAGES.get(name, ("", ""))
    given = parse_qs(environ.get("QUERY_STRING", "")).get(parameter, [])
    query = f"?{urlencode({'id': given[0]})}" if given else ""
    start("303 See Other", [("Location", f"/books/{page}{query}"), ("Content-Length", "0")])
    return []
