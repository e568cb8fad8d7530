"""Settings, state and the steps of the sign-in: only Intuit's hosts, only the same person, once."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.entities import ENTITIES, WRITTEN
from blueops_qb.providers.qbo.provider import make_provider
from blueops_qb.providers.qbo.settings import Misconfigured, QboSettings
from blueops_qb.providers.qbo.signin import IntuitSignIn
from blueops_qb.providers.qbo.tokens import from_answer
from blueops_qb.sdk.capability import Feature, Removal
from tests.qbo_documents import NOON


# -- settings --------------------------------------------------------------------------------------
def test_settings_come_from_the_host_configuration() -> None:
    settings = QboSettings.from_environment(
        {
            "BLUEOPS_QB_QBO_CLIENT_ID": "id",
            "BLUEOPS_QB_QBO_CLIENT_SECRET": "hidden",
            "BLUEOPS_QB_QBO_ENVIRONMENT": "sandbox",
            "BLUEOPS_QB_QBO_READ_TIMEOUT": "2.6",
            "BLUEOPS_QB_QBO_ALLOWED_HOSTS": "qb.example.com",
            "BLUEOPS_QB_QBO_API_BASE": "https://qb.example.com",
            "PATH": "/bin",
        }
    )
    assert settings.api_base == "https://qb.example.com"
    assert settings.discovery_url.endswith("openid_sandbox_configuration")
    assert settings.read_timeout == 2.6
    assert "hidden" not in repr(settings)


def test_nothing_needs_to_be_set_for_intuit_itself() -> None:
    settings = QboSettings.from_environment({})
    assert settings.api_base == "https://quickbooks.api.intuit.com"
    assert settings.minorversion == "75"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("API_BASE", "http://quickbooks.api.intuit.com"),
        ("API_BASE", "https://quickbooks.api.intuit.com.evil.example"),
        ("API_BASE", "https://user@quickbooks.api.intuit.com"),
        ("API_BASE", "http://127.0.0.1:8080"),
        ("DISCOVERY_URL", "file:///etc/passwd"),
        ("TOKEN_ENDPOINT", "https://evil.example/token"),
        ("ENVIRONMENT", "staging"),
        ("READ_TIMEOUT", "-1"),
        ("READ_TIMEOUT", "soon"),
        ("MINORVERSION", "75&x=y"),
        ("ALLOW_LOOPBACK_HTTP", "maybe"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_key(key: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"BLUEOPS_QB_QBO_{key}"):
        QboSettings.from_environment({f"BLUEOPS_QB_QBO_{key}": value})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.1"])
def test_the_sandbox_flag_opens_this_machine_only(host: str) -> None:
    settings = QboSettings.sandbox(f"http://{host}:8080/")
    assert settings.api_base == f"http://{host}:8080"
    assert not settings.allows("http://10.0.0.1:8080")
    assert not settings.allows("http://localhost.example.com")


# -- steps -----------------------------------------------------------------------------------------
def test_the_address_of_the_consent_page() -> None:
    settings = QboSettings.sandbox(
        "http://127.0.0.1:9", client_id="id", client_secret="s", redirect_uri="http://127.0.0.1/cb"
    )
    address = urlsplit(IntuitSignIn(settings).authorize_url("the state"))  # nobody answers discovery here
    assert f"{address.scheme}://{address.netloc}{address.path}" == settings.authorization_endpoint
    assert {name: values[0] for name, values in parse_qs(address.query).items()} == {
        "client_id": "id",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": "http://127.0.0.1/cb",
        "state": "the state",
    }


def test_without_keys_the_sign_in_says_which_are_missing() -> None:
    with pytest.raises(Misconfigured, match="BLUEOPS_QB_QBO_CLIENT_ID"):
        IntuitSignIn(QboSettings()).authorize_url("s")


def test_the_five_year_end_is_kept_when_an_answer_does_not_repeat_it() -> None:
    first = from_answer(
        {"access_token": "a", "refresh_token": "r", "x_refresh_token_hard_expires_in": 86400}, NOON
    )
    later = from_answer({"access_token": "b", "refresh_token": "r2"}, NOON + dt.timedelta(hours=1), first)
    assert first.hard_expires_at == later.hard_expires_at == NOON + dt.timedelta(days=1)
    assert later.refresh_expires_at == NOON + dt.timedelta(hours=1, seconds=8726400)


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": "a"}, {"error": "x", "access_token": "a", "refresh_token": "r"}]
)
def test_an_answer_without_both_tokens_is_none(answer: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no tokens"):
        from_answer(answer, NOON)


# -- what it says of itself ------------------------------------------------------------------------
def test_every_feature_is_there_or_not_with_a_reason() -> None:
    described = make_provider({}).describe()
    assert {capability.feature for capability in described.capabilities} == set(Feature)
    assert all(capability.reason.endswith((".", ")")) for capability in described.capabilities)
    assert (described.limits.open_exchanges, described.limits.operations_per_exchange) == (8, 30)
    assert described.removals[BooksKind.PAYMENT] is Removal.VOID
    assert described.removals[BooksKind.BILL] is Removal.DELETE
    assert len(described.steps) == 4


def test_every_record_that_we_write_has_a_page() -> None:
    provider = make_provider({})
    for kind, entity in ENTITIES.items():
        link = provider.deep_link(kind, "145")
        # A file has no page of its own; it is seen on what it hangs on. What is only created is in a list.
        assert (link is not None) == (kind in WRITTEN and kind is not BooksKind.ATTACHMENT), entity
    assert provider.deep_link(BooksKind.INVOICE, "145") == "https://app.qbo.intuit.com/app/invoice?txnId=145"
