"""The two doors: how work leaves the engine and how its fate comes back.

Whoever carries an exchange is interchangeable: a runner that calls the books, or the books' own client that
calls us. The engine commits an exchange before it hands it out and hears every answer, late or repeated.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Answered:
    """The books answered. `body` is the provider's own framing of status, headers and content."""

    body: bytes


@attrs.frozen(kw_only=True)
class NotSent:
    """It surely never reached the books (name not resolved, connection refused)."""

    why: str


@attrs.frozen(kw_only=True)
class Unknown:
    """Nobody can say (time-out, connection lost after sending)."""

    why: str


Reply = Answered | NotSent | Unknown


@attrs.frozen(kw_only=True)
class Outgoing:
    """An exchange to carry: send `body` once, then call `finish` with what came back."""

    exchange_id: str
    connection_id: str
    body: bytes
    deadline: dt.datetime


class Doors(Protocol):
    """What a carrier uses."""

    def next_exchange(self, connection_id: str) -> Outgoing | None:
        """Plan, claim, encode and commit one exchange; None when nothing is due or none may be out now."""

    def finish(self, exchange_id: str, reply: Reply) -> bool:
        """Hear how it ended: True when this answer counted, False for a repeat. Never raises for the content."""
