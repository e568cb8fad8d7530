"""Carries out planned trouble: what happens to one call, and how its answer is lost, broken or disfigured."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

import attrs

from blueops_qb.sandbox.qbo.http import JSON_TYPE, Request, Response, StartResponse
from blueops_qb.sandbox.qbo.spelling import shouted
from blueops_qb.sandbox.qbo.weather import BEFORE, Plan, Trouble, Weather
from blueops_qb.sandbox.qbo.wire import dumps, loads

EXTRA = "memberOfTomorrow"
#: members that a client must be able to do without
DISPENSABLE = ("domain", "sparse", "name", "time", "startPosition", "maxResults", "totalCount")
_HTML = (
    b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We'll be right back</h1></body></html>"
)


@attrs.frozen(kw_only=True)
class Lost:
    """No answer: the connection ends, politely or with a reset."""

    reset: bool = False


class Broken(Response):
    """An answer that ends in the middle, after a silence of ``stall`` seconds."""

    stall: float = 0.0


Fate = Response | Lost


def endure(
    plan: Plan,
    request: Request,
    *,
    weather: Weather,
    answer: Callable[[Request], Response],
    throttled: Callable[[bool], Response],
) -> Fate:
    """What becomes of a call in this trouble; ``throttled`` makes a 429, in XML or not."""
    trouble = plan.trouble
    answered = None if trouble in BEFORE else answer(request)
    if trouble in (Trouble.TIMEOUT_AFTER, Trouble.SLOW, Trouble.STALL):
        weather.wait(plan.seconds)
    match trouble:
        case Trouble.DROP_BEFORE | Trouble.DROP_AFTER | Trouble.TIMEOUT_AFTER | Trouble.STALL:
            return Lost()
        case Trouble.RESET_BEFORE | Trouble.RESET_AFTER:
            return Lost(reset=True)
        case Trouble.ERROR_BEFORE | Trouble.ERROR_AFTER:
            return Response(status=500, body=b"Internal Server Error", content_type="text/plain")
        case Trouble.UNAVAILABLE | Trouble.BAD_GATEWAY | Trouble.GATEWAY_TIMEOUT:
            return Response(status=_STATUS[trouble], body=_HTML, content_type="text/html")
        case Trouble.HTML | Trouble.HTML_AFTER:
            return Response(status=200, body=_HTML, content_type="text/html")
        case Trouble.THROTTLED | Trouble.THROTTLED_XML:
            return throttled(trouble is Trouble.THROTTLED_XML)
    assert answered is not None
    if trouble in (Trouble.TRUNCATED, Trouble.STALLED_BODY):
        broken = Broken(status=answered.status, body=answered.body, headers=answered.headers)
        broken.content_type = answered.content_type
        broken.stall = plan.seconds if trouble is Trouble.STALLED_BODY else 0.0
        return broken
    return _disfigured(plan, answered)


_STATUS = {Trouble.UNAVAILABLE: 503, Trouble.BAD_GATEWAY: 502, Trouble.GATEWAY_TIMEOUT: 504}


def _disfigured(plan: Plan, answered: Response) -> Response:
    change: dict[Trouble, Callable[[Any], Any]] = {
        Trouble.EXTRA_MEMBERS: _with_extras,
        Trouble.MEMBERS_OMITTED: lambda body: _without(body, frozenset(plan.members or DISPENSABLE)),
        Trouble.OLD_SPELLING: shouted,
    }
    if plan.trouble not in change or answered.content_type != JSON_TYPE or not answered.body:
        return answered
    body = dumps(change[plan.trouble](loads(answered.body)))
    return Response(status=answered.status, body=body, headers=answered.headers)


def _with_extras(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_extras(row) for row in value]
    if not isinstance(value, dict) or not value:
        return value
    return {name: _with_extras(member) for name, member in value.items()} | {
        EXTRA: {"kind": ["new", 1, None]}
    }


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_without(row, names) for row in value]
    if not isinstance(value, dict):
        return value
    return {name: _without(member, names) for name, member in value.items() if name not in names}


def hang_up(request: Request, lost: Lost) -> None:
    """Prepare the connection for its end: a reset is one that closes with nothing left to linger for.

    Where the server does not let us at the socket (mounted beside others), the connection just closes.
    """
    channel = getattr(request.headers.get("waitress.client_disconnected"), "__self__", None)
    if lost.reset and channel is not None:
        with contextlib.suppress(OSError):
            channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def break_off(broken: Broken, start: StartResponse, weather: Weather) -> Iterable[bytes]:
    """Send the first half of an answer that announces its whole length."""
    headers = [("Content-Type", broken.content_type), *broken.headers]
    headers.append(("Content-Length", str(len(broken.body))))
    start(f"{broken.status} {HTTPStatus(broken.status).phrase}", headers)
    return _half(broken, weather)


def _half(broken: Broken, weather: Weather) -> Iterator[bytes]:
    yield broken.body[: len(broken.body) // 2]
    if broken.stall:
        weather.wait(broken.stall)
