"""The mail: webhook messages of the books, gathered as they arise and delivered as the soak pleases."""

from __future__ import annotations

import io
import sys
from typing import Any

import attrs

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.http import Wsgi
from blueops_qb.sandbox.qbo.news import News
from blueops_qb.sandbox.qbo.webhooks_format import SIGNATURE, TOLD, Format, body_of, signature


class NotTaken(RuntimeError):
    """The gate did not acknowledge a message that is signed as it should be."""


@attrs.define(eq=False)
class Mail:
    """Messages that wait; nothing is delivered by itself."""

    company: Company
    token: str
    news: list[News] = attrs.field(factory=list)
    #: Bodies that were delivered, for repetition.
    old: list[bytes] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.company.news.listeners.append(self._hear)

    def _hear(self, news: News) -> None:
        if news.kind in TOLD:
            self.news.append(news)

    def take(self, style: Format) -> list[bytes]:
        """Everything that waits, in messages of up to ten changes."""
        news, self.news = self.news, []
        bodies = [body_of(news[n : n + 10], style, source="intuit.soak") for n in range(0, len(news), 10)]
        self.old = (self.old + bodies)[-20:]
        return bodies

    def post(self, gates: Wsgi, bodies: list[bytes]) -> None:
        """Deliver; raises NotTaken."""
        for body in bodies:
            environ = {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": "/qbo/webhook",
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body)),
                f"HTTP_{SIGNATURE.upper().replace('-', '_')}": signature(body, self.token),
                "wsgi.input": io.BytesIO(body),
                "wsgi.errors": sys.stderr,
            }
            status = _status(gates, environ)
            if not status.startswith("200"):
                raise NotTaken(f"the gate answered {status}")


def _status(app: Wsgi, environ: dict[str, Any]) -> str:
    told: list[str] = []
    list(app(environ, lambda status, *_: told.append(status)))
    return told[0] if told else "nothing"
