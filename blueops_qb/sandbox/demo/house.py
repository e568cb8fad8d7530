"""The demo's house: core with the plugin, its pages and the books' twin on one loopback port."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

import blueops_qb
from blueops_qb import bootstrap
from blueops_qb.bootstrap import House
from blueops_qb.engine import census, connections, due
from blueops_qb.engine.turn import Turn
from blueops_qb.sandbox.core import keys
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.sandbox.core.seed import practice_company
from blueops_qb.sandbox.demo.theirs import Online, Theirs
from blueops_qb.sandbox.qbo.server import Server
from blueops_qb.sandbox.reader import BooksAddress
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t

HOST = "127.0.0.1"
TENANT = "bluewater"
PLUGIN = "quickbooks"
LOOK = 0.02
#: A day that takes longer than this is stuck.
DEADLINE = 40.0


class DemoStuck(RuntimeError):
    """What should have happened did not happen in time; the message says what is still open."""


@attrs.define(kw_only=True)
class DemoHouse:
    """Everything that runs, and how to reach it."""

    core: ReferenceCore
    theirs: Theirs
    base_url: str
    environment: Mapping[str, str]
    give_up_at: float

    @property
    def plugin(self) -> House:
        """The plugin as it was wired in this process."""
        return bootstrap.house()

    @property
    def books(self) -> BooksAddress:
        """How a bookkeeper or the reader reaches books that are online."""
        address = self.theirs.address
        assert isinstance(address, BooksAddress)
        return address

    @property
    def connection_id(self) -> str:
        """The live connection; raises DemoStuck when there is none."""
        with self.core.engine.connect() as connection:
            row = connections.live(connection, TENANT)
        if row is None:
            raise DemoStuck("the company is not connected to any books")
        return str(row["id"])

    @contextlib.contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn of the live connection, for what a person decides; afterwards the runner looks at once."""
        with self.plugin.engine.turns.open(self.connection_id) as turn:
            assert turn is not None, "a turn without a lease is always given"
            yield turn
        self.wake()

    def wake(self) -> None:
        """Something was committed; the runner looks now."""
        if self.plugin.runner is not None:
            self.plugin.runner.wake()

    # -- waiting -----------------------------------------------------------------------------------
    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait for a condition; raises DemoStuck with what is still open when the demo's time is over."""
        while not condition():
            if time.monotonic() > self.give_up_at:
                raise DemoStuck(f"still waiting for {what}. {self._open_matters()}")
            self.theirs.come_by()
            time.sleep(LOOK)

    def settle(self, what: str = "both sides to be quiet") -> None:
        """Let everything travel, changes in the books included, and wait until nothing moves any more."""
        asked_at = self._hurry()
        self.wake()
        self.until(what, lambda: self._looked_since(asked_at) and self.quiet())

    def quiet(self) -> bool:
        """Nothing is on its way."""
        with self.core.engine.connect() as connection:
            return census.quiet(connection, TENANT, self.connection_id)

    def _hurry(self) -> Any:
        with self.turn() as turn:
            due.hurry(turn)
            return turn.now

    def _looked_since(self, moment: Any) -> bool:
        """Whether the change feed was read after the moment: it is due again only later."""
        f = t.feeds
        query = f.select().with_only_columns(f.c.due_at)
        query = query.where(f.c.connection_id == self.connection_id, f.c.feed == due.CHANGES)
        with self.core.engine.connect() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return found is not None and found > moment

    def _open_matters(self) -> str:
        with self.core.engine.connect() as connection:
            counted = census.states(connection, TENANT)
            row = connections.live(connection, TENANT)
            lines = [line for _, line in census.lines(connection, TENANT)]
        states = ", ".join(f"{count} {state}" for state, count in counted.items() if count) or "no events"
        still = [f"{x.ref} {x.state.value} {x.reason}".strip() for x in lines if x.state.value != "done"]
        health = (
            f"connection {row['state']}, {row['health']} {row['health_reason']}" if row else "no connection"
        )
        return f"Events: {states}; {health.strip()}. " + "; ".join(still[:10])


class _Switchboard:
    """Answers 503 until the house behind it stands: the port must be known before the plugin starts."""

    def __init__(self) -> None:
        self.app: Any = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.app is None:
            start("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"The demo is starting."]
        answer: Iterable[bytes] = self.app(environ, start)
        return answer


@contextlib.contextmanager
def demo_house(
    *, db_url: str, port: int, books: str, seconds: float = DEADLINE, theirs: Theirs | None = None
) -> Iterator[DemoHouse]:
    """Raise the house on an empty database beside `theirs`; by default beside QuickBooks Online's twin, of which
    `books` is the seed (`empty` or `sample`).

    The process's environment carries the plugin's settings until the block ends. Raises DemoStuck when the
    database holds companies already.
    """
    check_port(port)  # a server that cannot bind leaves its sockets open
    board = _Switchboard()
    server = Server(board, host=HOST, port=port)
    theirs = theirs or Online(seed=books)
    environment = {**theirs.environment(server.base_url), **_keys(db_url)}
    with contextlib.ExitStack() as stack:
        thread = threading.Thread(target=server.run, name="demo-server", daemon=True)
        thread.start()
        # Undone from the last to the first: core and its runner stop while the books still answer.
        stack.callback(thread.join, 10)
        stack.callback(server.stop)
        stack.callback(theirs.end)
        stack.enter_context(_environment_set(environment))
        core = open_core(db_url, keys=keys.host_keys(db_url, os.environ))
        stack.callback(core.stop)
        if core.tenants():
            raise DemoStuck("the database holds a company already; name an empty one with --db")
        practice_company(core, TENANT)
        plugins = core.load_plugins([blueops_qb.root()])
        plugin = next(plugin for plugin in plugins if plugin.id == PLUGIN)
        if not plugin.ready:
            raise DemoStuck(f"core did not take the plugin: {plugin.reason}")
        core.set_switch(TENANT, PLUGIN, Switch.ON, actor=f"{TENANT}-admin")
        board.app = make_wsgi(core, dict(theirs.apps()))
        yield DemoHouse(
            core=core,
            theirs=theirs,
            base_url=server.base_url,
            environment=environment,
            give_up_at=time.monotonic() + seconds,
        )


def check_port(port: int) -> None:
    """Raise DemoStuck where a port cannot be taken, before anything of an earlier demo is touched."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except (OSError, OverflowError) as problem:
            why = getattr(problem, "strerror", None) or str(problem)
            raise DemoStuck(f"port {port} cannot be taken ({why}); choose another one with --port") from None


def _keys(db_url: str) -> dict[str, str]:
    """Beside a SQLite file core keeps its key in a file; elsewhere the host must give one."""
    if db_url.startswith("sqlite") or os.environ.get(keys.ENVIRONMENT):
        return {}
    return {keys.ENVIRONMENT: keys.new_key().decode()}


@contextlib.contextmanager
def _environment_set(values: Mapping[str, str]) -> Iterator[None]:
    wanted = {**values, bootstrap.RUNNER_KEY: "threads"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
