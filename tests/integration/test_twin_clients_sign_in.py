"""intuit-oauth with an identity, and what becomes of refresh tokens that were replaced (reference section 1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from blueops_qb.sandbox.qbo.oauth import Rotation
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sandbox.qbo.server import Settings
from tests.twin_sign_in import CALLBACK, company_name, decide


@pytest.fixture
def twin() -> Iterator[RunningTwin]:
    with running_twin(seed="empty") as running:
        yield running


@pytest.fixture
def auth(twin: RunningTwin) -> Iterator[AuthClient]:
    discovery = f"{twin.base_url}/.well-known/openid_sandbox_configuration"
    client = AuthClient(twin.client_id, twin.client_secret, CALLBACK, discovery)
    yield client
    client.close()


def connected(auth: AuthClient, *scopes: Scopes) -> dict[str, str]:
    back = decide(auth.get_authorization_url(list(scopes or [Scopes.ACCOUNTING]), state_token="s"))
    auth.get_bearer_token(back["code"], realm_id=back.get("realmId"))
    return back


def token(twin: RunningTwin, **fields: str) -> requests.Response:
    return requests.post(
        f"{twin.base_url}/oauth2/v1/tokens/bearer",
        data=fields,
        auth=(twin.client_id, twin.client_secret),
        timeout=60,
    )


def refresh(twin: RunningTwin, value: str) -> requests.Response:
    return token(twin, grant_type="refresh_token", refresh_token=value)


# --- identity -----------------------------------------------------------------------------------------------


def test_an_identity_token_passes_the_check_of_intuits_library(auth: AuthClient) -> None:
    connected(auth, Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL)
    assert auth.id_token is not None  # the library keeps only one whose signature and audience are right
    assert auth.id_token.count(".") == 2
    info = auth.get_user_info()
    assert info.json()["email"] == "books@example.com"


def test_without_openid_there_is_no_identity(auth: AuthClient) -> None:
    connected(auth)
    assert auth.id_token is None
    with pytest.raises(AuthClientError) as refused:
        auth.get_user_info()
    assert refused.value.status_code == 403


def test_a_sign_in_without_accounting_names_no_company_and_opens_none(
    twin: RunningTwin, auth: AuthClient
) -> None:
    back = connected(auth, Scopes.OPENID)
    assert "realmId" not in back
    assert company_name(twin, auth.access_token).status_code == 403
    assert auth.get_user_info().status_code == 200


def test_an_unknown_scope_gets_a_page(auth: AuthClient) -> None:
    url = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s")
    page = requests.get(url.replace("quickbooks.accounting", "quickbooks.everything"), timeout=60)
    assert page.status_code == 400
    assert "invalid_scope" in page.text


# --- the token endpoint -------------------------------------------------------------------------------------


def test_what_a_token_request_lacks_is_invalid(twin: RunningTwin) -> None:
    for fields in (
        {"grant_type": "refresh_token"},
        {"grant_type": "authorization_code", "code": "x"},
        {"grant_type": "authorization_code", "redirect_uri": CALLBACK},
    ):
        answer = token(twin, **fields)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    url = f"{twin.base_url}/oauth2/v1/tokens/bearer"
    body = {"grant_type": "refresh_token", "refresh_token": twin.refresh_token}
    answer = requests.post(url, json=body, auth=(twin.client_id, twin.client_secret), timeout=60)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert refresh(twin, twin.refresh_token).status_code == 200


def test_the_two_bodies_of_invalid_grant(twin: RunningTwin) -> None:
    used = token(twin, grant_type="authorization_code", code="used", redirect_uri=CALLBACK)
    assert (used.status_code, used.content) == (400, b'{"error":"invalid_grant"}')
    wrong = refresh(twin, "wrong")
    assert wrong.status_code == 400
    assert wrong.json() == {
        "error": "invalid_grant",
        "error_description": "Incorrect or invalid refresh token",
    }


def test_revoking_either_token_ends_the_connection_once(twin: RunningTwin, auth: AuthClient) -> None:
    for chosen in ("refresh_token", "access_token"):
        connected(auth)
        assert auth.revoke(token=getattr(auth, chosen)) is True
        assert company_name(twin, auth.access_token).status_code == 401
        assert refresh(twin, auth.refresh_token).json()["error"] == "invalid_grant"
        with pytest.raises(AuthClientError):
            auth.revoke(token=getattr(auth, chosen))


# --- refresh tokens that were replaced ----------------------------------------------------------------------


@pytest.fixture
def restless() -> Iterator[RunningTwin]:
    """A twin that answers a new refresh token each time."""
    with running_twin(seed="empty", settings=Settings(rotation=Rotation.ALWAYS)) as running:
        yield running


def switch(twin: RunningTwin, **body: object) -> None:
    assert requests.post(f"{twin.base_url}/twin/switches", json=body, timeout=60).status_code == 200


def test_a_replaced_token_is_dead_at_once(restless: RunningTwin) -> None:
    fresh = refresh(restless, restless.refresh_token).json()["refresh_token"]
    assert refresh(restless, restless.refresh_token).json()["error"] == "invalid_grant"
    assert refresh(restless, fresh).status_code == 200


def test_a_replaced_token_may_have_a_time_of_grace(restless: RunningTwin) -> None:
    switch(restless, former_refresh_token_lives=60)
    first = refresh(restless, restless.refresh_token).json()
    again = refresh(restless, restless.refresh_token).json()
    assert again["access_token"] != first["access_token"]
    assert refresh(restless, again["refresh_token"]).status_code == 200
    restless.app.clock.advance(timedelta(seconds=61))
    assert refresh(restless, first["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_replaced_token_may_end_the_whole_connection(restless: RunningTwin) -> None:
    switch(restless, former_refresh_token_revokes=True)
    answer = refresh(restless, restless.refresh_token).json()
    assert refresh(restless, restless.refresh_token).json()["error"] == "invalid_grant"
    assert refresh(restless, answer["refresh_token"]).json()["error"] == "invalid_grant"
    assert company_name(restless, answer["access_token"]).status_code == 401


def test_within_a_day_a_refresh_answers_the_same_token(twin: RunningTwin, auth: AuthClient) -> None:
    connected(auth)
    first = auth.refresh_token
    for _ in range(3):
        twin.app.clock.advance(timedelta(hours=7))
        auth.refresh()
        assert auth.refresh_token == first
    requests.post(f"{twin.base_url}/twin/day", json={"days": 1}, timeout=60)
    auth.refresh()
    assert auth.refresh_token != first
