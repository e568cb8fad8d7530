"""Kill points: a core and a transport that can end their process before and after every commit and call."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from blueops_qb.sdk.core import CoreTransaction
from blueops_qb.sdk.doors import Reply
from blueops_qb.sdk.provider import Transport
from blueops_qb.store import tables as t

#: Told the name of every point that is passed.
Pass = Callable[[str], None]

#: What stands before the name of a commit that moved nothing: a worker that waits passes one after the other.
IDLE = "idle "
#: Tables of which every look renews a row.
_LEASED = frozenset({t.connections.name, t.tenants.name})
#: The engine's functions that open transactions; the innermost one on the stack names the place.
_STEPS = frozenset({"next_exchange", "finish", "put", "drop", "sweep", "open"})


def die() -> None:
    """End this process at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


class PointedCore:
    """A core whose every commit has a point before and after."""

    def __init__(self, core: Any, passed: Pass, context: list[str]) -> None:
        self._core = core
        self._passed = passed
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    @contextmanager
    def begin(self, tenant_id: str) -> Iterator[CoreTransaction]:
        """Core's transaction with its points."""
        step = _step()
        place = f"commit of {step}" + (f" ({self._context[0]})" if step == "finish" else "")
        with self._core.begin(tenant_id) as tx:
            wrote = _writes(tx.connection)
            yield tx
            if not wrote:
                place = f"{IDLE}{place}"
            self._passed(f"before {place}")
        self._passed(f"after {place}")


def _writes(connection: sa.Connection) -> list[str]:
    """The statements that write more than a lease or a time stamp; the list grows as the transaction goes on."""
    wrote: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split(None, 3)
        if words[0] == "UPDATE" and words[1] in _LEASED:
            return
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            wrote.append(statement)

    sa.event.listen(connection, "before_cursor_execute", note)
    return wrote


def _step() -> str:
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_name
        if name in _STEPS and name != "open":
            return name
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "other"


class PointedTransport:
    """A transport whose every call has a point before and after."""

    def __init__(self, transport: Transport, passed: Pass, context: list[str]) -> None:
        self._transport = transport
        self._passed = passed
        self._context = context

    def send(self, body: bytes) -> Reply:
        """Send with points; what the call is about names the points of its `finish` too."""
        self._context[0] = about(body)
        self._passed(f"before call {self._context[0]}")
        reply = self._transport.send(body)
        self._passed(f"after call {self._context[0]}")
        return reply

    def close(self) -> None:
        """Let go."""
        self._transport.close()


def about(body: bytes) -> str:
    """A short name of what an exchange does."""
    request = json.loads(body)
    path = str(request.get("path", "sign-in")).partition("?")[0].rsplit("/", 1)[-1]
    inner = request.get("body")
    inner = json.loads(inner) if isinstance(inner, str) and inner.startswith("{") else inner
    items = inner.get("BatchItemRequest", []) if isinstance(inner, dict) else []
    kinds = sorted(
        {
            f"{item.get('operation', 'query')} {next((k for k in item if k[0].isupper()), '')}".strip()
            for item in items
        }
    )
    return f"{path} {', '.join(kinds)}".strip()
