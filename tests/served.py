"""Serves a WSGI app on a loopback port, as core's own server serves it."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from blueops_qb.sandbox.qbo.server import Server


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of the app while the block runs."""
    server = Server(app)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.base_url
    finally:
        server.stop()
        thread.join(60)


def lasting_port() -> int:
    """A free port for what ends and begins again at the same address.

    It lies below those that systems hand out by themselves, so that nobody is given it in between.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
