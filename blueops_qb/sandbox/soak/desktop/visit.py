"""A visit: one session of the Web Connector, whose every move the soak plays.

The twin's own Web Connector carries it, and its calls reach the plugin's gate as they would over the network: SOAP in,
SOAP out, by the gate's WSGI application in this process.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs
import requests

from blueops_qb.sandbox.qbd.connector import At, Connector, Outcome, Steps
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.soap import Service
from blueops_qb.sandbox.qbo.http import Wsgi
from blueops_qb.sandbox.soak.line import Line

ADDRESS = "http://localhost/qbd"
_SET = re.compile(r'newMessageSetID="([^"]*)"')
_OLD = re.compile(r' oldMessageSetID="[^"]*"')


@attrs.define(eq=False)
class Visit:
    """A session that has begun; `at` is where it stands, `over` how it ended."""

    steps: Steps
    at: At | None = None
    text: str = ""
    over: Outcome | None = None
    #: Message sets that it has taken.
    sets: int = 0

    def go(self) -> At | None:
        """The next move; None where the session has ended with it."""
        try:
            self.at, self.text = next(self.steps)
        except StopIteration as end:
            self.at, self.over = None, end.value
            return None
        self.sets += self.at is At.ASKED
        return self.at

    @property
    def exchange_id(self) -> str:
        """The id of the message set; only one that writes has one."""
        found = _SET.search(self.text[:2000])
        return found[1] if found else ""

    @property
    def body(self) -> bytes:
        """The message set without the id by which it is asked about, which is no part of what it does."""
        return _OLD.sub("", self.text).encode()


def connector(
    gates: Wsgi, quickbooks: QuickBooks, *, user: str, password: str, sleep: Callable[[float], object]
) -> Connector:
    """The Web Connector, with our application in it."""
    http = requests.Session()
    http.mount("http://", Line(gates))
    return Connector(
        service=Service(url=ADDRESS, http=http),
        quickbooks=quickbooks,
        user=user,
        password=password,
        sleep=sleep,
    )
