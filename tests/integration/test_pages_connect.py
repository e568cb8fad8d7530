"""Connecting through the consent page: what is refused, what is kept, and what an admin reads."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from blueops_qb.store import tables as t
from tests.core_house import Browser
from tests.office import OTHER_USER, PAGES, SECOND_REALM, Office, consent, inner, office


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        yield made


def begin(shop: Office, browser: Browser) -> str:
    """Press Connect; answers the consent page's address."""
    browser.get(f"{PAGES}/connect")
    sent = browser.post(f"{PAGES}/connect/qbo")
    assert sent.status_code == 303, sent.text
    location: str = sent.headers["Location"]
    assert location.startswith(shop.twin.base_url)
    return location


def test_connecting_reads_the_company_binds_it_and_says_what_was_found(shop: Office) -> None:
    admin = shop.browser()
    page = shop.connect(admin)
    assert page.status_code == 200
    assert "Connected to Three Peaks Plumbing" in page.text
    row = shop.row()
    assert (row["company_id"], row["state"], row["health"]) == (shop.twin.realm, "matching", "ok")
    assert "code=" not in page.request.url  # the address bar keeps no secret
    shop.drain()
    assert "QuickBooks Online Plus" in admin.get(f"{PAGES}/connected").text


def test_the_callback_goes_to_our_own_address(shop: Office) -> None:
    asked = parse_qs(urlsplit(begin(shop, shop.browser())).query)
    assert asked["redirect_uri"] == [f"http://localhost{PAGES}/callback/qbo"]


def test_declining_is_a_plain_sentence_and_binds_nothing(shop: Office) -> None:
    page = shop.connect(shop.browser(), allow=False)
    assert page.status_code == 400
    assert "declined" in page.text
    assert shop.row() is None


@pytest.mark.parametrize("state", ["", "made-up"])
def test_a_wrong_state_is_refused(shop: Office, state: str) -> None:
    admin = shop.browser()
    begin(shop, admin)
    page = admin.get(f"{PAGES}/callback/qbo?code=x&realmId=1&state={state}")
    assert page.status_code == 400
    assert "press Connect again" in page.text
    assert shop.row() is None


def test_a_replayed_answer_is_refused(shop: Office) -> None:
    admin = shop.browser()
    answer = inner(consent(begin(shop, admin)))
    assert admin.get(answer).status_code == 303
    page = admin.get(answer)
    assert page.status_code == 400
    assert "used already" in page.text


def test_an_answer_in_another_browser_of_the_same_user_is_refused(shop: Office) -> None:
    answer = inner(consent(begin(shop, shop.browser())))
    page = shop.browser().get(answer)
    assert page.status_code == 400
    assert shop.row() is None


def test_an_answer_in_another_company_is_refused(shop: Office) -> None:
    answer = inner(consent(begin(shop, shop.browser())))
    page = Browser(shop.core, OTHER_USER).get(answer)
    assert page.status_code == 400
    assert shop.row() is None


def test_an_expired_state_is_refused(shop: Office) -> None:
    admin = shop.browser()
    answer = inner(consent(begin(shop, admin)))
    with shop.core.begin(shop.tenant) as tx:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
        tx.connection.execute(sa.update(t.sign_in_states).values(expires_at=past))
    assert admin.get(answer).status_code == 400
    assert shop.row() is None


def test_another_company_on_reconnect_is_refused_and_changes_nothing(shop: Office) -> None:
    admin = shop.browser()
    shop.connect(admin)
    before = shop.row()
    page = shop.connect(admin, realm=SECOND_REALM)
    assert page.status_code == 400
    assert "is connected to “Three Peaks Plumbing”" in page.text
    assert shop.row() == before


def test_signing_in_again_heals_the_connection(shop: Office) -> None:
    admin = shop.browser()
    shop.connect(admin)
    with shop.turn() as turn:
        turn.set(health="sign_in", health_reason="The sign-in was revoked.")
    text = admin.get(f"{PAGES}/").text
    assert "The sign-in was revoked. Nothing is lost" in text
    assert f"{PAGES}/reconnect" in text
    assert shop.connect(admin).status_code == 200
    assert shop.row()["health"] == "ok"


def test_a_company_that_another_tenant_has_is_refused(shop: Office) -> None:
    shop.connect(shop.browser())
    rival = Browser(shop.core, OTHER_USER)
    page = rival.get(inner(consent(begin(shop, rival))))
    assert page.status_code == 400
    assert "another BlueOps company" in page.text


def test_disconnecting_needs_the_tick_keeps_the_mapping_and_ends_the_consent(shop: Office) -> None:
    admin = shop.browser()
    shop.connect(admin)
    first = shop.id
    assert "Mapping, links and audit log are kept" in admin.get(f"{PAGES}/disconnect").text
    assert admin.post(f"{PAGES}/disconnect").status_code == 422
    assert shop.row() is not None
    assert admin.post(f"{PAGES}/disconnect", sure="yes").status_code == 303
    assert "is disconnected" in admin.get(f"{PAGES}/connect").text
    assert shop.row() is None
    with shop.core.engine.connect() as connection:
        assert not connection.execute(sa.select(t.secrets)).all()
    shop.connect(admin)
    assert shop.id == first  # the same company comes back with everything it had


def test_a_stopped_connection_goes_on_after_the_button(shop: Office) -> None:
    admin = shop.browser()
    shop.connect(admin)
    with shop.turn() as turn:
        turn.set(health="stopped", health_reason="The books refuse the app")
    assert "The books refuse the app." in admin.get(f"{PAGES}/").text
    assert admin.post(f"{PAGES}/resume").status_code == 303
    assert shop.row()["health"] == "ok"


def test_a_lost_key_is_told_and_nothing_is_lost(shop: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = shop.browser()
    shop.connect(admin)
    monkeypatch.setattr(shop.engine.core, "_keys", ())
    page = admin.post(f"{PAGES}/disconnect", sure="yes")
    assert page.status_code == 503
    assert "secret key" in page.text
    assert shop.row() is not None
