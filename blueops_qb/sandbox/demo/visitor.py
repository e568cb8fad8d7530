"""A visitor: somebody at the pages, over real HTTP, who follows links and fills in forms."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import attrs
import requests

TIMEOUT = 30.0
LOOPBACK = "127.0.0.1"


class PageFailed(RuntimeError):
    """A page did not answer as a person would need it; the message holds address, status and text."""


@attrs.define(kw_only=True)
class Form:
    """A form of a page, with what it would send as it stands."""

    action: str
    method: str
    fields: dict[str, str] = attrs.field(factory=dict)


class Visitor:
    """Keeps cookies as a browser does; never leaves this machine."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._http = requests.Session()
        self._page = base_url
        self.forms: list[Form] = []
        self.text = ""

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def open(self, path: str) -> str:
        """Open a page; raises PageFailed unless it is shown."""
        address = self._local(path)
        with _unlogged():
            answer = self._http.get(address, timeout=TIMEOUT)
        return self._show(answer)

    def submit(self, action_ends: str, **fields: str) -> str:
        """Fill in the form of the present page that goes to an address with this ending, and send it."""
        form = next((f for f in self.forms if urlsplit(f.action).path.endswith(action_ends)), None)
        if form is None:
            raise PageFailed(f"{self._page} has no form that goes to …{action_ends}")
        address = self._local(form.action)
        with _unlogged():
            answer = self._http.request(form.method, address, data={**form.fields, **fields}, timeout=TIMEOUT)
        return self._show(answer)

    def sign_in(self, login: str, password: str) -> None:
        """Sign in to core."""
        self.open("/login")
        self.submit("/login", login=login, password=password)

    def _local(self, address: str) -> str:
        whole = urljoin(self._page, address)
        if urlsplit(whole).netloc != urlsplit(self._base).netloc:
            raise PageFailed(f"{self._page} leads to {whole}, which is not on this machine")
        return whole

    def _show(self, answer: requests.Response) -> str:
        self._page = answer.url
        self.text = answer.text
        if answer.status_code != 200:
            words = " ".join(_Words.of(answer.text).split())[:400]
            # Without the query, in which a sign-in's code may stand.
            place = urlsplit(answer.url).path
            raise PageFailed(f"{answer.request.method} {place}: {answer.status_code} {words}")
        reader = _Forms(answer.url)
        reader.feed(answer.text)
        self.forms = reader.found
        return answer.text


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """A browser keeps no log of addresses; the code of a sign-in and searched names stand in them."""
    log = logging.getLogger("urllib3.connectionpool")
    level = log.level
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self._page, given.get("action") or self._page)
            self.found.append(Form(action=action, method=given.get("method", "get").upper()))
        elif tag == "input" and self.found and given.get("name"):
            kind = given.get("type", "text")
            if kind not in ("radio", "checkbox", "submit") or "checked" in given:
                self.found[-1].fields[given["name"]] = given.get("value", "")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._words: list[str] = []

    @classmethod
    def of(cls, page: str) -> str:
        reader = cls()
        reader.feed(page)
        return " ".join(reader._words)

    def handle_data(self, data: str) -> None:
        self._words.append(data)
