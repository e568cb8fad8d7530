"""`bench kill`: one rolling run in which the worker is killed before and after every commit and every call.

The worker is a forked process that ends itself with SIGKILL at a point; the next one starts where the tables stand.
With `places` each distinct place kills so many times. Without, workers die at their first, second, third ... point
in turn, over and over: an exchange has six points (before and after the commit that hands it out, its call, and
the commit that hears it), so that every exchange of the run is cut at each of them before one gets through.
Commits in which nothing moved, by which a worker waits, are met twice and then not counted. At
the end a worker runs undisturbed and both sides are counted by independent means.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import requests
import sqlalchemy as sa

from blueops_qb.engine import connections, matching, sweep
from blueops_qb.engine.census import quiet
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench import kill_work
from blueops_qb.sandbox.bench.figures import Figures
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, bench_house, qbo_environment
from blueops_qb.sandbox.bench.kill_points import IDLE, PointedCore, PointedTransport, die
from blueops_qb.sandbox.postgres import PostgresUnavailable, running_postgres
from blueops_qb.store import tables as t

#: The points of one exchange, and two of the next.
ROUND = 8
#: What a worker writes when it has heard the end of an exchange.
HEARD = "HEARD"
#: Everything that waits is scaled by this; the code is the same.
TIME_SCALE = 0.02
PORTIONS = 5


@attrs.define(kw_only=True)
class Plan:
    """Where the next worker dies."""

    places: int
    #: How many points the next worker gets further than the one before.
    every: int
    killed: Counter[str] = attrs.field(factory=Counter)
    next_point: int = 1
    _heard: bool = False

    def hit(self, place: str, number: int) -> bool:
        """Whether the worker dies at its `number`-th point, called `place`."""
        if self.places:
            return self.killed[place] < self.places
        return number >= self.next_point

    def counts(self, place: str) -> bool:
        """Whether the point is one of an exchange; commits that moved nothing are met often enough."""
        return bool(self.places) or IDLE not in place or self.killed[place] < 2

    def died(self, place: str, *, heard: bool) -> None:
        """A worker died; the next one gets one point further, until a round in which an exchange was heard ends.

        What has more points than a round (the renewal of the sign-in keeps secrets between) is cut at each of
        them too, once, and then gets through.
        """
        self.killed[place] += 1
        self._heard = self._heard or heard
        if self._heard and self.next_point >= ROUND:
            self.next_point, self._heard = self.every, False
        else:
            self.next_point += self.every


def run(
    *,
    db: str | None,
    every: int,
    places: int,
    documents: int,
    changes: int,
    seconds: float,
    switches: tuple[str, ...],
) -> int:
    """Run on SQLite and PostgreSQL (or on `db` alone); print the figures; answers the exit code."""
    figures = Figures()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="blueops-qb-kill-"))
        for name, url in _databases(stack, folder, db, figures):
            with _twin(switches) as ready:
                rolling = Rolling(
                    url=url, ready=ready, plan=Plan(places=places, every=every), seconds=seconds
                )
                figures.values[name] = rolling.run(documents, changes)
                result = figures.values[name]
                for what in ("lost", "doubled", "person"):
                    figures.limit(not result[what], f"{name}: {what}: {result[what][:5]}")
    return figures.close()


def _databases(stack: ExitStack, folder: str, db: str | None, figures: Figures) -> Iterator[tuple[str, str]]:
    if db:
        yield sa.make_url(db).get_backend_name(), db
        return
    yield "sqlite", f"sqlite:///{Path(folder) / 'kill.db'}"
    try:
        server = stack.enter_context(running_postgres())
    except PostgresUnavailable as problem:
        figures.values["postgresql"] = f"left out: {problem}"
        return
    yield "postgresql", server.create("kill")


@contextmanager
def _twin(switches: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """A twin in a process of its own."""
    command = "from blueops_qb.cli import main; main()"
    arguments = [sys.executable, "-c", command, "sandbox", "qbo", "--seed", "names"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready: dict[str, str] = json.loads(process.stdout.readline().removeprefix("READY "))
            for switch in switches:
                answer = requests.post(f"{ready['base_url']}/twin/switches", json={switch: True}, timeout=10)
                answer.raise_for_status()
            yield ready
        finally:
            process.terminate()
            process.wait(10)


@attrs.frozen(kw_only=True)
class Death:
    """Where a worker died, and whether it had heard the end of an exchange before."""

    place: str
    heard: bool


@attrs.define(kw_only=True)
class Rolling:
    """One rolling run on one database."""

    url: str
    ready: Mapping[str, str]
    plan: Plan
    seconds: float
    _workers: int = 0

    def run(self, documents: int, changes: int) -> dict[str, Any]:
        """Set up, kill, finish, count."""
        started = time.monotonic()
        in_child(self._set_up)
        raised = made = 0
        for portion in range(PORTIONS):
            upto = documents * (portion + 1) // PORTIONS
            start, raised = raised, upto
            in_child(partial(self._raise, start, upto - start))
            self._kill_until_quiet(started)
            upto = changes * (portion + 1) // PORTIONS
            start = changes * portion // PORTIONS
            made += kill_work.make_changes(kill_work.TwinBooks(self.ready), start, upto - start)
            in_child(self._hurry)
            self._kill_until_quiet(started)
        result: dict[str, Any] = in_child(self._count)
        return {
            "documents": documents,
            "changes": made,
            "kills": sum(self.plan.killed.values()),
            "places": len(self.plan.killed),
            "workers": self._workers,
            "seconds": round(time.monotonic() - started, 1),
            **result,
        }

    def _kill_until_quiet(self, started: float) -> None:
        """Start workers until one finishes; past the time limit they are left alone."""
        while True:
            spared = bool(self.seconds) and time.monotonic() - started > self.seconds
            end = self._worker(spared=spared)
            if end is None:
                return
            self.plan.died(end.place, heard=end.heard)

    def _worker(self, *, spared: bool) -> Death | None:
        """Run one worker; answers how it died, None when it finished."""
        self._workers += 1
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            with contextlib.suppress(BaseException):
                self._work(writing, spared=spared)
                os.write(writing, b"END\n")
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            lines = pipe.read().splitlines()
        os.waitpid(pid, 0)
        if not lines or (lines[-1] not in ("END",) and not lines[-1].startswith("DIED ")):
            raise RuntimeError(f"a worker ended by itself: {lines[-1:] or 'without a word'}")
        if lines[-1] == "END":
            return None
        return Death(place=lines[-1].removeprefix("DIED "), heard=HEARD in lines)

    def _work(self, pipe: int, *, spared: bool) -> None:
        context = ["nothing yet"]
        points = 0

        def passed(place: str) -> None:
            nonlocal points
            if place.startswith("after commit of finish"):
                os.write(pipe, f"{HEARD}\n".encode())
            points += self.plan.counts(place)
            if not spared and self.plan.hit(place, points):
                os.write(pipe, f"DIED {place}\n".encode())
                die()

        try:
            with self._house() as house:
                core = PointedCore(house.core, passed, context)
                engine = Engine(core=core, providers=house.engine.providers, settings=_settings())
                self._drain(engine, house, lambda tr: PointedTransport(tr, passed, context))
        except Exception as problem:
            os.write(pipe, f"FAILED {problem!r} {traceback.format_exc()!r}\n".encode())
            os._exit(1)

    def _drain(self, engine: Engine, house: BenchHouse, wrap: Callable[[Any], Any]) -> None:
        connection_id = self._connection_id(house)
        carrier = Carrier(engine)
        transport = engine.turns.provider(connection_id).transport(
            engine.vault(connection_id), engine.company_of(connection_id)
        )
        carrier.use(connection_id, wrap(transport))
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            sweep.sweep(engine.core, TENANT)
            carrier.drain(connection_id)
            with engine.core.engine.connect() as connection:
                if quiet(connection, TENANT, connection_id) and self._changes_seen(connection):
                    return
                health = connections.live(connection, TENANT)
                if health is not None and health["health"] in ("sign_in", "stopped"):
                    raise RuntimeError(f"the connection needs a person: {health['health_reason']}")
            time.sleep(0.01)
        raise RuntimeError("the worker did not come to rest within two minutes")

    def _changes_seen(self, connection: sa.Connection) -> bool:
        f = t.feeds
        due = connection.execute(
            sa.select(f.c.due_at, f.c.moved_at).where(f.c.feed == "changes")
        ).one_or_none()
        return due is not None and due.due_at > due.moved_at

    # -- in children -------------------------------------------------------------------------------
    @contextmanager
    def _house(self) -> Iterator[BenchHouse]:
        environment = qbo_environment(self.ready["base_url"]) | {
            "BLUEOPS_QB_QBO_CLIENT_ID": self.ready["client_id"],
            "BLUEOPS_QB_QBO_CLIENT_SECRET": self.ready["client_secret"],
            "BLUEOPS_CORE_KEYS": KEY,
        }
        with bench_house(
            self.url, environment=environment, settings=_settings(), keys=[KEY.encode()]
        ) as house:
            yield house

    def _connection_id(self, house: BenchHouse) -> str:
        with house.core.engine.connect() as connection:
            row = connections.live(connection, TENANT)
        assert row is not None
        return str(row["id"])

    def _set_up(self) -> None:
        with self._house() as house:
            tokens = {
                "access_token": self.ready["access_token"],
                "refresh_token": self.ready["refresh_token"],
            }
            signed_in = connections.SignedIn(
                company_id=self.ready["realm"],
                company_name="Kill",
                secrets={"tokens": json.dumps(tokens).encode()},
            )
            connection_id = connections.bind(
                house.core, TENANT, "qbo", signed_in, actor="bench", keys=house.engine.keys
            )
            books = kill_work.TwinBooks(self.ready)
            accounts = {a["AcctNum"]: a["Id"] for a in books.all("Account") if a.get("AcctNum")}
            Carrier(house.engine).drain(connection_id)
            with house.engine.turns.open(connection_id) as turn:
                assert turn is not None
                matching.build(turn)
                matching.approve(turn, actor="bench")
            kill_work.prepare(house, connection_id, accounts)
            # About to expire, so that the renewal is among the places.
            stale = {**tokens, "expires_at": "2020-01-01T00:00:00+00:00"}
            house.engine.vault(connection_id).put("tokens", json.dumps(stale).encode())

    def _raise(self, start: int, number: int) -> None:
        with self._house() as house:
            kill_work.raise_documents(house, start, number)

    def _hurry(self) -> None:
        with self._house() as house, house.core.engine.begin() as connection:
            connection.execute(t.feeds.update().values(due_at=t.feeds.c.moved_at))

    def _count(self) -> dict[str, Any]:
        with self._house() as house:
            return kill_work.differences(house, kill_work.TwinBooks(self.ready))


#: The secret key of the run's core.
KEY = "a2lsbC10ZXN0LWtleS1raWxsLXRlc3Qta2V5LWtpbGw="


def _settings() -> EngineSettings:
    return EngineSettings(time_scale=TIME_SCALE, sweep_seconds=1e6, core_sweep_seconds=1e9)


def in_child(act: Callable[[], Any]) -> Any:
    """Run in a forked process, so that this one never holds a database connection; answers what it answered."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            answer = json.dumps({"value": act()})
        except BaseException as problem:
            answer = json.dumps({"failed": f"{problem!r}", "trace": traceback.format_exc()})
        with os.fdopen(writing, "w") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.loads(pipe.read() or '{"failed": "it ended without a word"}')
    os.waitpid(pid, 0)
    if "failed" in answer:
        raise RuntimeError(f"{answer['failed']}\n{answer.get('trace', '')}")
    return answer["value"]
