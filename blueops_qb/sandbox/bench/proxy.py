"""A proxy on loopback between plugin and twin that spoils calls the way networks and gateways do.

Each call meets the next ill of a `Poison`, which is seeded: the same seed spoils the same calls in the order in
which they arrive. What the twin is asked, it is really asked; the proxy only decides what of it gets through.
"""

from __future__ import annotations

import contextlib
import enum
import http.client
import random
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import urlsplit

import attrs

_PAGE = (
    b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>We'll be right back</h1></body></html>"
)
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})


class Ill(enum.Enum):
    """What happens to one call."""

    NONE = "none"
    LATENCY = "latency"  #: it gets through, late
    RESET_BEFORE = "reset_before"  #: the connection is reset before the server hears of it
    RESET_AFTER = "reset_after"  #: the server has acted, then the connection is reset
    TRUNCATED = "truncated"  #: the server has acted, half of its answer arrives
    HTML_200 = "html_200"  #: a page with status 200 instead of the answer, the server never asked
    HTML_200_AFTER = "html_200_after"  #: the same, after the server has acted
    HTML_502 = "html_502"  #: the gateway's page, the server never asked
    HTML_502_AFTER = "html_502_after"  #: the same, after the server has acted
    BURST_503 = "burst_503"  #: this call and the next ones are answered 503
    STALL = "stall"  #: nothing comes back for longer than anybody waits, the server never asked
    STALL_AFTER = "stall_after"  #: the same, after the server has acted


#: Ills after which the server has acted although nothing readable comes back.
ACTED = frozenset({Ill.RESET_AFTER, Ill.TRUNCATED, Ill.HTML_200_AFTER, Ill.HTML_502_AFTER, Ill.STALL_AFTER})
STALLS = frozenset({Ill.STALL, Ill.STALL_AFTER})
#: All but stalls, which are dealt out apart because they cost time.
MIXED: tuple[Ill, ...] = tuple(ill for ill in Ill if ill is not Ill.NONE and ill not in STALLS)


class Spoiler(Protocol):
    """Who decides what happens to a call."""

    #: Set when nobody is to be kept waiting any longer.
    healed: threading.Event

    def next_for(self, target: str, body: bytes) -> tuple[Ill, float]:
        """The ill of this call, and seconds where it has some."""


@attrs.define(kw_only=True)
class LostAnswers:
    """The first answer to each write is lost after the server has acted; what is sent again gets through."""

    ill: Ill = Ill.RESET_AFTER
    healed: threading.Event = attrs.field(factory=threading.Event, repr=False)
    _seen: set[str] = attrs.field(factory=set)
    _lost: int = 0
    _lock: threading.Lock = attrs.field(factory=threading.Lock, repr=False)

    def next_for(self, target: str, body: bytes) -> tuple[Ill, float]:
        """Calls without a write in them always get through."""
        # The same request has the same address, its `requestid` included.
        with self._lock:
            if self.healed.is_set() or b'"operation"' not in body or target in self._seen:
                return Ill.NONE, 0.0
            self._seen.add(target)
            self._lost += 1
            return self.ill, 0.0

    @property
    def lost(self) -> int:
        """How many answers were lost."""
        with self._lock:
            return self._lost

    def heal(self) -> None:
        """From now on every answer arrives."""
        self.healed.set()

    def fall_ill(self) -> None:
        """Lose answers again."""
        self.healed.clear()


@attrs.define(kw_only=True)
class Poison:
    """Deals the ill of each call: `share` of the calls are spoiled, by turns from a shuffled deck of `ills`."""

    seed: int
    share: float
    ills: tuple[Ill, ...] = MIXED
    #: Numbers of the calls that stall, before and after the server has acted by turns.
    stalls: tuple[int, ...] = ()
    #: Seconds: of a late answer at most, of a stall.
    latency: float = 1.0
    stall: float = 3.0
    #: Calls in a burst of 503.
    burst: int = 4
    met: Counter[str] = attrs.field(factory=Counter)
    #: The spoiled calls, newest last, for a run that fails.
    log: deque[str] = attrs.field(factory=lambda: deque(maxlen=200))
    healed: threading.Event = attrs.field(factory=threading.Event, repr=False)
    _chance: random.Random = attrs.field(init=False, repr=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, repr=False)
    _calls: int = 0
    _deck: list[Ill] = attrs.field(factory=list)
    _burst_left: int = 0

    def __attrs_post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def next_for(self, target: str, body: bytes) -> tuple[Ill, float]:
        """The ill of this call, and seconds where it has some."""
        del body
        with self._lock:
            if self.healed.is_set():
                return Ill.NONE, 0.0
            self._calls += 1
            ill = self._draw()
            seconds = {Ill.LATENCY: self._chance.uniform(0.0, self.latency)}.get(ill, 0.0)
            if ill in STALLS:
                seconds = self.stall
            self.met[ill.value] += 1
            if ill is not Ill.NONE:
                self.log.append(f"{self._calls} {ill.value} {target.partition('?')[0]}")
            return ill, seconds

    def _draw(self) -> Ill:
        if self._calls in self.stalls:
            return Ill.STALL_AFTER if self.stalls.index(self._calls) % 2 else Ill.STALL
        if self._burst_left:
            self._burst_left -= 1
            return Ill.BURST_503
        if self._chance.random() >= self.share:
            return Ill.NONE
        if not self._deck:
            self._deck = self._chance.sample(self.ills, len(self.ills))
        ill = self._deck.pop()
        if ill is Ill.BURST_503:
            self._burst_left = self._chance.randint(1, self.burst) - 1
        return ill

    def heal(self) -> None:
        """From now on every call gets through, and nobody is kept waiting."""
        self.healed.set()

    def fall_ill(self) -> None:
        """Spoil calls again."""
        self.healed.clear()

    @property
    def spoiled(self) -> int:
        """How many calls were spoiled."""
        with self._lock:
            return sum(self.met.values()) - self.met[Ill.NONE.value]


@contextmanager
def running_proxy(upstream: str, poison: Spoiler) -> Iterator[str]:
    """Serve on a free loopback port until the block ends; answers the base address."""
    parts = urlsplit(upstream)
    assert parts.hostname
    handler = type("Handler", (_Handler,), {"upstream": (parts.hostname, parts.port or 80), "poison": poison})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="poison-proxy", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        poison.healed.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the trade."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client; `upstream` and `poison` are set by `running_proxy`."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave as two packets; without this the second one waits for an acknowledgement.
    disable_nagle_algorithm = True
    upstream: tuple[str, int]
    poison: Spoiler

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: paths hold the names of customers."""

    def do_GET(self) -> None:
        """Every method is treated alike."""
        self._spoil()

    do_POST = do_GET

    def _spoil(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ill, seconds = self.poison.next_for(self.path, body)
        if ill is Ill.LATENCY:
            self.poison.healed.wait(seconds)
        answer = self._ask(body) if ill in ACTED or ill in (Ill.NONE, Ill.LATENCY) else None
        match ill:
            case Ill.RESET_BEFORE | Ill.RESET_AFTER:
                self._reset()
            case Ill.STALL | Ill.STALL_AFTER:
                self.poison.healed.wait(seconds)
                self._reset()
            case Ill.HTML_200 | Ill.HTML_200_AFTER:
                self._tell(200, [("Content-Type", "text/html")], _PAGE)
            case Ill.HTML_502 | Ill.HTML_502_AFTER:
                self._tell(502, [("Content-Type", "text/html")], _PAGE)
            case Ill.BURST_503:
                self._tell(503, [("Content-Type", "text/plain")], b"Service Unavailable")
            case _:
                assert answer is not None
                self._tell(*answer, whole=ill is not Ill.TRUNCATED)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the twin; its answer as it came."""
        connection = http.client.HTTPConnection(*self.upstream, timeout=60)
        try:
            # The Host header goes on as it is, so that the twin names this proxy as its own address.
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "content-length"):
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            headers = [(n, v) for n, v in response.getheaders() if n.lower() not in _HOP]
            return response.status, headers, response.read()
        finally:
            connection.close()

    def _tell(self, status: int, headers: list[tuple[str, str]], body: bytes, *, whole: bool = True) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if whole else body[: len(body) // 2])
        if not whole:
            self.close_connection = True

    def _reset(self) -> None:
        """Hang up in the way that the other side sees as a reset, not as an end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # The reader holds the socket open as well.
            self.rfile.close()
            self.connection.close()
