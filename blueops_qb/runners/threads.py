"""Thread runner: a small pool inside the host's process, started after it forked.

It only says "work this connection now"; all durable state is in the tables, so a thread that dies costs a
moment and never a record.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from blueops_qb.engine import connections, sweep
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.intake import intake
from blueops_qb.runners.carry import Carrier

log = logging.getLogger(__name__)

#: How often the tables are looked at when nobody wakes the runner, in seconds.
POLL = 0.5
#: How often the switches are read again, in seconds.
IN_STEP = 20.0
#: How many exchanges one turn of a connection carries before others get theirs.
FAIR_SHARE = 10


class ThreadRunner:
    """Works all switched-on connections."""

    def __init__(self, engine: Engine, *, threads: int = 4, poll: float = POLL) -> None:
        self._engine = engine
        self._threads = threads
        self._poll = poll
        self._carrier = Carrier(engine)
        self._pool: ThreadPoolExecutor | None = None
        self._loop: threading.Thread | None = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._busy: dict[str, Future[None]] = {}
        self._swept: dict[str, float] = {}
        self._failed: dict[str, float] = {}
        self._in_step = time.monotonic()
        self._pid = 0

    def start(self) -> None:
        """Start, once per process; after a fork the child starts its own threads."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._stop, self._wake, self._busy = threading.Event(), threading.Event(), {}
        self._carrier = Carrier(self._engine)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="blueops-qb")
        self._loop = threading.Thread(target=self._run, name="blueops-qb-runner", daemon=True)
        self._loop.start()

    def wake(self) -> None:
        """Something was committed; look now."""
        self._wake.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Stop after the exchanges that are on their way have been heard."""
        if self._pid != os.getpid() or self._pool is None:
            return
        self._stop.set()
        self._wake.set()
        if self._loop is not None:
            self._loop.join(timeout)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._carrier.close()
        self._pid = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except Exception:
                log.exception("the runner could not look for work; it tries again")
            self._wake.wait(self._poll)
            self._wake.clear()

    def _look(self) -> None:
        assert self._pool is not None
        with self._engine.core.engine.connect() as connection:
            open_connections = connections.all_open(connection)
            if time.monotonic() - self._in_step >= IN_STEP:
                # A switch that was turned in another process is heard of here too.
                self._in_step = time.monotonic()
                intake.switched_on(connections.switched_on(connection))
        for connection_id, tenant_id in open_connections:
            running = self._busy.get(connection_id)
            if running is not None and not running.done():
                continue
            if time.monotonic() < self._failed.get(connection_id, 0.0):
                continue
            self._busy[connection_id] = self._pool.submit(self._work, connection_id, tenant_id)

    def _work(self, connection_id: str, tenant_id: str) -> None:
        try:
            self._sweep_core(tenant_id)
            if self._carrier.drain(connection_id, most=FAIR_SHARE) == FAIR_SHARE:
                self._wake.set()
        except Exception:
            self._failed[connection_id] = time.monotonic() + 5
            log.exception(
                "connection %s could not be worked; it is tried again in five seconds", connection_id
            )

    def _sweep_core(self, tenant_id: str) -> None:
        every = self._engine.settings.core_sweep_seconds
        if time.monotonic() - self._swept.get(tenant_id, -every) >= every:
            self._swept[tenant_id] = time.monotonic()
            sweep.sweep(self._engine.core, tenant_id)
