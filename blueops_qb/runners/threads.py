"""Thread runner: a small pool inside the host's process, started after it forked.

It only says "work this connection now"; all durable state is in the tables, so a thread that dies costs a
moment and never a record.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from blueops_qb.engine import connections, rounds, sweep
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.intake import intake
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.runners.carry import Carrier

log = logging.getLogger(__name__)

#: How often the tables are looked at when nobody wakes the runner, in seconds.
POLL = 0.5
#: How often the switches are read again, in seconds.
IN_STEP = 20.0
#: How often a round is made of every connection for what nobody waits for, in seconds.
ROUND = 2.0
#: How many exchanges one turn of a connection carries before others get theirs.
FAIR_SHARE = 10


class ThreadRunner:
    """Works all switched-on connections.

    A connection has one thread, and further ones only while all it has wait for the books and others keep a free
    one. What the books' pace puts off is looked at again when its token is due, neither before nor much later.
    """

    def __init__(self, engine: Engine, *, threads: int = 8, poll: float = POLL, every: float = ROUND) -> None:
        self._engine = engine
        self._threads = threads
        self._poll = poll
        self._every = every
        self._carrier = Carrier(engine)
        self._pool: ThreadPoolExecutor | None = None
        self._loop: threading.Thread | None = None
        #: Rounds have a thread of their own: comparing a month never keeps one that carries.
        self._rounds: threading.Thread | None = None
        self._stop = threading.Event()
        self._nudge = threading.Event()
        self._lock = threading.Lock()
        #: When somebody woke the runner, and when it looked last.
        self._woken_at = self._looked_at = 0.0
        #: Threads at work by connection.
        self._working: Counter[str] = Counter()
        #: Not to be looked at before, by connection; `_shut` also when somebody wakes the runner.
        self._next: dict[str, float] = {}
        self._shut: dict[str, float] = {}
        self._swept: dict[str, float] = {}
        self._in_step = time.monotonic()
        self._pid = 0

    def start(self) -> None:
        """Start, once per process; after a fork the child starts its own threads."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._stop, self._nudge, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._working, self._next, self._shut = Counter(), {}, {}
        self._carrier = Carrier(self._engine)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="blueops-qb")
        self._loop = threading.Thread(target=self._run, name="blueops-qb-runner", daemon=True)
        self._loop.start()
        self._rounds = threading.Thread(target=self._go_round, name="blueops-qb-rounds", daemon=True)
        self._rounds.start()

    def wake(self) -> None:
        """Something was committed; look now."""
        with self._lock:
            self._woken_at = time.monotonic()
        self._nudge.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Stop after the exchanges that are on their way have been heard."""
        if self._pid != os.getpid() or self._pool is None:
            return
        self._stop.set()
        self._nudge.set()
        if self._loop is not None:
            self._loop.join(timeout)
        if self._rounds is not None:
            self._rounds.join(timeout)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._carrier.close()
        self._pid = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = self._poll
            try:
                wait = self._look()
            except Exception as problem:
                log_trouble(log, "the runner could not look for work; it tries again", problem=problem)
            self._nudge.wait(wait)
            self._nudge.clear()

    def _go_round(self) -> None:
        while not self._stop.wait(self._every):
            try:
                with self._engine.core.engine.connect() as connection:
                    open_connections = connections.all_open(connection)
            except Exception as problem:
                log_trouble(log, "no round could be made; it is tried again", problem=problem)
                continue
            for connection_id, _ in open_connections:
                if self._stop.is_set():
                    return
                try:
                    if rounds.go(self._engine, connection_id):
                        self.wake()
                except Exception as problem:
                    log_trouble(log, "no round of connection %s", connection_id, problem=problem)

    def _look(self) -> float:
        """Set threads to what is due; answers how long nothing else is."""
        assert self._pool is not None
        with self._engine.core.engine.connect() as connection:
            open_connections = connections.all_open(connection)
            if time.monotonic() - self._in_step >= IN_STEP:
                # A switch that was turned in another process is heard of here too.
                self._in_step = time.monotonic()
                intake.switched_on(connections.switched_on(connection))
        now = time.monotonic()
        with self._lock:
            if self._woken_at >= self._looked_at:
                self._next.clear()
            self._looked_at = now
            due = [pair for pair in open_connections if self._may_work(pair[0], now)]
            self._working.update(connection_id for connection_id, _ in due)
            soonest = min(
                (self._opens(id) for id, _ in open_connections if not self._working[id]),
                default=now + self._poll,
            )
        for connection_id, tenant_id in due:
            self._pool.submit(self._work, connection_id, tenant_id)
        return max(0.001, min(self._poll, soonest - now))

    def _opens(self, connection_id: str) -> float:
        """When a connection is to be looked at."""
        return max(self._next.get(connection_id, 0.0), self._shut.get(connection_id, 0.0))

    def _may_work(self, connection_id: str, now: float) -> bool:
        """Whether one more thread may work the connection; the lock is held."""
        if now < self._opens(connection_id):
            return False
        threads = self._working[connection_id]
        return not threads or (
            threads == self._carrier.under_way(connection_id)
            and threads < self._engine.open_exchanges(connection_id)
            and self._working.total() + 1 < self._threads
        )

    def _work(self, connection_id: str, tenant_id: str) -> None:
        began, shut, pause = time.monotonic(), 0.0, 0.0
        try:
            self._sweep_core(tenant_id)
            if self._carrier.drain(connection_id, most=FAIR_SHARE) < FAIR_SHARE:
                shut, pause = self._engine.wait(connection_id), self._poll
        except Exception as problem:
            shut = 5.0
            log_trouble(
                log,
                "connection %s could not be worked; it is tried again in five seconds",
                connection_id,
                problem=problem,
            )
        finally:
            now = time.monotonic()
            with self._lock:
                self._working[connection_id] -= 1
                self._shut[connection_id] = now + shut
                # Woken meanwhile: what was committed may have come too late for this turn.
                self._next[connection_id] = now + (0.0 if shut or self._woken_at >= began else pause)
            self._nudge.set()

    def _sweep_core(self, tenant_id: str) -> None:
        every = self._engine.settings.core_sweep_seconds
        if time.monotonic() - self._swept.get(tenant_id, -every) >= every:
            self._swept[tenant_id] = time.monotonic()
            sweep.sweep(self._engine.core, tenant_id)
