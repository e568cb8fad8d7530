"""A webhook address for tests: keeps what is posted to it, answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.define
class Receiver:
    """What came, in order; `answers` are the next statuses, 200 afterwards."""

    url: str = ""
    token: str = "verifier-of-the-test"
    posts: list[tuple[bytes, str]] = attrs.field(factory=list)
    moments: list[float] = attrs.field(factory=list)
    answers: list[int] = attrs.field(factory=list)
    _came: threading.Condition = attrs.field(factory=threading.Condition)

    def take(self, body: bytes, signature: str) -> int:
        with self._came:
            self.posts.append((body, signature))
            self.moments.append(time.monotonic())
            self._came.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def wait_for(self, count: int, *, seconds: float = 60) -> list[Any]:
        """The bodies, once so many have come; their signatures are checked."""
        with self._came:
            enough = self._came.wait_for(lambda: len(self.posts) >= count, timeout=seconds)
            assert enough, f"{len(self.posts)} of {count} webhooks came in {seconds} seconds"
            posts = list(self.posts)
        for body, signature in posts:
            assert signature == self.signature(body)
        return [json.loads(body) for body, _ in posts]

    def signature(self, body: bytes) -> str:
        return base64.b64encode(hmac.new(self.token.encode(), body, hashlib.sha256).digest()).decode()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a loopback port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(body, self.headers.get("intuit-signature", ""))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=60)
