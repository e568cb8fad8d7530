"""Settings of the app towards Intuit: from the host's configuration only, never from a tenant's input.

Addresses must be https on an allow-listed host. The sandbox flag `allow_loopback_http` also lets http through
to this machine itself, for the twin.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

#: Every host that a token or a document may be sent to (reference/quickbooks-online.md sections 1.1 and 2.1).
INTUIT_HOSTS = (
    "accounts.platform.intuit.com",
    "app.qbo.intuit.com",
    "app.sandbox.qbo.intuit.com",
    "appcenter.intuit.com",
    "developer.api.intuit.com",
    "oauth.platform.intuit.com",
    "quickbooks.api.intuit.com",
    "sandbox-accounts.platform.intuit.com",
    "sandbox-quickbooks.api.intuit.com",
)
PREFIX = "BLUEOPS_QB_QBO_"
#: Settings for books that set no limits, such as the twin without `--limits`.
NO_PACE: Mapping[str, str] = {
    f"{PREFIX}{name}": "0" for name in ("BATCHES_PER_MINUTE", "CALLS_PER_MINUTE", "CALLS_PER_SECOND")
}
_PRODUCTION, _SANDBOX = "production", "sandbox"
_API = {
    _PRODUCTION: "https://quickbooks.api.intuit.com",
    _SANDBOX: "https://sandbox-quickbooks.api.intuit.com",
}
_DISCOVERY = {
    _PRODUCTION: "https://developer.api.intuit.com/.well-known/openid_configuration",
    _SANDBOX: "https://developer.api.intuit.com/.well-known/openid_sandbox_configuration",
}
_APP = {
    _PRODUCTION: "https://app.qbo.intuit.com/app/",
    _SANDBOX: "https://app.sandbox.qbo.intuit.com/app/",
}


class Misconfigured(ValueError):
    """The host's configuration cannot be used; the sentence names the key and the remedy."""


@attrs.frozen(kw_only=True)
class QboSettings:
    """How this installation reaches QuickBooks Online, and how fast. Times in seconds.

    The paces stay below Intuit's own limits (reference/quickbooks-online.md section 9.1: 40 batches and 500 calls a
    minute, 10 a second and at once); 0 sets none. `reads_per_month` is what the app's tier allows for all companies
    together (section 9.3); 0 = the reads are not limited.

    Raises Misconfigured for an address that is neither https on an allowed host nor, with
    `allow_loopback_http`, on this machine.
    """

    client_id: str = ""
    client_secret: str = attrs.field(default="", repr=False)
    #: Verifier tokens of the app's webhooks; while one replaces another both are accepted. None = no gate.
    webhook_tokens: tuple[str, ...] = attrs.field(default=(), repr=False)
    redirect_uri: str = ""
    environment: str = attrs.field(default=_PRODUCTION)
    api_base: str = attrs.field()
    discovery_url: str = attrs.field()
    app_base: str = attrs.field()
    authorization_endpoint: str = "https://appcenter.intuit.com/connect/oauth2"
    token_endpoint: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    revocation_endpoint: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    minorversion: str = "75"
    allowed_hosts: frozenset[str] = frozenset(INTUIT_HOSTS)
    allow_loopback_http: bool = False
    connect_timeout: float = 10.0
    read_timeout: float = 130.0
    batches_per_minute: float = 38.0
    calls_per_minute: float = 400.0
    calls_per_second: float = 8.0
    calls_at_once: int = 8
    reads_per_month: int = 500_000
    #: A file that every call to the v3 API is written to, with customer data in the clear; empty = none.
    wire_log: str = ""

    @api_base.default
    def _api(self) -> str:
        return _API.get(self.environment, "")

    @discovery_url.default
    def _discovery(self) -> str:
        return _DISCOVERY.get(self.environment, "")

    @app_base.default
    def _app(self) -> str:
        return _APP.get(self.environment, "")

    def __attrs_post_init__(self) -> None:
        if self.environment not in _API:
            raise Misconfigured(
                f"{PREFIX}ENVIRONMENT is {self.environment!r}; write {_PRODUCTION} or {_SANDBOX}."
            )
        if not self.minorversion.isdigit():
            raise Misconfigured(f"{PREFIX}MINORVERSION is {self.minorversion!r}; write a number such as 75.")
        for name in _ADDRESSES:
            self.check(getattr(self, name), f"{PREFIX}{name.upper()}")

    @classmethod
    def from_environment(cls, mapping: Mapping[str, str]) -> QboSettings:
        """From the host's configuration keys `BLUEOPS_QB_QBO_*`; raises Misconfigured.

        The keys are the names of the attributes in capitals; ALLOWED_HOSTS is a comma list that is added to
        Intuit's own hosts, ALLOW_LOOPBACK_HTTP is `1` in the sandbox only.
        """
        values: dict[str, Any] = {}
        for field in attrs.fields(cls):
            key = f"{PREFIX}{field.name.upper()}"
            text = mapping.get(key, "").strip()
            if text:
                try:
                    values[field.name] = _READERS.get(field.name, str)(text)
                except ValueError:
                    raise Misconfigured(f"{key} is {text!r}, which cannot be read.") from None
        return cls(**values)

    @classmethod
    def sandbox(
        cls, base_url: str, *, client_id: str = "", client_secret: str = "", redirect_uri: str = ""
    ) -> QboSettings:
        """For a twin on this machine without limits of its own: everything at one address, no pace."""
        base = base_url.rstrip("/")
        return cls(
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            environment=_SANDBOX,
            api_base=base,
            discovery_url=f"{base}/.well-known/openid_sandbox_configuration",
            authorization_endpoint=f"{base}/connect/oauth2",
            token_endpoint=f"{base}/oauth2/v1/tokens/bearer",
            revocation_endpoint=f"{base}/v2/oauth2/tokens/revoke",
            allow_loopback_http=True,
            batches_per_minute=0.0,
            calls_per_minute=0.0,
            calls_per_second=0.0,
        )

    def allows(self, address: str) -> bool:
        """Whether a call may go to this address."""
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        if not host or parts.username is not None:
            return False
        if parts.scheme == "https" and host in self.allowed_hosts:
            return True
        return self.allow_loopback_http and parts.scheme in ("http", "https") and is_loopback(host)

    def check(self, address: str, what: str) -> str:
        """The address again; raises Misconfigured when no call may go there."""
        if not self.allows(address):
            raise Misconfigured(
                f"{what} is {address!r}: it must be https on one of the hosts of Intuit or of "
                f"{PREFIX}ALLOWED_HOSTS (http to this machine only in the sandbox)."
            )
        return address


_ADDRESSES = (
    "api_base",
    "discovery_url",
    "app_base",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(text: str) -> frozenset[str]:
    return frozenset(INTUIT_HOSTS) | {part.strip().lower() for part in text.split(",") if part.strip()}


def _yes(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 600:
        raise ValueError(text)
    return seconds


def _pace(text: str) -> float:
    pace = float(text)
    if not 0 <= pace <= 100_000:
        raise ValueError(text)
    return pace


def _count(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        count = int(text)
        if count < least:
            raise ValueError(text)
        return count

    return read


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_READERS: dict[str, Callable[[str], Any]] = {
    "webhook_tokens": _tokens,
    "allowed_hosts": _hosts,
    "allow_loopback_http": _yes,
    "connect_timeout": _seconds,
    "read_timeout": _seconds,
    "batches_per_minute": _pace,
    "calls_per_minute": _pace,
    "calls_per_second": _pace,
    "calls_at_once": _count(1),
    "reads_per_month": _count(0),
}
