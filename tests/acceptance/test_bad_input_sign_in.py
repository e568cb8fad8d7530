"""Bad sign-ins and lost keys: nothing is bound or called by mistake, the queue waits and then goes out."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.engine.outbox import State
from blueops_qb.store import tables as t
from tests.bad_day import BadDay, count
from tests.core_house import KEY, Browser
from tests.engine_house import OTHER_KEY
from tests.office import OTHER_TENANT, OTHER_USER, PAGES, SECOND_REALM, Office, consent, inner

pytest_plugins = ["tests.bad_day_fixtures"]


def kept(shop: Office) -> tuple[Any, ...]:
    """Everything that a sign-in could change: the connections and their secrets."""
    with shop.core.engine.connect() as connection:
        rows = [connection.execute(sa.select(table)).all() for table in (t.connections, t.secrets)]
    return tuple(tuple(row) for found in rows for row in found)


def begin(browser: Browser) -> str:
    """Press the button; answers the consent page's address."""
    browser.get(f"{PAGES}/connect")
    browser.get(f"{PAGES}/reconnect")  # where a company that is connected already presses it
    return str(browser.post(f"{PAGES}/connect/qbo").headers["Location"])


def answer_of(browser: Browser, **how: Any) -> str:
    """The answer of the consent page to a sign-in that this browser began."""
    return inner(consent(begin(browser), **how))


def expired(day: BadDay, browser: Browser) -> str:
    answer = answer_of(browser)
    with day.shop.core.begin(day.shop.tenant) as tx:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
        tx.connection.execute(t.sign_in_states.update().values(expires_at=past))
    return answer


def replayed(_: BadDay, browser: Browser) -> str:
    used = answer_of(browser)
    assert browser.get(used).status_code == 303
    return used


def replayed_with_a_fresh_code(_: BadDay, browser: Browser) -> str:
    used, fresh = answer_of(browser), answer_of(browser)
    assert browser.get(used).status_code == 303
    state = used.partition("state=")[2].partition("&")[0]
    other = fresh.partition("state=")[2].partition("&")[0]
    return fresh.replace(other, state)


#: What is wrong with the state -> the answer that arrives in the admin's browser.
STATES: dict[str, Callable[[BadDay, Browser], str]] = {
    "none": lambda _, __: f"{PAGES}/callback/qbo?code=x&realmId=1",
    "made up": lambda _, __: f"{PAGES}/callback/qbo?code=x&realmId=1&state=made.up",
    "not text": lambda _, __: f"{PAGES}/callback/qbo?code=x&realmId=1&state=%ff%00%e2%82%ac",
    "of another browser": lambda day, _: answer_of(day.shop.browser()),
    "of another company": lambda day, _: answer_of(Browser(day.shop.core, OTHER_USER), realm=SECOND_REALM),
    "expired": expired,
    "replayed": replayed,
    "replayed with a fresh code": replayed_with_a_fresh_code,
}


def test_an_oauth_state_that_is_not_ours_changes_nothing(day_on_both: BadDay) -> None:
    day = day_on_both
    shop = day.shop
    waiting = day.others()
    admin = shop.browser()
    for what, answer in STATES.items():
        url = answer(day, admin)
        before = kept(shop)
        calls = day.calls()
        page = admin.get(url)
        assert page.status_code == 400, what
        assert "sign-in answer does not belong to a sign-in that you started here" in page.text, what
        assert "Nothing was changed; press Connect again" in page.text, what
        assert kept(shop) == before, what
        assert day.calls() == calls, f"{what}: a code was exchanged"
    rival = Browser(shop.core, OTHER_USER)
    assert rival.get(answer_of(shop.browser())).status_code == 400
    assert attrs.evolve(shop, tenant=OTHER_TENANT).row() is None
    day.until_done(*waiting)  # the connection works as before
    assert shop.connect(shop.browser()).status_code == 200  # and a sign-in of one's own goes through
    day.others()
    day.whole()


def revoked(day: BadDay) -> None:
    """Somebody disconnected the app in QuickBooks."""
    day.shop.twin_call("tokens/revoke")


def lapsed(day: BadDay) -> None:
    """Nobody used the connection for 101 days."""
    day.shop.twin_call("clock", advance_seconds=101 * 86_400)


def must_sign_in(day: BadDay) -> bool:
    return bool(day.shop.row()["health"] == "sign_in")


@pytest.mark.parametrize("end", [revoked, lapsed])
def test_a_refresh_token_that_ended_asks_for_a_sign_in_and_the_queue_waits(
    day_on_both: BadDay, end: Callable[[BadDay], None]
) -> None:
    day = day_on_both
    shop = day.shop
    customer = day.customer()
    early = day.invoice(customer)
    day.until_done(early)
    connection, mapping, links = shop.id, shop.row()["mapping_version"], day.links()
    end(day)
    queue = [day.invoice(customer), *day.others(), shop.change(customer, phone="775 555 0199")]
    day.until("the sign-in to be asked for", lambda: must_sign_in(day))
    assert shop.row()["health_reason"].startswith("Sign in again: ")
    assert "expired or was revoked" in shop.row()["health_reason"]
    page = day.overview()
    for words in ("Sign in again", "Three Peaks Plumbing", "Nothing is lost", f"{PAGES}/reconnect"):
        assert words in page
    # The queue waits, visible, and the books are not asked again and again.
    calls = day.calls()
    queue.append(day.pay(early))
    for _ in range(5):
        shop.drain()
    assert day.calls() == calls
    assert {shop.state(record.ref) for record in queue} <= {State.PENDING, State.WAITING}
    day.nothing_lost()
    # After the sign-in everything goes out; the connection is the one it was.
    assert shop.connect(shop.browser()).status_code == 200
    day.until_done(*queue)
    assert (shop.id, shop.row()["mapping_version"]) == (connection, mapping)
    assert links <= day.links()
    day.whole()


def test_another_company_on_reconnect_is_refused_and_the_queue_waits_for_the_right_one(day: BadDay) -> None:
    shop = day.shop
    revoked(day)
    queue = day.others()
    day.until("the sign-in to be asked for", lambda: must_sign_in(day))
    before, empty = kept(shop), count(shop, SECOND_REALM)
    page = shop.connect(shop.browser(), realm=SECOND_REALM)
    assert page.status_code == 400
    other = shop.twin.app.companies[SECOND_REALM].info["CompanyName"]
    for words in (
        other,
        SECOND_REALM,
        "is connected to “Three Peaks Plumbing”",
        "Nothing was changed",
        "again",
    ):
        assert words in page.text
    assert kept(shop) == before
    for _ in range(3):
        shop.drain()
    assert must_sign_in(day)
    assert count(shop, SECOND_REALM) == empty
    day.nothing_lost()
    assert shop.connect(shop.browser()).status_code == 200
    day.until_done(*queue)
    assert count(shop, SECOND_REALM) == empty
    day.whole()


def test_a_company_that_must_sign_in_again_does_not_hold_up_another(day: BadDay) -> None:
    shop = day.shop
    rival = attrs.evolve(shop, tenant=OTHER_TENANT)
    assert rival.connect(Browser(shop.core, OTHER_USER), realm=SECOND_REALM).status_code == 200
    rival.go_live()
    for grant in shop.twin.app.tokens.grants:
        grant.revoked = grant.realm == shop.twin.realm
    mine, theirs = day.invoice(), rival.invoice(rival.customer())
    day.until("the sign-in to be asked for", lambda: must_sign_in(day))
    attrs.evolve(day, shop=rival).until_done(theirs)
    assert count(shop, SECOND_REALM)["Invoice"] == 1
    assert shop.state(mine.ref) in (State.PENDING, State.WAITING)
    assert shop.connect(shop.browser()).status_code == 200
    day.until_done(mine)


# -- keys ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lost", "words", "back"),
    [
        pytest.param((), "core gives no secret key", (KEY,), id="no key"),
        pytest.param(
            (OTHER_KEY,),
            "was sealed with a key that core no longer gives",
            (OTHER_KEY, KEY),
            id="another key, then both",
        ),
    ],
)
def test_a_lost_key_is_a_clean_refusal_and_with_the_key_back_it_goes_on(
    day: BadDay, monkeypatch: pytest.MonkeyPatch, lost: tuple[bytes, ...], words: str, back: tuple[bytes, ...]
) -> None:
    shop = day.shop
    early = day.invoice()
    day.until_done(early)
    admin = shop.browser()
    admin.get(f"{PAGES}/")
    sealed = kept(shop)[1:]
    monkeypatch.setattr(shop.engine.core, "_keys", lost)
    queue = [day.invoice(), day.pay(early), *day.others()]  # core itself is not disturbed
    calls = day.calls()
    day.until("the connection to stop", lambda: shop.row()["health"] == "stopped")
    told = shop.row()["health_reason"]
    assert words in told
    assert "put th" in told  # the remedy: put the key back
    if lost:
        assert "tokens" in told
        assert shop.id in told
    assert day.calls() == calls
    page = admin.get(f"{PAGES}/").text
    assert "Stopped" in page
    assert words in page
    # Pressing on without the key ends in the same sentence, not in a defect.
    pressed = admin.post(f"{PAGES}/resume")
    assert pressed.status_code in (303, 503)
    day.until("the connection to stop again", lambda: shop.row()["health"] == "stopped")
    assert {shop.state(record.ref) for record in queue} == {State.PENDING}
    assert kept(shop)[1:] == sealed
    day.nothing_lost()
    monkeypatch.setattr(shop.engine.core, "_keys", back)
    assert admin.post(f"{PAGES}/resume").status_code == 303
    day.until_done(*queue)
    day.whole()
