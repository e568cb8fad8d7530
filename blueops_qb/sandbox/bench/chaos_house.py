"""Chaos house: plugin, proxy and twin for the benches that spoil calls, worked by the thread runner."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import sqlalchemy as sa

from blueops_qb.engine import connections, matching
from blueops_qb.engine.census import quiet
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbo.provider import QboProvider, make_provider
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.runners.carry import Carrier
from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sandbox.bench.chaos_work import prepare
from blueops_qb.sandbox.bench.figures import Figures
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house, qbo_environment
from blueops_qb.sandbox.bench.kill_work import TwinBooks
from blueops_qb.sandbox.bench.proxy import Spoiler, running_proxy
from blueops_qb.sandbox.bench.twins import twin_process
from blueops_qb.sandbox.postgres import PostgresUnavailable, running_postgres

#: What the provider waits at full times, in seconds: for an answer, for a connection.
READ_TIMEOUT, CONNECT_TIMEOUT = 130.0, 10.0


@attrs.frozen(kw_only=True)
class ChaosHouse:
    """One company of one run."""

    house: BenchHouse
    connection_id: str
    #: The twin itself, past the proxy.
    ready: dict[str, str]
    books: TwinBooks
    runner: ThreadRunner

    def quiet(self) -> bool:
        """Nothing is on its way or waiting."""
        with self.house.core.engine.connect() as connection:
            return bool(quiet(connection, TENANT, self.connection_id))

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; False when it takes longer."""
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                return False
            time.sleep(0.02)
        return True


def databases(db: str | None, figures: Figures) -> Iterator[tuple[str, str]]:
    """(name, fresh database) of SQLite and PostgreSQL, or `db` alone."""
    with ExitStack() as stack:
        if db:
            yield sa.make_url(db).get_backend_name(), db
            return
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="blueops-qb-chaos-"))
        yield "sqlite", f"sqlite:///{Path(folder) / 'chaos.db'}"
        try:
            server = stack.enter_context(running_postgres())
        except PostgresUnavailable as problem:
            figures.values["postgresql"] = f"left out: {problem}"
            return
        yield "postgresql", server.create("chaos")


@contextmanager
def chaos_house(
    url: str, poison: Spoiler, *, scale: float, switches: tuple[str, ...] = (), apart: bool = False
) -> Iterator[ChaosHouse]:
    """A company that has just gone live, its runner at work. `apart`: one operation to an exchange, no sweeps."""
    with ExitStack() as stack:
        ready = stack.enter_context(twin_process(switches=switches))
        proxied = stack.enter_context(running_proxy(ready["base_url"], poison))
        settings = EngineSettings(
            time_scale=scale, core_sweep_seconds=1e9, sweep_seconds=1e9 if apart else 60.0
        )
        environment = _environment(proxied, ready, scale)
        house = stack.enter_context(
            bench_house(
                url,
                environment=environment,
                settings=settings,
                extra=lambda: {"qbo": _apart(environment)} if apart else {},
            )
        )
        connection_id = _bind(house, ready)
        books = TwinBooks(ready)
        carrier = Carrier(house.engine)
        carrier.drain(connection_id, patiently=True)
        with house.engine.turns.open(connection_id) as turn:
            assert turn is not None
            matching.build(turn)
            matching.approve(turn, actor="bench")
        prepare(house, connection_id, books)
        carrier.drain(connection_id, patiently=True)
        carrier.close()
        runner = ThreadRunner(house.engine, poll=min(0.5, max(0.02, 0.5 * scale)))
        runner.start()
        stack.callback(runner.stop)
        # Whoever stalls lets go before the runner is asked to end.
        stack.callback(poison.healed.set)
        yield ChaosHouse(house=house, connection_id=connection_id, ready=ready, books=books, runner=runner)


def _apart(environment: Mapping[str, str]) -> QboProvider:
    """The provider with one operation to an exchange."""
    provider = make_provider(environment)
    return attrs.evolve(provider, limits=attrs.evolve(provider.limits, operations_per_exchange=1))


def _environment(base_url: str, ready: Mapping[str, str], scale: float) -> dict[str, str]:
    """The host configuration: default paces at full times, none where time is scaled."""
    found = qbo_environment(base_url) | {
        "BLUEOPS_QB_QBO_CLIENT_ID": ready["client_id"],
        "BLUEOPS_QB_QBO_CLIENT_SECRET": ready["client_secret"],
        "BLUEOPS_QB_QBO_READ_TIMEOUT": str(READ_TIMEOUT * scale),
        "BLUEOPS_QB_QBO_CONNECT_TIMEOUT": str(max(1.0, CONNECT_TIMEOUT * scale)),
    }
    return {name: "" if scale >= 1 and name in NO_PACE else value for name, value in found.items()}


def _bind(house: BenchHouse, ready: Mapping[str, str]) -> str:
    """Signed in with tokens that have to be renewed at once."""
    tokens = {
        "access_token": "expired",
        "refresh_token": ready["refresh_token"],
        "obtained_at": "2020-01-01T00:00:00+00:00",
        "expires_at": "2020-01-01T01:00:00+00:00",
    }
    signed_in = connections.SignedIn(
        company_id=ready["realm"], company_name="Chaos", secrets={"tokens": json.dumps(tokens).encode()}
    )
    return connections.bind(house.core, TENANT, "qbo", signed_in, actor="bench", keys=house.engine.keys)
