"""Sign-in, renewal and revocation of the QuickBooks Online provider against its twin."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from blueops_qb.providers.qbo.signin import SignInFailed
from blueops_qb.providers.qbo.tokens import keep, stored
from blueops_qb.sandbox.qbo.oauth import Rotation
from blueops_qb.sandbox.qbo.server import Settings
from blueops_qb.sdk.outcomes import (
    Applied,
    Found,
    SignIn,
)
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_documents import MemoryVault
from tests.qbo_twin import CALLBACK, Connected, connected


def consent(books: Connected, decision: str = "allow") -> dict[str, str]:
    """Press the button on the consent page, and hear where it leads."""
    address = urlsplit(books.provider.signin.authorize_url("a-state"))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    page = requests.get(address.geturl(), timeout=60)
    assert page.status_code == 200
    form = {**asked, "realm": books.twin.realm, "decision": decision}
    answer = requests.post(
        f"{books.twin.base_url}{address.path}", data=form, timeout=60, allow_redirects=False
    )
    where = answer.headers["location"]
    assert where.startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}


def test_a_company_is_connected_through_the_consent_page() -> None:
    with connected() as books:
        back = consent(books)
        assert back["state"] == "a-state"
        now = dt.datetime.now(dt.UTC)
        tokens = books.provider.signin.exchange_code(back["code"], now)
        company = books.provider.signin.read_company(tokens.access_token, back["realmId"])
        assert (company.company_name, company.country) == ("Three Peaks Plumbing", "US")
        assert tokens.hard_expires_at is not None
        assert tokens.hard_expires_at - now > dt.timedelta(days=1800)
        keep(books.vault, tokens)
        assert books.vault.puts == 1
        assert not books.provider.needs_sign_in(books.vault, now)
        assert books.provider.needs_sign_in(books.vault, now + dt.timedelta(minutes=56))
        assert isinstance(books.one(Verb.CATALOG), Found)


def test_a_code_works_once_and_a_refusal_is_told_in_words() -> None:
    with connected() as books:
        code = consent(books)["code"]
        now = dt.datetime.now(dt.UTC)
        books.provider.signin.exchange_code(code, now)
        with pytest.raises(SignInFailed, match="expired or was revoked"):
            books.provider.signin.exchange_code(code, now)
        assert consent(books, "deny") == {"error": "access_denied", "state": "a-state"}


def test_a_company_of_somebody_else_is_not_shown() -> None:
    with connected() as books, pytest.raises(SignInFailed, match="does not show the company 42"):
        books.provider.signin.read_company(books.twin.access_token, "42")


def signed_in(books: Connected) -> None:
    tokens = books.provider.signin.exchange_code(consent(books)["code"], dt.datetime.now(dt.UTC))
    keep(books.vault, tokens)


def test_an_expired_access_token_is_renewed_by_an_exchange_of_its_own() -> None:
    with connected(settings=Settings(rotation=Rotation.ALWAYS)) as books:
        signed_in(books)
        before = stored(books.vault)
        books.admin("tokens/expire")
        outcome = books.one(Verb.CATALOG)
        assert isinstance(outcome, SignIn)
        assert outcome.refresh
        renewal = books.envelope(Operation(id="1", verb=Verb.SIGN_IN))
        puts = books.vault.puts
        reply = books.send(renewal)
        after = stored(books.vault)
        assert books.vault.puts == puts + 1
        assert before is not None
        assert after is not None
        assert after.refresh_token != before.refresh_token
        assert after.hard_expires_at is not None
        assert all(
            secret.encode() not in str(reply).encode() for secret in (after.access_token, after.refresh_token)
        )
        (renewed,) = books.decode(renewal, reply)
        assert isinstance(renewed, Applied)
        assert isinstance(books.one(Verb.CATALOG), Found)
        # A second worker that was asked to renew at the same time finds it done.
        assert isinstance(books.decode(renewal, books.send(renewal))[0], Applied)
        assert stored(books.vault) == after


def test_a_revoked_connection_needs_a_person() -> None:
    with connected() as books:
        signed_in(books)
        books.admin("tokens/revoke")
        first = books.one(Verb.CATALOG)
        assert isinstance(first, SignIn)
        second = books.one(Verb.SIGN_IN)
        assert isinstance(second, SignIn)
        assert not second.refresh
        assert "sign in" in second.message


def test_revoking_ends_the_connection() -> None:
    with connected() as books:
        signed_in(books)
        tokens = stored(books.vault)
        assert tokens is not None
        books.provider.signin.revoke(tokens)
        assert isinstance(books.one(Verb.CATALOG), SignIn)


def test_without_tokens_nothing_is_called() -> None:
    with connected() as books:
        books.transport.close()
        empty = books.provider.transport(MemoryVault(), books.twin.realm)
        exchange = books.envelope(Operation(id="1", verb=Verb.CATALOG))
        (outcome,) = books.decode(exchange, empty.send(books.provider.encode(exchange, books.profile)))
        assert isinstance(outcome, SignIn)
        assert not outcome.refresh
