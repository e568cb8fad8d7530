"""Serves a WSGI app on a loopback port, as core's own server serves it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
        thread.join(10)
