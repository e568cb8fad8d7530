"""A renewal that fails, is lost, cannot be stored, or meets other clocks: never a loop, a person only in the end."""

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.engine.engine import Engine
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.tokens import TOKENS, Tokens, keep
from blueops_qb.runners.carry import Carrier
from blueops_qb.sdk.provider import Vault
from tests.office import Office
from tests.token_house import (
    QUICK,
    an_hour_passes,
    asks_for_a_person,
    customers,
    drain_until,
    expire,
    in_books,
    live,
    quick,
    quiet,
    renewals,
    sign_in_anew,
)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    path = tmp_path_factory.mktemp("renewals") / "renewals.sqlite3"
    with live(f"sqlite:///{path}") as opened:
        yield opened


@pytest.fixture
def shop(company: Office) -> Iterator[Office]:
    """The company, signed in; whatever the test did to the books is undone."""
    yield company
    company.twin_call("faults/clear")
    company.twin_call("switches", rotation="daily", former_refresh_token_lives=0)
    company.carrier.close()
    sign_in_anew(company)
    drain_until(company, lambda: quiet(company))
    an_hour_passes(company)


@pytest.mark.parametrize("known", [True, False], ids=["we know", "only the books know"])
def test_a_revoked_connection_asks_once_and_then_for_a_person(shop: Office, known: bool) -> None:
    names = customers(shop, 6)
    expire(shop, known=known)
    shop.twin_call("tokens/revoke")
    before = renewals(shop)
    drain_until(shop, lambda: shop.row()["health"] == "sign_in")
    assert renewals(shop) - before == 1
    asks_for_a_person(shop)
    assert len(in_books(shop, names)) == 6


@pytest.mark.parametrize("trouble", ["error_before", "unavailable", "html", "drop_before", "throttled"])
def test_a_renewal_that_fails_for_the_moment_is_tried_again(shop: Office, trouble: str) -> None:
    names = customers(shop, 2)
    expire(shop, known=True)
    shop.twin_call("faults", trouble=trouble, match="/tokens/bearer", count=3)
    drain_until(shop, lambda: quiet(shop))
    assert shop.row()["health"] == "ok"
    assert requests.get(f"{shop.twin.base_url}/twin/switches", timeout=60).json()["planned"] == []
    assert len(in_books(shop, names)) == 2


@pytest.mark.parametrize("trouble", ["drop_after", "error_after", "html_after"])
@pytest.mark.parametrize("rotation", ["daily", "always"])
def test_a_lost_answer_of_the_token_endpoint(shop: Office, trouble: str, rotation: str) -> None:
    shop.twin_call("switches", rotation=rotation)
    names = customers(shop, 2)
    expire(shop, known=True)
    shop.twin_call("faults", trouble=trouble, match="/tokens/bearer", count=1)
    before = renewals(shop)
    if rotation == "daily":
        drain_until(shop, lambda: quiet(shop))
        assert shop.row()["health"] == "ok"
        assert len(in_books(shop, names)) == 2
    else:
        # The new token was given away and never arrived; nobody but a person can get another.
        drain_until(shop, lambda: shop.row()["health"] == "sign_in")
        asks_for_a_person(shop)
    assert renewals(shop) - before <= 3


def test_a_token_that_is_refused_right_after_its_renewal_asks_for_a_person_and_never_loops(
    shop: Office,
) -> None:
    customers(shop, 2)
    shop.twin_call(
        "faults",
        trouble="refused",
        match="/batch",
        count=50,
        refusal={"code": "3200", "detail": "Token expired", "shape": "gateway", "status": 401},
    )
    before = renewals(shop)
    drain_until(shop, lambda: shop.row()["health"] == "sign_in")
    for _ in range(20):
        assert shop.drain() == 0
    assert renewals(shop) - before == 1
    assert "Sign in again" in shop.row()["health_reason"]


def test_renewed_tokens_that_could_not_be_stored_are_stored_later(shop: Office) -> None:
    shop.twin_call("switches", rotation="always")
    names = customers(shop, 2)
    expire(shop, known=True)
    provider = shop.engine.providers["qbo"]
    transport = provider.transport(_CannotStore(shop.engine.vault(shop.id), 2), shop.twin.realm)
    assert transport is not None
    shop.carrier.use(shop.id, transport)
    before = renewals(shop)
    drain_until(shop, lambda: quiet(shop))
    assert renewals(shop) - before == 1
    assert shop.row()["health"] == "ok"
    assert len(in_books(shop, names)) == 2


@attrs.define
class _CannotStore:
    """A vault that cannot be written to a few times."""

    vault: Vault
    times: int

    def get(self, purpose: str) -> bytes | None:
        return self.vault.get(purpose)

    def put(self, purpose: str, secret: bytes) -> None:
        self.times -= 1
        if self.times >= 0:
            raise OSError("the disk is full")
        self.vault.put(purpose, secret)

    def drop(self, purpose: str) -> None:
        self.vault.drop(purpose)


@pytest.mark.parametrize("hours", [-3.0, -0.95, 0.95, 3.0])
def test_clocks_that_differ_cost_no_more_than_one_renewal(shop: Office, hours: float) -> None:
    """The process that holds the tokens tells another time than the database; the token ends at the books."""
    skewed = _with_clock(shop, hours)
    names = customers(shop, 2)
    expire(shop, known=False)
    carrier = Carrier(skewed)
    before = renewals(shop)
    give_up = time.monotonic() + 60
    while not quiet(shop):
        assert time.monotonic() < give_up, dict(shop.row())
        carrier.drain(shop.id, most=50)
        time.sleep(0.01)
    first = renewals(shop) - before
    assert 1 <= first <= 2
    later = customers(shop, 2)
    while not quiet(shop):
        assert time.monotonic() < give_up, dict(shop.row())
        carrier.drain(shop.id, most=50)
    assert renewals(shop) - before == first
    carrier.close()
    assert shop.row()["health"] == "ok"
    assert len(in_books(shop, names)) == len(in_books(shop, later)) == 2


def _with_clock(shop: Office, hours: float) -> Engine:
    """An engine whose provider and core tell another time."""
    shift = dt.timedelta(hours=hours)
    provider = shop.engine.providers["qbo"]
    assert isinstance(provider, QboProvider)
    skewed = attrs.evolve(provider, now=lambda: dt.datetime.now(dt.UTC) + shift)
    core: Any = _OtherTime(shop.engine.core, shift)
    engine = Engine(core=core, providers={"qbo": skewed}, settings=QUICK)
    quick(engine)
    return engine


class _OtherTime:
    """A core whose clock is off."""

    def __init__(self, core: object, shift: dt.timedelta) -> None:
        self._core = core
        self._shift = shift

    def __getattr__(self, name: str) -> object:
        return getattr(self._core, name)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self._shift


def test_an_idle_access_token_alone_is_never_renewed(shop: Office) -> None:
    """Without a refresh token there is nothing to renew: a person is asked at once."""
    vault = shop.engine.vault(shop.id)
    keep(vault, Tokens(access_token="ended"))
    customers(shop, 1)
    before = renewals(shop)
    drain_until(shop, lambda: shop.row()["health"] == "sign_in")
    assert renewals(shop) == before
    assert vault.get(TOKENS) is not None
