"""How long a sign-in lasts is shown in time, by page and command line."""

import datetime as dt
import json
from collections.abc import Iterator
from html import unescape

import attrs
import pytest
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.engine.sign_in_ends import Countdown, Urgency, countdown
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.tokens import Tokens, keep
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from tests.core_house import KEY
from tests.office import PAGES, Office, office
from tests.qbo_documents import MemoryVault

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
PROVIDER = QboProvider(QboSettings())


def left(*, unused: float | None, final: float | None, refresh: str = "r1") -> Countdown | None:
    """The countdown with so many days to go."""
    ends = [None if days is None else NOW + dt.timedelta(days=days) for days in (unused, final)]
    vault = MemoryVault()
    tokens = Tokens(
        access_token="a", refresh_token=refresh, refresh_expires_at=ends[0], hard_expires_at=ends[1]
    )
    keep(vault, tokens)
    return countdown(PROVIDER, vault, NOW)


@pytest.mark.parametrize(
    ("days", "urgency"),
    [
        (1800, Urgency.QUIET),
        (61, Urgency.QUIET),
        (60, Urgency.TOLD),
        (31, Urgency.TOLD),
        (30, Urgency.WARNED),
        (8, Urgency.WARNED),
        (7, Urgency.URGED),
        (0, Urgency.URGED),
        (-3, Urgency.URGED),
    ],
)
def test_the_five_years_are_told_warned_and_urged(days: int, urgency: Urgency) -> None:
    shown = left(unused=99, final=days + 0.5)
    assert shown is not None
    assert (shown.days, shown.urgency, shown.by_disuse) == (days, urgency, False)
    assert shown.at.date().isoformat() in shown.sentence


def test_disuse_counts_once_it_is_near_and_says_what_puts_it_off() -> None:
    quiet, near = left(unused=99, final=1500), left(unused=20.5, final=1500)
    assert quiet is not None
    assert not quiet.by_disuse
    assert near is not None
    assert (near.by_disuse, near.days, near.urgency) == (True, 20, Urgency.WARNED)
    assert "nothing has been exchanged" in near.sentence


def test_nothing_is_known_without_a_refresh_token_or_an_end() -> None:
    assert left(unused=5, final=5, refresh="") is None
    assert left(unused=None, final=None) is None


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        made.go_live()
        yield made


def ends(shop: Office, days: int) -> None:
    """Let the sign-in end in so many days."""
    vault = shop.engine.vault(shop.id)
    tokens = Tokens.load(vault.get("tokens") or b"")
    keep(vault, attrs.evolve(tokens, hard_expires_at=shop.core.now() + dt.timedelta(days=days, hours=2)))


def test_the_overview_asks_for_a_new_sign_in_in_time(shop: Office) -> None:
    page = shop.browser("viewer").get(f"{PAGES}/").text
    assert "Sign in again soon" not in page
    ends(shop, 5)
    page = unescape(shop.browser("viewer").get(f"{PAGES}/").text)
    assert "Sign in again soon" in page
    assert "(in 5 days)" in page
    assert f"{PAGES}/reconnect" in page


def test_status_shows_it_to_programs(shop: Office, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    ends(shop, 400)
    result = CliRunner().invoke(main, ["status", "--json", "--db", sqlite_url, "--tenant", shop.tenant])
    assert result.exit_code == 0, result.output
    value = json.loads(result.output)["sign_in"]
    assert (value["days"], value["urgency"]) == (400, "quiet")
