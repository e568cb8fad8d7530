"""`bench webhook`: messages at the gate over real HTTP, while the same process works what they tell.

Core's server runs in a process of its own with the plugin and its runner in it, connected to a twin. Messages are sent
at fixed moments, whatever became of the ones before; a time is counted from the moment a message was due. Every
message must be answered with 200 and every record it names must have been kept.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import attrs
import sqlalchemy as sa

from blueops_qb.sandbox.bench.databases import databases
from blueops_qb.sandbox.bench.figures import Figures, median, percentile
from blueops_qb.sandbox.bench.house import bench_house, connect, qbo_environment
from blueops_qb.sandbox.core.database import make_engine
from blueops_qb.sandbox.core.keys import ENVIRONMENT, new_key
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.store import tables as t

#: A message must be answered within this many milliseconds in 99 of 100 cases; Intuit itself waits three seconds.
MOST_P99_MS = 200.0
VERIFIER = "bench-verifier-token"
ADDRESS = "/gates/quickbooks/qbo/webhook"
SENDERS = 16
#: Of so many messages one is the repetition of an earlier one.
REPEATED = 10
SERVE = (
    "import sys; from blueops_qb import root; from blueops_qb.sandbox.core.command import run; "
    "run(db=sys.argv[1], port=0, folders=(root(),))"
)


@attrs.frozen
class Message:
    """A body with its signature, and the marks of the records it names."""

    body: bytes
    signature: str
    records: frozenset[str]


def run(*, rate: int, seconds: float, db: str | None, with_postgres: bool, seed: int) -> int:
    """Measure on SQLite and PostgreSQL (or on `db` alone), print the figures; answers the exit code."""
    figures = Figures()
    with ExitStack() as stack:
        twin = stack.enter_context(running_twin(seed="empty"))
        for name, url in databases(stack, db, with_postgres, figures):
            figures.values[name] = _measure(figures, name, url, twin, rate=rate, seconds=seconds, seed=seed)
    return figures.close(seed=seed)


def _measure(
    figures: Figures, name: str, url: str, twin: RunningTwin, *, rate: int, seconds: float, seed: int
) -> dict[str, Any]:
    key = new_key()
    environment = qbo_environment(twin.base_url)
    with bench_house(url, environment=environment, keys=[key]) as house:
        connect(house, realm=twin.realm, token=twin.access_token)
    messages = _messages(twin.realm, int(rate * seconds), random.Random(seed))
    settings = {
        **environment,
        "BLUEOPS_QB_RUNNER": "threads",
        "BLUEOPS_QB_QBO_WEBHOOK_TOKENS": VERIFIER,
        ENVIRONMENT: key.decode(),
    }
    with _served(url, settings) as base:
        # The first request of a server makes the plugin's apps; that is not the gate's time.
        _send(base, _messages(twin.realm, 1, random.Random(seed - 1))[0])
        answers = _sent(base, messages, rate)
    kept = _kept(url)
    named = frozenset().union(*(message.records for message in messages))
    times = [took * 1000 for took, _ in answers]
    p99 = percentile(times, 0.99)
    refused = sum(status != 200 for _, status in answers)
    figures.limit(not refused, f"{name}: {refused} of {len(answers)} messages were not answered with 200")
    figures.limit(named <= kept, f"{name}: {len(named - kept)} of {len(named)} records were not kept")
    figures.limit(
        p99 <= MOST_P99_MS, f"{name}: the 99th percentile is {p99:.0f} ms, at most {MOST_P99_MS:.0f}"
    )
    return {
        "messages": len(answers),
        "per_second": rate,
        "records": len(named),
        "p50_ms": round(median(times), 1),
        "p99_ms": round(p99, 1),
        "max_ms": round(max(times), 1),
        "looks": _looks(url),
    }


# -- messages ------------------------------------------------------------------------------------------
def _messages(realm: str, number: int, chance: random.Random) -> list[Message]:
    """Messages of both formats with one to five records each, some of them repetitions."""
    made: list[Message] = []
    for n in range(number):
        if made and n % REPEATED == REPEATED - 1:
            made.append(chance.choice(made))
            continue
        ids = [f"{chance.randrange(10**9)}" for _ in range(chance.randint(1, 5))]
        body = json.dumps(_classic(realm, ids) if n % 2 else _events(realm, ids)).encode()
        digest = hmac.new(VERIFIER.encode(), body, hashlib.sha256).digest()
        made.append(Message(body, base64.b64encode(digest).decode(), frozenset(ids)))
    return made


def _classic(realm: str, ids: list[str]) -> dict[str, Any]:
    moment = "2026-01-02T03:04:05.000Z"
    entities = [{"name": "Invoice", "id": i, "operation": "Update", "lastUpdated": moment} for i in ids]
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": entities}}]}


def _events(realm: str, ids: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "specversion": "1.0",
            "id": f"event-{i}",
            "source": "intuit.bench",
            "type": "qbo.payment.created.v1",
            "time": "2026-01-02T03:04:05.179851517Z",
            "intuitentityid": i,
            "intuitaccountid": realm,
        }
        for i in ids
    ]


# -- sending -------------------------------------------------------------------------------------------
@contextlib.contextmanager
def _served(url: str, settings: Mapping[str, str]) -> Iterator[str]:
    """Core's server as a process of its own; answers its address."""
    command = [sys.executable, "-c", SERVE, url]
    with subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            if not first.startswith("READY "):
                raise RuntimeError("core's server did not start; run `blueops-qb sandbox core` to see why")
            yield str(json.loads(first.removeprefix("READY "))["url"]).rstrip("/")
        finally:
            process.terminate()
            process.wait(60)


_own = threading.local()


def _sent(base: str, messages: list[Message], rate: int) -> list[tuple[float, int]]:
    """(seconds from the moment it was due, status) of every message."""
    began = time.perf_counter() + 0.2

    def at(place: tuple[int, Message]) -> tuple[float, int]:
        n, message = place
        due = began + n / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        status = _send(base, message)
        return time.perf_counter() - due, status

    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(at, enumerate(messages)))


def _send(base: str, message: Message) -> int:
    """The status, over a connection that each sender keeps; 0 where none came."""
    parts = urlsplit(base)
    kept: dict[str, http.client.HTTPConnection] = _own.__dict__.setdefault("kept", {})
    if base not in kept:
        kept[base] = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection = kept[base]
    headers = {"Content-Type": "application/json", "intuit-signature": message.signature}
    try:
        connection.request("POST", ADDRESS, message.body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status


# -- what became of them -------------------------------------------------------------------------------
def _kept(url: str) -> set[str]:
    engine = make_engine(url)
    with engine.connect() as connection:
        payloads = connection.execute(sa.select(t.hints.c.payload)).scalars().all()
    engine.dispose()
    return {str(json.loads(payload)["id"]) for payload in payloads}


def _looks(url: str) -> int:
    """How often the changes were asked for."""
    o = t.operations
    engine = make_engine(url)
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).where(o.c.verb == "changes", o.c.state == "done")
        found = connection.execute(query).scalar_one()
    engine.dispose()
    return int(found)
