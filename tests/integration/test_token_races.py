"""An access token that has ended, met by many: one renewal, never a loop, and a person only where nothing else helps.

What counts is what arrives at the twin's token endpoint. Workers are threads, and processes on PostgreSQL; the crash
is a real one (SIGKILL).
"""

import signal
from collections.abc import Callable

import attrs
import pytest

from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.sdk.provider import Vault
from tests.token_house import (
    PROCESSES,
    WORKERS,
    asks_for_a_person,
    customers,
    drain_until,
    ended,
    expire,
    free_the_lease,
    in_books,
    in_process,
    in_threads,
    live,
    patient,
    quiet,
    renew,
    renewals,
)


@pytest.mark.parametrize("known", [True, False], ids=["we know", "only the books know"])
def test_twenty_threads_meet_an_expired_token_and_renew_it_once(database_url: str, known: bool) -> None:
    with live(database_url) as shop:
        patient(shop.engine)
        names = customers(shop, 40)
        expire(shop, known=known)
        # Several calls are out with the old token when the first one is refused.
        shop.twin_call("switches", latency_ms=60)
        before = renewals(shop)
        assert in_threads(shop.engine, shop.id, WORKERS, lambda: quiet(shop)) == []
        assert renewals(shop) - before == 1
        assert sorted(in_books(shop, names)) == sorted(names)
        assert shop.row()["health"] == "ok"


@pytest.mark.postgres
def test_twenty_workers_in_several_processes_renew_it_once(postgres_url: str) -> None:
    with live(postgres_url) as shop:
        names = customers(shop, 24)
        expire(shop, known=False)
        shop.twin_call("switches", latency_ms=30)
        before = renewals(shop)
        free_the_lease(shop)
        children = [in_process("work", shop) for _ in range(PROCESSES)]
        assert [ended(child) for child in children] == [0] * PROCESSES
        assert renewals(shop) - before == 1
        assert sorted(in_books(shop, names)) == sorted(names)
        assert shop.row()["health"] == "ok"


def test_a_token_that_another_process_has_rotated_is_picked_up(sqlite_url: str) -> None:
    with live(sqlite_url) as shop:
        shop.twin_call("switches", rotation="always")
        names = customers(shop, 4)
        expire(shop, known=True)
        before = renewals(shop)
        assert ended(in_process("renew", shop)) == 0
        drain_until(shop, lambda: quiet(shop))
        assert renewals(shop) - before == 1
        assert len(in_books(shop, names)) == 4
        assert shop.row()["health"] == "ok"


def test_a_renewal_that_comes_too_late_takes_what_the_other_one_stored(sqlite_url: str) -> None:
    """Our own renewal is on its way with the token that somebody else has just used up."""
    with live(sqlite_url) as shop:
        shop.twin_call("switches", rotation="always")
        names = customers(shop, 2)
        expire(shop, known=True)
        outgoing = shop.engine.next_exchange(shop.id)
        assert outgoing is not None
        assert b"sign_in" in outgoing.body
        provider = shop.engine.providers["qbo"]
        assert isinstance(provider, QboProvider)
        # It read the vault before the other one wrote.
        slow = _ReadsOnce(shop.engine.vault(shop.id), lambda: renew(shop.engine, shop.id))
        late = provider.transport(slow, shop.twin.realm)
        before = renewals(shop)
        reply = late.send(outgoing.body)
        late.close()
        assert shop.engine.finish(outgoing.exchange_id, reply)
        drain_until(shop, lambda: quiet(shop))
        assert renewals(shop) - before == 2
        assert shop.row()["health"] == "ok"
        assert len(in_books(shop, names)) == 2


@attrs.define
class _ReadsOnce:
    """A vault of which something happens right after the first look into it."""

    vault: Vault
    then: Callable[[], None] | None

    def get(self, purpose: str) -> bytes | None:
        found = self.vault.get(purpose)
        if self.then is not None:
            then, self.then = self.then, None
            then()
        return found

    def put(self, purpose: str, secret: bytes) -> None:
        self.vault.put(purpose, secret)

    def drop(self, purpose: str) -> None:
        self.vault.drop(purpose)


@pytest.mark.parametrize(
    ("rotation", "former_lives", "survives"),
    [("daily", 0, True), ("always", 3600, True), ("always", 0, False)],
    ids=["the token stays the same that day", "the former token is still taken", "the former token is dead"],
)
def test_a_crash_between_answer_and_storing(
    sqlite_url: str, rotation: str, former_lives: int, survives: bool
) -> None:
    _crash(sqlite_url, rotation=rotation, former_lives=former_lives, survives=survives)


@pytest.mark.postgres
def test_a_crash_between_answer_and_storing_on_postgresql(postgres_url: str) -> None:
    _crash(postgres_url, rotation="always", former_lives=0, survives=False)


def _crash(url: str, *, rotation: str, former_lives: int, survives: bool) -> None:
    with live(url) as shop:
        shop.twin_call("switches", rotation=rotation, former_refresh_token_lives=former_lives)
        names = customers(shop, 2)
        expire(shop, known=True)
        # The other process carries; when it is dead, this one takes over what it left.
        free_the_lease(shop)
        before = renewals(shop)
        assert ended(in_process("die storing", shop)) == -signal.SIGKILL
        assert renewals(shop) - before == 1
        drain_until(shop, lambda: quiet(shop) or shop.row()["health"] == "sign_in")
        assert renewals(shop) - before == 2
        if survives:
            assert shop.row()["health"] == "ok"
        else:
            asks_for_a_person(shop)
        assert len(in_books(shop, names)) == 2
