"""Sign-in: OAuth 2.0 with Intuit (reference/quickbooks-online.md section 1).

Every answer of the token endpoint is judged by its HTTP status and its `error` member before anything is
stored.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import attrs
from requests.auth import HTTPBasicAuth

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.codec import profile_of
from blueops_qb.providers.qbo.fault_text import fault_of
from blueops_qb.providers.qbo.framing import Answer, get
from blueops_qb.providers.qbo.settings import Misconfigured, QboSettings, is_loopback
from blueops_qb.providers.qbo.tokens import Tokens, from_answer
from blueops_qb.providers.qbo.wire_calls import Bearer, call, open_session
from blueops_qb.sdk.doors import NotSent, Unknown

SCOPE = "com.intuit.quickbooks.accounting"
_FORM = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
    "x-include-refresh-token-hard-expires-in": "true",
}
_JSON = {"Accept": "application/json"}
#: Seconds that a page or a renewal waits for Intuit.
_PATIENCE = 30.0


class SignInFailed(Exception):
    """A step of the sign-in failed; the sentence says why and what to do. `error` is Intuit's own word."""

    def __init__(self, message: str, *, error: str = "", reference: str = "") -> None:
        super().__init__(message)
        self.error = error
        self.reference = reference


@attrs.frozen(kw_only=True)
class Endpoints:
    """Where the steps of the sign-in go."""

    authorization: str
    token: str
    revocation: str


@attrs.define(eq=False)
class IntuitSignIn:
    """The steps of the sign-in, for pages and transport; holds the endpoints once they are known."""

    settings: QboSettings
    _endpoints: Endpoints | None = attrs.field(default=None, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def endpoints(self) -> Endpoints:
        """From the discovery document, asked for once; Intuit's known addresses where it cannot be had."""
        with self._lock:
            if self._endpoints is None:
                self._endpoints = self._discover() or self._known()
            return self._endpoints

    def authorize_url(self, state: str) -> str:
        """Where to send the admin's browser; raises Misconfigured without client id or redirect address."""
        self._needs_client()
        if not self.settings.redirect_uri:
            raise Misconfigured("BLUEOPS_QB_QBO_REDIRECT_URI is not set; register it with Intuit and set it.")
        query = {
            "client_id": self.settings.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": self.settings.redirect_uri,
            "state": state,
        }
        return f"{self.endpoints().authorization}?{urlencode(query)}"

    def exchange_code(self, code: str, now: dt.datetime) -> Tokens:
        """The tokens for a code of the consent page; raises SignInFailed."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
        }
        answer = self.ask_tokens(form)
        if not isinstance(answer, Answer):
            raise SignInFailed(f"Intuit could not be reached ({answer.why}). Try again.")
        error = token_error(answer)
        if error:
            raise SignInFailed(error_sentence(error), error=error, reference=answer.reference)
        return from_answer(answer.json() or {}, now)

    def ask_tokens(self, form: Mapping[str, str]) -> Answer | NotSent | Unknown:
        """Answer, NotSent or Unknown of the token endpoint, with the app's own credentials."""
        self._needs_client()
        basic = HTTPBasicAuth(self.settings.client_id, self.settings.client_secret)
        return self._ask("POST", self.endpoints().token, auth=basic, headers=_FORM, data=form)

    def revoke(self, tokens: Tokens) -> None:
        """End the connection at Intuit; raises SignInFailed when Intuit does not confirm."""
        self._needs_client()
        basic = HTTPBasicAuth(self.settings.client_id, self.settings.client_secret)
        body = json.dumps({"token": tokens.refresh_token or tokens.access_token}).encode()
        headers = {**_JSON, "Content-Type": "application/json"}
        answer = self._ask("POST", self.endpoints().revocation, auth=basic, headers=headers, data=body)
        if not isinstance(answer, Answer):
            raise SignInFailed(f"Intuit could not be reached ({answer.why}). Disconnect again later.")
        if answer.status >= 400 and token_error(answer) not in ("invalid_grant", "invalid_token"):
            raise SignInFailed(
                f"Intuit did not confirm the end of the connection (HTTP {answer.status}). Disconnect again, "
                "or remove the app in QuickBooks under Apps.",
                reference=answer.reference,
            )

    def read_company(self, access_token: str, realm: str) -> BooksProfile:
        """The company behind a fresh sign-in, before anything is bound to it; raises SignInFailed.

        The profile holds id, name, country, currency and plan only.
        """
        request = get(realm, f"companyinfo/{realm}", {"minorversion": self.settings.minorversion})
        url = self.settings.api_base.rstrip("/") + request.path
        answer = self._ask("GET", url, auth=Bearer(access_token), headers=request.headers)
        if not isinstance(answer, Answer):
            raise SignInFailed(f"QuickBooks could not be reached ({answer.why}). Try again.")
        value = answer.json()
        fault = fault_of(answer, value)
        info = (value or {}).get("CompanyInfo")
        if fault is not None or not isinstance(info, dict):
            said = fault.text if fault is not None and fault.text else f"HTTP {answer.status}"
            raise SignInFailed(
                f"QuickBooks does not show the company {realm} with this sign-in ({said}). Sign in as an "
                "administrator of that company.",
                reference=answer.reference,
            )
        return profile_of(realm, info, None)

    def _ask(self, method: str, url: str, **how: Any) -> Answer | NotSent | Unknown:
        with open_session(self.settings) as session:
            return call(session, self.settings, method, url, patience=_PATIENCE, **how)

    def _discover(self) -> Endpoints | None:
        answer = self._ask("GET", self.settings.discovery_url, auth=None, headers=_JSON)
        value = answer.json() if isinstance(answer, Answer) and answer.status == 200 else None
        if value is None:
            return None
        found = [
            str(value.get(name) or "")
            for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
        ]
        if not all(self.settings.allows(address) for address in found):
            return None
        return Endpoints(authorization=found[0], token=found[1], revocation=found[2])

    def _known(self) -> Endpoints:
        base = self.settings.api_base.rstrip("/")
        if self.settings.allow_loopback_http and is_loopback(urlsplit(base).hostname or ""):
            # Practice keys never go to Intuit, also when the practice server did not answer.
            return Endpoints(
                authorization=f"{base}/connect/oauth2",
                token=f"{base}/oauth2/v1/tokens/bearer",
                revocation=f"{base}/v2/oauth2/tokens/revoke",
            )
        return Endpoints(
            authorization=self.settings.authorization_endpoint,
            token=self.settings.token_endpoint,
            revocation=self.settings.revocation_endpoint,
        )

    def _needs_client(self) -> None:
        if not self.settings.client_id or not self.settings.client_secret:
            raise Misconfigured(
                "BLUEOPS_QB_QBO_CLIENT_ID and BLUEOPS_QB_QBO_CLIENT_SECRET are not set; take them from the "
                "app's keys at Intuit."
            )


def token_error(answer: Answer) -> str:
    """Intuit's word for what is wrong with a token answer; empty when it holds tokens."""
    value = answer.json() or {}
    error = value.get("error")
    if error:
        return str(error)
    if answer.status == 200 and value.get("access_token") and value.get("refresh_token"):
        return ""
    return f"http_{answer.status}"


def error_sentence(error: str) -> str:
    """What an error of the token endpoint means, for the admin."""
    return _SENTENCES.get(
        error, f"Intuit refused the sign-in ({error}). Try again; if it stays, contact support."
    )


def needs_person(error: str) -> bool:
    """Whether an error of the token endpoint is one that no waiting cures."""
    return error in _SENTENCES


_KEYS = (
    "Intuit does not accept the app's own keys. Check BLUEOPS_QB_QBO_CLIENT_ID and "
    "BLUEOPS_QB_QBO_CLIENT_SECRET (production and sandbox have different ones)."
)
_SENTENCES = {
    "invalid_grant": "The sign-in to QuickBooks has expired or was revoked: sign in on the connection page.",
    "invalid_client": _KEYS,
    "unauthorized_client": _KEYS,
    "invalid_scope": "Intuit does not give this app the accounting scope: check its settings at Intuit.",
    "access_denied": "The request was declined on Intuit's page. Sign in again and choose Connect.",
    "no_tokens": "Nobody has signed in to QuickBooks yet. Sign in on the connection page.",
}
