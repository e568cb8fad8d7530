"""Calling: what a gate may ask for whose books call us: who comes in, and work for as long as a session lasts.

The books' own client (QuickBooks' Web Connector) comes with a user name and a password, gets a ticket, and asks for
one exchange after the other. What it must find again lies in the database, so any process can handle any of its calls.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import attrs

from blueops_qb.sdk.doors import Outgoing, Reply


@attrs.frozen(kw_only=True)
class Caller:
    """Who may come in for a connection. `company_id` is the mark by which the company is known to us."""

    connection_id: str
    user: str
    company_id: str
    company_name: str


@attrs.frozen(kw_only=True)
class Visit:
    """How the books' client came last: `at` by the company's clock; `ended` = it took its leave.

    `notes` are the texts that the provider kept in that session.
    """

    at: dt.datetime
    ended: bool
    notes: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class SetUpFile:
    """The file with which the books' client is set up; it holds no password."""

    name: str
    media_type: str
    content: bytes


class NoEntry(enum.StrEnum):
    """Why somebody does not come in."""

    #: There is no such user, or the password is another one; nobody says which.
    WRONG = "wrong"
    #: Another process is handling a call of the session that would end.
    BUSY = "busy"


@attrs.frozen(kw_only=True)
class Session:
    """One visit of the books' client, as it stands before a call."""

    caller: Caller
    #: The exchange that left in it and was not answered yet; empty = none.
    exchange_id: str = ""
    #: How many exchanges it has carried.
    carried: int = 0
    #: How many seconds it has lasted, by the database's clock.
    seconds: float = 0.0
    #: What the provider keeps from call to call.
    notes: Mapping[str, str] = attrs.field(factory=dict)
    closed: bool = False
    #: Another process is handling a call of it just now.
    handled: bool = False


class Call(Protocol):
    """One call within an open session; no other process handles one of the same session meanwhile."""

    @property
    def session(self) -> Session:
        """The session, as this call has left it so far."""

    def next_exchange(self) -> Outgoing | None:
        """What to do now; None when nothing is due. One that is out already becomes of unknown fate first."""

    def finish(self, reply: Reply) -> bool:
        """How the exchange that is out ended: True when this answer counted, False for a repeat or when none is out."""

    def rests(self) -> str:
        """Why nothing is handed out now (paused, stopped), as a sentence; empty = nothing stands in the way."""

    def left(self) -> int:
        """How many operations are ready just now; what they lead to is not counted."""

    def note(self, **texts: str) -> None:
        """Keep texts for later calls of the session; an empty one is forgotten."""

    def opened(self, facts: Mapping[str, str]) -> None:
        """Keep what the client told of the company that is open; `company` is its name.

        Where it differs from what was kept before, the company and its lists are read again.
        """

    def trouble(self, sentence: str) -> None:
        """Say on the pages why the books are not reached; the next answer of theirs takes it back."""

    def close(self) -> None:
        """End the session; an exchange that is out becomes of unknown fate."""


class Calls(Protocol):
    """Who comes in, and their sessions."""

    def enter(self, user: str, password: str) -> str | NoEntry:
        """The ticket of a new session. The one before it ends: its ticket is dead, its open exchange is asked about."""

    def call(self, ticket: str) -> AbstractContextManager[Call | None]:
        """Handle a call; None when the ticket is not known or dead, or another process handles a call of it."""

    def session(self, ticket: str) -> Session | None:
        """Look at a session, a closed one too; None when the ticket is not known."""

    def facts(self, company_id: str) -> Mapping[str, str]:
        """What was kept of a company by `Call.opened`; empty when nothing was told yet."""
