"""A renewal of the sign-in: stored before it is told, never overwritten by a refusal, done once."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import Misconfigured, QboSettings
from blueops_qb.providers.qbo.tokens import TOKENS, Tokens, keep, stored
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Applied, SignIn, Throttled
from blueops_qb.sdk.provider import Operation, Verb
from tests.one_answer import ReplyWith, answering, says, transport_to
from tests.qbo_documents import NOON, MemoryVault, exchange

RENEWED = json.dumps(
    {
        "token_type": "bearer",
        "access_token": "new-access",
        "refresh_token": "new-refresh",
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8726400,
    }
)


def renewal(reply: ReplyWith, **tokens: Any) -> tuple[MemoryVault, Any, bytes, list[bytes]]:
    vault = MemoryVault()
    keep(vault, Tokens(access_token="old-access", refresh_token="old-refresh", **tokens))
    vault.puts = 0
    asked = exchange(Operation(id="op1", verb=Verb.SIGN_IN))
    with answering(reply) as server, transport_to(server.port, vault) as (provider, transport):
        answer = transport.send(provider.encode(asked, BooksProfile()))
        assert isinstance(answer, Answered)
        found = provider.decode(asked, answer.body, BooksProfile())["op1"]
    return vault, found, answer.body, [r for r in server.requests if r.startswith(b"POST")]


def test_a_renewed_token_is_stored_before_the_answer_is_told() -> None:
    vault, found, told_body, requests = renewal(says("200 OK", RENEWED))
    tokens = stored(vault)
    assert isinstance(found, Applied)
    assert tokens is not None
    assert (tokens.access_token, tokens.refresh_token) == ("new-access", "new-refresh")
    assert tokens.expires_at == NOON + dt.timedelta(hours=1)
    assert vault.puts == 1
    assert b"new-" not in told_body
    assert b"grant_type=refresh_token&refresh_token=old-refresh" in requests[0]
    assert b"Authorization: Basic aWQ6c2VjcmV0" in requests[0]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (says("400 No", '{"error":"invalid_grant"}'), SignIn),
        (says("401 No", '{"error":"invalid_client"}'), SignIn),
        (says("200 OK", '{"error":"invalid_grant"}'), SignIn),
        (says("200 OK", "<html/>"), Throttled),
        (says("200 OK", '{"access_token":"a"}'), Throttled),
        (says("503 Busy", ""), Throttled),
    ],
)
def test_a_refusal_never_overwrites_the_tokens(reply: ReplyWith, expected: type) -> None:
    vault, found, _, _ = renewal(reply)
    assert vault.puts == 0
    assert isinstance(found, expected)


def test_a_token_that_another_worker_renewed_is_not_renewed_again() -> None:
    vault, found, _, requests = renewal(says("200 OK", RENEWED), obtained_at=NOON + dt.timedelta(seconds=1))
    assert isinstance(found, Applied)
    assert vault.puts == 0
    assert requests == []


def test_tokens_survive_the_vault_and_say_nothing_when_printed() -> None:
    tokens = Tokens(access_token="at-1", refresh_token="rt-1", obtained_at=NOON, expires_at=NOON)
    vault = MemoryVault()
    keep(vault, tokens)
    assert stored(vault) == tokens
    assert list(vault) == [TOKENS]
    assert "at-1" not in repr(tokens)
    assert "rt-1" not in repr(tokens)


def test_the_sign_in_is_due_five_minutes_before_the_end() -> None:
    provider, vault = QboProvider(QboSettings()), MemoryVault()
    assert not provider.needs_sign_in(vault, NOON)
    keep(vault, Tokens(access_token="a", refresh_token="r", expires_at=NOON + dt.timedelta(seconds=301)))
    assert not provider.needs_sign_in(vault, NOON)
    assert provider.needs_sign_in(vault, NOON + dt.timedelta(seconds=2))
    keep(vault, Tokens(access_token="a"))
    assert not provider.needs_sign_in(vault, NOON)


def test_an_address_that_is_not_allowed_is_never_called() -> None:
    with pytest.raises(Misconfigured, match="API_BASE"):
        attrs.evolve(QboSettings(), api_base="http://127.0.0.1:1")
