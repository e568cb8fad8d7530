"""OAuth of the twin: intuit-oauth unchanged but for its endpoints, and the rules that break integrations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.oauth import Rotation
from blueops_qb.sandbox.qbo.running import RunningTwin, new_company, running_twin
from blueops_qb.sandbox.qbo.server import Settings
from tests.twin_sign_in import CALLBACK, company_name, decide


@pytest.fixture
def second() -> Company:
    return new_company(realm="9130000000000002", seed="empty")


@pytest.fixture
def twin(second: Company) -> Iterator[RunningTwin]:
    with running_twin(seed="empty", others=[second]) as running:
        yield running


@pytest.fixture
def auth(twin: RunningTwin) -> Iterator[AuthClient]:
    client = AuthClient(
        twin.client_id,
        twin.client_secret,
        CALLBACK,
        f"{twin.base_url}/.well-known/openid_sandbox_configuration",
    )
    yield client
    client.close()


def connected(auth: AuthClient) -> None:
    back = decide(auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s-1"))
    auth.get_bearer_token(back["code"], realm_id=back["realmId"])


def test_discovery_names_the_host_that_was_asked(twin: RunningTwin) -> None:
    for name in ("openid_configuration", "openid_sandbox_configuration"):
        answer = requests.get(
            f"{twin.base_url}/.well-known/{name}?code_challenge=x",
            headers={"Host": "books.test:1234"},
            timeout=60,
        ).json()
        assert answer["token_endpoint"] == "http://books.test:1234/oauth2/v1/tokens/bearer"
        assert answer["token_endpoint_auth_methods_supported"] == [
            "client_secret_post",
            "client_secret_basic",
        ]


def test_authorize_exchange_refresh_and_revoke(twin: RunningTwin, auth: AuthClient) -> None:
    back = decide(auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s-77"))
    assert back["state"] == "s-77"
    assert back["realmId"] == twin.realm
    auth.get_bearer_token(back["code"], realm_id=back["realmId"])
    assert auth.expires_in == 3600
    assert auth.x_refresh_token_expires_in == 8726400
    assert company_name(twin, auth.access_token).status_code == 200
    first = (auth.access_token, auth.refresh_token)
    auth.refresh()
    assert auth.access_token != first[0]
    assert auth.refresh_token == first[1]
    assert auth.revoke() is True
    assert company_name(twin, auth.access_token).status_code == 401
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_a_refresh_token_changes_after_a_day_and_the_old_one_dies(
    twin: RunningTwin, auth: AuthClient
) -> None:
    connected(auth)
    old = auth.refresh_token
    twin.app.clock.advance(timedelta(hours=25))
    auth.refresh()
    assert auth.refresh_token != old
    with pytest.raises(AuthClientError) as refused:
        auth.refresh(refresh_token=old)
    assert refused.value.status_code == 400
    assert b'"error":"invalid_grant"' in refused.value.content
    auth.refresh(refresh_token=auth.refresh_token)


def test_access_tokens_live_an_hour_of_the_twins_time(twin: RunningTwin, auth: AuthClient) -> None:
    connected(auth)
    twin.app.clock.advance(timedelta(minutes=59))
    assert company_name(twin, auth.access_token).status_code == 200
    twin.app.clock.advance(timedelta(minutes=2))
    dead = company_name(twin, auth.access_token)
    assert dead.status_code == 401
    fault = dead.json()["fault"]
    assert fault["type"] == "AUTHENTICATION"
    assert fault["error"][0]["code"] == "3200"
    assert "Fault" not in dead.json()
    assert company_name(twin, twin.access_token).status_code == 200


def test_a_connection_unused_for_a_hundred_and_one_days_is_over(twin: RunningTwin, auth: AuthClient) -> None:
    connected(auth)
    twin.app.clock.advance(timedelta(days=102))
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_five_years_are_the_hard_limit_and_are_told_on_request(twin: RunningTwin) -> None:
    def refresh(token: str) -> requests.Response:
        return requests.post(
            f"{twin.base_url}/oauth2/v1/tokens/bearer",
            data={
                "grant_type": "refresh_token",
                "refresh_token": token,
                "client_id": twin.client_id,
                "client_secret": twin.client_secret,
            },
            headers={"x-include-refresh-token-hard-expires-in": "true"},
            timeout=60,
        )

    answer = refresh(twin.refresh_token).json()
    assert answer["x_refresh_token_hard_expires_in"] == pytest.approx(157_680_000, abs=5)
    token = answer["refresh_token"]
    for _ in range(20):
        twin.app.clock.advance(timedelta(days=95))
        answer = refresh(token).json()
        if "error" in answer:
            break
        token = answer["refresh_token"]
    assert answer["error"] == "invalid_grant"


def test_a_code_is_single_use_and_short_lived(twin: RunningTwin, auth: AuthClient) -> None:
    url = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="x")
    code = decide(url)["code"]
    auth.get_bearer_token(code)
    with pytest.raises(AuthClientError):
        auth.get_bearer_token(code)
    late = decide(url)["code"]
    twin.app.clock.advance(timedelta(minutes=11))
    with pytest.raises(AuthClientError):
        auth.get_bearer_token(late)


def test_saying_no_redirects_with_access_denied(auth: AuthClient) -> None:
    back = decide(auth.get_authorization_url([Scopes.ACCOUNTING], state_token="n"), allow=False)
    assert back == {"error": "access_denied", "state": "n"}


def test_the_person_chooses_among_companies(twin: RunningTwin, auth: AuthClient, second: Company) -> None:
    back = decide(auth.get_authorization_url([Scopes.ACCOUNTING], state_token="c"), realm=second.realm)
    assert back["realmId"] == second.realm
    auth.get_bearer_token(back["code"])
    assert company_name(twin, auth.access_token, second.realm).status_code == 200
    foreign = company_name(twin, auth.access_token, twin.realm)
    assert foreign.status_code == 403
    assert foreign.json()["Fault"]["Error"][0]["code"] == "3100"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"client_id": "nobody"}, "client_id is not known"),
        ({"redirect_uri": "https://evil.example.com/cb"}, "redirect_uri is not registered"),
        ({"scope": ""}, "no scope"),
        ({"response_type": "token"}, "response_type"),
    ],
)
def test_a_wrong_authorize_request_gets_a_page_not_a_redirect(
    twin: RunningTwin, changed: dict[str, str], words: str
) -> None:
    asked = {
        "client_id": twin.client_id,
        "redirect_uri": CALLBACK,
        "scope": "com.intuit.quickbooks.accounting",
        "response_type": "code",
        "state": "s",
    } | changed
    page = requests.get(f"{twin.base_url}/connect/oauth2", params=asked, allow_redirects=False, timeout=60)
    assert page.status_code == 400
    assert words in page.text


def test_only_registered_addresses_when_loopback_is_not_free() -> None:
    settings = Settings(any_loopback=False, redirect_uris=("https://app.example.com/cb",))
    with running_twin(seed="empty", settings=settings) as twin:
        asked = {
            "client_id": twin.client_id,
            "scope": "com.intuit.quickbooks.accounting",
            "response_type": "code",
            "state": "s",
        }
        url = f"{twin.base_url}/connect/oauth2"
        good = requests.get(url, params=asked | {"redirect_uri": "https://app.example.com/cb"}, timeout=60)
        bad = requests.get(url, params=asked | {"redirect_uri": CALLBACK}, timeout=60)
    assert (good.status_code, bad.status_code) == (200, 400)


def test_credentials_in_the_body_and_wrong_ones(twin: RunningTwin) -> None:
    def token(**fields: str) -> requests.Response:
        return requests.post(f"{twin.base_url}/oauth2/v1/tokens/bearer", data=fields, timeout=60)

    keys = {"client_id": twin.client_id, "client_secret": twin.client_secret}
    good = token(grant_type="refresh_token", refresh_token=twin.refresh_token, **keys)
    assert good.json()["token_type"] == "bearer"
    wrong = token(
        grant_type="refresh_token", refresh_token=twin.refresh_token, client_id="x", client_secret="y"
    )
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    odd = token(grant_type="password", **keys)
    assert (odd.status_code, odd.json()) == (400, {"error": "unsupported_grant_type"})
    assert token(**keys).json() == {"error": "invalid_request"}


def test_rotate_always_changes_the_token_at_each_refresh() -> None:
    with running_twin(seed="empty", settings=Settings(rotation=Rotation.ALWAYS)) as twin:
        fields = {
            "grant_type": "refresh_token",
            "client_id": twin.client_id,
            "client_secret": twin.client_secret,
        }
        url = f"{twin.base_url}/oauth2/v1/tokens/bearer"
        first = requests.post(url, data=fields | {"refresh_token": twin.refresh_token}, timeout=60).json()
        assert first["refresh_token"] != twin.refresh_token
        stale = requests.post(url, data=fields | {"refresh_token": twin.refresh_token}, timeout=60)
        assert stale.json()["error"] == "invalid_grant"


def test_the_admin_can_expire_and_revoke(twin: RunningTwin, auth: AuthClient) -> None:
    connected(auth)
    requests.post(f"{twin.base_url}/twin/tokens/expire", json={}, timeout=60)
    assert company_name(twin, auth.access_token).status_code == 401
    auth.refresh()
    assert company_name(twin, auth.access_token).status_code == 200
    requests.post(f"{twin.base_url}/twin/tokens/revoke", json={}, timeout=60)
    assert company_name(twin, auth.access_token).status_code == 401
    assert auth.get_user_info(access_token=twin.access_token).status_code == 200
