"""A company whose access token ends: who renews it is counted at the twin's token endpoint.

Run as a program (`python -m tests.token_house ACTION URL TENANT CONNECTION REALM`) it is another process of the host,
on the same tables: it works, renews, or is killed between Intuit's answer and the storing of it.
"""

import datetime as dt
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import requests

from blueops_qb import bootstrap
from blueops_qb.engine import census
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.vault import SealedVault
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.tokens import from_answer, keep, stored
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.store import tables as t
from tests.bad_day import sign_in
from tests.core_house import KEY
from tests.office import PLUGIN, ROOT, Office, office

WORKERS = 20
#: The workers are spread over so many processes where they are processes.
PROCESSES = 2
_NUMBERS = itertools.count(1)
#: A fiftieth of every wait; nothing is asked but what the test raises.
QUICK = EngineSettings(time_scale=0.02, sweep_seconds=1e9, backoff_longest_seconds=5.0)
AGAIN = "sign in on the connection page"


@contextmanager
def live(url: str) -> Iterator[Office]:
    """A company that has just signed in and gone live; two operations to an exchange, so that several are out."""
    with office(url, seed="empty") as shop:
        quick(shop.engine)
        sign_in(shop)
        shop.go_live()
        yield shop


def quick(engine: Engine) -> None:
    engine.turns = attrs.evolve(engine.turns, settings=QUICK)
    description = engine.turns.describe("qbo")
    few = attrs.evolve(description.limits, operations_per_exchange=2, paces=())
    engine.turns._descriptions["qbo"] = attrs.evolve(description, limits=few)


def patient(engine: Engine) -> None:
    """An answer is waited for longer than a machine stands still: no call is given up that others still carry."""
    description = engine.turns.describe("qbo")
    limits = attrs.evolve(description.limits, deadline_seconds=120.0 / QUICK.time_scale)
    engine.turns._descriptions["qbo"] = attrs.evolve(description, limits=limits)


def renewals(shop: Office) -> int:
    """Calls that arrived at the token endpoint so far."""
    calls = requests.get(f"{shop.twin.base_url}/twin/stats", timeout=60).json()["calls"]
    return sum(n for name, n in calls.items() if name.endswith("/tokens/bearer"))


def expire(shop: Office, *, known: bool) -> None:
    """The access token ends; `known`: by our clock too, else only the books know."""
    shop.twin_call("tokens/expire")
    if known:
        vault = shop.engine.vault(shop.id)
        tokens = stored(vault)
        assert tokens is not None
        keep(vault, attrs.evolve(tokens, expires_at=shop.core.now(), obtained_at=_long_ago(shop)))


def _long_ago(shop: Office) -> dt.datetime:
    return shop.core.now() - dt.timedelta(hours=1)


def quiet(shop: Office) -> bool:
    with shop.core.engine.connect() as connection:
        return bool(census.quiet(connection, shop.tenant, shop.id))


def customers(shop: Office, number: int) -> list[str]:
    """New customers to be written; answers their names."""
    names = [f"Racer {next(_NUMBERS)}" for _ in range(number)]
    for name in names:
        shop.customer(name, email="")
    return names


def in_books(shop: Office, names: list[str]) -> list[str]:
    """Those of the names that the books have, as often as they have them."""
    held = requests.get(f"{shop.twin.base_url}/twin/dump", timeout=60).json()["records"]["Customer"]
    return [row["DisplayName"] for row in held if row["DisplayName"] in names]


def drain_until(shop: Office, condition: Callable[[], bool], seconds: float = 60.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, dict(shop.row())
        shop.drain()
        time.sleep(0.01)


def in_threads(
    engine: Engine, connection_id: str, number: int, done: Callable[[], bool]
) -> list[BaseException]:
    """So many workers carry at once until it is done; what any of them raised."""
    raised: list[BaseException] = []

    def work() -> None:
        carrier = Carrier(engine)
        give_up = time.monotonic() + 60
        try:
            while not done() and time.monotonic() < give_up:
                if not carrier.carry_one(connection_id):
                    time.sleep(0.02)
        except BaseException as problem:
            raised.append(problem)
        finally:
            carrier.close()

    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def asks_for_a_person(shop: Office) -> None:
    """ "Sign in again" with its sentence, nothing more is asked of Intuit, and a new sign-in mends it."""
    row = shop.row()
    assert row["health"] == "sign_in"
    assert AGAIN in row["health_reason"]
    before = renewals(shop)
    for _ in range(20):
        assert shop.drain() == 0
        time.sleep(0.005)
    assert renewals(shop) == before
    page = shop.browser().get("/settings/quickbooks/")
    assert "Sign in" in page.text
    sign_in_anew(shop)
    drain_until(shop, lambda: quiet(shop))
    assert shop.row()["health"] == "ok"
    assert renewals(shop) == before + 1  # the test's own, for the new sign-in


def an_hour_passes(shop: Office) -> None:
    """The last renewal is long ago: a token that is refused may be renewed again."""
    o = t.operations
    with shop.core.begin(shop.tenant) as tx:
        tx.connection.execute(
            o.update()
            .where(o.c.closed_at.is_not(None))
            .values(closed_at=shop.core.now() - dt.timedelta(hours=1))
        )


def sign_in_anew(shop: Office) -> None:
    """An administrator goes through the consent page again."""
    shop.twin = attrs.evolve(shop.twin, refresh_token=shop.twin.app.connect())
    sign_in(shop)


# -- another process of the host -------------------------------------------------------------------------
def in_process(action: str, shop: Office) -> subprocess.Popen[str]:
    """Start another process on the same tables."""
    url = shop.core.engine.url.render_as_string(hide_password=False)
    arguments = [action, url, shop.tenant, shop.id, shop.twin.realm]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.token_house", *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> int:
    """Its exit code, minus the signal that ended it; what it complained of is shown when that is no 0."""
    _, complaints = process.communicate(timeout=60)
    if process.returncode > 0:
        print(complaints, file=sys.stderr)
    return process.returncode


def free_the_lease(shop: Office) -> None:
    """Let another process carry the connection at once."""
    with shop.core.begin(shop.tenant) as tx:
        tx.connection.execute(t.connections.update().values(lease_owner="", lease_until=None))


class DiesStoring(SealedVault):
    """The process is killed between Intuit's answer and our storing it."""

    def put(self, purpose: str, secret: bytes) -> None:
        del purpose, secret
        os.kill(os.getpid(), signal.SIGKILL)


def renew(engine: Engine, connection_id: str) -> None:
    """Renew and store, past the engine's doors."""
    provider = engine.providers["qbo"]
    assert isinstance(provider, QboProvider)
    vault = engine.vault(connection_id)
    tokens = stored(vault)
    assert tokens is not None
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    answer = provider.signin.ask_tokens(form)
    assert isinstance(answer, Answer)
    keep(vault, from_answer(answer.json() or {}, engine.core.now(), tokens))


def another_house(url: str) -> tuple[ReferenceCore, Engine]:
    """Core and engine as another process has them."""
    core = open_core(url, keys=[KEY], durable=False)
    core.load_plugins([ROOT], entry_points=[])
    engine = bootstrap.build(core.for_plugin(PLUGIN)).engine
    quick(engine)
    return core, engine


def main(action: str, url: str, tenant: str, connection_id: str, realm: str) -> None:
    """What the other process does."""
    core, engine = another_house(url)
    if action == "renew":
        renew(engine, connection_id)
    elif action == "die storing":
        transport = engine.providers["qbo"].transport(DiesStoring(core, tenant, connection_id), realm)
        assert transport is not None
        carrier = Carrier(engine)
        carrier.use(connection_id, transport)
        carrier.drain(connection_id)
    else:

        def done() -> bool:
            with core.engine.connect() as connection:
                return bool(census.quiet(connection, tenant, connection_id))

        patient(engine)
        assert in_threads(engine, connection_id, WORKERS // PROCESSES, done) == []
    core.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
