"""Wire calls: one HTTP request with time limits, verified TLS, no redirects; a failure says what may be."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import attrs
import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError

from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.settings import QboSettings, is_loopback
from blueops_qb.sdk.doors import NotSent, Unknown

_KEPT = ("intuit_tid", "content-type", "retry-after", "date", "qbo-version")


@attrs.frozen
class Bearer(AuthBase):
    """Puts the access token on a request; nothing else may set credentials."""

    token: str = attrs.field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def open_session(settings: QboSettings) -> requests.Session:
    """A session with gzip accepted and no cookies; on this machine no proxy is asked."""
    session = requests.Session()
    session.headers["Accept-Encoding"] = "gzip"
    session.headers["User-Agent"] = "blueops-qb"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # none is kept or sent
    host = urlsplit(settings.api_base).hostname or ""
    if settings.allow_loopback_http and is_loopback(host):
        session.trust_env = False
    return session


def call(
    session: requests.Session,
    settings: QboSettings,
    method: str,
    url: str,
    *,
    auth: AuthBase | None,
    headers: Mapping[str, str],
    data: bytes | Mapping[str, str] | None = None,
    patience: float | None = None,
) -> Answer | NotSent | Unknown:
    """Send once; raises Misconfigured for an address that is not allowed, and for nothing else.

    `patience` are the seconds to wait for an answer where that is less than the settings say.
    """
    settings.check(url, "The address of the call")
    try:
        response = session.request(
            method,
            url,
            data=data,
            headers=dict(headers),
            auth=auth,
            timeout=(settings.connect_timeout, min(patience or settings.read_timeout, settings.read_timeout)),
            allow_redirects=False,
            stream=False,
        )
    except requests.RequestException as problem:
        return _unsent(problem, urlsplit(url).hostname or url)
    with contextlib.closing(response):
        text = response.content.decode("utf-8", "replace")
        kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
        return Answer(status=response.status_code, headers=kept, text=text)


def _unsent(problem: requests.RequestException, host: str) -> NotSent | Unknown:
    cause = _cause(problem)
    if isinstance(problem, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return NotSent(why=f"the address of QuickBooks cannot be used: {problem}")
    if isinstance(cause, NameResolutionError):
        return NotSent(why=f"the name {host} cannot be resolved; check the network of the server")
    if isinstance(cause, NewConnectionError):  # a kind of ConnectTimeoutError, so it comes first
        return NotSent(why=f"{host} refused the connection")
    if isinstance(problem, requests.exceptions.ConnectTimeout) or isinstance(cause, ConnectTimeoutError):
        return NotSent(why=f"{host} did not accept a connection in time")
    if isinstance(problem, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return NotSent(
            why=f"the certificate of {host} is not trusted; check the clock and proxy of the server"
        )
    if isinstance(problem, requests.exceptions.ReadTimeout):
        return Unknown(why=f"{host} did not answer in time")
    return Unknown(why=f"the connection to {host} was lost: {type(problem).__name__}")


def _cause(problem: requests.RequestException) -> BaseException | None:
    inner: object = problem.args[0] if problem.args else None
    if isinstance(inner, MaxRetryError):
        return inner.reason
    return inner if isinstance(inner, BaseException) else None
